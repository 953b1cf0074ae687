//! Lists.

use crate::status::{BRISK_ARGUMENT, BRISK_NOT_FOUND, BRISK_NULL, brisk_status, put};
use crate::value::{brisk_value, give, take, take_list};
use crate::vm::{brisk_vm, enter};
use brisk_core::semantics::refused;
use brisk_core::value::Value;

/// An empty list with room for `capacity` elements.
///
/// # Safety
///
/// NULL or live, `list` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_new(
    vm: *mut brisk_vm,
    capacity: usize,
    list: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let made = state.store.new_list(capacity).map_err(|why| vm.fail(refused(why)))?;
                give(state, vm.owner, Value::list(made))
            })?;
            put(list, given)
        })
    }
}

/// Number of elements.
///
/// # Safety
///
/// NULL or live, `len` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_len(
    vm: *mut brisk_vm,
    list: brisk_value,
    len: *mut usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| Ok(take_list(state, vm.owner, &list)?.len()))?;
            put(len, found)
        })
    }
}

/// Element `index`, from 0. `BRISK_NOT_FOUND` beyond the end.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_get(
    vm: *mut brisk_vm,
    list: brisk_value,
    index: usize,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                let found = list.get(index).ok_or(BRISK_NOT_FOUND)?;
                give(state, vm.owner, found)
            })?;
            put(value, given)
        })
    }
}

/// Replaces element `index`. `BRISK_NOT_FOUND` beyond the end.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_set(
    vm: *mut brisk_vm,
    list: brisk_value,
    index: usize,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                let value = take(state, vm.owner, &value)?;
                if index >= list.len() {
                    return Err(BRISK_NOT_FOUND);
                }
                state.store.list_set(list, index, value);
                Ok(())
            })
        })
    }
}

/// Appends an element.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_push(
    vm: *mut brisk_vm,
    list: brisk_value,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                let value = take(state, vm.owner, &value)?;
                state.store.list_push(list, value).map_err(|why| vm.fail(refused(why)))
            })
        })
    }
}

/// Makes a list longer, with null, or shorter.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_resize(
    vm: *mut brisk_vm,
    list: brisk_value,
    len: usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                let more = len.saturating_sub(list.len());
                state.store.list_reserve(list, more).map_err(|why| vm.fail(refused(why)))?;
                while list.len() > len {
                    list.pop();
                }
                while list.len() < len {
                    let pushed = state.store.list_push(list, Value::NULL);
                    pushed.map_err(|why| vm.fail(refused(why)))?;
                }
                Ok(())
            })
        })
    }
}

/// Copies numbers out of a list, from element `first` on, at most `count`; elements of other kinds
/// count as 0. `*read` is how many there were.
///
/// # Safety
///
/// NULL or live; room for `count` numbers; `read` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_read_numbers(
    vm: *mut brisk_vm,
    list: brisk_value,
    first: usize,
    numbers: *mut f64,
    count: usize,
    read: *mut usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if read.is_null() || (numbers.is_null() && count > 0) {
                return Err(BRISK_NULL);
            }
            let copied = vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                let elements = list.as_slice().get(first..).unwrap_or_default();
                for (i, element) in elements.iter().take(count).enumerate() {
                    numbers.add(i).write(element.as_number().unwrap_or(0.0));
                }
                Ok(elements.len().min(count))
            })?;
            put(read, copied)
        })
    }
}

/// Copies numbers into a list, from element `first` on; the list becomes as long as needed.
/// `BRISK_ARGUMENT` when `first` is beyond its end.
///
/// # Safety
///
/// NULL or live; `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_list_write_numbers(
    vm: *mut brisk_vm,
    list: brisk_value,
    first: usize,
    numbers: *const f64,
    count: usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if numbers.is_null() && count > 0 {
                return Err(BRISK_NULL);
            }
            vm.with(|state| {
                let list = take_list(state, vm.owner, &list)?;
                if first > list.len() {
                    return Err(BRISK_ARGUMENT);
                }
                let end = first.checked_add(count).ok_or(BRISK_ARGUMENT)?;
                let more = end.saturating_sub(list.len());
                state.store.list_reserve(list, more).map_err(|why| vm.fail(refused(why)))?;
                for i in 0..count {
                    let value = Value::number(numbers.add(i).read());
                    if first + i < list.len() {
                        state.store.list_set(list, first + i, value);
                    } else {
                        let pushed = state.store.list_push(list, value);
                        pushed.map_err(|why| vm.fail(refused(why)))?;
                    }
                }
                Ok(())
            })
        })
    }
}
