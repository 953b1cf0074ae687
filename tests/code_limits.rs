//! How much machine code there may be, and how much is made at a time.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Outcome, Program};
use brisk_tests::{HAS_MACHINE_CODE, Native, RunOptions, machine};

/// A program whose main loop calls twelve functions that call ten others each.
fn many_functions() -> String {
    let mut source = String::from("total = 0\n");
    for g in 0..12 {
        let mut calls = String::new();
        for f in 0..10 {
            let body = "s = s * 2 - x / 3 + s * x\n".repeat(10);
            source += &format!("f{g}_{f} = function(x)\ns = {f}\n{body}return s\nend function\n");
            calls += &format!("s = s + f{g}_{f}(x)\n");
        }
        source += &format!("g{g} = function(x)\ns = 0\n{calls}return s\nend function\n");
    }
    source += "for round in range(1, 2500)\n";
    for g in 0..12 {
        source += &format!("total = total + g{g}(round % 7)\n");
    }
    source + "end for\nprint total\n"
}

#[test]
fn what_does_not_fit_is_interpreted() {
    let program = Program::compile(&many_functions(), Dialect::V1).expect("it compiles");
    let mut printed = Vec::new();
    for native in [Native::None, Native::Eager, Native::CodeBytes(48 << 10)] {
        let options = RunOptions { native, ..RunOptions::default() };
        let (mut machine, output, _clock) = machine(&options);
        machine.load(&program).expect("it loads");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        printed.push((output.take(), machine.stats().fuel_used));
        let stats = machine.native_stats();
        if let (Native::CodeBytes(most), true) = (native, HAS_MACHINE_CODE) {
            assert!(stats.refusals > 0 && stats.compilations > 0, "{stats:?}");
            assert!(stats.bytes <= most as u64, "{stats:?}");
        } else {
            assert_eq!(stats.refusals, 0, "{native:?}");
        }
    }
    assert_eq!(printed[0], printed[1]);
    assert_eq!(printed[0], printed[2]);
}

#[test]
fn a_slice_compiles_only_so_much() {
    /// Fuel of a slice, as a game gives it in each frame.
    const SLICE: u64 = 20_000;
    /// Words that may be compiled at a time.
    const BURST: u64 = 1000;
    /// Words of the largest function here.
    const LARGEST: u64 = 150;
    let program = Program::compile(&many_functions(), Dialect::V1).expect("it compiles");
    let options = RunOptions { native: Native::Auto, ..RunOptions::default() };
    let (mut machine, _output, _clock) = machine(&options);
    machine.load(&program).expect("it loads");
    // Words compiled by the end of each slice.
    let mut words = vec![0];
    loop {
        let outcome = machine.run(Budget::fuel(SLICE));
        words.push(machine.native_stats().words);
        match outcome {
            Outcome::BudgetSpent => {}
            Outcome::Finished(_) => break,
            outcome => panic!("{outcome:?}"),
        }
    }
    let all = *words.last().expect("there were slices");
    assert!(all > 4 * BURST || !HAS_MACHINE_CODE, "the functions do become machine code: {all}");
    for slices in [1, 2, 5] {
        let most = BURST + LARGEST + slices as u64 * SLICE / 100;
        for (start, end) in words.iter().zip(&words[slices..]) {
            assert!(end - start <= most, "{} words in {slices} slices", end - start);
        }
    }
}
