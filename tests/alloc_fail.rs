//! Memory may be refused at any moment: the n-th request fails, for n = 0, 1, 2, …, until the
//! script succeeds.
//!
//! Every run must end in an error or print what the script expects, and leave a machine that works.

use brisk_core::engine::{Budget, Machine, Outcome, Program};
use brisk_core::{Dialect, ErrorKind};
use brisk_tests::corpus::{self, Case};
use brisk_tests::{Capture, ManualClock, RunOptions, machine, on_thread};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most fuel of a script that is tried.
const FUEL_MAX: u64 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
/// Requests tried one by one; later ones at growing distances.
const DENSE: u64 = if cfg!(debug_assertions) { 60 } else { 400 };
/// Time for one script.
const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 300 } else { 150 });
/// Stack of the thread the corpus runs on; debug builds have large frames.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn every_request_may_fail() {
    let threads: Vec<_> = (0..2)
        .map(|part| std::thread::spawn(move || on_thread(STACK_BYTES, move || try_part(part))))
        .collect();
    let mut wrong = Vec::new();
    let (mut scripts, mut runs) = (0, 0);
    for thread in threads {
        let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        wrong.extend(part.0);
        scripts += part.1;
        runs += part.2;
    }
    assert!(wrong.is_empty(), "{} scripts went wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(scripts > 300 && runs > 1000, "{scripts} scripts, {runs} runs");
}

/// Every second script: what went wrong, and the numbers of scripts and runs.
fn try_part(part: usize) -> (Vec<String>, usize, u64) {
    let (mut wrong, mut scripts, mut runs) = (Vec::new(), 0, 0);
    for case in corpus::scripts().into_iter().skip(part).step_by(2) {
        let Ok(program) = Program::compile(&case.source, Dialect::V1) else { continue };
        let (mut plain, output, clock) = machine(&RunOptions::default());
        let (_, error) = run(&mut plain, &program, &clock, Budget::fuel(FUEL_MAX));
        let printed = output.take();
        if error.as_deref() == Some(SPENT) || check(&case, &printed, error).is_err() {
            continue;
        }
        scripts += 1;
        if let Err(text) = try_script(&case, &program, &mut runs) {
            wrong.push(text);
        }
    }
    (wrong, scripts, runs)
}

fn try_script(case: &Case, program: &Program, runs: &mut u64) -> Result<(), String> {
    let start = Instant::now();
    let mut n = 0;
    loop {
        *runs += 1;
        let (mut machine, output, clock) = machine(&RunOptions::default());
        machine.fail_allocation_after(n);
        let (kind, error) = run(&mut machine, program, &clock, Budget::UNLIMITED);
        machine.fail_allocation_after(u64::MAX);
        let printed = output.take();
        let right = check(case, &printed, error.clone()).is_ok();
        if !right && kind != Some(ErrorKind::Limit) {
            return Err(format!(
                "{}, request {n}: {error:?} after printing {printed:.200?}",
                case.name
            ));
        }
        still_works(&mut machine, &output)
            .map_err(|text| format!("{}, request {n}: afterwards {text}", case.name))?;
        if right || start.elapsed() > TIME_MAX {
            return Ok(());
        }
        n += if n < DENSE { 1 } else { n / 10 };
    }
}

const SPENT: &str = "(budget spent)";

fn run(
    machine: &mut Machine,
    program: &Program,
    clock: &ManualClock,
    budget: Budget,
) -> (Option<ErrorKind>, Option<String>) {
    if let Err(error) = machine.load(program) {
        return (Some(error.kind()), Some(error.to_string()));
    }
    loop {
        match machine.run(budget) {
            Outcome::Finished(_) | Outcome::Exited(_) => return (None, None),
            Outcome::BudgetSpent => return (None, Some(SPENT.into())),
            Outcome::Yielded => {}
            Outcome::Waiting { until } => clock.advance_to(until.unwrap_or(0.0)),
            Outcome::Failed(error) => return (Some(error.kind()), Some(error.to_string())),
        }
    }
}

fn check(case: &Case, printed: &str, error: Option<String>) -> Result<(), String> {
    case.check(&brisk_tests::RunResult { stdout: printed.to_string(), error, ..Default::default() })
}

fn still_works(machine: &mut Machine, output: &Capture) -> Result<(), String> {
    let next = Program::compile("globals.remove \"print\"\nq_ = [1, \"x\"]\nprint q_", Dialect::V1)
        .expect("it is correct");
    machine.load(&next).map_err(|error| error.to_string())?;
    match machine.run(Budget::UNLIMITED) {
        Outcome::Finished(_) => {}
        outcome => return Err(format!("{outcome:?}")),
    }
    machine.collect();
    match output.take().as_str() {
        "[1, \"x\"]\n" => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// What the host itself asks for may be refused, too.
#[test]
fn requests_of_the_host_may_fail() {
    use brisk_core::host::{Data, ObjectType, Signature, Values};
    let kind = Arc::new(ObjectType::new(2));
    for n in 0..300 {
        let (mut machine, output, clock) = machine(&RunOptions::default());
        machine.fail_allocation_after(n);
        let work = |machine: &mut Machine| {
            machine.register(&Signature::new("native").param("a"), |c| Ok(c.value(0)?))?;
            let (list, map) = (machine.new_list()?, machine.new_map()?);
            for i in 0..20 {
                machine.list_push(&list, &Data::from(format!("element {i}")))?;
                machine.map_set(
                    &map,
                    &Data::from(format!("key {i}")),
                    &Data::List(list.clone()),
                )?;
            }
            machine.set_global("m", &Data::Map(map))?;
            machine.globals()?;
            machine.global("m")?;
            machine.new_object(&kind, 1, None, 100)?;
            machine.charge(1000)?;
            machine.text_of(&Data::List(list))?;
            Ok::<(), brisk_core::Error>(())
        };
        let result = work(&mut machine);
        machine.fail_allocation_after(u64::MAX);
        let program = Program::compile("x = 1", Dialect::V1).expect("it is correct");
        let (kind, error) = run(&mut machine, &program, &clock, Budget::UNLIMITED);
        assert_eq!((kind, error), (None, None), "request {n}");
        still_works(&mut machine, &output).unwrap_or_else(|text| panic!("request {n}: {text}"));
        if result.is_ok() {
            return;
        }
    }
    panic!("never succeeded");
}
