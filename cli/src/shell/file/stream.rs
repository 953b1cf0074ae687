//! An open file: one buffer that serves both directions.
//!
//! The buffer holds either bytes read ahead or bytes not yet written, never both. Changing the
//! direction gives back what was read ahead, or writes what waits. `position` is where the script
//! believes to be.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// Bytes read or written at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// What the buffer holds.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Reading,
    Writing,
}

/// An open file.
pub(super) struct Stream {
    file: File,
    readable: bool,
    writable: bool,
    direction: Direction,
    /// Bytes read ahead from `at` on, or bytes to be written.
    buffer: Vec<u8>,
    /// First byte of the buffer that was not handed out.
    at: usize,
    position: u64,
    at_end: bool,
}

impl Stream {
    /// Opens a file; `None` when it cannot be opened, or `mode` is none of C's.
    pub(super) fn open(path: &str, mode: &str) -> Option<Stream> {
        let mut options = File::options();
        let (readable, writable) = match mode {
            "" | "r+" | "rw+" => (true, true),
            "r" => (true, false),
            "w" | "a" => (false, true),
            _ => return None,
        };
        match mode {
            "r" => options.read(true),
            "w" => options.write(true).create(true).truncate(true),
            "a" => options.append(true).create(true),
            _ => options.read(true).write(true).create(true).truncate(false),
        };
        let file = options.open(path).ok()?;
        let metadata = file.metadata().ok()?;
        if metadata.is_dir() {
            return None;
        }
        let position = if mode == "a" { metadata.len() } else { 0 };
        let direction = if readable { Direction::Reading } else { Direction::Writing };
        Some(Stream {
            file,
            readable,
            writable,
            direction,
            buffer: Vec::new(),
            at: 0,
            position,
            at_end: false,
        })
    }

    /// Where the next byte is read or written.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether a read met the end.
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Writes; returns the number of bytes, 0 when it is not possible.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        if !self.writable || !self.turn(Direction::Writing) {
            return 0;
        }
        self.buffer.extend_from_slice(bytes);
        self.position += bytes.len() as u64;
        if self.buffer.len() >= BUFFER_BYTES && !self.flush() {
            return 0;
        }
        bytes.len()
    }

    /// Reads `count` bytes, or as many as there are.
    pub(super) fn read(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < count {
            let Some(ahead) = self.ahead() else { break };
            let taken = ahead.len().min(count - out.len());
            out.extend_from_slice(&ahead[..taken]);
            self.advance(taken);
        }
        out
    }

    /// Reads a line with its end; `None` at the end of the file.
    pub(super) fn read_line(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        while let Some(ahead) = self.ahead() {
            let line_end = ahead.iter().position(|&byte| byte == b'\n');
            let taken = line_end.map_or(ahead.len(), |at| at + 1);
            out.extend_from_slice(&ahead[..taken]);
            self.advance(taken);
            if line_end.is_some() {
                break;
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Bytes read ahead, at least one; `None` at the end.
    fn ahead(&mut self) -> Option<&[u8]> {
        if !self.readable || !self.turn(Direction::Reading) {
            return None;
        }
        if self.at == self.buffer.len() {
            self.buffer.resize(BUFFER_BYTES, 0);
            self.at = 0;
            let count = self.file.read(&mut self.buffer).unwrap_or(0);
            self.buffer.truncate(count);
            if count == 0 {
                self.at_end = true;
                return None;
            }
        }
        Some(&self.buffer[self.at..])
    }

    fn advance(&mut self, count: usize) {
        self.at += count;
        self.position += count as u64;
    }

    /// Prepares the buffer for this direction; false when the file refuses.
    fn turn(&mut self, direction: Direction) -> bool {
        if self.direction == direction {
            return true;
        }
        match self.direction {
            Direction::Writing => {
                if !self.flush() {
                    return false;
                }
            }
            Direction::Reading => {
                if self.file.seek(SeekFrom::Start(self.position)).is_err() {
                    return false;
                }
                self.buffer.clear();
                self.at = 0;
            }
        }
        self.direction = direction;
        true
    }

    /// Writes what waits; false when the file refuses.
    pub(super) fn flush(&mut self) -> bool {
        if self.direction == Direction::Reading {
            return true;
        }
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        self.at = 0;
        written.is_ok()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.flush();
    }
}
