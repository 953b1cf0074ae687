//! From a program to the bytes behind the header.
//!
//! Every program can be written, even one that the verifier would refuse. The order of what is
//! written is the order in `read.rs`.

use super::{
    DebugInfo, HAS_SCOPE, MODULE, NULL, NUMBER, OUTER_MAP, OUTER_NONE, OUTER_SLOT, RAW, SELF_PARAM,
    TEXT, USES_SELF, WARN,
};
use crate::bytecode::proto::{Const, Fallback, Outer, Program, Proto};
use alloc::string::String;
use alloc::vec::Vec;

/// Appends a program.
pub(super) fn program(out: &mut Vec<u8>, program: &Program, debug: DebugInfo) {
    match &program.name {
        Some(name) => {
            out.push(1);
            text(out, name);
        }
        None => out.push(0),
    }
    texts(out, &program.names);
    count(out, program.protos.len());
    for proto in &program.protos {
        function(out, proto, debug);
    }
}

fn function(out: &mut Vec<u8>, proto: &Proto, debug: DebugInfo) {
    let flags = proto.flags;
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    out.push(
        flag(flags.uses_self, USES_SELF)
            | flag(flags.self_param, SELF_PARAM)
            | flag(flags.module, MODULE)
            | flag(flags.scope_register.is_some(), HAS_SCOPE),
    );
    if let Some(register) = flags.scope_register {
        number(out, register.into());
    }
    number(out, proto.register_count);
    count(out, proto.params.len());
    for param in &proto.params {
        text(out, &param.name);
        constant(out, &param.default);
    }
    count(out, proto.consts.len());
    for value in &proto.consts {
        constant(out, value);
    }
    count(out, proto.map_keys.len());
    for keys in &proto.map_keys {
        count(out, keys.len());
        for &key in keys {
            number(out, key.into());
        }
    }
    count(out, proto.children.len());
    for &child in &proto.children {
        number(out, child);
    }
    count(out, proto.code.len());
    out.reserve(size_of_val(proto.code.as_slice()));
    for word in &proto.code {
        out.extend_from_slice(&word.to_le_bytes());
    }
    pairs(out, &proto.cold);
    fallbacks(out, &proto.fallbacks);
    match debug {
        DebugInfo::Keep => {
            text(out, &proto.name);
            texts(out, &proto.env_names);
            pairs(out, &proto.lines);
        }
        // How many there are counts when the program runs. One byte each: what is read must not be
        // larger than what is there.
        DebugInfo::Strip => {
            count(out, proto.env_names.len());
            out.resize(out.len() + proto.env_names.len(), 0);
        }
    }
}

fn constant(out: &mut Vec<u8>, value: &Const) {
    match value {
        Const::Null => out.push(NULL),
        Const::Number(number) => {
            out.push(NUMBER);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Const::Str(value) => {
            out.push(TEXT);
            text(out, value);
        }
    }
}

/// A table with words before it: both as differences to the entry before, since they are close.
fn pairs(out: &mut Vec<u8>, table: &[(u32, u32)]) {
    count(out, table.len());
    let (mut word_before, mut value_before) = (0_u32, 0_u32);
    for &(word, value) in table {
        number(out, word.wrapping_sub(word_before));
        number(out, zigzag(value.wrapping_sub(value_before).cast_signed()));
        (word_before, value_before) = (word, value);
    }
}

fn fallbacks(out: &mut Vec<u8>, table: &[(u32, Fallback)]) {
    count(out, table.len());
    let mut before = 0_u32;
    for &(word, fallback) in table {
        number(out, word.wrapping_sub(before));
        before = word;
        let (outer, slot) = match fallback.outer {
            Outer::None => (OUTER_NONE, None),
            Outer::Slot(slot) => (OUTER_SLOT, Some(slot)),
            Outer::Map => (OUTER_MAP, None),
        };
        let warn = if fallback.warn { WARN } else { 0 };
        let raw = if fallback.raw { RAW } else { 0 };
        out.push(outer | warn | raw);
        number(out, fallback.name);
        if let Some(slot) = slot {
            number(out, slot.into());
        }
    }
}

fn texts(out: &mut Vec<u8>, all: &[String]) {
    count(out, all.len());
    for one in all {
        text(out, one);
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    count(out, value.len());
    out.extend_from_slice(value.as_bytes());
}

fn count(out: &mut Vec<u8>, value: usize) {
    number(out, u32::try_from(value).expect("source texts are shorter than 4 GiB"));
}

/// A varint: seven bits in each byte, lowest first; the high bit says that more follow.
fn number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign as small numbers: 0, -1, 1, -2, …
fn zigzag(value: i32) -> u32 {
    (value.cast_unsigned() << 1) ^ (value >> 31).cast_unsigned()
}
