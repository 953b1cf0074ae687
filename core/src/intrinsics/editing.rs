//! `insert`, `remove` and `replace` on lists, strings and maps (INTRINSICS.md §5.8, §5.11, §5.12).
//!
//! Lists and maps change in place; of a string, a changed copy is returned.

use super::lists::set_entry;
use super::searching::{Searcher, as_i64, find, leave, resumed};
use super::strings::{buffer, put};
use crate::error;
use crate::host::{Context, text_of};
use crate::value::string::char_offset;
use crate::value::{Gc, List, Map, Refusal, Value, content, math};
use crate::vm::Trap;
use alloc::vec::Vec;

pub(super) fn insert(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, index, value) = (c.arg(0), c.arg(1), c.arg(2));
    if index.is_null() {
        return Err(c.error(error::text::INSERT_INDEX_NULL));
    }
    let Some(index) = index.as_number().map(math::to_i32_saturating) else {
        return Err(c.error(error::text::INSERT_INDEX_TYPE));
    };
    if let Some(list) = v.as_list() {
        let at = insert_position(c, index, list.len())?;
        c.charge_bytes((list.len() - at) * size_of::<Value>());
        c.vm.store.list_insert(list, at, value)?;
        return Ok(v);
    }
    let Some(text) = v.text() else { return Err(c.error(error::text::INSERT_TYPE)) };
    let at = insert_position(c, index, c.vm.store.char_count(v))?;
    let bytes = text.bytes();
    let (before, after) = bytes.split_at(char_offset(bytes, at));
    let value = c.text(2)?;
    c.charge_bytes(bytes.len() + value.bytes().len());
    Ok(c.vm.store.new_str_parts(&[before, value.bytes(), after], None)?)
}

/// The position within `0..=count`; -1 stands for the end.
fn insert_position(c: &Context<'_>, index: i32, count: usize) -> Result<usize, Trap> {
    let len = as_i64(count);
    let index = if index < 0 { i64::from(index) + len + 1 } else { i64::from(index) };
    match usize::try_from(index) {
        Ok(at) if at <= count => Ok(at),
        _ => Err(c.error(error::text::index_out_of_range(index, len))),
    }
}

pub(super) fn remove(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, k) = (c.arg(0), c.arg(1));
    if let Some(map) = v.as_map() {
        return Ok(Value::boolean(c.vm.store.map_remove(map, k)?));
    }
    if v.is_null() || k.is_null() {
        return Err(c.error(error::text::REMOVE_NULL));
    }
    if let Some(list) = v.as_list() {
        let len = as_i64(list.len());
        let index = i64::from(c.int(1));
        let index = if index < 0 { index + len } else { index };
        return match usize::try_from(index) {
            Ok(at) if at < list.len() => {
                c.charge_bytes((list.len() - at) * size_of::<Value>());
                list.remove(at);
                Ok(Value::NULL)
            }
            _ => Err(c.error(error::text::index_out_of_range(index, len - 1))),
        };
    }
    let Some(text) = v.text() else { return Err(c.error(error::text::REMOVE_TYPE)) };
    let bytes = text.bytes();
    let part = c.text(1)?;
    let part = part.bytes();
    c.charge_bytes(bytes.len());
    if part.is_empty() {
        return Ok(v);
    }
    match find(bytes, part) {
        Some(at) => {
            let parts = [&bytes[..at], &bytes[at + part.len()..]];
            Ok(c.vm.store.new_str_parts(&parts, None)?)
        }
        None => Ok(v),
    }
}

pub(super) fn replace(c: &mut Context<'_>) -> Result<Value, Trap> {
    let v = c.arg(0);
    if v.is_null() {
        return Err(c.error(error::text::REPLACE_NULL));
    }
    let count_max =
        if c.arg(3).is_null() { usize::MAX } else { usize::try_from(c.int(3)).unwrap_or(0) };
    if count_max == 0 {
        return Ok(v);
    }
    if let Some(list) = v.as_list() {
        replace_in_list(c, list, count_max)?;
        return Ok(v);
    }
    if let Some(map) = v.as_map() {
        replace_in_map(c, map, count_max)?;
        return Ok(v);
    }
    if v.is_string() {
        return replace_in_string(c, v, count_max);
    }
    Err(c.error(error::text::REPLACE_TYPE))
}

fn replace_in_list(c: &mut Context<'_>, list: Gc<List>, count_max: usize) -> Result<(), Trap> {
    let (old, new) = (c.arg(1), c.arg(2));
    let (mut index, mut left) = resumed(c).unwrap_or_else(|| {
        c.charge_items(list.len());
        (0, count_max)
    });
    while left > 0
        && let Some(value) = list.get(index)
    {
        if content::equal(&c.vm.store.shapes, value, old) {
            c.vm.store.list_set(list, index, new);
            left -= 1;
        }
        index += 1;
        if c.is_long() {
            leave(c, index, left)?;
        }
    }
    Ok(())
}

fn replace_in_map(c: &mut Context<'_>, map: Gc<Map>, count_max: usize) -> Result<(), Trap> {
    let (old, new) = (c.arg(1), c.arg(2));
    let (mut at, mut left) = resumed(c).unwrap_or_else(|| {
        c.charge_items(c.vm.store.map_len(map));
        (0, count_max)
    });
    while left > 0
        && let Some((key, value, next)) = map.next_entry(&c.vm.store.shapes, at)
    {
        if content::equal(&c.vm.store.shapes, value, old) {
            set_entry(&mut c.vm.store, map, next - 1, key, new)?;
            left -= 1;
        }
        at = next;
        if c.is_long() {
            leave(c, at, left)?;
        }
    }
    Ok(())
}

fn replace_in_string(c: &mut Context<'_>, v: Value, count_max: usize) -> Result<Value, Trap> {
    let (old, new) = (c.text(1)?, c.text(2)?);
    let text = text_of(v);
    c.charge_bytes(text.bytes().len());
    if old.bytes().is_empty() {
        return Err(c.error(error::text::REPLACE_EMPTY));
    }
    match replace_bytes(text.bytes(), old.bytes(), new.bytes(), count_max)? {
        Some((out, count)) => {
            c.charge_items(count);
            c.charge_bytes(out.len());
            Ok(c.vm.store.new_str_parts(&[&out], None)?)
        }
        None => Ok(v),
    }
}

/// `bytes` with at most `count_max` occurrences of `old` replaced, and how many were; `None` when
/// there are none.
fn replace_bytes(
    bytes: &[u8],
    old: &[u8],
    new: &[u8],
    count_max: usize,
) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
    let searcher = Searcher::new(old, bytes);
    let mut next = searcher.find(bytes);
    if next.is_none() {
        return Ok(None);
    }
    let mut out = buffer(bytes.len() + new.len())?;
    let mut rest = bytes;
    let mut left = count_max;
    while left > 0
        && let Some(at) = next
    {
        put(&mut out, &rest[..at])?;
        put(&mut out, new)?;
        rest = &rest[at + old.len()..];
        left -= 1;
        next = searcher.find(rest);
    }
    put(&mut out, rest)?;
    Ok(Some((out, count_max - left)))
}
