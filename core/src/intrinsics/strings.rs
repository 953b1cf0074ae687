//! Functions that take strings apart and put them together (INTRINSICS.md §4.8, §5).

use super::searching::Searcher;
use crate::heap::AllocError;
use crate::host::{Context, text_of};
use crate::limits::STRING_BYTES_MAX;
use crate::semantics::text::{self, Form};
use crate::value::string::{Text, char_width};
use crate::value::{Gc, List, Refusal, Store, Value, number};
use crate::vm::Trap;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes set aside for the text of an element that is no string.
const ELEMENT_BYTES: usize = 8;

/// What is no character gives the empty string.
pub(super) fn char(c: &mut Context<'_>) -> Result<Value, Trap> {
    let code = u32::try_from(c.int(0)).ok().and_then(char::from_u32);
    let mut bytes = [0; 4];
    Ok(code.map_or(Value::EMPTY, |code| Value::short(code.encode_utf8(&mut bytes).as_bytes())))
}

pub(super) fn code(c: &mut Context<'_>) -> Result<Value, Trap> {
    let first = c.text(0)?.as_str().chars().next();
    Ok(Value::number(first.map_or(0.0, |first| f64::from(u32::from(first)))))
}

pub(super) fn lower(c: &mut Context<'_>) -> Result<Value, Trap> {
    map_bytes(c, u8::is_ascii_uppercase, <[u8]>::make_ascii_lowercase)
}

pub(super) fn upper(c: &mut Context<'_>) -> Result<Value, Trap> {
    map_bytes(c, u8::is_ascii_lowercase, <[u8]>::make_ascii_uppercase)
}

/// Changes the case of ASCII letters; what is no string, or has none to change, is returned as is.
fn map_bytes(
    c: &mut Context<'_>,
    changes: impl Fn(&u8) -> bool,
    change: impl Fn(&mut [u8]),
) -> Result<Value, Trap> {
    let v = c.arg(0);
    match v.text() {
        None => Ok(v),
        Some(Text::Short(mut bytes, len)) => {
            change(&mut bytes[..len]);
            Ok(Value::short(&bytes[..len]))
        }
        Some(Text::Heap(s)) => {
            c.charge_bytes(s.bytes().len());
            if !s.bytes().iter().any(changes) {
                return Ok(v);
            }
            let mut out = buffer(s.bytes().len())?;
            put(&mut out, s.bytes())?;
            change(&mut out);
            Ok(c.vm.store.new_str_parts(&[&out], Some(c.vm.store.char_count(v)))?)
        }
    }
}

pub(super) fn str(c: &mut Context<'_>) -> Result<Value, Trap> {
    c.string(0)
}

/// The number at the start of a string; what is neither string nor number gives null.
pub(super) fn val(c: &mut Context<'_>) -> Result<Value, Trap> {
    let v = c.arg(0);
    Ok(match v.text() {
        Some(text) => {
            c.charge_bytes(text.bytes().len());
            Value::number(number::parse_prefix(text.bytes()).0)
        }
        None if v.is_number() => v,
        None => Value::NULL,
    })
}

/// Texts of the elements with a delimiter between them; what is no list is returned as is.
pub(super) fn join(c: &mut Context<'_>) -> Result<Value, Trap> {
    let Some(list) = c.arg(0).as_list() else { return Ok(c.arg(0)) };
    let delimiter = c.text(1)?;
    let out = join_bytes(&c.vm.store, list, delimiter.bytes())?;
    c.charge_items(list.len());
    c.charge_bytes(out.len());
    Ok(c.vm.store.new_str_parts(&[&out], None)?)
}

fn join_bytes(store: &Store, list: Gc<List>, delimiter: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut size = list.len().saturating_mul(delimiter.len());
    for element in list.as_slice() {
        size += element.text().map_or(ELEMENT_BYTES, |text| text.bytes().len());
    }
    let mut out = buffer(size)?;
    for (index, &element) in list.as_slice().iter().enumerate() {
        if index > 0 {
            put(&mut out, delimiter)?;
        }
        if let Some(text) = element.text() {
            put(&mut out, text.bytes())?;
        } else if let Some(x) = element.as_number() {
            put(&mut out, number::format_v1(x).as_bytes())?;
        } else {
            let mut text = String::new();
            text::append(store, element, Form::Plain, &mut text)?;
            put(&mut out, text.as_bytes())?;
        }
    }
    Ok(out)
}

/// Pieces of a string between delimiters; an empty delimiter separates all characters.
pub(super) fn split(c: &mut Context<'_>) -> Result<Value, Trap> {
    let whole = c.string(0)?;
    let delimiter = c.text(1)?;
    let pieces_max = match usize::try_from(c.int(2)) {
        Ok(count) if count > 0 => count,
        _ => usize::MAX,
    };
    let list = c.make_list(0)?;
    let text = text_of(whole);
    let bytes = text.bytes();
    c.charge_bytes(bytes.len());
    let store = &mut c.vm.store;
    if delimiter.bytes().is_empty() {
        split_chars(store, list, whole, pieces_max)?;
    } else if !bytes.is_empty() {
        split_at(store, list, whole, delimiter.bytes(), pieces_max)?;
    }
    c.charge_items(list.len());
    Ok(Value::list(list))
}

/// Pieces between delimiters.
fn split_at(
    store: &mut Store,
    list: Gc<List>,
    whole: Value,
    delimiter: &[u8],
    pieces_max: usize,
) -> Result<(), Refusal> {
    let text = text_of(whole);
    let bytes = text.bytes();
    let searcher = Searcher::new(delimiter, bytes);
    let mut start = 0;
    while list.len() + 1 < pieces_max
        && let Some(at) = searcher.find(&bytes[start..])
    {
        let piece = store.substring(whole, start, start + at)?;
        store.list_push(list, piece)?;
        start += at + delimiter.len();
    }
    let rest = store.substring(whole, start, bytes.len())?;
    store.list_push(list, rest)
}

/// Characters, the last piece holding the rest.
pub(super) fn split_chars(
    store: &mut Store,
    list: Gc<List>,
    whole: Value,
    pieces_max: usize,
) -> Result<(), Refusal> {
    let text = text_of(whole);
    let bytes = text.bytes();
    store.list_reserve(list, store.char_count(whole).min(pieces_max))?;
    let mut start = 0;
    while list.len() + 1 < pieces_max && start < bytes.len() {
        let width = char_width(bytes[start]);
        let piece = match width {
            1 => Value::ascii_char(bytes[start]),
            _ => Value::short(&bytes[start..start + width]),
        };
        store.list_push(list, piece)?;
        start += width;
    }
    if start < bytes.len() {
        let rest = store.substring(whole, start, bytes.len())?;
        store.list_push(list, rest)?;
    }
    Ok(())
}

const REFUSED: Refusal = Refusal::Memory(AllocError::Refused);

/// An empty buffer with room for `size` bytes, if a string can be as long.
pub(super) fn buffer(size: usize) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    out.try_reserve_exact(size.min(STRING_BYTES_MAX)).map_err(|_| REFUSED)?;
    Ok(out)
}

/// Appends, unless the text becomes too large or memory is refused.
#[inline]
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Refusal> {
    if out.len() + bytes.len() > STRING_BYTES_MAX {
        return Err(Refusal::StringTooLarge);
    }
    out.try_reserve(bytes.len()).map_err(|_| REFUSED)?;
    out.extend_from_slice(bytes);
    Ok(())
}
