//! Bytecode files: a program as bytes that can be stored, sent, and loaded again.
//!
//! A file opens with a header of 40 bytes. The first 28 are the same in every version of the format,
//! so that any Brisk can say what is wrong with any file. What follows is the program: numbers as
//! little-endian base-128 varints, texts with their length before them, code as plain words, so
//! that loading is mostly copying. `write.rs` and `read.rs` go through it in the same order;
//! `docs/BYTECODE.md` has the table.
//!
//! Three lines of defence, from accident to malice. The checksum finds what happens to files on
//! their way: CRC-32 finds every change within 32 bits in a row for certain. The format number and
//! the fingerprint of the operations find files that another Brisk made. Against files that are
//! meant to do harm only the verifier helps ([`verify`](super::verify)); reading itself never
//! panics, and takes no more memory than some 32 bytes for each byte of the file.

mod read;
#[cfg(test)]
mod tests;
mod write;

use super::encode::{Class, Op};
use super::proto::Program;
use crate::syntax::Dialect;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Number of the format. It goes up with every change of the layout, of a row that compiled
/// programs use, or of what such a row means: a file made before must not be read as something
/// else. There is no reading of older formats; a file is made again from its source.
pub const FORMAT: u16 = 1;

/// First bytes of every bytecode file. Like PNG's they fall victim to every usual way of treating a
/// file as text: the high bit of the first, both line ends, the end-of-file mark of DOS.
const MAGIC: [u8; 8] = *b"\x8ABRK\r\n\x1A\n";
/// How much of it says that a file means to be bytecode.
const MAGIC_NAME: usize = 4;

// Offsets in the header. Those up to the length are fixed for all time.
const CHECKSUM_AT: usize = 8;
const FORMAT_AT: usize = 12;
const ENGINE_AT: usize = 14;
const LENGTH_AT: usize = 20;
const FINGERPRINT_AT: usize = 28;
const DIALECT_AT: usize = 36;
const FLAGS_AT: usize = 37;
const RESERVED_AT: usize = 38;
/// Size of the header in bytes.
const HEADER_SIZE: usize = 40;

/// Flag: names of functions and lines are left out.
const STRIPPED: u8 = 1;

// Properties of a function.
const USES_SELF: u8 = 1;
const SELF_PARAM: u8 = 2;
const MODULE: u8 = 4;
const HAS_SCOPE: u8 = 8;

// Properties of a fallback: two bits for what was captured, then flags.
const OUTER_NONE: u8 = 0;
const OUTER_SLOT: u8 = 1;
const OUTER_MAP: u8 = 2;
const WARN: u8 = 4;
const RAW: u8 = 8;

// Kinds of constants.
const NULL: u8 = 0;
const NUMBER: u8 = 1;
const TEXT: u8 = 2;

/// Whether a file says where in the source its code comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DebugInfo {
    /// Errors have lines, traces and listings have names.
    #[default]
    Keep,
    /// Lines, names of functions and names of captured variables are left out. Names that scripts
    /// can see stay: of globals, members and parameters.
    Strip,
}

/// Why bytes are no bytecode file that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// They do not begin like one.
    NotBytecode,
    /// The end is missing.
    Truncated {
        /// Bytes that are there.
        size: u64,
        /// Bytes there should be, as far as is known.
        wanted: u64,
    },
    /// Something changed after it was made: what does not fit.
    Damaged(&'static str),
    /// Another version of Brisk made it.
    OtherVersion {
        /// Its format.
        format: u16,
        /// The Brisk that made it: major, minor, patch.
        engine: [u16; 3],
    },
    /// The checksum is right, but no Brisk writes this.
    Malformed(&'static str),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NotBytecode => write!(f, "not a bytecode file"),
            FileError::Truncated { size, wanted } => {
                write!(f, "the bytecode file is truncated: {size} of {wanted} bytes are there")
            }
            FileError::Damaged(what) => write!(f, "the bytecode file is damaged: {what}"),
            FileError::OtherVersion { format, engine: [major, minor, patch] } => {
                let other = if *format == FORMAT { ", with other operations" } else { "" };
                let [our_major, our_minor, our_patch] = ENGINE;
                write!(
                    f,
                    "the bytecode file was made by another version, Brisk {major}.{minor}.{patch} \
                     (format {format}{other}); this is Brisk {our_major}.{our_minor}.{our_patch} \
                     (format {FORMAT}): build it again"
                )
            }
            FileError::Malformed(what) => write!(f, "the bytecode file is malformed: {what}"),
        }
    }
}

impl core::error::Error for FileError {}

/// Whether bytes begin like a bytecode file, whatever follows.
pub fn is_file(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC[..MAGIC_NAME])
}

