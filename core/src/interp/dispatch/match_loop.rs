//! The engine that is a `match` in a loop.

use super::super::{State, handlers};
use super::{Engine, Slow, Value, Vm};
use crate::bytecode::{Op, op_of};
use crate::for_each_op;

/// Whether this is the loop.
pub(crate) const IS_LOOP: bool = true;

/// The engine.
struct Loop;

impl Engine for Loop {
    type Result = State;

    #[inline(always)]
    unsafe fn next(pc: *const u64, base: *mut Value, _vm: *mut Vm) -> State {
        State { pc, base }
    }

    #[inline(always)]
    unsafe fn slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) -> State {
        // SAFETY: the contract of engines; `vm` is the one exclusive pointer to the machine while
        // it runs.
        unsafe { S::run(pc, base, &mut *vm) }
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
    macro_rules! run {
        ($(
            $(#[$doc:meta])*
            $name:ident $handler:ident $text:literal
                [$a:ident $b:ident $c:ident $x:ident] [$($extra:ident)*] $class:ident;
        )*) => {
            while !state.pc.is_null() {
                // SAFETY: the caller's promise, kept up by every handler.
                state = unsafe {
                    match op_of(*state.pc) {
                        $(Some(Op::$name) => handlers::$handler::<Loop>(state.pc, state.base, vm),)*
                        None => {
                            let error = crate::error::Error::runtime("invalid instruction");
                            super::super::unwind::raise(&mut *vm, state.pc, state.base, error)
                        }
                    }
                };
            }
        };
    }
    for_each_op!(run);
}
