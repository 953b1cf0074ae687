//! Bytecode: what the compiler makes and the interpreter runs.
//!
//! [`ops`] is the instruction set, a table; `encode` derives from it how words are made and taken
//! apart, [`verify`] what makes a program safe to run, [`disassemble`] how it reads. [`proto`] is a
//! compiled program: plain data, which knows neither heap nor machine; [`file`](mod@file) makes
//! bytes of it and back. `docs/BYTECODE.md` says how the pieces fit together.

mod disasm;
mod encode;
pub mod file;
pub mod ops;
pub mod proto;
#[cfg(test)]
mod tests;
mod verify;

pub use disasm::disassemble;
pub use encode::{
    Class, Extra, Kind, Op, a_of, b_of, bc_of, c_of, jump_of, op_byte, op_of, word, word_bc, x_of,
};
pub use file::DebugInfo;
pub use proto::{Const, Fallback, Outer, ParamInfo, Program, Proto, ProtoFlags};
pub use verify::{VerifyError, verify};
