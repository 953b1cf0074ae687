//! Costs of embedding, in time and bytes: `cargo bench -p brisk-bench`.
#![allow(missing_docs)] // The macros of the harness make public items.
#![allow(clippy::print_stdout)]

use brisk_bench::{Counting, live_bytes, long_source, machine, program, run};
use brisk_core::DebugInfo;
use brisk_core::engine::{Budget, Machine, MachineOptions, Program};
use brisk_core::host::{Data, Signature, Values};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    print_bytes();
    print_loading();
    divan::main();
}

/// What a machine takes when it is new, when it ran a line, and when it has every intrinsic.
fn print_bytes() {
    for (what, source) in [
        ("new", ""),
        ("after `print 1`", "print 1"),
        ("after a look at every intrinsic", "x = intrinsics"),
    ] {
        let program = program(source);
        let before = live_bytes();
        let mut machine = Machine::new(MachineOptions::default());
        if !source.is_empty() {
            run(&mut machine, &program);
        }
        println!("bytes of a machine, {what}: {}", live_bytes() - before);
    }
}

/// What a bytecode file saves: compiling and loading by turns, twenty of each, so that a busy machine
/// hurts both alike; the least time of each. Loading includes checksum and verification.
fn print_loading() {
    println!(
        "\nprogram            source B    file B  stripped B   compile us    load us   ratio  stripped"
    );
    let fib = include_str!("../programs/ms/fib.ms");
    let entities = include_str!("../programs/ms/entities.ms");
    let nbody = include_str!("../programs/ms/nbody.ms");
    let (medium, large) = (long_source(30_000), long_source(1_000_000));
    for (name, source, rounds) in [
        ("print 1", "print 1", 100),
        ("fib.ms", fib, 100),
        ("nbody.ms", nbody, 50),
        ("entities.ms", entities, 50),
        ("all, once", &medium, 10),
        ("all, to 1 MB", &large, 3),
    ] {
        let compiled = program(source);
        let file = compiled.to_bytes(DebugInfo::Keep);
        let stripped = compiled.to_bytes(DebugInfo::Strip);
        let load = |file: &[u8]| Program::from_bytes(black_box(file)).expect("we just made it");
        let [mut compile, mut whole, mut bare] = [Duration::MAX; 3];
        for _ in 0..rounds {
            compile = compile.min(least(|| program(black_box(source))));
            whole = whole.min(least(|| load(&file)));
            bare = bare.min(least(|| load(&stripped)));
        }
        println!(
            "{name:16} {:>10} {:>9} {:>11} {:>12.2} {:>10.2} {:>7.1} {:>9.1}",
            source.len(),
            file.len(),
            stripped.len(),
            compile.as_secs_f64() * 1e6,
            whole.as_secs_f64() * 1e6,
            compile.as_secs_f64() / whole.as_secs_f64(),
            compile.as_secs_f64() / bare.as_secs_f64(),
        );
    }
    println!();
}

/// The least time that something takes in a row of runs, without taking its results apart.
fn least<T>(mut work: impl FnMut() -> T) -> Duration {
    let run = |_| {
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        drop(result);
        time
    };
    (0..20).map(run).min().unwrap_or_default()
}

#[divan::bench]
fn make_machine(bencher: Bencher) {
    bencher.bench_local(|| Machine::new(MachineOptions::default()));
}

#[divan::bench]
fn make_machine_and_print(bencher: Bencher) {
    let program = program("print 1");
    bencher.bench_local(|| {
        let mut machine = Machine::new(MachineOptions::default());
        run(&mut machine, &program);
        machine
    });
}

#[divan::bench]
fn make_machine_with_intrinsics(bencher: Bencher) {
    let program = program("x = intrinsics");
    bencher.bench_local(|| {
        let mut machine = Machine::new(MachineOptions::default());
        run(&mut machine, &program);
        machine
    });
}

#[divan::bench]
fn compile(bencher: Bencher) {
    let source = long_source(250_000);
    bencher.counter(BytesCount::of_str(&source)).bench_local(|| program(black_box(&source)));
}

/// The same text as a bytecode file.
#[divan::bench]
fn load(bencher: Bencher) {
    let source = long_source(250_000);
    let file = program(&source).to_bytes(DebugInfo::Keep);
    bencher
        .counter(BytesCount::of_str(&source))
        .bench_local(|| Program::from_bytes(black_box(&file)));
}

#[divan::bench]
fn compile_print(bencher: Bencher) {
    bencher.bench_local(|| program(black_box("print 1")));
}

#[divan::bench]
fn call_script(bencher: Bencher) {
    let mut machine = machine("f = function(a, b)\n\treturn a + b\nend function");
    let f = machine.global("f").ok().flatten().expect("a function");
    let f = f.as_handle().expect("a function").clone();
    let args = [Data::from(1), Data::from(2)];
    bencher.bench_local(|| machine.call(black_box(&f), &args, Budget::UNLIMITED));
}

/// Calls of a native function by a script, a thousand in each run.
#[divan::bench]
fn call_native(bencher: Bencher) {
    let mut machine = machine("");
    let signature = Signature::new("native").param("a").param("b");
    let add = |c: &mut brisk_core::host::Context<'_>| Ok(Data::from(c.number(0) + c.number(1)));
    machine.register(&signature, add).expect("it fits");
    let program = program("for i in range(1, 1000)\n\tx = native(i, 2)\nend for");
    bencher.counter(ItemsCount::new(1000_u32)).bench_local(|| run(&mut machine, &program));
}

/// The same with an intrinsic.
#[divan::bench]
fn call_intrinsic(bencher: Bencher) {
    let mut machine = machine("");
    let program = program("for i in range(1, 1000)\n\tx = bitAnd(i, 2)\nend for");
    bencher.counter(ItemsCount::new(1000_u32)).bench_local(|| run(&mut machine, &program));
}

#[divan::bench]
fn get_global(bencher: Bencher) {
    let mut machine = machine("value = 1");
    bencher.bench_local(|| machine.global(black_box("value")));
}

#[divan::bench]
fn set_global(bencher: Bencher) {
    let mut machine = machine("value = 1");
    bencher.bench_local(|| machine.set_global(black_box("value"), &Data::from(2)));
}

/// Slices of one instruction: what it costs to leave the interpreter and to come back.
#[divan::bench]
fn slice(bencher: Bencher) {
    let mut machine = machine("");
    machine.load(&program("while true\n\tx = 1\nend while")).expect("it fits");
    bencher.bench_local(|| machine.run(Budget::fuel(1)));
}
