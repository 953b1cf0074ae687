//! `hasIndex` and `indexOf` on lists, strings and maps (INTRINSICS.md §5.4, §5.7).

use super::lists::count_value;
use crate::host::{Context, text_of};
use crate::semantics::text::is_ascii;
use crate::value::string::{char_offset, count_chars};
use crate::value::{Gc, List, Map, Store, Value, content, math};
use crate::vm::Trap;
use memchr::memmem;

/// Bytes from which on a search is prepared.
const PREPARE_MIN: usize = 256;

pub(super) fn has_index(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, index) = (c.arg(0), c.arg(1));
    if let Some(map) = v.as_map() {
        return Ok(Value::boolean(c.vm.store.map_get(map, index).is_some()));
    }
    let count = match v.as_list() {
        Some(list) => list.len(),
        None if v.is_string() => c.vm.store.char_count(v),
        None => return Ok(Value::NULL),
    };
    let Some(x) = index.as_number() else { return Ok(Value::ZERO) };
    let (index, len) = (i64::from(math::to_i32_saturating(x)), as_i64(count));
    Ok(Value::boolean(-len <= index && index < len))
}

/// Where a value is first found behind position, or key, `after`.
pub(super) fn index_of(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, wanted, after) = (c.arg(0), c.arg(1), c.arg(2));
    if let Some(list) = v.as_list() {
        c.charge_items(list.len());
        let Some(start) = start_in(list.len(), after, false) else { return Ok(Value::NULL) };
        let found = position(&c.vm.store, list, start, wanted);
        return Ok(found.map_or(Value::NULL, count_value));
    }
    if let Some(map) = v.as_map() {
        c.charge_items(c.vm.store.map_len(map));
        return Ok(key_of(&mut c.vm.store, map, wanted, after).unwrap_or(Value::NULL));
    }
    if v.is_string() { index_in_string(c, v, after) } else { Ok(Value::NULL) }
}

/// Where the search starts behind position `after`; `None` when it cannot find anything.
///
/// -1 stands for the start, less counts from the end. What then is still before the start is the
/// start in strings, and nowhere in lists.
fn start_in(count: usize, after: Value, clamp: bool) -> Option<usize> {
    if after.is_null() {
        return Some(0);
    }
    let len = as_i64(count);
    let mut after = i64::from(math::to_i32_saturating(after.as_number().unwrap_or(0.0)));
    if after < -1 {
        after += len;
        if clamp {
            after = after.max(-1);
        }
    }
    if after < -1 || after >= len {
        return None;
    }
    usize::try_from(after + 1).ok()
}

/// The first element from `start` on that equals `wanted`.
fn position(store: &Store, list: Gc<List>, start: usize, wanted: Value) -> Option<usize> {
    let elements = list.as_slice().get(start..)?;
    let found = if let Some(x) = wanted.as_number() {
        // What is no number is a NaN here, equal to nothing.
        elements.iter().position(|v| v.raw_f64() == x)
    } else if wanted.is_short() || wanted.is_null() {
        elements.iter().position(|&v| v == wanted)
    } else {
        elements.iter().position(|&v| content::equal(&store.shapes, v, wanted))
    };
    found.map(|at| start + at)
}

/// The first key behind `after` whose value equals `wanted`.
fn key_of(store: &mut Store, map: Gc<Map>, wanted: Value, after: Value) -> Option<Value> {
    let mut at = 0;
    if !after.is_null() {
        let after = store.find_key(after)?;
        loop {
            let (key, _, next) = map.next_entry(&store.shapes, at)?;
            at = next;
            if key == after || content::keys_equal(&store.shapes, key, after) {
                break;
            }
        }
    }
    while let Some((key, value, next)) = map.next_entry(&store.shapes, at) {
        if content::equal(&store.shapes, value, wanted) {
            return Some(key);
        }
        at = next;
    }
    None
}

/// An empty text is found at the start of a string that has one, nowhere else.
fn index_in_string(c: &mut Context<'_>, v: Value, after: Value) -> Result<Value, Trap> {
    let wanted = c.text(1)?;
    let text = text_of(v);
    let bytes = text.bytes();
    c.charge_bytes(bytes.len());
    if wanted.bytes().is_empty() {
        let found = after.is_null() && !bytes.is_empty();
        return Ok(if found { Value::ZERO } else { Value::NULL });
    }
    let count = c.vm.store.char_count(v);
    let Some(start) = start_in(count, after, true) else { return Ok(Value::NULL) };
    let ascii = is_ascii(&text);
    let rest = &bytes[if ascii { start } else { char_offset(bytes, start) }..];
    let Some(at) = find(rest, wanted.bytes()) else { return Ok(Value::NULL) };
    Ok(count_value(start + if ascii { at } else { count_chars(&rest[..at]) }))
}

/// Where `wanted`, which is not empty, first begins. Takes time in proportion to `bytes`: a longer
/// text is not looked at.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    match wanted {
        &[byte] => memchr::memchr(byte, bytes),
        _ if wanted.len() > bytes.len() => None,
        _ => memmem::find(bytes, wanted),
    }
}

/// Finds one text again and again.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack of one function")]
pub(super) enum Searcher<'a> {
    /// In texts so short that preparing a search takes longer than searching.
    Once(&'a [u8]),
    /// In long texts.
    Prepared(memmem::Finder<'a>),
}

impl<'a> Searcher<'a> {
    /// To find `wanted`, which is not empty, in `text`.
    pub(super) fn new(wanted: &'a [u8], text: &[u8]) -> Self {
        if wanted.len() == 1 || text.len() < PREPARE_MIN.max(wanted.len()) {
            Searcher::Once(wanted)
        } else {
            Searcher::Prepared(memmem::Finder::new(wanted))
        }
    }

    /// Where it first begins.
    #[inline]
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Searcher::Once(wanted) => find(bytes, wanted),
            Searcher::Prepared(finder) => finder.find(bytes),
        }
    }
}

/// A count as a signed number; counts are far below 2^63.
pub(super) fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
