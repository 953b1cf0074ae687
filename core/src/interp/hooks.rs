//! Hooks of native objects: functions of the host that instructions call for members.
//!
//! A hook runs inside the slow path of the instruction, as a native function does: its arguments lie
//! above the window, nothing is collected unless it calls a script, and the script it calls stands
//! above them. Unlike a native function it has no call of its own to come back to, so it cannot
//! suspend. Whoever calls here must go on with the window it gets back: the stack may have moved.

use super::{call, gc, property};
use crate::error::{Error, ErrorKind, text};
use crate::host::values::from_data;
use crate::host::{Context, HostFunction, NativeError, ObjectType};
use crate::value::{Gc, NativeObject, NativeType, Value};
use crate::vm::Vm;
use core::any::Any;

use property::Found;

/// The type of a native object, as the host gave it.
fn type_of(object: &Gc<NativeObject>) -> Option<&ObjectType> {
    let kind: &dyn NativeType = object.native_type();
    (kind as &dyn Any).downcast_ref()
}

/// The member of an object whose type has a hook for reading; `None` for any other receiver.
///
/// # Safety
///
/// `base` must be the window of the innermost frame, whose function stands at `pc`.
#[inline]
pub(super) unsafe fn get(
    vm: &mut Vm,
    pc: *const u64,
    base: &mut *mut Value,
    receiver: Value,
    key: Value,
) -> Option<Result<Found, Error>> {
    let object = receiver.as_native()?;
    // SAFETY: the caller's promise.
    unsafe { get_from(vm, pc, base, object, key) }
}

#[cold]
unsafe fn get_from(
    vm: &mut Vm,
    pc: *const u64,
    base: &mut *mut Value,
    object: Gc<NativeObject>,
    key: Value,
) -> Option<Result<Found, Error>> {
    let hook = type_of(&object)?.get.clone()?;
    let receiver = Value::native(object);
    let normal = vm.store.find_key(key);
    match property::member(vm, receiver, normal) {
        Ok(None) => {}
        Ok(Some(found)) => return Some(Ok(found)),
        Err(error) => return Some(Err(error)),
    }
    // SAFETY: the caller's promise.
    let answer = unsafe { run(vm, pc, base, &hook, &[receiver, key]) };
    Some(match answer {
        Ok(Some(value)) => Ok(Found { value, holder: None }),
        Ok(None) => Err(property::key_not_found(vm, key).unwrap_or_else(|error| error)),
        Err(error) => Err(error),
    })
}

/// Stores a member of an object whose type has a hook for that; `None` for any other receiver.
///
/// # Safety
///
/// As [`get`].
#[inline]
pub(super) unsafe fn set(
    vm: &mut Vm,
    pc: *const u64,
    base: &mut *mut Value,
    receiver: Value,
    key: Value,
    value: Value,
) -> Option<Result<(), Error>> {
    let object = receiver.as_native()?;
    // SAFETY: the caller's promise.
    unsafe { set_in(vm, pc, base, object, key, value) }
}

#[cold]
unsafe fn set_in(
    vm: &mut Vm,
    pc: *const u64,
    base: &mut *mut Value,
    object: Gc<NativeObject>,
    key: Value,
    value: Value,
) -> Option<Result<(), Error>> {
    let hook = type_of(&object)?.set.clone()?;
    // SAFETY: the caller's promise.
    let answer = unsafe { run(vm, pc, base, &hook, &[Value::native(object), key, value]) };
    Some(match answer {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Error::runtime(text::SET_TYPE)),
        Err(error) => Err(error),
    })
}

/// Calls a hook; `None` when it knows no such member.
unsafe fn run(
    vm: &mut Vm,
    pc: *const u64,
    base: &mut *mut Value,
    hook: &HostFunction,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    // SAFETY: the caller's frame; the slack above its window has room for a few arguments.
    let first = unsafe {
        let top = gc::top_of(vm, *base);
        let first = top.add(call::READ_WINDOW);
        for (at, &arg) in args.iter().enumerate() {
            first.add(at).write(arg);
        }
        if vm.store.heap.debt >= 0 {
            // What lies between is null or was live (see `call_native`).
            gc::safepoint_below(vm, first.add(args.len()));
        }
        first
    };
    let first = call::slot(vm.stack.start, first);
    let base_at = call::slot(vm.stack.start, *base);
    // For stack traces, and for runs inside this one.
    vm.pc = pc;
    vm.base = *base;
    // The instruction may belong to a native function that is not finished.
    let partial = vm.partial.take();
    let answer = hook(&mut Context::new(vm, first, args.len(), 0));
    vm.partial = partial;
    *base = vm.stack.start.wrapping_add(base_at);
    match answer {
        Ok(data) => from_data(vm, &data).map(Some),
        Err(NativeError::NotFound) => Ok(None),
        Err(NativeError::Error(error)) => Err(error),
        Err(_) => {
            let message = "a hook of a native object can neither suspend nor exit";
            Err(Error::new(ErrorKind::Host, message))
        }
    }
}
