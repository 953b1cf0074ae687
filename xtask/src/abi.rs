//! What the library promises to programs that are compiled already: `cargo xtask abi [--bless]`.
//!
//! `tests/abi.txt` has every exported symbol, and the sizes, offsets and numbers that `tests/c/abi.c`
//! prints. Within a major version lines may only be added.

use crate::c::{Compiler, Link, output_of};
use crate::{dist, root, target_folder};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Compares or rewrites.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let prefix = target_folder("dist");
    dist::install(&prefix)?;
    compare(&prefix, options.contains(&"--bless"))
}

/// The same for a tree that is installed already.
pub(crate) fn compare(prefix: &Path, bless: bool) -> Result<(), String> {
    let Some(compiler) = Compiler::c().into_iter().next() else {
        println!("skipped: the ABI; no C compiler is there");
        return Ok(());
    };
    let symbols = symbols(prefix)?;
    let foreign: Vec<&str> =
        symbols.iter().map(String::as_str).filter(|name| !name.starts_with("brisk_")).collect();
    if !foreign.is_empty() {
        return Err(format!("the shared library exports more than brisk_*: {}", foreign.join(" ")));
    }
    let program = target_folder("c").join("abi");
    compiler.build(&root().join("tests/c/abi.c"), &program, prefix, Link::Static, &[])?;
    let mut text = String::from(
        "# Exported symbols, sizes, offsets and numbers on 64-bit systems: cargo xtask abi --bless\n",
    );
    for name in &symbols {
        text += &format!("symbol {name}\n");
    }
    text += &output_of(&mut Command::new(&program))?;

    // The header declares what is exported, and nothing else.
    let header = fs::read_to_string(prefix.join("include/brisk.h")).map_err(|e| e.to_string())?;
    let undeclared: Vec<&str> = symbols
        .iter()
        .map(String::as_str)
        .filter(|name| !header.contains(&format!("{name}(")))
        .collect();
    if !undeclared.is_empty() {
        return Err(format!("exported, but not in brisk.h: {}", undeclared.join(" ")));
    }

    let path = root().join("tests/abi.txt");
    if bless {
        return dist::write(&path, &text);
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let mut wrong = Vec::new();
    wrong.extend(
        known.lines().filter(|line| !text.lines().any(|l| l == *line)).map(|l| format!("- {l}")),
    );
    wrong.extend(
        text.lines().filter(|line| !known.lines().any(|l| l == *line)).map(|l| format!("+ {l}")),
    );
    if !wrong.is_empty() {
        return Err(format!(
            "{}\nthe ABI differs from tests/abi.txt; if that is meant: cargo xtask abi --bless",
            wrong.join("\n")
        ));
    }
    println!(
        "abi: {} symbols and {} other facts as in tests/abi.txt",
        symbols.len(),
        text.lines().count() - symbols.len() - 1
    );
    Ok(())
}

fn symbols(prefix: &Path) -> Result<Vec<String>, String> {
    let file = if cfg!(target_os = "macos") { "libbrisk.dylib" } else { "libbrisk.so" };
    let mut nm = Command::new("nm");
    if cfg!(target_os = "macos") {
        nm.arg("-gU");
    } else {
        nm.args(["-D", "--defined-only"]);
    }
    let text = output_of(nm.arg(prefix.join("lib").join(file)))?;
    let mut names: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| if cfg!(target_os = "macos") { name.trim_start_matches('_') } else { name })
        .map(str::to_string)
        .collect();
    names.sort();
    Ok(names)
}
