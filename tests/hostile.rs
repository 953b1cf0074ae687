//! Programs that mean harm: each must end in an error or a spent budget, within its limits and in
//! bounded time, and leave a machine that works.

use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_core::host::{Context, Data, Signature, Values};
use brisk_core::{Dialect, ErrorKind};
use brisk_tests::{Capture, on_thread};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// What a program may end with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The end of the text, with this as the last line printed.
    Prints(&'static str),
    /// Fuel or time is spent.
    Spent,
    /// An error whose message contains this.
    Error(&'static str),
    /// An error of the compiler.
    NoProgram,
    /// Anything but a crash.
    Any,
}

/// Limits of a case.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes: usize,
    fuel: Option<u64>,
    seconds: Option<f64>,
    depth: u32,
    stress: bool,
}

const LIMITS: Limits = Limits {
    bytes: 64 << 20,
    fuel: Some(100_000_000),
    seconds: None,
    depth: 10_000,
    stress: false,
};
/// Debug builds are some forty times slower: they take smaller sizes.
const SLOW: bool = cfg!(debug_assertions);
/// Longest any case may take, the slowest build on a busy machine included.
const TIME_MAX: Duration = Duration::from_secs(30);
/// Stack of the thread a case runs on: what a host's worker thread has, more in debug builds whose
/// frames are large.
const STACK_BYTES: usize = if SLOW { 16 << 20 } else { 1 << 20 };

