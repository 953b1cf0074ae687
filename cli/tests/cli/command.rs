//! Arguments, statuses, reports, limits.

use crate::{Scratch, brisk, brisk_in, error_of, output_of};

fn ran(args: &[&str], input: &str) -> (i32, String, String) {
    let ran = brisk(args, input);
    (ran.status, ran.stdout, ran.stderr)
}

#[test]
fn help_and_version() {
    let (status, stdout, _) = ran(&["--help"], "");
    assert_eq!(status, 0);
    assert!(stdout.contains("Usage:"));
    assert_eq!(ran(&["--version"], "").1, format!("brisk {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_command_lines_are_refused() {
    for args in [
        &["--bogus"][..],
        &["--fuel", "x", "a.ms"],
        &["--memory", "1x", "a.ms"],
        &["--jit", "maybe", "a.ms"],
        &["--dialect", "v3", "a.ms"],
        &["check"],
        &["disasm", "a", "b"],
        &["repl", "a"],
        &["-c"],
    ] {
        let (status, stdout, stderr) = ran(args, "");
        assert_eq!((status, stdout.as_str()), (2, ""), "{args:?}");
        assert!(stderr.contains("--help"), "{args:?}: {stderr}");
    }
    let (status, _, stderr) = ran(&["--dialect", "v2", "-c", "print 1"], "");
    assert_eq!(status, 2);
    assert!(stderr.contains("dialect v2 is not supported yet"), "{stderr}");
}

#[test]
fn machine_code_can_be_required() {
    let (status, stdout, stderr) = ran(&["--jit", "require", "-c", "print 6*7"], "");
    if cfg!(all(feature = "jit", target_arch = "x86_64")) {
        assert_eq!((status, stdout.as_str()), (0, "42\n"), "{stderr}");
    } else {
        assert_eq!((status, stdout.as_str()), (1, ""));
        assert!(stderr.contains("no machine code: not built in"), "{stderr}");
    }
}

#[test]
fn ways_to_name_a_program() {
    let scratch = Scratch::new();
    scratch.file("a.ms", "#!/usr/bin/env brisk\nprint shellArgs\n");
    for args in [
        &["a.ms", "-x", "y"][..],
        &["run", "a.ms", "-x", "y"],
        &["--jit", "off", "a.ms", "-x", "y"],
    ] {
        let ran = brisk_in(&scratch.0, args, "");
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (0, "[\"a.ms\", \"-x\", \"y\"]\n"),
            "{args:?}"
        );
    }
    assert_eq!(brisk_in(&scratch.0, &["--", "a.ms"], "").stdout, "[\"a.ms\"]\n");
    assert_eq!(ran(&["-c", "print shellArgs"], "").1, "[]\n");
    assert_eq!(ran(&["-c", "print shellArgs", "a", "-b"], "").1, "[\"a\", \"-b\"]\n");
    for jit in ["off", "auto", "eager"] {
        assert_eq!(ran(&["--jit", jit, "-c", "print 6*7"], "").1, "42\n", "{jit}");
    }
    assert_eq!(ran(&["-"], "print 6*7").1, "42\n");
    assert_eq!(ran(&[], "print 6*7").1, "42\n");
    assert_eq!(ran(&["run", "-"], "").0, 0);
}

#[test]
fn statuses() {
    for (code, status) in [
        ("", 0),
        ("exit", 0),
        ("exit 3", 3),
        ("exit 256", 0),
        ("exit -1", 255),
        ("exit 2.7", 2),
        ("exit \"x\"", 0),
        ("f = function\nexit 4\nend function\nf\nprint \"no\"", 4),
        ("x = nosuch", 1),
        ("x =", 1),
    ] {
        let (actual, stdout, _) = ran(&["-c", code], "");
        assert_eq!((actual, stdout.as_str()), (status, ""), "{code}");
    }
}

#[test]
fn errors_are_reported_to_the_letter() {
    let code = "print 1\nf = function\nreturn nosuch\nend function\nf";
    let expected =
        "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context [line 3]\n";
    assert_eq!(ran(&["-c", code], ""), (1, "1\n".into(), expected.into()));
    assert_eq!(
        error_of("print 1\nif = 3"),
        "Compiler Error: got OpAssign where number, string, or identifier is required [line 2]\n"
    );
}

#[test]
fn files_that_cannot_be_read() {
    let (status, stdout, stderr) = ran(&["/nonexistent/a.ms"], "");
    let expected = "Error opening file: /nonexistent/a.ms\n";
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (1, "", expected));

    let scratch = Scratch::new();
    scratch.file("a.ms", b"print 1\nprint \"\xff\"\n");
    let ran = scratch.run("a.ms");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("not UTF-8: bad byte at offset 15"), "{}", ran.stderr);
}

