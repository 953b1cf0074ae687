//! Objects of the host.

use crate::status::{BRISK_TYPE, brisk_status, put};
use crate::value::{brisk_value, take};
use crate::vm::{brisk_vm, enter};
use brisk_core::value::Value;
use core::ffi::c_void;
use core::ptr::null_mut;

/// The host's data of an object with this tag; NULL for anything else.
pub(crate) fn data_of(value: Value, type_tag: u64) -> *mut c_void {
    match value.as_native() {
        Some(object) if object.type_tag.get() == type_tag => {
            core::ptr::with_exposed_provenance_mut(object.data.get())
        }
        _ => null_mut(),
    }
}

/// Data of an object with this tag. `BRISK_TYPE` for anything else.
///
/// # Safety
///
/// NULL or live, `data` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_object_data(
    vm: *mut brisk_vm,
    object: brisk_value,
    type_tag: u64,
    data: *mut *mut c_void,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| {
                let value = take(state, vm.owner, &object)?;
                let object = value.as_native().ok_or(BRISK_TYPE)?;
                if object.type_tag.get() != type_tag {
                    return Err(BRISK_TYPE);
                }
                Ok(data_of(value, type_tag))
            })?;
            put(data, found)
        })
    }
}
