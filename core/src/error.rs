//! Errors, and every text a user of a script can see.
//!
//! Four kinds, never mixed: [`Diagnostic`]s (bad source: many, with positions), script [`Error`]s
//! (a value the host handles), host errors (misuse of the API), and bugs (assertions). Texts that
//! scripts see match the specification to the letter (LANGUAGE.md §18) and stand here only.

use crate::span::Span;
use alloc::string::String;

/// What kind of trouble a [`Diagnostic`] reports: the first word of its report (spec §18.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticKind {
    /// Text that is no token.
    Lexer,
    /// Tokens that are no program.
    Compiler,
}

/// One thing wrong with a source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Which stage found it.
    pub kind: DiagnosticKind,
    /// The message, as in spec §18.3 (v1) and §18.4 (v2).
    pub message: String,
    /// The line to report, counted from 1; `None` where the reference leaves it out (spec §18.1).
    pub line: Option<u32>,
    /// Where to point in the source text. It can be on another line than `line`, which follows the
    /// reference.
    pub span: Span,
    /// How to mend it, in our own words, when we know.
    pub help: Option<String>,
    /// The text ended inside a block or an expression: a REPL asks for another line.
    pub incomplete: bool,
}

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// Which part of the engine an [`Error`] comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The source text is no program.
    Compile,
    /// The script did something that is an error.
    Runtime,
    /// A limit of the machine: memory, depth of calls.
    Limit,
    /// The host used the API wrongly, or one of its functions failed.
    Host,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Name of the source; `None` for the main program.
    pub source: Option<String>,
    /// Line, counted from 1; 0 when nobody knows, since the program was stripped.
    pub line: u32,
}

impl Location {
    /// Whether it says anything: in the unnamed main program of a stripped file, no place has a
    /// name.
    pub fn is_known(&self) -> bool {
        self.source.is_some() || self.line > 0
    }
}

impl fmt::Display for Location {
    /// As error reports show it between brackets (spec §18.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.line) {
            (Some(source), 0) => write!(f, "{source}"),
            (Some(source), line) => write!(f, "{source} line {line}"),
            (None, 0) => write!(f, "unknown place"),
            (None, line) => write!(f, "line {line}"),
        }
    }
}

/// One active call, as in a stack trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFrame {
    /// Name of the function, empty when it has none.
    pub function: String,
    /// Where it is.
    pub location: Location,
}

impl fmt::Display for TraceFrame {
    /// As the intrinsic `stackTrace` shows it (spec §18.7).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.location.source.as_deref().unwrap_or("(current program)");
        match self.location.line {
            0 => write!(f, "{source}"),
            line => write!(f, "{source} line {line}"),
        }
    }
}

/// Why a script stopped. One word wide, so `Result<Value, Error>` stays cheap.
pub struct Error(Box<Inner>);
const _: () = assert!(size_of::<Error>() == size_of::<usize>());

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    location: Option<Location>,
    trace: Vec<TraceFrame>,
    diagnostics: Vec<Diagnostic>,
}

