//! Generated programs: every way to run them does the same.

use brisk_tests::{generate, hot, on_thread, ways};
use std::ops::Range;

/// Stack of a thread that runs programs.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn all_ways_agree() {
    compare_all(generate::program, if cfg!(debug_assertions) { 40 } else { 1000 });
}

#[test]
fn all_ways_agree_on_what_is_hard_for_machine_code() {
    compare_all(hot::program, if cfg!(debug_assertions) { 6 } else { 150 });
}

/// Compares the programs of the first seeds of a generator, on two threads.
fn compare_all(generate: fn(u64) -> String, seeds: u64) {
    let threads: Vec<_> = (0..2)
        .map(|part| {
            std::thread::spawn(move || {
                on_thread(STACK_BYTES, move || compare_part(generate, part..seeds))
            })
        })
        .collect();
    let (mut finished, mut wrong) = (0, Vec::new());
    for thread in threads {
        let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        finished += part.0;
        wrong.extend(part.1);
    }
    assert!(wrong.is_empty(), "{} programs differ; the first:\n{}", wrong.len(), wrong[0]);
    // Programs that stop early show little.
    assert!(finished * 3 > seeds, "only {finished} of {seeds} reach their end");
}

/// Every second of these seeds: how many programs reached their end, and what went wrong.
fn compare_part(generate: fn(u64) -> String, seeds: Range<u64>) -> (u64, Vec<String>) {
    let (mut finished, mut wrong) = (0, Vec::new());
    for seed in seeds.step_by(2) {
        let source = generate(seed);
        match ways::compare(&source, seed, &mut |_| true) {
            Ok(deeds) => finished += u64::from(deeds.error.is_none()),
            Err(finding) => {
                wrong
                    .push(format!("seed {seed} {}: {}\n{source}", finding.way, finding.difference));
            }
        }
    }
    (finished, wrong)
}
