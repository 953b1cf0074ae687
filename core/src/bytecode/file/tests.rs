//! Tests of the file format: what is written can be read, and what is read can be anything.

use super::*;
use crate::bytecode::proto::{Const, Fallback, Outer, ParamInfo, Proto, ProtoFlags};
use alloc::string::{String, ToString};

/// A program in which everything occurs. Nothing in it makes sense.
fn everything() -> Program {
    let fallback = |outer| Fallback { name: u32::MAX, outer, warn: false, raw: true };
    let rich = Proto {
        name: "naïve".to_string(),
        params: vec![
            ParamInfo { name: "self".to_string(), default: Const::Null },
            ParamInfo { name: "b".to_string(), default: Const::Str("x".to_string()) },
        ],
        code: vec![0, u64::MAX, 0x0123_4567_89AB_CDEF],
        consts: vec![Const::Null, Const::Number(-0.0), Const::Str("text \u{1F600}".repeat(99))],
        map_keys: vec![vec![], vec![0, 127, 128, u16::MAX]],
        register_count: 300,
        flags: ProtoFlags {
            uses_self: true,
            self_param: true,
            scope_register: Some(u16::MAX),
            module: true,
        },
        children: vec![1, u32::MAX, 0],
        env_names: vec!["a".to_string(), String::new()],
        lines: vec![(0, 1), (5, 3), (2, u32::MAX), (u32::MAX, 0)],
        cold: vec![(u32::MAX, 0), (0, u32::MAX), (1 << 31, 1 << 31)],
        fallbacks: vec![
            (3, fallback(Outer::None)),
            (2, fallback(Outer::Slot(u16::MAX))),
            (1, Fallback { warn: true, raw: false, ..fallback(Outer::Map) }),
        ],
    };
    Program {
        dialect: Dialect::V2,
        name: Some("file.ms".to_string()),
        protos: vec![rich, Proto::default()],
        names: vec!["print".to_string(), "ü".to_string()],
    }
}

fn file() -> Vec<u8> {
    encode(&everything(), DebugInfo::Keep)
}

/// The text of the error of a file.
fn refusal(file: &[u8]) -> String {
    decode(file).map_or_else(|error| error.to_string(), |_| "none".to_string())
}

#[test]
fn everything_comes_back() {
    assert_eq!(decode(&file()), Ok(everything()));
    let empty = Program { dialect: Dialect::V1, name: None, protos: Vec::new(), names: Vec::new() };
    for debug in [DebugInfo::Keep, DebugInfo::Strip] {
        assert_eq!(decode(&encode(&empty, debug)), Ok(empty.clone()));
    }
}

#[test]
fn what_is_stripped_is_gone() {
    let mut expected = everything();
    for proto in &mut expected.protos {
        proto.name.clear();
        proto.lines.clear();
        proto.env_names.iter_mut().for_each(String::clear);
    }
    let stripped = encode(&everything(), DebugInfo::Strip);
    assert_eq!(decode(&stripped), Ok(expected.clone()));
    assert_eq!(encode(&expected, DebugInfo::Strip), stripped);
}

/// When this fails, the operations or the layout have changed: [`FORMAT`] goes up, and the new
/// figures go here.
#[test]
fn the_format_is_what_its_number_says() {
    let file = file();
    let body = crc32fast::hash(&file[DIALECT_AT..]);
    assert_eq!(
        (FORMAT, FINGERPRINT, file.len(), body),
        (1, 0x6869_A2FB_5B2C_6556, 1118, 0x1652_1D0A)
    );
}

#[test]
fn any_changed_byte_is_found() {
    let file = file();
    for at in 0..file.len() {
        for change in [1, 0x20, 0x80, 0xFF] {
            let mut changed = file.clone();
            changed[at] ^= change;
            assert!(decode(&changed).is_err(), "byte {at} changed by {change:#x}");
        }
    }
}

#[test]
fn a_missing_end_is_found() {
    let file = file();
    for size in 0..file.len() {
        let error = decode(&file[..size]).expect_err("something is missing");
        match size {
            0..MAGIC_NAME => assert_eq!(error, FileError::NotBytecode),
            _ => assert!(matches!(error, FileError::Truncated { .. }), "{size}: {error}"),
        }
    }
    assert_eq!(
        refusal(&file[..100]),
        alloc::format!("the bytecode file is truncated: 100 of {} bytes are there", file.len())
    );
    let mut longer = file.clone();
    longer.push(0);
    assert_eq!(refusal(&longer), "the bytecode file is damaged: it is longer than it says");
}

