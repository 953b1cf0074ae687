//! Brisk: an engine for MiniScript that lives inside another program.
//!
//! Source text goes in, a running program comes out. The host gives it fuel a slice at a time,
//! lends it functions, and looks at its variables. The crate is `no_std` with `alloc`, keeps no
//! process state, and runs any number of machines side by side.
//!
//! # Contents
//!
//! * [Should I use this?](#should-i-use-this)
//! * [Example](#example)
//! * [Where things are](#where-things-are)
//! * [Budgets, limits and errors](#budgets-limits-and-errors)
//! * [Features](#features)
//!
//! # Should I use this?
//!
//! Yes, when scripts of other people run inside your program, and whatever they do must neither
//! crash it nor make it wait: memory, depth of calls and work per slice are bounded, and every
//! error is a value. Yes, when there is no operating system.
//!
//! No, when you want a command that runs scripts: that is the package `brisk-cli`. No, when your
//! program is not written in Rust: that is the package `brisk-ffi`, which has an interface for C
//! (`docs/embedding.md`). No, when scripts are written for MiniScript 2.0: only version 1 of the
//! language works so far, and [`Dialect::V2`] is refused.
//! No, on big-endian processors: instruction words are read by their fields.
//!
//! # Example
//!
//! A host with an output, a function of its own, a budget, and variables on both sides:
//!
//! ```
//! use brisk_core::host::{Context, Data, ParamDefault, NativeResult, Signature, Values};
//! use brisk_core::vm::{Output, OutputStream};
//! use brisk_core::{Budget, Dialect, Machine, MachineOptions, Outcome, Program};
//!
//! /// Receives what scripts print.
//! struct Console;
//!
//! impl Output for Console {
//!     fn write(&mut self, stream: OutputStream, text: &str, line_break: bool) {
//!         let end = if line_break { "\n" } else { "" };
//!         match stream {
//!             OutputStream::Standard => print!("{text}{end}"),
//!             OutputStream::Error => eprint!("{text}{end}"),
//!         }
//!     }
//! }
//!
//! /// `clamp(x, low=0, high=1)`, for scripts.
//! fn clamp(call: &mut Context<'_>) -> NativeResult {
//!     let (x, low, high) = (call.number(0), call.number(1), call.number(2));
//!     Ok(Data::Number(x.max(low).min(high)))
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let source = "
//! energy = 0
//! for hit in range(1, 1000)
//!     energy = energy + clamp(hit / power)
//! end for
//! print \"energy: \" + energy
//! ";
//!     // Compiled once; any number of machines, on any threads, can run it.
//!     let program = Program::compile(source, Dialect::V1)?;
//!
//!     let mut machine = Machine::new(MachineOptions {
//!         memory_bytes_max: 1 << 20,
//!         output: Box::new(Console),
//!         ..MachineOptions::default()
//!     });
//!     let signature = Signature::new("clamp")
//!         .param("x")
//!         .param_or("low", ParamDefault::Number(0.0))
//!         .param_or("high", ParamDefault::Number(1.0));
//!     machine.register(&signature, clamp)?;
//!     machine.set_global("power", &Data::from(500))?;
//!
//!     machine.load(&program)?;
//!     let mut slices = 0;
//!     loop {
//!         slices += 1;
//!         match machine.run(Budget::fuel(1000)) {
//!             Outcome::Finished(_) | Outcome::Exited(_) => break,
//!             Outcome::Failed(error) => return Err(error.into()),
//!             // The host draws its frame, and comes back.
//!             Outcome::BudgetSpent | Outcome::Yielded | Outcome::Waiting { .. } => {}
//!         }
//!     }
//!     assert!(slices > 1);
//!
//!     let energy = machine.global("energy")?.and_then(|value| value.as_number());
//!     assert_eq!(energy.map(f64::round), Some(751.0));
//!     Ok(())
//! }
//! ```
//!
//! # Where things are
//!
//! | To | see |
//! |---|---|
//! | compile, load, run, look around | [`Program`], [`Machine`], [`MachineOptions`], [`Outcome`] |
//! | store a compiled program, load it | [`Program::to_bytes`], [`Program::from_bytes`] |
//! | find everything wrong with a text | [`engine::check`] |
//! | write functions for scripts | [`host::Signature`], [`host::Context`], [`host::NativeError`] |
//! | make, read and change values | [`host::Values`], [`host::Data`], [`host::Handle`], [`host::Weak`] |
//! | lend scripts objects of your own | [`host::ObjectType`], [`host::Values::new_object`] |
//! | receive output, tell the time | [`vm::Output`], [`vm::Clock`] |
//! | keep machines in step | [`Machine::state_hash`], [`MachineOptions::seed`] |
//! | bring memory, hear of its use | [`heap::HostAllocator`], [`SoftLimit`] |
//! | learn how it works | `docs/ARCHITECTURE.md`, `docs/BYTECODE.md` |
//!
//! The other modules are public so that tools and machine code can be built on them. They change
//! without notice.
//!
//! # Budgets, limits and errors
//!
//! [`Budget`] bounds one run by fuel, by time, or by both. Fuel is paid at backward jumps, at
//! calls, by library functions for the bytes and elements they handle, and for other work in
//! proportion to the size of values, so no run goes on for long without paying; the same program
//! pays the same fuel everywhere. Time is looked at between slices of 20,000 units or more, on the
//! clock that [`MachineOptions::clock`] brings.
//!
//! [`MachineOptions`] bounds memory and the depth of calls; [`limits`] has the rest. A script that
//! reaches one fails with an [`Error`] of kind [`ErrorKind::Limit`], and its machine goes on to the
//! next program.
//!
//! Four kinds of trouble are kept apart ([`ErrorKind`]): the text is no program, the script did
//! something wrong, a limit was reached, the host used this interface wrongly.
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `std` | yes | [`std::time::Instant`] is a [`vm::Clock`] |
//! | `extra-checks` | no | reserved for checked accesses in release builds; adds none yet |
//!
//! Without `std` the crate needs an allocator and nothing else. The host brings the output, the
//! clock and the seed of the random numbers in either case.
#![no_std]
#![cfg_attr(test, allow(unsafe_code))]

#[cfg(target_endian = "big")]
compile_error!(
    "brisk-core reads parts of instruction words by address: only little-endian targets"
);

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod engine;
pub mod error;
pub mod host;
pub mod span;
pub mod limits;
pub mod bytecode;
pub mod syntax;
pub mod compile;

// The engine's inside: public for the crates that make machine code and for tests, without any
// promise. Raw values do not leave it through the modules above.
#[doc(hidden)]
pub mod heap;
#[doc(hidden)]
pub mod value;
#[doc(hidden)]
pub mod semantics;
#[doc(hidden)]
pub mod vm;
#[doc(hidden)]
pub mod interp;
#[doc(hidden)]
pub mod intrinsics;
#[doc(hidden)]
pub mod native;

pub use bytecode::DebugInfo;
pub use compile::CompileOptions;
pub use engine::{Budget, Machine, MachineOptions, Outcome, Program, Stats};
pub use error::{Error, ErrorKind};
pub use heap::HostAllocator;
pub use syntax::Dialect;
pub use vm::{Clock, NoOutput, Output, OutputStream, SoftLimit, StoppedClock};
