//! What a host hears of memory and of the collector.

use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome};
use brisk_core::host::{Data, Values};
use brisk_core::{Clock, Dialect, Program};
use std::sync::{Arc, Mutex, PoisonError};

fn run(machine: &mut Machine, source: &str, budget: Budget) {
    let program = Program::compile(source, Dialect::V1).unwrap_or_else(|e| panic!("{source}\n{e}"));
    machine.load(&program).expect("it fits");
    loop {
        match machine.run(budget) {
            Outcome::Finished(_) => return,
            Outcome::BudgetSpent => {}
            outcome => panic!("{source}\n{outcome:?}"),
        }
    }
}

#[test]
fn a_soft_limit_is_told_once() {
    const LIMIT: usize = 1_000_000;
    let told = Arc::new(Mutex::new(Vec::new()));
    let calls = told.clone();
    let mut machine = Machine::new(MachineOptions {
        soft_limit: Some((
            LIMIT,
            Box::new(move |used, limit| {
                calls.lock().unwrap_or_else(PoisonError::into_inner).push((used, limit));
            }),
        )),
        ..MachineOptions::default()
    });
    let take = || std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let fill = "l = []\nfor i in range(1, 2000)\n\tl.push \"text\" * 250\nend for";
    run(&mut machine, "x = [1, 2, 3]", Budget::UNLIMITED);
    assert_eq!(take(), []);
    for budget in [Budget::UNLIMITED, Budget::fuel(1000)] {
        run(&mut machine, fill, budget);
        let all = take();
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].0 > LIMIT && all[0].0 < LIMIT + 200_000 && all[0].1 == LIMIT, "{all:?}");
        run(&mut machine, "l.push 1", budget);
        assert_eq!(take(), [], "not while it stays above");
        run(&mut machine, "l = null", budget);
        machine.collect();
        assert_eq!(take(), []);
    }
    // One large buffer, at the end of a run; and what the host holds.
    run(&mut machine, "l = [0] * 200000", Budget::UNLIMITED);
    assert_eq!(take().len(), 1);
    machine.set_global("l", &Data::Null).expect("it fits");
    machine.collect();
    machine.charge(2_000_000).expect("it fits");
    machine.collect_step(1);
    assert_eq!(take().len(), 1);
}

/// A clock that moves 3 microseconds with each look.
struct Ticking(f64);

impl Clock for Ticking {
    fn now(&mut self) -> f64 {
        self.0 += 3e-6;
        self.0
    }
}

#[test]
fn pauses_are_measured() {
    let mut machine =
        Machine::new(MachineOptions { clock: Box::new(Ticking(0.0)), ..MachineOptions::default() });
    run(&mut machine, "for i in range(1, 20000)\n\tx = [i, [i]]\nend for", Budget::UNLIMITED);
    let before = machine.stats();
    let mut expected = [0; 24];
    expected[1] = before.collection_slices;
    assert!(before.collection_slices > 10);
    assert_eq!(before.pauses, expected);
    assert!((before.pause_longest - 3e-6).abs() < 1e-9, "{}", before.pause_longest);
    machine.collect();
    machine.collect_step(10);
    expected[1] += 2;
    assert_eq!(machine.stats().pauses, expected, "what the host asks for, too");
}
