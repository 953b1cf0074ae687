//! Programs made at random: whatever the parser accepts must compile, to code that is sound, narrow
//! and wide.

use super::{compiled, compiled_otherwise};
use crate::bytecode::{Program, verify};
use crate::syntax::{Dialect, parse};
use std::format;
use std::string::{String, ToString};

/// A generator of numbers, the same on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.bits() >> 11) as usize % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NAMES: &[&str] =
    &["a", "b", "c", "d", "x", "self", "super", "range", "f", "g", "__a_idx", "print"];
const RARE_NAMES: &[&str] = &["locals", "globals", "outer", "import"];

/// Writes programs.
struct Writer {
    random: Random,
    out: String,
    indent: usize,
    /// How far names like `locals` may be used.
    rare: usize,
    in_loop: bool,
}

impl Writer {
    fn program(seed: u64) -> String {
        let random = Random::new(seed);
        let mut writer = Writer { random, out: String::new(), indent: 0, rare: 0, in_loop: false };
        writer.rare = writer.random.below(8) / 6 * 10;
        writer.block(3);
        writer.out
    }

    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push('\t');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..1 + self.random.below(5) {
            self.stmt(depth);
        }
    }

    fn nested(&mut self, depth: usize, in_loop: bool) {
        let outer = core::mem::replace(&mut self.in_loop, in_loop);
        self.indent += 1;
        self.block(depth);
        self.indent -= 1;
        self.in_loop = outer;
    }

    fn stmt(&mut self, depth: usize) {
        let kinds = if depth == 0 { 9 } else { 15 };
        match self.random.below(kinds) {
            0..=2 => {
                let (target, value) = (self.target(), self.expr(3));
                self.line(&format!("{target} = {value}"));
            }
            3 | 4 => {
                let op = self.random.pick(&["+=", "-=", "*=", "/=", "%=", "^="]);
                let (target, value) = (self.target(), self.expr(2));
                self.line(&format!("{target} {op} {value}"));
            }
            5 => {
                let (callee, args) = (self.callee(), self.args(1, 2));
                self.line(&format!("{callee} {args}"));
            }
            6 => {
                let statement = self.chain(2);
                self.line(&statement);
            }
            7 => {
                let value = self.expr(2);
                self.line(&format!("return {value}"));
            }
            8 => {
                let leave = self.random.pick(&["break", "continue", "return"]).to_string();
                let condition = self.expr(2);
                let inner = if self.in_loop { leave } else { "return".into() };
                self.line(&format!("if {condition} then {inner}"));
            }
            9 => {
                let condition = self.expr(2);
                self.line(&format!("while {condition}"));
                self.nested(depth - 1, true);
                self.line("end while");
            }
            10 => {
                let name = self.random.pick(&["a", "b", "x"]);
                let sequence = match self.random.below(2) {
                    0 => format!("range({})", self.args(1, 3)),
                    _ => self.expr(2),
                };
                self.line(&format!("for {name} in {sequence}"));
                self.nested(depth - 1, true);
                self.line("end for");
            }
            11 | 12 => {
                let condition = self.expr(3);
                self.line(&format!("if {condition} then"));
                self.nested(depth - 1, self.in_loop);
                if self.random.below(2) == 0 {
                    self.line("else");
                    self.nested(depth - 1, self.in_loop);
                }
                self.line("end if");
            }
            _ => {
                let target = self.target();
                let params = self.random.pick(&["", "(a)", "(a, b=1)", "(self, x)", "(x, x)"]);
                self.line(&format!("{target} = function{params}"));
                self.nested(depth - 1, false);
                self.line("end function");
            }
        }
    }

    fn name(&mut self) -> String {
        if self.random.below(100) < self.rare {
            return self.random.pick(RARE_NAMES).to_string();
        }
        self.random.pick(NAMES).to_string()
    }

    fn target(&mut self) -> String {
        match self.random.below(5) {
            0 => format!("{}.{}", self.chain(1), self.random.pick(&["a", "b", "x", "k"])),
            1 => format!("{}[{}]", self.chain(1), self.expr(1)),
            2 if self.rare == 0 => "outer.a".into(),
            _ => self.name(),
        }
    }

    fn callee(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("{}.{}", self.chain(1), self.random.pick(&["a", "f", "k"])),
            1 => format!("{}[{}]", self.chain(1), self.expr(1)),
            _ => self.name(),
        }
    }

    /// A name with members, indices and calls.
    fn chain(&mut self, depth: usize) -> String {
        let mut text = self.name();
        for _ in 0..self.random.below(depth + 1) {
            match self.random.below(5) {
                0 => text = format!("{text}[{}]", self.expr(1)),
                1 => text = format!("{text}[{}:{}]", self.expr(1), self.expr(1)),
                2 if !text.ends_with(')') && !text.ends_with(']') => {
                    text = format!("{text}({})", self.args(0, 2));
                }
                3 => text = format!("{text}.f({})", self.args(0, 2)),
                _ => text = format!("{text}.{}", self.random.pick(&["a", "b", "k", "self"])),
            }
        }
        text
    }

    fn args(&mut self, least: usize, most: usize) -> String {
        let count = least + self.random.below(most - least + 1);
        let mut text = String::new();
        for place in 0..count {
            text.push_str(if place > 0 { ", " } else { "" });
            text.push_str(&self.expr(2));
        }
        text
    }

    fn expr(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom(0);
        }
        let mut text = match self.random.below(6) {
            0 => format!("not {}", self.compare(depth - 1)),
            _ => self.compare(depth - 1),
        };
        if self.random.below(5) == 0 {
            let op = self.random.pick(&["and", "or"]);
            text = format!("{text} {op} {}", self.compare(depth - 1));
        }
        text
    }

    fn compare(&mut self, depth: usize) -> String {
        let mut text = self.sum(depth);
        for _ in 0..self.random.below(6).saturating_sub(3) {
            let op = self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
            text = format!("{text} {op} {}", self.sum(depth));
        }
        if self.random.below(8) == 0 { format!("{text} isa map") } else { text }
    }

    fn sum(&mut self, depth: usize) -> String {
        let mut text = self.atom(depth);
        for _ in 0..self.random.below(5).saturating_sub(2) {
            let op = self.random.pick(&["+", "-", "*", "/", "%", "^"]);
            text = format!("{text} {op} {}", self.atom(depth));
        }
        text
    }

    fn atom(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 7 } else { 13 }) {
            0 => format!("{}", self.random.below(10)),
            1 => "\"s\"".into(),
            2 => "null".into(),
            3..=6 => self.name(),
            7 => format!("({})", self.expr(depth - 1)),
            8 => format!("[{}]", self.args(0, 3)),
            9 => format!("{{\"k\": {}, {}: 1}}", self.expr(depth - 1), self.expr(depth - 1)),
            10 => format!("(-{})", self.atom(depth - 1)),
            11 => format!("@{}", self.chain(1)),
            _ => self.chain(2),
        }
    }
}

