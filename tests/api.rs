//! The public API, as a host uses it.

use brisk_core::engine::{Budget, Machine, MachineOptions, Outcome, Program, check};
use brisk_core::host::{
    Context, Data, Handle, NativeError, ObjectType, ParamDefault, Signature, Values,
};
use brisk_core::{Dialect, Error, ErrorKind};
use brisk_tests::{Capture, ManualClock, RunOptions, machine, on_thread, run_program};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn program(source: &str) -> Program {
    Program::compile(source, Dialect::V1).unwrap_or_else(|error| panic!("{source}\n{error}"))
}

fn plain() -> (Machine, Capture, ManualClock) {
    machine(&RunOptions::default())
}

/// Runs to the end and returns what was printed.
fn run(machine: &mut Machine, output: &Capture, source: &str) -> String {
    machine.load(&program(source)).expect("it fits");
    match machine.run(Budget::UNLIMITED) {
        Outcome::Finished(_) => output.take(),
        outcome => panic!("{source}\n{outcome:?} after {:?}", output.take()),
    }
}

fn fails(machine: &mut Machine, source: &str) -> Error {
    machine.load(&program(source)).expect("it fits");
    match machine.run(Budget::UNLIMITED) {
        Outcome::Failed(error) => error,
        outcome => panic!("{source}\n{outcome:?}"),
    }
}

fn function(machine: &mut Machine, name: &str) -> Handle {
    match machine.global(name) {
        Ok(Some(Data::Function(handle))) => handle,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn types_move_between_threads_as_promised() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Program>();
    sync::<Program>();
    send::<Machine>();
    send::<Handle>();
    send::<Error>();
}

#[test]
fn a_program_runs_in_many_machines_and_threads() {
    let program = program(
        "f = function(n)\n\tif n < 2 then return n\n\treturn f(n - 1) + f(n - 2)\nend function\n\
         print f(15)",
    );
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let program = program.clone();
            std::thread::spawn(move || {
                (0..5).map(|_| run_program(&program, &RunOptions::default())).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut all: Vec<_> =
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
    assert_eq!(all.len(), 40);
    assert!(all.iter().all(|result| result.stdout == "610\n"), "{all:?}");
    all.dedup();
    assert_eq!(all.len(), 1, "every run has the same figures");
}

#[test]
fn a_machine_moves_to_another_thread_in_the_middle() {
    let (mut machine, output, _) = plain();
    machine.load(&program("for i in range(1, 5)\n\tprint i\n\tyield\nend for")).expect("it fits");
    for _ in 0..5 {
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Yielded));
        machine = std::thread::spawn(move || machine).join().expect("no panic");
    }
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
    assert_eq!(output.take(), "1\n2\n3\n4\n5\n");
}

#[test]
fn a_finished_machine_stays_finished() {
    let (mut machine, _, _) = plain();
    assert!(machine.is_finished());
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(Data::Null)));
    machine.load(&program("x = 1")).expect("it fits");
    assert!(!machine.is_finished());
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
    assert!(machine.is_finished());
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(Data::Null)));
}

#[test]
fn a_machine_that_stopped_forgets_its_frames_only() {
    let (mut machine, output, _) = plain();
    machine
        .load(&program(
            "x = 1\nf = function\n\twhile true\n\t\tx_ = 1\n\tend while\nend function\nf",
        ))
        .expect("it fits");
    assert!(matches!(machine.run(Budget::fuel(10_000)), Outcome::BudgetSpent));
    assert_eq!(machine.stack_trace().len(), 2);
    machine.stop();
    assert!(machine.is_finished());
    assert!(machine.stack_trace().is_empty());
    assert_eq!(run(&mut machine, &output, "print x"), "1\n");
}

#[test]
fn globals_stay_between_programs() {
    let (mut machine, output, _) = plain();
    run(
        &mut machine,
        &output,
        "counter = 0\nbump = function\n\tglobals.counter += 1\n\treturn counter\nend function",
    );
    for expected in 1..=3 {
        assert_eq!(run(&mut machine, &output, "print bump"), format!("{expected}\n"));
    }
}

