//! Loads, stores, and the barrier.

use crate::support::build::{Build, EXIT_PC, copy, w, x};
use crate::support::machine::Machine;
use crate::{NAN, NULL, PROCESSOR_NAN, return_slot};
use brisk_jit::lir::Place;
use brisk_jit::op::{Address, Base, Op, Width};

const ADDRESSES: [(Address, usize); 5] = [
    (Address { base: Base::Window, indexed: false, offset: 8 }, 1),
    (Address { base: Base::Window, indexed: false, offset: 2000 }, 250),
    (Address { base: Base::Window, indexed: true, offset: 16 }, 32),
    (Address { base: Base::Word, indexed: false, offset: 24 }, 3),
    (Address { base: Base::Word, indexed: true, offset: 0 }, 30),
];

/// The window's address in `r10` and 30 in `r9`, for those of [`ADDRESSES`] that need them.
fn operands(build: &mut Build, machine: &Machine, address: Address) -> Vec<Place> {
    build.op(Op::Word(machine.window()), &[], Some(w(10)));
    build.op(Op::Word(30), &[], Some(w(9)));
    match (address.base, address.indexed) {
        (Base::Word, true) => vec![w(10), w(9)],
        (Base::Word, false) => vec![w(10)],
        (_, true) => vec![w(9)],
        (_, false) => vec![],
    }
}

#[test]
fn loads_read_where_the_address_says() {
    for (address, slot) in ADDRESSES {
        for (width, mask) in [(Width::W8, 0xFF), (Width::W32, 0xFFFF_FFFF), (Width::W64, u64::MAX)]
        {
            let mut machine = Machine::new();
            let mut build = Build::new();
            let uses = operands(&mut build, &machine, address);
            // Into an operand's register, as the allocator may decide.
            build.op(Op::Load(address, width), &uses, Some(w(10)));
            build.op(Op::Return, &[w(0)], None).before(&[copy(w(10), w(0))]);
            build.end(&[]);
            machine.set(slot, 0xFEDC_BA98_8765_43A1);
            assert_eq!(machine.result(&build), 0xFEDC_BA98_8765_43A1 & mask);
        }
    }
}

#[test]
fn numbers_are_loaded_and_others_leave() {
    for (address, slot) in ADDRESSES {
        for bits in [2.5f64.to_bits(), NAN, NULL - 1, NULL, 0xFFFB << 48] {
            let mut machine = Machine::new();
            let mut build = Build::new();
            let uses = operands(&mut build, &machine, address);
            build.op(Op::LoadNumber(address), &uses, Some(x(12)));
            build.op(Op::Return, &[w(0)], None).before(&[copy(x(12), w(0))]);
            build.end(&[]);
            machine.set(slot, bits);
            let code = machine.install(&build);
            let left = machine.enter(code);
            assert_eq!(left.pc == EXIT_PC, bits >= NULL);
            if bits < NULL {
                assert_eq!(machine.returned(), bits);
            }
        }
    }
}

#[test]
fn stores_write_where_the_address_says() {
    for (address, slot) in ADDRESSES {
        let big = 0xFFFF_0123_4567_89AB;
        for bits in [0, 5, u64::MAX, 0x8000_0000, big] {
            let mut machine = Machine::new();
            let mut build = Build::new();
            let uses = operands(&mut build, &machine, address);
            build.op(Op::StoreBits(address, bits), &uses, None);
            return_slot(&mut build, slot as u16);
            assert_eq!(machine.result(&build), bits);
        }
        let mut machine = Machine::new();
        let mut build = Build::new();
        let uses = operands(&mut build, &machine, address);
        build.op(Op::Word(big), &[], Some(w(6)));
        build.op(Op::Store(address), &[&uses[..], &[w(6)]].concat(), None);
        return_slot(&mut build, slot as u16);
        assert_eq!(machine.result(&build), big);
    }
}

#[test]
fn stored_doubles_have_one_nan() {
    for (address, slot) in ADDRESSES {
        for bits in [1.5f64.to_bits(), PROCESSOR_NAN, 0x7FF0_0000_0000_0001, u64::MAX] {
            let mut machine = Machine::new();
            let mut build = Build::new();
            let uses = operands(&mut build, &machine, address);
            build.op(Op::F64(bits), &[], Some(x(10)));
            build.op(Op::StoreF64(address), &[&uses[..], &[x(10)]].concat(), None);
            return_slot(&mut build, slot as u16);
            let expected = if f64::from_bits(bits).is_nan() { NAN } else { bits };
            assert_eq!(machine.result(&build), expected);
        }
    }
}

#[test]
fn fields_of_the_machine_are_read() {
    let mut machine = Machine::new();
    machine.vm.barrier_object = 321;
    let mut build = Build::new();
    let address = Address::vm(std::mem::offset_of!(crate::support::machine::Vm, barrier_object));
    build.op(Op::Load(address, Width::W64), &[], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    assert_eq!(machine.result(&build), 321);
}

/// Every register keeps its content across the barrier, whose function ruins all it may.
#[test]
fn the_barrier_is_called_for_scanned_objects_and_keeps_registers() {
    const WORDS: [u8; 8] = [0, 1, 2, 6, 7, 8, 9, 5];
    /// No number, and a number: those keep nothing alive.
    const BOXED: u64 = 0xFFFF << 48;
    for (color, base, called) in [(3, BOXED, true), (3, 0, false), (4, BOXED, false)] {
        let mut machine = Machine::new();
        machine.vm.barrier_color = 3;
        machine.set(2, color << 16);
        let object = machine.window() + 16;
        let mut build = Build::new();
        for register in WORDS {
            build.op(Op::Word(base + 100 + u64::from(register)), &[], Some(w(register)));
        }
        for register in 0..15u8 {
            let number = f64::from(register) + 0.5;
            build.op(Op::F64(number.to_bits()), &[], Some(x(register)));
        }
        build.op(Op::Word(object), &[], Some(w(10)));
        build.op(Op::Barrier, &[w(10), w(9)], None);
        for register in WORDS {
            build.op(Op::Store(Address::slot(20 + u16::from(register))), &[w(register)], None);
        }
        for register in 0..15u8 {
            build.op(Op::StoreF64(Address::slot(40 + u16::from(register))), &[x(register)], None);
        }
        build.op(Op::Return, &[w(0)], None).before(&[copy(w(10), w(0))]);
        build.end(&[]);
        assert_eq!(machine.result(&build), object);
        let expected = if called { (object, base + 109, 8) } else { (0, 0, 0) };
        let vm = &machine.vm;
        assert_eq!((vm.barrier_object, vm.barrier_value, vm.barrier_stack), expected);
        for register in WORDS {
            assert_eq!(machine.get(20 + register as usize), base + 100 + u64::from(register));
        }
        for register in 0..15 {
            let number = f64::from_bits(machine.get(40 + register));
            assert_eq!(number, register as f64 + 0.5);
        }
    }
}
