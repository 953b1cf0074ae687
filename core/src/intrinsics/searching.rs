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
        let start = resumed(c).map(|(at, _)| at).or_else(|| {
            c.charge_items(list.len());
            start_in(list.len(), after, false)
        });
        let Some(start) = start else { return Ok(Value::NULL) };
        return Ok(position(c, list, start, wanted)?.map_or(Value::NULL, count_value));
    }
    if let Some(map) = v.as_map() {
        let start = resumed(c).map(|(at, _)| at).or_else(|| {
            c.charge_items(c.vm.store.map_len(map));
            start_behind(&mut c.vm.store, map, after)
        });
        let Some(start) = start else { return Ok(Value::NULL) };
        return Ok(key_of(c, map, start, wanted)?.unwrap_or(Value::NULL));
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

/// Leaves a search or replacement before position `at`, with so many replacements left, if there is
/// memory for that; it goes on as [`resumed`] says.
pub(super) fn leave(c: &mut Context<'_>, at: usize, left: usize) -> Result<(), Trap> {
    match c.vm.store.list_from(&[count_value(at), count_value(left)]) {
        Ok(state) => Err(Trap::Unfinished { state: Value::list(state) }),
        Err(_) => Ok(()),
    }
}

/// Where a call that was left goes on, and how many replacements are left.
pub(super) fn resumed(c: &Context<'_>) -> Option<(usize, usize)> {
    let state = c.partial()?.as_list()?;
    // Truncates; what is beyond 2^53 means without a limit.
    let count = |index| Some(state.get(index)?.as_number()? as usize);
    Some((count(0)?, count(1)?))
}

/// The first element from `start` on that equals `wanted`.
fn position(
    c: &mut Context<'_>,
    list: Gc<List>,
    start: usize,
    wanted: Value,
) -> Result<Option<usize>, Trap> {
    let elements = list.as_slice().get(start..).unwrap_or(&[]);
    let found = if let Some(x) = wanted.as_number() {
        // What is no number is a NaN here, equal to nothing.
        elements.iter().position(|v| v.raw_f64() == x)
    } else if wanted.is_short() || wanted.is_null() {
        elements.iter().position(|&v| v == wanted)
    } else {
        for (at, &v) in elements.iter().enumerate() {
            if content::equal(&c.vm.store.shapes, v, wanted) {
                return Ok(Some(start + at));
            }
            if c.is_long() {
                leave(c, start + at + 1, 0)?;
            }
        }
        None
    };
    Ok(found.map(|at| start + at))
}

/// Position behind a key of a map, or the start for null; `None` when there is no such key.
fn start_behind(store: &mut Store, map: Gc<Map>, after: Value) -> Option<usize> {
    if after.is_null() {
        return Some(0);
    }
    let after = store.find_key(after)?;
    if let Some(at) = map.position(&store.shapes, after) {
        return Some(at + 1);
    }
    // A key that has changed since is not found by what it holds.
    let mut at = 0;
    while let Some((key, _, next)) = map.next_entry(&store.shapes, at) {
        if key == after {
            return Some(next);
        }
        at = next;
    }
    None
}

/// The first key from position `at` on whose value equals `wanted`.
fn key_of(
    c: &mut Context<'_>,
    map: Gc<Map>,
    mut at: usize,
    wanted: Value,
) -> Result<Option<Value>, Trap> {
    while let Some((key, value, next)) = map.next_entry(&c.vm.store.shapes, at) {
        if content::equal(&c.vm.store.shapes, value, wanted) {
            return Ok(Some(key));
        }
        at = next;
        if c.is_long() {
            leave(c, at, 0)?;
        }
    }
    Ok(None)
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