#[test]
fn other_files_are_told_from_damaged_ones() {
    assert_eq!(refusal(b"print 1"), "not a bytecode file");
    assert_eq!(refusal(b""), "not a bytecode file");
    let as_text =
        "the bytecode file is damaged: it was treated as text, or its first bytes changed";
    let mut converted = file();
    converted.remove(4);
    assert_eq!(refusal(&converted), as_text);
    let mut changed = file();
    changed[100] ^= 1;
    assert_eq!(refusal(&changed), "the bytecode file is damaged: the checksum is wrong");
}

#[test]
fn other_versions_are_named() {
    let version = |at: usize, bytes: &[u8]| {
        let mut other = file();
        other[at..at + bytes.len()].copy_from_slice(bytes);
        seal(&mut other);
        refusal(&other)
    };
    let [major, minor, patch] = ENGINE;
    let us =
        alloc::format!("this is Brisk {major}.{minor}.{patch} (format {FORMAT}): build it again");
    assert_eq!(
        version(FORMAT_AT, &[0, 0, 7, 0, 8, 0, 9, 0]),
        alloc::format!(
            "the bytecode file was made by another version, Brisk 7.8.9 (format 0); {us}"
        )
    );
    assert_eq!(
        version(FORMAT_AT, &[0x34, 0x12, 1, 0, 0, 0, 0, 0]),
        alloc::format!(
            "the bytecode file was made by another version, Brisk 1.0.0 (format 4660); {us}"
        )
    );
    assert_eq!(
        version(FINGERPRINT_AT, &[0; 8]),
        alloc::format!(
            "the bytecode file was made by another version, Brisk {major}.{minor}.{patch} \
             (format {FORMAT}, with other operations); {us}"
        )
    );
}

/// A file with this behind its header, and flags, under a right checksum.
fn sealed(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut made = file();
    made.truncate(HEADER_SIZE);
    (made[DIALECT_AT], made[FLAGS_AT]) = (1, flags);
    made.extend_from_slice(body);
    seal(&mut made);
    made
}

#[test]
fn nonsense_under_a_right_checksum_is_refused() {
    let check = |flags: u8, body: &[u8], expected: &str| {
        let got = refusal(&sealed(flags, body));
        assert_eq!(got, alloc::format!("the bytecode file is malformed: {expected}"), "{body:?}");
    };
    const ENDS: &str = "it ends too early";
    const LARGE: &str = "a number is too large";
    check(2, &[0, 0, 0], "unknown flags");
    check(0, &[], ENDS);
    check(0, &[0, 0], ENDS);
    check(0, &[2, 0, 0], "unknown flags");
    check(0, &[0, 0, 0, 0], "there is something behind the end");
    check(0, &[1, 1, 0xFF, 0, 0], "a text is not UTF-8");
    check(0, &[1, 9, b'a'], ENDS);
    // Counts without anything to count.
    for most in [&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F][..], &[0xFF, 0x7F], &[100]] {
        check(0, &[&[0], most].concat(), ENDS);
        check(0, &[&[0, 0], most].concat(), ENDS);
        for part in 2..10 {
            check(0, &[&[0, 0, 1], &[0; 9][..part], most, &[0; 40]].concat(), ENDS);
        }
    }
    check(0, &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F], LARGE);
    check(0, &[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0], LARGE);
    let function = |part: &[u8]| [&[0, 0, 1], part, &[0; 20]].concat();
    check(0, &function(&[16]), "unknown flags");
    check(0, &function(&[8, 0xFF, 0xFF, 0x04]), LARGE);
    check(0, &function(&[0, 1, 0, 1, 3]), "a constant of unknown kind");
    check(0, &function(&[0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0]), "unknown flags");
    let mut reserved = sealed(0, &[0, 0, 0]);
    assert_eq!(refusal(&reserved), "none");
    reserved[RESERVED_AT] = 1;
    seal(&mut reserved);
    assert_eq!(refusal(&reserved), "the bytecode file is malformed: reserved bytes are not zero");
    reserved[RESERVED_AT] = 0;
    reserved[DIALECT_AT] = 3;
    seal(&mut reserved);
    assert_eq!(refusal(&reserved), "the bytecode file is malformed: unknown dialect");
}

#[test]
fn no_bytes_under_a_right_checksum_are_a_panic() {
    let file = file();
    for at in HEADER_SIZE..file.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF, file[at] ^ 1, file[at].wrapping_add(1)] {
            let mut changed = file.clone();
            changed[at] = value;
            seal(&mut changed);
            if let Ok(program) = decode(&changed) {
                let again = encode(&program, DebugInfo::Keep);
                assert_eq!(decode(&again), Ok(program));
            }
        }
    }
}
