//! The command as people and programs meet it: arguments, input and files in; output and status
//! out.

mod bytecode;
mod command;
mod conversation;
mod files;
mod imports;
mod shell;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// How a run ended.
#[derive(Debug, PartialEq)]
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs the command in a directory with this input.
fn brisk_in(directory: &Path, args: &[&str], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brisk"));
    command.args(args).current_dir(directory);
    command.env_remove("MS_IMPORT_PATH").env("TZ", "UTC").env("BRISK_TEST", "yes");
    finish(command, input)
}

/// Runs the command with this input.
fn brisk(args: &[&str], input: &str) -> Ran {
    brisk_in(Path::new("."), args, input)
}

/// Runs a prepared command.
fn finish(mut command: Command, input: &str) -> Ran {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    // A command may end without reading its input.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the command ends");
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs code; its output. Everything else must be as if nothing happened.
fn output_of(code: &str) -> String {
    let ran = brisk(&["-c", code], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{code}\n{}", ran.stdout);
    ran.stdout
}

/// Runs code that fails; the report.
fn error_of(code: &str) -> String {
    let ran = brisk(&["-c", code], "");
    assert_eq!(ran.status, 1, "{code}\n{}{}", ran.stdout, ran.stderr);
    ran.stderr
}

/// A directory that is removed after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("brisk-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the temporary directory can be written");
        Scratch(path.canonicalize().expect("it was just made"))
    }

    /// Writes a file, and the directories it is in.
    fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it can be written");
        fs::write(path, text).expect("it can be written");
    }

    /// Runs a script of this directory.
    fn run(&self, name: &str) -> Ran {
        brisk_in(&self.0, &[name], "")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that stays does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