#[test]
fn yield_and_wait_return_to_the_host() {
    let (mut machine, output, clock) = plain();
    machine
        .load(&program("print 1\nyield\nprint 2\nwait 1.5\nprint 3\nwait 0\nprint 4"))
        .expect("it fits");
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Yielded));
    assert_eq!(output.take(), "1\n");
    let until = match machine.run(Budget::UNLIMITED) {
        Outcome::Waiting { until: Some(until) } => until,
        outcome => panic!("{outcome:?}"),
    };
    assert_eq!((until, output.take().as_str()), (1.5, "2\n"));
    for early in [0.5, 1.0, 1.49] {
        clock.advance_to(early);
        assert!(
            matches!(machine.run(Budget::UNLIMITED), Outcome::Waiting { until: Some(u) } if u == until)
        );
        assert_eq!(output.take(), "");
    }
    clock.advance_to(1.5);
    loop {
        match machine.run(Budget::UNLIMITED) {
            Outcome::Finished(_) => break,
            Outcome::Waiting { until: Some(until) } => clock.advance_to(until),
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!(output.take(), "3\n4\n");
}

#[test]
fn time_is_the_clock_of_the_machine() {
    let (mut machine, output, clock) = plain();
    clock.advance_to(100.0);
    machine.load(&program("print time\nyield\nprint time")).expect("it fits");
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Yielded));
    clock.advance_to(102.5);
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
    assert_eq!(output.take(), "0\n2.5\n");
}

#[test]
fn globals_are_read_and_written() {
    let (mut machine, output, _) = plain();
    machine.set_global("n", &Data::from(4)).expect("it fits");
    machine.set_global("s", &Data::from("text")).expect("it fits");
    machine.set_global("b", &Data::from(true)).expect("it fits");
    machine.set_global("nothing", &Data::Null).expect("it fits");
    assert_eq!(
        run(&mut machine, &output, "print [n, s, b, nothing]\nout = n * 2\nl = [1, \"two\", null]"),
        "[4, \"text\", 1, null]\n"
    );
    assert_eq!(machine.global("out").expect("no error").and_then(|d| d.as_number()), Some(8.0));
    assert!(machine.global("missing").expect("no error").is_none());
    assert!(matches!(machine.global("nothing"), Ok(Some(Data::Null))));
    let Ok(Some(Data::List(list))) = machine.global("l") else { panic!("l is a list") };
    assert_eq!(machine.len_of(&list).expect("a list"), 3);
    assert_eq!(
        machine.list_get(&list, 1).expect("a list").and_then(|d| d.as_text().map(String::from)),
        Some("two".into())
    );
    assert!(machine.list_get(&list, 3).expect("a list").is_none());
    assert!(machine.list_set(&list, 0, &Data::from("first")).expect("a list"));
    assert!(!machine.list_set(&list, 3, &Data::Null).expect("a list"));
    machine.list_push(&list, &Data::List(list.clone())).expect("it fits");
    assert_eq!(
        run(&mut machine, &output, "print l[0] + l[1] + l.len + refEquals(l, l[3])"),
        "firsttwo41\n"
    );
    assert_eq!(machine.list_numbers(&list).expect("a list"), [0.0; 4]);
    let globals = machine.globals().expect("it fits");
    let names: Vec<_> = machine
        .map_entries(&globals)
        .expect("a map")
        .into_iter()
        .map(|(k, _)| k.as_text().map(String::from))
        .collect();
    assert_eq!(names, ["n", "s", "b", "nothing", "out", "l"].map(|n| Some(n.to_string())));
}

#[test]
fn a_global_set_by_the_host_hides_an_intrinsic_and_can_be_removed() {
    let (mut machine, output, _) = plain();
    machine.set_global("pi", &Data::from(3)).expect("it fits");
    assert_eq!(
        run(&mut machine, &output, "print pi\nf = function\n\treturn pi\nend function\nprint f"),
        "3\n3\n"
    );
    let globals = machine.globals().expect("it fits");
    assert!(machine.map_remove(&globals, &Data::from("pi")).expect("a map"));
    assert!(!machine.map_remove(&globals, &Data::from("pi")).expect("a map"));
    assert_eq!(run(&mut machine, &output, "print round(pi, 2)\nprint round(f, 2)"), "3.14\n3.14\n");
}

