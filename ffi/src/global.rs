//! Global variables.

use crate::status::{BRISK_ARGUMENT, BRISK_NOT_FOUND, Check, brisk_status, put, text};
use crate::value::{brisk_value, give, take};
use crate::vm::{brisk_vm, enter};
use brisk_core::interp::link;
use brisk_core::semantics::refused;
use brisk_core::value::Value;
use brisk_core::value::globals::GlobalCell;
use brisk_core::vm::Vm;
use core::ffi::c_char;

/// The cell of a slot that the host names.
fn cell(state: &Vm, slot: u32) -> Check<&GlobalCell> {
    state.globals.cells().get(slot as usize).ok_or(BRISK_ARGUMENT)
}

/// The value of a global that is assigned.
pub(crate) fn value_of(state: &Vm, slot: u32) -> Check<Value> {
    let cell = cell(state, slot)?;
    if cell.is_assigned() { Ok(cell.value) } else { Err(BRISK_NOT_FOUND) }
}

/// The slot of a global variable, made when nobody mentioned the name yet. It stays the same as long
/// as the VM lives, whatever programs are loaded, so it is looked up once.
///
/// # Safety
///
/// NULL or live, `name` of `len` bytes, `slot` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_global_find(
    vm: *mut brisk_vm,
    name: *const c_char,
    len: usize,
    slot: *mut u32,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let name = text(name, len)?;
            let found = vm.with(|state| {
                link::global_cell(state, name).map_err(|why| vm.fail(refused(why)))
            })?;
            put(slot, u32::try_from(found).map_err(|_| BRISK_ARGUMENT)?)
        })
    }
}

/// The value of a global. `BRISK_NOT_FOUND` when the script has not assigned it, `BRISK_ARGUMENT` for
/// a slot that is none.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_global_get(
    vm: *mut brisk_vm,
    slot: u32,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let found = value_of(state, slot)?;
                give(state, vm.owner, found)
            })?;
            put(value, given)
        })
    }
}

/// Assigns a global.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_global_set(
    vm: *mut brisk_vm,
    slot: u32,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                cell(state, slot)?;
                let value = take(state, vm.owner, &value)?;
                state.globals.set(slot as usize, value);
                Ok(())
            })
        })
    }
}

/// Removes a global. `BRISK_NOT_FOUND` when it is not assigned.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_global_remove(vm: *mut brisk_vm, slot: u32) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                value_of(state, slot)?;
                state.globals.unset(slot as usize);
                Ok(())
            })
        })
    }
}

/// The map `globals`: look through it with `brisk_map_next`. It shows changes as they happen.
///
/// # Safety
///
/// NULL or live, `map` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_globals(vm: *mut brisk_vm, map: *mut brisk_value) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let found = state.globals_map().map_err(|why| vm.fail(refused(why)))?;
                give(state, vm.owner, Value::map(found))
            })?;
            put(map, given)
        })
    }
}
