//! The tail-calling engine.

use super::super::handlers;
use super::{Engine, Slow, Value, Vm, left_behind, run_slow};
use crate::bytecode::Op;
use crate::for_each_op;

/// Whether this is the loop.
pub(crate) const IS_LOOP: bool = false;

/// A handler as machine code: its arguments are the registers of the interpreter.
type Handler = unsafe extern "C" fn(*const u64, *mut Value, *mut Vm, f64);

/// The engine.
struct Tail;

impl Engine for Tail {
    type Result = ();

    #[inline(always)]
    unsafe fn next(pc: *const u64, base: *mut Value, vm: *mut Vm, acc: f64) {
        // SAFETY: the table has an entry for every byte.
        unsafe {
            let op = *pc.cast::<u8>() as usize;
            TABLE.0[op](pc, base, vm, acc);
        }
    }

    #[inline(always)]
    unsafe fn slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) {
        // SAFETY: the same contract.
        unsafe { slow_handler::<S>(pc, base, vm) }
    }
}

/// A slow path as a handler, so that fast paths reach it by a jump.
#[cold]
#[inline(never)]
unsafe extern "C" fn slow_handler<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) {
    // SAFETY: the contract of engines.
    unsafe {
        let state = run_slow::<S>(pc, base, vm);
        if state.pc.is_null() {
            return;
        }
        Tail::next(state.pc, state.base, vm, left_behind(pc, base, state));
    }
}

/// What stands for numbers that are no operation; never reached by verified code.
unsafe extern "C" fn no_operation(pc: *const u64, base: *mut Value, vm: *mut Vm, _acc: f64) {
    let error = crate::error::Error::runtime("invalid instruction");
    // SAFETY: the contract of engines.
    super::super::unwind::raise(unsafe { &mut *vm }, pc, base, error);
}

macro_rules! table {
    ($(
        $(#[$doc:meta])*
        $name:ident $handler:ident $text:literal
            [$a:ident $b:ident $c:ident $x:ident] [$($extra:ident)*] $class:ident;
    )*) => {
        $(
            unsafe extern "C" fn $handler(pc: *const u64, base: *mut Value, vm: *mut Vm, acc: f64) {
                // SAFETY: the contract of engines.
                unsafe { handlers::$handler::<Tail>(pc, base, vm, acc) }
            }
        )*

        const fn table() -> Table {
            let mut table: [Handler; 256] = [no_operation; 256];
            $(table[Op::$name as usize] = $handler;)*
            Table(table)
        }
    };
}
for_each_op!(table);

struct Table([Handler; 256]);
static TABLE: Table = table();

/// Runs from the instruction at `pc` until something stops the machine.
///
/// # Safety
///
/// `pc` must be an instruction of the function of the frame at `base` of this machine's stack.
pub(crate) unsafe fn enter(pc: *const u64, base: *mut Value, vm: &mut Vm) {
    // SAFETY: the caller's promise.
    unsafe { Tail::next(pc, base, core::ptr::from_mut(vm), f64::NAN) }
}
