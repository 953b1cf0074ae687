//! Code as a machine runs it: a linked copy of a compiled function, or a native function.

use super::value::Value;
use crate::bytecode::Program;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;

/// What a call must know, in one compare: `call_key == argument count` means a script function that
/// takes exactly these arguments and nothing else is to be done.
pub const CALL_USES_SELF: u32 = 1 << 16;
/// The first parameter is named `self`.
pub const CALL_SELF_PARAM: u32 = 1 << 17;
/// A native function.
pub const CALL_NATIVE: u32 = 1 << 18;

/// Code of a function, owned by the machine.
#[repr(C)]
pub struct Code {
    /// Where calls go on: the first word, or a stub that enters machine code.
    pub entry: Cell<*const u64>,
    /// Number of parameters and `CALL_…` flags.
    pub call_key: u32,
    /// Registers of a frame.
    pub register_count: u32,
    /// Fuel a call costs: words of straight code.
    pub cost: u32,
    /// Slices of fuel that ended in this function: a measure of the time spent in it that costs
    /// nothing between slices. Feedback for compilers.
    pub heat: Cell<u32>,
    /// Machine code, or what machine code enters instead when there is none; null without a
    /// compiler.
    pub native_entry: Cell<*const u8>,
    /// The native function, opaque here (`vm::NativeFn` is its type).
    pub native: *const (),
    /// What the native function is given besides its arguments.
    pub native_data: usize,
    /// Parameters in order.
    pub params: Vec<CodeParam>,
    /// Name for stack traces and listings.
    pub name: Cow<'static, str>,
    /// The words, with the pool behind them.
    pub words: Box<[u64]>,
    /// How many of `words` are code.
    pub word_count: u32,
    /// The program it was linked from.
    pub program: Option<(Arc<Program>, u32)>,
    /// Index of the machine's link table for that program.
    pub unit: u32,
}

/// A parameter.
pub struct CodeParam {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Value when the argument is missing.
    pub default: Value,
}

impl Code {
    /// The first word.
    #[inline(always)]
    pub fn first_word(&self) -> *const u64 {
        self.words.as_ptr()
    }

    /// Number of parameters.
    #[inline(always)]
    pub fn param_count(&self) -> usize {
        (self.call_key & 0xFFFF) as usize
    }

    /// Whether it is a native function.
    #[inline(always)]
    pub fn is_native(&self) -> bool {
        self.call_key & CALL_NATIVE != 0
    }
}