#[test]
fn maps_are_made_and_read_in_order() {
    let (mut machine, output, _) = plain();
    let map = machine.new_map().expect("it fits");
    for i in 0..20 {
        machine.map_set(&map, &Data::from(format!("k{i}")), &Data::from(i)).expect("it fits");
    }
    machine.map_set(&map, &Data::from(7), &Data::from("seven")).expect("it fits");
    machine.map_set(&map, &Data::Null, &Data::from("null")).expect("it fits");
    assert_eq!(machine.len_of(&map).expect("a map"), 22);
    assert_eq!(
        machine.map_get(&map, &Data::from("k3")).expect("a map").and_then(|d| d.as_number()),
        Some(3.0)
    );
    assert!(machine.map_get(&map, &Data::from("k20")).expect("a map").is_none());
    machine.set_global("m", &Data::Map(map.clone())).expect("it fits");
    assert_eq!(
        run(&mut machine, &output, "print m.k19 + m[7] + m[null]\nm.added = 1\nm.remove \"k0\""),
        "19sevennull\n"
    );
    let entries = machine.map_entries(&map).expect("a map");
    assert_eq!(entries.len(), 22);
    assert_eq!(entries[0].0.as_text(), Some("k1"));
    assert_eq!(entries[21].0.as_text(), Some("added"));
    assert_eq!(machine.text_of(&Data::from(0.1)).expect("it fits"), "0.1");
    assert_eq!(machine.text_of(&Data::Null).expect("it fits"), "");
}

#[test]
fn handles_keep_what_they_hold() {
    let (mut machine, output, _) = plain();
    run(&mut machine, &output, "l = [\"kept\" + 1, {\"a\": \"b\" + 2}]");
    let Ok(Some(Data::List(list))) = machine.global("l") else { panic!("l is a list") };
    run(&mut machine, &output, "l = null\nfor i in range(1, 10000)\n\tx = [i, str(i)]\nend for");
    machine.collect();
    machine.set_global("again", &Data::List(list.clone())).expect("it fits");
    drop(list);
    assert_eq!(run(&mut machine, &output, "print again"), "[\"kept1\", {\"a\": \"b2\"}]\n");
}

#[test]
fn dropped_handles_release_what_they_held() {
    let (mut machine, _, _) = plain();
    let mut used = Vec::new();
    for _ in 0..3 {
        for _ in 0..100 {
            let handles: Vec<Handle> =
                (0..100).map(|_| machine.new_list().expect("it fits")).collect();
            drop(handles);
        }
        machine.collect();
        used.push(machine.stats().bytes_used);
    }
    // Blocks of cells stay for the next objects.
    assert_eq!(used[1], used[2], "{used:?}");
}

#[test]
fn handles_of_other_machines_are_refused() {
    let ((mut a, ..), (mut b, ..)) = (plain(), plain());
    let handles: Vec<_> = (0..3).map(|_| a.new_list().expect("it fits")).collect();
    let _of_b: Vec<_> = (0..3).map(|_| b.new_list().expect("it fits")).collect();
    let Some(Data::Function(print)) = ({
        a.load(&program("f = function\nend function")).expect("it fits");
        a.run(Budget::UNLIMITED);
        a.global("f").expect("no error")
    }) else {
        panic!("f is a function")
    };
    let list = &handles[1];
    let errors = [
        b.len_of(list).err(),
        b.list_get(list, 0).err(),
        b.list_push(list, &Data::Null).err(),
        b.set_global("x", &Data::List(list.clone())).err(),
        b.text_of(&Data::List(list.clone())).err(),
        b.map_entries(list).err(),
        b.call(&print, &[], Budget::UNLIMITED).err(),
        b.new_object(&Arc::new(ObjectType::new(0)), 0, Some(list), 0).err(),
        b.object_close(list).err(),
        // Right machine, wrong type.
        a.map_entries(list).err(),
        a.map_get(list, &Data::Null).err(),
        a.call(list, &[], Budget::UNLIMITED).err(),
        a.list_get(&print, 0).err(),
        a.len_of(&print).err(),
        a.object_close(list).err(),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        assert_eq!(error.map(|e| e.kind()), Some(ErrorKind::Host), "case {i}");
    }
    assert_eq!(b.object_data(list, 0), None);
    drop(a);
    assert!(b.len_of(list).is_err());
}

