//! What the benches of embedding share: texts, machines, and an allocator that counts.
//!
//! Whole programs are timed by `run.py`, beside Lua and others; the start of the command by
//! `cargo xtask startup`.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, counting the bytes that are in use.
pub struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code)]
// SAFETY: every request is passed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Bytes in use, in a program whose allocator is [`Counting`].
pub fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// All benchmark programs one after the other, repeated until there are `bytes` of text.
///
/// # Panics
///
/// When the programs are not where they should be.
pub fn long_source(bytes: usize) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/ms");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("programs").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut source = String::new();
    while source.len() < bytes {
        for path in &paths {
            source += &fs::read_to_string(path).expect("a program");
            source.push('\n');
        }
    }
    source
}

/// A program.
///
/// # Panics
///
/// When it does not compile.
pub fn program(source: &str) -> Program {
    Program::compile(source, Dialect::V1).expect("it is correct")
}

/// A machine that ran a source text.
///
/// # Panics
///
/// When that fails.
pub fn machine(source: &str) -> Machine {
    let mut machine = Machine::new(MachineOptions::default());
    run(&mut machine, &program(source));
    machine
}

/// Runs a program to its end.
///
/// # Panics
///
/// When it does not get there.
pub fn run(machine: &mut Machine, program: &Program) {
    machine.load(program).expect("it fits");
    let outcome = machine.run(Budget::UNLIMITED);
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
}
