//! Bytecode files: built, run, checked, listed; and what happens to bad ones.

use crate::{Ran, Scratch, brisk_in};
use std::fs;

const SCRIPT: &str = "f = function(x, y=2)\n\treturn x + y\nend function\nprint f(1)\n\
    print @f\nprint shellArgs\nprint [] + nosuch\n";

/// A directory with `a.ms` and, built from it, `a.brk`.
fn built(script: &str, options: &[&str]) -> Scratch {
    let scratch = Scratch::new();
    scratch.file("a.ms", script);
    let ran = run(&scratch, &[&["build", "a.ms"], options].concat());
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    scratch
}

fn run(scratch: &Scratch, args: &[&str]) -> Ran {
    brisk_in(&scratch.0, args, "")
}

#[test]
fn what_is_built_runs_like_its_source() {
    let scratch = built(SCRIPT, &[]);
    let from_source = run(&scratch, &["a.ms", "x"]);
    assert_eq!(from_source.status, 1);
    assert!(from_source.stderr.contains("[line 7]"), "{}", from_source.stderr);
    // The name does not matter.
    fs::copy(scratch.0.join("a.brk"), scratch.0.join("b.ms")).expect("it can be copied");
    for args in [&["a.brk", "x"][..], &["run", "a.brk", "x"], &["--jit", "off", "b.ms", "x"]] {
        let from_file = run(&scratch, args);
        assert_eq!(
            from_file.stdout.replace(".brk", ".ms").replace("b.ms", "a.ms"),
            from_source.stdout
        );
        assert_eq!((from_file.status, &from_file.stderr), (1, &from_source.stderr), "{args:?}");
    }
    let listing = run(&scratch, &["disasm", "a.ms"]);
    assert!(listing.stdout.contains("function 1 f(x, y=2)"), "{}", listing.stdout);
    assert_eq!(run(&scratch, &["disasm", "a.brk"]), listing);
    let check = run(&scratch, &["check", "a.brk", "a.ms"]);
    assert_eq!(
        (check.status, check.stdout.as_str(), check.stderr.as_str()),
        (0, "a.brk: OK\n", "")
    );
}

#[test]
fn what_is_stripped_prints_the_same_and_knows_no_lines() {
    let scratch = built(SCRIPT, &["--strip", "-o", "s.brk"]);
    let (from_source, stripped) = (run(&scratch, &["a.ms"]), run(&scratch, &["s.brk"]));
    assert_eq!(stripped.stdout.replace("s.brk", "a.ms"), from_source.stdout);
    assert_eq!(
        (stripped.status, stripped.stderr.as_str()),
        (1, "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context\n")
    );
    let listing = run(&scratch, &["disasm", "s.brk"]).stdout;
    assert!(listing.contains("function 1 ?(x, y=2)") && !listing.contains(" L1"), "{listing}");

    let scratch = built("while true\nx = 1\nend while", &["--strip"]);
    let spent = run(&scratch, &["--fuel", "1000", "a.brk"]);
    assert_eq!(spent.stderr, "Error: the fuel is spent (1000 units)\n");
}

#[test]
fn files_are_built_from_files() {
    let scratch = built(SCRIPT, &[]);
    for (args, status) in [
        (&["build", "a.brk", "--strip", "-o", "b.brk"][..], 0),
        (&["build", "--strip", "-o", "c.brk", "a.ms"], 0),
        (&["build", "a.brk"], 1),
        (&["build", "-o", "./a.ms", "a.ms"], 1),
        (&["build", "none.ms"], 1),
        (&["build", "a.ms", "-o", "no/such/directory/a.brk"], 1),
    ] {
        let ran = run(&scratch, args);
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.is_empty(), status == 0, "{args:?}: {}", ran.stderr);
    }
    let bytes = |name| fs::read(scratch.0.join(name)).expect("it is there");
    assert_eq!(bytes("b.brk"), bytes("c.brk"));
    assert_eq!(bytes("a.ms"), SCRIPT.as_bytes());

    let bad = Scratch::new();
    bad.file("a.ms", "x = )\n");
    let ran = run(&bad, &["build", "a.ms"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("[line 1]"), "{}", ran.stderr);
    assert!(!bad.0.join("a.brk").exists());
}

#[test]
fn the_standard_input_can_be_bytecode() {
    let scratch = Scratch::new();
    let ran = brisk_in(&scratch.0, &["build", "-", "-o", "a.brk"], "print 6*7");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let file = fs::File::open(scratch.0.join("a.brk")).expect("it is there");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brisk"));
    let output = command.arg("-").stdin(file).output().expect("the command runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n");
}

#[test]
fn bad_files_are_refused_by_name() {
    let scratch = built(SCRIPT, &[]);
    let good = fs::read(scratch.0.join("a.brk")).expect("it is there");
    let mut damaged = good.clone();
    damaged[60] ^= 1;
    let mut as_text = good.clone();
    as_text.remove(4);
    for (bytes, message) in [
        (&good[..good.len() - 1], "is truncated"),
        (&good[..20], "is truncated"),
        (&damaged, "is damaged: the checksum is wrong"),
        (&as_text, "is damaged: it was treated as text"),
    ] {
        scratch.file("bad.brk", bytes);
        for args in [
            &["bad.brk"][..],
            &["check", "bad.brk"],
            &["disasm", "bad.brk"],
            &["build", "bad.brk", "-o", "new.brk"],
        ] {
            let ran = run(&scratch, args);
            assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{args:?}");
            let expected = format!("Error: the bytecode file {message}");
            assert!(ran.stderr.starts_with(&expected), "{args:?}: {}", ran.stderr);
            assert!(ran.stderr.ends_with(" [bad.brk]\n"), "{args:?}: {}", ran.stderr);
        }
    }
}
