//! How long scripts wait for the collector at a heap of about 100 MB:
//!
//! ```text
//! cargo run --release -p brisk-core --example pauses
//! ```
//!
//! Each program fills the heap in its own way and then makes garbage, which keeps the collector at
//! work. Slices are counted by their length, while the heap is filled and afterwards.
#![allow(clippy::print_stdout)] // That is what it is for.

use brisk_core::{Budget, Dialect, Machine, MachineOptions, Outcome, Program, Stats};

/// Name, what fills the heap, and what a step of the work that follows does.
const PROGRAMS: [(&str, &str, &str); 4] = [
    (
        "many small maps",
        "all = []\nfor i in range(1, 450000)\n\tall.push {\"x\": i, \"y\": [i], \"name\": \"entity \" + i}\n\
         end for",
        "all[i * 7919 % 450000].y = [i, i]",
    ),
    (
        "one list of numbers",
        "all = [0] * 12000000",
        "all[i * 7919 % 12000000] = [i]\nx = {\"a\": [i]}",
    ),
    (
        "one list of lists",
        "all = []\nfor i in range(1, 1800000)\n\tall.push [i]\nend for",
        "all[i * 7919 % 1800000] = [i]\nx = {\"a\": [i]}",
    ),
    (
        "one dictionary",
        "all = {}\nfor i in range(1, 1200000)\n\tall[i] = [i]\nend for",
        "all[i * 7919 % 1200000 + 1] = [i]\nx = {\"a\": [i]}",
    ),
];

fn run(machine: &mut Machine, source: &str) -> Stats {
    let program = Program::compile(source, Dialect::V1).expect("it is correct");
    machine.load(&program).expect("it fits");
    loop {
        match machine.run(Budget::UNLIMITED) {
            Outcome::Finished(_) => return machine.stats(),
            Outcome::BudgetSpent => {}
            outcome => panic!("{outcome:?}"),
        }
    }
}

fn show(what: &str, before: &Stats, after: &Stats) {
    println!("  {what}: {} collections", after.collections - before.collections);
    for (class, (now, then)) in after.pauses.iter().zip(before.pauses).enumerate() {
        if *now > then {
            println!("    {:>8} to {:>8} us: {}", 1_u64 << class, 2_u64 << class, now - then);
        }
    }
}

fn main() {
    for (name, fill, step) in PROGRAMS {
        let mut machine = Machine::new(MachineOptions::default());
        let filled = run(&mut machine, fill);
        println!("{name}: {} MB", filled.bytes_used / 1_000_000);
        show("filling", &Stats::default(), &filled);
        let source =
            format!("for i in range(1, 4000000)\n\t{}\nend for", step.replace('\n', "\n\t"));
        let worked = run(&mut machine, &source);
        show("working", &filled, &worked);
        println!("  longest: {:.1} ms", worked.pause_longest * 1e3);
    }
}
