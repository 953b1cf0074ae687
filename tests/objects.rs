//! Native objects: members by class and by hooks, what ends them, what they are charged for.

use brisk_core::engine::{Budget, Machine, Outcome};
use brisk_core::host::{Context, Data, NativeError, NativeResult, ObjectType, Signature, Values};
use brisk_core::{Dialect, Error, ErrorKind, Program};
use brisk_tests::{Capture, HAS_MACHINE_CODE, Native, RunOptions, machine, on_thread};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const TAG: u64 = 0xBEEF;

fn start(machine: &mut Machine, source: &str) -> Outcome {
    let program = Program::compile(source, Dialect::V1).unwrap_or_else(|e| panic!("{source}\n{e}"));
    machine.load(&program).expect("it fits");
    machine.run(Budget::UNLIMITED)
}

fn run(machine: &mut Machine, output: &Capture, source: &str) -> String {
    match start(machine, source) {
        Outcome::Finished(_) => output.take(),
        outcome => panic!("{source}\n{outcome:?} after {:?}", output.take()),
    }
}

fn fails(machine: &mut Machine, source: &str) -> Error {
    match start(machine, source) {
        Outcome::Failed(error) => error,
        outcome => panic!("{source}\n{outcome:?}"),
    }
}

/// Every way to run, each with its machine.
fn machines() -> Vec<(Machine, Capture)> {
    let mut all = vec![
        RunOptions::default(),
        RunOptions { quicken: false, ..RunOptions::default() },
        RunOptions { stress: true, ..RunOptions::default() },
        RunOptions { native: Native::Evaluator, ..RunOptions::default() },
    ];
    if HAS_MACHINE_CODE {
        let eager = RunOptions { native: Native::Eager, ..RunOptions::default() };
        all.push(RunOptions { stress: true, ..eager.clone() });
        all.push(RunOptions { native: Native::FalseAlarms(3), ..RunOptions::default() });
        all.push(eager);
    }
    all.iter()
        .map(|options| {
            let (machine, output, _) = machine(options);
            (machine, output)
        })
        .collect()
}

/// Registers `make(n, class)`: an object of this type with `n` as its data.
fn register_make(machine: &mut Machine, kind: ObjectType) {
    let kind = Arc::new(kind);
    let signature = Signature::new("make").param("n").param("class");
    machine
        .register(&signature, move |context| {
            let class = match context.value(1)? {
                Data::Map(class) => Some(class),
                _ => None,
            };
            let n = context.number(0) as usize;
            Ok(Data::Object(context.new_object(&kind, n, class.as_ref(), 0)?))
        })
        .expect("it fits");
}

/// The data of the object that is argument 0.
fn data_of(context: &mut Context<'_>) -> Result<Option<usize>, Error> {
    match context.value(0)? {
        Data::Object(object) => Ok(context.object_data(&object, TAG)),
        _ => Ok(None),
    }
}

fn register_data_of(machine: &mut Machine) {
    machine
        .register(&Signature::new("dataOf").param("o"), |context| {
            if let Data::Object(object) = context.value(0)? {
                assert_eq!(context.object_data(&object, 0xDEAD), None);
            }
            Ok(data_of(context)?.map_or(Data::from(-1), |n| Data::from(n as f64)))
        })
        .expect("it fits");
}