fn check_with(source: &str, limits: Limits, end: End) {
    let source = source.to_string();
    let shown: String = source.chars().take(200).collect();
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        judge(&source, limits, end);
        let _ = sender.send(());
    });
    let thread = thread.expect("threads can be made");
    match receiver.recv_timeout(TIME_MAX) {
        Err(RecvTimeoutError::Timeout) => panic!("{shown}\nno end within {TIME_MAX:?}"),
        _ => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

fn check(source: &str, end: End) {
    check_with(source, LIMITS, end);
}

fn judge(source: &str, limits: Limits, end: End) {
    let shown: String = source.chars().take(200).collect();
    let output = Capture::default();
    let mut machine = Machine::new(MachineOptions {
        memory_bytes_max: limits.bytes,
        call_depth_max: limits.depth,
        output: Box::new(output.clone()),
        clock: Box::new(Instant::now()),
        ..MachineOptions::default()
    });
    if limits.stress {
        machine.stress_collector();
    }
    let program = match Program::compile(source, Dialect::V1) {
        Ok(program) => program,
        Err(error) => {
            assert!(
                matches!(end, End::NoProgram | End::Any),
                "{shown}\nexpected {end:?}, got {error}"
            );
            return;
        }
    };
    let outcome = match machine.load(&program) {
        Ok(()) => machine.run(Budget { fuel: limits.fuel, seconds: limits.seconds }),
        Err(error) => Outcome::Failed(error),
    };
    let text = output.take();
    let good = match (end, &outcome) {
        (End::Prints(line), Outcome::Finished(_)) => text.lines().last().unwrap_or("") == line,
        (End::Spent, Outcome::BudgetSpent) => true,
        (End::Error(message), Outcome::Failed(error)) => error.message().contains(message),
        (End::Any, _) => true,
        _ => false,
    };
    let tail: String = text.chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
    assert!(good, "{shown}\nexpected {end:?}, got {outcome:?} after printing {tail:?}");
    let stats = machine.stats();
    assert!(
        stats.bytes_peak <= limits.bytes,
        "{shown}: {} bytes of {}",
        stats.bytes_peak,
        limits.bytes
    );
    if let (End::Spent, Some(fuel)) = (end, limits.fuel) {
        // One instruction may do the work of a whole library call before the slice ends.
        assert!(
            stats.fuel_used <= fuel + 40_000_000,
            "{shown}: {} fuel of {fuel}",
            stats.fuel_used
        );
    }
    drop(outcome);
    still_works(&mut machine, &shown);
}

/// The machine runs another program, which asks nothing of what the first may have done to the
/// globals.
fn still_works(machine: &mut Machine, shown: &str) {
    machine.stop();
    machine.set_memory_bytes_max(256 << 20);
    let next = Program::compile("q_ = [1, 2] + [\"x\"]\nq_ = q_[2] + q_[0]", Dialect::V1)
        .expect("it is correct");
    machine.load(&next).unwrap_or_else(|error| panic!("{shown}: cannot load afterwards: {error}"));
    let outcome = machine.run(Budget::UNLIMITED);
    assert!(matches!(outcome, Outcome::Finished(_)), "{shown}: afterwards {outcome:?}");
    let value = machine.global("q_").unwrap_or_else(|error| panic!("{shown}: afterwards {error}"));
    assert_eq!(value.as_ref().and_then(Data::as_text), Some("x1"), "{shown}: afterwards");
    machine.collect();
}

#[test]
fn endless_loops_end_with_the_fuel() {
    let limits = Limits { fuel: Some(if SLOW { 500_000 } else { 20_000_000 }), ..LIMITS };
    for source in [
        "while true\nend while",
        "while 1\n\tx = 1\nend while",
        "s = \"\"\nwhile true\n\ts = str(1)\nend while",
        "f = function\n\tg\nend function\ng = function\n\tx = 1\nend function\nwhile true\n\tf\n\
         end while",
        "m = {}\ni = 0\nwhile true\n\tm[i % 100] = i\n\ti += 1\nend while",
        "while true\n\tx = [1] * 10\nend while",
        "while true\n\tx = range(1, 100)\n\tx.shuffle\nend while",
        "while true\n\tcontinue\nend while",
    ] {
        check_with(source, limits, End::Spent);
    }
}

#[test]
fn keys_that_no_look_up_finds_cost_no_search() {
    let fuel = Some(if SLOW { 500_000 } else { 20_000_000 });
    let limits = Limits { fuel, bytes: 512 << 20, ..LIMITS };
    for source in [
        "m = {}\nnan = 0/0\nwhile true\n\tm[nan] = 1\nend while",
        "m = {1: 1}\nnan = 0/0\nfor kv in m\n\tm[nan] = 1\nend for",
        "nan = 0/0\nwhile true\n\tglobals[nan] = 1\nend while",
    ] {
        check_with(source, limits, End::Spent);
    }
}

#[test]
fn endless_loops_end_with_the_time() {
    let start = Instant::now();
    let limits = Limits { fuel: None, seconds: Some(0.05), ..LIMITS };
    check_with("while true\nend while", limits, End::Spent);
    check_with("while true\n\tx = [1, 2, 3] + [4]\nend while", limits, End::Spent);
    check_with("x = range(1, 100000)\nwhile true\n\tx.sort\nend while", limits, End::Spent);
    assert!(start.elapsed() < Duration::from_secs(10), "took {:?}", start.elapsed());
}

#[test]
fn recursion_ends_at_the_depth_limit() {
    for source in [
        "f = function\n\treturn f\nend function\nf",
        "f = function(x)\n\treturn f(x + 1) + 1\nend function\nf 1",
        "f = function\n\tg\nend function\ng = function\n\tf\nend function\nf",
        "m = {}\nm.f = function\n\treturn self.f\nend function\nm.f",
        "f = function(a, b, c, d, e)\n\tx = [a, b, c]\n\treturn f(x, a, b, c, d)\nend function\n\
         f 1, 2, 3, 4, 5",
    ] {
        check(source, End::Error("Call stack overflow"));
    }
    let deep = Limits { depth: 1_000_000, bytes: 16 << 20, ..LIMITS };
    check_with("f = function(x)\n\treturn f(x + 1) + 1\nend function\nf 1", deep, End::Error(""));
    let shallow = Limits { depth: 3, ..LIMITS };
    check_with(
        "f = function\n\treturn f\nend function\nf",
        shallow,
        End::Error("Call stack overflow"),
    );
}

#[test]
fn strings_stop_growing() {
    check("s = \"ab\"\nwhile true\n\ts = s + s\nend while", End::Error("string too large"));
    check("s = \"ab\"\nwhile true\n\ts += s\nend while", End::Error("string too large"));
    check("s = \"abcdefgh\" * 1e12", End::Error("string too large"));
    check("s = \"abcdefgh\" * 1e300", End::Error("string too large"));
    check(
        "s = \"x\" * 16000000\nprint (s.replace(\"x\", \"yy\")).len",
        End::Error("string too large"),
    );
    check(
        "s = \"x\" * 1000000\nl = [s] * 1000\nprint l.join(s).len",
        End::Error("string too large"),
    );
    check(
        "l = []\nfor i in range(1, 1000)\n\tl.push \"x\" * 100000 + i\nend for",
        End::Error("out of memory"),
    );
}

#[test]
fn lists_stop_growing() {
    check("x = range(0, 1e12)", End::Error(""));
    check("x = range(0, 1e300)", End::Error(""));
    check("x = range(0, 10, 1e-300)", End::Error(""));
    check("x = [1] * 1e12", End::Error(""));
    check("x = [1] * (1/0)", End::Any);
    check("x = [1, 2]\nwhile true\n\tx = x + x\nend while", End::Error(""));
    check("x = [1, 2]\nwhile true\n\tx += x\nend while", End::Error(""));
    check("x = []\nwhile true\n\tx.push 1\nend while", End::Error(""));
    check("x = []\nwhile true\n\tx.insert 0, 1\nend while", End::Any);
    check("x = []\nwhile true\n\tx = [x]\nend while", End::Any);
    check("x = (\"a,\" * 8000000).split(\",\")", End::Error(""));
}

#[test]
fn maps_stop_growing() {
    check(
        "m = {}\ni = 0\nwhile true\n\tm[i] = i\n\ti += 1\nend while",
        End::Error("out of memory"),
    );
    check(
        "m = {}\ni = 0\nwhile true\n\tm[\"k\" + i] = i\n\ti += 1\nend while",
        End::Error("out of memory"),
    );
    check("i = 0\nwhile true\n\tglobals[\"k\" + i] = i\n\ti += 1\nend while", End::Error(""));
    check(
        "f = function\n\ti = 0\n\twhile true\n\t\tlocals[\"k\" + i] = i\n\t\ti += 1\n\
         \tend while\nend function\nf",
        End::Error(""),
    );
    check(
        "l = []\nwhile true\n\tm = {}\n\tm[\"k\" + l.len] = 1\n\tl.push m\nend while",
        End::Error("out of memory"),
    );
}

#[test]
fn containers_may_contain_themselves() {
    check("a = []\na.push a\nprint a.len\ns = str(a)\nprint \"ok\"", End::Prints("ok"));
    check("a = {}\na.a = a\ns = str(a)\nprint \"ok\"", End::Prints("ok"));
    check("a = []\na.push a\nprint a\nprint \"ok\"", End::Prints("ok"));
    check("a = []\na.push a\nb = []\nb.push b\nx = a == b\nprint \"ok\"", End::Prints("ok"));
    check("a = {}\na.a = a\nb = {}\nb.a = b\nx = a == b\nprint \"ok\"", End::Prints("ok"));
    check("a = []\na.push a\nprint hash(a) isa number", End::Prints("1"));
    check("a = {}\na.a = a\nprint hash(a) isa number", End::Prints("1"));
    check("a = []\na.push a\nm = {}\nm[a] = 1\nprint m.hasIndex(a) isa number", End::Prints("1"));
    check("a = {}\na[\"x\"] = a\nm = {}\nm[a] = 1\nprint m[a]", End::Prints("1"));
    check(
        "a = [1]\na.push a\nx = a.sort\ny = a.indexOf(a)\nz = a.join\nprint a.sum isa number",
        End::Any,
    );
    check("a = [1]\nb = [a]\na.push b\nx = a < b\nprint \"ok\"", End::Any);
    check("a = [1]\na.push a\nb = a + a\nb.push b\nx = str(b)\nprint \"ok\"", End::Prints("ok"));
    // A comparison that would take 2^60 steps.
    check(
        "a = []\nb = []\nfor i in range(1, 60)\n\ta = [a, a]\n\tb = [b, b]\nend for\n\
         x = a == b\nprint \"ok\"",
        End::Any,
    );
    check(
        "a = []\nfor i in range(1, 60)\n\ta = [a, a]\nend for\nx = hash(a)\nprint \"ok\"",
        End::Any,
    );
    check(
        "a = []\nfor i in range(1, 60)\n\ta = {1: a, 2: a}\nend for\nm = {}\nm[a] = 1\n\
         print \"ok\"",
        End::Any,
    );
    // Containers as keys of containers as keys: each level would double the steps.
    check(
        "a = {}\nb = {}\nfor i in range(1, 30)\n\ta = {a: 1, [a]: 2}\n\tb = {b: 1, [b]: 2}\n\
         end for\nprint a == b",
        End::Prints("1"),
    );
    check(
        "a = {}\nb = {}\nfor i in range(1, 60000)\n\ta = {a: 1}\n\tb = {b: 1}\nend for\n\
         x = a == b\nm = {}\nm[a] = 1\nx = m.hasIndex(b)\nprint \"ok\"",
        End::Prints("ok"),
    );
    check("a = {}\na[a] = a\nb = {}\nb[b] = b\nx = a == b\nprint \"ok\"", End::Prints("ok"));
    // Nesting that native recursion would not survive.
    check(
        "a = []\nfor i in range(1, 200000)\n\ta = [a]\nend for\nx = str(a)\nx = hash(a)\n\
         print \"ok\"",
        End::Any,
    );
    check(
        "a = []\nb = []\nfor i in range(1, 200000)\n\ta = [a]\n\tb = [b]\nend for\nx = a == b\n\
         print \"ok\"",
        End::Any,
    );
}

#[test]
fn source_nests_only_so_deep() {
    const N: usize = if SLOW { 10_000 } else { 100_000 };
    for (open, middle, close) in [
        ("[", "", "]"),
        ("(", "1", ")"),
        ("{1:", "1", "}"),
        ("-", "1", ""),
        ("not ", "1", ""),
        ("@", "x", ""),
        ("new ", "x", ""),
        ("f(", "1", ")"),
        ("x[", "1", "]"),
        ("x^", "1", ""),
        ("1+(", "1", ")"),
        ("function(a=", "1", ")"),
        ("[(", "1", ")]"),
    ] {
        let deep = |n| format!("x = {}{middle}{}", open.repeat(n), close.repeat(n));
        check(&deep(N), End::NoProgram);
        check(&open.repeat(N), End::NoProgram);
        check(&format!("x = {}", open.repeat(N)), End::NoProgram);
        check(&deep(150), End::Any);
        check(&deep(199), End::Any);
        check(&deep(201), End::Any);
    }
    for (open, close) in [
        ("if 1 then\n", "end if\n"),
        ("while 1\n", "end while\n"),
        ("for i in [1]\n", "end for\n"),
        ("f = function\n", "end function\n"),
        ("if 1 then ", ""),
        ("if 0 then x = 1 else ", ""),
        ("if 0 then\nelse if 1 then\n", "end if\n"),
    ] {
        check(&format!("{}{}", open.repeat(N), close.repeat(N)), End::NoProgram);
        check(&open.repeat(N), End::NoProgram);
        if !close.is_empty() {
            check(&close.repeat(N), End::NoProgram);
        }
        check(&format!("{}{}", open.repeat(150), close.repeat(150)), End::Any);
    }
}

#[test]
fn long_chains_are_judged_quickly() {
    const N: usize = if SLOW { 10_000 } else { 100_000 };
    for link in [
        "+1", "*1", ".a", "[0]", " and 1", " or 1", "==1", "<1", "(1)", "^2", " isa x", "-x",
        "[:]", ".f(1)",
    ] {
        check(&format!("x = 1{}", link.repeat(N)), End::Any);
        check(&format!("x{}", link.repeat(N)), End::Any);
        check(&format!("print x{}", link.repeat(1000)), End::Any);
    }
    check(&format!("x = [{}]", "1,".repeat(N)), End::Any);
    check(&format!("x = {{{}}}", "1:2,".repeat(N)), End::Any);
    check(&format!("f {}1", "1,".repeat(N)), End::Any);
    check(&format!("f = function({}a)\nend function", "a,".repeat(N)), End::Any);
    check(&"else if 1 then\n".repeat(N), End::NoProgram);
    check(&format!("if 0 then\n{}end if", "else if 0 then\nx = 1\n".repeat(20_000)), End::Any);
    let names: String = (0..N).map(|i| format!("a{i} = {i}\n")).collect();
    check(&names, End::Any);
    check(&format!("f = function\n{names}end function\nf"), End::Any);
    let functions: String =
        (0..20_000).map(|i| format!("f{i} = function(x)\nreturn x\nend function\n")).collect();
    check(&functions, End::Any);
}

#[test]
fn long_lines_are_read() {
    const BYTES: usize = if SLOW { 1 << 20 } else { 10 << 20 };
    check(&"x=1;".repeat(BYTES / 4), End::Any);
    check(
        &format!("x = \"{}\"\nprint x.len", "a".repeat(BYTES)),
        End::Prints(if SLOW { "1048576" } else { "10485760" }),
    );
    check(&format!("x = \"{}", "a".repeat(BYTES)), End::NoProgram);
    check(&format!("// {}", "a".repeat(BYTES)), End::Prints(""));
    check(&format!("{} = 1", "a".repeat(BYTES)), End::Any);
    check(&format!("x = {}", "1".repeat(BYTES)), End::Any);
    check(&"#".repeat(BYTES), End::NoProgram);
    check(&"\"".repeat(BYTES), End::Any);
    check(&"\u{1F600}".repeat(BYTES / 4), End::Any);
    check(&"\0".repeat(BYTES), End::Any);
    check(&"\r".repeat(BYTES), End::Any);
    check(&"x ".repeat(BYTES / 2), End::Any);
    check(&"end ".repeat(BYTES / 4), End::NoProgram);
    check(&"function ".repeat(BYTES / 9), End::NoProgram);
}

#[test]
fn long_library_calls_respect_the_budget() {
    let small = Limits { fuel: Some(1000), bytes: 256 << 20, ..LIMITS };
    let make = "x = range(1, 1000000)\n";
    for call in [
        "x.sort",
        "x.shuffle",
        "y = x + x",
        "y = x.join(\",\")",
        "y = x.indexOf(-1)",
        "y = str(x)",
        "y = x == range(1, 1000000)",
        "y = hash(x)",
        "y = (\"a\" * 10000000).upper",
        "y = (\"ab\" * 5000000).replace(\"a\", \"b\")",
        "y = (\"ab\" * 5000000).split(\"b\")",
    ] {
        let source = format!("{make}{call}\nwhile true\nend while");
        check_with(&source, small, End::Spent);
    }
    // Strings that are equal for long, many times over.
    let source = "a = \"x\" * 10000000\nb = \"x\" * 10000000\nwhile true\n\ty = a == b\nend while";
    let timed = Limits { fuel: None, seconds: Some(0.1), ..LIMITS };
    check_with(source, timed, End::Spent);
}

/// What takes time in proportion to the size of a value pays in proportion, wherever it is hidden.
#[test]
fn work_hidden_in_values_is_paid_for() {
    const N: usize = if SLOW { 1000 } else { 100_000 };
    let limits = Limits { fuel: Some(if SLOW { 50_000 } else { 5_000_000 }), ..LIMITS };
    // Each case: what is made first, and what is done again and again.
    let numbers = format!("a = range(1, {N})\nb = range(1, {N})\n");
    let ascii = format!("a = \"x\" * {}\nb = \"x\" * {}\n", 100 * N, 100 * N);
    let unicode = format!("a = \"\u{e9}\" * {}\n", 10 * N);
    let map =
        format!("a = {{}}\nb = {{}}\nfor i in range(1, {N})\n\ta[i] = i\n\tb[i] = i\nend for\n");
    let gaps = format!("{map}a[0] = 0\nfor i in range(2, {N})\n\ta.remove i\nend for\n");
    for (first, again) in [
        // Keys with one hash.
        ("m = {}\n", "m[[0/0]] = 1"),
        ("m = {}\ni = 0\n", "i += 1\nm[{\"x\": [i]}] = 1"),
        ("m = {}\ni = 0\n", "i += 1\nm[[[[[[[[[[1 / i]]]]]]]]]] = 1"),
        ("m = {}\n", "k = []\nm[k] = 1\nk.push 1"),
        ("k = []\n", "k = []\nglobals[k] = 1\nk.push 1"),
        // Keys that are large.
        (&numbers, "m = {1: 1}\nx = m.hasIndex(a)"),
        (&numbers, "m = {1: 1}\nm[a] = 1\nx = m[b]"),
        (&ascii, "m = {1: 1}\nx = m.hasIndex(a[1:])"),
        // Comparing and hashing.
        (&numbers, "x = [a] == [b]"),
        (&numbers, "if [a] != [b] then x = 1"),
        (&numbers, "x = [[a]].indexOf([b])"),
        (&numbers, "x = hash([a])"),
        (&map, "x = a == b"),
        (&map, "x = hash(a)"),
        (&ascii, "x = [a] == [b]"),
        (&ascii, "x = refEquals(a, b)"),
        (&ascii, "x = a - b"),
        (&ascii, "x = [a, b, a, b]\nx.sort"),
        // Copying.
        (&numbers, "x = a[1:]"),
        (&numbers, "x = slice(a, 1)"),
        (&map, "x = a + {}"),
        (&map, "x = {} + a"),
        (&ascii, "x = a[1:5]\nx = a[:-9]\nx = a[9:a.len / 3]"),
        (&ascii, "x = \"y\".insert(0, a)"),
        (&ascii, "x = \"y\".replace(\"y\", a)"),
        // Characters of several bytes, which must be counted.
        (&unicode, "x = a[-1]"),
        (&unicode, "x = a[-9:-1]"),
        (&unicode, "for c in a\n\t__c_idx = a.len - 9\nend for"),
        // Texts of values, and values of texts.
        (&numbers, "x = str(a)"),
        (&numbers, "x = \"\" + a"),
        (&numbers, "x = \"\".indexOf(a)"),
        ("a = \"7\" * 1000000\n", "x = a.val"),
        ("a = \" \" * 1000000\n", "x = a.val"),
        ("a = 1e308\n", "x = str(a)"),
        // Entries that are no longer there.
        (&gaps, "x = a.sum"),
        (&gaps, "x = a.indexes"),
        (&gaps, "x = a == {}\nx = a + {}\nx = str(a)"),
        (&gaps, "for kv in b\n\tb.remove kv.key\n\tb[kv.key] = 1\n\tbreak\nend for"),
        // Calls that are many.
        (
            "f = function(n)\n\tif n > 0 then return f(n - 1)\n\twhile true\n\t\tx = stackTrace\n\
          \tend while\nend function\n",
            "f 5000",
        ),
    ] {
        check_with(&format!("{first}while true\n{again}\nend while"), limits, End::Spent);
    }
}

/// Searches compare values of any size any number of times: a budget ends one in the middle.
#[test]
fn searches_among_large_values_are_left_and_go_on() {
    const N: usize = if SLOW { 1000 } else { 1_000_000 };
    let limits = Limits { fuel: Some(if SLOW { 50_000 } else { 5_000_000 }), ..LIMITS };
    let values = "a = range(1, 3000)\nb = a[:]\nb[-1] = 0\n";
    for (many, search) in [
        ("x = [a] * N", "x.indexOf b"),
        ("x = [a] * N", "x.replace b, 1"),
        ("x = [[a]] * N", "x.indexOf [b]"),
        ("x = {}\nfor i in range(1, N / 10)\n\tx[i] = a\nend for", "x.indexOf b"),
        ("x = {}\nfor i in range(1, N / 10)\n\tx[i] = a\nend for", "x.replace b, 1"),
    ] {
        let many = many.replace('N', &N.to_string());
        check_with(&format!("{values}{many}\n{search}\nwhile true\nend while"), limits, End::Spent);
    }
    // Few long texts, very often.
    let texts = "a = \"x\" * 300000\n";
    let sort = format!("{texts}x = [a + \"b\", a + \"a\"] * {}\nx.sort\nprint x[0][-1]", N / 5);
    check_with(&sort, LIMITS, End::Prints("a"));
    let equal = format!("{texts}b = a + \"\"\nprint [a[:-1]] * {N} == [b[:-1]] * {N}");
    check_with(&equal, LIMITS, End::Prints("1"));
}

/// Where memory is nearly full, each collection gives little back.
#[test]
fn collecting_nearly_full_memory_is_paid_for() {
    const BYTES: usize = if SLOW { 1 << 20 } else { 32 << 20 };
    let small = Limits { bytes: BYTES, ..LIMITS };
    let fits = |source: &str| {
        let (options, program) = (
            MachineOptions { memory_bytes_max: small.bytes, ..MachineOptions::default() },
            Program::compile(source, Dialect::V1).expect("it is correct"),
        );
        let mut machine = Machine::new(options);
        machine.load(&program).is_ok()
            && matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_))
    };
    for (fill, item_bytes) in
        [("a = [1] * N", 8), ("a = [0]\nfor i in range(1, N)\n\ta.push [i]\nend for", 56)]
    {
        for again in ["x = [1, 2]", "x = \"abc\" * 30"] {
            let filled = |n: usize| format!("{}\n{again}", fill.replace('N', &n.to_string()));
            // As many as fit, found by halving.
            let (mut most, mut step) = (0, (BYTES / item_bytes).next_power_of_two());
            while step > 0 {
                if fits(&filled(most + step)) {
                    most += step;
                }
                step /= 2;
            }
            let most = most - most / 10_000;
            let limits = Limits { fuel: Some(most as u64 * 12 + 5_000_000), ..small };
            let source = format!("{}\nwhile true\n\t{again}\nend while", filled(most));
            check_with(&source, limits, End::Any);
        }
    }
}

