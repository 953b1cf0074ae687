//! Compares the two engines of the interpreter: `cargo xtask engines`. One process holds one
//! engine, so this builds itself twice and compares what both print.

use crate::{check, number, root, target_folder};
use brisk_tests::{RunOptions, RunResult, corpus, generate, on_thread, run_script};
use std::process::Command;

/// Fuel of a program: some scripts of the corpus are long.
const FUEL_MAX: u64 = 50_000_000;

/// Builds, runs and compares.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let first = number(options, "--seed", 1_000_000)?.to_string();
    let count = number(options, "--count", 2000)?.to_string();
    let mut outcomes = Vec::new();
    for engine in ["tail", "loop"] {
        let target = target_folder(&format!("engine-{engine}"));
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
        cargo.current_dir(root()).args(["build", "--quiet", "--release", "--package", "xtask"]);
        // Linking the whole program at once takes long and changes nothing here.
        cargo
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        check(cargo.env("CARGO_TARGET_DIR", &target).env("BRISK_ENGINE", engine))?;
        let mut child = Command::new(target.join("release/xtask"));
        let output = child.args(["outcomes", "--seed", &first, "--count", &count]).output();
        let output = output.map_err(|error| format!("{engine}: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "{engine}: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        outcomes.push(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let difference = corpus::difference(&outcomes[0], &outcomes[1]);
    if !difference.is_empty() {
        return Err(format!(
            "tail calls (expected) and the match loop (got) differ:\n{difference}"
        ));
    }
    println!("engines: {} programs do the same on both", outcomes[0].lines().count());
    Ok(())
}

/// Prints a line for every program: what one of the two children does.
pub(crate) fn print_outcomes(options: &[&str]) -> Result<(), String> {
    let (first, count) = (number(options, "--seed", 0)?, number(options, "--count", 100)?);
    on_thread(16 << 20, move || {
        for case in corpus::all() {
            print_outcome(&case.name, &case.source);
        }
        for seed in first..first + count {
            print_outcome(&format!("seed {seed}"), &generate::program(seed));
        }
    });
    Ok(())
}

fn print_outcome(name: &str, source: &str) {
    let options = RunOptions { slice: Some(FUEL_MAX), slices_max: 1, ..RunOptions::default() };
    let RunResult { stdout, error, stats, .. } = run_script(source, &options);
    println!("{name}: output {:016x}, fuel {}, error {error:?}", hash(&stdout), stats.fuel_used);
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3))
}
