//! Machine code: which compiler a machine gets, and its figures.

use crate::options::{Jit, Options};
use crate::report;
use brisk_core::Machine;
use brisk_core::native::NativeCompiler;

/// The compiler that the command line asks for, where there is one for this processor.
#[cfg(all(feature = "jit", target_arch = "x86_64"))]
pub(crate) fn compiler(options: &Options) -> Option<Box<dyn NativeCompiler>> {
    use brisk_jit::policy::Policy;
    let policy = match options.jit {
        Jit::Off => return None,
        Jit::Auto | Jit::Require => Policy::AUTO,
        Jit::Eager => Policy::EAGER,
    };
    let policy = Policy { peeling: options.peeling, inlining: options.inlining, ..policy };
    let mut jit = brisk_jit_x64::jit(policy);
    if options.dump_ir || options.dump_asm || options.perf_map || options.gdb {
        jit.observe(observer(options));
    }
    Some(Box::new(jit))
}

/// Shows what is compiled to whoever the command line names.
#[cfg(all(feature = "jit", target_arch = "x86_64"))]
fn observer(options: &Options) -> brisk_jit::tier::Observer {
    use brisk_jit::symbols::{GdbRegistration, perf_map_add};
    let (ir, bytes) = (options.dump_ir, options.dump_asm);
    let (mut perf, gdb) = (options.perf_map, options.gdb);
    // Registrations last as long as the compiler.
    let mut registrations = Vec::new();
    Box::new(move |unit| {
        if ir || bytes {
            let text = brisk_jit::print::unit(unit, ir, bytes);
            text.lines().for_each(report::note);
        }
        let name = format!("{}:{}", unit.name, unit.at);
        let (start, size) = (unit.installed.entry as u64, unit.installed.bytes);
        if perf && let Err(error) = perf_map_add(start, size, &name) {
            report::note(&format!("no names for perf: {error}"));
            perf = false;
        }
        if gdb {
            registrations.push(GdbRegistration::new(start, size, &name));
        }
    })
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
    report::note(&format!("machine code {}", machine.native_status()));
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
