//! Errors as data.

use crate::status::{
    BRISK_COMPILE, BRISK_LIMIT, BRISK_NOT_FOUND, BRISK_SCRIPT, brisk_status, guard, guard_or, put,
    refer,
};
use crate::value::brisk_text;
use brisk_core::error::{Diagnostic, TraceFrame};
use brisk_core::{Error, ErrorKind};
use core::ptr::null;

/// Which part of the engine an error comes from.
pub type brisk_error_kind = i32;

/// The source text is no program.
pub const BRISK_ERROR_COMPILE: brisk_error_kind = 0;
/// The script did something that is an error.
pub const BRISK_ERROR_RUNTIME: brisk_error_kind = 1;
/// A limit of the VM: memory, depth of calls, a budget.
pub const BRISK_ERROR_LIMIT: brisk_error_kind = 2;
/// The host used the interface wrongly.
pub const BRISK_ERROR_HOST: brisk_error_kind = 3;

/// An error. Immutable; texts it gives live as long as it does.
pub struct brisk_error {
    kind: brisk_error_kind,
    message: String,
    report: String,
    source: String,
    line: u32,
    column: u32,
    frames: Vec<TraceFrame>,
    inner: Option<Box<brisk_error>>,
    /// What it was made from, to be raised again.
    pub(crate) original: Option<Error>,
}

/// One active call of a stack trace.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_frame {
    /// Name of the function, empty when it has none.
    pub function: brisk_text,
    /// Name of its source, empty for a program without a name.
    pub source: brisk_text,
    /// Line, from 1; 0 when the program has none.
    pub line: u32,
    /// 0.
    pub reserved: u32,
}

impl brisk_error {
    /// An error of the core; `text` is the source text of a failed compilation, for columns.
    pub(crate) fn new(error: Error, text: &str) -> Box<brisk_error> {
        let kind = match error.kind() {
            ErrorKind::Compile => BRISK_ERROR_COMPILE,
            ErrorKind::Runtime => BRISK_ERROR_RUNTIME,
            ErrorKind::Limit => BRISK_ERROR_LIMIT,
            ErrorKind::Host => BRISK_ERROR_HOST,
        };
        let location = error.location();
        let source = location.and_then(|at| at.source.clone()).unwrap_or_default();
        let mut inner = None;
        // The other things that are wrong, in the order of the text.
        for diagnostic in error.diagnostics().iter().skip(1).rev() {
            inner = Some(Box::new(of_diagnostic(diagnostic, &source, text, inner)));
        }
        Box::new(brisk_error {
            kind,
            message: error.message().to_string(),
            report: error.to_string(),
            line: location.map_or(0, |at| at.line),
            column: error.diagnostics().first().map_or(0, |d| column(d, text)),
            source,
            frames: error.trace().to_vec(),
            inner,
            original: Some(error),
        })
    }

    /// A stack without an error.
    pub(crate) fn of_stack(frames: Vec<TraceFrame>) -> Box<brisk_error> {
        let top = frames.first().map(|frame| frame.location.clone());
        Box::new(brisk_error {
            kind: BRISK_ERROR_RUNTIME,
            message: String::new(),
            report: String::new(),
            source: top.as_ref().and_then(|at| at.source.clone()).unwrap_or_default(),
            line: top.map_or(0, |at| at.line),
            column: 0,
            frames,
            inner: None,
            original: None,
        })
    }

    /// The code that says of it.
    pub(crate) fn status(&self) -> brisk_status {
        match self.kind {
            BRISK_ERROR_COMPILE => BRISK_COMPILE,
            BRISK_ERROR_LIMIT => BRISK_LIMIT,
            _ => BRISK_SCRIPT,
        }
    }
}

fn of_diagnostic(
    diagnostic: &Diagnostic,
    source: &str,
    text: &str,
    inner: Option<Box<brisk_error>>,
) -> brisk_error {
    let report = Error::compile(vec![diagnostic.clone()]).to_string();
    brisk_error {
        kind: BRISK_ERROR_COMPILE,
        message: diagnostic.message.clone(),
        report,
        source: source.to_string(),
        line: diagnostic.line.unwrap_or(0),
        column: column(diagnostic, text),
        frames: Vec::new(),
        inner,
        original: None,
    }
}

