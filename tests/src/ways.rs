//! One program, run in every way there is: all of them must do the same.
//!
//! What counts as the same: everything printed, the error with its line and its stack trace, the
//! status given to the host, the fuel used, and what is in the variables at the end.

use crate::{ManualClock, Native, RunOptions, corpus, machine};
use brisk_core::Dialect;
use brisk_core::engine::{Budget, Machine, Outcome, Program};

/// Most fuel of a program: one that needs more is stopped.
const FUEL_MAX: u64 = 10_000_000;
/// Most fuel of a program that is run under stress or in small slices.
const FUEL_STRESS_MAX: u64 = 20_000;
/// Most fuel of a program that is run in slices of 1.
const FUEL_SLICES_MAX: u64 = 1_000_000;

/// A way to run a program.
#[derive(Clone, Debug)]
pub struct Way {
    /// What is special about it.
    pub name: &'static str,
    /// How it is run.
    pub options: RunOptions,
}

/// What a program did.
#[derive(Clone, Debug, PartialEq)]
pub struct Deeds {
    /// Everything printed.
    pub stdout: String,
    /// The report of the error that ended the program, and a line for each active call.
    pub error: Option<String>,
    /// Status given to the host.
    pub exit_code: Option<i32>,
    /// Fuel used.
    pub fuel: u64,
    /// Hash of the variables at the end.
    pub state: u64,
}

impl Deeds {
    /// Whether both are the same. Of a program that was stopped, one way may have seen more.
    fn agrees(&self, other: &Deeds) -> bool {
        if self.fuel < FUEL_MAX || other.fuel < FUEL_MAX {
            return self == other;
        }
        let common = self.stdout.len().min(other.stdout.len());
        self.stdout.as_bytes()[..common] == other.stdout.as_bytes()[..common]
    }
}

/// A program that does not do the same in all ways.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The way in which it does something else.
    pub way: &'static str,
    /// What is different.
    pub difference: String,
}

/// The ways to run a program that used this much fuel in the plain one.
pub fn all(seed: u64, fuel: u64) -> Vec<Way> {
    let few = 2 + seed as u32 % 5;
    let native = |name, native| Way { name, options: RunOptions { native, ..plain() } };
    let sliced = |name, native, slice| Way {
        name,
        options: RunOptions { native, slice: Some(slice), ..plain() },
    };
    let mut ways = vec![
        Way { name: "not specialized", options: RunOptions { quicken: false, ..plain() } },
        native("eager", Native::Eager),
        native("warm", Native::Warm),
        native("auto", Native::Auto),
        native("evaluator", Native::Evaluator),
        native("false alarms", Native::FalseAlarms(few + 1)),
        native("random registers", Native::RandomRegisters(seed)),
        native("refused pages", Native::RefusedPages(seed % 16, seed.is_multiple_of(3))),
        sliced("eager, slices of 7", Native::Eager, 7),
        sliced("warm, slices of 3", Native::Warm, 3),
    ];
    if fuel < FUEL_SLICES_MAX {
        ways.push(sliced("slices of 1", Native::None, 1));
        ways.push(sliced("retirements, slices of 1", Native::Retirements(few), 1));
    }
    if fuel < FUEL_STRESS_MAX {
        let stress = |native| RunOptions { native, stress: true, ..plain() };
        ways.push(Way { name: "stress", options: stress(Native::None) });
        ways.push(Way { name: "eager, stress", options: stress(Native::Eager) });
    }
    ways
}

/// How the expectation is made: by the interpreter, at once.
fn plain() -> RunOptions {
    RunOptions { slice: Some(FUEL_MAX), ..RunOptions::default() }
}

/// Runs a program in all ways and compares. `before` is called with the name of each way before the
/// program is run in it, and says whether to.
///
/// # Errors
///
/// The first way in which the program does something else.
pub fn compare(
    source: &str,
    seed: u64,
    before: &mut dyn FnMut(&str) -> bool,
) -> Result<Deeds, Finding> {
    before("plain");
    let program = Program::compile(source, Dialect::V1)
        .map_err(|error| Finding { way: "plain", difference: error.to_string() })?;
    let expected = run(&program, &plain());
    for way in all(seed, expected.fuel) {
        if !before(way.name) {
            continue;
        }
        let got = run(&program, &way.options);
        if !got.agrees(&expected) {
            return Err(Finding { way: way.name, difference: difference(&expected, &got) });
        }
    }
    Ok(expected)
}

/// What is different, for people.
fn difference(expected: &Deeds, got: &Deeds) -> String {
    let mut text = corpus::difference(&expected.stdout, &got.stdout);
    let parts = [
        ("error", format!("{:?}", expected.error), format!("{:?}", got.error)),
        ("exit", format!("{:?}", expected.exit_code), format!("{:?}", got.exit_code)),
        ("fuel", expected.fuel.to_string(), got.fuel.to_string()),
        ("state", expected.state.to_string(), got.state.to_string()),
    ];
    for (name, expected, got) in parts {
        if expected != got {
            text += &format!("{name}\nexpected: {expected:.400}\n     got: {got:.400}\n");
        }
    }
    text
}

/// Runs a program until it ends or has used [`FUEL_MAX`], in slices of `options.slice`. Waiting
/// takes no time.
pub fn run(program: &Program, options: &RunOptions) -> Deeds {
    let (mut machine, output, clock) = machine(options);
    let mut deeds =
        Deeds { stdout: String::new(), error: None, exit_code: None, fuel: 0, state: 0 };
    match machine.load(program) {
        Ok(()) => run_to_end(&mut machine, &clock, options, &mut deeds),
        Err(error) => deeds.error = Some(error.to_string()),
    }
    deeds.stdout = output.take();
    deeds.fuel = machine.stats().fuel_used;
    deeds.state = machine.state_hash();
    deeds
}

fn run_to_end(machine: &mut Machine, clock: &ManualClock, options: &RunOptions, deeds: &mut Deeds) {
    loop {
        let left = FUEL_MAX.saturating_sub(machine.stats().fuel_used);
        if left == 0 {
            return;
        }
        match machine.run(Budget::fuel(options.slice.unwrap_or(left).min(left))) {
            Outcome::Finished(_) => return,
            Outcome::BudgetSpent | Outcome::Yielded => {}
            Outcome::Waiting { until } => clock.advance_to(until.unwrap_or(0.0)),
            Outcome::Exited(code) => {
                deeds.exit_code = Some(code);
                return;
            }
            Outcome::Failed(error) => {
                let mut text = error.to_string();
                for frame in error.trace() {
                    text += &format!("\n  {frame}");
                }
                deeds.error = Some(text);
                return;
            }
        }
    }
}
