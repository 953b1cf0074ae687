//! How much machine code there may be, and how much is made at a time.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Outcome, Program};
use brisk_tests::{HAS_MACHINE_CODE, Native, RunOptions, machine};

/// A program with `count` functions that a loop keeps hot.
fn many_functions(count: usize) -> String {
    let mut source = String::from("total = 0\n");
    for n in 0..count {
        let body = format!("s = 0\nfor i in range(1, 200)\ns = s + i * x - {n}\nend for\nreturn s");
        source += &format!("f{n} = function(x)\n{body}\nend function\n");
    }
    source += "for round in range(1, 100)\n";
    for n in 0..count {
        source += &format!("total = total + f{n}(round)\n");
    }
    source + "end for\nprint total\n"
}

#[test]
fn what_does_not_fit_is_interpreted() {
    let program = Program::compile(&many_functions(30), Dialect::V1).expect("it compiles");
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
    /// Words of the first burst, and those of the largest function.
    const BURST: u64 = 1000 + 100;
    /// Words that a slice buys, and those of the largest function.
    const LATER: u64 = SLICE / 100 + 100;
    let program = Program::compile(&many_functions(120), Dialect::V1).expect("it compiles");
    let options = RunOptions { native: Native::Auto, ..RunOptions::default() };
    let (mut machine, _output, _clock) = machine(&options);
    machine.load(&program).expect("it loads");
    let (mut words, mut most) = (0, Vec::new());
    loop {
        let outcome = machine.run(Budget::fuel(SLICE));
        let now = machine.native_stats().words;
        most.push(now - words);
        words = now;
        match outcome {
            Outcome::BudgetSpent => {}
            Outcome::Finished(_) => break,
            outcome => panic!("{outcome:?}"),
        }
    }
    let first = most.iter().position(|&words| words > 0);
    if !HAS_MACHINE_CODE {
        return;
    }
    let first = first.expect("something is hot");
    assert!(most.iter().sum::<u64>() > 2000, "the functions do become machine code");
    // What is left of the burst may go in the slices after the first.
    assert!(most.iter().all(|&words| words <= BURST), "{most:?}");
    let after = &most[first + 20..];
    assert!(after.iter().all(|&words| words <= LATER), "{most:?}");
}
