//! Every example and table row of the language's specification, v1, when the specification lies
//! beside the repository.
//!
//! A fenced block `ms` holds a program and, behind `--v1--` or `--both--`, its output: standard
//! output, then standard error. A table behind a `check` mark holds expressions with their texts.
//! The rules are those of the `check.py` beside the text.
#![allow(clippy::print_stderr)] // What is left out is said.

use brisk_tests::{RunOptions, corpus, on_thread, run_script};
use libtest_mimic::{Failed, Trial};
use std::fs;

/// Stack of a test's thread; debug builds have large frames.
const STACK_BYTES: usize = 16 << 20;

/// Examples, by the end of their programs, where the engine does what the text recommends and not
/// what the reference does: what it prints, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "b = makeB(5)\nprint b(1)\n",
        "6\nRuntime Error: Undefined Identifier: 'n' is unknown in this context [line 11]",
        "18.5: an error ends the program, not only the function",
    ),
    (
        "m.y = 4\nm.z = 5\nprint m.indexes\n",
        "[\"z\", \"x\", \"y\"]",
        "16.1: keys come in the order of insertion",
    ),
];

/// A program and what it must write.
struct Example {
    line: usize,
    program: String,
    expected: String,
    /// A row of a table: line breaks are shown as `⏎`, and places of errors are left out.
    row: bool,
}

/// A test for each example; none when the specification is not there.
pub(crate) fn trials() -> Vec<Trial> {
    let path = corpus::root().join("../shared/spec/LANGUAGE.md");
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!(
            "skipped: the examples of ../shared/spec/LANGUAGE.md, which is not there; \
             tests/scripts/*/spec holds what was taken from it"
        );
        return Vec::new();
    };
    let mut all = examples(&text);
    all.extend(rows(&text));
    assert!(all.len() > 100, "the specification has another form than expected");
    let trial = |example: Example| {
        let name = format!("LANGUAGE.md:{}", example.line);
        let run = move || on_thread(STACK_BYTES, move || check(&example)).map_err(Failed::from);
        Trial::test(name, run)
    };
    all.into_iter().map(trial).collect()
}

fn check(example: &Example) -> Result<(), String> {
    let mut got = run_script(&example.program, &RunOptions::default()).transcript();
    if example.row {
        got = without_places(&got.replace('\n', "⏎"));
    }
    let known = DIFFERENCES.iter().find(|(end, ..)| example.program.ends_with(end));
    let expected = known.map_or(example.expected.as_str(), |(_, ours, _)| ours);
    if got == expected {
        return Ok(());
    }
    Err(format!("{}-- expected\n{expected}\n-- got\n{got}\n", example.program))
}

/// The fenced blocks with an output for v1.
fn examples(text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line != "```ms" {
            continue;
        }
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let (mut part, mut program, mut expected) = ("", String::new(), None::<String>);
        for line in block {
            if let "--v1--" | "--v2--" | "--both--" = line {
                part = line;
                if line != "--v2--" {
                    expected = Some(String::new());
                }
                continue;
            }
            let target = match part {
                "" => &mut program,
                "--v2--" => continue,
                _ => expected.as_mut().expect("a mark came first"),
            };
            target.push_str(line);
            target.push('\n');
        }
        if let Some(expected) = expected {
            let expected = expected.trim_end_matches('\n').to_string();
            examples.push(Example { line: at + 1, program, expected, row: false });
        }
    }
    examples
}

/// The rows of tables that follow a `check` mark.
fn rows(text: &str) -> Vec<Example> {
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(mark) = line.strip_prefix("<!-- check").and_then(|rest| rest.strip_suffix("-->"))
        else {
            continue;
        };
        let setup = mark.trim().replace('⏎', "\n");
        for (at, line) in lines.iter().enumerate().skip(start + 3) {
            if !line.starts_with('|') {
                break;
            }
            let cells = cells(line);
            let expression = bare(&cells[0]).replace("\\|", "|");
            let setup = if setup.is_empty() { String::new() } else { format!("{setup}\n") };
            let program = format!("{setup}r_ = {expression}\nprint @r_\n");
            rows.push(Example {
                line: at + 1,
                program,
                expected: bare(&cells[1]).to_string(),
                row: true,
            });
        }
    }
    rows
}

/// The cells of a row; `\|` is no border.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut previous = ' ';
    for c in line.chars() {
        if c == '|' && previous != '\\' {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        previous = c;
    }
    cells.remove(0);
    cells.iter().map(|cell| cell.trim().to_string()).collect()
}

/// The content of a cell without the quotes of code.
fn bare(cell: &str) -> &str {
    match cell.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(inner) => inner.trim(),
        None => cell,
    }
}

/// The text without ` [line N]`.
fn without_places(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(" [line ") {
        let (before, place) = rest.split_at(at);
        out.push_str(before);
        let digits = place[" [line ".len()..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let end = " [line ".len() + digits;
        if digits > 0 && place[end..].starts_with(']') {
            rest = &place[end + 1..];
        } else {
            out.push_str(&place[..end]);
            rest = &place[end..];
        }
    }
    out + rest
}