#[test]
fn objects_have_members_and_finalizers() {
    for (mut machine, output) in machines() {
        let freed = Arc::new(AtomicUsize::new(0));
        let count = freed.clone();
        let kind = ObjectType::new(TAG).with_finalizer(move |data| {
            count.fetch_add(data, Ordering::Relaxed);
        });
        register_make(&mut machine, kind);
        register_data_of(&mut machine);
        let source = "Base = {\"kind\": \"native\"}\nClass = new Base\nClass.twice = function\n\
            \treturn dataOf(self) * 2\nend function\n\
            o = make(21, Class)\nprint o.kind\nprint o.twice\nprint dataOf(o)\nprint dataOf({})\n\
            print o == o\nm = {}\nm[o] = 1\nprint m[o]\nprint o isa Class\nprint o isa Base\n\
            print o isa {}\nprint o[\"kind\"]";
        assert_eq!(
            run(&mut machine, &output, source),
            "native\n42\n21\n-1\n1\n1\n1\n1\n0\nnative\n"
        );
        machine.collect();
        assert_eq!(freed.load(Ordering::Relaxed), 0);
        run(&mut machine, &output, "m = null\no = make(100)");
        machine.collect();
        assert_eq!(freed.load(Ordering::Relaxed), 21);
        drop(machine);
        assert_eq!(freed.load(Ordering::Relaxed), 121, "what is alive at the end, too");
    }
}

/// Classes with a common key in different parents: what one look-up found is not what the next one
/// finds.
#[test]
fn objects_of_different_classes_share_no_cache() {
    for (mut machine, output) in machines() {
        register_make(&mut machine, ObjectType::new(TAG));
        let source = "A = {\"name\": \"a\"}\nA.f = function\n\treturn \"fa\"\nend function\n\
            B = {\"name\": \"b\"}\nB.f = function\n\treturn \"fb\"\nend function\n\
            AA = new A\nBB = new B\nout = []\n\
            for i in range(1, 40)\n\tfor o in [make(1, AA), make(2, BB)]\n\
            \t\tout.push o.name + o.f + o.f()\n\tend for\nend for\n\
            print out.len + out[0] + out[1] + (out[78:] == out[:2])";
        assert_eq!(run(&mut machine, &output, source), "80afafabfbfb1\n");
    }
}

type Bag = Arc<Mutex<BTreeMap<String, f64>>>;

/// A type whose members are the numbers in `bag`, and `double`, a method.
fn bag_type(bag: &Bag) -> ObjectType {
    let (read, write) = (bag.clone(), bag.clone());
    ObjectType::new(TAG)
        .with_get(move |context| {
            assert_eq!(context.arg_count(), 2);
            assert!(data_of(context)?.is_some(), "the object comes first");
            let key = context.text_arg(1)?;
            if key == "double" {
                let signature = Signature::new("").param("self").param("x");
                let double = context.new_function(&signature, |context| {
                    let data = data_of(context)?.unwrap_or(0) as f64;
                    Ok(Data::from(context.number(1) * 2.0 + data))
                })?;
                return Ok(Data::Function(double));
            }
            let bag = read.lock().unwrap_or_else(PoisonError::into_inner);
            bag.get(&key).map(|&x| Data::from(x)).ok_or(NativeError::NotFound)
        })
        .with_set(move |context| {
            assert_eq!(context.arg_count(), 3);
            let (key, value) = (context.text_arg(1)?, context.number(2));
            if key == "fixed" {
                return Err(NativeError::NotFound);
            }
            if key == "bad" {
                return Err(NativeError::message("bad key"));
            }
            write.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
            Ok(Data::Null)
        })
}

