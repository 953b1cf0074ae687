//! Builds and runs a fuzz target on the stable compiler: `cargo xtask fuzz`. (`cargo fuzz` itself
//! wants a nightly one.)

use crate::{check, number, root, target_folder};
use std::fs;
use std::process::Command;

/// Counters and comparisons for libFuzzer, without sanitizers.
const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the targets and runs one.
pub(crate) fn run(target: &str, options: &[&str]) -> Result<(), String> {
    let seconds = number(options, "--seconds", 60)?;
    let folder = root().join("fuzz");
    let build = target_folder("fuzz");
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    cargo.current_dir(&folder).args(["build", "--quiet", "--release", "--bin", target]);
    cargo.args(["--target", env!("HOST")]);
    check(cargo.env("CARGO_TARGET_DIR", &build).env("RUSTFLAGS", FLAGS))?;
    // New inputs go beside the build; the corpus of the repository stays small.
    let found = build.join("corpus").join(target);
    let artifacts = folder.join("artifacts").join(target);
    for made in [&found, &artifacts] {
        fs::create_dir_all(made).map_err(|error| format!("{}: {error}", made.display()))?;
    }
    let mut fuzzer = Command::new(build.join(env!("HOST")).join("release").join(target));
    fuzzer.current_dir(&folder);
    fuzzer.arg(format!("-max_total_time={seconds}")).arg("-dict=miniscript.dict");
    fuzzer.args(["-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=1"]);
    fuzzer.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzzer.arg(&found);
    // The seeds are source texts; what damages bytecode has its seeds inside the target.
    for seeds in [format!("corpus/{target}"), "corpus/differential".into()] {
        if !matches!(target, "bytecode" | "file") && folder.join(&seeds).is_dir() {
            fuzzer.arg(seeds);
            break;
        }
    }
    check(&mut fuzzer)
}