#[test]
fn parents_may_be_many_or_in_a_circle() {
    let chain = "a = {\"z\": 1}\nfor i in range(1, 100000)\n\ta = {\"__isa\": a}\nend for\n";
    check(&format!("{chain}print a.z"), End::Any);
    check(&format!("{chain}print a.nothing"), End::Any);
    check(&format!("{chain}print a isa map"), End::Any);
    check(&format!("{chain}b = new a\nprint b isa a"), End::Any);
    check("a = {}\nb = {\"__isa\": a}\na.__isa = b\nprint a.x", End::Error(""));
    check("a = {}\na.__isa = a\nprint a.x", End::Error(""));
    check("a = {}\na.__isa = a\nprint a isa number", End::Any);
    check(
        "a = {}\na.__isa = a\nfor x in a\nend for\nb = new a\nprint b == a\n\
         print a.hasIndex(\"x\")",
        End::Any,
    );
    check("a = {}\na.__isa = a\na.f = function\n\tsuper.f\nend function\na.f", End::Any);
    check("map.__isa = map\na = {}\nprint a.x", End::Any);
    check("list.__isa = map\nmap.__isa = list\nprint [1].x", End::Any);
}

#[test]
fn the_language_may_be_vandalized() {
    for source in [
        "globals.remove \"print\"\nprint 1",
        "print = null\nprint 1",
        "for k in intrinsics.indexes\n\tintrinsics.remove k\nend for\nprint 1",
        "for k in map.indexes\n\tmap.remove k\nend for\nprint {}.len",
        "for t in [number, string, list, map, funcRef]\n\tfor k in t.indexes\n\t\tt[k] = null\n\
         \tend for\nend for\nprint [1].len",
        "globals = 5\nlocals = 6\nouter = 7\nself = 8\nprint globals",
        "g = globals\nfor k in g.indexes\n\tg.remove k\nend for\nprint g",
        "f = function\n\tl = locals\n\tl.remove \"l\"\n\tl.l = locals\n\treturn l\n\
         end function\nprint f",
        "g = globals\ng.g = g\nprint g == globals\nprint hash(g)",
        "string.f = function\n\treturn self.f\nend function\nprint \"a\".f",
        "f = function\n\tlocals[\"f\"] = @f\n\tf\nend function\nf",
        "x = {}\nx[x] = x\nx.remove x\nprint x",
        "x = [3, 1, 2]\nfor i in x\n\tx.remove 0\nend for\nprint x",
        "x = {1: 1, 2: 2, 3: 3}\nfor kv in x\n\tx.remove kv.key\n\tx[kv.key + 10] = 1\n\
         \tif x.len > 1000 then break\nend for",
        "x = {1: 1}\nfor kv in x\n\tx[kv.key + 1] = 1\n\tif x.len > 10000 then break\nend for\n\
         print x.len",
        "l = [2, 1]\nl.sort l\nprint l",
        "m = {}\nm.push m\nm.pull\nm.pop\nm.shuffle\nprint m",
    ] {
        check(source, End::Any);
        check_with(source, Limits { stress: true, fuel: Some(20_000), ..LIMITS }, End::Any);
    }
}

