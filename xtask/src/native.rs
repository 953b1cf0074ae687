//! Runs generated programs in every way to make machine code, and compares: `cargo xtask native`.
//!
//! Wrong machine code may do anything, so programs run in processes of their own: children
//! built for speed that share the seeds (`--jobs`, 2 unless given). A child says what it is about to do before it does
//! it. One that dies, or is silent for too long, has made a finding like any other.

use crate::{check, number, option, root, target_folder};
use brisk_tests::{generate, hot, on_thread, ways};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Longest a program may take in one way.
const WAY_TIME_MAX: Duration = Duration::from_secs(60);
/// Stack of the thread that runs programs.
const STACK_BYTES: usize = 16 << 20;
/// Set once something was found or the time is over.
static STOP: AtomicBool = AtomicBool::new(false);

/// What one child did.
struct Done {
    seeds: u64,
    finding: Option<String>,
}

/// Builds, starts the children and waits for them.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let first = number(options, "--seed", 0)?;
    let seconds = number(options, "--seconds", 60)?;
    let jobs = number(options, "--jobs", 2)?.max(1);
    let binary = build(options.contains(&"--assertions"))?;
    let file = option(options, "--file", "");
    if !file.is_empty() {
        let mut command = Command::new(&binary);
        command.args(["native-child", "--seed", &first.to_string(), "--file", file]);
        let done = watch(command)?;
        return done.finding.map_or(Ok(()), Err);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let children: Vec<_> = (0..jobs)
        .map(|part| {
            let mut command = Command::new(&binary);
            command.args(["native-child", "--seed", &(first + part).to_string()]);
            command.args(["--step", &jobs.to_string()]);
            std::thread::spawn(move || watch(command))
        })
        .collect();
    while Instant::now() < end && !STOP.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
    }
    STOP.store(true, Ordering::Relaxed);
    let (mut seeds, mut findings) = (0, Vec::new());
    for child in children {
        let done = child.join().map_err(|_| "the thread of a child panicked")??;
        seeds += done.seeds;
        findings.extend(done.finding);
    }
    let taken = start.elapsed().as_secs_f64();
    println!(
        "native: {seeds} seeds from {first} on, two programs each, in {taken:.0} s: {:.0} seeds per minute",
        seeds as f64 / taken * 60.0
    );
    match findings.first() {
        None => Ok(()),
        Some(finding) => {
            println!("{finding}");
            Err("native: not all ways agree".into())
        }
    }
}

/// Builds this program anew, quick to build and quick to run.
fn build(assertions: bool) -> Result<std::path::PathBuf, String> {
    let target = target_folder(if assertions { "native-assertions" } else { "native" });
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--quiet", "--release", "--package", "xtask"]);
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", assertions.to_string());
    check(cargo.env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("release/xtask"))
}

/// Follows a child until it ends, has a finding, is silent for too long, or all is to end.
fn watch(mut command: Command) -> Result<Done, String> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let output = child.stdout.take().ok_or("a child without output")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let (mut done, mut doing) = (Done { seeds: 0, finding: None }, String::new());
    let mut report = Vec::new();
    loop {
        match receiver.recv_timeout(WAY_TIME_MAX) {
            Ok(line) => match line.split_once(' ') {
                _ if !report.is_empty() => report.push(line),
                Some(("at", what)) => doing = what.to_string(),
                Some(("done", _)) => done.seeds += 1,
                _ => report.push(line),
            },
            Err(RecvTimeoutError::Timeout) => {
                done.finding = Some(found(&doing, &format!("no end in {WAY_TIME_MAX:?}")));
                break;
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_err(|error| error.to_string())?;
                done.finding = match status.success() {
                    true => None,
                    false if report.is_empty() => Some(found(&doing, &status.to_string())),
                    false => Some(report.join("\n")),
                };
                break;
            }
        }
        if STOP.load(Ordering::Relaxed) && report.is_empty() {
            break;
        }
    }
    if done.finding.is_some() {
        STOP.store(true, Ordering::Relaxed);
    }
    end(child);
    Ok(done)
}

/// Ends a child that may be in an endless loop.
fn end(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// The report of a child that cannot give one: `doing` is `GENERATOR SEED WAY`.
fn found(doing: &str, what: &str) -> String {
    let mut words = doing.splitn(3, ' ');
    let (generator, seed) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let source = seed.parse().map(|seed| source(generator, seed)).unwrap_or_default();
    format!("{doing}: {what}\n{source}")
}

/// The program a generator makes from a seed; nothing for a file.
fn source(generator: &str, seed: u64) -> String {
    match generator {
        "generate" => generate::program(seed),
        "hot" => hot::program(seed),
        _ => String::new(),
    }
}

/// What a child does: programs from a seed on, in steps of `--step`, until it is killed; or one file.
pub(crate) fn child(options: &[&str]) -> Result<(), String> {
    let first = number(options, "--seed", 0)?;
    let file = option(options, "--file", "");
    if options.contains(&"--print") {
        print!("{}", source(option(options, "--print", "hot"), first));
        return Ok(());
    }
    if !file.is_empty() {
        let text = std::fs::read_to_string(Path::new(file));
        let text = text.map_err(|error| format!("{file}: {error}"))?;
        let only = option(options, "--only", "").to_string();
        return try_program("file", first, text, only);
    }
    let step = number(options, "--step", 1)?.max(1);
    for seed in (first..).step_by(step as usize) {
        for generator in ["hot", "generate"] {
            try_program(generator, seed, source(generator, seed), String::new())?;
        }
        println!("done {seed}");
    }
    Ok(())
}

/// Runs one program in every way, or in that named `only`; the report of a difference goes to
/// standard output.
fn try_program(
    generator: &'static str,
    seed: u64,
    source: String,
    only: String,
) -> Result<(), String> {
    on_thread(STACK_BYTES, move || {
        let mut before = |way: &str| {
            println!("at {generator} {seed} {way}");
            // The parent may be gone.
            let _ = std::io::stdout().flush();
            only.is_empty() || only == way
        };
        ways::compare(&source, seed, &mut before).map(|_| ()).map_err(|finding| {
            println!("{generator} {seed} {}: {}\n{source}", finding.way, finding.difference);
            "different".to_string()
        })
    })
}
