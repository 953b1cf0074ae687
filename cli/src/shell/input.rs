//! `input`: asks the person, or reads what another program wrote (INTRINSICS.md §9.3).

use super::{Shell, restore_terminal};
use crate::output;
use brisk_core::host::{Context, Data, NativeError, NativeResult};
use std::io::BufRead;
use std::sync::Arc;

/// Prints the prompt and reads a line; null at the end of the input. What is not UTF-8 is replaced.
pub(super) fn input(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let prompt = context.text_arg(0)?;
    output::print(&prompt);
    output::flush();
    restore_terminal();
    let mut line = Vec::new();
    match std::io::stdin().lock().read_until(b'\n', &mut line) {
        Ok(0) => Ok(Data::Null),
        Ok(_) => {
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            Ok(String::from_utf8_lossy(&line).into_owned().into())
        }
        Err(error) => Err(NativeError::message(format!("input: {error}"))),
    }
}
