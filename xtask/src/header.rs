//! Makes `include/brisk.h` from the functions of `ffi/`: `cargo xtask header`. With `--check` it only
//! says whether the header is that already.

use crate::root;
use std::fs;

/// What stands above the declarations.
const PREFACE: &str = include_str!("../../ffi/preface.h");

/// Makes the header, or compares it.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let path = root().join("include/brisk.h");
    let made = header()?;
    if options.contains(&"--check") {
        let found = fs::read_to_string(&path).unwrap_or_default();
        if found != made {
            return Err("include/brisk.h is stale: cargo xtask header".into());
        }
        println!("include/brisk.h is what ffi/src says");
        return Ok(());
    }
    let folder = root().join("include");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::write(&path, made).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("made {}", path.display());
    Ok(())
}

/// The text of the header.
fn header() -> Result<String, String> {
    let package = root().join("ffi");
    let mut config = cbindgen::Config::from_file(package.join("cbindgen.toml"))?;
    config.header = Some(PREFACE.trim_end().to_string());
    let bindings = cbindgen::Builder::new()
        .with_crate(&package)
        .with_config(config)
        .generate()
        .map_err(|error| format!("cbindgen: {error}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(without_rust(&text))
}

/// The same without what is for Rust: the sections on safety, and marks of links.
fn without_rust(text: &str) -> String {
    let (mut out, mut skipping) = (String::new(), false);
    for line in text.lines() {
        let comment = line.trim_start().strip_prefix("//");
        match comment {
            Some(words) if words.trim() == "# Safety" => {
                skipping = true;
                // The empty line before the section.
                while let Some(rest) = out.strip_suffix("//\n") {
                    out.truncate(rest.trim_end_matches(' ').len());
                }
                continue;
            }
            Some(_) if skipping => continue,
            Some(_) => {}
            None => skipping = false,
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
