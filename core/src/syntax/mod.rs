//! From text to tree: the lexer and the parser.
//!
//! [`parse`] never fails: it returns what it understood and everything that is wrong with the rest.
//! The first diagnostic is the one the reference implementation would give, text and line
//! (LANGUAGE.md §18.3); the others are for people who like to mend more than one mistake at a time.
//!
//! Not here: what names mean. The tree is about text only; scopes are the compiler's.

mod token;

mod lexer;

mod number;

mod parser;

pub mod ast;

#[cfg(test)]
mod tests;

pub use ast::{
    Ast, BinaryOp, Block, CompareOp, Expr, ExprKind, Function, Param, Stmt, StmtKind, UnaryOp,
};

use crate::error::{Diagnostic, DiagnosticKind};
use crate::limits::SOURCE_BYTES_MAX;
use crate::span::Span;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

/// Which version of the language a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// MiniScript 1.6.
    V1,
    /// MiniScript 2.0. Not supported yet.
    V2,
}

/// Turns source text into a tree.
///
/// The tree is whole only when there are no diagnostics; otherwise it holds the statements that
/// could be understood, and none of it should be run. Takes time proportional to the text, and
/// native stack bounded by [`NESTING_MAX`](crate::limits::NESTING_MAX).
pub fn parse(source: &str, dialect: Dialect) -> (Ast, Vec<Diagnostic>) {
    let refused = if source.len() > SOURCE_BYTES_MAX {
        format!("source text is longer than {SOURCE_BYTES_MAX} bytes")
    } else if dialect == Dialect::V2 {
        String::from("dialect v2 is not supported yet")
    } else {
        return parser::parse_program(source, dialect);
    };
    let diagnostic = Diagnostic {
        kind: DiagnosticKind::Compiler,
        message: refused,
        line: None,
        span: Span::default(),
        help: None,
        incomplete: false,
    };
    (Ast::default(), vec![diagnostic])
}
