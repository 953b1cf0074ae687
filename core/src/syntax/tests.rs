//! Tests of the lexer and the parser, by table. Trees are compared as S-expressions, made by
//! `tests/print.rs`.

mod print;

mod trees;

mod errors;

mod recovery;

mod limits;

use super::{Dialect, parse};
use crate::error::{Diagnostic, DiagnosticKind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The tree of a correct text.
#[track_caller]
fn tree(source: &str) -> String {
    let (ast, diagnostics) = parse(source, Dialect::V1);
    assert!(diagnostics.is_empty(), "{source:?}: {diagnostics:?}");
    print::body(&ast.body)
}

/// Checks the tree of a correct text.
#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(tree(source), expected, "{source:?}");
}

/// Everything that is wrong with a text.
fn diagnostics(source: &str) -> Vec<Diagnostic> {
    parse(source, Dialect::V1).1
}

/// The first error of a text, as the command-line program reports it.
fn first_error(source: &str) -> String {
    diagnostics(source).first().map_or_else(String::new, reported)
}

fn reported(diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.kind {
        DiagnosticKind::Lexer => "Lexer Error",
        DiagnosticKind::Compiler => "Compiler Error",
    };
    let line = diagnostic.line.map_or_else(String::new, |line| format!(" [line {line}]"));
    format!("{kind}: {}{line}", diagnostic.message)
}

/// Checks the first error of a text. Compiler errors are written without their kind.
#[track_caller]
fn check_error(source: &str, expected: &str) {
    let is_lexer = expected.starts_with("Lexer Error: ");
    let expected = if is_lexer { expected.into() } else { format!("Compiler Error: {expected}") };
    assert_eq!(first_error(source), expected, "{source:?}");
}
