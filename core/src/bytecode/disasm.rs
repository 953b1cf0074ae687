//! Listings: a program as text, one line for each instruction, for people and golden tests.
//!
//! ```text
//! function 1 fib(n) registers 7
//!     0 L2    j_not_lt_k      r0 k0=2 → 3  ; cold 14
//!     1       eval            r1 r0
//! ```
//!
//! A line holds the word's index, the source line where it changes, the operation and its operands:
//! registers as `r3`, constants as `k7` with their value, names of globals with an `@`, jump
//! targets as word indices. What the side tables say about a word follows it. Listing a program
//! that was not verified is safe: what makes no sense is shown as a number.

use super::encode::{Extra, Kind, Op, a_of, b_of, bc_of, c_of, op_of, x_of};
use super::proto::{Const, Fallback, Outer, Program, Proto};
use alloc::string::String;
use core::fmt::Write;

/// Longest string constant that is shown whole, in characters.
const TEXT_MAX: usize = 40;

/// A program as text.
pub fn disassemble(program: &Program) -> String {
    let mut out = String::new();
    for (number, proto) in program.protos.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = list_proto(&mut out, program, number, proto);
    }
    out
}

type Result = core::fmt::Result;

fn list_proto(out: &mut String, program: &Program, number: usize, proto: &Proto) -> Result {
    let name = if proto.name.is_empty() { "?" } else { &proto.name };
    write!(out, "function {number} {name}(")?;
    for (place, param) in proto.params.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        write!(out, "{comma}{}", param.name)?;
        if param.default != Const::Null {
            write!(out, "=")?;
            list_const(out, &param.default)?;
        }
    }
    write!(out, ") registers {}", proto.register_count)?;
    let flags = proto.flags;
    for (is_set, text) in
        [(flags.uses_self, "self"), (flags.self_param, "self_param"), (flags.module, "module")]
    {
        if is_set {
            write!(out, " {text}")?;
        }
    }
    if let Some(register) = flags.scope_register {
        write!(out, " scope=r{register}")?;
    }
    if !proto.env_names.is_empty() {
        write!(out, " env={}", proto.env_names.join(","))?;
    }
    writeln!(out)?;
    list_code(out, program, proto)
}

