//! What a processor's crate provides.

use crate::lir::{Allocated, Function};
use crate::op::Op;

/// Registers of a processor as the allocator sees them, by the backend's own numbers (below 32 in
/// each class).
#[derive(Clone, Debug)]
pub struct Registers {
    /// General registers that may be allocated, preferred ones first.
    pub word: Vec<u8>,
    /// Float registers that may be allocated.
    pub float: Vec<u8>,
    /// General register for copies, never allocated.
    pub word_scratch: u8,
    /// Float register for copies, never allocated.
    pub float_scratch: u8,
    /// Register of the value that `Return` takes and `Call` gives.
    pub result: u8,
    /// Registers of the operands of `Leaf`; the first one also of its result, of the number that
    /// `ReturnNumber` takes and `CallNumber` gives.
    pub leaf: Vec<u8>,
}

/// What an instruction does to registers besides its operands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clobbers {
    /// General registers whose content is lost.
    pub word: Vec<u8>,
    /// Float registers whose content is lost.
    pub float: Vec<u8>,
}

/// Code of a function, not yet in executable memory.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Offset in `bytes` where the function is entered.
    pub entry: u32,
}

/// Where common code of a machine lies; the addresses are final.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stubs {
    /// Enters machine code: a function of type `core::native::Trampoline`.
    pub enter: u64,
    /// Goes on with the interpreter in a function that has no machine code; what
    /// `Code::native` holds then.
    pub interpret: u64,
    /// Returns to a caller without machine code.
    pub return_to_interpreter: u64,
    /// Leaves.
    pub leave: u64,
    /// Leaves: exits of kind `Resume` end here.
    pub resume: u64,
    /// Leaves: exits of kind `Suspend` end here.
    pub suspend: u64,
    /// Calls the barrier and saves every register.
    pub barrier: u64,
    /// Goes on after a `Step` that leads elsewhere than behind it, perhaps into a function.
    pub step_call: u64,
}

/// A processor.
///
/// `at` is the final address of the first byte, and `region` the address that native return offsets
/// count from.
pub trait Backend: Send {
    /// Its registers.
    fn registers(&self) -> Registers;

    /// What an operation clobbers.
    fn clobbers(&self, op: Op) -> Clobbers;

    /// Emits the common code. Offsets in the returned stubs are already added to `at`.
    fn emit_stubs(&self, at: u64, region: u64) -> (Vec<u8>, Stubs);

    /// Emits a function.
    fn emit(&self, f: &Function, places: &Allocated, stubs: &Stubs, at: u64, region: u64) -> Code;
}
