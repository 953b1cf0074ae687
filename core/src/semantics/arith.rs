//! `+ - * / % ^` and unary `-` on operands of any type (LANGUAGE.md §7.1–§7.6, §7.9).
//!
//! Concatenation of strings is what scripts do most after arithmetic on numbers, so [`add`] looks
//! for it first. Everything else is a table: by type of the left operand, then of the right one.

use super::{text, type_name};
use crate::error::{self, Error};
use crate::heap::AllocError;
use crate::limits::{LIST_LEN_MAX, STRING_BYTES_MAX};
use crate::syntax::Dialect;
use crate::value::map::KeyOrigin;
use crate::value::shape::{SHAPE_KEYS_MAX, is_shape};
use crate::value::{Gc, List, Map, Refusal, Store, Type, Value, content, math, number, string};
use alloc::vec::Vec;

/// `a + b`: sum, concatenation or merge (LANGUAGE.md §7.1).
///
/// # Errors
///
/// A list or map with what is none; a result that is too large; no memory.
#[inline]
pub fn add(store: &mut Store, dialect: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    if a.is_string() {
        if let Some(x) = b.as_number() {
            return Ok(store.concat(a, number::format_v1(x).as_bytes())?);
        }
        if b.is_string() {
            return Ok(concat(store, a, b)?);
        }
    }
    add_slow(store, dialect, a, b)
}

/// `a + b`, both strings.
#[inline]
fn concat(store: &mut Store, a: Value, b: Value) -> Result<Value, Refusal> {
    if b == Value::EMPTY {
        return Ok(a);
    }
    if a == Value::EMPTY {
        return Ok(b);
    }
    match b.text() {
        Some(right) => store.concat(a, right.bytes()),
        None => Ok(a),
    }
}

#[cold]
#[inline(never)]
fn add_slow(store: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    if a.is_string() || b.is_string() {
        let left = text::to_string_value(store, a)?;
        let right = text::to_string_value(store, b)?;
        return Ok(concat(store, left, right)?);
    }
    match a.type_of() {
        Type::Number => Ok(numbers_or_null(a, b, |x, y| x + y)),
        Type::List => match (a.as_list(), b.as_list()) {
            (Some(x), Some(y)) => Ok(concat_lists(store, x, y)?),
            _ => Err(wrong_operand("list concatenation", b, "List")),
        },
        Type::Map => match (a.as_map(), b.as_map()) {
            (Some(x), Some(y)) => Ok(merge_maps(store, x, y)?),
            _ => Err(wrong_operand("map combination", b, "Map")),
        },
        _ => Ok(Value::NULL),
    }
}

/// Steps of work (see `Shapes::note_work`) that copying an entry of a map is.
const STEPS_ENTRY: usize = 12;

/// `a - b`: difference, or a string without its end (LANGUAGE.md §7.2).
///
/// # Errors
///
/// No memory.
#[cold]
#[inline(never)]
pub fn sub(store: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    if a.is_number() {
        return Ok(numbers_or_null(a, b, |x, y| x - y));
    }
    let Some(whole) = a.text() else { return Ok(Value::NULL) };
    if b.is_null() {
        return Ok(a);
    }
    let Some(end) = b.text() else { return Ok(Value::NULL) };
    content::note_comparison(&store.shapes, a, b);
    match whole.bytes().strip_suffix(end.bytes()) {
        Some(rest) => Ok(store.substring(a, 0, rest.len())?),
        None => Ok(a),
    }
}

/// `a * b`: product, or a string or list repeated (LANGUAGE.md §7.3).
///
/// # Errors
///
/// A string or list with what is no number; a result that is too large; no memory.
#[cold]
#[inline(never)]
pub fn mul(store: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    match a.type_of() {
        Type::Number => Ok(numbers_or_null(a, b, |x, y| x * y)),
        Type::Str => replicate(store, a, b.as_number(), "String replication", b),
        Type::List => replicate(store, a, b.as_number(), "list replication", b),
        _ => Ok(Value::NULL),
    }
}

/// `a / b`: quotient, or a string or list repeated `1/b` times (LANGUAGE.md §7.4).
///
/// # Errors
///
/// A string or list with what is no number; a result that is too large; no memory.
#[cold]
#[inline(never)]
pub fn div(store: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    let inverse = b.as_number().map(|x| 1.0 / x);
    match a.type_of() {
        Type::Number => Ok(numbers_or_null(a, b, |x, y| x / y)),
        Type::Str => replicate(store, a, inverse, "String division", b),
        Type::List => replicate(store, a, inverse, "list division", b),
        _ => Ok(Value::NULL),
    }
}

/// `a % b`: the remainder with the sign of `a` (LANGUAGE.md §7.5).
///
/// # Errors
///
/// None.
#[cold]
#[inline(never)]
pub fn modulo(_: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    Ok(numbers_or_null(a, b, math::fmod))
}

/// `a ^ b` (LANGUAGE.md §7.6).
///
/// # Errors
///
/// None.
#[inline(never)]
pub fn pow(_: &mut Store, _: Dialect, a: Value, b: Value) -> Result<Value, Error> {
    Ok(numbers_or_null(a, b, math::pow))
}

