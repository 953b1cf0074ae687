//! Machine code: which compiler a machine gets, and its figures.

use crate::options::{Jit, Options};
use crate::report;
use brisk_core::Machine;
use brisk_core::native::NativeCompiler;

/// The compiler that the command line asks for, where there is one for this processor.
#[cfg(all(feature = "jit", target_arch = "x86_64"))]
pub(crate) fn compiler(options: &Options) -> Option<Box<dyn NativeCompiler>> {
    use brisk_jit::tier::Policy;
    let policy = match options.jit {
        Jit::Off => return None,
        Jit::Auto => Policy::AUTO,
        Jit::Eager => Policy::EAGER,
    };
    let mut jit = brisk_jit_x64::jit(policy);
    let (ir, bytes) = (options.dump_ir, options.dump_asm);
    if ir || bytes {
        jit.observe(Box::new(move |unit| {
            let text = brisk_jit::print::unit(unit, ir, bytes);
            text.lines().for_each(report::note);
        }));
    }
    Some(Box::new(jit))
}

/// The compiler that the command line asks for: there is none for this processor.
#[cfg(not(all(feature = "jit", target_arch = "x86_64")))]
pub(crate) fn compiler(options: &Options) -> Option<Box<dyn NativeCompiler>> {
    let _ = (options.jit == Jit::Off, options.dump_ir, options.dump_asm);
    None
}

/// Prints the figures of a machine's compiler.
pub(crate) fn stats(machine: &mut Machine) {
    let stats = machine.native_stats();
    report::note(&format!("machine code {:?}", machine.native_status()));
    if stats.compilations == 0 {
        return;
    }
    report::note(&format!(
        "compilations {} ({} words to {} bytes, {:.3} ms, longest {:.3} ms)",
        stats.compilations,
        stats.words,
        stats.bytes,
        stats.seconds * 1e3,
        stats.longest * 1e3,
    ));
    report::note(&format!("given up     {}", stats.given_up));
    report::note(&format!("made anew    {}", stats.invalidated));
    report::note(&format!("refusals     {}", stats.refusals));
    for (reason, count) in stats.exits {
        report::note(&format!("exits        {count} {reason}"));
    }
}
