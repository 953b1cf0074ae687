//! Compares what crossing the C interface costs with Lua 5.4's: `cargo xtask embedding [--runs N]`.
//!
//! Both engines are linked into one program, `bench/c/embedding.c`, which measures them in turns.

use crate::c::{Compiler, Link, output_of};
use crate::{dist, option, root, target_folder};
use std::process::Command;

/// Builds and runs.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let prefix = target_folder("dist");
    dist::install(&prefix)?;
    let Some(compiler) = Compiler::c().into_iter().next() else {
        return Err("no C compiler is there".to_string());
    };
    let source = root().join("bench/c/embedding.c");
    let program = target_folder("c").join("embedding");
    let flags = output_of(Command::new("pkg-config").args(["--cflags", "--libs", "lua5.4"]))
        .unwrap_or_else(|_| "-I/usr/include/lua5.4 -llua5.4".to_string());
    let mut more = vec!["-O2"];
    // Libraries come after the file that needs them.
    let (first, last): (Vec<&str>, Vec<&str>) =
        flags.split_whitespace().partition(|flag| flag.starts_with("-I"));
    more.extend(first);
    more.push("-Wl,--no-as-needed");
    more.extend(last);
    if compiler.build(&source, &program, &prefix, Link::Static, &more).is_err() {
        more.retain(|flag| !flag.contains("lua") && *flag != "-Wl,--no-as-needed");
        more.push("-DWITHOUT_LUA");
        compiler.build(&source, &program, &prefix, Link::Static, &more)?;
        println!("without Lua: liblua5.4-dev is not there");
    }
    print!("{}", output_of(Command::new(&program).arg(option(options, "--runs", "15")))?);
    Ok(())
}
