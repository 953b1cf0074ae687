//! Names of units, for tools that look at the process from outside: profilers and debuggers.
//!
//! ```text
//! PerfMap     a text file that Linux' `perf` reads        /tmp/perf-PID.map
//! GdbUnits    object files in memory that GDB, and LLDB,  gdb, elf
//!             find through two symbols of the process
//! ```
//!
//! Neither is used unless the host asks for it. Names come from scripts; what would break a line or end a
//! text becomes `?`.
//!
//! Not here: line numbers, and how to unwind the native stack, which holds no frame of a script.

pub mod elf;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod gdb;
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "symbols/no_gdb.rs"]
mod gdb;

pub use gdb::GdbUnits;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// One line of a map for `perf`: address and size in hexadecimal, then the name.
///
/// Source: Linux, `tools/perf/Documentation/jit-interface.txt`.
pub fn perf_map_line(address: u64, bytes: usize, name: &str) -> String {
    format!("{address:x} {bytes:x} {}\n", printable(name))
}

/// A name on one line, without anything that ends a text.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The file in which `perf` looks for the names of this process's code: one for all machines. It stays
/// when the process ends, because that is when it is read.
///
/// Nothing is taken out again. Where code was freed and other code written, `perf` takes the line that
/// comes later.
#[derive(Debug)]
pub struct PerfMap {
    file: File,
}

/// The file, once it is there.
static PERF_MAP: Mutex<Option<File>> = Mutex::new(None);

impl PerfMap {
    /// The map of this process. The first call makes the file anew.
    ///
    /// # Errors
    ///
    /// Those of the file system; where there is no `/tmp`, that is always so.
    pub fn open() -> io::Result<PerfMap> {
        let mut map = PERF_MAP.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *map {
            Some(file) => file,
            none => none.insert(create(&PerfMap::path())?),
        };
        Ok(PerfMap { file: file.try_clone()? })
    }

    /// Where the file is.
    pub fn path() -> String {
        format!("/tmp/perf-{}.map", std::process::id())
    }

    /// Adds a unit.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn add(&mut self, address: u64, bytes: usize, name: &str) -> io::Result<()> {
        // In one piece, so that lines of two threads do not mix.
        self.file.write_all(perf_map_line(address, bytes, name).as_bytes())
    }
}

/// A new file. One that is there comes from an older process with our number, or from somebody who
/// wants us to write elsewhere: it goes.
fn create(path: &str) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().append(true).create_new(true).open(path)
}