/// A program as a file: for the same program always the same bytes. Takes time proportional to the program.
pub fn encode(program: &Program, debug: DebugInfo) -> Vec<u8> {
    let mut out = vec![0; HEADER_SIZE];
    let dialect = match program.dialect {
        Dialect::V1 => 1,
        Dialect::V2 => 2,
    };
    put(&mut out, 0, MAGIC);
    put(&mut out, FORMAT_AT, FORMAT.to_le_bytes());
    for (place, number) in ENGINE.iter().enumerate() {
        put(&mut out, ENGINE_AT + 2 * place, number.to_le_bytes());
    }
    put(&mut out, FINGERPRINT_AT, FINGERPRINT.to_le_bytes());
    let flags = if debug == DebugInfo::Strip { STRIPPED } else { 0 };
    put(&mut out, DIALECT_AT, [dialect, flags]);
    write::program(&mut out, program, debug);
    seal(&mut out);
    out
}

/// Writes length and checksum into the header. For tests too: what a file with a right checksum
/// does that nobody made.
///
/// # Panics
///
/// When there is no room for a header.
#[doc(hidden)]
pub fn seal(file: &mut [u8]) {
    let length = file.len() as u64;
    put(file, LENGTH_AT, length.to_le_bytes());
    let sum = checksum(file);
    put(file, CHECKSUM_AT, sum.to_le_bytes());
}

/// The program of a file. It may be anything: only [`verify`](super::verify) makes it safe to run.
///
/// Never panics. Takes time and memory proportional to the file.
///
/// # Errors
///
/// What is wrong with the file; damage is told from another version.
pub fn decode(file: &[u8]) -> Result<Program, FileError> {
    let size = file.len() as u64;
    if !is_file(file) {
        return Err(FileError::NotBytecode);
    }
    if !MAGIC.starts_with(&file[..file.len().min(MAGIC.len())]) {
        return Err(FileError::Damaged("it was treated as text, or its first bytes changed"));
    }
    if file.len() < HEADER_SIZE {
        return Err(FileError::Truncated { size, wanted: HEADER_SIZE as u64 });
    }
    let length = u64::from_le_bytes(get(file, LENGTH_AT));
    if length > size {
        return Err(FileError::Truncated { size, wanted: length });
    }
    if length < size {
        return Err(FileError::Damaged("it is longer than it says"));
    }
    if checksum(file) != u32::from_le_bytes(get(file, CHECKSUM_AT)) {
        return Err(FileError::Damaged("the checksum is wrong"));
    }
    let format = u16::from_le_bytes(get(file, FORMAT_AT));
    if format != FORMAT || u64::from_le_bytes(get(file, FINGERPRINT_AT)) != FINGERPRINT {
        let number = |place: usize| u16::from_le_bytes(get(file, ENGINE_AT + 2 * place));
        return Err(FileError::OtherVersion { format, engine: [number(0), number(1), number(2)] });
    }
    if get(file, RESERVED_AT) != [0, 0] {
        return Err(FileError::Malformed("reserved bytes are not zero"));
    }
    let [dialect] = get(file, DIALECT_AT);
    let [flags] = get(file, FLAGS_AT);
    read::program(&file[HEADER_SIZE..], dialect, flags).map_err(FileError::Malformed)
}

/// CRC-32 of everything behind it; what is before it is compared.
fn checksum(file: &[u8]) -> u32 {
    crc32fast::hash(&file[FORMAT_AT..])
}

fn put<const N: usize>(file: &mut [u8], at: usize, bytes: [u8; N]) {
    file[at..at + N].copy_from_slice(&bytes);
}

/// Bytes of a header that is whole.
fn get<const N: usize>(file: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&file[at..at + N]);
    bytes
}

/// This Brisk: major, minor, patch. For messages; only format and fingerprint decide.
const ENGINE: [u16; 3] = [
    decimal(env!("CARGO_PKG_VERSION_MAJOR")),
    decimal(env!("CARGO_PKG_VERSION_MINOR")),
    decimal(env!("CARGO_PKG_VERSION_PATCH")),
];

const fn decimal(text: &str) -> u16 {
    match u16::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a part of the version is no number"),
    }
}

/// What the words of a file rest on: number, name, operands, extra words and class of every
/// operation that compiled programs use. Made from the table, so a row that moves changes it even
/// when nobody thinks of [`FORMAT`].
const FINGERPRINT: u64 = {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    let mut number = 0;
    while number < Op::COUNT {
        let op = match Op::from_u8(number as u8) {
            Some(op) => op,
            None => panic!("operations are numbered without gaps"),
        };
        if !matches!(op.class(), Class::Quick) {
            hash = row(hash, number as u8, op);
        }
        number += 1;
    }
    hash
};

const fn row(mut hash: u64, number: u8, op: Op) -> u64 {
    hash = fnv(hash, number);
    let (text, mut at) = (op.text().as_bytes(), 0);
    while at < text.len() {
        hash = fnv(hash, text[at]);
        at += 1;
    }
    let (operands, mut at) = (op.operands(), 0);
    while at < operands.len() {
        hash = fnv(hash, operands[at] as u8);
        at += 1;
    }
    let (extra, mut at) = (op.extra(), 0);
    while at < extra.len() {
        hash = fnv(hash, extra[at] as u8);
        at += 1;
    }
    // What no text contains: rows cannot run into one another.
    fnv(fnv(hash, op.class() as u8), 0xFF)
}

/// One step of FNV-1a (Fowler, Noll, Vo).
const fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01B3)
}
