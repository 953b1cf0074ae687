//! Errors as people see them.
//!
//! The report itself is one line, to the letter of the specification (§18.1), so that programs can
//! read it. When people read it, the place in the source, advice and the active calls follow.

use crate::run::Session;
use crate::source::Source;
use crate::{excerpt, output, suggest};
use brisk_core::error::{Error, Location, TraceFrame};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// Most calls shown from either end of a stack.
const TRACE_FRAMES_SHOWN: usize = 8;

/// Whether people read what we report.
pub(crate) fn is_for_people() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes to the standard error. When that fails there is nobody to tell.
pub(crate) fn to_stderr(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Reports a message, after everything that was printed before it.
pub(crate) fn note(message: &str) {
    output::flush();
    to_stderr(&format!("{message}\n"));
}

/// Reports why there is no program: what is wrong with the text, or with the bytecode file.
pub(crate) fn refusal(error: &Error, source: &Source) {
    match source.bytecode {
        Some(_) => note(&format!("{error} [{}]", source.name)),
        None => self::error(error, source, None),
    }
}

/// Reports an error of a program.
pub(crate) fn error(error: &Error, source: &Source, session: Option<&mut Session>) {
    let mut text = format!("{error}\n");
    if is_for_people() {
        add_details(&mut text, error, source, session);
    }
    output::flush();
    to_stderr(&text);
}

/// Adds what helps people.
fn add_details(text: &mut String, error: &Error, source: &Source, session: Option<&mut Session>) {
    let module = match (error.location(), &session) {
        (Some(Location { source: Some(name), .. }), Some(session)) => {
            match session.shell.module(name) {
                Some(path) => Source::read(&path).ok(),
                None => return,
            }
        }
        _ => None,
    };
    let source = module.as_ref().unwrap_or(source);
    match (error.diagnostics().first(), error.line()) {
        (Some(diagnostic), _) => text.push_str(&excerpt::of_diagnostic(diagnostic, source)),
        (None, Some(line)) => {
            let help = session.and_then(|session| suggest::for_error(error, &mut session.machine));
            let name = suggest::undefined_name(error);
            text.push_str(&excerpt::of_line(line, source, name, help.as_deref()));
        }
        (None, None) => {}
    }
    add_trace(text, error.trace());
}

fn add_trace(text: &mut String, trace: &[TraceFrame]) {
    if trace.len() < 2 {
        return;
    }
    text.push_str("active calls, innermost first:\n");
    let hidden = trace.len().saturating_sub(2 * TRACE_FRAMES_SHOWN);
    for (index, frame) in trace.iter().enumerate() {
        if hidden > 0 && index == TRACE_FRAMES_SHOWN {
            let _ = writeln!(text, "  … {hidden} more");
        }
        if hidden > 0 && (TRACE_FRAMES_SHOWN..TRACE_FRAMES_SHOWN + hidden).contains(&index) {
            continue;
        }
        match frame.function.as_str() {
            // Main programs and modules have names that no function has.
            name if name.is_empty() || name.starts_with('@') => _ = writeln!(text, "  {frame}"),
            name => _ = writeln!(text, "  {frame}, in {name}"),
        }
    }
}
