//! Values as text (LANGUAGE.md §10): what `print`, `str`, `join` and `+` make of them.
//!
//! Containers show three levels, so recursion is bounded; their size is not, so every step checks
//! the limit of strings and may be refused memory.

use crate::heap::AllocError;
use crate::limits::{STRING_BYTES_MAX, TEXT_DEPTH};
use crate::value::string::Text;
use crate::value::{Gc, List, Map, Refusal, Store, Type, Value, number};
use alloc::string::String;

/// How strings and null look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string is itself, null is nothing.
    Plain,
    /// As inside a container: strings are quoted, null is `null`.
    Code,
}

/// A value as a string value; null is `""`.
///
/// # Errors
///
/// A text that is too large; no memory.
#[inline]
pub fn to_string_value(store: &mut Store, v: Value) -> Result<Value, Refusal> {
    if v.is_string() {
        return Ok(v);
    }
    if let Some(x) = v.as_number() {
        let text = number::format_v1(x);
        let bytes = text.as_bytes();
        return store.new_str_parts(&[bytes], Some(bytes.len()));
    }
    if v.is_null() {
        return Ok(Value::EMPTY);
    }
    let mut out = String::new();
    append(store, v, Form::Plain, &mut out)?;
    store.shapes.note_work(out.len());
    store.new_str(&out)
}

/// Appends what `print` shows: as [`Form::Plain`], but null is `null`.
///
/// # Errors
///
/// As [`append`].
pub fn print_text(store: &Store, v: Value, out: &mut String) -> Result<(), Refusal> {
    let form = if v.is_null() { Form::Code } else { Form::Plain };
    append(store, v, form, out)
}

/// Appends the text of a value.
///
/// # Errors
///
/// [`Refusal::StringTooLarge`] when `out` would become longer than a string may be; no memory.
pub fn append(store: &Store, v: Value, form: Form, out: &mut String) -> Result<(), Refusal> {
    append_at(store, v, form, TEXT_DEPTH, out)
}

fn append_at(
    store: &Store,
    v: Value,
    form: Form,
    depth: usize,
    out: &mut String,
) -> Result<(), Refusal> {
    match v.type_of() {
        Type::Number => put(out, number::format_v1(v.raw_f64()).as_str()),
        Type::Null => put(out, if form == Form::Code { "null" } else { "" }),
        Type::Str => {
            let Some(text) = v.text() else { return Ok(()) };
            if form == Form::Plain { put(out, text.as_str()) } else { quote(out, text.as_str()) }
        }
        Type::List if depth == 0 => put(out, "[...]"),
        Type::Map if depth == 0 => put(out, "{...}"),
        Type::List => v.as_list().map_or(Ok(()), |list| append_list(store, list, depth, out)),
        Type::Map => v.as_map().map_or(Ok(()), |map| append_map(store, map, depth, out)),
        Type::Func => append_func(store, v, out),
        Type::Object => put(out, "Handle"),
    }
}

fn append_list(
    store: &Store,
    list: Gc<List>,
    depth: usize,
    out: &mut String,
) -> Result<(), Refusal> {
    put(out, "[")?;
    for (index, &element) in list.as_slice().iter().enumerate() {
        if index > 0 {
            put(out, ", ")?;
        }
        append_at(store, element, Form::Code, depth - 1, out)?;
    }
    put(out, "]")
}

fn append_map(store: &Store, map: Gc<Map>, depth: usize, out: &mut String) -> Result<(), Refusal> {
    put(out, "{")?;
    let mut at = 0;
    let mut separator = "";
    while let Some((key, value, next)) = map.next_entry(&store.shapes, at) {
        put(out, separator)?;
        separator = ", ";
        append_at(store, key, Form::Code, depth - 1, out)?;
        put(out, ": ")?;
        append_at(store, value, Form::Code, depth - 1, out)?;
        at = next;
    }
    put(out, "}")
}

/// `FUNCTION(a, b=2)`.
fn append_func(store: &Store, v: Value, out: &mut String) -> Result<(), Refusal> {
    put(out, "FUNCTION(")?;
    if let Some(func) = v.as_func() {
        for (index, param) in func.code().params.iter().enumerate() {
            if index > 0 {
                put(out, ", ")?;
            }
            put(out, &param.name)?;
            if !param.default.is_null() {
                put(out, "=")?;
                append_at(store, param.default, Form::Code, 0, out)?;
            }
        }
    }
    put(out, ")")
}

/// Appends a string in quotes, with the quotes inside doubled.
fn quote(out: &mut String, text: &str) -> Result<(), Refusal> {
    put(out, "\"")?;
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest.as_bytes()) {
        put(out, &rest[..=at])?;
        put(out, "\"")?;
        rest = &rest[at + 1..];
    }
    put(out, rest)?;
    put(out, "\"")
}

/// Whether every character of a text is one byte; known without looking for heap strings.
#[inline]
pub fn is_ascii(text: &Text) -> bool {
    match text {
        Text::Heap(s) => s.is_ascii(),
        Text::Short(..) => text.bytes().is_ascii(),
    }
}

/// Appends, unless the text becomes too large or memory is refused.
#[inline]
pub fn put(out: &mut String, text: &str) -> Result<(), Refusal> {
    if out.len() + text.len() > STRING_BYTES_MAX {
        return Err(Refusal::StringTooLarge);
    }
    out.try_reserve(text.len()).map_err(|_| Refusal::Memory(AllocError::Refused))?;
    out.push_str(text);
    Ok(())
}
