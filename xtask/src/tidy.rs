//! The habits a machine can check: `cargo xtask tidy`.

use crate::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a source file.
const LINES_MAX: usize = 1200;
/// Most columns of a line. The formatter keeps code within 100; comments and texts may be a little
/// longer.
const COLUMNS_MAX: usize = 120;

/// What each module of `core/src` may name, besides `error`, `span` and `limits`, which are open
/// to all. Tests are free.
const ARROWS: &[(&str, &str)] = &[
    ("engine", "*"),
    ("intrinsics", "host interp vm semantics value heap"),
    ("host", "interp vm semantics value compile engine intrinsics"),
    ("interp", "host intrinsics native vm semantics value heap bytecode"),
    ("native", "vm value heap"),
    ("vm", "host native value heap bytecode syntax"),
    ("semantics", "value heap syntax"),
    ("value", "heap bytecode"),
    ("heap", ""),
    ("compile", "syntax bytecode"),
    ("bytecode", "syntax"),
    ("syntax", ""),
    ("error", ""),
    ("span", ""),
    ("limits", ""),
];
const OPEN_TO_ALL: &[&str] = &["error", "span", "limits", "for_each_op"];

/// Where unsafe code may be, below the root.
const UNSAFE_HOMES: &[&str] = &[
    "core/src/heap/",
    "core/src/value/",
    "core/src/vm/",
    "core/src/interp/",
    // Machines may move between threads.
    "core/src/engine.rs",
    // Machine code and the C interface.
    "core/src/native/",
    // A setting of the allocator.
    "cli/src/memory.rs",
    "jit/src/function.rs",
    "jit/src/memory",
    "jit/src/machine.rs",
    "jit/src/eval",
    "jit/src/symbols",
    "jit/tests/",
    "jit-x64/tests/support/",
    "ffi/",
    // Allocators that count, and the heap of the microcontroller.
    "tests/leaks.rs",
    "tests/bare-metal/src/main.rs",
    "bench/src/lib.rs",
];

/// Checks everything and lists what is wrong.
pub(crate) fn run() -> Result<(), String> {
    let root = root();
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        if name.ends_with(".rs") {
            check_source(&name, &text, &mut wrong);
        } else if name.ends_with(".md") {
            check_document(&root, path, &name, &text, &mut wrong);
        }
    }
    if files.len() < 100 {
        wrong.push(format!("only {} files found", files.len()));
    }
    if wrong.is_empty() {
        println!("tidy: {} files are in order", files.len());
        return Ok(());
    }
    Err(format!("{}\ntidy: {} things are not in order", wrong.join("\n"), wrong.len()))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            find(&path, files);
        } else if name.ends_with(".rs") || name.ends_with(".md") {
            files.push(path);
        }
    }
}

fn check_source(name: &str, text: &str, wrong: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        wrong.push(format!("{name}: {lines} lines, more than {LINES_MAX}"));
    }
    for (at, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS_MAX {
            wrong.push(format!("{name}:{}: {columns} columns, more than {COLUMNS_MAX}", at + 1));
        }
        let code = line.split("//").next().unwrap_or("");
        let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe("]
            .iter()
            .any(|form| code.contains(form));
        if is_unsafe
            && !name.starts_with("xtask/")
            && !UNSAFE_HOMES.iter().any(|home| name.starts_with(home))
        {
            wrong.push(format!("{name}:{}: unsafe code away from its homes", at + 1));
        }
    }
    if !text.starts_with("//!") {
        wrong.push(format!("{name}: does not open with its story (//!)"));
    }
    if let Some(inside) = name.strip_prefix("core/src/") {
        check_arrows(name, inside, text, wrong);
    }
}

fn check_arrows(name: &str, inside: &str, text: &str, wrong: &mut Vec<String>) {
    let module = inside.split('/').next().unwrap_or("").trim_end_matches(".rs");
    if module == "lib" || inside.contains("tests") {
        return;
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == module) else {
        wrong.push(format!("{name}: the module {module} is not in the table of arrows"));
        return;
    };
    let mut said = BTreeSet::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("mod tests {") {
            break;
        }
        let code = line.split("//").next().unwrap_or("");
        for rest in code.split("crate::").skip(1) {
            let target: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let allowed = *allowed == "*"
                || target == module
                || OPEN_TO_ALL.contains(&target.as_str())
                || allowed.split(' ').any(|to| to == target);
            if !allowed && !target.is_empty() && said.insert(target.clone()) {
                wrong.push(format!("{name}:{}: {module} must not name {target}", at + 1));
            }
        }
    }
}

/// Paths in back quotes and links must be there. A path is what has a slash and begins with a
/// folder of the repository.
fn check_document(root: &Path, path: &Path, name: &str, text: &str, wrong: &mut Vec<String>) {
    let folder = path.parent().unwrap_or(root);
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for word in line.split('`').skip(1).step_by(2) {
            let word = word.split("::").next().unwrap_or(word);
            let first = word.split('/').next().unwrap_or("");
            let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if plain && word.contains('/') && root.join(first).is_dir() && !root.join(word).exists()
            {
                wrong.push(format!("{name}:{}: there is no {word}", at + 1));
            }
        }
        for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or("");
            let outside =
                link.contains("://") || target.is_empty() || target.starts_with("mailto:");
            if !outside && !folder.join(target).exists() {
                wrong.push(format!("{name}:{}: the link to {target} leads nowhere", at + 1));
            }
        }
    }
}
