//! Where compiled functions run: real machine code (`machine.rs`), or the evaluator (`eval.rs`).

use crate::backend::{Clobbers, Registers};
use crate::lir::{Allocated, Function};
use crate::op::Op;
use brisk_core::native::{Enter, NativeStatus};

/// A function that can be entered.
#[derive(Clone, Copy, Debug)]
pub struct Installed {
    /// Where it is entered: what `Code::native_entry` holds, or what `Enter` is given.
    pub entry: *const u8,
    /// Bytes it takes.
    pub bytes: usize,
    /// Distances from the start of the code region within which its native return addresses lie:
    /// first, and behind the last.
    pub returns: (u32, u32),
}

/// The memory for code was refused, or its limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Something that runs allocated LIR.
pub trait Target: Send {
    /// Whether it works.
    fn status(&self) -> NativeStatus;

    /// Registers to allocate.
    fn registers(&self) -> Registers;

    /// What an operation clobbers.
    fn clobbers(&self, op: Op) -> Clobbers;

    /// Makes a function ready to be entered.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing changed.
    fn install(&mut self, f: &Function, places: &Allocated) -> Result<Installed, Refused>;

    /// Gives back the memory of a function that nothing enters or returns to any more.
    fn free(&mut self, installed: &Installed);

    /// How functions are entered.
    fn enter(&self) -> Enter;

    /// What `Vm::native_stub` must be for [`Target::enter`] to work.
    fn stub(&self) -> *const u8;

    /// What stands in `Code::native_entry` of functions without code of their own: it goes on with
    /// the interpreter.
    fn no_code(&self) -> *const u8;
}
