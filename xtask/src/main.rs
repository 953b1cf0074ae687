//! Chores of the repository, run as `cargo xtask CHORE`.
#![allow(clippy::print_stdout, clippy::print_stderr)] // It talks to people.

mod abi;
mod bless;
mod c;
mod dist;
mod embedding;
mod engines;
mod fuzz;
mod header;
mod native;
mod startup;
mod tidy;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

const HELP: &str = "usage: cargo xtask CHORE

  tidy                          arrows between modules, file lengths, homes of unsafe, columns, paths in documents
  bless FILE.ms…                writes what the engine prints into the expectations of scripts and examples
  engines [--seed N] [--count N]    compares a build with tail calls and one with the match loop
  header [--check]              makes include/brisk.h from ffi/, or compares it
  fuzz TARGET [--seconds N]     fuzzes one of: source bytecode file differential
  native [--seed N] [--seconds N] [--jobs N] [--assertions] [--file F]
                                compares all ways to run generated programs, with and without machine code
  startup [--brisk PATH]        compares the start and the compiler with those of lua5.4, pair by pair
  c [--only NAME] [--quick]     builds and runs the C and C++ examples, tests and the guide, in every way there is
  abi [--bless]                 compares exported symbols and layouts with tests/abi.txt, or rewrites it
  dist [--prefix DIR]           installs headers, libraries, pkg-config and CMake files
  embedding [--runs N]          compares calls across the C interface with those of Lua 5.4
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.split_first() {
        Some((&"tidy", [])) => tidy::run(),
        Some((&"bless", files)) if !files.is_empty() => bless::run(files),
        Some((&"engines", options)) => engines::run(options),
        Some((&"outcomes", options)) => engines::print_outcomes(options),
        Some((&"fuzz", [target, options @ ..])) => fuzz::run(target, options),
        Some((&"header", options)) => header::run(options),
        Some((&"native", options)) => native::run(options),
        Some((&"native-child", options)) => native::child(options),
        Some((&"startup", options)) => startup::run(options),
        Some((&"c", options)) => c::run(options),
        Some((&"abi", options)) => abi::run(options),
        Some((&"dist", options)) => dist::run(options),
        Some((&"embedding", options)) => embedding::run(options),
        _ => Err(HELP.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// Where builds go that need their own flags.
fn target_folder(name: &str) -> PathBuf {
    let base =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    base.join(name)
}

/// The word after `name`, or `default`.
fn option<'a>(options: &[&'a str], name: &str, default: &'a str) -> &'a str {
    let at = options.iter().position(|word| *word == name);
    at.and_then(|at| options.get(at + 1)).copied().unwrap_or(default)
}

/// The same as a number.
fn number(options: &[&str], name: &str, default: u64) -> Result<u64, String> {
    let text = option(options, name, "");
    if text.is_empty() {
        return Ok(default);
    }
    text.parse().map_err(|_| format!("{name} {text}: not a number"))
}

/// Runs a command and fails when it fails.
fn check(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}
