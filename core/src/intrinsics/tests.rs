//! The table of names. What the functions do is tested by scripts (`tests/`).

use super::{TABLE, index_of, type_map_entries};
use crate::vm::TypeMap;

#[test]
fn names_are_sorted_and_found() {
    assert!(TABLE.windows(2).all(|pair| pair[0].name < pair[1].name));
    for (index, intrinsic) in TABLE.iter().enumerate() {
        assert_eq!(index_of(intrinsic.name), Some(index));
    }
    for name in ["", "ab", "abz", "globals", "zzz"] {
        assert_eq!(index_of(name), None);
    }
}

#[test]
fn type_maps_hold_intrinsics() {
    let types = [TypeMap::Number, TypeMap::String, TypeMap::List, TypeMap::Map, TypeMap::FuncRef];
    for name in types.into_iter().flat_map(type_map_entries) {
        assert!(index_of(name).is_some(), "{name}");
    }
}
