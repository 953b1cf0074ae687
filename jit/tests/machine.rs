//! The target that is the processor, with a back end of a few bytes: addresses, ways in, and a system
//! that refuses.
// Pages and machine code.
#![cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(unsafe_code)] // Enters code.

use brisk_core::native::NativeStatus;
use brisk_core::value::Value;
use brisk_core::vm::Vm;
use brisk_jit::backend::{Backend, Clobbers, Code, Registers, Stubs};
use brisk_jit::lir::{Allocated, Function};
use brisk_jit::machine::MachineTarget;
use brisk_jit::memory::{FailingPages, PageSource, SystemPages};
use brisk_jit::op::Op;
use brisk_jit::target::{Installed, Refused, Target};
use std::collections::BTreeSet;
use std::mem::offset_of;

/// Makes functions that leave with `first_exit` as the next instruction, from the window where they
/// were entered. Before the entry lies the address that they were made for; `reps` is how many
/// thousands of bytes they are longer than that takes.
struct Tiny;

impl Backend for Tiny {
    fn registers(&self) -> Registers {
        Registers {
            word: vec![0, 1],
            float: vec![0],
            word_scratch: 2,
            float_scratch: 1,
            result: 0,
            leaf: vec![0],
        }
    }

    fn clobbers(&self, _: Op) -> Clobbers {
        Clobbers::default()
    }

    fn emit_stubs(&self, at: u64, region: u64) -> (Vec<u8>, Stubs) {
        assert_eq!(at, region);
        let enter: &[u8] = match () {
            // `br x2`
            () if cfg!(target_arch = "aarch64") => &[0x40, 0x00, 0x1F, 0xD6],
            // `jmp rdx`
            () => &[0xFF, 0xE2],
        };
        let bytes = [&[0; 16], enter].concat();
        (bytes, Stubs { enter: at + 16, interpret: at + 8, ..Stubs::default() })
    }

    fn emit(&self, f: &Function, _: &Allocated, stubs: &Stubs, at: u64, region: u64) -> Code {
        assert!(stubs.enter > region && at > stubs.enter);
        let mut bytes = at.to_le_bytes().to_vec();
        if cfg!(target_arch = "aarch64") {
            // `mov w0, …`, `ret`; the window stays in `x1`.
            bytes.extend((0x5280_0000 | f.first_exit << 5).to_le_bytes());
            bytes.extend(0xD65F_03C0u32.to_le_bytes());
        } else {
            // `mov eax, …`, `mov rdx, rsi`, `ret`
            bytes.push(0xB8);
            bytes.extend(f.first_exit.to_le_bytes());
            bytes.extend([0x48, 0x89, 0xF2, 0xC3]);
        }
        bytes.resize(bytes.len() + f.reps.len() * 1000, 0);
        Code { bytes, entry: 8 }
    }
}

/// Most bytes of code.
const CODE_BYTES_MAX: usize = 16 << 20;

fn target(pages: impl PageSource + 'static) -> MachineTarget {
    MachineTarget::new(Box::new(Tiny), Box::new(pages), CODE_BYTES_MAX)
}

/// Installs a function that answers a number.
fn add(target: &mut MachineTarget, number: u32, thousands: usize) -> Result<Installed, Refused> {
    let reps = vec![brisk_jit::op::Rep::Word; thousands];
    let f = Function { first_exit: number, reps, ..Function::default() };
    let installed = target.install(&f, &Allocated::default())?;
    // SAFETY: code is readable, and this one has its address before the entry.
    let made_for = unsafe { installed.entry.sub(8).cast::<u64>().read_unaligned() };
    assert_eq!(made_for, installed.entry as u64 - 8);
    Ok(installed)
}

