//! The engine on a microcontroller: no operating system, no std, 128 KB of heap.
//!
//! Runs a script, checks what it printed, and runs another into its memory limit. The exit status
//! reaches the shell through semihosting, so an emulator can judge.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use alloc::string::String;
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_core::vm::{Output, OutputStream};
use brisk_core::{Dialect, ErrorKind};
use core::cell::RefCell;
use cortex_m as _;
use cortex_m_rt::entry;
use critical_section::Mutex;
use embedded_alloc::LlffHeap;
use semihosting::{process, println};

const HEAP_BYTES: usize = 128 * 1024;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

static PRINTED: Mutex<RefCell<String>> = Mutex::new(RefCell::new(String::new()));

/// Shows what scripts print, and keeps it to be checked.
struct Console;

impl Output for Console {
    fn write(&mut self, _: OutputStream, text: &str, line_break: bool) {
        critical_section::with(|cs| {
            let mut printed = PRINTED.borrow_ref_mut(cs);
            printed.push_str(text);
            if line_break {
                printed.push('\n');
            }
        });
        println!("{text}");
    }
}

const SCRIPT: &str = include_str!("script.ms");
const EXPECTED: &str = include_str!("expected.txt");

/// Needs more memory than there is.
const GREEDY: &str = "l = []\nwhile true\n\tl.push [l.len]\nend while";

#[entry]
fn main() -> ! {
    // SAFETY: the macro makes a block of this size, and this is the only call.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_BYTES);
    }
    process::exit(match run() {
        Ok(()) => 0,
        Err(what) => {
            println!("failed: {what}");
            1
        }
    })
}

fn run() -> Result<(), &'static str> {
    let mut machine = Machine::new(MachineOptions {
        memory_bytes_max: 48 * 1024,
        call_depth_max: 50,
        output: Box::new(Console),
        ..MachineOptions::default()
    });
    let outcome = start(&mut machine, SCRIPT)?;
    if !matches!(outcome, Outcome::Finished(_)) {
        println!("{outcome:?}");
        return Err("the script did not finish");
    }
    let printed = critical_section::with(|cs| PRINTED.take(cs));
    if printed != EXPECTED {
        return Err("the script printed something else");
    }
    match start(&mut machine, GREEDY)? {
        Outcome::Failed(error) if error.kind() == ErrorKind::Limit => println!("{error}"),
        _ => return Err("a script without end did not reach the memory limit"),
    }
    if machine.stats().bytes_peak > 48 * 1024 {
        return Err("the memory limit was passed");
    }
    match start(&mut machine, "print 1")? {
        Outcome::Finished(_) => Ok(()),
        _ => Err("the machine does not work after an error"),
    }
}

fn start(machine: &mut Machine, source: &str) -> Result<Outcome, &'static str> {
    let program = Program::compile(source, Dialect::V1).map_err(|_| "the script does not compile")?;
    machine.load(&program).map_err(|_| "the script does not fit")?;
    // A slice at a time, as a control loop would.
    loop {
        match machine.run(Budget::fuel(1000)) {
            Outcome::BudgetSpent => {}
            outcome => return Ok(outcome),
        }
    }
}
