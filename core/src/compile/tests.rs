//! Tests of the compiler: listings of small programs, what registers hold on every path, and many
//! programs made at random.

mod agree;
mod listings;
mod random;
mod registers;
mod scopes;

use super::{CompileOptions, compile, compile_in_style};
use crate::bytecode::{Program, verify};
use crate::syntax::{Dialect, parse};

/// Compiles a program that must be right.
fn compiled(source: &str) -> Program {
    let (ast, diagnostics) = parse(source, Dialect::V1);
    assert!(diagnostics.is_empty(), "{source}\n{diagnostics:?}");
    let options = CompileOptions::default();
    let program = compile(&ast, source, Dialect::V1, &options).expect("the program is small");
    check_sound(&program, source);
    program
}

/// The same in the other styles.
fn compiled_otherwise(source: &str) {
    let (ast, _) = parse(source, Dialect::V1);
    for (wide, careful) in [(true, false), (false, true), (true, true)] {
        check_sound(&compile_in_style(&ast, source, wide, careful), source);
    }
}

/// The verifier accepts it, and no register is read before it is written.
fn check_sound(program: &Program, source: &str) {
    if let Err(error) = verify(program) {
        panic!("{error}\n{source}\n{}", crate::bytecode::disassemble(program));
    }
    for proto in &program.protos {
        if let Err(error) = registers::check(proto) {
            panic!("{error}\n{source}\n{}", crate::bytecode::disassemble(program));
        }
    }
}