#[test]
fn check_reports_everything() {
    let scratch = Scratch::new();
    scratch.file("good.ms", "print 1\n");
    scratch.file("bad.ms", "x = )\ny = 1\nz = ]\n");
    let good = brisk_in(&scratch.0, &["check", "good.ms"], "");
    assert_eq!((good.status, good.stdout, good.stderr), (0, String::new(), String::new()));
    let bad = brisk_in(&scratch.0, &["check", "good.ms", "bad.ms", "none.ms"], "");
    assert_eq!(bad.status, 1);
    for part in ["[bad.ms line 1]\n", "[bad.ms line 3]\n", "Error opening file: none.ms\n"] {
        assert!(bad.stderr.contains(part), "{part} in {}", bad.stderr);
    }
    assert_eq!(bad.stderr.lines().count(), 3, "{}", bad.stderr);
}

#[test]
fn disasm_prints_instructions() {
    let scratch = Scratch::new();
    scratch.file("a.ms", "print 1 + 2\n");
    let ran = brisk_in(&scratch.0, &["disasm", "a.ms"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(!ran.stdout.trim().is_empty());
}

#[test]
fn fuel_ends_a_program() {
    let code = "print 1\nwhile true\nx = 1\nend while";
    let (status, stdout, stderr) = ran(&["--fuel", "100000", "-c", code], "");
    assert_eq!((status, stdout.as_str()), (1, "1\n"));
    assert!(stderr.starts_with("Error: the fuel is spent (100000 units) [line "), "{stderr}");
    assert_eq!(ran(&["--fuel", "100000", "-c", "print 1"], "").0, 0);
    // A script that gives the processor back does not get more.
    let code = "while true\nyield\nend while";
    assert_eq!(ran(&["--fuel", "1000", "-c", code], "").0, 1);
}

#[test]
fn memory_ends_a_program() {
    let code = "l = []\nwhile true\nl.push \"x\" * 1000\nend while";
    let (status, _, stderr) = ran(&["--memory", "4m", "-c", code], "");
    assert_eq!(status, 1);
    assert_eq!(stderr, "Runtime Error: out of memory [line 3]\n");
    let code = "r = new RawData\nr.resize 8000000";
    assert_eq!(
        ran(&["--memory", "4m", "-c", code], "").2,
        "Runtime Error: out of memory [line 2]\n"
    );
}

#[test]
fn stats_go_to_the_standard_error() {
    let (status, stdout, stderr) = ran(&["--stats", "-c", "print 1"], "");
    assert_eq!((status, stdout.as_str()), (0, "1\n"));
    for word in ["fuel used", "collections", "peak bytes", "compile", "run"] {
        assert!(stderr.contains(word), "{word} in {stderr}");
    }
}

#[test]
fn nothing_changes_without_specialization() {
    let code = "s = 0\nfor i in range(1, 1000)\ns = s + i\nend for\nprint s";
    assert_eq!(ran(&["--no-specialize", "-c", code], "").1, output_of(code));
}

#[test]
fn waits_take_their_time() {
    let start = std::time::Instant::now();
    assert_eq!(output_of("wait 0.2\nyield\nprint time >= 0.2"), "1\n");
    assert!(start.elapsed().as_secs_f64() >= 0.2);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut command = std::process::Command::new("/bin/sh");
    let line = "\"$BRISK\" -c 'while true;print \"x\"*1000;end while' | head -c 10 > /dev/null";
    command.arg("-c").arg(line).env("BRISK", env!("CARGO_BIN_EXE_brisk"));
    let ran = crate::finish(command, "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}
