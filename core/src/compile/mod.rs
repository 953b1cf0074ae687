//! From tree to bytecode: a pure function.
//!
//! [`compile`] first finds out what every name means (`scope.rs`, with `collect.rs` and `flow.rs`),
//! then compiles the functions one by one (`function.rs`): statements (`stmt.rs`, `assign.rs`),
//! expressions (`expr.rs`, `operators.rs`, `literals.rs`, `calls.rs`, `chain.rs`), conditions
//! (`cond.rs`) and variables (`names.rs`). `emit.rs` writes the words; `inst.rs` holds what is
//! still to be written, `facts.rs` and `fold.rs` what the tree alone tells. The rules are in
//! `docs/BYTECODE.md`.
//!
//! The steps of the walk over expressions are `#[inline(never)]`: that keeps the frames of its
//! recursion small. The deepest nesting takes 256 KiB of native stack, in a debug build twice as
//! much (x86-64); long chains take none (`chain.rs`).
//!
//! Not here: optimization beyond single expressions. That is left to machine code.

mod assign;
mod calls;
mod chain;
mod collect;
mod cond;
mod emit;
mod expr;
mod facts;
mod flow;
mod fold;
mod function;
mod inst;
mod literals;
mod names;
mod operators;
mod scope;
mod stmt;
#[cfg(test)]
mod tests;

use self::function::{Refusal, Style, Unit, compile_function};
use self::names::Names;
use self::scope::analyze;
use crate::bytecode::{Program, Proto};
use crate::error::{Diagnostic, DiagnosticKind};
use crate::limits::DIAGNOSTICS_MAX;
use crate::span::Span;
use crate::syntax::Dialect;
use crate::syntax::ast::Ast;
use alloc::string::String;
use alloc::vec::Vec;

/// How to compile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Name of the source as error locations show it; `None` for the main program of v1.
    pub name: Option<String>,
    /// Every expression and command statement stores its value as the implicit result (spec §21.2).
    pub repl: bool,
    /// The text is an imported module: its variables are those of a function that returns them
    /// (spec §20.2).
    pub module: bool,
}

/// Compiles a tree the parser made from `source` without complaint.
///
/// # Errors
///
/// What the parser could not see: functions beyond the limits of bytecode.
pub fn compile(
    ast: &Ast,
    source: &str,
    dialect: Dialect,
    options: &CompileOptions,
) -> Result<Program, Vec<Diagnostic>> {
    compile_with(ast, source, dialect, options, compile_either)
}

/// The same in one style, for tests: wide code, and code without shortcuts that every other must
/// agree with.
#[cfg(test)]
pub(crate) fn compile_in_style(ast: &Ast, source: &str, wide: bool, careful: bool) -> Program {
    let options = CompileOptions::default();
    let compile = |unit: &mut Unit, number| {
        compile_function(unit, number, Style { wide, careful }).map_err(|_| "it does not fit")
    };
    compile_with(ast, source, Dialect::V1, &options, compile).expect("tests are small")
}

fn compile_with(
    ast: &Ast,
    source: &str,
    dialect: Dialect,
    options: &CompileOptions,
    compile_one: impl Fn(&mut Unit, usize) -> Result<Proto, &'static str>,
) -> Result<Program, Vec<Diagnostic>> {
    let analysis = analyze(ast, dialect, options.module);
    let mut names = Names::default();
    let mut unit = Unit {
        analysis: &analysis,
        names: &mut names,
        options,
        source,
        body: &ast.body,
        last_line: ast.last_line,
    };
    let mut protos = Vec::new();
    let mut diagnostics = Vec::new();
    for number in 0..analysis.functions.len() {
        match compile_one(&mut unit, number) {
            Ok(proto) => protos.push(proto),
            Err(limit) => {
                let literal = analysis.functions[number].literal;
                let line = literal.map_or(1, |literal| literal.line);
                diagnostics.push(too_large(limit, line));
            }
        }
        if diagnostics.len() >= DIAGNOSTICS_MAX {
            break;
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(Program { dialect, name: options.name.clone(), protos, names: names.list })
}

/// Compiles a function as narrow code, or as wide code where that is not enough.
fn compile_either(unit: &mut Unit, number: usize) -> Result<Proto, &'static str> {
    for wide in [false, true] {
        match compile_function(unit, number, Style { wide, careful: false }) {
            Ok(proto) => return Ok(proto),
            Err(Refusal::TooLarge(limit)) => return Err(limit),
            Err(Refusal::Narrow) => {}
        }
    }
    Err("a distance does not fit")
}

fn too_large(limit: &str, line: u32) -> Diagnostic {
    let mut message = String::from("function too large: ");
    message.push_str(limit);
    Diagnostic {
        kind: DiagnosticKind::Compiler,
        message,
        line: Some(line),
        span: Span::default(),
        help: Some("split it into smaller functions".into()),
        incomplete: false,
    }
}
