//! Brisk: an engine for MiniScript that lives inside another program.
#![no_std]
#![cfg_attr(test, allow(unsafe_code))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod span;
pub mod limits;
pub mod error;
pub mod syntax;
pub mod bytecode;
pub mod compile;
pub mod heap;
pub mod value;
pub mod semantics;
pub mod vm;
pub mod interp;
pub mod host;
pub mod intrinsics;
pub mod engine;

pub use engine::{Budget, Machine, MachineOptions, Outcome, Program, Stats};
pub use error::{Error, ErrorKind};
pub use syntax::Dialect;
