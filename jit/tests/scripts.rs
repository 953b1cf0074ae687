//! Scripts compiled for the evaluator: the same output, error and fuel as without compiler. The corpus
//! itself says what is right; here only the two are compared.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_core::vm::{Clock, Output, OutputStream};
use brisk_jit::eval;
use brisk_jit::policy::Policy;
use brisk_jit::regalloc::{Allocator, RandomRegisters, Regalloc2};
use brisk_jit::tier::Jit;
use std::sync::{Arc, Mutex};

/// Most fuel of a script that is run in all ways.
const FUEL_MAX: u64 = if cfg!(debug_assertions) { 100_000 } else { 3_000_000 };
/// Stack of the thread that runs scripts; frames of debug builds are large.
const STACK_BYTES: usize = 32 << 20;

#[cfg(not(miri))] // Hours.
#[test]
fn the_corpus() {
    let mut paths = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scripts");
    find(std::path::Path::new(folder), &mut paths);
    paths.sort();
    assert!(paths.len() > 400, "the corpus is not where it should be");
    let read = |path: &std::path::PathBuf| {
        let source = std::fs::read_to_string(path).expect("scripts are UTF-8");
        (path.display().to_string(), source)
    };
    let (compiled, entered) = compare_all(paths.iter().map(read).collect());
    // A compiler that does nothing would agree as well.
    assert!(compiled > 1000 && entered > 100, "{compiled} units, {entered} scripts with exits");
}

/// Each way in and out of code, in a few instructions.
const SMALL: &[(&str, &str)] = &[
    (
        "calls",
        "f = function(n)
          if n < 2 then return n
          return f(n - 1) + f(n - 2)
        end function
        print f(5)",
    ),
    (
        "steps that call",
        "m = {}
        m.add = function(x)
          self.sum = self.sum + x
          return self
        end function
        o = new m
        o.sum = 1
        for i in range(1, 3)
          o.add(i).add(i * 2)
        end for
        print o.sum",
    ),
    (
        "a result that is no number",
        "f = function(x)
          if x == 3 then return [x]
          return x * 2
        end function
        g = function(x)
          return f(x) * 2
        end function
        for i in range(1, 4)
          print g(i)
        end for",
    ),
    (
        "an error in a callee",
        "f = function(list, i)
          return list[i] + 1
        end function
        g = function(i)
          return f([1, 2], i) * 2
        end function
        print g(0)
        print g(1)
        print g(2)",
    ),
    (
        "no end of calls",
        "f = function(n)
          return f(n + 1) + 1
        end function
        f 0",
    ),
    (
        "lists that grow while code runs",
        "all = []
        for i in range(1, 12)
          all.push [i, i * i]
          all[0][0] = all[0][0] + i
        end for
        print all",
    ),
];

/// Under Miri with `-Zmiri-disable-stacked-borrows`: the interpreter writes to its instructions, which
/// it may have reached through a shared reference.
#[test]
fn small_scripts() {
    let scripts = SMALL.iter().filter(|(name, _)| !cfg!(miri) || *name != "no end of calls");
    let scripts = scripts.map(|(name, source)| (name.to_string(), source.to_string()));
    let (compiled, entered) = compare_all(scripts.collect());
    assert!(compiled > 10 && entered > 0, "{compiled} units, {entered} scripts with exits");
}

/// Compares scripts, given by name and source. Units compiled, and scripts that left code through
/// an exit.
fn compare_all(scripts: Vec<(String, String)>) -> (u64, u64) {
    let body = move || {
        let mut all = (0, 0);
        for (name, source) in &scripts {
            let (units, exits) = compare(name, source);
            all = (all.0 + units, all.1 + u64::from(exits));
        }
        all
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(body);
    let done = thread.expect("threads can be made").join();
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Units compiled at once, and whether any was left through an exit.
fn compare(name: &str, source: &str) -> (u64, bool) {
    let Ok(program) = Program::compile(source, Dialect::V1) else { return (0, false) };
    let plain = run(&program, None, None);
    if plain.fuel > FUEL_MAX {
        return (0, false);
    }
    let eager = Policy::EAGER;
    let random = |seed| -> Box<dyn Allocator> { Box::new(RandomRegisters::new(seed)) };
    let ways: [Way; 5] = [
        ("eager", Box::new(Regalloc2), eager, None),
        ("in slices", Box::new(Regalloc2), eager, Some(plain.fuel / 20_000 + 1)),
        ("random registers", random(plain.fuel), eager, None),
        ("false alarms", random(7), Policy { false_alarms: 3, ..eager }, None),
        (
            "retirements",
            random(8),
            Policy { retirements: 3, ..eager },
            Some(plain.fuel / 2_000 + 1),
        ),
    ];
    let mut seen = (0, false);
    let count = if cfg!(miri) { 1 } else { ways.len() };
    for (way, allocator, policy, slice) in ways.into_iter().take(count) {
        let got = run(&program, Some(Jit::new(Box::new(eval::target), allocator, policy)), slice);
        let same = (&got.text, got.fuel) == (&plain.text, plain.fuel);
        assert!(
            same,
            "{name}, {way}: fuel {} instead of {}\n{}\ninstead of\n{}",
            got.fuel, plain.fuel, got.text, plain.text
        );
        if way == "eager" {
            seen = (got.units, got.exits);
        }
    }
    seen
}

/// A way to run a script: its name, the compiler, and the fuel of a slice.
type Way = (&'static str, Box<dyn Allocator>, Policy, Option<u64>);

struct Ran {
    /// Output, then how it ended.
    text: String,
    fuel: u64,
    units: u64,
    exits: bool,
}

fn run(program: &Program, jit: Option<Jit>, slice: Option<u64>) -> Ran {
    let output = Capture::default();
    let mut machine = Machine::new(MachineOptions {
        native: jit.map(|jit| Box::new(jit) as _),
        output: Box::new(output.clone()),
        clock: Box::new(Steps(0.0)),
        ..MachineOptions::default()
    });
    let ended = match machine.load(program) {
        Ok(()) => loop {
            match machine.run(slice.map_or(Budget::UNLIMITED, Budget::fuel)) {
                Outcome::BudgetSpent | Outcome::Yielded | Outcome::Waiting { .. } => {}
                Outcome::Finished(_) => break String::new(),
                Outcome::Exited(code) => break format!("exit {code}"),
                Outcome::Failed(error) => break error.to_string(),
            }
        },
        Err(error) => error.to_string(),
    };
    let text = std::mem::take(&mut *output.0.lock().expect("no panic in between")) + &ended;
    let stats = machine.native_stats();
    let exits = stats.exits.iter().any(|(_, count)| *count > 0);
    Ran { text, fuel: machine.stats().fuel_used, units: stats.compilations, exits }
}

/// What was written.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<String>>);

impl Output for Capture {
    fn write(&mut self, _: OutputStream, text: &str, line_break: bool) {
        let mut all = self.0.lock().expect("no panic in between");
        all.push_str(text);
        if line_break {
            all.push('\n');
        }
    }
}

/// A clock that goes on whenever it is looked at, so that waiting ends.
struct Steps(f64);

impl Clock for Steps {
    fn now(&mut self) -> f64 {
        self.0 += 0.25;
        self.0
    }
}

#[cfg(not(miri))]
fn find(folder: &std::path::Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the corpus is part of the repository").flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            find(&path, paths);
        } else if path.extension().is_some_and(|suffix| suffix == "ms") {
            paths.push(path);
        }
    }
}
