//! The hash of a machine's state: the same for the same program however it runs, another after any
//! change.

use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome};
use brisk_core::host::{Data, ObjectType, Signature, Values};
use brisk_core::{Dialect, Program};
use brisk_tests::{Native, RunOptions, corpus, machine, on_thread, run_script};
use std::collections::HashMap;
use std::sync::Arc;

/// Stack of the thread the corpus runs on; debug builds have large frames.
const STACK_BYTES: usize = 16 << 20;

fn run(machine: &mut Machine, source: &str) -> u64 {
    let program = Program::compile(source, Dialect::V1).unwrap_or_else(|e| panic!("{source}\n{e}"));
    machine.load(&program).expect("it fits");
    match machine.run(Budget::UNLIMITED) {
        Outcome::Finished(_) => machine.state_hash(),
        outcome => panic!("{source}\n{outcome:?}"),
    }
}

fn hash_of(source: &str) -> u64 {
    run(&mut Machine::new(MachineOptions::default()), source)
}

#[test]
fn all_ways_to_run_end_in_the_same_state() {
    on_thread(STACK_BYTES, || {
        let mut different = Vec::new();
        // Debug builds are slow.
        let every = if cfg!(debug_assertions) { 8 } else { 1 };
        for case in corpus::all().into_iter().step_by(every) {
            // What runs into a limit does so where the way to run decides.
            let plain = run_script(&case.source, &RunOptions::default());
            if case.name.contains("/limit/") {
                continue;
            }
            let all = [
                RunOptions { quicken: false, ..RunOptions::default() },
                RunOptions { slice: Some(7), ..RunOptions::default() },
                RunOptions { native: Native::Eager, ..RunOptions::default() },
                RunOptions { native: Native::Eager, slice: Some(50), ..RunOptions::default() },
            ];
            for options in all {
                if run_script(&case.source, &options).state != plain.state {
                    different.push(format!("{} under {options:?}", case.name));
                }
            }
        }
        assert!(different.is_empty(), "{}", different.join("\n"));
    });
}

/// The numbers themselves, so that platforms and builds can be compared: they change only with
/// `VERSION` in `value/digest.rs`, or, where there are functions, with the compiler.
#[test]
fn hashes_are_the_same_everywhere() {
    for (source, expected) in [
        ("", EMPTY),
        (
            "a = 1\nb = \"text\"\nc = [1.5, null, {\"k\": \"longer than the longest short one\"}]",
            DATA,
        ),
    ] {
        assert_eq!(hash_of(source), expected, "{source}");
    }
}

const EMPTY: u64 = 3_107_775_926_781_224_292;
const DATA: u64 = 16_269_202_989_463_777_182;

/// Each of these is another state.
#[test]
fn what_is_different_has_another_hash() {
    let sources = [
        "",
        "a = 1",
        "b = 1",
        "a = 2",
        "a = \"1\"",
        "a = null",
        "a = -0.0",
        "a = 0",
        "a = 0.1 + 0.2",
        "a = 0.3",
        "a = 1\nb = 2",
        "b = 2\na = 1",
        "a = []",
        "a = {}",
        "a = [1]",
        "a = [[1]]",
        "a = [1, 2]",
        "a = [2, 1]",
        "a = {1: 2}",
        "a = {\"x\": 1, \"y\": 2}",
        "a = {\"y\": 2, \"x\": 1}",
        "a = \"abc\"",
        "a = \"abcdef\"",
        "a = \"abcdeg\"",
        "a = [\"ab\", \"c\"]",
        "a = [\"a\", \"bc\"]",
        "a = \"x\" * 100",
        "a = \"x\" * 101",
        // Which places hold the same object.
        "b = []\na = [b, b]\nb = null",
        "b = []\na = [b, []]\nb = null",
        "a = []\na.push a",
        "a = [[]]\na[0].push a",
        "a = [[]]\na[0].push a[0]",
        "a = globals",
        // Functions: their code, their place, their scope.
        "a = function\n\treturn 1\nend function",
        "a = function\n\treturn 2\nend function",
        "a = function(x)\n\treturn 1\nend function",
        "a = function(x=1)\n\treturn 1\nend function",
        "a = function\n\treturn 1\nend function\nb = @a",
        "a = function\n\treturn 1\nend function\nb = function\n\treturn 1\nend function",
        "a = @print",
        "a = @str",
        "f = function(n)\n\tg = function\n\t\treturn n\n\tend function\n\treturn @g\nend function\na = f(1)",
        "f = function(n)\n\tg = function\n\t\treturn n\n\tend function\n\treturn @g\nend function\na = f(2)",
        // Parents.
        "a = {}\nb = new a",
        "a = {}\nb = {}",
        // The maps of types.
        "list.twice = function\n\treturn 1\nend function",
        "string.twice = function\n\treturn 1\nend function",
        "list.remove \"push\"",
        "number.x = 1",
        // Random numbers.
        "rnd",
        "rnd\nrnd",
    ];
    let mut known = HashMap::new();
    for source in sources {
        if let Some(other) = known.insert(hash_of(source), source) {
            panic!("the same hash:\n{other}\n\n{source}");
        }
        assert_eq!(hash_of(source), hash_of(source), "{source}");
    }
}

