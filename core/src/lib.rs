//! Brisk: an engine for MiniScript that lives inside another program.
#![no_std]
#![cfg_attr(test, allow(unsafe_code))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod bytecode;
pub mod compile;
pub mod engine;
pub mod error;
pub mod heap;
pub mod host;
pub mod interp;
pub mod intrinsics;
pub mod limits;
pub mod semantics;
pub mod span;
pub mod syntax;
pub mod value;
pub mod vm;

pub use engine::{Budget, Machine, MachineOptions, Outcome, Program, Stats};
pub use error::{Error, ErrorKind};
pub use syntax::Dialect;
