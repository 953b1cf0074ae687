//! Looking things up in values: members, elements, parents (spec §11, §14).
//!
//! These are the slow paths; what they find is cached at the site (`slow.rs`).

use crate::error::{Error, text};
use crate::intrinsics::type_maps::type_map;
use crate::limits::ISA_STEPS_MAX;
use crate::semantics::{self, text::Form};
use crate::value::map::KeyOrigin;
use crate::value::math::index_i32;
use crate::value::shape::ISA;
use crate::value::{Gc, Map, Type, Value, content};
use crate::vm::{TypeMap, Vm};
use alloc::format;
use alloc::string::String;

/// What a look-up found.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) value: Value,
    /// The map that has it; none when the value is not in a map (null under `__isa`).
    pub(crate) holder: Option<Gc<Map>>,
}

/// Looks a key up in a map and its parents; `None` when it is nowhere.
fn walk(vm: &mut Vm, start: Gc<Map>, key: Value) -> Result<Option<Found>, Error> {
    let mut map = start;
    for _ in 0..=ISA_STEPS_MAX {
        let shapes = &vm.store.shapes;
        if let Some(value) = map.get_own(shapes, key) {
            return Ok(Some(Found { value, holder: Some(map) }));
        }
        match map.get_own(shapes, ISA) {
            None => return Ok(None),
            Some(parent) => match parent.as_map() {
                Some(parent) => map = parent,
                None if parent.is_null() => {
                    return Ok(Some(Found { value: Value::NULL, holder: None }));
                }
                None => {
                    return match type_map_of(parent) {
                        Some(which) => walk_type(vm, which, key),
                        None => Ok(None),
                    };
                }
            },
        }
    }
    Err(Error::runtime(text::ISA_DEPTH))
}

fn walk_type(vm: &mut Vm, which: TypeMap, key: Value) -> Result<Option<Found>, Error> {
    if !key.is_string() {
        return Ok(None);
    }
    let map = type_map(vm, which).map_err(semantics::refused)?;
    walk(vm, map, key)
}

fn type_map_of(value: Value) -> Option<TypeMap> {
    match value.type_of() {
        Type::Number => Some(TypeMap::Number),
        Type::Str => Some(TypeMap::String),
        Type::List => Some(TypeMap::List),
        Type::Map => Some(TypeMap::Map),
        Type::Func => Some(TypeMap::FuncRef),
        Type::Null | Type::Object => None,
    }
}

/// Looks `key` up as a member of `receiver`. The key is normalized; `None` for one that no map can
/// have.
///
/// # Errors
///
/// A loop of parents, or memory.
pub(crate) fn member(
    vm: &mut Vm,
    receiver: Value,
    key: Option<Value>,
) -> Result<Option<Found>, Error> {
    let Some(key) = key else { return Ok(None) };
    if let Some(map) = receiver.as_map() {
        if let Some(found) = walk(vm, map, key)? {
            return Ok(Some(found));
        }
        return walk_type(vm, TypeMap::Map, key);
    }
    if let Some(object) = receiver.as_native() {
        return match object.class.get().as_map() {
            Some(class) => walk(vm, class, key),
            None => Ok(None),
        };
    }
    match type_map_of(receiver) {
        Some(which) => walk_type(vm, which, key),
        None => Ok(None),
    }
}

/// `receiver.key`.
///
/// # Errors
///
/// Missing members, null receivers (spec §11.1).
pub(crate) fn get_member(vm: &mut Vm, receiver: Value, key: Value) -> Result<Found, Error> {
    if receiver.is_null() {
        let message = format!("Type Error (while attempting to look up {})", plain(vm, key)?);
        return Err(Error::runtime(message));
    }
    match member(vm, receiver, Some(key))? {
        Some(found) => Ok(found),
        None => Err(key_not_found(vm, key)?),
    }
}

/// The text of a value.
pub(crate) fn plain(vm: &Vm, value: Value) -> Result<String, Error> {
    let mut out = String::new();
    if !value.is_null() {
        semantics::text::append(&vm.store, value, Form::Plain, &mut out)
            .map_err(semantics::refused)?;
    }
    Ok(out)
}

/// The error for a missing key.
pub(crate) fn key_not_found(vm: &Vm, key: Value) -> Result<Error, Error> {
    let text = plain(vm, key)?;
    Ok(Error::runtime(format!("Key Not Found: '{text}' not found in map")))
}

/// Position of an index in a sequence of `len` elements, counted from the end when negative.
#[inline]
pub(crate) fn position(index: f64, len: usize) -> Option<usize> {
    let index = i64::from(index_i32(index));
    let at = if index < 0 { index + len as i64 } else { index };
    usize::try_from(at).ok().filter(|&at| at < len)
}

