//! The corpus of scripts, compiled for the evaluator: the same output, error and fuel as without
//! compiler. The corpus itself says what is right; here only the two are compared.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_core::vm::{Clock, Output, OutputStream};
use brisk_jit::eval;
use brisk_jit::regalloc::{Allocator, RandomRegisters, Regalloc2};
use brisk_jit::tier::{Jit, Policy};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Most fuel of a script that is run in all ways.
const FUEL_MAX: u64 = if cfg!(debug_assertions) { 100_000 } else { 3_000_000 };
/// Stack of the thread that runs scripts; frames of debug builds are large.
const STACK_BYTES: usize = 32 << 20;

#[test]
fn the_evaluator_agrees_with_the_interpreter() {
    let mut paths = Vec::new();
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scripts"), &mut paths);
    paths.sort();
    assert!(paths.len() > 400, "the corpus is not where it should be");
    let body = move || {
        let (mut compiled, mut entered) = (0, 0);
        for path in paths {
            let (units, exits) = compare(&path);
            compiled += units;
            entered += u64::from(exits);
        }
        // A compiler that does nothing would agree as well.
        assert!(compiled > 1000 && entered > 100, "{compiled} units, {entered} scripts with exits");
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(body);
    let done = thread.expect("threads can be made").join();
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Units compiled at once, and whether any was left through an exit.
fn compare(path: &Path) -> (u64, bool) {
    let source = std::fs::read_to_string(path).expect("scripts are UTF-8");
    let Ok(program) = Program::compile(&source, Dialect::V1) else { return (0, false) };
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
    for (way, allocator, policy, slice) in ways {
        let got = run(&program, Some(Jit::new(eval::target, allocator, policy)), slice);
        let same = (&got.text, got.fuel) == (&plain.text, plain.fuel);
        assert!(
            same,
            "{}, {way}: fuel {} instead of {}\n{}\ninstead of\n{}",
            path.display(),
            got.fuel,
            plain.fuel,
            got.text,
            plain.text
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

fn find(folder: &Path, paths: &mut Vec<PathBuf>) {
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
