//! The module `key`: single keys, without waiting for a line (INTRINSICS.md §9.7).
//!
//! Keys come from `key.put` and, when the standard input is a Unix terminal, from there. The
//! terminal stops collecting lines when a script first asks for a key, and goes back at `input`,
//! `exec` and the end. Elsewhere there are only keys that were put.
//!
//! `_echo` and `_scanMap` are entries of the module's map, read at each use, so that assigning to
//! them has its effect.

#[cfg(not(unix))]
mod no_terminal;
#[cfg(unix)]
mod terminal;
#[cfg(not(unix))]
use no_terminal as terminal;

use super::table::{Param, Row, map_of, row, set};
use super::{Shell, lock};
use brisk_core::host::{Context, Data, Handle, NativeError, NativeResult, Values};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) use terminal::restore as restore_terminal;

const ROWS: &[Row] = &[
    row("available", &[], available),
    row("get", &[], get),
    row("put", &[Param::Null("keyChar")], put),
    row("_putInFront", &[Param::Null("keyChar")], put_in_front),
    row("clear", &[], clear),
    row("pressed", &[Param::Text("keyName", "space")], pressed),
    row("keyNames", &[], key_names),
    row("axis", &[Param::Text("axis", "Horizontal")], axis),
];

/// What terminals send, and the code of the key.
const SCAN_CODES: &[(&str, u32)] = &[
    ("\x1b[A", 19),
    ("\x1b[B", 20),
    ("\x1b[C", 18),
    ("\x1b[D", 17),
    ("\x1b[H", 1),
    ("\x1b[F", 5),
    ("\x1bOA", 19),
    ("\x1bOB", 20),
    ("\x1bOC", 18),
    ("\x1bOD", 17),
    ("\x1bOH", 1),
    ("\x1bOF", 5),
    ("\x1b[1~", 1),
    ("\x1b[4~", 5),
    ("\x1b[5~", 21),
    ("\x1b[6~", 22),
    ("\x1b[3~", 127),
    ("\x7f", 8),
];

/// Keys that wait.
#[derive(Default)]
pub(super) struct Keys {
    /// Keys that were put.
    queue: VecDeque<char>,
    /// What the terminal sent and nobody has asked for.
    typed: Vec<u8>,
}

/// The map `key`.
pub(super) fn module(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    map(context, shell).map(Data::Map)
}

fn map(context: &mut Context<'_>, shell: &Arc<Shell>) -> Result<Handle, NativeError> {
    shell.key_module.get_or(context, |context| {
        let map = map_of(context, shell, ROWS)?;
        let codes = context.new_map()?;
        for &(sequence, code) in SCAN_CODES {
            set(context, &codes, sequence, char::from_u32(code).unwrap_or_default().to_string())?;
        }
        set(context, &map, "_echo", true)?;
        set(context, &map, "_scanMap", Data::Map(codes))?;
        Ok(map)
    })
}

/// Takes what was typed since the last look.
fn look(context: &mut Context<'_>, shell: &Arc<Shell>) -> Result<(), NativeError> {
    let map = map(context, shell)?;
    let echo = !matches!(
        context.map_get(&map, &"_echo".into())?,
        None | Some(Data::Null | Data::Number(0.0))
    );
    crate::output::flush();
    terminal::read(echo, &mut lock(&shell.keys).typed);
    Ok(())
}

/// Whether a key waits.
fn available(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    look(context, shell)?;
    let keys = lock(&shell.keys);
    Ok((!keys.queue.is_empty() || !keys.typed.is_empty()).into())
}

/// The next key; null when none waits.
fn get(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    look(context, shell)?;
    if let Some(key) = lock(&shell.keys).queue.pop_front() {
        return Ok(key.to_string().into());
    }
    let typed = lock(&shell.keys).typed.clone();
    if typed.is_empty() {
        return Ok(Data::Null);
    }
    let (key, length) = match scanned(context, shell, &typed)? {
        Some(scanned) => scanned,
        None => first_char(&typed),
    };
    lock(&shell.keys).typed.drain(..length);
    Ok(key.into())
}

/// The key whose sequence the bytes begin with, and its length; the longest sequence wins.
fn scanned(
    context: &mut Context<'_>,
    shell: &Arc<Shell>,
    typed: &[u8],
) -> Result<Option<(String, usize)>, NativeError> {
    let map = map(context, shell)?;
    let Some(Data::Map(codes)) = context.map_get(&map, &"_scanMap".into())? else {
        return Ok(None);
    };
    let mut best: Option<(String, usize)> = None;
    for (sequence, key) in context.map_entries(&codes)? {
        let Data::Text(sequence) = sequence else {
            continue;
        };
        let is_longer = sequence.len() > best.as_ref().map_or(0, |(_, length)| *length);
        if is_longer && typed.starts_with(sequence.as_bytes()) {
            let key = match key_chars(&key) {
                Some(chars) => chars.into_iter().collect(),
                None => continue,
            };
            best = Some((key, sequence.len()));
        }
    }
    Ok(best)
}

/// The first character, and its length in bytes.
fn first_char(typed: &[u8]) -> (String, usize) {
    for length in 1..=typed.len().min(4) {
        if let Ok(text) = std::str::from_utf8(&typed[..length]) {
            return (text.to_string(), length);
        }
    }
    (char::REPLACEMENT_CHARACTER.to_string(), 1)
}

/// The keys that a string or a code means.
fn key_chars(key: &Data) -> Option<Vec<char>> {
    match key {
        Data::Text(text) => Some(text.chars().collect()),
        // Codes are small; what is none becomes no key.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Data::Number(code) => Some(char::from_u32(*code as u32).into_iter().collect()),
        _ => None,
    }
}

fn keys_to_put(context: &mut Context<'_>) -> Result<Vec<char>, NativeError> {
    let key = context.value(0)?;
    key_chars(&key).ok_or_else(|| NativeError::message("string or number required for keyChar"))
}

/// Puts keys behind those that wait.
fn put(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let keys = keys_to_put(context)?;
    lock(&shell.keys).queue.extend(keys);
    Ok(Data::Null)
}

/// Puts keys before those that wait; the first of them is the next.
fn put_in_front(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let keys = keys_to_put(context)?;
    let queue = &mut lock(&shell.keys).queue;
    for &key in keys.iter().rev() {
        queue.push_front(key);
    }
    Ok(Data::Null)
}

/// Forgets the keys that wait.
fn clear(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    look(context, shell)?;
    *lock(&shell.keys) = Keys::default();
    Ok(Data::Null)
}

fn pressed(_: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Err(NativeError::message("`key.pressed` is not implemented"))
}

fn key_names(_: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Err(NativeError::message("`key.keyNames` is not implemented"))
}

fn axis(_: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Err(NativeError::message("`key.axis` is not implemented"))
}