#[test]
fn strange_arguments_are_taken() {
    let strange = [
        "null",
        "0",
        "-1",
        "1e300",
        "-1e300",
        "0/0",
        "1/0",
        "\"\"",
        "\"x\"",
        "[]",
        "[1]",
        "{}",
        "{1:2}",
        "@print",
        "4294967296",
        "-2147483649",
        "0.5",
        "\"\u{1F600}\"",
        "list",
        "globals",
    ];
    let names: Vec<&str> = brisk_core::intrinsics::TABLE
        .iter()
        .map(|i| i.name)
        .filter(|name| *name != "wait")
        .collect();
    let strange = if SLOW { &strange[..9] } else { &strange[..] };
    for name in names {
        let mut source = String::new();
        for a in strange {
            for b in strange {
                // Errors end a program, so each pair is a program of its own; all of one name
                // share a machine.
                source
                    .push_str(&format!("x_ = {name}({a}, {b}, {a})\n\u{0}x_ = {name}({a})\n\u{0}"));
            }
        }
        let name = name.to_string();
        on_thread(STACK_BYTES, move || {
            let mut machine = Machine::new(MachineOptions {
                memory_bytes_max: 16 << 20,
                ..MachineOptions::default()
            });
            for text in source.split('\u{0}') {
                let program = Program::compile(text, Dialect::V1).expect("it is correct");
                machine.load(&program).unwrap_or_else(|error| panic!("{name}: {error}"));
                match machine.run(Budget::fuel(1_000_000)) {
                    Outcome::Failed(error) => {
                        assert_ne!(error.kind(), ErrorKind::Host, "{text}: {error}")
                    }
                    Outcome::BudgetSpent | Outcome::Yielded | Outcome::Finished(_) => {}
                    outcome => panic!("{text}: {outcome:?}"),
                }
            }
        });
    }
}