/// Column of a diagnostic in code points, from 1; 0 without the text.
fn column(diagnostic: &Diagnostic, text: &str) -> u32 {
    let start = diagnostic.span.start as usize;
    let Some(before) = text.get(..start) else { return 0 };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    u32::try_from(before[line_start..].chars().count() + 1).unwrap_or(0)
}

/// Reads something of an error; `otherwise` for NULL.
unsafe fn read<T>(
    error: *const brisk_error,
    otherwise: T,
    get: impl FnOnce(&brisk_error) -> T,
) -> T {
    // SAFETY: the caller's promise: NULL or a live error.
    match unsafe { refer(error) } {
        Ok(error) => guard_or(otherwise, || get(error)),
        Err(_) => otherwise,
    }
}

/// Kind of an error; `BRISK_ERROR_HOST` for NULL.
///
/// # Safety
///
/// NULL or a live error, as for all functions that take one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_get_kind(error: *const brisk_error) -> brisk_error_kind {
    // SAFETY: the caller's promise.
    unsafe { read(error, BRISK_ERROR_HOST, |e| e.kind) }
}

/// The message, without kind and place.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_message(error: *const brisk_error) -> brisk_text {
    // SAFETY: the caller's promise.
    unsafe { read(error, brisk_text::EMPTY, |e| brisk_text::of(&e.message)) }
}

/// The whole report in one line: `Runtime Error: message [line 3]`.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_report(error: *const brisk_error) -> brisk_text {
    // SAFETY: the caller's promise.
    unsafe { read(error, brisk_text::EMPTY, |e| brisk_text::of(&e.report)) }
}

/// Name of the source; empty for a program without a name.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_source(error: *const brisk_error) -> brisk_text {
    // SAFETY: the caller's promise.
    unsafe { read(error, brisk_text::EMPTY, |e| brisk_text::of(&e.source)) }
}

/// Line, from 1; 0 when there is none.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_line(error: *const brisk_error) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { read(error, 0, |e| e.line) }
}

/// Column in code points, from 1; 0 when it is not known, as for errors of running scripts.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_column(error: *const brisk_error) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { read(error, 0, |e| e.column) }
}

/// What else is wrong: the next diagnostic of a failed compilation. NULL when there is nothing. It
/// belongs to `error`.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_inner(error: *const brisk_error) -> *const brisk_error {
    // SAFETY: the caller's promise.
    unsafe { read(error, null(), |e| e.inner.as_deref().map_or(null(), core::ptr::from_ref)) }
}

/// Number of active calls when it happened.
///
/// # Safety
///
/// NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_frame_count(error: *const brisk_error) -> usize {
    // SAFETY: the caller's promise.
    unsafe { read(error, 0, |e| e.frames.len()) }
}

/// An active call; 0 is the innermost. `BRISK_NOT_FOUND` beyond the last.
///
/// # Safety
///
/// `error` NULL or a live error; `frame` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_frame(
    error: *const brisk_error,
    index: usize,
    frame: *mut brisk_frame,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let found = unsafe { refer(error) }?.frames.get(index).ok_or(BRISK_NOT_FOUND)?;
        let made = brisk_frame {
            function: brisk_text::of(&found.function),
            source: brisk_text::of(found.location.source.as_deref().unwrap_or_default()),
            line: found.location.line,
            reserved: 0,
        };
        // SAFETY: the caller's promise.
        unsafe { put(frame, made) }
    })
}

/// Frees an error that the caller owns. NULL does nothing. Not for those of `brisk_vm_error` and
/// `brisk_error_inner`.
///
/// # Safety
///
/// NULL or an owned error, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_error_free(error: *mut brisk_error) {
    if !error.is_null() {
        // SAFETY: the caller's promise: it came out of a box.
        guard_or((), || drop(unsafe { Box::from_raw(error) }));
    }
}
