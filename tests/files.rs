//! Bytecode files: what is stored comes back and does the same; what is damaged is refused; what is
//! damaged on purpose, with a right checksum, is refused or does no harm.

use brisk_core::bytecode::file;
use brisk_core::host::{Data, Values};
use brisk_core::{Budget, DebugInfo, Dialect, ErrorKind, Program};
use brisk_tests::corpus::{self, Case};
use brisk_tests::{RunOptions, generate, hot, machine, on_thread, run_program, ways};
use std::fs;
use std::path::Path;

/// Stack of a thread that runs programs.
const STACK_BYTES: usize = 16 << 20;
/// Debug builds are some forty times slower: they look at fewer changes.
const SLOW: bool = cfg!(debug_assertions);

/// The program of a text, and the same by way of a file.
fn there_and_back(source: &str, debug: DebugInfo) -> Option<(Program, Program)> {
    let program = Program::compile(source, Dialect::V1).ok()?;
    let bytes = program.to_bytes(debug);
    assert!(Program::is_bytecode(&bytes));
    let loaded = Program::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}\n{source}"));
    assert_eq!(loaded.to_bytes(debug), bytes, "{source}");
    if debug == DebugInfo::Keep {
        assert_eq!(program.bytecode(), loaded.bytecode(), "{source}");
    }
    Some((program, loaded))
}

/// What a stripped program shows instead: a text without its lines.
fn without_lines(text: &str) -> String {
    // The report of an error, or a warning.
    let cut = |line: &str| line.rfind(" [line ").unwrap_or(line.len());
    text.split('\n').map(|line| &line[..cut(line)]).collect::<Vec<_>>().join("\n")
}

/// Whether a program prints lines on purpose.
fn shows_lines(source: &str) -> bool {
    source.contains("stackTrace")
}

fn check_corpus(cases: Vec<Case>) {
    let mut run = 0;
    for case in cases {
        let name = &case.name;
        let Some((_, loaded)) = there_and_back(&case.source, DebugInfo::Keep) else {
            continue;
        };
        case.check(&run_program(&loaded, &RunOptions::default()))
            .unwrap_or_else(|difference| panic!("{name}, loaded: {difference}"));
        let Some((_, stripped)) = there_and_back(&case.source, DebugInfo::Strip) else {
            continue;
        };
        if shows_lines(&case.source) {
            continue;
        }
        let mut result = run_program(&stripped, &RunOptions::default());
        let expected = Case {
            stdout: without_lines(&case.stdout),
            error: case.error.as_deref().map(without_lines),
            ..case.clone()
        };
        result.stdout = without_lines(&result.stdout);
        expected
            .check(&result)
            .unwrap_or_else(|difference| panic!("{name}, stripped: {difference}"));
        run += 1;
    }
    assert!(run > 0);
}

#[test]
fn scripts_of_the_corpus_do_the_same_when_loaded() {
    on_thread(STACK_BYTES, || check_corpus(corpus::scripts()));
}

#[test]
fn examples_do_the_same_when_loaded() {
    on_thread(STACK_BYTES, || check_corpus(corpus::examples()));
}

#[test]
fn benchmark_programs_come_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/programs/ms");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the programs are there").flatten() {
        let source = fs::read_to_string(entry.path()).expect("it is UTF-8");
        for debug in [DebugInfo::Keep, DebugInfo::Strip] {
            assert!(there_and_back(&source, debug).is_some(), "{}", entry.path().display());
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} programs");
}

#[test]
fn generated_programs_do_the_same_when_loaded() {
    on_thread(STACK_BYTES, || {
        let seeds = if SLOW { 20 } else { 400 };
        for generator in [generate::program, hot::program] {
            for seed in 0..seeds {
                let source = generator(seed);
                let Some((program, loaded)) = there_and_back(&source, DebugInfo::Keep) else {
                    continue;
                };
                let (_, stripped) =
                    there_and_back(&source, DebugInfo::Strip).expect("it was loaded before");
                let options = RunOptions { slice: Some(50_000), ..RunOptions::default() };
                let expected = ways::run(&program, &options);
                assert_eq!(ways::run(&loaded, &options), expected, "seed {seed}\n{source}");
                if shows_lines(&source) {
                    continue;
                }
                let deeds = ways::run(&stripped, &options);
                assert_eq!(
                    (without_lines(&deeds.stdout), deeds.exit_code, deeds.fuel),
                    (without_lines(&expected.stdout), expected.exit_code, expected.fuel),
                    "seed {seed}\n{source}"
                );
                assert_eq!(deeds.error.is_some(), expected.error.is_some());
            }
        }
    });
}

#[test]
fn modules_and_inputs_come_back() {
    for options in [
        brisk_core::CompileOptions {
            name: Some("lib.ms".into()),
            module: true,
            ..Default::default()
        },
        brisk_core::CompileOptions { repl: true, ..Default::default() },
    ] {
        let source = "x = 1\nf = function\n\treturn outer.x\nend function\nf";
        let program = Program::compile_with(source, Dialect::V1, &options).expect("it is correct");
        let loaded = Program::from_bytes(&program.to_bytes(DebugInfo::Keep)).expect("it is whole");
        assert_eq!(program.bytecode(), loaded.bytecode());
    }
}

