//! The contract with machine code: what a compiler of machine code is to the machine, how code is
//! entered and left, where fields lie ([`layout`]), and what code may call ([`helpers`]).
//!
//! Machine code works on the same stack and the same frames as the interpreter, and no native frame
//! of it outlives a call: a call between compiled functions is a jump, and the caller's native
//! return address lies in the high half of `base[-4]`, as a distance from the start of the code
//! region (0: none). Each frame can be left at any instruction boundary, because whoever leaves has
//! written the frame's live registers back; the interpreter then goes on there. When the
//! interpreter returns into a frame that machine code left, it goes on interpreting, whatever
//! native return address that frame's callee had.
#![allow(unsafe_code)] // Entering machine code, and functions it calls.

pub mod helpers;
pub mod layout;

use crate::value::Value;
use crate::vm::Vm;

/// Defines functions that machine code calls, with the calling convention that code is made for:
/// on x86-64 the same on every system.
macro_rules! native_fn {
    ($( $(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block )*) => { $(
        $(#[$doc])*
        #[cfg(target_arch = "x86_64")]
        $vis unsafe extern "sysv64" fn $name($($arg: $ty),*) $(-> $ret)? $body

        $(#[$doc])*
        #[cfg(not(target_arch = "x86_64"))]
        $vis unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? $body
    )* };
}
pub(crate) use native_fn;

/// Where execution goes on: an instruction of the frame at `base`, or nowhere when `pc` is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Continuation {
    /// Address of the instruction.
    pub pc: *const u64,
    /// Window of its frame.
    pub base: *mut Value,
}

/// Enters machine code at `code` in the frame at `base` and comes back where it left.
pub type Enter = unsafe fn(vm: *mut Vm, base: *mut Value, code: *const u8) -> Continuation;

/// Why there is no machine code, or that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeStatus {
    /// The host registered no compiler.
    NotBuilt,
    /// The processor lacks something that the code needs.
    CpuUnsupported,
    /// The operating system refuses executable memory.
    Denied,
    /// Switched off.
    Disabled,
    /// Machine code runs.
    Available,
}

impl core::fmt::Display for NativeStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            NativeStatus::NotBuilt => "not built in",
            NativeStatus::CpuUnsupported => "the processor lacks something it needs",
            NativeStatus::Denied => "the system refuses executable memory",
            NativeStatus::Disabled => "switched off",
            NativeStatus::Available => "available",
        })
    }
}

/// Figures of a compiler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeStats {
    /// Functions and loops compiled.
    pub compilations: u64,
    /// Bytecode words they were made from.
    pub words: u64,
    /// Bytes of machine code in use.
    pub bytes: u64,
    /// Seconds spent.
    pub seconds: f64,
    /// Longest compilation, in seconds.
    pub longest: f64,
    /// Exits taken, by what was the matter: the operation that failed.
    pub exits: alloc::vec::Vec<(alloc::string::String, u64)>,
    /// Compilations given up, and units thrown away because what they took for granted changed.
    pub given_up: u64,
    /// See `given_up`.
    pub invalidated: u64,
    /// Times the system refused memory.
    pub refusals: u64,
}

/// A compiler of machine code, as the machine sees it.
pub trait NativeCompiler: Send {
    /// Whether it works.
    fn status(&mut self) -> NativeStatus;

    /// The machine stands at `vm.pc` in the frame at `vm.base`, between slices: machine code to go
    /// on with there, perhaps made now. Before the first code is made, [`attach`] is called.
    fn code_at(&mut self, vm: &mut Vm) -> Option<*const u8>;

    /// Machine code left through exit `exit` (see `Vm::native_exit`). True when code should be looked
    /// for at the very next jump back.
    fn note_exit(&mut self, vm: &mut Vm, exit: u32) -> bool;

    /// A global that code takes for constant changed, or a run inside a native function ended during
    /// which one did.
    fn globals_changed(&mut self, vm: &mut Vm);

    /// Visits the values that code refers to.
    fn for_each_root(&self, visit: &mut dyn FnMut(Value));

    /// Machine code left without an exit, and the interpreter goes on at `pc` of the frame at `vm.base`:
    /// at the start of a function without machine code that it called, or elsewhere.
    fn note_left(&mut self, vm: &Vm, pc: *const u64);

    /// Most fuel of a slice before code is looked for: small when everything is to be compiled.
    fn slice(&self) -> i64;

    /// Figures.
    fn stats(&self) -> NativeStats;
}

/// Tells a machine how its code is entered, before the first is made.
pub fn attach(vm: &mut Vm, enter: Enter, stub: *const u8, no_code: *const u8) {
    vm.native_enter = Some(enter);
    vm.native_stub = stub;
    vm.native_no_code = no_code;
    for code in vm.units.iter().flat_map(|unit| unit.codes.iter().flatten()) {
        code.native_entry.set(no_code);
    }
}
