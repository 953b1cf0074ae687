//! What a host hears of memory and of the collector.

use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome};
use brisk_core::host::{Data, Values};
use brisk_core::{Clock, Dialect, Program};
use brisk_tests::{HAS_MACHINE_CODE, Native, RunOptions, machine, run_script};
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

/// Changes a large list and a large dictionary in every way, while they are scanned in parts, and
/// looks whether everything is still there.
const CHANGES: &str = "
big = []
numbers = []
table = {}
next = 0
make = function
	globals.next = next + 1
	return next
end function
for i in range(1, 6000)
	v = make
	big.push [v]
	numbers.push v
	table[\"key number \" + v] = [v]
end for
pick = function
	return floor(rnd * big.len)
end function
change = function(op)
	at = pick
	v = make
	if op == 0 then
		big[at] = [v]
		numbers[at] = v
	else if op == 1 then
		big.push [v]
		numbers.push v
	else if op == 2 then
		big.remove at
		numbers.remove at
	else if op == 3 then
		big.insert at, [v]
		numbers.insert at, v
	else if op == 4 then
		big.push big.pull
		numbers.push numbers.pull
	else if op == 5 then
		other = pick
		x = big[at]
		big[at] = big[other]
		big[other] = x
		x = numbers[at]
		numbers[at] = numbers[other]
		numbers[other] = x
	else if op == 6 then
		x = big.pop
		numbers.pop
		at = pick
		big[at] = x
		numbers[at] = x[0]
	else if op == 7 then
		table[\"key number \" + v] = [v]
	else if op == 8 then
		key = \"key number \" + numbers[at]
		if table.hasIndex(key) then table.remove key
	else if op == 9 then
		x = table.pull
		table[\"text number \" + v] = [v]
	else if op == 10 then
		// Closes the gaps.
		for pair in table
			break
		end for
	else if op == 11 then
		key = \"key number \" + numbers[at]
		if table.hasIndex(key) then table[key] = [numbers[at]]
	end if
end function
for i in range(1, 12000)
	change floor(rnd * 12)
	garbage = [[i], [i, \"text \" + i], {\"a\": [i]}]
	if i % 3000 == 0 then
		big.sort 0
		numbers.sort
	end if
end for
wrong = 0
for i in big.indexes
	if big[i].len != 1 or big[i][0] != numbers[i] then wrong = wrong + 1
end for
for pair in table
	if pair.key.split(\" \")[2].val != pair.value[0] then wrong = wrong + 1
end for
print wrong + \" of \" + (big.len > 3000) + (table.len > 3000)
";

#[test]
fn large_objects_change_while_they_are_scanned() {
    let mut all =
        vec![RunOptions::default(), RunOptions { quicken: false, ..RunOptions::default() }];
    if HAS_MACHINE_CODE {
        for native in [Native::Eager, Native::Warm] {
            all.push(RunOptions { native, ..RunOptions::default() });
        }
    }
    all.push(RunOptions { native: Native::Evaluator, ..RunOptions::default() });
    for options in all {
        let result = run_script(CHANGES, &options);
        assert_eq!((result.stdout.as_str(), result.error), ("0 of 11\n", None), "{options:?}");
        assert!(result.stats.collections > 5, "{:?}", result.stats);
    }
}

/// The same with the host at the collector between the changes.
#[test]
fn large_objects_change_between_steps_of_collection() {
    for (work, fuel) in [(300, 500), (5000, 3000), (40_000, 20_000)] {
        let (mut machine, output, _) = machine(&RunOptions::default());
        machine
            .load(&Program::compile(CHANGES, Dialect::V1).expect("it is correct"))
            .expect("it fits");
        loop {
            match machine.run(Budget::fuel(fuel)) {
                Outcome::Finished(_) => break,
                Outcome::BudgetSpent => machine.collect_step(work),
                outcome => panic!("{outcome:?}"),
            }
        }
        assert_eq!(output.take(), "0 of 11\n");
    }
}
