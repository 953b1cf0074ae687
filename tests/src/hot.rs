//! Programs that are hard for a compiler of machine code, made up from a number: the same seed gives
//! the same program everywhere.
//!
//! A program is a few *scenes*: hot functions, hot loops, recursion, objects, closures and others.
//! Loops run often enough to become hot, and then, at an iteration chosen at random, an *event*
//! breaks what was true so far: a number becomes a string, a list shrinks, a function is replaced, an
//! intrinsic is hidden. Most events are undone soon after, because a program that fails early shows
//! little; some programs end in an error on purpose.
//!
//! This file holds the generator and its expressions, `body.rs` the statements and loops, `events.rs`
//! what goes wrong in loops, `scenes.rs` what programs consist of.

mod body;
mod events;
mod scenes;

use crate::generate::Random;

/// About how many iterations a program runs, with those of the functions it calls.
const WORK_MAX: u64 = 9_000;
/// Intrinsics that code may hide.
const HIDDEN: &[&str] = &["floor", "abs", "sqrt", "ceil", "round", "sin", "sign", "range", "val"];
/// Members of maps.
const MEMBERS: &[&str] = &["x", "y", "z", "w"];

/// A program.
pub fn program(seed: u64) -> String {
    // Other programs than those of `generate` grow from the same seed, and neighbours differ.
    let mut random = Random(seed ^ 0x686F_7470);
    random = Random(random.next());
    let mut g = Hot {
        deadly: random.one_in(4),
        random,
        out: String::new(),
        indent: 0,
        next_name: 0,
        scope: Scope::main(),
        helpers: 0,
        repeats: 1,
        work: 0,
        loops: 0,
    };
    g.whole_program();
    g.out
}

/// How the variables of a function are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The main program: all are globals.
    Main,
    /// In registers.
    Plain,
    /// In a scope map, because the function mentions `locals`.
    Map,
    /// Some in an environment, because an inner function uses them.
    Captured,
}

/// What can be named at a place.
#[derive(Clone, Debug)]
struct Scope {
    kind: Kind,
    /// Variables that mostly hold numbers and can be assigned.
    numbers: Vec<String>,
    /// Variables that hold short strings.
    strings: Vec<String>,
    /// Variables that hold lists, mostly of eight numbers and more.
    lists: Vec<String>,
    /// Variables that hold maps with the members `x` and `y`.
    maps: Vec<String>,
    /// Variables that count iterations of the loops around, innermost last.
    counters: Vec<Counter>,
}

/// A variable that counts the iterations of a loop; nothing but `corrupt` changes it.
#[derive(Clone, Debug)]
struct Counter {
    name: String,
    /// Whether the loop ends as well when something else is in it for a while.
    safe: bool,
    first: f64,
    step: f64,
    count: u64,
}

impl Counter {
    /// Its value in an iteration, as source text.
    fn at(&self, iteration: u64) -> String {
        format!("{}", self.first + self.step * iteration as f64)
    }
}

impl Scope {
    fn main() -> Scope {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Scope {
            kind: Kind::Main,
            numbers: names(&["a", "b", "c", "d", "e"]),
            strings: names(&["s", "t"]),
            lists: names(&["l", "k"]),
            maps: names(&["m", "o", "p"]),
            counters: Vec::new(),
        }
    }
}

struct Hot {
    random: Random,
    out: String,
    indent: usize,
    next_name: u64,
    scope: Scope,
    /// Small functions `f0`, `f1`, … that can be called anywhere.
    helpers: u64,
    /// How often the place runs, within its function.
    repeats: u64,
    /// Iterations so far.
    work: u64,
    /// Loops around the place.
    loops: usize,
    /// Whether errors are raised on purpose.
    deadly: bool,
}

