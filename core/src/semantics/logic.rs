//! Truth, and the fuzzy `not`, `and`, `or` (LANGUAGE.md §5.9, §6).
//!
//! A number counts as a degree of truth, everything else as 1 or 0. The results are numbers from 0
//! to 1, never the operands.

use crate::value::{Store, Type, Value, math};

/// Whether `if` takes the branch (LANGUAGE.md §6). NaN is true.
#[inline]
pub fn is_true(store: &Store, v: Value) -> bool {
    match v.type_of() {
        Type::Number => v.raw_f64() != 0.0,
        Type::Null => false,
        Type::Str => v != Value::EMPTY,
        Type::List => v.as_list().is_some_and(|l| !l.is_empty()),
        Type::Map => v.as_map().is_some_and(|m| store.map_len(m) != 0),
        Type::Func | Type::Object => true,
    }
}

/// `not v`.
#[inline]
pub fn not(store: &Store, v: Value) -> Value {
    Value::number(1.0 - clamp(degree(store, v)))
}

/// `a and b`, both evaluated.
#[inline]
pub fn and(store: &Store, a: Value, b: Value) -> Value {
    Value::number(clamp(left_degree(store, a, b) * degree(store, b)))
}

/// `a or b`, both evaluated.
#[inline]
pub fn or(store: &Store, a: Value, b: Value) -> Value {
    let (x, y) = (left_degree(store, a, b), degree(store, b));
    Value::number(clamp(x + y - x * y))
}

/// Whether `v or …` is 1 whatever follows (LANGUAGE.md §5.9, v1): only numbers of size 1 and more.
#[inline]
pub fn or_short_circuits(v: Value) -> bool {
    v.as_number().is_some_and(|x| math::index_i32(x) != 0)
}

fn clamp(x: f64) -> f64 {
    x.abs().min(1.0)
}

fn degree(store: &Store, v: Value) -> f64 {
    match v.as_number() {
        Some(x) => x,
        None => f64::from(u8::from(is_true(store, v))),
    }
}

/// In v1 a number beside what is neither number nor null counts as its truth only.
fn left_degree(store: &Store, a: Value, b: Value) -> f64 {
    match a.as_number() {
        Some(x) if !b.is_number() && !b.is_null() => f64::from(u8::from(x != 0.0)),
        _ => degree(store, a),
    }
}
