//! The corpus on every engine of one build: each script is a test of its own, run in several ways
//! that must agree.
//!
//! *plain*; *no specialization*; *slices*: every instruction (or every few, in long scripts) ends a
//! slice; *stress*: every safepoint collects. The engine that runs the handlers is chosen when
//! `brisk-core` is built: debug builds run the same tests on the match loop, release builds on tail
//! calls, and `BRISK_ENGINE=loop` chooses the loop in a release build. Since every one must print
//! what the script expects, they agree with each other.

mod spec;

use brisk_core::Dialect;
use brisk_core::engine::Program;
use brisk_tests::corpus::{self, Case};
use brisk_tests::{Native, RunOptions, RunResult, on_thread, run_program};
use libtest_mimic::{Arguments, Failed, Trial};

/// Most fuel a script may use on the plain engine to be run under stress, where each safepoint
/// costs a collection.
const STRESS_FUEL_MAX: u64 = 200_000;
/// Most bytes it may need, since each collection visits them.
const STRESS_BYTES_MAX: usize = 4 << 20;
/// Most slices a script is cut into.
const SLICES_MAX: u64 = 200_000;
/// Stack of the thread of a script: what a host's worker thread has, more in debug builds whose
/// frames are large.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 16 << 20 } else { 1 << 20 };

fn main() {
    let arguments = Arguments::from_args();
    let cases = corpus::all();
    assert!(cases.len() > 400, "the corpus is not where it should be");
    let trial = |case: Case| {
        let name = case.name.clone();
        Trial::test(name, move || {
            on_thread(STACK_BYTES, move || check(&case)).map_err(Failed::from)
        })
    };
    let mut trials: Vec<Trial> = cases.into_iter().map(trial).collect();
    trials.extend(spec::trials());
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(case: &Case) -> Result<(), String> {
    let program = match Program::compile(&case.source, Dialect::V1) {
        Ok(program) => program,
        Err(error) => {
            let result = RunResult { error: Some(error.to_string()), ..RunResult::default() };
            return case.check(&result);
        }
    };
    let run = |mode: &str, options: &RunOptions| {
        let result = run_program(&program, options);
        case.check(&result).map_err(|text| format!("{mode}:\n{text}"))?;
        Ok::<_, String>(result)
    };
    let plain = run("plain", &RunOptions::default())?;
    run("no specialization", &RunOptions { quicken: false, ..RunOptions::default() })?;
    let slice = plain.stats.fuel_used / SLICES_MAX + 1;
    run(
        &format!("slices of {slice}"),
        &RunOptions { slice: Some(slice), ..RunOptions::default() },
    )?;
    if plain.stats.fuel_used <= STRESS_FUEL_MAX && plain.stats.bytes_peak <= STRESS_BYTES_MAX {
        run("stress", &RunOptions { stress: true, ..RunOptions::default() })?;
    }
    check_native(&plain, run)
}

/// Machine code in its variants: the output again, and the same fuel.
fn check_native(
    plain: &RunResult,
    run: impl Fn(&str, &RunOptions) -> Result<RunResult, String>,
) -> Result<(), String> {
    let short = plain.stats.fuel_used <= STRESS_FUEL_MAX;
    let slice = plain.stats.fuel_used / SLICES_MAX + 1;
    // A different request for each script.
    let page = plain.stats.fuel_used % 23;
    let small = short && plain.stats.bytes_peak <= STRESS_BYTES_MAX;
    let variants = [
        ("compiled when warm", Native::Warm, None, false, true),
        ("compiled", Native::Eager, None, false, true),
        ("compiled, in slices", Native::Eager, Some(slice), false, true),
        ("compiled, stress", Native::Eager, None, true, small),
        ("compiled, false alarms", Native::FalseAlarms(3), None, false, short),
        ("compiled again and again", Native::Retirements(3), Some(slice), false, short),
        ("compiled, random registers", Native::RandomRegisters(7), None, false, short),
        ("evaluated", Native::Evaluator, None, false, short),
        ("compiled, one page refused", Native::RefusedPages(page, false), None, false, short),
        ("compiled, pages refused", Native::RefusedPages(page, true), None, false, short),
    ];
    for (mode, native, slice, stress, wanted) in variants {
        if !wanted {
            continue;
        }
        let result = run(mode, &RunOptions { native, slice, stress, ..RunOptions::default() })?;
        if result.stats.fuel_used != plain.stats.fuel_used {
            let fuel = (plain.stats.fuel_used, result.stats.fuel_used);
            return Err(format!("{mode}: fuel {fuel:?}"));
        }
    }
    Ok(())
}