impl Hot {
    fn line(&mut self, text: &str) {
        for line in text.split('\n') {
            for _ in 0..self.indent {
                self.out.push('\t');
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    fn block(&mut self, open: &str, close: &str, body: impl FnOnce(&mut Self)) {
        self.line(open);
        self.indent += 1;
        body(self);
        self.indent -= 1;
        self.line(close);
    }

    fn name(&mut self, stem: &str) -> String {
        self.next_name += 1;
        format!("{stem}{}", self.next_name)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.random.one_in(n)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.random.below(n)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.random.pick(from)
    }

    fn one_of(&mut self, from: fn(&Scope) -> &Vec<String>) -> String {
        let at = self.random.next() as usize % from(&self.scope).len();
        from(&self.scope)[at].clone()
    }

    fn number_name(&mut self) -> String {
        self.one_of(|s| &s.numbers)
    }

    fn string_name(&mut self) -> String {
        self.one_of(|s| &s.strings)
    }

    fn list_name(&mut self) -> String {
        self.one_of(|s| &s.lists)
    }

    fn map_name(&mut self) -> String {
        self.one_of(|s| &s.maps)
    }

    /// A counter, mostly that of the innermost loop; else a small number.
    fn counter(&mut self) -> String {
        let count = self.scope.counters.len() as u64;
        if count == 0 {
            return self.below(9).to_string();
        }
        let back = if self.one_in(3) { self.below(count) } else { 0 };
        self.scope.counters[(count - 1 - back) as usize].name.clone()
    }

    /// A function that can be called with one or two arguments.
    fn helper(&mut self) -> String {
        format!("f{}", self.random.below(self.helpers))
    }

    /// An expression that is mostly a number.
    fn number(&mut self, depth: usize) -> String {
        if depth == 0 || self.one_in(5) {
            return self.number_leaf();
        }
        let x = self.number(depth - 1);
        match self.below(34) {
            0..=5 => {
                let (op, y) = (self.pick(&["+", "-"]), self.number(depth - 1));
                format!("{x} {op} {y}")
            }
            6..=8 => {
                let y = self.factor();
                format!("({x}) * {y}")
            }
            9 | 10 => {
                let (y, z, u) = (self.number_leaf(), self.factor(), self.number_leaf());
                match self.below(4) {
                    0 => format!("{y} + {x} * {z} - {u}"),
                    1 => format!("({y} - {u}) * ({x} + 1) / 3"),
                    2 => format!("{y} - {u} / 7 + {x} * 0.5"),
                    _ => format!("-({y} * {z} - {u} - 2) + {x}"),
                }
            }
            11 => {
                let y = self.pick(&["3", "7", "-2", "0.5", "0.1", "1e9", "0", "(-0)"]);
                format!("({x}) / {y}")
            }
            12 => {
                let y = self.counter();
                format!("({x}) / ({y} + 1)")
            }
            13..=15 => {
                let y = self.modulus();
                format!("({x}) % {y}")
            }
            16 => {
                let y = self.pick(&["2", "3", "0.5", "(-1)", "0", "(1/3)", "(0/0)"]);
                format!("({x}) ^ {y}")
            }
            17 | 18 => {
                let condition = self.condition();
                format!("({condition})")
            }
            19 | 20 => {
                let y = self.number_leaf();
                match self.below(4) {
                    0 => format!("({x} and {y})"),
                    1 => format!("({x} or {y})"),
                    2 => format!("(not {x})"),
                    _ => format!("(({x}) * 0.01 and ({y}) * 0.01)"),
                }
            }
            21..=23 => {
                let f = self.pick(&[
                    "abs", "floor", "round", "sign", "sqrt", "ceil", "sin", "cos", "tan", "atan",
                    "floor", "abs", "sqrt",
                ]);
                format!("{f}({x})")
            }
            24 | 25 if self.helpers > 0 => {
                let (f, y) = (self.helper(), self.number_leaf());
                match self.below(4) {
                    0 => format!("{f}({x})"),
                    1 => f,
                    _ => format!("{f}({x}, {y})"),
                }
            }
            26 | 27 => {
                let element = self.element();
                format!("{element} + {x}")
            }
            28 => {
                let (map, member) = (self.map_name(), self.pick(&["x", "y"]));
                format!("{x} + {map}.{member}")
            }
            29 => {
                let container = match self.below(3) {
                    0 => self.list_name(),
                    1 => self.string_name(),
                    _ => self.map_name(),
                };
                format!("{container}.len - {x}")
            }
            30 => format!("-({x})"),
            31 => {
                let (y, at) = (self.number_leaf(), self.counter());
                format!("[{x}, {y}][{at} % 2]")
            }
            32 => {
                let (f, y) = (self.pick(&["bitAnd", "bitOr", "bitXor"]), self.number_leaf());
                format!("{f}({x}, {y})")
            }
            _ => {
                let y = self.counter();
                format!("val(\"\" + {y})")
            }
        }
    }

    fn number_leaf(&mut self) -> String {
        match self.below(16) {
            0..=4 => self.counter(),
            5..=9 => self.number_name(),
            10 => self.below(100).to_string(),
            11 => self.pick(&["0", "1", "-1", "0.5", "2.25", "255", "10"]).to_string(),
            12 => self
                .pick(&[
                    "1e9",
                    "2147483647",
                    "-2147483648",
                    "4294967296",
                    "9007199254740993",
                    "1e300",
                    "1e-310",
                    "0.1",
                    "(-0)",
                    "1e15",
                    "65536",
                ])
                .to_string(),
            13 => self.pick(&["(0/0)", "(1/0)", "(-1/0)", "true", "false", "pi"]).to_string(),
            14 => self.pick(&["ga", "gb", "globals.ga", "cnt"]).to_string(),
            _ => self.element(),
        }
    }

    /// A factor that does not make texts grow much.
    fn factor(&mut self) -> String {
        match self.below(4) {
            0 => self.counter(),
            1 => self.below(12).to_string(),
            _ => self.pick(&["0.5", "2", "-1", "(-0)", "1.5", "3", "0.25", "31"]).to_string(),
        }
    }

    fn modulus(&mut self) -> String {
        match self.below(5) {
            0 => self.pick(&["1", "0", "-3", "2.5", "-0.75", "(1/0)", "1e300"]).to_string(),
            1 => self.counter(),
            _ => self.pick(&["2", "3", "7", "10", "97", "256", "1009"]).to_string(),
        }
    }

    /// An element of a list, read.
    fn element(&mut self) -> String {
        let list = if self.one_in(6) { "gl".into() } else { self.list_name() };
        let index = self.index(&list);
        format!("{list}[{index}]")
    }

    /// An index that is mostly in range.
    fn index(&mut self, list: &str) -> String {
        let i = self.counter();
        match self.below(12) {
            0..=2 => format!("{i} % {list}.len"),
            3 | 4 => format!("{i} % 4"),
            5 => format!("-({i} % 4) - 1"),
            6 => format!("{i} % 3 + 0.5"),
            7 => format!("{i} % 3 - 0.25"),
            8 => self.pick(&["0", "1", "2", "-1", "-2", "0.99", "-0.5", "(-0)"]).to_string(),
            9 => format!("floor({i} / 2) % 4"),
            10 => format!("({i} * 7 + 1) % {list}.len"),
            _ => format!("abs({i}) % 5"),
        }
    }

    fn condition(&mut self) -> String {
        let (x, y) = (self.number_leaf(), self.number_leaf());
        match self.below(22) {
            0..=3 => {
                let op = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
                format!("{x} {op} {y}")
            }
            4..=6 => {
                let (i, n) = (self.counter(), 2 + self.below(5));
                format!("{i} % {n} == {}", self.below(2))
            }
            7 | 8 => {
                let (a, z) = (self.number_name(), self.number(1));
                format!("{a} > {z}")
            }
            9 => format!("not ({x} < {y})"),
            10 => format!("{x} < {y} and {y} != 3"),
            11 => format!("{x} >= {y} or {x} == 1"),
            12 => format!("0 <= {x} < {y}"),
            13 => {
                let (a, odd) = (self.number_name(), self.pick(&["null", "\"\"", "\"ab\"", "[]"]));
                let op = self.pick(&["==", "!=", "<", ">="]);
                format!("{a} {op} {odd}")
            }
            14 => {
                let (s, text) = (self.string_name(), self.pick(&["\"\"", "\"q\"", "null", "3"]));
                let op = self.pick(&["==", "!=", "<", ">"]);
                format!("{s} {op} {text}")
            }
            15 => {
                let kind = self.pick(&["number", "string", "list", "map", "funcRef", "null"]);
                let v = if self.one_in(3) { self.element() } else { self.number_name() };
                format!("{v} isa {kind}")
            }
            16 => match self.below(4) {
                0 => self.list_name(),
                1 => self.string_name(),
                2 => self.map_name(),
                _ => self.number_name(),
            },
            17 => format!("not {x}"),
            18 => format!("{x} == {x}"),
            19 => {
                let (v, w) = (self.element(), self.element());
                let op = self.pick(&["==", "!=", "<", ">="]);
                format!("{v} {op} {w}")
            }
            20 => format!("({x}) * 0.3 or ({y}) * 0.3"),
            _ => x.to_string(),
        }
    }

    fn string(&mut self, depth: usize) -> String {
        let base = match self.below(4) {
            0 => self.pick(&["\"q\"", "\"\u{e4}\u{1F600}\"", "\"hello\"", "\"\""]).to_string(),
            _ => self.string_name(),
        };
        if depth == 0 {
            return base;
        }
        match self.below(9) {
            0 | 1 => format!("{base} + {}", self.number(1)),
            2 => format!("{base}[:10] * {}", self.below(3)),
            3 => format!("str({})", self.number(1)),
            4 => format!("{base}.upper"),
            5 => format!("{base}[{}:]", self.below(3)),
            6 => format!("{base}[1:] + {base}[:1]"),
            7 => format!("{base} - \"q\""),
            _ => format!("{base} + {}", self.string(depth - 1)),
        }
    }

    /// An expression of any type.
    fn value(&mut self, depth: usize) -> String {
        match self.below(16) {
            0..=8 => self.number(depth),
            9 | 10 => self.string(depth),
            11 => format!("[{}, {}]", self.number(1), self.number(0)),
            12 => format!("{}[:3]", self.list_name()),
            13 => format!("{{\"x\": {}}}", self.number(1)),
            14 => "null".to_string(),
            _ => self.element(),
        }
    }

    /// Something that is no ordinary number. Those of the first kind do no harm in arithmetic.
    fn odd(&mut self) -> String {
        if self.one_in(3) {
            return self.harmful();
        }
        let f = self.helper();
        match self.below(10) {
            0..=2 => "null".into(),
            3 => "0/0".into(),
            4 => self.pick(&["1/0", "-1/0"]).into(),
            5 => self.pick(&["-0", "0 * -1"]).into(),
            6 => self.pick(&["1e300", "5e-324", "9007199254740993", "-2147483649"]).into(),
            7 | 8 => format!("@{f}"),
            _ => "\"\"".into(),
        }
    }

    /// Something with which arithmetic may fail or grow.
    fn harmful(&mut self) -> String {
        match self.below(9) {
            0 | 1 => self.pick(&["\"q\"", "\"7\"", "\"abc\"", "\"longer than six\""]).into(),
            2 => "[1, 2]".into(),
            3 => "[]".into(),
            4 => "{}".into(),
            5 => "{\"x\": 1, \"y\": 2}".into(),
            6 => self.list_name(),
            7 => self.map_name(),
            _ => self.pick(&["@str", "@abs", "@pi", "@print", "@len"]).into(),
        }
    }
}
