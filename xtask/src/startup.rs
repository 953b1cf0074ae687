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
    let (ms, lua) = (long_text("ms")?, long_text("lua")?);
    // Of equal length, so that bytes per second compare.
    let size = ms.len().min(lua.len());
    fs::write(&long_ms, cut(&ms, "\nend function\np", size).trim_end_matches('p'))
        .map_err(|error| error.to_string())?;
    fs::write(&long_lua, cut(&lua, "\nend\nfunction p", size).trim_end_matches("function p"))
        .map_err(|error| error.to_string())?;

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
fn long_text(language: &str) -> Result<String, String> {
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
            // Lua has at most 200 locals in one function.
            all += &match language {
                "lua" => format!("function p{round}(...)\n{text}\nend\n"),
                _ => format!("p{round} = function\n{text}\nend function\n"),
            };
        }
    }
    Ok(all)
}

/// The start of a text up to the end of the program before `size` bytes.
fn cut<'a>(text: &'a str, close: &str, size: usize) -> &'a str {
    let start = text.get(..size).unwrap_or(text);
    start.rfind(close).map_or(start, |at| &start[..at + close.len()])
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
