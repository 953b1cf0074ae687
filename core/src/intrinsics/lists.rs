//! Functions of whole sequences: lists, maps, and strings as sequences (INTRINSICS.md §5, §6).

use super::strings;
use crate::error;
use crate::heap::AllocError;
use crate::host::Context;
use crate::limits::LIST_LEN_MAX;
use crate::semantics;
use crate::value::map::KeyOrigin;
use crate::value::math::Rng;
use crate::value::shape::ISA;
use crate::value::{Gc, List, Map, Refusal, Store, Type, Value};
use crate::vm::Trap;
use alloc::vec::Vec;

/// Counts beyond 32 bits are a different error of `range`.
const RANGE_STEPS_MAX: f64 = 2_147_483_647.0;

pub(super) fn len(c: &mut Context<'_>) -> Result<Value, Trap> {
    let v = c.arg(0);
    let count = match v.type_of() {
        Type::List => v.as_list().map_or(0, |list| list.len()),
        Type::Str => c.vm.store.char_count(v),
        Type::Map => v.as_map().map_or(0, |map| c.vm.store.map_len(map)),
        _ => return Ok(Value::NULL),
    };
    Ok(count_value(count))
}

/// A count as a value; counts are far below 2^53.
pub(super) fn count_value(count: usize) -> Value {
    Value::number(count as f64)
}

/// Positions of a list or string, keys of a map.
pub(super) fn indexes(c: &mut Context<'_>) -> Result<Value, Trap> {
    let v = c.arg(0);
    if let Some(map) = v.as_map() {
        return entries(c, map, |key, _| key);
    }
    let count = match v.as_list() {
        Some(list) => list.len(),
        None if v.is_string() => c.vm.store.char_count(v),
        None => return Ok(Value::NULL),
    };
    let list = c.make_list(count)?;
    for index in 0..count {
        c.vm.store.list_push(list, count_value(index))?;
    }
    c.charge_items(count);
    Ok(Value::list(list))
}

/// Characters of a string, values of a map; anything else is returned as is.
pub(super) fn values(c: &mut Context<'_>) -> Result<Value, Trap> {
    let v = c.arg(0);
    if let Some(map) = v.as_map() {
        return entries(c, map, |_, value| value);
    }
    if !v.is_string() {
        return Ok(v);
    }
    let list = c.make_list(0)?;
    strings::split_chars(&mut c.vm.store, list, v, usize::MAX)?;
    c.charge_items(list.len());
    Ok(Value::list(list))
}

/// A list of something of each entry.
fn entries(
    c: &mut Context<'_>,
    map: Gc<Map>,
    part: impl Fn(Value, Value) -> Value,
) -> Result<Value, Trap> {
    let count = c.vm.store.map_len(map);
    c.charge_items(count);
    let list = c.make_list(count)?;
    let mut at = 0;
    while let Some((key, value, next)) = map.next_entry(&c.vm.store.shapes, at) {
        c.vm.store.list_push(list, part(key, value))?;
        at = next;
    }
    Ok(Value::list(list))
}

/// Appends to a list; makes the value a key of a map.
pub(super) fn push(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, item) = (c.arg(0), c.arg(1));
    if let Some(list) = v.as_list() {
        c.vm.store.list_push(list, item)?;
    } else if let Some(map) = v.as_map() {
        c.vm.store.map_set(map, item, Value::ONE, KeyOrigin::Computed)?;
    } else {
        return Ok(Value::NULL);
    }
    Ok(v)
}

/// Removes and returns the last element of a list, the first key of a map.
pub(super) fn pop(c: &mut Context<'_>) -> Result<Value, Trap> {
    match c.arg(0).as_list() {
        Some(list) => Ok(list.pop().unwrap_or(Value::NULL)),
        None => pop_key(c),
    }
}

/// Removes and returns the first element of a list, the first key of a map.
pub(super) fn pull(c: &mut Context<'_>) -> Result<Value, Trap> {
    match c.arg(0).as_list() {
        Some(list) if list.is_empty() => Ok(Value::NULL),
        Some(list) => {
            c.charge_bytes(list.len() * size_of::<Value>());
            Ok(list.remove(0))
        }
        None => pop_key(c),
    }
}

fn pop_key(c: &mut Context<'_>) -> Result<Value, Trap> {
    let Some(map) = c.arg(0).as_map() else { return Ok(Value::NULL) };
    Ok(c.vm.store.map_pop(map)?.unwrap_or(Value::NULL))
}

