//! Costs of embedding, in time and bytes: `cargo bench -p brisk-bench`.
#![allow(missing_docs)] // The macros of the harness make public items.
#![allow(clippy::print_stdout)]

use brisk_bench::{Counting, live_bytes, long_source, machine, program, run};
use brisk_core::engine::{Budget, Machine, MachineOptions};
use brisk_core::host::{Data, Signature, Values};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    print_bytes();
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