/// The report and the trace of a program that fails.
fn failure(debug: DebugInfo, name: Option<&str>) -> (String, Option<u32>, Vec<String>) {
    let source = "f = function\n\treturn nosuch\nend function\nprint 1\nf";
    let options = brisk_core::CompileOptions { name: name.map(String::from), ..Default::default() };
    let program = Program::compile_with(source, Dialect::V1, &options).expect("it is correct");
    let loaded = Program::from_bytes(&program.to_bytes(debug)).expect("it is whole");
    let (mut machine, _, _) = machine(&RunOptions::default());
    machine.load(&loaded).expect("it fits");
    let brisk_core::Outcome::Failed(error) = machine.run(Budget::UNLIMITED) else {
        panic!("it fails");
    };
    let frame = |f: &brisk_core::error::TraceFrame| format!("{f} in '{}'", f.function);
    (error.to_string(), error.line(), error.trace().iter().map(frame).collect())
}

#[test]
fn a_stripped_program_says_no_line() {
    const TEXT: &str = "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context";
    let kept = ["(current program) line 2 in 'f'", "(current program) line 5 in '@main'"];
    assert_eq!(
        failure(DebugInfo::Keep, None),
        (format!("{TEXT} [line 2]"), Some(2), kept.map(String::from).to_vec())
    );
    let bare = "(current program) in ''".to_string();
    assert_eq!(failure(DebugInfo::Strip, None), (TEXT.into(), None, vec![bare.clone(), bare]));
    let named = "a.ms in ''".to_string();
    assert_eq!(
        failure(DebugInfo::Strip, Some("a.ms")),
        (format!("{TEXT} [a.ms]"), None, vec![named.clone(), named])
    );
}

/// Sources of the files that are damaged: small, and with every operation side tables are for.
fn sources() -> Vec<String> {
    let mut sources = vec![
        String::new(),
        "print 1".to_string(),
        include_str!("../bench/programs/ms/closures.ms").to_string(),
        include_str!("../bench/programs/ms/entities.ms").to_string(),
    ];
    if !SLOW {
        sources.push(include_str!("../fuzz/seed.ms").to_string());
    }
    sources
}

/// A file must be refused as a misuse of the interface, with a text for people.
fn refuse(bytes: &[u8], what: &dyn Fn() -> String) {
    match Program::from_bytes(bytes) {
        Ok(_) => panic!("{}: a program", what()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Host, "{}", what());
            assert!(error.message().contains("bytecode file"), "{}: {error}", what());
        }
    }
}

#[test]
fn every_missing_end_is_refused() {
    for source in sources() {
        for debug in [DebugInfo::Keep, DebugInfo::Strip] {
            let file =
                Program::compile(&source, Dialect::V1).expect("it is correct").to_bytes(debug);
            for size in 0..file.len() {
                refuse(&file[..size], &|| format!("{size} of {} bytes", file.len()));
            }
        }
    }
}

#[test]
fn every_changed_byte_is_refused() {
    for source in sources() {
        let program = Program::compile(&source, Dialect::V1).expect("it is correct");
        let mut file = program.to_bytes(DebugInfo::Keep);
        for at in 0..file.len() {
            for change in [0x01, 0x10, 0x80, 0xFF] {
                file[at] ^= change;
                refuse(&file, &|| format!("byte {at} changed by {change:#x}"));
                file[at] ^= change;
            }
        }
        assert!(Program::from_bytes(&file).is_ok());
    }
}

/// Runs what may be anything, within small limits; the machine must be usable afterwards.
fn run_bounded(program: &Program) {
    let (mut machine, _, _) = machine(&RunOptions {
        memory_bytes_max: 1 << 20,
        call_depth_max: 100,
        ..RunOptions::default()
    });
    if machine.load(program).is_ok() {
        // Twice: a program that suspends goes on.
        machine.run(Budget::fuel(2_000));
        machine.run(Budget::fuel(2_000));
    }
    assert!(machine.stats().bytes_peak <= 1 << 20);
    machine.stop();
    machine.set_memory_bytes_max(2 << 20);
    machine.set_global("after", &Data::Number(1.0)).expect("a global can be set after any run");
}

#[test]
fn changed_bytes_under_a_right_checksum_do_no_harm() {
    on_thread(STACK_BYTES, || {
        let (mut refused, mut ran) = (0_u32, 0_u32);
        let step = if SLOW { 5 } else { 1 };
        for source in sources() {
            let program = Program::compile(&source, Dialect::V1).expect("it is correct");
            let whole = program.to_bytes(DebugInfo::Keep);
            let mut file = whole.clone();
            for at in (0..file.len()).step_by(step) {
                for value in [file[at] ^ 1, file[at] ^ 0x80, file[at].wrapping_add(1), 0, 0xFF] {
                    file.copy_from_slice(&whole);
                    file[at] = value;
                    file::seal(&mut file);
                    match Program::from_bytes(&file) {
                        Ok(program) => {
                            run_bounded(&program);
                            ran += 1;
                        }
                        Err(_) => refused += 1,
                    }
                }
            }
            // A changed length is written right again by sealing, and so is the checksum.
            for size in (40..whole.len()).step_by(step) {
                let mut file = whole[..size].to_vec();
                file::seal(&mut file);
                refuse(&file, &|| format!("{size} bytes, sealed"));
            }
        }
        assert!(refused > 100 && ran > 100, "{refused} refused, {ran} ran");
    });
}

#[test]
fn no_count_is_believed() {
    // A header, no name, and as many names, or functions, as a number can say.
    let file = Program::compile("", Dialect::V1).expect("it is correct").to_bytes(DebugInfo::Keep);
    for before in [&[0][..], &[0, 0], &[0, 0, 1, 0, 0], &[0, 0, 1, 0, 0, 0]] {
        let mut made = file[..40].to_vec();
        made.extend_from_slice(before);
        made.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]);
        made.extend_from_slice(&[0; 1000]);
        file::seal(&mut made);
        refuse(&made, &|| format!("{before:?}"));
    }
}