/// The numbers among the elements or values, added up: those of a list from its end, as the
/// reference does (INTRINSICS.md §6.3).
pub(super) fn sum(c: &mut Context<'_>) -> Result<Value, Trap> {
    let mut sum = 0.0;
    if let Some(list) = c.arg(0).as_list() {
        c.charge_items(list.len());
        sum = list.as_slice().iter().rev().filter_map(|v| v.as_number()).fold(sum, |s, x| s + x);
    } else if let Some(map) = c.arg(0).as_map() {
        c.charge_items(c.vm.store.map_len(map));
        let mut at = 0;
        while let Some((_, value, next)) = map.next_entry(&c.vm.store.shapes, at) {
            sum += value.as_number().unwrap_or(0.0);
            at = next;
        }
    }
    Ok(Value::number(sum))
}

/// Puts elements, or the values of a map, into random order.
///
/// Source: INTRINSICS.md §6.4; Fisher and Yates, as in v2.
pub(super) fn shuffle(c: &mut Context<'_>) -> Result<Value, Trap> {
    if let Some(list) = c.arg(0).as_list() {
        c.charge_items(list.len());
        shuffle_list(&mut c.vm.store, &mut c.vm.rng, list);
    } else if let Some(map) = c.arg(0).as_map() {
        c.charge_items(c.vm.store.map_len(map));
        shuffle_map(&mut c.vm.store, &mut c.vm.rng, map)?;
    }
    Ok(Value::NULL)
}

fn shuffle_list(store: &mut Store, rng: &mut Rng, list: Gc<List>) {
    for i in (1..list.len()).rev() {
        let j = random_below(rng, i + 1);
        if let (Some(a), Some(b)) = (list.get(i), list.get(j)) {
            store.list_set(list, i, b);
            store.list_set(list, j, a);
        }
    }
}

fn shuffle_map(store: &mut Store, rng: &mut Rng, map: Gc<Map>) -> Result<(), Refusal> {
    let mut values: Vec<Value> = Vec::new();
    let count = store.map_len(map);
    values.try_reserve_exact(count).map_err(|_| Refusal::Memory(AllocError::Refused))?;
    let mut at = 0;
    while let Some((_, value, next)) = map.next_entry(&store.shapes, at) {
        values.push(value);
        at = next;
    }
    for i in (1..values.len()).rev() {
        values.swap(i, random_below(rng, i + 1));
    }
    let mut at = 0;
    for value in values {
        let Some((key, _, next)) = map.next_entry(&store.shapes, at) else { break };
        set_entry(store, map, next - 1, key, value)?;
        at = next;
    }
    Ok(())
}

/// A random integer below `n`.
fn random_below(rng: &mut Rng, n: usize) -> usize {
    // Truncates; the product is below `n`, as random numbers are below 1 by more than a rounding.
    (rng.next_f64() * n as f64) as usize
}

/// Replaces the value of the entry at `position`. A parent must be stored through its key, because
/// it is part of the shape.
pub(super) fn set_entry(
    store: &mut Store,
    map: Gc<Map>,
    position: usize,
    key: Value,
    value: Value,
) -> Result<(), Refusal> {
    if key == ISA {
        return store.map_set(map, key, value, KeyOrigin::Literal);
    }
    store.map_set_at(map, position, value);
    Ok(())
}

/// Numbers from `from` to `to`, both included, by repeated addition (INTRINSICS.md §6.6).
pub(super) fn range(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (from, to) = (c.number(0), c.number(1));
    let default_step = if from <= to { 1.0 } else { -1.0 };
    let step = c.arg(2).as_number().unwrap_or(default_step);
    if step == 0.0 {
        return Err(c.error(error::text::RANGE_STEP_ZERO));
    }
    let steps = (to - from) / step;
    // False for NaN as well.
    if !(0.0..RANGE_STEPS_MAX).contains(&steps) {
        return Err(c.error(error::text::RANGE));
    }
    let count = steps as usize + 1; // Truncates.
    if count > LIST_LEN_MAX {
        return Err(Refusal::ListTooLarge.into());
    }
    c.charge_items(count);
    let list = c.make_list(count)?;
    let (mut value, mut last) = (from, f64::NAN);
    // Sums drift: there may be an element less than computed, or one more. A step so small that it
    // changes nothing must not make one more.
    for index in 0..=count {
        let is_past = if step > 0.0 { value > to } else { value < to };
        if is_past || (index == count && value == last) {
            break;
        }
        c.vm.store.list_push(list, Value::number(value))?;
        last = value;
        value += step;
    }
    Ok(Value::list(list))
}

/// As `seq[from:to]`, with bounds that saturate.
pub(super) fn slice(c: &mut Context<'_>) -> Result<Value, Trap> {
    let to = if c.arg(2).is_null() { None } else { Some(c.int(2)) };
    let (seq, from) = (c.arg(0), c.int(1));
    Ok(semantics::slice::slice_at(&mut c.vm.store, seq, from, to)?)
}
