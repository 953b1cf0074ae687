//! Machine code stays where it is: once warm, the programs of the benchmark hardly ever leave it.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Outcome, Program};
use brisk_tests::{HAS_MACHINE_CODE, Native, RunOptions, machine};
use std::path::Path;

/// Exits for each million units of fuel, beyond those that warming up takes.
const EXITS_PER_MILLION: u64 = 5;
/// What warming up may take: ten at each instruction that met something new.
const EXITS_WARMING: u64 = 300;

#[test]
fn warm_programs_hardly_leave() {
    if !HAS_MACHINE_CODE {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/programs/ms");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the benchmark's programs are there") {
        let path = entry.expect("readable").path();
        let source = std::fs::read_to_string(&path).expect("readable");
        let program = Program::compile(&source, Dialect::V1).expect("it compiles");
        let options = RunOptions { native: Native::Auto, ..RunOptions::default() };
        let (mut machine, _output, _clock) = machine(&options);
        machine.load(&program).expect("it loads");
        let outcome = machine.run(Budget::UNLIMITED);
        assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
        let exits: u64 = machine.native_stats().exits.iter().map(|(_, count)| count).sum();
        let most = EXITS_WARMING + machine.stats().fuel_used / 1_000_000 * EXITS_PER_MILLION;
        assert!(exits <= most, "{}: {exits} exits, at most {most}", path.display());
        count += 1;
    }
    assert_eq!(count, 20);
}