/// Each pair is the same state, reached in two ways.
#[test]
fn what_scripts_cannot_tell_apart_has_the_same_hash() {
    for (one, other) in [
        ("a = 2", "a = 1\na = a + 1"),
        ("a = \"abcdefgh\"", "a = \"abcd\" + \"efgh\""),
        ("a = \"abcde\"", "a = \"xabcdefghijklmnop\"[1:6]"),
        ("a = \"0123456789\" * 10", "a = (\"0123456789\" * 20)[:100]"),
        ("a = [1, 2]", "a = [1]\na.push 2"),
        ("a = [1]", "a = range(1, 100)\nwhile a.len > 1\n\ta.pop\nend while"),
        // A map with a shape and a dictionary.
        ("a = {\"x\": 1}", "a = {\"y\": 1}\na[\"x\"] = 1\na.remove \"y\""),
        ("a = {0: 1}", "a = {}\na[-0.0] = 1"),
        // A variable that was there and is not; a name that was only mentioned.
        ("a = 1", "a = 1\nb = 2\nglobals.remove \"b\""),
        ("a = 1", "a = 1\nif a > 1 then print nowhere"),
        // Maps of types and functions of the language that were only used.
        ("a = 3", "a = [1, 2, 3].len"),
        ("a = 0", "a = \"x\" isa list"),
        ("a = null", "a = null\nx = [list, map, string, number, funcRef]\nglobals.remove \"x\""),
        ("a = 1", "list.x = 1\nlist.remove \"x\"\na = 1"),
    ] {
        assert_eq!(hash_of(one), hash_of(other), "{one}\n\n{other}");
    }
}

#[test]
fn collections_and_handles_do_not_count() {
    let source = "a = {\"list\": [1, \"text\", {}]}\na.self = a\nx = \"x\" * 1000";
    let (mut plain, ..) = machine(&RunOptions::default());
    let (mut other, ..) = machine(&RunOptions { stress: true, ..RunOptions::default() });
    let expected = run(&mut plain, source);
    let held = other.new_list().expect("it fits");
    assert_eq!(run(&mut other, source), expected);
    assert_eq!(other.state_hash(), expected, "asking changes nothing");
    drop(held);
    other.collect();
    assert_eq!(other.state_hash(), expected);
    // Asking makes nothing that functions made later would differ by.
    let hash = "f = function\nend function\na = hash(@f) + hash(@print)";
    assert_eq!(run(&mut other, hash), {
        let (mut third, ..) = machine(&RunOptions::default());
        run(&mut third, source);
        run(&mut third, hash)
    });
}

#[test]
fn seeds_and_objects_of_the_host_count() {
    let seeded =
        |seed| Machine::new(MachineOptions { seed, ..MachineOptions::default() }).state_hash();
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    let with_object = |tag, data| {
        let mut machine = Machine::new(MachineOptions::default());
        let kind = Arc::new(ObjectType::new(tag));
        let object = machine.new_object(&kind, data, None, 0).expect("it fits");
        machine.set_global("o", &Data::Object(object)).expect("it fits");
        machine.state_hash()
    };
    assert_eq!(with_object(1, 1), with_object(1, 2), "data of the host may be an address");
    assert_ne!(with_object(1, 1), with_object(2, 1));
    let with_function = |name| {
        let mut machine = Machine::new(MachineOptions::default());
        let function =
            machine.register(&Signature::new(name), |_| Ok(Data::Null)).expect("it fits");
        machine.set_global("f", &Data::Function(function)).expect("it fits");
        machine.state_hash()
    };
    assert_eq!(with_function("one"), with_function("one"));
    assert_ne!(with_function("one"), with_function("two"));
}

/// Deep and wide structures: no recursion, no time beyond their size.
#[test]
fn large_states_are_hashed() {
    let mut machine = Machine::new(MachineOptions::default());
    let deep = "a = []\nfor i in range(1, 200000)\n\ta = [a]\nend for";
    let one = run(&mut machine, deep);
    assert_eq!(run(&mut machine, "a = a[0]\na = [a]"), one);
    assert_ne!(run(&mut machine, "a = a[0]"), one);
    let text = "s = \"x\" * 10000000\na = [s] * 100000";
    let one = run(&mut machine, text);
    assert_eq!(run(&mut machine, "a[50000] = \"x\" * 10000000"), one);
    assert_ne!(run(&mut machine, "a[50000] = \"x\" * 9999999"), one);
}
