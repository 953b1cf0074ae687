//! What registers hold: on every path an instruction reads only registers written before.
//!
//! This is stricter than the verifier, which lets any register be read. It finds temporaries that
//! were given away too early, calls that destroy a value still needed, cold copies that miss an
//! operand, and mistakes in definite assignment.

use crate::bytecode::{
    Class, Extra, Kind, Op, Proto, a_of, b_of, bc_of, c_of, jump_of, op_of, x_of,
};
use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

type Set = BTreeSet<usize>;

/// Checks a function that the verifier accepted.
pub(super) fn check(proto: &Proto) -> Result<(), String> {
    let given = proto.params.len() + if proto.flags.uses_self { 2 } else { 0 };
    let mut states: Vec<Option<Set>> = vec![None; proto.code.len()];
    let mut work = vec![(0, (0..given).collect::<Set>())];
    while let Some((at, incoming)) = work.pop() {
        let state = match &states[at] {
            Some(known) if known.is_subset(&incoming) => continue,
            Some(known) => known.intersection(&incoming).copied().collect(),
            None => incoming,
        };
        states[at] = Some(state.clone());
        step(proto, at, state, &mut work)?;
    }
    Ok(())
}

/// Runs one instruction and adds where it may go.
fn step(
    proto: &Proto,
    at: usize,
    mut state: Set,
    work: &mut Vec<(usize, Set)>,
) -> Result<(), String> {
    let word = proto.code[at];
    let op = op_of(word).expect("verified");
    for register in reads(proto, at, op) {
        if !state.contains(&register) {
            return Err(format!("{}: word {at} reads r{register}", proto.name));
        }
    }
    let cold = proto.cold.iter().find(|&&(word, _)| word as usize == at);
    if let Some(&(_, target)) = cold {
        work.push((target as usize, state.clone()));
    }
    if let Some(window) = window(op, word) {
        state.retain(|&register| register < window);
    }
    let jump = target(proto, at, op);
    let before = state.clone();
    state.extend(writes(op, word));
    if let Some(target) = jump {
        // `ForPrep` and `IterGet` write an element only when there is one, `ForNext` only when it
        // goes back.
        let is_exit = matches!(op, Op::ForPrep | Op::IterGet);
        let there = if is_exit { before.clone() } else { state.clone() };
        work.push((target, there));
    }
    let goes_on = op.class() != Class::End && !matches!(op, Op::Jump | Op::Loop);
    if goes_on {
        let next = if op == Op::ForNext { before } else { state };
        work.push((at + op.words(), next));
    }
    Ok(())
}

fn reads(proto: &Proto, at: usize, op: Op) -> Vec<usize> {
    let word = proto.code[at];
    let (a, b, c) = (a_of(word) as usize, b_of(word) as usize, c_of(word) as usize);
    let x = x_of(word) as usize;
    let [kind_a, kind_b, kind_c, _] = op.operands();
    let mut out = Vec::new();
    for (kind, field) in [(kind_a, a), (kind_b, b), (kind_c, c)] {
        if kind == Kind::Src {
            out.push(field);
        }
    }
    match op {
        Op::Call | Op::CallMethod | Op::CallSuper | Op::CallIndex => {
            out.retain(|&r| r != b || r == c);
            out.extend(b..b + x);
            if op == Op::CallSuper {
                out.push(c - 1);
            }
        }
        Op::CallGlobal | Op::RangeInit => {
            out.retain(|&r| r != b);
            out.extend(b..b + x);
        }
        Op::NewList => {
            out.clear();
            out.extend(b..b + c);
        }
        Op::ListAppend => {
            out = vec![a];
            out.extend(b..b + c);
        }
        Op::NewMap => {
            out.clear();
            out.extend(b..b + proto.map_keys[c].len());
        }
        Op::Slice => out.push(c + 1),
        Op::ForNext => out.extend(a..a + 4),
        Op::Closure if x == 1 => out.clear(),
        _ => {}
    }
    for (place, extra) in op.extra().iter().enumerate() {
        if *extra == Extra::Index {
            out.push(proto.code[at + 1 + place] as usize);
        }
    }
    out
}

fn writes(op: Op, word: u64) -> Vec<usize> {
    let (a, b) = (a_of(word) as usize, b_of(word) as usize);
    match op {
        Op::LoadUnassigned => (a..a + b).collect(),
        Op::ForPrep | Op::ForNext => (a..a + 4).chain([b]).collect(),
        _ if op.operands()[0] == Kind::Dst => vec![a],
        _ => Vec::new(),
    }
}

/// The first register a call destroys.
fn window(op: Op, word: u64) -> Option<usize> {
    let b = b_of(word) as usize;
    match op {
        Op::Call | Op::CallGlobal | Op::RangeInit => Some(b - 4),
        Op::CallMethod | Op::CallSuper | Op::CallIndex => Some(b - 5),
        _ => None,
    }
}

fn target(proto: &Proto, at: usize, op: Op) -> Option<usize> {
    let word = proto.code[at];
    let from_here = |distance: i64| (at as i64 + distance) as usize;
    for kind in op.operands() {
        match kind {
            Kind::Jump => return Some(from_here(i64::from(jump_of(word)))),
            Kind::Jump32 => return Some(from_here(i64::from(bc_of(word)))),
            _ => {}
        }
    }
    let place = op.extra().iter().position(|extra| *extra == Extra::Target)?;
    let here = at + 1 + place;
    Some((here as i64 + proto.code[here].cast_signed()) as usize)
}
