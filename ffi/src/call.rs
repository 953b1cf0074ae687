//! Calls of script functions by the host.

use crate::global::value_of;
use crate::status::{
    BRISK_ARGUMENT, BRISK_BUSY, BRISK_EXIT, BRISK_NULL, BRISK_TYPE, Check, brisk_status, put,
};
use crate::value::{brisk_value, give, take};
use crate::vm::{brisk_budget, brisk_vm, budget_of, enter};
use brisk_core::Budget;
use brisk_core::host::raw::{self, CallError};
use brisk_core::value::Value;
use brisk_core::vm::Vm;

/// Arguments that a call makes room for without asking for memory.
const ARGS_INLINE: usize = 8;
/// Most arguments of a call.
const ARGS_MAX: usize = 200;

/// Takes arguments from the host and gives them to `body`.
///
/// # Safety
///
/// `args` of `count` values, or NULL.
unsafe fn with_args<T>(
    state: &mut Vm,
    owner: u32,
    args: *const brisk_value,
    count: usize,
    body: impl FnOnce(&mut Vm, &[Value]) -> Check<T>,
) -> Check<T> {
    if count == 0 {
        return body(state, &[]);
    }
    if args.is_null() {
        return Err(BRISK_NULL);
    }
    if count > ARGS_MAX {
        return Err(BRISK_ARGUMENT);
    }
    // SAFETY: the caller's promise.
    let args = unsafe { core::slice::from_raw_parts(args, count) };
    if count <= ARGS_INLINE {
        let mut values = [Value::NULL; ARGS_INLINE];
        for (value, arg) in values.iter_mut().zip(args) {
            *value = take(state, owner, arg)?;
        }
        return body(state, &values[..count]);
    }
    let values: Check<Vec<Value>> = args.iter().map(|arg| take(state, owner, arg)).collect();
    body(state, &values?)
}

/// Calls what `callee` finds to its end.
///
/// # Safety
///
/// As `brisk_call_value`.
unsafe fn call(
    vm: &brisk_vm,
    callee: impl FnOnce(&Vm) -> Check<Value>,
    args: (*const brisk_value, usize),
    budget: Budget,
    result: *mut brisk_value,
) -> Check<()> {
    let inside = vm.is_inside();
    let to_its_end = vm.to_its_end.replace(true);
    // What the native's own caller will look for is not forgotten by a call inside it.
    *vm.error.borrow_mut() = None;
    let given = vm.with(|state| {
        let callee = callee(state)?;
        if callee.as_func().is_none() {
            return Err(BRISK_TYPE);
        }
        // SAFETY: the caller's promise.
        let returned = unsafe {
            with_args(state, vm.owner, args.0, args.1, |state, args| {
                raw::call(state, callee, args, budget, inside).map_err(|error| match error {
                    CallError::Failed(error) => vm.fail(error),
                    CallError::Exited(_) => BRISK_EXIT,
                })
            })
        }?;
        if result.is_null() { Ok(brisk_value::NULL) } else { give(state, vm.owner, returned) }
    });
    vm.to_its_end.set(to_its_end);
    let given = given?;
    // SAFETY: the caller's promise.
    if result.is_null() { Ok(()) } else { unsafe { put(result, given) } }
}

/// Calls a function to its end. Missing arguments have their defaults. From a native the script runs
/// above the one that called it, with what is left of that run's budget; `budget` is not looked at
/// then. When a program is suspended the function runs above it. It cannot suspend itself.
///
/// `result` may be NULL. `BRISK_SCRIPT`, `BRISK_LIMIT` when the script failed or the budget was spent:
/// see `brisk_vm_error`. `BRISK_EXIT` when it called `exit`. `BRISK_TYPE` for what is no function.
///
/// # Safety
///
/// NULL or live; `args` of `count` values; outputs NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_value(
    vm: *mut brisk_vm,
    function: brisk_value,
    args: *const brisk_value,
    count: usize,
    budget: *const brisk_budget,
    result: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let callee = |state: &Vm| take(state, vm.owner, &function);
            call(vm, callee, (args, count), budget_of(budget), result)
        })
    }
}

/// `brisk_call_value` for the function that a global holds. Nothing is looked up by name and no memory
/// is asked for. `BRISK_NOT_FOUND` when the script has not assigned it: a way to offer optional
/// callbacks.
///
/// # Safety
///
/// As `brisk_call_value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_global(
    vm: *mut brisk_vm,
    slot: u32,
    args: *const brisk_value,
    count: usize,
    budget: *const brisk_budget,
    result: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let callee = |state: &Vm| value_of(state, slot);
            call(vm, callee, (args, count), budget_of(budget), result)
        })
    }
}

/// Makes a function what `brisk_vm_run` runs: it may suspend, and its value is `brisk_vm_result`. What
/// ran before is stopped.
///
/// # Safety
///
/// NULL or a live VM; `args` of `count` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_start(
    vm: *mut brisk_vm,
    function: brisk_value,
    args: *const brisk_value,
    count: usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if vm.is_inside() {
                return Err(BRISK_BUSY);
            }
            vm.with(|state| {
                let callee = take(state, vm.owner, &function)?;
                if callee.as_func().is_none() {
                    return Err(BRISK_TYPE);
                }
                vm.forget();
                with_args(state, vm.owner, args, count, |state, args| {
                    raw::start(state, callee, args).map_err(|error| vm.fail(error))
                })
            })
        })
    }
}