/// `container[key]`, and where a found member was.
///
/// # Errors
///
/// As spec §11.1.
pub(crate) fn get_index(vm: &mut Vm, container: Value, key: Value) -> Result<Found, Error> {
    let plain_value = |value| Ok(Found { value, holder: None });
    if let Some(list) = container.as_list()
        && let Some(index) = key.as_number()
    {
        return match position(index, list.len()) {
            Some(at) => plain_value(list.get(at).unwrap_or(Value::NULL)),
            None => Err(out_of_range(vm, "list", key)?),
        };
    }
    if container.is_string()
        && let Some(index) = key.as_number()
    {
        let at = position(index, vm.store.char_count(container));
        return match at.and_then(|at| vm.store.char_at(container, at)) {
            Some(value) => plain_value(value),
            None => Err(out_of_range(vm, "string", key)?),
        };
    }
    if container.as_map().is_some() || key.is_string() {
        if container.is_null() {
            return plain_value(Value::NULL);
        }
        let normal = vm.store.find_key(key);
        return match member(vm, container, normal)? {
            Some(found) => Ok(found),
            None => Err(key_not_found(vm, key)?),
        };
    }
    let message = match container.type_of() {
        Type::Number => return plain_value(Value::NULL),
        Type::List => "Key Not Found: 'List index must be numeric' not found in map",
        Type::Str => "Key Not Found: 'String index must be numeric' not found in map",
        Type::Null => text::INDEX_NULL,
        _ => text::INDEX_TYPE,
    };
    Err(Error::runtime(message))
}

fn out_of_range(vm: &Vm, what: &str, key: Value) -> Result<Error, Error> {
    let key = plain(vm, key)?;
    Ok(Error::runtime(format!("Index Error ({what} index {key} out of range)")))
}

/// `container[key] = value`.
///
/// # Errors
///
/// As spec §11.3.
pub(crate) fn set_index(
    vm: &mut Vm,
    container: Value,
    key: Value,
    value: Value,
    origin: KeyOrigin,
) -> Result<(), Error> {
    if let Some(map) = container.as_map() {
        return vm.store.map_set(map, key, value, origin).map_err(semantics::refused);
    }
    if let Some(list) = container.as_list() {
        let index = key.as_number().unwrap_or(0.0);
        let Some(at) = position(index, list.len()) else {
            return Err(out_of_range(vm, "list", if key.is_number() { key } else { Value::ZERO })?);
        };
        vm.store.list_set(list, at, value);
        return Ok(());
    }
    Err(Error::runtime(if container.is_null() { text::SET_NULL } else { text::SET_TYPE }))
}

/// `a isa b` (spec §14.6).
///
/// # Errors
///
/// A loop of parents, or memory.
pub(crate) fn isa(vm: &mut Vm, a: Value, b: Value) -> Result<Value, Error> {
    if a.is_null() || b.is_null() {
        return Ok(Value::boolean(a.is_null() && b.is_null()));
    }
    if let Some(which) = type_map_of(a)
        && vm.type_maps[which as usize] == b
    {
        return Ok(Value::ONE);
    }
    let start = match a.as_native() {
        Some(object) => object.class.get().as_map(),
        None => a.as_map(),
    };
    let Some(mut map) = start else { return Ok(Value::ZERO) };
    if a.as_native().is_some() && a != b && Value::map(map) == b {
        return Ok(Value::ONE);
    }
    for _ in 0..=ISA_STEPS_MAX {
        let Some(parent) = map.get_own(&vm.store.shapes, ISA) else { return Ok(Value::ZERO) };
        let same =
            parent == b || (b.is_string() && content::texts_equal(&vm.store.shapes, parent, b));
        let number = matches!((parent.as_number(), b.as_number()), (Some(x), Some(y)) if x == y);
        if same || number {
            return Ok(Value::ONE);
        }
        match parent.as_map() {
            Some(next) => map = next,
            None => return Ok(Value::ZERO),
        }
    }
    Err(Error::runtime(text::ISA_DEPTH))
}

/// `new parent` (spec §14.5).
///
/// # Errors
///
/// What is no map, or a type map other than `map`.
pub(crate) fn new_instance(vm: &mut Vm, parent: Value) -> Result<Value, Error> {
    let Some(map) = parent.as_map() else { return Err(Error::runtime(text::NEW_NEEDS_MAP)) };
    let refusals = [
        (TypeMap::String, "string, use quotes, e.g. \"foo\""),
        (TypeMap::List, "list, use square brackets, e.g. [1,2]"),
        (TypeMap::Number, "number, use a numeric literal, e.g. 42"),
        (TypeMap::FuncRef, "function, use the 'function' keyword"),
    ];
    for (which, advice) in refusals {
        if vm.type_maps[which as usize] == parent {
            return Err(Error::runtime(format!("invalid use of 'new'; to create a {advice}")));
        }
    }
    vm.store.new_instance(map).map(Value::map).map_err(semantics::refused)
}
