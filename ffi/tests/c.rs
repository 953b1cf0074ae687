//! The C tests in short: each of `tests/c` compiled with the first compiler that is there, linked with
//! the library of this build, and run with small counts. All ways to build, valgrind, sanitizers and the
//! installed tree are `cargo xtask c`.
#![allow(clippy::print_stdout)] // It says what it leaves out.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the static library needs; xtask compares its list with the compiler's.
const NATIVE_LIBS: &[&str] = if cfg!(target_os = "macos") {
    &["-lSystem", "-lc", "-lm"]
} else {
    &["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]
};

/// Where cargo put the static library: beside this test, or above.
fn library() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?;
    let deps = exe.parent()?;
    let places = [deps.to_path_buf(), deps.parent()?.to_path_buf()];
    places.iter().map(|place| place.join("libbrisk.a")).find(|path| path.exists())
}

fn first(names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success())
    })
}

/// Compiles and runs one test; what went wrong.
fn check(compiler: &str, standard: &str, source: &Path, library: &Path) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace('.', "-"));
    let mut command = Command::new(compiler);
    command.args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]);
    command.arg(root.join("include")).arg(source).arg(library).args(NATIVE_LIBS);
    let built = command.arg("-o").arg(&program).output().map_err(|error| error.to_string())?;
    if !built.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&built.stderr)));
    }
    // Without optimization 200 levels of scripts that natives call take 16 MB of stack.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -s 65000 2>/dev/null; exec \"$0\""]).arg(&program);
    let ran = shell.env("BRISK_QUICK", "1").output();
    let ran = ran.map_err(|error| error.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr)))
}

#[test]
fn the_c_tests_pass() {
    let (c, cpp) = (first(&["gcc", "clang"]), first(&["g++", "clang++"]));
    let Some(library) = library().filter(|_| cfg!(unix)) else {
        println!("skipped: no static library, or no Unix");
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/c");
    let mut sources: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("tests/c").flatten().map(|entry| entry.path()).collect();
    sources.sort();
    let mut wrong = Vec::new();
    for source in &sources {
        let (compiler, standard) = match source.extension().and_then(|end| end.to_str()) {
            Some("c") => (c, "-std=c99"),
            Some("cpp") => (cpp, "-std=c++17"),
            _ => continue,
        };
        let Some(compiler) = compiler else {
            println!("skipped: {}: no compiler is there", source.display());
            continue;
        };
        wrong.extend(check(compiler, standard, source, &library).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