/// Enters a function, and gives its answer.
fn call(target: &MachineTarget, f: &Installed) -> usize {
    let mut vm = vec![0u128; size_of::<Vm>().div_ceil(16)];
    let vm: *mut Vm = vm.as_mut_ptr().cast();
    let mut window = Value::NULL;
    // SAFETY: a field of the machine, which is all that the way in looks at.
    let left = unsafe {
        vm.byte_add(offset_of!(Vm, native_stub)).cast::<*const u8>().write(target.stub());
        target.enter()(vm, &raw mut window, f.entry)
    };
    assert_eq!(left.base, &raw mut window);
    left.pc.addr()
}

#[test]
fn functions_are_entered_through_the_stub() {
    let mut target = target(SystemPages::default());
    assert_eq!(target.status(), NativeStatus::Available);
    let stubs = target.bytes_in_use();
    // The last one is longer than anybody would guess from its instructions.
    let added: Vec<Installed> =
        [0, 1, 0, 50].iter().zip(100..).map(|(&k, n)| add(&mut target, n, k).unwrap()).collect();
    for (f, n) in added.iter().zip(100..) {
        assert_eq!(call(&target, f), n);
        assert!(f.returns.0 > 0 && f.returns.1 as usize > f.returns.0 as usize + f.bytes - 1);
        assert_eq!(target.no_code() as u64 - 8 + u64::from(f.returns.0), f.entry as u64 - 8);
    }
    for (f, g) in added.iter().zip(&added[1..]) {
        assert!(f.returns.1 <= g.returns.0, "{f:?} {g:?}");
    }
    let in_use = target.bytes_in_use();
    target.free(&added[1]);
    assert!(target.bytes_in_use() < in_use);
    let again = add(&mut target, 7, 0).expect("there is room");
    assert_eq!((again.entry, call(&target, &again)), (added[1].entry, 7));
    assert_eq!(call(&target, &added[0]), 100);
    for f in [&added[0], &added[2], &added[3], &again] {
        target.free(f);
    }
    assert_eq!(target.bytes_in_use(), stubs);
}

#[test]
fn a_full_memory_refuses_and_works_on() {
    let mut target = target(SystemPages::default());
    let mut added = Vec::new();
    while let Ok(f) = add(&mut target, added.len() as u32, 2000) {
        added.push(f);
    }
    assert!(added.len() >= 4 && target.bytes_in_use() <= CODE_BYTES_MAX);
    for (n, f) in added.iter().enumerate() {
        assert_eq!(call(&target, f), n);
    }
    target.free(&added[2]);
    let f = add(&mut target, 99, 2000).expect("as much as before");
    assert_eq!(call(&target, &f), 99);
}

#[test]
fn a_processor_that_lacks_something() {
    let mut target = MachineTarget::unsupported(Box::new(Tiny));
    assert_eq!(target.status(), NativeStatus::CpuUnsupported);
    assert_eq!(add(&mut target, 1, 0).err(), Some(Refused));
    assert!(target.stub().is_null() && target.bytes_in_use() == 0);
}

#[test]
fn any_request_may_be_refused() {
    let mut statuses = BTreeSet::new();
    for (always, n) in
        [false, true].into_iter().flat_map(|always| (0..40).map(move |n| (always, n)))
    {
        let mut target = target(FailingPages::new(SystemPages::default(), n, always));
        let added: Vec<_> = (0..5).map(|i| add(&mut target, i, 2)).collect();
        let refused = added.iter().filter(|f| f.is_err()).count();
        let available = target.status() == NativeStatus::Available;
        statuses.insert((format!("{:?}", target.status()), refused));
        assert!(if available { always || refused <= 1 } else { refused == 5 });
        for (i, f) in added.iter().enumerate() {
            if let Ok(f) = f {
                assert_eq!(call(&target, f), i);
            }
        }
    }
    // With the stubs refused, some function, all behind it, and nothing.
    let denied = ("Denied".to_string(), 5);
    let available = (0..=5).map(|refused| ("Available".to_string(), refused));
    assert!(statuses.into_iter().eq(available.chain([denied])));
}