#[test]
fn hooks_answer_for_members() {
    for (mut machine, output) in machines() {
        let bag = Bag::default();
        register_make(&mut machine, bag_type(&bag));
        let source = "Class = {\"own\": \"class\"}\nClass.get = function(k)\n\
            \treturn self[k]\nend function\no = make(1000, Class)\n\
            o.x = 1\no[\"y\"] = 2\no[7] = 3\no.x += 10\n\
            print o.x + \" \" + o[\"y\"] + \" \" + o[7] + \" \" + o.own\n\
            print o.get(\"x\")\nprint o.double(4)\nprint o.double\nf = @o.double\nprint f(o, 1)\n\
            o[\"double\"] 3\nprint o isa Class";
        assert_eq!(run(&mut machine, &output, source), "11 2 3 class\n11\n1008\n1000\n1002\n1\n");
        let members: Vec<_> =
            bag.lock().unwrap_or_else(PoisonError::into_inner).clone().into_iter().collect();
        let expected = [("7", 3.0), ("x", 11.0), ("y", 2.0)];
        assert_eq!(members, expected.map(|(key, x)| (key.to_string(), x)));
        for (line, message) in [
            ("o.z", "Key Not Found: 'z' not found in map"),
            ("o[\"z\"]", "Key Not Found: 'z' not found in map"),
            ("o.z(1)", "Key Not Found: 'z' not found in map"),
            ("o[1]", "Key Not Found: '1' not found in map"),
            ("o.fixed = 1", "can't set an indexed element in this type"),
            ("o[\"fixed\"] = 1", "can't set an indexed element in this type"),
            ("o.bad = 1", "bad key"),
        ] {
            let error = fails(&mut machine, &format!("x = 1\n{line}"));
            assert_eq!(
                (error.kind(), error.message(), error.line()),
                (ErrorKind::Runtime, message, Some(2)),
                "{line}"
            );
        }
    }
}

#[test]
fn without_hooks_there_is_only_the_class() {
    for (mut machine, _) in machines() {
        register_make(&mut machine, ObjectType::new(TAG));
        let message = |machine: &mut Machine, line: &str| {
            fails(machine, &format!("o = make(1, {{\"a\": 1}})\nx = o.a\n{line}"))
                .message()
                .to_string()
        };
        let missing = "Key Not Found: 'z' not found in map";
        assert_eq!(message(&mut machine, "o.z"), missing);
        assert_eq!(message(&mut machine, "o.z(1)"), missing);
        let fixed = "can't set an indexed element in this type";
        assert_eq!(message(&mut machine, "o.a = 1"), fixed);
        assert_eq!(message(&mut machine, "o[1] = 1"), fixed);
        assert_eq!(message(&mut machine, "o[1]"), "Type Exception: can't index into this type");
    }
}

/// The stack grows, and the collector runs, while an instruction waits for its hook.
#[test]
fn hooks_call_scripts() {
    // Deep nesting takes native stack: 4 KiB a level for machine code, and much in debug builds.
    on_thread(if cfg!(debug_assertions) { 32 << 20 } else { 4 << 20 }, call_scripts);
}

fn call_scripts() {
    for (mut machine, output) in machines() {
        let hook = |context: &mut Context<'_>| -> NativeResult {
            let Some(Data::Function(f)) = context.global("onHook")? else {
                return Err(NativeError::NotFound);
            };
            let args: Vec<_> =
                (0..context.arg_count()).map(|i| context.value(i)).collect::<Result<_, _>>()?;
            Ok(context.call(&f, &args)?)
        };
        let kind = ObjectType::new(TAG).with_get(hook).with_set(hook);
        register_make(&mut machine, kind);
        let source = "depth = function(n)\n\tif n == 0 then return [1, {\"a\": \"text \" + n}]\n\
            \treturn depth(n - 1) + [n]\nend function\n\
            stored = {}\n\
            onHook = function(o, key, value)\n\
            \tn = depth(100).len\n\
            \tif value != null then\n\t\tstored[key] = value + n\n\t\treturn\n\tend if\n\
            \tif key == \"method\" then\n\t\tg = function(self, x, y)\n\
            \t\t\treturn outer.key + (self == outer.o) + x + y\n\t\tend function\n\
            \t\treturn @g\n\tend if\n\
            \tif key == \"deeper\" then return o.deep + 1\n\
            \treturn n\nend function\n\
            sum = 0\no = make(1)\n\
            f = function(a, b)\n\
            \tlocal = [a, b]\n\to.left = a + o.x\n\to[\"right\"] = b + o[\"y\"]\n\
            \ttext = o.method(\"-\" + a, \"-\" + b) + o.method(1)\n\
            \treturn [local, o.deeper, text]\nend function\n\
            for i in range(1, 30)\n\tr = f(i, \"s\")\nend for\n\
            print r\nprint stored";
        let expected = "[[30, \"s\"], 103, \"method1-30-smethod11\"]\n\
            {\"left\": 234, \"right\": \"s102102\"}\n";
        assert_eq!(run(&mut machine, &output, source), expected);
        // An error inside has its own place; the machine goes on.
        let error =
            fails(&mut machine, "onHook = function(o, key)\n\treturn [][1]\nend function\no.x");
        assert_eq!((error.kind(), error.line()), (ErrorKind::Runtime, Some(2)));
        // Hooks that ask the object again.
        let source = "onHook = function(o, key)\n\treturn o.x\nend function\no.x";
        assert_eq!(fails(&mut machine, source).kind(), ErrorKind::Limit);
        assert_eq!(run(&mut machine, &output, "onHook = null\nprint 1"), "1\n");
    }
}

