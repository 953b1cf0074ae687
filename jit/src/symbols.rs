//! Names of units, for tools that look at the process from outside: profilers and debuggers.
//!
//! ```text
//! perf_map_add       a text file that Linux' `perf` reads       /tmp/perf-PID.map
//! GdbRegistration    an object file in memory, in a list that   gdb, elf
//!                    GDB and LLDB find by a symbol
//! ```
//!
//! Neither is used unless the host asks for it. Names come from scripts; what would break a line or
//! end a text becomes `?`.
//!
//! Not here: line numbers, and how to unwind the native stack, which holds no frame of a script.

pub mod elf;
#[cfg(all(
    unix,
    not(target_vendor = "apple"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod gdb;
#[cfg(not(all(
    unix,
    not(target_vendor = "apple"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[path = "symbols/no_gdb.rs"]
mod gdb;

pub use gdb::GdbRegistration;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// The file in which `perf` looks for the names of this process's code, once it is made.
static PERF_MAP: Mutex<Option<File>> = Mutex::new(None);

/// Tells `perf` about a unit. The first call makes the file anew.
///
/// Nothing is taken out again: the file is read when the process is gone. Where code was freed and
/// other code written, `perf` shows the older name.
///
/// # Errors
///
/// Those of the file system; where there is no `/tmp`, that is always so.
pub fn perf_map_add(address: u64, bytes: usize, name: &str) -> io::Result<()> {
    let mut map = PERF_MAP.lock().unwrap_or_else(PoisonError::into_inner);
    let file = match &mut *map {
        Some(file) => file,
        none => none.insert(create(&perf_map_path())?),
    };
    file.write_all(perf_map_line(address, bytes, name).as_bytes())
}

/// Where the file for `perf` is.
pub fn perf_map_path() -> String {
    format!("/tmp/perf-{}.map", std::process::id())
}

/// One line of it: address and size in hexadecimal, then the name.
///
/// Source: Linux, `tools/perf/Documentation/jit-interface.txt`.
pub fn perf_map_line(address: u64, bytes: usize, name: &str) -> String {
    format!("{address:x} {bytes:x} {}\n", printable(name))
}

/// A name on one line, without anything that ends a text.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
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
