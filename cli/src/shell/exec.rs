//! `exec`: runs a command of the system's shell (INTRINSICS.md §9.2).
//!
//! The machine is not blocked while the command runs: the function stays pending and looks again
//! after a while. Two threads collect what the command writes, since a pipe holds little and the
//! command would wait.

use super::slab::Slab;
use super::table::set;
use super::{Shell, environment, file, lock, restore_terminal};
use crate::output;
use brisk_core::host::{Context, Data, NativeError, NativeResult, Values};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Status of a command that took too long, as that of `timeout`.
const STATUS_TIMED_OUT: i32 = 124;
/// Status of a command that could not be started, as that of a shell.
const STATUS_NOT_STARTED: i32 = 127;

/// Shortest and longest time between two looks at a command, in seconds. Commands that take long
/// are looked at less often.
const LOOK_SECONDS: (f64, f64) = (0.000_2, 0.005);

/// Longest time a command may take: thirty years, which a clock can express.
const TIMEOUT_SECONDS_MAX: f64 = 1e9;

/// A command that runs.
struct Running {
    child: Child,
    output: Pipe,
    errors: Pipe,
    started: Instant,
    timeout: Duration,
    /// The status, once the command has ended. Its pipes can be open longer, in the hands of its
    /// children.
    status: Option<i32>,
}

/// What a command wrote so far, and the thread that reads it.
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// The result of a command.
struct Done {
    output: String,
    errors: String,
    status: i32,
}

static RUNNING: Slab<Running> = Slab::new();

/// Runs a command; returns a map with `output`, `errors` and `status`.
pub(super) fn exec(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let number = match context.state()?.and_then(|state| state.as_number()) {
        Some(number) => number,
        None => match start(context, shell)? {
            Ok(number) => number,
            Err(done) => return result(context, done),
        },
    };
    // Numbers of a slab are small.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let index = number as usize;
    let age =
        RUNNING.with(index, |running| running.started.elapsed().as_secs_f64()).unwrap_or_default();
    match RUNNING.with(index, Running::look) {
        Some(None) => {
            let wake = context.now() + (age / 8.0).clamp(LOOK_SECONDS.0, LOOK_SECONDS.1);
            Err(NativeError::Pending { state: Data::Number(number), wake: Some(wake) })
        }
        Some(Some(done)) => {
            drop(RUNNING.remove(index));
            result(context, done)
        }
        None => Ok(Data::Null),
    }
}

/// Starts the command; returns its number, or the result when it does not start.
fn start(context: &mut Context<'_>, shell: &Shell) -> Result<Result<f64, Done>, NativeError> {
    let text = context.text_arg(0)?;
    let timeout = match context.number(1) {
        seconds if seconds > 0.0 => seconds.min(TIMEOUT_SECONDS_MAX),
        _ => 0.0,
    };
    output::flush();
    file::flush_all();
    restore_terminal();
    let mut command = shell_command(&text);
    environment::apply(context, shell, &mut command)?;
    let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            return Ok(Err(Done {
                output: String::new(),
                errors: error.to_string(),
                status: STATUS_NOT_STARTED,
            }));
        }
    };
    let running = Running {
        output: Pipe::new(child.stdout.take()),
        errors: Pipe::new(child.stderr.take()),
        child,
        started: Instant::now(),
        timeout: Duration::from_secs_f64(timeout),
        status: None,
    };
    // Numbers of a slab are small.
    #[allow(clippy::cast_precision_loss)]
    Ok(Ok(RUNNING.insert(running) as f64))
}

fn shell_command(text: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let mut command = Command::new(shell);
    command.arg(option).arg(text);
    command
}

impl Running {
    /// The result, if there is one yet.
    fn look(&mut self) -> Option<Done> {
        if self.status.is_none() {
            match self.child.try_wait() {
                Ok(Some(status)) => self.status = Some(status_of(status)),
                Ok(None) => {}
                Err(_) => self.status = Some(STATUS_NOT_STARTED),
            }
        }
        let is_late = self.started.elapsed() >= self.timeout;
        match self.status {
            Some(status) if is_late || (self.output.is_closed() && self.errors.is_closed()) => {
                Some(Done { output: self.output.text(), errors: self.errors.text(), status })
            }
            None if is_late => {
                // It may have ended by itself meanwhile; then there is nothing to do.
                let _ = self.child.kill();
                let _ = self.child.wait();
                Some(Done {
                    output: String::new(),
                    errors: "Timed out".into(),
                    status: STATUS_TIMED_OUT,
                })
            }
            _ => None,
        }
    }
}

impl Pipe {
    fn new(source: Option<impl Read + Send + 'static>) -> Pipe {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = source.and_then(|mut source| {
            let read = move || {
                let mut chunk = [0; 16 * 1024];
                while let Ok(count @ 1..) = source.read(&mut chunk) {
                    lock(&shared).extend_from_slice(&chunk[..count]);
                }
            };
            std::thread::Builder::new().spawn(read).ok()
        });
        Pipe { bytes, reader }
    }

    fn is_closed(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// What was written, without one line break at the end.
    fn text(&self) -> String {
        let bytes = lock(&self.bytes);
        let bytes =
            bytes.strip_suffix(b"\n").map_or(&bytes[..], |b| b.strip_suffix(b"\r").unwrap_or(b));
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// The status as a shell shows it: 128 and more for a program that was killed.
fn status_of(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(STATUS_NOT_STARTED)
}

fn result(context: &mut Context<'_>, done: Done) -> NativeResult {
    let map = context.new_map()?;
    set(context, &map, "output", done.output)?;
    set(context, &map, "errors", done.errors)?;
    set(context, &map, "status", done.status)?;
    Ok(Data::Map(map))
}
