//! Bytecode files that nobody made, under a right checksum: refused, or they run without harm.
//!
//! Inputs are the bytes behind the header, or changes of files made from scripts. Header and
//! checksum are put right, or nothing would come further than them.
#![no_main]

mod shared;

use arbitrary::Arbitrary;
use brisk_core::bytecode::{disassemble, file};
use brisk_core::{DebugInfo, Dialect, ErrorKind, Program};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// Size of the header; the last four bytes are free to change.
const HEADER_SIZE: usize = 40;
const HEADER_FIXED: usize = 36;

/// One change of a file.
#[derive(Arbitrary, Debug)]
enum Edit {
    Set {
        at: u16,
        value: u8,
    },
    Flip {
        at: u16,
        bit: u8,
    },
    Insert {
        at: u16,
        bytes: Vec<u8>,
    },
    Remove {
        at: u16,
        count: u8,
    },
    /// Bytes from one place stand in another.
    Copy {
        from: u16,
        to: u16,
        count: u8,
    },
    End {
        at: u16,
    },
}

#[derive(Arbitrary, Debug)]
enum Input {
    /// Any bytes, as they are.
    Bytes(Vec<u8>),
    /// Any bytes behind a header.
    Body { flags: u8, bytes: Vec<u8> },
    /// A file that was changed. Not sealed, the checksum is wrong.
    Edited { program: u8, is_sealed: bool, edits: Vec<Edit> },
}

const SEEDS: &[&str] = &[
    "print 1",
    "f = function(x, y=2)\n\tg = function\n\t\treturn outer.x + y\n\tend function\n\
     \treturn g + x\nend function\nfor i in range(1, 9)\n\tprint f(i)\nend for",
    "m = {\"a\": 1, \"b\": [1, 2]}\nm.c = m.b[0] + m[\"a\"]\nwhile m.c < 9\n\tm.c += 1\nend while\n\
     n = new m\nprint n.c + locals.len",
    include_str!("../../examples/json.ms"),
    include_str!("../seed.ms"),
];

/// The seeds as files, whole and stripped.
fn seeds() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Vec::new();
        for source in SEEDS {
            let program = Program::compile(source, Dialect::V1).unwrap();
            files.push(program.to_bytes(DebugInfo::Keep));
            files.push(program.to_bytes(DebugInfo::Strip));
        }
        files
    })
}

fn apply(file: &mut Vec<u8>, edit: &Edit) {
    let size = file.len();
    let of = |at: u16| HEADER_FIXED + usize::from(at) % (size - HEADER_FIXED);
    match edit {
        Edit::Set { at, value } => file[of(*at)] = *value,
        Edit::Flip { at, bit } => file[of(*at)] ^= 1 << (bit % 8),
        Edit::Insert { at, bytes } => {
            let at = of(*at);
            file.splice(at..at, bytes.iter().take(64).copied());
        }
        Edit::Remove { at, count } => {
            let at = of(*at).max(HEADER_SIZE).min(size);
            file.drain(at..(at + usize::from(*count)).min(size));
        }
        Edit::Copy { from, to, count } => {
            let (from, to) = (of(*from), of(*to));
            let count = usize::from(*count).min(size - from.max(to));
            file.copy_within(from..from + count, to);
        }
        Edit::End { at } => file.truncate(of(*at).max(HEADER_SIZE)),
    }
}

fuzz_target!(|input: Input| {
    let seeds = seeds();
    let bytes = match input {
        Input::Bytes(bytes) => bytes,
        Input::Body { flags, bytes } => {
            let mut made = seeds[0][..HEADER_SIZE].to_vec();
            made[HEADER_FIXED + 1] = flags;
            made.extend_from_slice(&bytes);
            file::seal(&mut made);
            made
        }
        Input::Edited { program, is_sealed, edits } => {
            let mut made = seeds[usize::from(program) % seeds.len()].clone();
            for edit in edits.iter().take(16) {
                apply(&mut made, edit);
            }
            if is_sealed {
                file::seal(&mut made);
            }
            made
        }
    };
    if let Ok(bytecode) = file::decode(&bytes) {
        let _ = disassemble(&bytecode);
        let again = file::encode(&bytecode, DebugInfo::Keep);
        let again = file::decode(&again).expect("what was read can be written");
        // Numbers that are NaN are not equal to themselves, so not the programs.
        assert_eq!(format!("{bytecode:?}"), format!("{again:?}"));
    }
    match Program::from_bytes(&bytes) {
        Ok(program) => _ = shared::run(&program, shared::PLAIN),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Host),
    }
});
