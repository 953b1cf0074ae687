//! Fuel is deterministic: the same program uses the same fuel whatever the slices, and prints the
//! same.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Outcome, Program};
use brisk_tests::{RunOptions, corpus, machine, on_thread, run_program};

/// Most fuel of a script that is cut into single units.
const FUEL_MAX: u64 = 20_000;
/// Stack of the thread the corpus runs on; debug builds have large frames.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn slices_do_not_change_the_fuel_used() {
    on_thread(STACK_BYTES, || {
        let mut different = Vec::new();
        for case in corpus::scripts() {
            let Ok(program) = Program::compile(&case.source, Dialect::V1) else { continue };
            let whole = run_program(&program, &RunOptions::default());
            if whole.stats.fuel_used > FUEL_MAX {
                continue;
            }
            for slice in [1, 2, 3, 7, 100] {
                let cut = run_program(
                    &program,
                    &RunOptions { slice: Some(slice), ..RunOptions::default() },
                );
                if cut.stats.fuel_used != whole.stats.fuel_used {
                    let (a, b) = (whole.stats.fuel_used, cut.stats.fuel_used);
                    different
                        .push(format!("{}: {a} in one slice, {b} in slices of {slice}", case.name));
                    break;
                }
            }
        }
        assert_none(&different);
    });
}

fn assert_none(different: &[String]) {
    assert!(different.is_empty(), "{} scripts differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn specialization_does_not_change_the_fuel_used() {
    on_thread(STACK_BYTES, || {
        let mut different = Vec::new();
        for case in corpus::all() {
            let Ok(program) = Program::compile(&case.source, Dialect::V1) else { continue };
            let used = |quicken| {
                run_program(&program, &RunOptions { quicken, ..RunOptions::default() })
                    .stats
                    .fuel_used
            };
            let (with, without) = (used(true), used(false));
            if with != without {
                different.push(format!("{}: {with} with, {without} without", case.name));
            }
        }
        assert_none(&different);
    });
}

#[test]
fn a_slice_ends_near_its_budget() {
    let program = Program::compile("i = 0\nwhile true\n\ti += 1\nend while", Dialect::V1)
        .expect("it is correct");
    for slice in [1_u64, 10, 1000, 1_000_000] {
        let (mut machine, ..) = machine(&RunOptions::default());
        machine.load(&program).expect("it fits");
        for n in 1..=5 {
            assert!(matches!(machine.run(Budget::fuel(slice)), Outcome::BudgetSpent));
            let used = machine.stats().fuel_used;
            assert!(used.abs_diff(n * slice) <= 20 * n, "{used} after {n} slices of {slice}");
        }
    }
}

#[test]
fn a_budget_of_nothing_makes_no_progress_but_ends() {
    let program =
        Program::compile("while true\n\tx = 1\nend while", Dialect::V1).expect("it is correct");
    let (mut machine, ..) = machine(&RunOptions::default());
    machine.load(&program).expect("it fits");
    for _ in 0..100 {
        assert!(matches!(machine.run(Budget::fuel(0)), Outcome::BudgetSpent));
    }
}

#[test]
fn the_script_does_not_pay_for_what_the_host_looks_at() {
    let used = |look: bool| {
        // A map with more and more gaps, which nobody but the host passes over.
        let source = "m = {}\nfor i in range(1, 2000)\n\tm[i] = i\nend for\n\
                      for i in range(2, 1999)\n\tm.remove i\nend for";
        let program = Program::compile(source, Dialect::V1).expect("it is correct");
        let (mut machine, ..) = machine(&RunOptions::default());
        machine.load(&program).expect("it fits");
        while matches!(machine.run(Budget::fuel(1000)), Outcome::BudgetSpent) {
            if look {
                machine.state_hash();
            }
        }
        machine.stats().fuel_used
    };
    assert_eq!(used(true), used(false));
}
