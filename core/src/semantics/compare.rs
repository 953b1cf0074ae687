//! `< <= > >= == !=` on operands of any type (LANGUAGE.md §7.7, §7.8, §8.1).
//!
//! A comparison gives 1, 0, or null when the operands cannot be compared. Strings compare by their
//! bytes, which is the order of code points.

use crate::syntax::Dialect;
use crate::value::{Store, Value, content};
use core::cmp::Ordering;

/// `a < b`.
#[inline(never)]
pub fn lt(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    ordered(store, a, b, |x, y| x < y, Ordering::is_lt)
}

/// `a > b`.
#[inline(never)]
pub fn gt(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    ordered(store, a, b, |x, y| x > y, Ordering::is_gt)
}

/// `a <= b`.
#[inline(never)]
pub fn le(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    ordered(store, a, b, |x, y| x <= y, Ordering::is_le)
}

/// `a >= b`.
#[inline(never)]
pub fn ge(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    ordered(store, a, b, |x, y| x >= y, Ordering::is_ge)
}

/// Null on the right counts as 0 or `""` in v1; what is neither two numbers nor two strings gives
/// null.
#[inline(always)]
fn ordered(
    store: &Store,
    a: Value,
    b: Value,
    numbers: impl Fn(f64, f64) -> bool,
    strings: impl Fn(Ordering) -> bool,
) -> Value {
    if a.is_number() {
        let right = if b.is_null() { Value::ZERO } else { b };
        return match right.as_number() {
            Some(y) => Value::boolean(numbers(a.raw_f64(), y)),
            None => Value::NULL,
        };
    }
    let right = if b.is_null() { Value::EMPTY } else { b };
    content::note_comparison(&store.shapes, a, right);
    match compare_strings(a, right) {
        Some(ordering) => Value::boolean(strings(ordering)),
        None => Value::NULL,
    }
}

/// The order of two strings; `None` when one is no string.
#[inline]
pub fn compare_strings(a: Value, b: Value) -> Option<Ordering> {
    if a.is_short() && b.is_short() {
        return Some(a.bits().cmp(&b.bits()));
    }
    let (a, b) = (a.text()?, b.text()?);
    Some(a.bytes().cmp(b.bytes()))
}

/// `a == b`; null when a function is compared with another type that is not null.
#[inline]
pub fn eq(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    if incomparable(a, b) {
        return Value::NULL;
    }
    Value::boolean(content::equal(&store.shapes, a, b))
}

/// `a != b`, with the same exception as [`eq`].
#[inline]
pub fn ne(store: &Store, _: Dialect, a: Value, b: Value) -> Value {
    if incomparable(a, b) {
        return Value::NULL;
    }
    Value::boolean(!content::equal(&store.shapes, a, b))
}

#[inline(always)]
fn incomparable(a: Value, b: Value) -> bool {
    a.as_func().is_some() && !b.is_null() && b.as_func().is_none()
}

/// A total order of numbers: NaN after the others, `-0` equal to 0.
pub fn order_numbers(x: f64, y: f64) -> Ordering {
    x.partial_cmp(&y).unwrap_or_else(|| x.is_nan().cmp(&y.is_nan()))
}
