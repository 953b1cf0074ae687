//! Strings.

use crate::status::{BRISK_TYPE, brisk_status, put, text};
use crate::value::{brisk_text, brisk_value, give, take};
use crate::vm::{brisk_vm, enter};
use brisk_core::semantics::refused;
use brisk_core::value::Value;
use core::ffi::c_char;

/// The text of a string: in the heap, where it stays as long as the value, or copied from the value.
pub(crate) fn view(vm: &brisk_vm, value: Value) -> Option<brisk_text> {
    if value.is_short() {
        let (bytes, len) = value.short_bytes();
        vm.short.set(bytes);
        return Some(brisk_text { data: vm.short.as_ptr().cast::<c_char>().cast_const(), len });
    }
    let text = value.as_str()?;
    let bytes = text.bytes();
    Some(brisk_text { data: bytes.as_ptr().cast(), len: bytes.len() })
}

/// A string with a copy of this text.
///
/// # Safety
///
/// NULL or live, `text` of `len` bytes, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_string_new(
    vm: *mut brisk_vm,
    data: *const c_char,
    len: usize,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let text = text(data, len)?;
            let given = vm.with(|state| {
                let made =
                    state.store.new_str(text).map_err(|refusal| vm.fail(refused(refusal)))?;
                give(state, vm.owner, made)
            })?;
            put(value, given)
        })
    }
}

/// The text of a string; it lives until the next call on this VM. `BRISK_TYPE` for other kinds.
///
/// # Safety
///
/// NULL or live, `out` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_string_get(
    vm: *mut brisk_vm,
    value: brisk_value,
    out: *mut brisk_text,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| take(state, vm.owner, &value))?;
            put(out, view(vm, found).ok_or(BRISK_TYPE)?)
        })
    }
}
