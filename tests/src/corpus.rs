//! The corpus: scripts with what they print, below `tests/scripts`, and the examples with their
//! expected outputs.
//!
//! In a script, all comments `// expect: TEXT` in the order of the file are its lines of standard output; at most one
//! `// expect error: TEXT` is the report of the error that ends it. Folders by fate: `pass`, `fail`, `limit`.

use crate::RunResult;
use std::fs;
use std::path::{Path, PathBuf};

/// A script and what it must do.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path below the root of the repository, without the suffix: the name of its test.
    pub name: String,
    /// Its text.
    pub source: String,
    /// What it prints, without the last line break.
    pub stdout: String,
    /// The report of its error.
    pub error: Option<String>,
}

impl Case {
    /// Compares a result with what the script expects.
    ///
    /// # Errors
    ///
    /// A description of the difference.
    pub fn check(&self, result: &RunResult) -> Result<(), String> {
        let stdout = result.stdout.strip_suffix('\n').unwrap_or(&result.stdout);
        if stdout == self.stdout && result.error == self.error {
            return Ok(());
        }
        let mut text = difference(&self.stdout, stdout);
        if result.error != self.error {
            let show = |error: &Option<String>| error.clone().unwrap_or_else(|| "(none)".into());
            text += &format!(
                "expected error: {}\n     got error: {}\n",
                show(&self.error),
                show(&result.error)
            );
        }
        Err(text)
    }
}

/// The first line in which two texts differ, with its number; empty when they are equal.
pub fn difference(expected: &str, got: &str) -> String {
    if expected == got {
        return String::new();
    }
    let (mut left, mut right) = (expected.split('\n'), got.split('\n'));
    for number in 1.. {
        let (a, b) = (left.next(), right.next());
        if a != b {
            let show = |line: Option<&str>| {
                line.map_or("(end)".to_string(), |l| format!("{:.200}", format!("{l:?}")))
            };
            return format!("output line {number}\nexpected: {}\n     got: {}\n", show(a), show(b));
        }
        if a.is_none() {
            break;
        }
    }
    String::new()
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every script and every example, sorted by name.
pub fn all() -> Vec<Case> {
    let mut cases = scripts();
    cases.extend(examples());
    cases
}

/// Every script of `tests/scripts`, sorted by name.
pub fn scripts() -> Vec<Case> {
    let mut paths = Vec::new();
    find_scripts(&root().join("tests/scripts"), &mut paths);
    paths.sort();
    paths.iter().map(|path| script(path)).collect()
}

fn find_scripts(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the corpus is part of the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_scripts(&path, paths);
        } else if path.extension().is_some_and(|suffix| suffix == "ms") {
            paths.push(path);
        }
    }
}

fn name_of(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path).with_extension("");
    path.to_string_lossy().replace('\\', "/")
}

fn script(path: &Path) -> Case {
    let source = fs::read_to_string(path).expect("scripts are UTF-8");
    let (mut lines, mut error) = (Vec::new(), None);
    for line in source.lines() {
        if let Some((_, text)) = line.split_once("// expect error: ") {
            assert!(error.is_none(), "{}: two expected errors", path.display());
            error = Some(text.to_string());
        } else if let Some((_, text)) = line.split_once("// expect:") {
            lines.push(text.strip_prefix(' ').unwrap_or(text));
        }
    }
    let stdout = lines.join("\n");
    Case { name: name_of(path), stdout, error, source }
}

/// Every example, sorted by name.
pub fn examples() -> Vec<Case> {
    let folder = root().join("examples");
    let mut paths = Vec::new();
    find_scripts(&folder, &mut paths);
    paths.sort();
    let case = |path: &PathBuf| {
        let source = fs::read_to_string(path).expect("examples are UTF-8");
        let stem = path.file_stem().expect("an example has a name").to_string_lossy();
        let expected = folder.join("expected").join(format!("{stem}.txt"));
        let stdout = fs::read_to_string(expected).expect("every example has an expected output");
        let stdout = stdout.strip_suffix('\n').unwrap_or(&stdout).to_string();
        Case { name: name_of(path), source, stdout, error: None }
    };
    paths.iter().map(case).collect()
}
