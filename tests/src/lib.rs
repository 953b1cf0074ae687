//! Runs scripts through the public API, for tests that judge the engine from outside.
//!
//! [`run_script`] is one run of one text under [`RunOptions`]; [`corpus`] reads the files below
//! `tests/scripts` and `examples` with what they expect. The tests themselves stand beside this
//! folder, a file per subject.

pub mod corpus;
pub mod generate;
pub mod hot;
pub mod native;
mod run;
pub mod ways;

pub use native::{HAS_MACHINE_CODE, Native};
pub use run::{
    Capture, ManualClock, RunOptions, RunResult, machine, on_thread, run_program, run_script,
};
