//! One run of one script, with everything it wrote.

use crate::native::{self, Native};
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_core::vm::{Clock, Output, OutputStream};
use brisk_core::{Dialect, Error, Stats};
use std::sync::{Arc, Mutex, PoisonError};

/// How a script is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Rewrite hot sites to specialized variants.
    pub quicken: bool,
    /// Fuel of each slice; one slice without a limit when `None`.
    pub slice: Option<u64>,
    /// Most slices; a run that needs more is stopped with an error text that says so.
    pub slices_max: u64,
    /// Collect at every safepoint.
    pub stress: bool,
    /// Memory limit in bytes.
    pub memory_bytes_max: usize,
    /// Deepest nesting of calls.
    pub call_depth_max: u32,
    /// How machine code is made, if it is.
    pub native: Native,
}

impl Default for RunOptions {
    fn default() -> Self {
        let machine = MachineOptions::default();
        RunOptions {
            quicken: true,
            slice: None,
            slices_max: u64::MAX,
            stress: false,
            memory_bytes_max: machine.memory_bytes_max,
            call_depth_max: machine.call_depth_max,
            native: Native::None,
        }
    }
}

/// What a run left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunResult {
    /// Everything printed.
    pub stdout: String,
    /// The report of the error that ended the program.
    pub error: Option<String>,
    /// Status given to the host when the script ended the program.
    pub exit_code: Option<i32>,
    /// Figures of the machine at the end.
    pub stats: Stats,
    /// Hash of its state at the end.
    pub state: u64,
}

impl RunResult {
    /// Standard output followed by standard error, without the last line break: what the
    /// specification's examples show.
    pub fn transcript(&self) -> String {
        let mut text = self.stdout.clone();
        if let Some(error) = &self.error {
            text.push_str(error);
        }
        text.trim_end_matches('\n').to_string()
    }
}

/// An output that can be read while the machine keeps the other end.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<String>>);

impl Capture {
    /// Everything written since the last call.
    pub fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Output for Capture {
    fn write(&mut self, _: OutputStream, text: &str, line_break: bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_str(text);
        if line_break {
            all.push('\n');
        }
    }
}

/// A clock that a test moves.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Mutex<f64>>);

impl ManualClock {
    /// Moves the clock to `time`, unless it is later already.
    pub fn advance_to(&self, time: f64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.max(time);
    }
}

impl Clock for ManualClock {
    fn now(&mut self) -> f64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A machine for these options, its output and its clock.
pub fn machine(options: &RunOptions) -> (Machine, Capture, ManualClock) {
    let (output, clock) = (Capture::default(), ManualClock::default());
    let mut machine = Machine::new(MachineOptions {
        memory_bytes_max: options.memory_bytes_max,
        call_depth_max: options.call_depth_max,
        quicken: options.quicken,
        native: native::compiler(options.native),
        output: Box::new(output.clone()),
        clock: Box::new(clock.clone()),
        ..MachineOptions::default()
    });
    if options.stress {
        machine.stress_collector();
    }
    (machine, output, clock)
}

/// Compiles and runs a source text. Waiting takes no time: the clock is moved to where the script
/// wants it.
pub fn run_script(source: &str, options: &RunOptions) -> RunResult {
    match Program::compile(source, Dialect::V1) {
        Ok(program) => run_program(&program, options),
        Err(error) => RunResult { error: Some(error.to_string()), ..RunResult::default() },
    }
}

/// Runs a program in a machine of its own.
pub fn run_program(program: &Program, options: &RunOptions) -> RunResult {
    let (mut machine, output, clock) = machine(options);
    let mut result = RunResult::default();
    match machine.load(program) {
        Ok(()) => run_to_end(&mut machine, &clock, options, &mut result),
        Err(error) => result.error = Some(error.to_string()),
    }
    result.stdout = output.take();
    result.stats = machine.stats();
    result.state = machine.state_hash();
    result
}

fn run_to_end(
    machine: &mut Machine,
    clock: &ManualClock,
    options: &RunOptions,
    result: &mut RunResult,
) {
    let budget = options.slice.map_or(Budget::UNLIMITED, Budget::fuel);
    for _ in 0..options.slices_max {
        match machine.run(budget) {
            Outcome::Finished(_) => return,
            Outcome::BudgetSpent if options.slice.is_some() => {}
            Outcome::BudgetSpent => {
                result.error = Some("the budget is spent although there was none".into());
                return;
            }
            Outcome::Yielded => {}
            Outcome::Waiting { until } => clock.advance_to(until.unwrap_or(0.0)),
            Outcome::Exited(code) => {
                result.exit_code = Some(code);
                return;
            }
            Outcome::Failed(error) => {
                result.error = Some(report(&error));
                return;
            }
        }
    }
    result.error = Some(format!("not finished after {} slices", options.slices_max));
}

fn report(error: &Error) -> String {
    error.to_string()
}

/// Longest a body of [`on_thread`] may take: beyond that it hangs.
const SECONDS_MAX: u64 = 180;

/// Runs `body` on a thread with this much stack and passes on its result or its panic; panics when
/// it does not end.
pub fn on_thread<R: Send + 'static>(
    stack_bytes: usize,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(stack_bytes).spawn(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        // The receiver is gone when we took too long.
        let _ = sender.send(result);
    });
    thread.expect("threads can be made");
    match receiver.recv_timeout(std::time::Duration::from_secs(SECONDS_MAX)) {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => panic!("no end within {SECONDS_MAX} s"),
    }
}
