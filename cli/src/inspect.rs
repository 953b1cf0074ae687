//! `brisk check` and `brisk disasm`: programs are looked at, not run.

use crate::source::Source;
use crate::{excerpt, output, report};
use brisk_core::error::{Diagnostic, DiagnosticKind};
use brisk_core::{Dialect, engine};
use std::path::{Path, PathBuf};

/// Reports everything that is wrong with these files; returns the exit status. Of a bytecode file
/// that can be run it says so: nobody can read that in it.
pub(crate) fn check(files: &[PathBuf]) -> i32 {
    let mut status = 0;
    for file in files {
        match Source::read(file) {
            Ok(source) if source.bytecode.is_some() => match source.program() {
                Ok(_) => output::print(&format!("{}: OK\n", source.name)),
                Err(error) => {
                    report::refusal(&error, &source);
                    status = 1;
                }
            },
            Ok(source) => {
                let diagnostics = engine::check(&source.text, Dialect::V1);
                if !diagnostics.is_empty() {
                    status = 1;
                }
                for diagnostic in &diagnostics {
                    report::note(&line(diagnostic, &source.name));
                    if report::is_for_people() {
                        report::to_stderr(&excerpt::of_diagnostic(diagnostic, &source));
                    }
                }
            }
            Err(message) => {
                report::note(&message);
                status = 1;
            }
        }
    }
    status
}

/// A diagnostic as in an error report (spec §18.1), with the file it is about.
fn line(diagnostic: &Diagnostic, file: &str) -> String {
    let kind = match diagnostic.kind {
        DiagnosticKind::Lexer => "Lexer Error",
        DiagnosticKind::Compiler => "Compiler Error",
    };
    match diagnostic.line {
        Some(line) => format!("{kind}: {} [{file} line {line}]", diagnostic.message),
        None => format!("{kind}: {} [{file}]", diagnostic.message),
    }
}

/// Prints the instructions of a program; returns the exit status.
pub(crate) fn disasm(file: &Path) -> i32 {
    let source = match Source::read_named(file) {
        Ok(source) => source,
        Err(message) => {
            report::note(&message);
            return 1;
        }
    };
    match source.program() {
        Ok(program) => {
            output::print(&program.disassemble());
            0
        }
        Err(error) => {
            report::refusal(&error, &source);
            1
        }
    }
}
