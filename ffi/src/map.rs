//! Maps.

use crate::status::{BRISK_NOT_FOUND, BRISK_NULL, Check, brisk_status, put, text};
use crate::value::{brisk_value, give, take, take_map};
use crate::vm::{brisk_vm, enter};
use brisk_core::semantics::refused;
use brisk_core::value::Value;
use brisk_core::value::map::KeyOrigin;
use brisk_core::vm::Vm;
use core::ffi::c_char;

/// An empty map.
///
/// # Safety
///
/// NULL or live, `map` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_new(vm: *mut brisk_vm, map: *mut brisk_value) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let made = state.store.new_map().map_err(|why| vm.fail(refused(why)))?;
                give(state, vm.owner, Value::map(made))
            })?;
            put(map, given)
        })
    }
}

/// Number of entries.
///
/// # Safety
///
/// NULL or live, `len` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_len(
    vm: *mut brisk_vm,
    map: brisk_value,
    len: *mut usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| {
                let map = take_map(state, vm.owner, &map)?;
                Ok(state.store.map_len(map))
            })?;
            put(len, found)
        })
    }
}

fn get(vm: &brisk_vm, state: &mut Vm, map: &brisk_value, key: Value) -> Check<brisk_value> {
    let map = take_map(state, vm.owner, map)?;
    let found = state.store.map_get(map, key).ok_or(BRISK_NOT_FOUND)?;
    give(state, vm.owner, found)
}

fn set(
    vm: &brisk_vm,
    state: &mut Vm,
    map: &brisk_value,
    key: Value,
    value: &brisk_value,
) -> Check<()> {
    let map = take_map(state, vm.owner, map)?;
    let value = take(state, vm.owner, value)?;
    let done = state.store.map_set(map, key, value, KeyOrigin::Literal);
    done.map_err(|why| vm.fail(refused(why)))
}

fn name(vm: &brisk_vm, state: &mut Vm, key: &str) -> Check<Value> {
    state.store.new_str(key).map_err(|why| vm.fail(refused(why)))
}

/// The value under a key. Only entries of this very map, not of those it inherits from.
/// `BRISK_NOT_FOUND` when there is none.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_get(
    vm: *mut brisk_vm,
    map: brisk_value,
    key: brisk_value,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let key = take(state, vm.owner, &key)?;
                get(vm, state, &map, key)
            })?;
            put(value, given)
        })
    }
}

/// Stores a value under a key.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_set(
    vm: *mut brisk_vm,
    map: brisk_value,
    key: brisk_value,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let key = take(state, vm.owner, &key)?;
                set(vm, state, &map, key, &value)
            })
        })
    }
}

/// `brisk_map_get` with a string for a key.
///
/// # Safety
///
/// NULL or live, `key` of `len` bytes, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_get_name(
    vm: *mut brisk_vm,
    map: brisk_value,
    key: *const c_char,
    len: usize,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let key = text(key, len)?;
            let given = vm.with(|state| {
                let key = name(vm, state, key)?;
                get(vm, state, &map, key)
            })?;
            put(value, given)
        })
    }
}

/// `brisk_map_set` with a string for a key.
///
/// # Safety
///
/// NULL or live, `key` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_set_name(
    vm: *mut brisk_vm,
    map: brisk_value,
    key: *const c_char,
    len: usize,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let key = text(key, len)?;
            vm.with(|state| {
                let key = name(vm, state, key)?;
                set(vm, state, &map, key, &value)
            })
        })
    }
}

/// Removes an entry. `BRISK_NOT_FOUND` when there is none.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_remove(
    vm: *mut brisk_vm,
    map: brisk_value,
    key: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let map = take_map(state, vm.owner, &map)?;
                let key = take(state, vm.owner, &key)?;
                let removed =
                    state.store.map_remove(map, key).map_err(|why| vm.fail(refused(why)))?;
                if removed { Ok(()) } else { Err(BRISK_NOT_FOUND) }
            })
        })
    }
}

/// The entries of a map, one after the other, in order: `*cursor` is 0 for the first, and where to
/// go on afterwards. `BRISK_NOT_FOUND` behind the last. Values may be changed meanwhile; keys that
/// are added or removed may be seen or not.
///
/// # Safety
///
/// NULL or live, outputs NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_map_next(
    vm: *mut brisk_vm,
    map: brisk_value,
    cursor: *mut u64,
    key: *mut brisk_value,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if key.is_null() || value.is_null() {
                return Err(BRISK_NULL);
            }
            let at = cursor.as_ref().copied().ok_or(BRISK_NULL)?;
            let (found, next) = vm.with(|state| {
                let map = take_map(state, vm.owner, &map)?;
                let at = usize::try_from(at).map_err(|_| BRISK_NOT_FOUND)?;
                let entry = map.next_entry(&state.store.shapes, at);
                let (key, value, next) = entry.ok_or(BRISK_NOT_FOUND)?;
                let key = give(state, vm.owner, key)?;
                Ok(((key, give(state, vm.owner, value)?), next))
            })?;
            key.write(found.0);
            value.write(found.1);
            cursor.write(next as u64);
            Ok(())
        })
    }
}