#[test]
fn script_functions_are_called() {
    let (mut machine, output, _) = plain();
    run(
        &mut machine,
        &output,
        "add = function(a, b=10)\n\treturn a + b\nend function\nnothing = function\nend function",
    );
    let (add, nothing) = (function(&mut machine, "add"), function(&mut machine, "nothing"));
    for (args, expected) in
        [(vec![], 10.0), (vec![Data::from(1)], 11.0), (vec![Data::from(1), Data::from(2)], 3.0)]
    {
        let outcome = machine.call(&add, &args, Budget::UNLIMITED).expect("a function");
        assert!(
            matches!(&outcome, Outcome::Finished(d) if d.as_number() == Some(expected) || args.is_empty()),
            "{outcome:?}"
        );
    }
    assert!(matches!(
        machine.call(&nothing, &[], Budget::UNLIMITED),
        Ok(Outcome::Finished(Data::Null))
    ));
    match machine.call(&add, &[Data::Null, Data::Null, Data::Null], Budget::UNLIMITED) {
        Ok(Outcome::Failed(error)) => assert_eq!(error.message(), "Too Many Arguments"),
        outcome => panic!("{outcome:?}"),
    }
    assert!(machine.is_finished());
    match machine.call(&add, &[Data::from("a"), Data::from("b")], Budget::UNLIMITED) {
        Ok(Outcome::Finished(Data::Text(text))) => assert_eq!(text, "ab"),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_call_runs_above_a_suspended_program() {
    let (mut machine, output, _) = plain();
    let source = "double = function(x)\n\treturn x * 2\nend function\nrest = function\n\tyield\nend function\n\
                  local = 1\nyield\nprint local";
    machine.load(&program(source)).expect("it fits");
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Yielded));
    let (double, rest) = (function(&mut machine, "double"), function(&mut machine, "rest"));
    let outcome = machine.call(&double, &[Data::from(21)], Budget::UNLIMITED).expect("a function");
    assert!(matches!(&outcome, Outcome::Finished(d) if d.as_number() == Some(42.0)), "{outcome:?}");
    let outcome = machine.call(&rest, &[], Budget::UNLIMITED).expect("a function");
    assert!(matches!(outcome, Outcome::Failed(_)), "it cannot suspend: {outcome:?}");
    assert!(!machine.is_finished());
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
    assert_eq!(output.take(), "1\n");
}

#[test]
fn a_call_suspends_and_goes_on() {
    let (mut machine, output, clock) = plain();
    run(
        &mut machine,
        &output,
        "f = function(n)\n\tfor i in range(1, n)\n\t\twait 1\n\tend for\n\tyield\n\treturn n\n\
         end function",
    );
    let f = function(&mut machine, "f");
    let mut outcome = machine.call(&f, &[Data::from(3)], Budget::fuel(1)).expect("a function");
    let (mut waits, mut yields, mut slices) = (0, 0, 0);
    loop {
        match outcome {
            Outcome::Finished(value) => {
                assert_eq!(value.as_number(), Some(3.0));
                break;
            }
            Outcome::Waiting { until } => {
                waits += 1;
                clock.advance_to(until.expect("wait says when"));
            }
            Outcome::Yielded => yields += 1,
            Outcome::BudgetSpent => slices += 1,
            other => panic!("{other:?}"),
        }
        outcome = machine.run(Budget::fuel(1));
    }
    assert_eq!((waits, yields), (3, 1));
    assert!(slices > 0);
}

