//! Writes what the engine prints into the expectations of scripts: `cargo xtask bless`. Look at
//! the difference before you believe it.

use crate::root;
use brisk_tests::{RunOptions, RunResult, run_script};
use std::fs;
use std::path::Path;

/// Blesses these files.
pub(crate) fn run(files: &[&str]) -> Result<(), String> {
    for file in files {
        let path = Path::new(file);
        let source = fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
        let result = run_script(&source, &RunOptions::default());
        let full = path.canonicalize().map_err(|error| format!("{file}: {error}"))?;
        if full.starts_with(root().join("examples")) {
            if let Some(error) = result.error {
                return Err(format!("{file}: {error}"));
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let expected = root().join("examples/expected").join(format!("{stem}.txt"));
            fs::write(&expected, result.stdout)
                .map_err(|error| format!("{}: {error}", expected.display()))?;
        } else {
            fs::write(path, blessed(&source, &result))
                .map_err(|error| format!("{file}: {error}"))?;
        }
        println!("blessed {file}");
    }
    Ok(())
}

/// The source with new expectations: in place when there are as many as before, else all at the
/// end.
fn blessed(source: &str, result: &RunResult) -> String {
    let text = result.stdout.strip_suffix('\n').unwrap_or(&result.stdout);
    let mut printed: Vec<&str> = text.split('\n').collect();
    if result.stdout.is_empty() {
        printed.clear();
    }
    let is_expect = |line: &str| line.contains("// expect:");
    let is_error = |line: &str| line.contains("// expect error:");
    let in_place = source.lines().filter(|line| is_expect(line)).count() == printed.len()
        && source.lines().filter(|line| is_error(line)).count()
            == usize::from(result.error.is_some());
    let mut out = String::new();
    let mut next = printed.iter();
    for line in source.lines() {
        let at = line.find("// expect:").or_else(|| line.find("// expect error:"));
        let Some(at) = at else {
            out += line;
            out.push('\n');
            continue;
        };
        let code = &line[..at];
        if !in_place {
            if !code.trim().is_empty() {
                out += code.trim_end();
                out.push('\n');
            }
        } else if is_error(line) {
            out += &format!("{code}// expect error: {}\n", result.error.as_deref().unwrap_or(""));
        } else {
            out += format!("{code}// expect: {}", next.next().unwrap_or(&"")).trim_end();
            out.push('\n');
        }
    }
    if !in_place {
        for line in printed {
            out += format!("// expect: {line}").trim_end();
            out.push('\n');
        }
        if let Some(error) = &result.error {
            out += &format!("// expect error: {error}\n");
        }
    }
    out
}