fn list_code(out: &mut String, program: &Program, proto: &Proto) -> Result {
    let mut at = 0;
    while at < proto.code.len() {
        let line = proto.lines.iter().find(|&&(word, _)| usize::try_from(word) == Ok(at));
        match line {
            Some((_, line)) => write!(out, "{at:5} {:<5}", alloc::format!("L{line}"))?,
            None => write!(out, "{at:5}      ")?,
        }
        match op_of(proto.code[at]) {
            Some(op) => {
                list_instruction(out, program, proto, at, op)?;
                at += op.words();
            }
            None => {
                write!(out, " ?? {:#018x}", proto.code[at])?;
                at += 1;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn list_instruction(
    out: &mut String,
    program: &Program,
    proto: &Proto,
    at: usize,
    op: Op,
) -> Result {
    let word = proto.code[at];
    let mut line = String::new();
    let [a, b, c, x] = op.operands();
    for (kind, field) in [(a, a_of(word)), (b, b_of(word)), (c, c_of(word))] {
        list_operand(&mut line, program, proto, at, kind, field)?;
    }
    if x != Kind::None && x_of(word) != 0 {
        write!(line, " x={}", x_of(word))?;
    }
    for (place, extra) in op.extra().iter().enumerate() {
        let Some(&value) = proto.code.get(at + 1 + place) else {
            write!(line, " <missing>")?;
            continue;
        };
        match extra {
            Extra::Key => list_constant(&mut line, proto, i64::try_from(value).ok())?,
            Extra::Name => list_name(&mut line, program, value)?,
            Extra::Cache if value == 0 => {}
            Extra::Cache => write!(line, " cache={value:#x}")?,
            Extra::Target => list_target(&mut line, at + 1 + place, value.cast_signed())?,
            Extra::Index => write!(line, " [r{value}]")?,
        }
    }
    if op == Op::NewMap {
        list_keys(&mut line, proto, c_of(word))?;
    }
    list_side_tables(&mut line, program, proto, at)?;
    write!(out, " {:<16}{}", op.text(), line.trim_start())
}

fn list_operand(
    out: &mut String,
    program: &Program,
    proto: &Proto,
    at: usize,
    kind: Kind,
    field: u16,
) -> Result {
    let near = i64::from(field.cast_signed());
    let far = i64::from(bc_of(proto.code[at]));
    match kind {
        Kind::None | Kind::Hi => Ok(()),
        Kind::Dst | Kind::Src => write!(out, " r{field}"),
        Kind::Pool => list_constant(out, proto, pool_index(proto, at, near)),
        Kind::Pool32 => list_constant(out, proto, pool_index(proto, at, far)),
        Kind::Jump => list_target(out, at, near),
        Kind::Jump32 => list_target(out, at, far),
        Kind::Name32 => list_name(out, program, u64::from(bc_of(proto.code[at]).cast_unsigned())),
        Kind::Count => write!(out, " {field}"),
        Kind::Slot => write!(out, " #{field}"),
        Kind::Proto => match proto.children.get(usize::from(field)) {
            Some(number) => write!(out, " function {number}"),
            None => write!(out, " function ?{field}"),
        },
    }
}

fn pool_index(proto: &Proto, at: usize, distance: i64) -> Option<i64> {
    let past_code = i64::try_from(proto.code.len()).ok()?;
    i64::try_from(at).ok()?.checked_add(distance)?.checked_sub(past_code)
}

fn list_constant(out: &mut String, proto: &Proto, index: Option<i64>) -> Result {
    let place = index.and_then(|index| usize::try_from(index).ok());
    match place.and_then(|place| proto.consts.get(place).map(|constant| (place, constant))) {
        Some((place, constant)) => {
            write!(out, " k{place}=")?;
            list_const(out, constant)
        }
        None => write!(out, " k?{index:?}"),
    }
}

fn list_const(out: &mut String, constant: &Const) -> Result {
    match constant {
        Const::Null => write!(out, "null"),
        Const::Number(number) => write!(out, "{number}"),
        Const::Str(text) => {
            let shown: String = text.chars().take(TEXT_MAX).collect();
            let dots = if shown.len() < text.len() { "…" } else { "" };
            write!(out, "{shown:?}{dots}")
        }
    }
}

fn list_name(out: &mut String, program: &Program, index: u64) -> Result {
    match usize::try_from(index).ok().and_then(|index| program.names.get(index)) {
        Some(name) => write!(out, " @{name}"),
        None => write!(out, " @?{index}"),
    }
}

fn list_target(out: &mut String, at: usize, distance: i64) -> Result {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    write!(out, " → {}", at.saturating_add(distance))
}

fn list_keys(out: &mut String, proto: &Proto, index: u16) -> Result {
    let Some(keys) = proto.map_keys.get(usize::from(index)) else {
        return write!(out, " {{?}}");
    };
    write!(out, " {{")?;
    for &key in keys {
        list_constant(out, proto, Some(i64::from(key)))?;
    }
    write!(out, " }}")
}

fn list_side_tables(out: &mut String, program: &Program, proto: &Proto, at: usize) -> Result {
    let is_here = |word: u32| usize::try_from(word) == Ok(at);
    for &(word, target) in proto.cold.iter().filter(|(word, _)| is_here(*word)) {
        debug_assert!(is_here(word));
        write!(out, "  ; cold {target}")?;
    }
    for (_, fallback) in proto.fallbacks.iter().filter(|(word, _)| is_here(*word)) {
        write!(out, "  ; else")?;
        list_fallback(out, program, fallback)?;
    }
    Ok(())
}

fn list_fallback(out: &mut String, program: &Program, fallback: &Fallback) -> Result {
    match fallback.outer {
        Outer::None => {}
        Outer::Slot(slot) => write!(out, " outer #{slot}")?,
        Outer::Map => write!(out, " outer")?,
    }
    list_name(out, program, u64::from(fallback.name))?;
    for (is_set, text) in [(fallback.warn, " warn"), (fallback.raw, " raw")] {
        if is_set {
            write!(out, "{text}")?;
        }
    }
    Ok(())
}
