//! Generated programs: every way to run them prints the same.

use brisk_core::Dialect;
use brisk_core::engine::Program;
use brisk_tests::{Native, RunOptions, generate, on_thread, run_program};

/// Programs tried; more in release builds.
const PROGRAMS: u64 = if cfg!(debug_assertions) { 40 } else { 1500 };
/// Most fuel of a program that is run under stress.
const STRESS_FUEL_MAX: u64 = 20_000;

#[test]
fn all_ways_agree() {
    let threads: Vec<_> = (0..2)
        .map(|part| std::thread::spawn(move || on_thread(16 << 20, move || try_part(part))))
        .collect();
    let (mut finished, mut wrong) = (0, Vec::new());
    for thread in threads {
        let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        finished += part.0;
        wrong.extend(part.1);
    }
    assert!(wrong.is_empty(), "{} programs differ; the first:\n{}", wrong.len(), wrong[0]);
    // Programs that stop early show little.
    assert!(finished * 3 > PROGRAMS, "only {finished} of {PROGRAMS} reach their end");
}

/// Every second seed: how many programs reached their end, and what went wrong.
fn try_part(part: u64) -> (u64, Vec<String>) {
    let (mut finished, mut wrong) = (0, Vec::new());
    for seed in (part..PROGRAMS).step_by(2) {
        let source = generate::program(seed);
        let program = match Program::compile(&source, Dialect::V1) {
            Ok(program) => program,
            Err(error) => {
                wrong.push(format!("seed {seed} does not compile: {error}\n{source}"));
                continue;
            }
        };
        let plain = RunOptions { slice: Some(10_000_000), slices_max: 1, ..RunOptions::default() };
        let expected = run_program(&program, &plain);
        finished += u64::from(expected.error.is_none());
        let mut ways = vec![
            ("without specialization", RunOptions { quicken: false, ..plain.clone() }),
            ("in slices", RunOptions { slice: Some(1), slices_max: 10_000_000, ..plain.clone() }),
        ];
        let native = |native| RunOptions { native, ..plain.clone() };
        ways.push(("compiled", native(Native::Eager)));
        ways.push(("compiled when warm", native(Native::Warm)));
        ways.push(("compiled, false alarms", native(Native::FalseAlarms(3 + seed as u32 % 5))));
        ways.push(("compiled, random registers", native(Native::RandomRegisters(seed))));
        ways.push((
            "compiled again and again",
            RunOptions {
                native: Native::Retirements(2 + seed as u32 % 5),
                slice: Some(1),
                slices_max: 10_000_000,
                ..plain.clone()
            },
        ));
        if expected.stats.fuel_used < STRESS_FUEL_MAX {
            ways.push((
                "compiled, under stress",
                RunOptions { native: Native::Eager, stress: true, ..plain.clone() },
            ));
            ways.push(("under stress", RunOptions { stress: true, ..plain.clone() }));
        }
        for (way, options) in ways {
            let got = run_program(&program, &options);
            let same = got.stdout == expected.stdout
                && got.error == expected.error
                && got.stats.fuel_used == expected.stats.fuel_used;
            if !same {
                let fuel = (expected.stats.fuel_used, got.stats.fuel_used);
                wrong.push(format!(
                    "seed {seed} {way}: errors {:?} and {:?}, fuel {fuel:?}\n{}{source}",
                    expected.error,
                    got.error,
                    brisk_tests::corpus::difference(&expected.stdout, &got.stdout)
                ));
                break;
            }
        }
    }
    (finished, wrong)
}
