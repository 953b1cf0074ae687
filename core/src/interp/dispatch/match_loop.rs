//! The engine that is a `match` in a loop.

use super::super::{State, handlers};
use super::{Engine, Slow, Value, Vm, left_behind, run_slow};
use crate::bytecode::{Op, op_of};
use crate::for_each_op;

/// Whether this is the loop.
pub(crate) const IS_LOOP: bool = true;

/// The engine.
struct Loop;

impl Engine for Loop {
    type Result = (State, f64);

    #[inline(always)]
    unsafe fn next(pc: *const u64, base: *mut Value, _vm: *mut Vm, acc: f64) -> (State, f64) {
        (State { pc, base }, acc)
    }

    #[inline(always)]
    unsafe fn slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) -> (State, f64) {
        // SAFETY: the contract of engines.
        unsafe {
            let state = run_slow::<S>(pc, base, vm);
            let acc = if state.pc.is_null() { f64::NAN } else { left_behind(pc, base, state) };
            (state, acc)
        }
    }
}

/// Runs from the instruction at `pc` until something stops the machine.
///
/// # Safety
///
/// `pc` must be an instruction of the function of the frame at `base` of this machine's stack.
pub(crate) unsafe fn enter(pc: *const u64, base: *mut Value, vm: &mut Vm) {
    let vm = core::ptr::from_mut(vm);
    let mut state = State { pc, base };
    let mut acc = f64::NAN;
    macro_rules! run {
        ($(
            $(#[$doc:meta])*
            $name:ident $handler:ident $text:literal
                [$a:ident $b:ident $c:ident $x:ident] [$($extra:ident)*] $class:ident;
        )*) => {
            while !state.pc.is_null() {
                // SAFETY: the caller's promise, kept up by every handler.
                (state, acc) = unsafe {
                    match op_of(*state.pc) {
                        $(Some(Op::$name) => handlers::$handler::<Loop>(state.pc, state.base, vm, acc),)*
                        None => {
                            let error = crate::error::Error::runtime("invalid instruction");
                            (super::super::unwind::raise(&mut *vm, state.pc, state.base, error), acc)
                        }
                    }
                };
            }
        };
    }
    for_each_op!(run);
}
