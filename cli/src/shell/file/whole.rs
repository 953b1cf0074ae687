//! Whole files at once.

use super::flush_all;
use crate::shell::{Shell, raw_data};
use brisk_core::host::{Context, Data, NativeResult, Values};
use std::fs;
use std::sync::Arc;

/// The lines of a file without their ends; null when it cannot be read. What is not UTF-8 is
/// replaced.
pub(super) fn read_lines(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    flush_all();
    let Ok(bytes) = fs::read(path) else {
        return Ok(Data::Null);
    };
    let list = context.new_list()?;
    let text = String::from_utf8_lossy(&bytes);
    context.charge_bytes(text.len());
    for line in text.lines() {
        context.list_push(&list, &line.into())?;
    }
    Ok(Data::List(list))
}

/// Writes the elements of a list as lines, or any other value as one; returns the number of bytes,
/// null on failure.
pub(super) fn write_lines(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    let mut text = String::new();
    match context.value(1)? {
        Data::List(list) => {
            let mut index = 0;
            while let Some(item) = context.list_get(&list, index)? {
                text.push_str(&context.text_of(&item)?);
                text.push('\n');
                index += 1;
            }
        }
        other => {
            text.push_str(&context.text_of(&other)?);
            text.push('\n');
        }
    }
    context.charge_bytes(text.len());
    flush_all();
    match fs::write(path, &text) {
        // A text is shorter than 2^53 bytes.
        #[allow(clippy::cast_precision_loss)]
        Ok(()) => Ok(Data::Number(text.len() as f64)),
        Err(_) => Ok(Data::Null),
    }
}

/// The bytes of a file as `RawData`; null when it cannot be read.
pub(super) fn load_raw(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    flush_all();
    match fs::read(path) {
        Ok(bytes) => raw_data::from_bytes(context, shell, bytes),
        Err(_) => Ok(Data::Null),
    }
}

/// Writes `RawData`; null, or what is wrong with the argument.
pub(super) fn save_raw(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    let Some(bytes) = raw_data::bytes_of(context, shell, 1)? else {
        return Ok("Error: RawData parameter is required".into());
    };
    flush_all();
    // Version 1 has no way to report a failure here.
    let _ = fs::write(path, bytes);
    Ok(Data::Null)
}
