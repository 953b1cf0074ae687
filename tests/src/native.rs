//! Compilers of machine code for tests.

use brisk_core::native::NativeCompiler;
#[cfg(target_arch = "x86_64")]
use brisk_jit::memory::{FailingPages, SystemPages};
use brisk_jit::policy::Policy;
use brisk_jit::regalloc::{Allocator, RandomRegisters, Regalloc2};
use brisk_jit::tier::{Jit, MakeTarget};

/// Whether this processor has a back end that can run here.
pub const HAS_MACHINE_CODE: bool = cfg!(all(target_arch = "x86_64", not(miri)));

/// How machine code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native {
    /// Not at all.
    None,
    /// As for scripts.
    Auto,
    /// As for scripts, but sooner.
    Warm,
    /// Everything at once.
    Eager,
    /// Everything at once, run by the evaluator instead of the processor.
    Evaluator,
    /// At once; every n-th check leaves although nothing is wrong.
    FalseAlarms(u32),
    /// At once; every n-th time code is looked for, it is thrown away first.
    Retirements(u32),
    /// At once, with registers chosen at random by this seed.
    RandomRegisters(u64),
    /// At once, with at most so many bytes of code.
    CodeBytes(usize),
    /// At once; the system refuses the n-th request for memory, and with `true` all behind it.
    RefusedPages(u64, bool),
}

/// What runs the code.
fn machine_code() -> MakeTarget {
    #[cfg(target_arch = "x86_64")]
    return Box::new(brisk_jit_x64::target);
    #[cfg(not(target_arch = "x86_64"))]
    return Box::new(brisk_jit::eval::target);
}

/// The same with pages that are refused.
fn machine_code_with(n: u64, always: bool) -> MakeTarget {
    #[cfg(target_arch = "x86_64")]
    return Box::new(move |bytes_max| {
        let pages = FailingPages::new(SystemPages::default(), n, always);
        brisk_jit_x64::target_with(Box::new(pages), bytes_max)
    });
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (n, always);
        machine_code()
    }
}

/// The compiler for these options.
pub fn compiler(native: Native) -> Option<Box<dyn NativeCompiler>> {
    let eager = Policy::EAGER;
    let regalloc = || -> Box<dyn Allocator> { Box::new(Regalloc2) };
    let jit = match native {
        Native::None => return None,
        Native::Auto => Jit::new(machine_code(), regalloc(), Policy::AUTO),
        Native::RefusedPages(n, always) => {
            Jit::new(machine_code_with(n, always), regalloc(), eager)
        }
        Native::Warm => {
            Jit::new(machine_code(), regalloc(), Policy { hot: 500, slice: 100, ..Policy::AUTO })
        }
        Native::Eager => Jit::new(machine_code(), regalloc(), eager),
        Native::Evaluator => Jit::new(Box::new(brisk_jit::eval::target), regalloc(), eager),
        Native::CodeBytes(most) => {
            Jit::new(machine_code(), regalloc(), Policy { code_bytes_max: most, ..eager })
        }
        Native::FalseAlarms(n) => {
            Jit::new(machine_code(), regalloc(), Policy { false_alarms: n, ..eager })
        }
        Native::Retirements(n) => {
            Jit::new(machine_code(), regalloc(), Policy { retirements: n, ..eager })
        }
        Native::RandomRegisters(seed) => {
            Jit::new(machine_code(), Box::new(RandomRegisters::new(seed)), eager)
        }
    };
    Some(Box::new(jit))
}