#[test]
fn hooks_cannot_suspend() {
    for (mut machine, output) in machines() {
        let kind = ObjectType::new(TAG).with_get(|context| match context.text_arg(1)?.as_str() {
            "pending" => Err(NativeError::Pending { state: Data::Null, wake: None }),
            "yield" => Err(NativeError::Yield),
            "exit" => Err(NativeError::Exit(1)),
            _ => Err(NativeError::Import {
                source: String::new(),
                name: String::new(),
                variable: "x".to_string(),
            }),
        });
        register_make(&mut machine, kind);
        for key in ["pending", "yield", "exit", "import"] {
            let error = fails(&mut machine, &format!("o = make(1)\nprint o.{key}"));
            assert_eq!((error.kind(), error.line()), (ErrorKind::Host, Some(2)), "{key}");
        }
        assert_eq!(run(&mut machine, &output, "print 1"), "1\n");
        machine.register(&Signature::new("odd"), |_| Err(NativeError::NotFound)).expect("it fits");
        assert_eq!(fails(&mut machine, "odd").kind(), ErrorKind::Host);
    }
}

/// The method of a hook that is not finished: the hook is asked again, without its state.
#[test]
fn methods_of_hooks_may_not_be_finished() {
    for (mut machine, output) in machines() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let kind = ObjectType::new(TAG).with_get(move |context| {
            count.fetch_add(1, Ordering::Relaxed);
            assert!(context.state()?.is_none());
            let slow =
                context.new_function(&Signature::new("").param("self"), |context| match context
                    .state()?
                    .and_then(|state| state.as_number())
                {
                    Some(done) if done >= 2.0 => Ok(Data::from(done)),
                    done => Err(NativeError::Pending {
                        state: Data::from(done.unwrap_or(0.0) + 1.0),
                        wake: None,
                    }),
                })?;
            Ok(Data::Function(slow))
        });
        register_make(&mut machine, kind);
        let mut outcome = start(&mut machine, "o = make(1)\nprint o.slow() + o.slow");
        let mut waits = 0;
        while let Outcome::Waiting { .. } = outcome {
            waits += 1;
            machine.collect();
            outcome = machine.run(Budget::UNLIMITED);
        }
        assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
        assert_eq!((output.take().as_str(), waits, asked.load(Ordering::Relaxed)), ("4\n", 4, 6));
    }
}

