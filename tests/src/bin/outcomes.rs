//! Prints what every script of the corpus and every generated program does, a line each: two builds of the engine that print
//! the same lines agree. `cargo xtask engines` builds and compares.
//!
//! usage: outcomes FIRST_SEED COUNT
#![allow(clippy::print_stdout)]

use brisk_tests::{RunOptions, RunResult, corpus, generate, on_thread, run_script};

/// Fuel of a program: some scripts of the corpus are long.
const FUEL_MAX: u64 = 200_000_000;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (first, count) =
        (numbers.first().copied().unwrap_or(0), numbers.get(1).copied().unwrap_or(100));
    on_thread(16 << 20, move || {
        for case in corpus::all() {
            show(&case.name, &case.source);
        }
        for seed in first..first + count {
            show(&format!("seed {seed}"), &generate::program(seed));
        }
    });
}

fn show(name: &str, source: &str) {
    let options = RunOptions { slice: Some(FUEL_MAX), slices_max: 1, ..RunOptions::default() };
    let RunResult { stdout, error, stats, .. } = run_script(source, &options);
    println!("{name}: output {:016x}, fuel {}, error {error:?}", hash(&stdout), stats.fuel_used);
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3))
}