#[test]
fn budgets_hold_inside_native_functions() {
    let run = |source: &'static str, budget: Budget| {
        on_thread(STACK_BYTES, move || {
            let mut machine = Machine::new(MachineOptions {
                clock: Box::new(Instant::now()),
                ..MachineOptions::default()
            });
            let apply = |context: &mut Context<'_>| match context.value(0)? {
                Data::List(list) => match context.list_get(&list, 0)? {
                    Some(Data::Function(function)) => Ok(context.call(&function, &[])?),
                    _ => Ok(Data::Null),
                },
                _ => Ok(Data::Null),
            };
            machine.register(&Signature::new("apply").param("functions"), apply).expect("it fits");
            let program = Program::compile(source, Dialect::V1).expect("it is correct");
            machine.load(&program).expect("it fits");
            let outcome = machine.run(budget);
            assert!(
                matches!(outcome, Outcome::BudgetSpent | Outcome::Failed(_)),
                "{source}: {outcome:?}"
            );
            still_works(&mut machine, source);
        });
    };
    let once = "f = function\n\twhile true\n\t\tx = 1\n\tend while\nend function\napply [@f]";
    let often = "f = function\n\tfor i in range(1, 1000)\n\tend for\nend function\nwhile true\n\
        \tapply [@f]\nend while";
    for source in [once, often] {
        run(source, Budget::seconds(0.05));
        run(source, Budget::fuel(100_000));
        run(source, Budget { fuel: Some(100_000), seconds: Some(0.05) });
    }
}

#[test]
fn small_memories_are_enough_to_fail_in() {
    let program = "l = []\nfor i in range(1, 100000)\n\
        \tl.push {\"a\": i, \"b\": [i], \"c\": \"text \" + i}\nend for\nprint \"end\"";
    for bytes in [0, 1000, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20] {
        if SLOW && bytes > 64 << 10 {
            continue;
        }
        for stress in [false, true] {
            let limits = Limits { bytes, stress, ..LIMITS };
            check_with(program, limits, End::Error(""));
            check_with("a = {}\na.a = a\nprint a.len", limits, End::Any);
        }
    }
    // Garbage does not count: a machine with 256 KB makes any number of lists.
    let limits = Limits { bytes: 256 << 10, fuel: None, ..LIMITS };
    check_with(
        "for i in range(1, 1000)\n\tx = [i] * 100\n\ty = \"abc\" * i\nend for\nprint i",
        limits,
        End::Prints("1000"),
    );
}
