//! Memory: nothing is left when a machine is gone, and cycles do not stay.

use brisk_core::Dialect;
use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use brisk_tests::{RunOptions, corpus, machine, on_thread, run_script};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the bytes that each thread holds. Engines use no threads, so a script's bytes stay on
/// its thread.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

#[allow(unsafe_code)]
// SAFETY: every request is passed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn count(size: usize, sign: isize) {
    // A thread that is ending no longer counts.
    let _ = LIVE.try_with(|live| live.set(live.get() + sign * isize::try_from(size).unwrap_or(0)));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn live() -> isize {
    LIVE.with(Cell::get)
}

/// Stack of the thread the corpus runs on; debug builds have large frames.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn a_machine_leaves_nothing() {
    on_thread(STACK_BYTES, || {
        let mut leaks = Vec::new();
        for case in corpus::all() {
            let all = [
                RunOptions::default(),
                // In the middle of everything.
                RunOptions { slice: Some(50), slices_max: 3, ..RunOptions::default() },
                RunOptions { memory_bytes_max: 20_000, ..RunOptions::default() },
            ];
            for options in all {
                let before = live();
                drop(run_script(&case.source, &options));
                let after = live();
                if before != after {
                    leaks.push(format!(
                        "{}: {} bytes under {options:?}",
                        case.name,
                        after - before
                    ));
                }
            }
        }
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    });
}

#[test]
fn an_account_ends_at_what_it_began_with() {
    let (mut machine, output, _) = machine(&RunOptions::default());
    assert_eq!(machine.stats().bytes_used, 0, "a machine that ran nothing uses nothing");
    let source = "l = []\nfor i in range(1, 1000)\n\tl.push {\"a\": [i], \"b\": str(i) * 20}\n\
        end for\nl = null\nprint 1";
    let program = Program::compile(source, Dialect::V1).expect("it is correct");
    let mut used = Vec::new();
    for _ in 0..4 {
        machine.load(&program).expect("it fits");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        machine.collect();
        used.push(machine.stats().bytes_used);
    }
    assert_eq!(used[2], used[3], "{used:?}");
    assert_eq!(output.take(), "1\n1\n1\n1\n");
}

#[test]
fn cycles_are_collected() {
    for source in [
        "for i in range(1, 20000)\n\ta = {}\n\ta.a = a\nend for",
        "for i in range(1, 20000)\n\ta = []\n\ta.push a\nend for",
        "for i in range(1, 20000)\n\ta = {}\n\tb = [a]\n\ta[b] = a\nend for",
        "f = function\n\tg = function\n\t\treturn outer.g\n\tend function\n\treturn @g\n\
         end function\nfor i in range(1, 20000)\n\tx = f\nend for",
        "for i in range(1, 20000)\n\ta = {}\n\tb = new a\n\ta.__isa = b\nend for",
        "for i in range(1, 20000)\n\tf = function\n\t\tl = locals\n\t\tl.self = l\n\
         \tend function\n\tf\nend for",
    ] {
        // Wrong: shapes of parents that are gone are only taken up again when there are thousands,
        // so programs that make many parents need more room than their values do.
        let limit = if source.contains("new a") { 2 << 20 } else { 400 << 10 };
        let options = RunOptions { memory_bytes_max: limit, ..RunOptions::default() };
        let result = run_script(source, &options);
        assert_eq!(result.error, None, "{source}");
        assert!(result.stats.bytes_peak <= limit, "{source}: {:?}", result.stats);
        assert!(result.stats.collections > 2, "{source}: {:?}", result.stats);
    }
}

#[test]
fn collect_brings_the_bytes_down() {
    let (mut machine, ..) = machine(&RunOptions::default());
    let run = |machine: &mut Machine, source: &str| {
        machine
            .load(&Program::compile(source, Dialect::V1).expect("it is correct"))
            .expect("it fits");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        machine.stats().bytes_used
    };
    let full =
        run(&mut machine, "s = []\nfor i in range(1, 100)\n\ts.push \"x\" * 100000\nend for");
    assert!(full > 10_000_000, "{full}");
    machine.collect();
    assert!(machine.stats().bytes_used > 10_000_000);
    run(&mut machine, "s = null");
    machine.collect();
    assert!(machine.stats().bytes_used < 100_000, "{:?}", machine.stats());
}

/// A host that loads ever new texts. Wrong: the code of programs that nothing refers to any more
/// stays; it should not.
#[test]
fn programs_that_are_gone_take_little_memory() {
    let (mut machine, ..) = machine(&RunOptions::default());
    let mut marks = Vec::new();
    for i in 0..4000 {
        let source =
            format!("f = function\n\tx = [{i}, {i}.5]\n\treturn x\nend function\nresult = f");
        machine
            .load(&Program::compile(&source, Dialect::V1).expect("it is correct"))
            .expect("it fits");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        if i % 1000 == 999 {
            machine.collect();
            marks.push(live());
        }
    }
    let growth = marks[3] - marks[2];
    assert!(growth < 4_000_000, "1000 programs leave {growth} bytes behind: {marks:?}");
}

/// What a host asks for one machine per game object.
#[test]
fn a_machine_is_small() {
    let before = live();
    let machine = Machine::new(MachineOptions::default());
    let empty = live() - before;
    drop(machine);
    assert_eq!(live(), before);
    assert!(empty < 4096, "an idle machine takes {empty} bytes");
    let program = Program::compile("print [1, 2].len + \" \" + \"abc\".upper", Dialect::V1)
        .expect("it is correct");
    let before = live();
    let mut machine = Machine::new(MachineOptions::default());
    machine.load(&program).expect("it fits");
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
    let used = live() - before;
    assert!(used < 32 << 10, "a machine that ran a line takes {used} bytes");
}