/// A search that is left to go on in the next slice ends when the host calls it, too.
#[test]
fn a_long_search_called_by_the_host_ends() {
    let (mut machine, output, _) = plain();
    run(
        &mut machine,
        &output,
        "find = @list.indexOf\na = range(1, 3000)\nb = a[:]\nb[-1] = 0\nx = [a] * 5000 + [b]\n\
         f = function(x, b)\n\treturn x.indexOf(b)\nend function",
    );
    let [x, b] = ["x", "b"].map(|name| machine.global(name).expect("memory").expect("a global"));
    for name in ["find", "f"] {
        let f = function(&mut machine, name);
        let args = [x.clone(), b.clone()];
        let outcome = machine.call(&f, &args, Budget::UNLIMITED).expect("a function");
        let Outcome::Finished(value) = outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!(value.as_number(), Some(5000.0), "{name}");
    }
}

#[test]
fn native_functions_have_parameters_defaults_and_state() {
    let (mut machine, output, _) = plain();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let signature = Signature::new("note")
        .param("a")
        .param_or("b", ParamDefault::Number(2.5))
        .param_or("c", ParamDefault::Text("see".into()));
    let log = seen.clone();
    machine
        .register(&signature, move |context| {
            assert_eq!(context.arg_count(), 3);
            let line =
                format!("{} {} {}", context.text_arg(0)?, context.number(1), context.text_arg(2)?);
            log.lock().expect("no panic").push(line);
            Ok(Data::from(context.host_data() as f64))
        })
        .expect("it fits");
    machine.set_host_data(42);
    let source = "print note\nprint note(1)\nprint note(\"x\", 3)\nx = note([1], \"y\", null)\n\
        print @note isa funcRef\nprint intrinsics.hasIndex(\"note\")";
    assert_eq!(run(&mut machine, &output, source), "42\n42\n42\n1\n1\n");
    assert_eq!(*seen.lock().expect("no panic"), [" 2.5 see", "1 2.5 see", "x 3 see", "[1] 0 "]);
    assert_eq!(fails(&mut machine, "note 1, 2, 3, 4").message(), "Too Many Arguments");
}

#[test]
fn native_functions_receive_self() {
    let (mut machine, output, _) = plain();
    let handle = machine
        .register(&Signature::new("").param("self").param("x"), |context| {
            let (this, x) = (context.value(0)?, context.number(1));
            let Data::Map(map) = this else { return Ok(Data::from("no self")) };
            let old = context
                .map_get(&map, &Data::from("total"))?
                .and_then(|d| d.as_number())
                .unwrap_or(0.0);
            context.map_set(&map, &Data::from("total"), &Data::from(old + x))?;
            Ok(Data::from(old + x))
        })
        .expect("it fits");
    machine.set_global("addTo", &Data::Function(handle)).expect("it fits");
    let source = "m = {}\nm.add = @addTo\nm.add 5\nprint m.add(6)\nprint m.total\nd = new m\n\
        d.total = 100\nprint d.add(1)\nprint m.total\nprint addTo(3)";
    assert_eq!(run(&mut machine, &output, source), "11\n11\n101\n11\nno self\n");
}

#[test]
fn native_functions_hide_intrinsics_until_scripts_hide_them() {
    let (mut machine, output, _) = plain();
    machine
        .register(&Signature::new("abs").param("x"), |_| Ok(Data::from("native")))
        .expect("it fits");
    assert_eq!(
        run(
            &mut machine,
            &output,
            "print abs(-1)\nf = function\n\treturn abs(-1)\nend function\nprint f"
        ),
        "native\nnative\n"
    );
    assert_eq!(
        run(
            &mut machine,
            &output,
            "abs = function(x)\n\treturn \"script\"\nend function\nprint abs(-1)\nprint f"
        ),
        "script\nscript\n"
    );
    assert_eq!(run(&mut machine, &output, "globals.remove \"abs\"\nprint abs(-1)"), "native\n");
}

