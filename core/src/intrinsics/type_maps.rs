//! The maps that hold the methods of a type: `list`, `string`, `map`, `number`, `funcRef`.
//!
//! One of each per machine, made when first needed, mutable by scripts (INTRINSICS.md §1.2, §7.3).

use super::index_of;
use crate::host::Context;
use crate::interp::link;
use crate::value::map::KeyOrigin;
use crate::value::{Gc, Map, Refusal, Value};
use crate::vm::{Trap, TypeMap, Vm};

/// The methods a type map holds at first.
pub fn type_map_entries(which: TypeMap) -> &'static [&'static str] {
    match which {
        TypeMap::List => &[
            "hasIndex", "indexes", "indexOf", "insert", "join", "len", "pop", "pull", "push",
            "shuffle", "sort", "sum", "remove", "replace", "values",
        ],
        TypeMap::String => &[
            "hasIndex", "indexes", "indexOf", "insert", "code", "len", "lower", "val", "remove",
            "replace", "split", "upper", "values",
        ],
        TypeMap::Map => &[
            "hasIndex", "indexes", "indexOf", "len", "pop", "pull", "push", "shuffle", "sum",
            "remove", "replace", "values",
        ],
        TypeMap::Number | TypeMap::FuncRef => &[],
    }
}

/// The map for a type: always the same one.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn type_map(vm: &mut Vm, which: TypeMap) -> Result<Gc<Map>, Refusal> {
    if let Some(map) = vm.type_maps[which as usize].as_map() {
        return Ok(map);
    }
    let map = vm.store.new_map()?;
    for name in type_map_entries(which) {
        if let Some(index) = index_of(name) {
            add_intrinsic(vm, map, index)?;
        }
    }
    // Values of the type inherit from it: caches are told when it changes.
    vm.store.make_prototype(map);
    vm.type_maps[which as usize] = Value::map(map);
    Ok(map)
}

/// The map of a type, if a script has changed it. One that is as it was made is not told from one that
/// was not needed yet.
pub(crate) fn changed(vm: &Vm, which: TypeMap) -> Option<Gc<Map>> {
    let map = vm.type_maps[which as usize].as_map()?;
    let mut at = 0;
    for name in type_map_entries(which) {
        let Some(index) = index_of(name) else { continue };
        let Some((key, value, next)) = map.next_entry(&vm.store.shapes, at) else {
            return Some(map);
        };
        at = next;
        let is_name = key.text().is_some_and(|text| text.as_str() == *name);
        if !is_name || value != vm.intrinsics[index] {
            return Some(map);
        }
    }
    map.next_entry(&vm.store.shapes, at).map(|_| map)
}

/// Stores an intrinsic under its name.
pub(super) fn add_intrinsic(vm: &mut Vm, map: Gc<Map>, index: usize) -> Result<(), Refusal> {
    let function = link::intrinsic_value(vm, index)?;
    let key = vm.store.atom_from(super::TABLE[index].name)?;
    vm.store.map_set(map, key, function, KeyOrigin::Literal)
}

/// Declares the functions that return type maps.
macro_rules! type_map_functions {
    ($($name:ident = $which:ident;)*) => {$(
        pub(super) fn $name(c: &mut Context<'_>) -> Result<Value, Trap> {
            Ok(Value::map(c.type_map(TypeMap::$which)?))
        }
    )*};
}

type_map_functions! {
    func_ref = FuncRef;
    list = List;
    map = Map;
    number = Number;
    string = String;
}
