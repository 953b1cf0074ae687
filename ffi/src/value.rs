//! `brisk_value`: how values cross the border.

use crate::status::{BRISK_LIMIT, BRISK_STALE, BRISK_TYPE, BRISK_WRONG_VM, Check};
use brisk_core::value::{Gc, List, Map, Type, Value};
use brisk_core::vm::Vm;
use brisk_core::vm::scopes::Ticket;
use core::ffi::c_char;

/// Kind of a value.
pub type brisk_kind = i32;

/// `null`.
pub const BRISK_KIND_NULL: brisk_kind = 0;
/// A number; true and false are 1 and 0.
pub const BRISK_KIND_NUMBER: brisk_kind = 1;
/// A string.
pub const BRISK_KIND_STRING: brisk_kind = 2;
/// A list.
pub const BRISK_KIND_LIST: brisk_kind = 3;
/// A map.
pub const BRISK_KIND_MAP: brisk_kind = 4;
/// A function.
pub const BRISK_KIND_FUNCTION: brisk_kind = 5;
/// An object of the host.
pub const BRISK_KIND_OBJECT: brisk_kind = 6;

/// What a value holds, by its kind.
#[derive(Clone, Copy)]
#[repr(C)]
pub union brisk_payload {
    /// Of `BRISK_KIND_NUMBER`.
    pub number: f64,
    /// Of other kinds: names what the VM holds. Not an address.
    pub handle: u64,
}

/// A value. Null and numbers are complete in themselves; everything else is a handle, held by one
/// VM until the scope it was made in is closed, or until it is released. A handle that is held no
/// more, or given to another VM, is noticed: `BRISK_STALE`, `BRISK_WRONG_VM`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_value {
    /// What it is.
    pub kind: brisk_kind,
    /// Number of the VM that holds it; 0 for null and numbers.
    pub owner: u32,
    /// What it holds.
    pub r#as: brisk_payload,
}

/// UTF-8 text that is not zero-terminated. `data` may be NULL when `len` is 0.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_text {
    /// First byte.
    pub data: *const c_char,
    /// Number of bytes.
    pub len: usize,
}

impl brisk_text {
    /// A view of a text.
    pub(crate) fn of(text: &str) -> brisk_text {
        brisk_text { data: text.as_ptr().cast(), len: text.len() }
    }

    /// No text.
    pub(crate) const EMPTY: brisk_text = brisk_text { data: c"".as_ptr(), len: 0 };
}

impl brisk_value {
    pub(crate) const NULL: brisk_value =
        brisk_value { kind: BRISK_KIND_NULL, owner: 0, r#as: brisk_payload { handle: 0 } };

    pub(crate) fn number(x: f64) -> brisk_value {
        brisk_value { kind: BRISK_KIND_NUMBER, owner: 0, r#as: brisk_payload { number: x } }
    }

    /// What a ticket of this VM names.
    fn held(kind: brisk_kind, owner: u32, ticket: Ticket) -> brisk_value {
        let handle =
            u64::from(ticket.index) | u64::from(ticket.stamp) << 32 | u64::from(ticket.kept) << 63;
        brisk_value { kind, owner, r#as: brisk_payload { handle } }
    }

    /// The ticket of a handle of VM number `owner`.
    pub(crate) fn ticket(&self, owner: u32) -> Check<Ticket> {
        if self.kind <= BRISK_KIND_NUMBER || self.kind > BRISK_KIND_OBJECT {
            return Err(BRISK_TYPE);
        }
        if self.owner != owner {
            return Err(BRISK_WRONG_VM);
        }
        // SAFETY: any bits are a number.
        let handle = unsafe { self.r#as.handle };
        Ok(Ticket {
            index: handle as u32,
            stamp: (handle >> 32) as u32 & 0x7FFF_FFFF,
            kept: handle >> 63 != 0,
        })
    }
}

/// Kind of a value of the core.
fn kind_of(value: Value) -> brisk_kind {
    match value.type_of() {
        Type::Number => BRISK_KIND_NUMBER,
        Type::Str => BRISK_KIND_STRING,
        Type::List => BRISK_KIND_LIST,
        Type::Map => BRISK_KIND_MAP,
        Type::Func => BRISK_KIND_FUNCTION,
        Type::Object => BRISK_KIND_OBJECT,
        _ => BRISK_KIND_NULL,
    }
}

/// Gives a value to the host; it is held until the innermost scope is closed.
#[inline]
pub(crate) fn give(vm: &mut Vm, owner: u32, value: Value) -> Check<brisk_value> {
    if let Some(x) = value.as_number() {
        return Ok(brisk_value::number(x));
    }
    let kind = kind_of(value);
    if kind == BRISK_KIND_NULL {
        return Ok(brisk_value::NULL);
    }
    let ticket = vm.scopes.push(value).ok_or(BRISK_LIMIT)?;
    Ok(brisk_value::held(kind, owner, ticket))
}

/// Gives a value to the host; it is held until it is released.
pub(crate) fn give_kept(vm: &mut Vm, owner: u32, value: Value) -> Check<brisk_value> {
    let kind = kind_of(value);
    if kind <= BRISK_KIND_NUMBER {
        return give(vm, owner, value);
    }
    let ticket = vm.scopes.keep(value).ok_or(BRISK_LIMIT)?;
    Ok(brisk_value::held(kind, owner, ticket))
}

/// Takes a value from the host.
#[inline]
pub(crate) fn take(vm: &Vm, owner: u32, value: &brisk_value) -> Check<Value> {
    match value.kind {
        // SAFETY: any bits are a number.
        BRISK_KIND_NUMBER => Ok(Value::number(unsafe { value.r#as.number })),
        BRISK_KIND_NULL => Ok(Value::NULL),
        _ => vm.scopes.get(value.ticket(owner)?).ok_or(BRISK_STALE),
    }
}

/// Takes a list from the host.
pub(crate) fn take_list(vm: &Vm, owner: u32, value: &brisk_value) -> Check<Gc<List>> {
    take(vm, owner, value)?.as_list().ok_or(BRISK_TYPE)
}

/// Takes a map from the host.
pub(crate) fn take_map(vm: &Vm, owner: u32, value: &brisk_value) -> Check<Gc<Map>> {
    take(vm, owner, value)?.as_map().ok_or(BRISK_TYPE)
}

/// Null, for languages that cannot write it down.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_null() -> brisk_value {
    brisk_value::NULL
}

/// A number.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_number(x: f64) -> brisk_value {
    brisk_value::number(x)
}