#[test]
fn random_programs_are_sound() {
    let mut accepted = 0;
    for seed in 1..400 {
        let source = Writer::program(seed);
        if parse(&source, Dialect::V1).1.is_empty() {
            accepted += 1;
            compiled(&source);
            compiled_otherwise(&source);
        }
    }
    assert!(accepted > 300, "{accepted}");
}

#[test]
fn verify_survives_mutation() {
    let mut refused = 0;
    for seed in 1..150 {
        let source = Writer::program(seed);
        if !parse(&source, Dialect::V1).1.is_empty() {
            continue;
        }
        let program = compiled(&source);
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let mut broken = program.clone();
            for _ in 0..1 + random.below(3) {
                mutate(&mut broken, &mut random);
            }
            refused += usize::from(verify(&broken).is_err());
            // Whatever it is, it can be listed.
            crate::bytecode::disassemble(&broken);
        }
    }
    assert!(refused > 500, "{refused}");
}

/// Changes something somewhere.
fn mutate(program: &mut Program, random: &mut Random) {
    let number = random.below(program.protos.len());
    let proto = &mut program.protos[number];
    let bit = 1_u64 << random.below(64);
    match random.below(10) {
        0 => proto.register_count = proto.register_count.wrapping_sub(1),
        1 => {
            proto.consts.pop();
        }
        2 => {
            program.names.pop();
        }
        3 => {
            proto.code.pop();
        }
        4 if !proto.cold.is_empty() => {
            let place = random.below(proto.cold.len());
            proto.cold[place].1 ^= bit as u32;
        }
        5 if !proto.fallbacks.is_empty() => {
            let place = random.below(proto.fallbacks.len());
            proto.fallbacks.remove(place);
        }
        6 => proto.lines[0].0 ^= bit as u32,
        _ => {
            let place = random.below(proto.code.len());
            proto.code[place] ^= bit;
        }
    }
}
