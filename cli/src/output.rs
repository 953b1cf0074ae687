//! The standard output, buffered, and the only way out of the process.
//!
//! Scripts print many short texts, and a system call for each would cost more than the script. The
//! buffer belongs to the thread, so a text costs no lock. It is written when it is full, at each
//! line when people watch, and before anything that people could see out of order: errors,
//! questions, pauses, other programs, the end.
//!
//! A reader that went away ends the process quietly, with the status a program killed by SIGPIPE
//! has.

use crate::{report, shell};
use brisk_core::vm::{Output, OutputStream};
use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write};

/// Bytes collected before they are written. 64 KiB is what a pipe holds.
const BUFFER_BYTES: usize = 64 * 1024;

/// Exit status when nobody reads the output: 128 + SIGPIPE.
const STATUS_CLOSED_PIPE: i32 = 141;

/// What is still to be written.
struct Buffer {
    bytes: Vec<u8>,
    /// Whether each line is written at once; `None` before the first text.
    by_line: Option<bool>,
}

impl Buffer {
    const EMPTY: Buffer = Buffer { bytes: Vec::new(), by_line: None };
}

thread_local! {
    static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer::EMPTY) };
}

/// The output of machines.
pub(crate) struct Stdout;

impl Output for Stdout {
    fn write(&mut self, stream: OutputStream, text: &str, line_break: bool) {
        match stream {
            OutputStream::Standard => write(text, line_break),
            OutputStream::Error => report::note(text),
        }
    }
}

/// Prints a text as it is.
pub(crate) fn print(text: &str) {
    write(text, false);
}

/// Prints a line.
pub(crate) fn print_line(text: &str) {
    write(text, true);
}

#[inline]
fn write(text: &str, line_break: bool) {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.bytes.extend_from_slice(text.as_bytes());
        if line_break {
            buffer.bytes.push(b'\n');
        }
        if buffer.bytes.len() >= BUFFER_BYTES || buffer.by_line != Some(false) {
            buffer.settle(line_break);
        }
    });
}

impl Buffer {
    /// Writes what should not wait.
    #[cold]
    fn settle(&mut self, line_break: bool) {
        let by_line = match self.by_line {
            Some(by_line) => by_line,
            None => {
                self.bytes.reserve(BUFFER_BYTES);
                *self.by_line.insert(std::io::stdout().is_terminal())
            }
        };
        if self.bytes.len() >= BUFFER_BYTES || (by_line && line_break) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        let result = stdout.write_all(&self.bytes).and_then(|()| stdout.flush());
        self.bytes.clear();
        match result {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => end(STATUS_CLOSED_PIPE),
            Err(error) => {
                report::to_stderr(&format!("Error writing the output: {error}\n"));
                end(1)
            }
        }
    }
}

/// Writes everything that waits.
pub(crate) fn flush() {
    BUFFER.with_borrow_mut(Buffer::flush);
}

/// Ends the process.
pub(crate) fn finish(status: i32) -> ! {
    flush();
    end(status)
}

/// Ends the process without looking at the standard output again.
fn end(status: i32) -> ! {
    shell::at_exit();
    std::process::exit(status)
}
