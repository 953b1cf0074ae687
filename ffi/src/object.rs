//! Objects of the host, and weak references.

use crate::native::{NativeCode, brisk_native_fn, invoke};
use crate::status::{
    BRISK_ARGUMENT, BRISK_DONE, BRISK_NOT_FOUND, BRISK_NULL, BRISK_TYPE, brisk_status, put, refer,
};
use crate::value::{BRISK_KIND_NULL, BRISK_KIND_NUMBER, brisk_value, give, take, take_map};
use crate::vm::{brisk_vm, enter};
use brisk_core::host::{Handle, HostFunction, NativeError, ObjectType, raw};
use brisk_core::semantics::refused;
use brisk_core::value::Value;
use brisk_core::vm::Trap;
use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};
use std::sync::Arc;

/// What objects of one kind have in common. Hooks are natives that can neither suspend nor end the
/// program.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_object_type {
    /// Bytes of this structure, as the host knows it.
    pub struct_size: usize,
    /// Tells objects of this type from others.
    pub tag: u64,
    /// Called once with the data of each object: when it is closed, at a safe point after it became
    /// unreachable, or when the VM is freed. Must not use the VM. NULL for nothing.
    pub finalizer: Option<unsafe extern "C" fn(data: *mut c_void)>,
    /// Asked for a member that the class does not have; the arguments are the object and the name.
    /// `BRISK_NOT_FOUND` when there is none. A function that it gives is called as a method. NULL for
    /// no more members than those of the class.
    pub get: brisk_native_fn,
    /// Told of every member that is stored; the arguments are the object, the name and the value.
    /// `BRISK_NOT_FOUND` when it cannot be stored. NULL for nothing that can.
    pub set: brisk_native_fn,
    /// Passed to `get` and `set`.
    pub user: *mut c_void,
}

/// A reference that does not keep alive what it refers to.
pub struct brisk_weak(Handle);

/// The types that a VM knows: objects of equal types share one.
#[derive(Default)]
pub(crate) struct Types(Vec<(brisk_object_type, Arc<ObjectType>)>);

impl Types {
    fn find(&mut self, vm: NonNull<brisk_vm>, wanted: &brisk_object_type) -> Arc<ObjectType> {
        let hook = |f: brisk_native_fn| f.map_or(0, |f| f as usize);
        let parts = |t: &brisk_object_type| {
            (t.tag, t.finalizer.map_or(0, |f| f as usize), hook(t.get), hook(t.set), t.user)
        };
        if let Some((_, known)) = self.0.iter().find(|(known, _)| parts(known) == parts(wanted)) {
            return known.clone();
        }
        let mut made = ObjectType::new(wanted.tag);
        if let Some(finalizer) = wanted.finalizer {
            // SAFETY: a function of the host, called as it was promised.
            made = made.with_finalizer(move |data| unsafe {
                finalizer(core::ptr::with_exposed_provenance_mut(data));
            });
        }
        let part = Hook { vm, user: wanted.user };
        made.get = wanted.get.map(|function| part.function(function));
        made.set = wanted.set.map(|function| part.function(function));
        let made = Arc::new(made);
        self.0.push((*wanted, made.clone()));
        made
    }
}

/// What a hook needs to be called.
#[derive(Clone, Copy)]
struct Hook {
    vm: NonNull<brisk_vm>,
    user: *mut c_void,
}

// SAFETY: a VM and its objects move between threads together, and the host knows that.
unsafe impl Send for Hook {}
// SAFETY: as above; it is only read.
unsafe impl Sync for Hook {}

impl Hook {
    fn function(self, function: NativeCode) -> HostFunction {
        Arc::new(move |context| {
            let this = self;
            let returned = invoke(this.vm, function, this.user, context);
            let status = returned.status;
            // SAFETY: a VM outlives its objects.
            let result = returned.finish(unsafe { this.vm.as_ref() }, context);
            match result {
                Ok(value) => Ok(raw::to_data(context.raw_machine(), value)?),
                Err(_) if status == BRISK_NOT_FOUND => Err(NativeError::NotFound),
                Err(Trap::Error(error)) => Err(NativeError::Error(error)),
                Err(_) => {
                    Err(NativeError::message("a hook can neither suspend nor end the program"))
                }
            }
        })
    }
}

/// The host's data of an object with this tag that is not closed; NULL for anything else.
pub(crate) fn data_of(value: Value, type_tag: u64) -> *mut c_void {
    match value.as_native() {
        Some(object) if object.native_type().tag() == type_tag && !object.is_closed() => {
            core::ptr::with_exposed_provenance_mut(object.data.get())
        }
        _ => null_mut(),
    }
}

