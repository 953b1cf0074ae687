//! Register allocation and the evaluator on functions made at random: the allocated function does
//! what the same function does on virtual registers (`reference.rs`).
//!
//! Functions lean towards what is hard to allocate: many live values of both classes, exits that save
//! them, operations with registers of their own, values that change places at jumps. Allocations are
//! proved by the allocator's checker, and then run.

mod generate;
mod reference;
mod world;

use brisk_jit::eval::Evaluator;
use brisk_jit::lir::Function;
use brisk_jit::regalloc::{Allocator, Checked, RandomRegisters};
use brisk_jit::target::Target;
use world::World;

/// Functions tried; more in release builds.
const FUNCTIONS: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 2,
    (false, true) => 120,
    (false, false) => 5000,
};
/// Runs of each, with other memory.
const RUNS: u64 = 4;
/// Choices of few registers for each.
const CHOICES: u64 = if cfg!(miri) { 1 } else { 4 };

#[test]
fn allocated_functions_do_what_they_say() {
    let mut evaluator = Evaluator::default();
    let mut world = World::new(&mut evaluator);
    let mut outcomes = std::collections::BTreeMap::new();
    for seed in 0..FUNCTIONS {
        let f = generate::function(seed, &world);
        let expected: Vec<_> = (0..RUNS).map(|run| world.run_reference(&f, run)).collect();
        for left in &expected {
            *outcomes.entry(left.kind()).or_insert(0u64) += 1;
        }
        let mut allocators: Vec<(String, Box<dyn Allocator>)> =
            vec![("all registers".into(), Box::new(Checked))];
        for i in 0..CHOICES {
            let choice = seed * CHOICES + i;
            let name = format!("random registers {choice}");
            allocators.push((name, Box::new(RandomRegisters::new(choice))));
        }
        for (name, allocator) in allocators {
            check(&mut evaluator, &mut world, &f, &expected, &*allocator, seed, &name);
        }
    }
    // Ways to leave that no function takes would show nothing.
    if !cfg!(miri) {
        assert_eq!(outcomes.len(), 5, "{outcomes:?}");
        assert!(outcomes.values().all(|&n| n >= FUNCTIONS / 20), "{outcomes:?}");
    }
}

fn check(
    evaluator: &mut Evaluator,
    world: &mut World,
    f: &Function,
    expected: &[world::Left],
    allocator: &dyn Allocator,
    seed: u64,
    name: &str,
) {
    let places = allocator.allocate(f, &evaluator.registers(), &|op| evaluator.clobbers(op));
    let places = places.expect("there are enough registers");
    let installed = evaluator.install(f, &places).expect("the evaluator refuses nothing");
    for (run, expected) in expected.iter().enumerate() {
        let got = world.run(evaluator, &installed, run as u64);
        assert!(
            got == *expected,
            "function {seed}, memory {run}, {name}\n{}\n{}",
            got.difference(expected),
            brisk_jit::print::function(f)
        );
    }
    evaluator.free(&installed);
}
