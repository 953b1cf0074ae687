//! One program from its text to its exit status, and the loop around a machine.

use crate::options::{Input, Jit, Options};
use crate::output::{self, Stdout};
use crate::report;
use crate::shell::{self, Shell};
use crate::source::Source;
use crate::{memory, native};
use brisk_core::native::NativeStatus;
use brisk_core::{Budget, Error, Machine, MachineOptions, Outcome, Program};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a `yield` sleeps. The v1 reference sleeps 10 ms, v2 sleeps 1 ms; the shorter pause
/// keeps scripts that yield in a loop from using a whole processor and makes the others wait less.
const YIELD_PAUSE: Duration = Duration::from_millis(1);

/// How long to sleep when a native function waits for nobody knows how long.
const WAIT_PAUSE: Duration = Duration::from_millis(10);

/// A machine with the functions of the shell, and what it needs to run.
pub(crate) struct Session {
    /// The machine.
    pub(crate) machine: Machine,
    /// What its functions share.
    pub(crate) shell: Arc<Shell>,
    /// The machine's clock.
    clock: Instant,
    /// Fuel for each program.
    fuel: Option<u64>,
}

/// How a program ended.
pub(crate) enum End {
    /// At its last statement.
    Finished,
    /// With `exit` and this status.
    Exited(i32),
    /// With an error.
    Failed(Error),
    /// With this message: it is not the script's error.
    Stopped(String),
}

impl Session {
    /// Makes a machine.
    ///
    /// # Errors
    ///
    /// When memory is refused, or required machine code.
    pub(crate) fn new(options: &Options, shell: Shell) -> Result<Session, Error> {
        let clock = Instant::now();
        let mut machine_options = MachineOptions {
            seed: RandomState::new().hash_one(0),
            quicken: options.quicken,
            native: native::compiler(options),
            output: Box::new(Stdout),
            clock: Box::new(clock),
            allocator: memory::allocator(),
            ..MachineOptions::default()
        };
        if let Some(bytes) = options.memory_bytes_max {
            machine_options.memory_bytes_max = bytes;
        }
        let mut machine = Machine::new(machine_options);
        if options.jit == Jit::Require {
            let status = machine.native_status();
            if status != NativeStatus::Available {
                return Err(Error::runtime(format!("no machine code: {status}")));
            }
        }
        let shell = Arc::new(shell);
        shell::register(&mut machine, &shell)?;
        Ok(Session { machine, shell, clock, fuel: options.fuel })
    }

    /// Runs a program to its end.
    pub(crate) fn run(&mut self, program: &Program) -> End {
        if let Err(error) = self.machine.load(program) {
            return End::Failed(error);
        }
        let fuel_at_start = self.machine.stats().fuel_used;
        loop {
            let budget = match self.fuel {
                Some(fuel) => Budget::fuel(
                    fuel.saturating_sub(self.machine.stats().fuel_used - fuel_at_start),
                ),
                None => Budget::UNLIMITED,
            };
            match self.machine.run(budget) {
                Outcome::Finished(_) => return End::Finished,
                Outcome::Exited(status) => return End::Exited(status),
                Outcome::Failed(error) => return End::Failed(error),
                Outcome::BudgetSpent if self.fuel.is_some() => {
                    return End::Stopped(self.fuel_spent());
                }
                Outcome::BudgetSpent => {}
                Outcome::Yielded => pause(YIELD_PAUSE),
                Outcome::Waiting { until } => pause(self.until(until)),
            }
        }
    }

    /// How long to sleep until a moment of the machine's clock.
    fn until(&self, moment: Option<f64>) -> Duration {
        let Some(moment) = moment else {
            return WAIT_PAUSE;
        };
        let seconds = moment - self.clock.elapsed().as_secs_f64();
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(WAIT_PAUSE)
    }

    fn fuel_spent(&mut self) -> String {
        let fuel = self.fuel.unwrap_or_default();
        let message = format!("Error: the fuel is spent ({fuel} units)");
        let message = match self.machine.stack_trace().first().map(|frame| &frame.location) {
            Some(at) if at.is_known() => format!("{message} [{at}]"),
            _ => message,
        };
        self.machine.stop();
        message
    }
}

fn pause(time: Duration) {
    output::flush();
    std::thread::sleep(time);
}

/// Runs the program that the command line names; returns the exit status.
pub(crate) fn run(options: &Options, input: &Input) -> i32 {
    let source = match input {
        Input::File(path) => Source::read(path),
        Input::Code(code) => Ok(Source::inline("<command line>", code)),
        Input::Stdin => Source::read_stdin(),
    };
    match source {
        Ok(source) => run_source(options, &source, matches!(input, Input::Code(_))),
        Err(message) => {
            report::note(&message);
            1
        }
    }
}

fn run_source(options: &Options, source: &Source, is_code: bool) -> i32 {
    let start = Instant::now();
    let program = match source.program() {
        Ok(program) => program,
        Err(error) => {
            report::refusal(&error, source);
            return 1;
        }
    };
    let compiled = Instant::now();
    let script = match &source.path {
        _ if is_code => None,
        Some(path) => Some(path.to_string_lossy().into_owned()),
        None => Some("-".into()),
    };
    let shell = Shell::new(script, source.path.clone(), options);
    let mut session = match Session::new(options, shell) {
        Ok(session) => session,
        Err(error) => {
            report::error(&error, source, None);
            return 1;
        }
    };
    let end = session.run(&program);
    let ran = Instant::now();
    let status = match end {
        End::Finished => 0,
        End::Exited(status) => status & 255,
        End::Failed(error) => {
            report::error(&error, source, Some(&mut session));
            1
        }
        End::Stopped(message) => {
            report::note(&message);
            1
        }
    };
    if options.stats {
        let made = if source.bytecode.is_some() { "load" } else { "compile" };
        stats(&mut session.machine, made, compiled - start, ran - compiled);
    }
    // Taking the machine apart would free each object; the system frees all at once.
    std::mem::forget(session);
    status
}

/// Prints the figures of a run. `made` says how the program was made.
fn stats(machine: &mut Machine, made: &str, making: Duration, run: Duration) {
    let stats = machine.stats();
    let milliseconds = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1e3);
    report::note(&format!("fuel used    {}", stats.fuel_used));
    report::note(&format!("collections  {}", stats.collections));
    report::note(&format!("peak bytes   {}", stats.bytes_peak));
    report::note(&format!("{made:12} {}", milliseconds(making)));
    report::note(&format!("run          {}", milliseconds(run)));
    native::stats(machine);
}
