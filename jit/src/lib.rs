//! The compiler of machine code: what all processors share.
//!
//! From linked bytecode and what the interpreter saw there to code that a machine enters. A back
//! end such as `brisk-jit-x64` adds the processor. `docs/JIT.md` tells how it works; in reading order:
//!
//! - `tier`: when something is compiled, and what becomes of it
//! - `function`: functions of the machine
//! - `view`, `flow`, `plan`, `region`: the bytecode, and what is to be done with it
//! - `op`: the operations of compiled code; `ir`, `build`: in SSA form; `verify` checks that
//! - `lir`, `lower`, `regalloc`: as a list, with registers; `print` shows it
//! - `backend`, `target`: what runs it; `machine` and `memory`: as machine code
//! - `eval`: in plain Rust
//! - `symbols`: names for profilers and debuggers

pub mod tier;
pub mod function;
pub mod view;
pub mod flow;
pub mod plan;
pub mod policy;
pub mod region;
pub mod op;
pub mod ir;
pub mod build;
pub mod verify;
pub mod lir;
pub mod lower;
pub mod regalloc;
pub mod print;
pub mod backend;
pub mod target;
pub mod machine;
pub mod memory;
pub mod eval;
pub mod symbols;
