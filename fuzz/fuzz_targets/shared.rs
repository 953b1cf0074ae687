//! How fuzz targets run a program: with every limit on, so that each input ends.

use brisk_core::host::{Data, Values};
use brisk_core::vm::{Output, OutputStream};
use brisk_core::{Budget, Machine, MachineOptions, Outcome, Program};
use std::sync::{Arc, Mutex};

/// What is varied between runs that must agree.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    pub quicken: bool,
    /// Fuel of a slice; a run goes on in slices until `FUEL` is spent.
    pub slice: u64,
    pub stress: bool,
}

/// The usual way to run.
pub const PLAIN: Mode = Mode { quicken: true, slice: FUEL, stress: false };

/// Fuel of a run.
pub const FUEL: u64 = 100_000;
/// Bytes a machine may use.
pub const MEMORY: usize = 16 << 20;
/// Output that is kept.
const OUTPUT_MAX: usize = 1 << 20;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl Output for Kept {
    fn write(&mut self, _: OutputStream, text: &str, line_break: bool) {
        let mut kept = self.0.lock().unwrap();
        if kept.len() < OUTPUT_MAX {
            kept.push_str(text);
            if line_break {
                kept.push('\n');
            }
        }
    }
}

/// Runs a program; returns what it wrote and how it ended.
pub fn run(program: &Program, mode: Mode) -> (String, String) {
    let kept = Kept::default();
    let mut machine = Machine::new(MachineOptions {
        // Collecting at every safepoint takes time in proportion to what is alive.
        memory_bytes_max: if mode.stress { MEMORY / 64 } else { MEMORY },
        call_depth_max: 500,
        quicken: mode.quicken,
        output: Box::new(kept.clone()),
        ..MachineOptions::default()
    });
    if mode.stress {
        machine.stress_collector();
    }
    let end = match machine.load(program) {
        Err(error) => error.to_string(),
        Ok(()) => run_slices(&mut machine, mode.slice),
    };
    assert!(machine.stats().bytes_peak <= MEMORY, "the byte limit was passed");
    machine.stop();
    // The machine must be usable afterwards.
    machine.set_memory_bytes_max(MEMORY * 2);
    machine.set_global("after", &Data::Number(1.0)).expect("a global can be set after any run");
    let text = kept.0.lock().unwrap().clone();
    (text, end)
}

fn run_slices(machine: &mut Machine, slice: u64) -> String {
    let mut left = FUEL;
    // Suspensions cost no fuel: they are bounded too.
    for _ in 0..FUEL {
        if left == 0 {
            return "budget".into();
        }
        let before = machine.stats().fuel_used;
        let outcome = machine.run(Budget::fuel(slice.min(left)));
        left = left.saturating_sub(machine.stats().fuel_used - before);
        match outcome {
            Outcome::Finished(_) => return "finished".into(),
            Outcome::Failed(error) => return error.to_string(),
            Outcome::Exited(code) => return format!("exit {code}"),
            Outcome::Waiting { .. } => return "waiting".into(),
            Outcome::Yielded | Outcome::BudgetSpent => {}
        }
    }
    "suspended too often".into()
}
