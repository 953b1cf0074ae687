//! The evaluator: runs allocated LIR as it is, in plain Rust, on any processor.
//!
//! A back end like the others below register allocation, with registers of its own: sixteen of each
//! class, in arrays. It does what machine code does at every point where the two could be told apart:
//! frame headers, fuel, exits, ways in and out. So everything above it can be tested without a
//! processor, under Miri too, and a difference between it and machine code is a bug in one of them.
//!
//! Debug builds poison what an instruction may destroy (`run.rs`): registers it clobbers, that of its
//! result before an exit is taken, and everything where other code runs. What was wrongly kept there
//! shows.
//!
//! A native return address is a number here: of an instruction that calls, in the order in which
//! functions were installed. Numbers are never used again.
#![allow(unsafe_code)] // Entered with raw pointers.

mod run;
mod calls;
mod ops;

use crate::backend::{Clobbers, Registers};
use crate::lir::{Allocated, Function};
use crate::op::Op;
use crate::target::{Installed, Refused, Target};
use brisk_core::native::{Continuation, Enter, NativeStatus};
use brisk_core::value::Value;
use brisk_core::vm::Vm;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Registers of each class.
const REGISTERS: usize = 16;
const WORDS: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const FLOATS: [u8; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const WORD_SCRATCH: u8 = 10;
const FLOAT_SCRATCH: u8 = 15;
const RESULT: u8 = 0;
const LEAF: [u8; 2] = [0, 1];

/// What an operation destroys besides the register of its result: general and float registers. As on
/// a processor, some of it for no reason that would show here.
fn lost(op: Op) -> (&'static [u8], &'static [u8]) {
    match op {
        Op::Modulo => (&WORDS[..3], &[]),
        Op::Leaf(..) => (&WORDS[..8], &FLOATS[1..]),
        Op::Call(_) => (&WORDS[1..], &FLOATS),
        Op::CallNumber(_) => (&WORDS, &FLOATS[1..]),
        _ if op.is_call() => (&WORDS, &FLOATS),
        _ => (&[], &[]),
    }
}

/// The evaluator of one machine.
#[derive(Debug, Default)]
pub struct Evaluator {
    state: Arc<State>,
}

/// What an evaluator has installed. The machine keeps a pointer to it.
#[derive(Debug, Default)]
struct State {
    tables: Mutex<Tables>,
    /// Its address stands for functions without code.
    no_code: u8,
}

#[derive(Debug, Default)]
struct Tables {
    /// Units by the address of their entry.
    entries: FxHashMap<usize, Arc<Unit>>,
    /// Units by their first return number.
    returns: BTreeMap<u32, Arc<Unit>>,
    /// Return numbers given away.
    numbers: u32,
}

/// An installed function. Its address is that of its entry.
#[derive(Debug)]
struct Unit {
    f: Function,
    places: Allocated,
    /// Instructions that functions return to, in order.
    returns: Vec<usize>,
    /// Return number of the first of them.
    first_return: u32,
}

impl Unit {
    /// The return number of an instruction that calls.
    fn return_number(&self, inst: usize) -> u32 {
        let index = self.returns.binary_search(&inst).expect("an instruction that calls");
        self.first_return + index as u32
    }
}

impl State {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic leaves the tables whole.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_code(&self) -> *const u8 {
        &raw const self.no_code
    }

    /// The unit entered at an address; `None` when functions without code have that.
    fn entered(&self, entry: *const u8) -> Option<Arc<Unit>> {
        let unit = self.tables().entries.get(&entry.addr()).cloned();
        debug_assert!(unit.is_some() || entry == self.no_code(), "an entry that is not installed");
        unit
    }

    /// The instruction with a return number.
    ///
    /// # Panics
    ///
    /// When it was freed.
    fn returned(&self, number: u32) -> (Arc<Unit>, usize) {
        let tables = self.tables();
        let below = tables.returns.range(..=number).next_back().map(|(_, unit)| unit);
        let inst = below.and_then(|unit| {
            let at = unit.returns.get((number - unit.first_return) as usize)?;
            Some((Arc::clone(unit), *at))
        });
        inst.expect("functions return to code that is installed")
    }
}

impl Target for Evaluator {
    fn status(&self) -> NativeStatus {
        NativeStatus::Available
    }

    fn registers(&self) -> Registers {
        Registers {
            word: WORDS.to_vec(),
            float: FLOATS.to_vec(),
            word_scratch: WORD_SCRATCH,
            float_scratch: FLOAT_SCRATCH,
            result: RESULT,
            leaf: LEAF.to_vec(),
        }
    }

    fn clobbers(&self, op: Op) -> Clobbers {
        let (word, float) = lost(op);
        Clobbers { word: word.to_vec(), float: float.to_vec() }
    }

    fn install(&mut self, f: &Function, places: &Allocated) -> Result<Installed, Refused> {
        let calls =
            |i: &usize| matches!(f.insts[*i].op, Op::Call(_) | Op::CallNumber(_) | Op::Step { .. });
        let returns: Vec<usize> = (0..f.insts.len()).filter(calls).collect();
        let mut tables = self.state.tables();
        // 0 says that there is no native return address.
        let first = tables.numbers + 1;
        let end = first.checked_add(returns.len() as u32).ok_or(Refused)?;
        tables.numbers = end - 1;
        let any = !returns.is_empty();
        let (f, places) = (f.clone(), places.clone());
        let unit = Arc::new(Unit { f, places, returns, first_return: first });
        let entry: *const u8 = Arc::as_ptr(&unit).cast();
        if any {
            tables.returns.insert(first, Arc::clone(&unit));
        }
        tables.entries.insert(entry.addr(), unit);
        // No bytes that could be looked at.
        Ok(Installed { entry, bytes: 0, returns: (first, end) })
    }

    fn free(&mut self, installed: &Installed) {
        let mut tables = self.state.tables();
        let unit = tables.entries.remove(&installed.entry.addr());
        if unit.is_some_and(|unit| !unit.returns.is_empty()) {
            tables.returns.remove(&installed.returns.0);
        }
    }

    fn enter(&self) -> Enter {
        enter
    }

    fn stub(&self) -> *const u8 {
        Arc::as_ptr(&self.state).cast()
    }

    fn no_code(&self) -> *const u8 {
        self.state.no_code()
    }
}

/// An evaluator as a target: what tests make a compiler with.
pub fn target(_bytes_max: usize) -> Box<dyn Target> {
    Box::<Evaluator>::default()
}

unsafe fn enter(vm: *mut Vm, base: *mut Value, code: *const u8) -> Continuation {
    // SAFETY: a machine with this target keeps the address of the evaluator's state, and does not
    // drop the evaluator while code runs.
    let state = unsafe { &*(*vm).native_stub.cast::<State>() };
    let unit = state.entered(code).expect("code that can be entered is installed");
    // SAFETY: the caller's promise.
    unsafe { run::run(state, vm, base, unit) }
}
