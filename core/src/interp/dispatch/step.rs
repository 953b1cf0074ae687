//! One instruction at a time, for machine code: a table of functions made from the same handlers.

use super::super::{State, handlers};
use super::{Engine, Slow, Value, Vm, run_slow};
use crate::bytecode::Op;
use crate::for_each_op;
use crate::native::{Continuation, helpers::StepFn, native_fn};

/// The engine that comes back after each instruction.
struct Step;

impl Engine for Step {
    type Result = Continuation;

    #[inline(always)]
    unsafe fn next(pc: *const u64, base: *mut Value, _vm: *mut Vm, _acc: f64) -> Continuation {
        State { pc, base }.into()
    }

    #[inline(always)]
    unsafe fn slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) -> Continuation {
        // SAFETY: the contract of engines.
        let state = unsafe { run_slow::<S>(pc, base, vm) };
        // SAFETY: as above.
        let changed = unsafe { (*vm).globals.changed };
        // What code took for constant changed: an odd address is none that it would go on at, so it
        // leaves (and makes it even again).
        let pc = state.pc.wrapping_byte_add(usize::from(changed && !state.pc.is_null()));
        Continuation { pc, base: state.base }
    }
}

native_fn! {
    /// What stands for numbers that are no operation; never reached by verified code.
    fn no_operation(pc: *const u64, base: *mut Value, vm: *mut Vm) -> Continuation {
        let error = crate::error::Error::runtime("invalid instruction");
        // SAFETY: the contract of engines.
        super::super::unwind::raise(unsafe { &mut *vm }, pc, base, error).into()
    }
}

macro_rules! table {
    ($(
        $(#[$doc:meta])*
        $name:ident $handler:ident $text:literal
            [$a:ident $b:ident $c:ident $x:ident] [$($extra:ident)*] $class:ident;
    )*) => {
        $(native_fn! {
            fn $handler(pc: *const u64, base: *mut Value, vm: *mut Vm) -> Continuation {
                // The accumulator says nothing: arithmetic that would take it looks at the
                // registers. SAFETY: the contract of engines.
                unsafe { handlers::$handler::<Step>(pc, base, vm, f64::NAN) }
            }
        })*

        const fn table() -> [StepFn; 256] {
            let mut table: [StepFn; 256] = [no_operation; 256];
            $(table[Op::$name as usize] = $handler;)*
            table
        }
    };
}
for_each_op!(table);

/// The function of each operation, by its number.
pub(crate) static STEPS: [StepFn; 256] = table();
