//! `a[i:j]` on lists and strings (LANGUAGE.md §11.2), also the intrinsic `slice`.

use super::text::is_ascii;
use crate::error::Error;
use crate::syntax::Dialect;
use crate::value::{Refusal, Store, Value, math};

/// `v[from:to]`; null stands for a missing bound. What is neither list nor string gives null.
///
/// # Errors
///
/// No memory.
pub fn slice(
    store: &mut Store,
    _: Dialect,
    v: Value,
    from: Value,
    to: Value,
) -> Result<Value, Error> {
    let position = |bound: Value| bound.as_number().map_or(0, math::index_i32);
    let to = if to.is_null() { None } else { Some(position(to)) };
    Ok(slice_at(store, v, position(from), to)?)
}

/// The same with bounds that are integers.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn slice_at(store: &mut Store, v: Value, from: i32, to: Option<i32>) -> Result<Value, Refusal> {
    if let Some(list) = v.as_list() {
        let Some((from, to)) = bounds(list.len(), from, to) else {
            return store.new_list(0).map(Value::list);
        };
        store.shapes.note_work(to - from);
        return store.list_from(&list.as_slice()[from..to]).map(Value::list);
    }
    let Some(text) = v.text() else { return Ok(Value::NULL) };
    let Some((from, to)) = bounds(store.char_count(v), from, to) else { return Ok(Value::EMPTY) };
    if is_ascii(&text) {
        return store.substring(v, from, to);
    }
    let bytes = text.bytes();
    let start = store.char_offset(bytes, from);
    let end = start + store.char_offset(&bytes[start..], to - from);
    store.substring(v, start, end)
}

/// The bounds within `0..=count`, or `None` when they enclose nothing.
fn bounds(count: usize, from: i32, to: Option<i32>) -> Option<(usize, usize)> {
    let len = i64::try_from(count).ok()?;
    let adjust = |bound: i32| if bound < 0 { i64::from(bound) + len } else { i64::from(bound) };
    let from = adjust(from).max(0);
    let to = to.map_or(len, adjust).min(len);
    if from >= to {
        return None;
    }
    Some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
}