#[test]
fn native_errors_become_script_errors_with_a_place() {
    let (mut machine, _, _) = plain();
    machine
        .register(&Signature::new("boom").param("what"), |c| {
            Err(NativeError::message(c.text_arg(0)?))
        })
        .expect("it fits");
    let error = fails(&mut machine, "f = function\n\tboom \"crash\"\nend function\n\nf");
    assert_eq!(
        (error.kind(), error.message(), error.line()),
        (ErrorKind::Runtime, "crash", Some(2))
    );
    let lines: Vec<u32> = error.trace().iter().map(|frame| frame.location.line).collect();
    assert_eq!(lines, [2, 5]);
    assert_eq!(error.trace()[0].function, "f");
    assert_eq!(error.to_string(), "Runtime Error: crash [line 2]");
}

#[test]
fn native_functions_may_not_be_finished() {
    let (mut machine, output, clock) = plain();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    machine
        .register(&Signature::new("slow").param("n"), move |context| {
            count.fetch_add(1, Ordering::Relaxed);
            let done = context.state()?.and_then(|d| d.as_number()).unwrap_or(0.0);
            if done < context.number(0) {
                return Err(NativeError::Pending {
                    state: Data::from(done + 1.0),
                    wake: Some(done * 10.0),
                });
            }
            Ok(Data::from(format!("done after {done}")))
        })
        .expect("it fits");
    machine.load(&program("print slow(3)\nprint [slow(1), slow(0)]")).expect("it fits");
    let mut wakes = Vec::new();
    loop {
        match machine.run(Budget::fuel(1)) {
            Outcome::Finished(_) => break,
            Outcome::Waiting { until } => {
                machine.collect();
                wakes.push(until.expect("it says when"));
                clock.advance_to(until.unwrap_or(0.0));
            }
            Outcome::BudgetSpent => {}
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!(wakes, [0.0, 10.0, 20.0, 0.0]);
    assert_eq!(output.take(), "done after 3\n[\"done after 1\", \"done after 0\"]\n");
    assert_eq!(calls.load(Ordering::Relaxed), 4 + 2 + 1);
}

#[test]
fn native_functions_yield_and_exit() {
    let (mut machine, output, _) = plain();
    machine.register(&Signature::new("rest"), |_| Err(NativeError::Yield)).expect("it fits");
    machine
        .register(&Signature::new("quit").param("code"), |c| Err(NativeError::Exit(c.int(0))))
        .expect("it fits");
    machine
        .load(&program("x = rest\nprint x\nf = function\n\tquit 7\nend function\nf\nprint 2"))
        .expect("it fits");
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Yielded));
    assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Exited(7)));
    assert_eq!(output.take(), "null\n");
    machine.stop();
    assert_eq!(run(&mut machine, &output, "print 3"), "3\n");
}

/// `nest(n)` of the machine calls the script function `step(n)`, which calls `nest(n - 1)`.
fn nesting() -> (Machine, Capture) {
    let (mut machine, output, _) = plain();
    let nest = |context: &mut Context<'_>| {
        let n = context.number(0);
        let Some(Data::Function(step)) = context.global("step")? else { return Ok(Data::Null) };
        Ok(context.call(&step, &[Data::from(n)])?)
    };
    machine.register(&Signature::new("nest").param("n"), nest).expect("it fits");
    run(
        &mut machine,
        &output,
        "step = function(n)\n\tif n == 0 then return bottom\n\treturn nest(n - 1) + [n]\n\
         end function\nbottom = function\n\treturn []\nend function",
    );
    (machine, output)
}

/// Deep nesting takes native stack, much of it in debug builds.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 16 << 20 } else { 1 << 20 };

#[test]
fn scripts_and_natives_nest() {
    on_thread(STACK_BYTES, nest);
}

