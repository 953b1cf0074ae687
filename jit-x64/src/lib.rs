//! Machine code for x86-64 with AVX.
//!
//! The back end of `brisk-jit`: it turns LIR whose operands have registers into bytes, and knows no
//! more of the engine than what [`Linkage`] says. Nothing here allocates executable memory or runs
//! code; whoever does asks [`supported`] first. It works on every host, also to look at the bytes.
//!
//! Contents, in reading order:
//!
//! - `regs`: which registers there are and what each is for
//! - `asm`: the assembler
//! - `stubs`: code that all functions share: ways in and out
//! - `emit`: a function: blocks, copies
//! - `lower`: the operations, by kind
//! - `cold`: exits and other rarely needed code
//! - `constants`, `linkage`: what code refers to
//!
//! AVX is taken for granted, because its three-operand forms need no copies, and the processors
//! without it are older than 2011 or sold as the cheapest of their time: they interpret.

#![allow(clippy::useless_conversion)] // `dynasm!` converts the numbers of registers.

mod regs;
mod asm;
mod stubs;
mod emit;
mod lower;
mod cold;
mod constants;
mod linkage;

pub use linkage::Linkage;

use brisk_jit::backend::{Backend, Clobbers, Code, Registers, Stubs};
use brisk_jit::lir::{Allocated, Function};
use brisk_jit::machine::MachineTarget;
use brisk_jit::memory::{PageSource, SystemPages};
use brisk_jit::op::Op;
use brisk_jit::policy::Policy;
use brisk_jit::regalloc::Regalloc2;
use brisk_jit::target::Target;
use brisk_jit::tier::Jit;

/// The processor, as the compiler sees it.
#[derive(Clone, Debug)]
pub struct X64 {
    linkage: Linkage,
}

impl X64 {
    /// For machines of the core.
    pub fn new() -> X64 {
        X64::with_linkage(Linkage::of_core())
    }

    /// For machines with other fields and functions: tests.
    pub fn with_linkage(linkage: Linkage) -> X64 {
        X64 { linkage }
    }
}

impl Default for X64 {
    fn default() -> X64 {
        X64::new()
    }
}

impl Backend for X64 {
    fn registers(&self) -> Registers {
        regs::registers()
    }

    fn clobbers(&self, op: Op) -> Clobbers {
        regs::clobbers(op)
    }

    fn emit_stubs(&self, at: u64, region: u64) -> (Vec<u8>, Stubs) {
        stubs::emit(&self.linkage, at, region)
    }

    fn emit(&self, f: &Function, places: &Allocated, stubs: &Stubs, at: u64, region: u64) -> Code {
        emit::emit(f, places, stubs, &self.linkage, at, region)
    }
}

/// This processor as a target: machine code in pages of the system, at most so many bytes of them.
pub fn target(bytes_max: usize) -> Box<dyn Target> {
    target_with(Box::<SystemPages>::default(), bytes_max)
}

/// The same with pages from elsewhere.
pub fn target_with(pages: Box<dyn PageSource>, bytes_max: usize) -> Box<dyn Target> {
    let backend = Box::new(X64::new());
    if !supported() {
        return Box::new(MachineTarget::unsupported(backend));
    }
    Box::new(MachineTarget::new(backend, pages, bytes_max))
}

/// A compiler for this processor.
pub fn jit(policy: Policy) -> Jit {
    Jit::new(Box::new(target), Box::new(Regalloc2), policy)
}

/// Whether this processor and its system can run the code.
#[cfg(target_arch = "x86_64")]
pub fn supported() -> bool {
    is_x86_feature_detected!("avx") && is_x86_feature_detected!("sse4.1")
}

/// Whether this processor and its system can run the code.
#[cfg(not(target_arch = "x86_64"))]
pub fn supported() -> bool {
    false
}