#[test]
fn a_closed_object_has_no_data() {
    for (mut machine, output) in machines() {
        let freed = Arc::new(AtomicUsize::new(0));
        let count = freed.clone();
        let kind = ObjectType::new(TAG)
            .with_finalizer(move |data| {
                count.fetch_add(data, Ordering::Relaxed);
            })
            .with_get(|context| match data_of(context)? {
                Some(data) => Ok(Data::from(data as f64)),
                None => Ok(Data::from("closed")),
            });
        register_make(&mut machine, kind);
        machine
            .register(&Signature::new("close").param("o"), |context| match context.value(0)? {
                Data::Object(object) => Ok(Data::from(context.object_close(&object)?)),
                _ => Err(NativeError::message("no object")),
            })
            .expect("it fits");
        let source = "o = make(5)\nprint o.x\nprint close(o)\nprint o.x\nprint close(o)";
        assert_eq!(run(&mut machine, &output, source), "5\n1\nclosed\n0\n");
        assert_eq!(freed.load(Ordering::Relaxed), 5);
        run(&mut machine, &output, "o = null");
        machine.collect();
        drop(machine);
        assert_eq!(freed.load(Ordering::Relaxed), 5, "once");
    }
}

#[test]
fn objects_are_charged_for() {
    let (mut machine, output, _) = machine(&RunOptions::default());
    let kind = Arc::new(ObjectType::new(TAG));
    let before = machine.stats().bytes_used;
    let object = machine.new_object(&kind, 1, None, 1_000_000).expect("it fits");
    let other = machine.new_object(&kind, 2, None, 2_000_000).expect("it fits");
    let used = machine.stats().bytes_used - before;
    assert!((3_000_000..3_010_000).contains(&used), "{used}");
    assert!(machine.object_close(&object).expect("it is one"));
    drop(other);
    run(&mut machine, &output, "x = 1");
    machine.collect();
    assert!(machine.stats().bytes_used - before < 20_000, "{:?}", machine.stats());
    let too_much = machine.new_object(&kind, 3, None, usize::MAX);
    assert_eq!(too_much.err().map(|e| e.kind()), Some(ErrorKind::Limit));

    // What the host holds.
    let before = machine.stats().bytes_used;
    machine.charge(500_000).expect("it fits");
    assert_eq!(machine.stats().bytes_used, before + 500_000);
    assert_eq!(machine.charge(i64::MAX).err().map(|e| e.kind()), Some(ErrorKind::Limit));
    machine.charge(-200_000).expect("less always fits");
    assert_eq!(machine.stats().bytes_used, before + 300_000);
    machine.charge(i64::MIN).expect("no more than was counted");
    assert_eq!(machine.stats().bytes_used, before);
}