/// `-a`, which is `0 - a` (LANGUAGE.md §7.2).
///
/// # Errors
///
/// None.
#[cold]
#[inline(never)]
pub fn neg(_: &mut Store, _: Dialect, a: Value) -> Result<Value, Error> {
    Ok(numbers_or_null(Value::ZERO, a, |x, y| x - y))
}

/// Null on the right counts as 0 in v1; all else that is no number makes null.
#[inline]
fn numbers_or_null(a: Value, b: Value, f: impl Fn(f64, f64) -> f64) -> Value {
    let right = if b.is_null() { Some(0.0) } else { b.as_number() };
    match (a.as_number(), right) {
        (Some(x), Some(y)) => Value::number(f(x, y)),
        _ => Value::NULL,
    }
}

fn wrong_operand(operation: &str, got: Value, wanted: &str) -> Error {
    Error::runtime(error::text::wrong_operand(operation, type_name(got), wanted))
}

/// A string or list `v`, `times` times over; `operand` is what the error names.
fn replicate(
    store: &mut Store,
    v: Value,
    times: Option<f64>,
    operation: &str,
    operand: Value,
) -> Result<Value, Error> {
    let Some(times) = times else { return Err(wrong_operand(operation, operand, "Number")) };
    if !times.is_finite() {
        return Ok(Value::NULL);
    }
    if let Some(list) = v.as_list() {
        return Ok(replicate_list(store, list, times.max(0.0))?);
    }
    Ok(replicate_string(store, v, times.max(0.0))?)
}

fn replicate_string(store: &mut Store, v: Value, times: f64) -> Result<Value, Refusal> {
    let (char_count, text) = (store.char_count(v), v.text());
    let bytes = text.as_ref().map_or(&[][..], string::Text::bytes);
    if bytes.is_empty() {
        return Ok(Value::EMPTY);
    }
    let whole = math::floor(times);
    if whole * count_f64(bytes.len()) > count_f64(STRING_BYTES_MAX) {
        return Err(Refusal::StringTooLarge);
    }
    // Both are small now: truncation is what the specification asks for.
    let copies = whole as usize;
    let rest_chars = (count_f64(char_count) * (times - whole)) as usize;
    let rest = string::char_offset(bytes, rest_chars);
    let mut out: Vec<u8> = Vec::new();
    let size = bytes.len() * copies + rest;
    out.try_reserve_exact(size).map_err(|_| Refusal::Memory(AllocError::Refused))?;
    out.extend_from_slice(&bytes[..bytes.len().min(size)]);
    while out.len() < size {
        // As much as is there already, which is whole copies.
        out.extend_from_within(..out.len().min(size - out.len()));
    }
    store.new_str_parts(&[&out], Some(char_count * copies + rest_chars))
}

fn replicate_list(store: &mut Store, list: Gc<List>, times: f64) -> Result<Value, Refusal> {
    let len = list.len();
    let total = math::floor(count_f64(len) * times);
    if total > count_f64(LIST_LEN_MAX) {
        return Err(Refusal::ListTooLarge);
    }
    let total = total as usize; // Within the limit.
    let result = store.new_list(total)?;
    for index in 0..len.min(total) {
        push_element(store, result, list, index)?;
    }
    result.repeat_to(total);
    Ok(Value::list(result))
}

fn concat_lists(store: &mut Store, a: Gc<List>, b: Gc<List>) -> Result<Value, Refusal> {
    let result = store.new_list(a.len() + b.len())?;
    for list in [a, b] {
        for index in 0..list.len() {
            push_element(store, result, list, index)?;
        }
    }
    Ok(Value::list(result))
}

#[inline(always)]
fn push_element(
    store: &mut Store,
    to: Gc<List>,
    from: Gc<List>,
    index: usize,
) -> Result<(), Refusal> {
    store.list_push(to, from.get(index).unwrap_or(Value::NULL))
}

/// `a + b` on maps: a new map, where `b` has the last word.
fn merge_maps(store: &mut Store, a: Gc<Map>, b: Gc<Map>) -> Result<Value, Refusal> {
    let result = copy_map(store, a)?;
    add_entries(store, result, b)?;
    Ok(Value::map(result))
}

/// A new map with the entries of `map`, in the same order.
fn copy_map(store: &mut Store, map: Gc<Map>) -> Result<Gc<Map>, Refusal> {
    let count = store.map_len(map);
    if !is_shape(map.shape()) || count > SHAPE_KEYS_MAX {
        let copy = store.new_map()?;
        add_entries(store, copy, map)?;
        return Ok(copy);
    }
    store.shapes.note_work(count);
    let mut values = [Value::NULL; SHAPE_KEYS_MAX];
    let mut at = 0;
    while let Some((_, value, next)) = map.next_entry(&store.shapes, at) {
        values[at] = value;
        at = next;
    }
    store.new_map_shaped(map.shape(), &values[..count])
}

fn add_entries(store: &mut Store, to: Gc<Map>, from: Gc<Map>) -> Result<(), Refusal> {
    let is_object = is_shape(from.shape());
    let origin = if is_object { KeyOrigin::Literal } else { KeyOrigin::Computed };
    let mut at = 0;
    while let Some((key, value, next)) = from.next_entry(&store.shapes, at) {
        store.map_set(to, key, value, origin)?;
        store.shapes.note_work(STEPS_ENTRY);
        at = next;
    }
    Ok(())
}

/// A count as a number; counts are far below 2^53.
fn count_f64(count: usize) -> f64 {
    count as f64
}
