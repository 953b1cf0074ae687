//! Compares what a user waits for before the first line runs with Lua's: `cargo xtask startup`.
//!
//! Pairs of runs alternate, so that a busy machine hurts both alike; the least and the middle time
//! of each are shown.

use crate::{number, option, root, target_folder};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs and prints the comparison.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let default = root().join("target/release/brisk");
    let brisk = option(options, "--brisk", default.to_str().unwrap_or("brisk")).to_string();
    let runs = number(options, "--runs", 200)? as usize;
    let work = target_folder("startup");
    fs::create_dir_all(&work).map_err(|error| error.to_string())?;
    let (long_ms, long_lua) = (work.join("long.ms"), work.join("long.lua"));
    let (ms, lua) = (long_text("ms", "//")?, long_text("lua", "--")?);
    // Of equal length, so that bytes per second compare.
    let size = ms.len().min(lua.len());
    fs::write(&long_ms, cut(&ms, size)).map_err(|error| error.to_string())?;
    fs::write(&long_lua, cut(&lua, size)).map_err(|error| error.to_string())?;

    compare("print 1", runs, &[&brisk, "-c", "print 1"], &["lua5.4", "-e", "print(1)"])?;
    let (ms, lua) = (path(&long_ms), path(&long_lua));
    compare(
        &format!("compile {} KB", size / 1000),
        runs / 4,
        &[&brisk, "check", ms],
        &["luac5.4", "-p", lua],
    )
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap_or("")
}

/// Every benchmark program of a language, wrapped so that it can stand many times in one file.
fn long_text(language: &str, _comment: &str) -> Result<String, String> {
    let folder = root().join("bench/programs").join(language);
    let mut names: Vec<_> =
        fs::read_dir(&folder).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
    names.sort();
    let mut all = String::new();
    let mut round = 0;
    while all.len() < 1_000_000 {
        for name in &names {
            let text = fs::read_to_string(name).map_err(|error| error.to_string())?;
            round += 1;
            // Functions of their own: Lua has at most 200 locals in one.
            match language {
                "lua" => {
                    all += &format!("local function p{round}(...)\n{text}\nend\np{round} = nil\n")
                        .replace("local function p", "function p")
                }
                _ => all += &format!("{text}\n"),
            }
        }
    }
    Ok(all)
}

/// The first programs of a text, `size` bytes of them, filled up with blank lines.
fn cut(text: &str, size: usize) -> String {
    text.chars().take(size).collect()
}

fn compare(what: &str, runs: usize, ours: &[&str], theirs: &[&str]) -> Result<(), String> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..runs.max(5) {
        a.push(time(ours)?);
        b.push(time(theirs)?);
    }
    a.sort();
    b.sort();
    let show = |name: &str, times: &[Duration]| {
        println!("{what}: {name} least {:.2?}, middle {:.2?}", times[0], times[times.len() / 2]);
    };
    show(ours[0].rsplit('/').next().unwrap_or(ours[0]), &a);
    show(theirs[0], &b);
    println!(
        "{what}: ratio of least {:.2}, of middle {:.2}",
        ratio(a[0], b[0]),
        ratio(a[a.len() / 2], b[b.len() / 2])
    );
    Ok(())
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn time(command: &[&str]) -> Result<Duration, String> {
    let start = Instant::now();
    let status = Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).status();
    let status = status.map_err(|error| format!("{}: {error}", command[0]))?;
    let time = start.elapsed();
    if status.success() { Ok(time) } else { Err(format!("{command:?}: {status}")) }
}
