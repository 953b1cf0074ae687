//! Modules.

use crate::{Scratch, brisk_in};

#[test]
fn modules_are_found_beside_the_script_and_in_lib() {
    let scratch = Scratch::new();
    scratch.file(
        "main.ms",
        "import \"a\"\nimport \"b\"\nprint a.x + b.f(2)\nprint globals.hasIndex(\"x\")\n",
    );
    scratch.file("a.ms", "x = 40\n");
    scratch.file("lib/b.ms", "import \"c\"\nf = function(n)\nreturn n * c.one\nend function\n");
    scratch.file("lib/c.ms", "return {\"one\": 1}\n");
    let ran = scratch.run("main.ms");
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "42\n0\n", ""));
    // The directory is the script's, not the current one.
    let ran =
        brisk_in(std::path::Path::new("/"), &[&scratch.0.join("main.ms").to_string_lossy()], "");
    assert_eq!(ran.stdout, "42\n0\n", "{}", ran.stderr);
}

#[test]
fn names_may_have_directories() {
    let scratch = Scratch::new();
    scratch.file("main.ms", "import \"sub/deep\"\nprint globals[\"sub/deep\"].x\n");
    scratch.file("sub/deep.ms", "x = 7\n");
    assert_eq!(scratch.run("main.ms").stdout, "7\n");
}

#[test]
fn the_search_path_is_a_variable() {
    let scratch = Scratch::new();
    scratch.file(
        "main.ms",
        "env.BASE = env.MS_SCRIPT_DIR\n\
         env.MS_IMPORT_PATH = \"/nonexistent:${BASE}/one:$(BASE)/two\"\n\
         import \"m\"\nprint m.x\n",
    );
    scratch.file("two/m.ms", "x = 2\n");
    assert_eq!(scratch.run("main.ms").stdout, "2\n");
    scratch.file("one/m.ms", "x = 1\n");
    assert_eq!(scratch.run("main.ms").stdout, "1\n");
}

#[test]
fn failures() {
    let scratch = Scratch::new();
    for (code, message) in [
        ("import \"nope\"", "import: library not found: nope"),
        ("import", "import: libname required"),
        ("import \"\"", "import: libname required"),
    ] {
        let ran = brisk_in(&scratch.0, &["-c", code], "");
        assert_eq!(ran.status, 1, "{code}");
        assert!(
            ran.stderr.starts_with(&format!("Runtime Error: {message}")),
            "{code}: {}",
            ran.stderr
        );
    }
}

#[test]
fn errors_name_the_module() {
    let scratch = Scratch::new();
    scratch.file("main.ms", "print 1\nimport \"rte\"\nprint 2\n");
    scratch.file("rte.ms", "x = 1\ny = nosuch\n");
    let ran = scratch.run("main.ms");
    let expected = "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context \
                    [rte.ms line 2]\n";
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (1, "1\n", expected));

    scratch.file("main.ms", "import \"bad\"\nprint 2\n");
    scratch.file("bad.ms", "x = 1\n\ny = )\n");
    let ran = scratch.run("main.ms");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("Compiler Error: got RParen"), "{}", ran.stderr);
}

#[test]
fn a_module_runs_each_time_it_is_imported() {
    let scratch = Scratch::new();
    let main = "import \"m\"\nm.x = 5\nprint m.get\nimport \"m\"\nprint m.get\nprint m.trace\n";
    scratch.file("main.ms", main);
    scratch.file(
        "m.ms",
        "print \"running\"\nx = 1\nget = function\nreturn outer.x\nend function\n\
         trace = function\nreturn stackTrace[0]\nend function\n",
    );
    let ran = scratch.run("main.ms");
    assert_eq!(ran.stdout, "running\n5\nrunning\n1\nm.ms line 7\n", "{}", ran.stderr);
}