impl Error {
    /// An error without a place yet.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Error(Box::new(Inner {
            kind,
            message,
            location: None,
            trace: Vec::new(),
            diagnostics: Vec::new(),
        }))
    }

    /// A run-time error without a place yet.
    #[cold]
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime, message)
    }

    /// A failed compilation; `diagnostics` must not be empty.
    #[cold]
    pub fn compile(diagnostics: Vec<Diagnostic>) -> Self {
        let message = diagnostics.first().map_or_else(String::new, |d| d.message.clone());
        let mut error = Self::new(ErrorKind::Compile, message);
        error.0.location =
            diagnostics.first().and_then(|d| d.line).map(|line| Location { source: None, line });
        error.0.diagnostics = diagnostics;
        error
    }

    /// Which part of the engine it comes from.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message, without kind and place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it happened: the innermost script frame. `None` when that has neither a line nor a
    /// source with a name.
    pub fn location(&self) -> Option<&Location> {
        self.0.location.as_ref()
    }

    /// The line it happened on, counted from 1.
    pub fn line(&self) -> Option<u32> {
        self.location().map(|l| l.line).filter(|&line| line > 0)
    }

    /// The active calls, innermost first.
    pub fn trace(&self) -> &[TraceFrame] {
        &self.0.trace
    }

    /// For a failed compilation: everything that is wrong, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// Adds the place, unless it has one.
    pub fn place(&mut self, trace: Vec<TraceFrame>) {
        if self.0.location.is_none() && self.0.trace.is_empty() {
            let innermost = trace.first().map(|f| &f.location);
            self.0.location = innermost.filter(|location| location.is_known()).cloned();
            self.0.trace = trace;
        }
    }

    /// Adds the calls around those of its trace, up to `most` in all.
    pub fn extend_trace(&mut self, outer: Vec<TraceFrame>, most: usize) {
        let room = most.saturating_sub(self.0.trace.len());
        self.0.trace.extend(outer.into_iter().take(room));
    }

    /// The same error, found in a source with this name.
    #[must_use]
    pub fn in_source(mut self, source: &str) -> Self {
        if let Some(location) = &mut self.0.location {
            location.source = Some(source.to_string());
        }
        self
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Error(self.0.clone())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Error {
    /// The report of spec §18.1: `Kind: message [line N]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.0.kind, self.0.diagnostics.first().map(|d| d.kind)) {
            (ErrorKind::Compile, Some(DiagnosticKind::Lexer)) => "Lexer Error",
            (ErrorKind::Compile, _) => "Compiler Error",
            (ErrorKind::Runtime | ErrorKind::Limit, _) => "Runtime Error",
            (ErrorKind::Host, _) => "Error",
        };
        write!(f, "{kind}: {}", self.0.message)?;
        match &self.0.location {
            Some(location) => write!(f, " [{location}]"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

/// Texts of the errors that scripts can see (LANGUAGE.md §18.5), each stated once.
pub mod text {
    /// Calls with too many arguments, or with any to what is no function.
    pub const TOO_MANY_ARGUMENTS: &str = "Too Many Arguments";
    /// More calls at once than the machine allows.
    pub const CALL_STACK_OVERFLOW: &str = "Call stack overflow";
    /// The byte limit of the machine, or an allocator that refused.
    pub const OUT_OF_MEMORY: &str = "out of memory";
    /// A string beyond the limit.
    pub const STRING_TOO_LARGE: &str = "string too large";
    /// A list beyond the limit.
    pub const LIST_TOO_LARGE: &str = "list too large";
    /// A chain of parents that is too long or a loop.
    pub const ISA_DEPTH: &str = "__isa depth exceeded (perhaps a reference loop?)";
    /// Indexing null by anything but a string.
    pub const INDEX_NULL: &str = "Null Reference Exception: can't index into null";
    /// Indexing a function by anything but a string.
    pub const INDEX_TYPE: &str = "Type Exception: can't index into this type";
    /// Storing into null.
    pub const SET_NULL: &str = "can't set indexed element of null";
    /// Storing into a string, number or function.
    pub const SET_TYPE: &str = "can't set an indexed element in this type";
    /// `new` of what is no map.
    pub const NEW_NEEDS_MAP: &str = "argument to 'new' must be a map";

    /// `insert` without a position.
    pub const INSERT_INDEX_NULL: &str = "insert: index argument required";
    /// `insert` with a position that is no number.
    pub const INSERT_INDEX_TYPE: &str = "insert: number required for index argument";
    /// `insert` into what is neither list nor string.
    pub const INSERT_TYPE: &str = "insert called on invalid type";
    /// `remove` from null, or of null.
    pub const REMOVE_NULL: &str = "argument to 'remove' must not be null";
    /// `remove` from a number or function.
    pub const REMOVE_TYPE: &str = "Type Error: 'remove' requires map, list, or string";
    /// `replace` in null.
    pub const REPLACE_NULL: &str = "argument to 'replace' must not be null";
    /// `replace` of an empty string.
    pub const REPLACE_EMPTY: &str = "replace: oldval argument is empty";
    /// `replace` in a number or function.
    pub const REPLACE_TYPE: &str = "Type Error: 'replace' requires map, list, or string";
    /// `range` with a step of 0.
    pub const RANGE_STEP_ZERO: &str = "range() error (step==0)";
    /// `range` with a step in the wrong direction, or bounds that are no finite numbers.
    pub const RANGE: &str = "range() error";

    /// A string, list or map with an operand of the wrong type (spec §7).
    pub(crate) fn wrong_operand(operation: &str, got: &str, wanted: &str) -> super::String {
        alloc::format!("{operation}: got a {got} where a {wanted} was required")
    }

    /// `insert` or `remove` outside a list: the position after adjustment, and the last that is
    /// allowed.
    pub(crate) fn index_out_of_range(index: i64, last: i64) -> super::String {
        alloc::format!("Index Error: index ({index} out of range (0 to {last}))")
    }
}