/// An object of the host. `class_map` is a map whose entries are its members, and which `isa` looks
/// at, or null. `bytes` are what it costs the host: they count against the VM's limit until the
/// object is closed or gone. The type is copied; use the same one for all objects of a kind.
///
/// On failure `data` still belongs to the caller.
///
/// # Safety
///
/// NULL or live; what the type refers to usable as long as the VM lives; `object` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_object_new(
    vm: *mut brisk_vm,
    object_type: *const brisk_object_type,
    data: *mut c_void,
    class_map: brisk_value,
    bytes: usize,
    object: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |this| {
            let wanted = refer(object_type)?;
            if wanted.struct_size != size_of::<brisk_object_type>() {
                return Err(BRISK_ARGUMENT);
            }
            if object.is_null() {
                return Err(BRISK_NULL);
            }
            let host = NonNull::new(vm).ok_or(BRISK_NULL)?;
            let kind = this.types.borrow_mut().find(host, wanted);
            let given = this.with(|state| {
                let class = match class_map.kind {
                    BRISK_KIND_NULL => Value::NULL,
                    _ => Value::map(take_map(state, this.owner, &class_map)?),
                };
                let made = state.store.new_native(kind, data.expose_provenance(), class, bytes);
                let made = made.map_err(|why| this.fail(refused(why)))?;
                give(state, this.owner, made).inspect_err(|_| {
                    // The host keeps the data of an object that it did not get.
                    if let Some(object) = made.as_native() {
                        let _ = state.store.close_native(object);
                    }
                })
            })?;
            put(object, given)
        })
    }
}

/// Data of an object with this tag that is not closed. `BRISK_TYPE` for anything else.
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
                match value.as_native() {
                    Some(object)
                        if object.native_type().tag() == type_tag && !object.is_closed() =>
                    {
                        Ok(data_of(value, type_tag))
                    }
                    _ => Err(BRISK_TYPE),
                }
            })?;
            put(data, found)
        })
    }
}

/// Closes an object: its finalizer runs now, and it has no data afterwards; scripts may still hold it.
/// `BRISK_DONE` when it is closed already, `BRISK_TYPE` for what is no object.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_object_close(
    vm: *mut brisk_vm,
    object: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let object = take(state, vm.owner, &object)?.as_native().ok_or(BRISK_TYPE)?;
                let (kind, data) = state.store.close_native(object).ok_or(BRISK_DONE)?;
                kind.finalize(data);
                Ok(())
            })
        })
    }
}

/// A reference to a list, map, function, object or string that does not keep it alive. It belongs to
/// the caller. `BRISK_TYPE` for null and numbers.
///
/// # Safety
///
/// NULL or live, `weak` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_weak_new(
    vm: *mut brisk_vm,
    value: brisk_value,
    weak: *mut *mut brisk_weak,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if weak.is_null() {
                return Err(BRISK_NULL);
            }
            if (0..=BRISK_KIND_NUMBER).contains(&value.kind) {
                return Err(BRISK_TYPE);
            }
            let made = vm.with(|state| {
                let value = take(state, vm.owner, &value)?;
                state.weak.hold(value).map_err(|why| vm.fail(refused(why.into())))
            })?;
            put(weak, Box::into_raw(Box::new(brisk_weak(made))))
        })
    }
}

/// What a weak reference refers to. `BRISK_NOT_FOUND` once that is gone: at the latest after
/// `brisk_gc_collect`, when nothing else refers to it.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_weak_get(
    vm: *mut brisk_vm,
    weak: *const brisk_weak,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let weak = refer(weak)?;
            let given = vm.with(|state| {
                let found = state.weak.get(&weak.0).ok_or(crate::status::BRISK_WRONG_VM)?;
                if found.is_unassigned() {
                    return Err(BRISK_NOT_FOUND);
                }
                give(state, vm.owner, found)
            })?;
            put(value, given)
        })
    }
}

/// Frees a weak reference; also after its VM was freed. NULL does nothing.
///
/// # Safety
///
/// NULL or a live reference, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_weak_free(weak: *mut brisk_weak) {
    if !weak.is_null() {
        // SAFETY: the caller's promise: it came out of a box.
        drop(unsafe { Box::from_raw(weak) });
    }
}

/// Counts memory that the host holds for scripts against the VM's limit; a negative number takes back
/// what was counted. `BRISK_LIMIT` when it does not fit; nothing is counted then.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_charge(vm: *mut brisk_vm, bytes: i64) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let size = isize::try_from(bytes).map_err(|_| BRISK_ARGUMENT)?;
            vm.with(|state| state.store.charge_host(size).map_err(|why| vm.fail(refused(why))))
        })
    }
}
