//! Exits: what they store, and where the machine goes on.

use crate::support::build::{Build, EXIT_PC, FIRST_EXIT, copy, double, s, value, w, x};
use crate::support::machine::{Continuation, Machine};
use crate::{NAN, NULL, PROCESSOR_NAN, return_slot};
use brisk_jit::lir::{Saved, Source};
use brisk_jit::op::{Address, Op};

#[test]
fn an_exit_stores_what_is_not_in_the_window() {
    let mut build = Build::new();
    build.op(Op::Word(11), &[], Some(w(10)));
    build.op(Op::Word(22), &[], Some(w(9)));
    build.op(Op::F64(1.5f64.to_bits()), &[], Some(x(14)));
    build.op(Op::F64(PROCESSOR_NAN), &[], Some(x(13)));
    build.op(Op::F64(2.5f64.to_bits()), &[], Some(x(12)));
    build.op(Op::Word(NULL), &[], Some(w(1)));
    build.op(Op::Number, &[w(1), w(10), s(499), x(14), x(13), s(1), s(2), w(1)], Some(x(0)));
    build.before(&[copy(w(9), s(499)), copy(x(12), s(1)), copy(x(13), s(2))]);
    build.saving(&[
        (0, value(1)),
        (1, double(3)),
        (2, Source::Bits(NULL)),
        (3, value(2)),
        (4, double(4)),
        (5, double(5)),
        (6, double(6)),
        (7, Source::Bits(3)),
        (300, value(7)),
    ]);
    build.op(Op::Leave, &[], None);
    build.end(&[]);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    let left = machine.enter(code);
    assert_eq!(left, Continuation { pc: EXIT_PC, base: machine.window() });
    assert_eq!(machine.vm.native_exit, FIRST_EXIT);
    assert_eq!(machine.vm.fuel, 1000);
    let expected = [11, 1.5f64.to_bits(), NULL, 22, NAN, 2.5f64.to_bits(), NAN, 3];
    for (slot, bits) in expected.into_iter().enumerate() {
        assert_eq!(machine.get(slot), bits, "slot {slot}");
    }
    assert_eq!(machine.get(300), NULL);
}

#[test]
fn each_exit_has_its_number() {
    let mut build = Build::new();
    build.op(Op::Word(5), &[], Some(w(1)));
    build.op(Op::CheckBits(5), &[w(1)], None);
    build.op(Op::CheckBits(6), &[w(1)], None);
    build.op(Op::Leave, &[], None);
    build.end(&[]);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    let left = machine.enter(code);
    assert_eq!(left.pc, EXIT_PC + 8);
    assert_eq!(machine.vm.native_exit, FIRST_EXIT + 1);
}

#[test]
fn leaving_is_an_exit() {
    let mut build = Build::new();
    build.op(Op::Word(5), &[], Some(w(1)));
    build.op(Op::Leave, &[w(1)], None).saving(&[(4, value(0))]);
    build.end(&[]);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    assert_eq!(machine.enter(code).pc, EXIT_PC);
    assert_eq!((machine.get(4), machine.vm.native_exit), (5, FIRST_EXIT));
}

/// A loop that pays 7 for each round and counts in a register.
#[test]
fn without_fuel_the_machine_stops() {
    let mut build = Build::new();
    build.op(Op::F64(0), &[], Some(x(1)));
    build.op(Op::F64(1.0f64.to_bits()), &[], Some(x(2)));
    build.op(Op::Jump, &[], None);
    build.end(&[1]);
    build.op(Op::Binary(brisk_jit::op::Binary::Add), &[x(1), x(2)], Some(x(1)));
    build.op(Op::Fuel(7), &[x(1)], None);
    let exit = build.f.exits.last_mut().expect("fuel has an exit");
    exit.saved = vec![Saved { slot: 9, source: double(0) }];
    build.op(Op::Jump, &[], None);
    build.end(&[1]);
    let mut machine = Machine::new();
    machine.vm.fuel = 70;
    let code = machine.install(&build);
    let left = machine.enter(code);
    assert_eq!(left, Continuation { pc: 0, base: 0 });
    assert_eq!((machine.vm.pc, machine.vm.base), (EXIT_PC, machine.window()));
    assert_eq!(machine.vm.fuel, -7);
    assert_eq!(machine.vm.native_exit, 0);
    assert_eq!(f64::from_bits(machine.get(9)), 11.0);
}

#[test]
fn a_return_gives_the_interpreter_the_result() {
    for gap in [0, 64] {
        let mut machine = Machine::with_gap(gap);
        machine.set(3, 0xFFFB << 48 | 99);
        let mut build = Build::new();
        build.op(Op::Fuel(1), &[], None);
        build.op(Op::StoreBits(Address::slot(0), 1), &[], None);
        return_slot(&mut build, 3);
        assert_eq!(machine.result(&build), 0xFFFB << 48 | 99);
        assert_eq!(machine.vm.fuel, 999);
    }
}