fn nest() {
    let (mut machine, output) = nesting();
    assert_eq!(run(&mut machine, &output, "print nest(100).len"), "100\n");
    let error = fails(&mut machine, "bottom = function\n\treturn [][1]\nend function\nnest 100");
    assert_eq!((error.kind(), error.line()), (ErrorKind::Runtime, Some(2)));
    let error = fails(&mut machine, "nest 100000");
    assert_eq!(error.message(), "Call stack overflow");
    // A script inside a native function cannot suspend.
    for suspend in ["yield", "wait 1"] {
        let error = fails(
            &mut machine,
            &format!("bottom = function\n\t{suspend}\n\treturn []\nend function\nprint nest(3)"),
        );
        assert!(!error.message().is_empty());
    }
    assert_eq!(run(&mut machine, &output, "bottom = []\nprint nest(3)"), "[1, 2, 3]\n");
}

#[test]
fn nested_runs_respect_the_collector() {
    on_thread(STACK_BYTES, nest_under_stress);
}

fn nest_under_stress() {
    let (mut machine, output) = nesting();
    machine.stress_collector();
    let expected: Vec<i32> = (1..=30).collect();
    assert_eq!(run(&mut machine, &output, "print nest(30)"), format!("{expected:?}\n"));
}

#[test]
fn errors_name_their_kind_line_and_trace() {
    let error = Program::compile("x = (\ny = 1", Dialect::V1).expect_err("a mistake");
    assert_eq!(error.kind(), ErrorKind::Compile);
    assert!(!error.diagnostics().is_empty());
    assert_eq!(check("x = 1", Dialect::V1), []);
    assert!(!check("x = (", Dialect::V1).is_empty());
    assert!(check("if 1 then", Dialect::V1).iter().any(|d| d.incomplete));
    assert!(check("x = [1,", Dialect::V1).iter().any(|d| d.incomplete));
    assert!(!check("x = )", Dialect::V1).iter().any(|d| d.incomplete));

    let (mut machine, output, _) = plain();
    let source = "a = function\n\tb\nend function\nb = function\n\tx = [1][5]\nend function\n\na";
    let error = fails(&mut machine, source);
    assert_eq!((error.kind(), error.line()), (ErrorKind::Runtime, Some(5)));
    let trace: Vec<_> =
        error.trace().iter().map(|f| (f.function.as_str(), f.location.line)).collect();
    assert_eq!(trace, [("b", 5), ("a", 2), ("@main", 8)]);
    assert!(machine.is_finished());
    assert_eq!(run(&mut machine, &output, "print 1"), "1\n");
}

#[test]
fn memory_has_a_limit() {
    let (mut machine, output, _) =
        machine(&RunOptions { memory_bytes_max: 1 << 20, ..RunOptions::default() });
    let source = "grow = function\n\tl = []\n\twhile true\n\t\tl.push [1, 2, 3]\n\tend while\n\
        end function\n";
    run(&mut machine, &output, source);
    for _ in 0..3 {
        let error = fails(&mut machine, "grow");
        assert_eq!(
            (error.kind(), error.message(), error.line()),
            (ErrorKind::Limit, "out of memory", Some(4))
        );
        assert!(machine.stats().bytes_peak <= 1 << 20);
    }
    machine.set_memory_bytes_max(8 << 20);
    assert_eq!(run(&mut machine, &output, "l = [1] * 200000\nprint l.len"), "200000\n");
    machine.set_memory_bytes_max(0);
    let refused = machine.load(&program("x = l + l")).expect_err("there is no memory");
    assert_eq!(refused.kind(), ErrorKind::Limit);
    machine.set_memory_bytes_max(8 << 20);
    assert_eq!(run(&mut machine, &output, "print l.len"), "200000\n");
}

#[test]
fn calls_have_a_limit() {
    for depth in [1, 2, 10, 1000] {
        let (mut machine, output, _) =
            machine(&RunOptions { call_depth_max: depth + 1, ..RunOptions::default() });
        run(&mut machine, &output, "down = function(n)\n\tif n > 1 then down n - 1\nend function");
        assert_eq!(run(&mut machine, &output, &format!("down {depth}\nprint 1")), "1\n");
        let error = fails(&mut machine, &format!("down {}", depth + 1));
        assert_eq!((error.kind(), error.message()), (ErrorKind::Limit, "Call stack overflow"));
    }
}