/// Small objects that stand for much memory make the collector work as if they were large, and are
/// finalized although the run does not end.
#[test]
fn charges_drive_the_collector() {
    let options = RunOptions { memory_bytes_max: 10 << 20, ..RunOptions::default() };
    let (mut machine, output, _) = machine(&options);
    let alive = Arc::new(AtomicUsize::new(0));
    let (made, gone) = (alive.clone(), alive.clone());
    let most = Arc::new(AtomicUsize::new(0));
    let peak = most.clone();
    let kind = Arc::new(ObjectType::new(TAG).with_finalizer(move |_| {
        gone.fetch_sub(1, Ordering::Relaxed);
    }));
    machine
        .register(&Signature::new("make"), move |context| {
            let object = context.new_object(&kind, 1, None, 1 << 20)?;
            peak.fetch_max(made.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            Ok(Data::Object(object))
        })
        .expect("it fits");
    let source =
        "for i in range(1, 2000)\n\to = make\n\tfor j in range(1, 1000)\n\tend for\nend for";
    run(&mut machine, &output, source);
    let most = most.load(Ordering::Relaxed);
    assert!(most < 200, "{most} at once");
    drop(machine);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

/// What a type's functions own is given up between instructions, when the last object is gone.
#[test]
fn a_type_lives_as_long_as_its_objects() {
    let (mut machine, output, _) = machine(&RunOptions::default());
    let owned = Arc::new(());
    let inside = owned.clone();
    let kind = Arc::new(ObjectType::new(TAG).with_get(move |_| {
        assert!(Arc::strong_count(&inside) > 0);
        Ok(Data::from(1))
    }));
    let object = machine.new_object(&kind, 1, None, 0).expect("it fits");
    drop(kind);
    machine.set_global("o", &Data::Object(object)).expect("it fits");
    assert_eq!(run(&mut machine, &output, "print o.x"), "1\n");
    assert_eq!(Arc::strong_count(&owned), 2);
    run(&mut machine, &output, "o = null");
    machine.collect();
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn weak_references_do_not_keep_alive() {
    for (mut machine, output) in machines() {
        let list = machine.new_list().expect("it fits");
        let map = machine.new_map().expect("it fits");
        let kind = Arc::new(ObjectType::new(TAG));
        let object = machine.new_object(&kind, 7, None, 0).expect("it fits");
        run(&mut machine, &output, "f = function\n\treturn 1\nend function");
        let Ok(Some(Data::Function(function))) = machine.global("f") else { panic!("no f") };
        let handles = [list, map, object, function];
        let weak = handles.each_ref().map(|handle| machine.new_weak(handle).expect("it fits"));
        let alive = |machine: &mut Machine| {
            weak.each_ref().map(|weak| machine.upgrade(weak).expect("its machine").is_some())
        };
        machine.collect();
        assert_eq!(alive(&mut machine), [true; 4], "held by handles");
        let [list, map, object, function] = handles;
        machine.set_global("l", &Data::List(list)).expect("it fits");
        machine.set_global("o", &Data::Object(object)).expect("it fits");
        drop((map, function));
        machine.collect();
        assert_eq!(alive(&mut machine), [true, false, true, true], "held by globals");
        run(&mut machine, &output, "l = [o]\no = null\nf = null");
        machine.collect();
        // The code of the program that made the function is no reference to it.
        assert_eq!(alive(&mut machine), [false, false, true, false]);
        let Ok(Some(Data::Object(object))) = machine.upgrade(&weak[2]) else { panic!("gone") };
        assert_eq!(machine.object_data(&object, TAG), Some(7));
        run(&mut machine, &output, "l = null");
        machine.collect();
        assert!(alive(&mut machine)[2], "held by what it was upgraded to");
        drop(object);
        machine.collect();
        assert_eq!(alive(&mut machine), [false; 4]);
    }
}

/// A reference is taken up again in every phase of a collection.
#[test]
fn weak_references_and_slices_of_collection() {
    let (mut machine, output, _) = machine(&RunOptions::default());
    run(
        &mut machine,
        &output,
        "all = []\nfor i in range(1, 3000)\n\tall.push {\"a\": [i], \"b\": \"text \" + i}\nend for",
    );
    for round in 0..200 {
        let list = machine.new_list().expect("it fits");
        machine.list_push(&list, &Data::from("a longer text")).expect("it fits");
        let kept = machine.new_weak(&list).expect("it fits");
        drop(list);
        let list = machine.new_list().expect("it fits");
        let lost = machine.new_weak(&list).expect("it fits");
        drop(list);
        let mut found = None;
        for step in 0..200 {
            if step == round {
                found = machine.upgrade(&kept).expect("its machine");
            }
            machine.collect_step(97);
        }
        machine.collect();
        assert!(machine.upgrade(&lost).expect("its machine").is_none());
        let again = machine.upgrade(&kept).expect("its machine");
        assert_eq!(again.is_some(), found.is_some());
        if let Some(Data::List(list)) = found {
            let text = machine
                .list_get(&list, 0)
                .expect("it is one")
                .and_then(|d| d.as_text().map(str::to_string));
            assert_eq!(text.as_deref(), Some("a longer text"));
        }
    }
    let (mut other, ..) = brisk_tests::machine(&RunOptions::default());
    let list = machine.new_list().expect("it fits");
    let weak = machine.new_weak(&list).expect("it fits");
    assert_eq!(other.upgrade(&weak).err().map(|e| e.kind()), Some(ErrorKind::Host));
    assert_eq!(other.new_weak(&list).err().map(|e| e.kind()), Some(ErrorKind::Host));
}