#[test]
fn the_seed_decides_the_random_numbers() {
    let numbers = |seed| {
        let output = Capture::default();
        let mut machine = Machine::new(MachineOptions {
            seed,
            output: Box::new(output.clone()),
            ..MachineOptions::default()
        });
        run(&mut machine, &output, "l = range(1, 20)\nl.shuffle\nprint rnd + \" \" + rnd + l")
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}

#[test]
fn implicit_results_are_taken_once() {
    use brisk_core::compile::CompileOptions;
    let (mut machine, _, _) = plain();
    let options = CompileOptions { repl: true, ..CompileOptions::default() };
    let mut eval = |source: &str| {
        let program = Program::compile_with(source, Dialect::V1, &options).expect("it is correct");
        machine.load(&program).expect("it fits");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        let value = machine.take_implicit_result().expect("no error");
        assert!(machine.take_implicit_result().expect("no error").is_none());
        value.and_then(|d| d.as_number())
    };
    assert_eq!(eval("1 + 2"), Some(3.0));
    assert_eq!(eval("x = 5"), None);
    assert_eq!(eval("x"), Some(5.0));
    assert_eq!(eval("x = 6; x; x + 1"), Some(7.0));
}

#[test]
fn modules_are_imported() {
    let (mut machine, output, _) = plain();
    machine
        .register(
            &Signature::new("import").param_or("libname", ParamDefault::Text(String::new())),
            |c| {
                let variable = c.text_arg(0)?;
                let source = match variable.as_str() {
                    "util" => "twice = function(x)\n\treturn x * factor\nend function\nfactor = 2",
                    "broken" => "x = (",
                    "failing" => "\nx = [][0]",
                    _ => return Err(NativeError::message("import: library not found")),
                };
                Err(NativeError::Import {
                    source: source.into(),
                    name: format!("{variable}.ms"),
                    variable,
                })
            },
        )
        .expect("it fits");
    assert_eq!(
        run(&mut machine, &output, "import \"util\"\nprint util.twice(21)\nprint util.factor"),
        "42\n2\n"
    );
    let source = "f = function\n\timport \"util\"\n\treturn util.twice(4)\nend function\n\
        print f\nprint globals.hasIndex(\"factor\")";
    assert_eq!(run(&mut machine, &output, source), "8\n0\n");
    assert!(fails(&mut machine, "import \"broken\"").to_string().contains("broken.ms"));
    assert!(fails(&mut machine, "import \"failing\"").to_string().contains("failing.ms line 2"));
    assert_eq!(fails(&mut machine, "import \"none\"").line(), Some(1));
}

#[test]
fn collection_in_slices_finds_everything() {
    let (mut machine, ..) = plain();
    let source = "f = function\n\tl = []\n\tfor i in range(1, 2000)\n\t\tl.push {\"i\": i}\n\
        \tend for\nend function\nf";
    let program = program(source);
    let mut used = Vec::new();
    for _ in 0..4 {
        machine.load(&program).expect("it fits");
        assert!(matches!(machine.run(Budget::UNLIMITED), Outcome::Finished(_)));
        let collections = machine.stats().collections;
        for _ in 0..100_000 {
            machine.collect_step(50);
            if machine.stats().collections >= collections + 2 {
                break;
            }
        }
        assert!(machine.stats().collections >= collections + 2, "{:?}", machine.stats());
        used.push(machine.stats().bytes_used);
    }
    assert_eq!(used[2], used[3], "{used:?}");
}

#[test]
fn bytecode_is_verified() {
    use brisk_core::bytecode;
    let good = program("x = 1\nprint x");
    assert!(Program::from_bytecode(good.bytecode().clone()).is_ok());
    assert!(!good.disassemble().is_empty());
    let mut bad = good.bytecode().clone();
    bad.protos[0].code[0] = u64::MAX;
    assert_eq!(Program::from_bytecode(bad).err().map(|e| e.kind()), Some(ErrorKind::Host));
    let none = bytecode::Program { protos: Vec::new(), ..good.bytecode().clone() };
    assert!(Program::from_bytecode(none).is_err());
}
