//! Programs made up from a number, for comparing engines: the same seed gives the same program
//! everywhere.
//!
//! They end by themselves, mostly without an error, and lean towards what engines specialize:
//! numbers that become strings, members that move, functions that are replaced, loops of each
//! kind.

/// A sequence of numbers that looks random (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Names of variables by what they mostly hold.
const NUMBERS: &[&str] = &["a", "b", "c", "n"];
const STRINGS: &[&str] = &["s", "t"];
const LISTS: &[&str] = &["l", "k"];
const MAPS: &[&str] = &["m", "o", "p"];
const MEMBERS: &[&str] = &["x", "y", "z", "w"];

struct Generator {
    random: Random,
    out: String,
    indent: usize,
    /// Functions that can be called: none calls itself or a later one.
    functions: u64,
    /// Loops around the place.
    loops: usize,
    /// Loop variables around the place that hold numbers.
    counters: Vec<String>,
    /// In a function: names of its own.
    inside: bool,
    next_name: u64,
}

/// A program.
pub fn program(seed: u64) -> String {
    let mut g = Generator {
        random: Random(seed),
        out: String::new(),
        indent: 0,
        functions: 0,
        loops: 0,
        counters: Vec::new(),
        inside: false,
        next_name: 0,
    };
    g.line("a = 1; b = 2.5; c = -3; n = 10");
    g.line("s = \"abc\"; t = \"\"");
    g.line("l = [1, 2, 3]; k = []");
    g.line("m = {\"x\": 1, \"y\": 2}");
    g.line("o = {\"x\": 5, \"z\": \"zed\"}");
    g.line("p = new m");
    for _ in 0..2 + g.random.below(3) {
        g.function();
    }
    for _ in 0..8 + g.random.below(12) {
        g.statement(0);
    }
    g.line("print [a, b, c, n]; print s; print t; print l; print k; print m; print o; print p");
    g.out
}

impl Generator {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push('\t');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn block(&mut self, open: &str, close: &str, body: impl FnOnce(&mut Self)) {
        self.line(open);
        self.indent += 1;
        body(self);
        self.indent -= 1;
        self.line(close);
    }

    fn function(&mut self) {
        let name = format!("f{}", self.functions);
        let default = self.random.pick(&["", "=1", "=\"d\"", "=null"]);
        let open = format!("{name} = function(a, b{default})");
        let outer_inside = std::mem::replace(&mut self.inside, true);
        let counters = std::mem::take(&mut self.counters);
        let loops = std::mem::take(&mut self.loops);
        self.block(&open, "end function", |g| {
            g.line("c = 0; n = 1");
            if g.random.one_in(3) {
                g.line("a = 1; b = 2");
            }
            for _ in 0..1 + g.random.below(4) {
                g.statement(1);
            }
            if g.random.one_in(4) {
                g.block("g = function(x)", "end function", |g| g.line("return [x, outer.c, n]"));
                g.line("print g(a)");
            }
            let value = g.value(2);
            g.line(&format!("return {value}"));
        });
        (self.inside, self.counters, self.loops) = (outer_inside, counters, loops);
        if self.random.one_in(3) {
            let member = self.random.pick(&["f", "g"]);
            self.line(&format!("m.{member} = @{name}"));
        }
        self.functions += 1;
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..1 + self.random.below(3) {
            self.statement(depth + 1);
        }
    }

    fn statement(&mut self, depth: usize) {
        let kinds = if depth < 3 { 18 } else { 11 };
        match self.random.below(kinds) {
            0 | 1 => {
                let (name, value) = (self.random.pick(NUMBERS), self.number(3));
                self.line(&format!("{name} = {value}"));
            }
            2 => {
                let (name, op) =
                    (self.random.pick(NUMBERS), self.random.pick(&["+", "-", "*", "/"]));
                let value = self.number(2);
                self.line(&format!("{name} {op}= {value}"));
            }
            3 => {
                let value = self.value(2);
                self.line(&format!("print {value}"));
            }
            4 => {
                let name = self.random.pick(STRINGS);
                // Keeps them short.
                let value = self.string(2);
                self.line(&format!("{name} = ({value})[:20]"));
            }
            5 => {
                let (list, value) = (self.random.pick(LISTS), self.value(1));
                self.line(&format!("if {list}.len < 20 then {list}.push {value}"));
            }
            6 => {
                let list = self.random.pick(LISTS);
                let text = match self.random.below(4) {
                    0 => format!("{list} = [{}, {}]", self.value(1), self.value(1)),
                    1 => format!("{list}.pop"),
                    2 => format!("if {list}.len > 0 then {list}[0] = {}", self.value(1)),
                    _ => format!("if {list} then {list}[-1] += 1"),
                };
                self.line(&text);
            }
            7 | 8 => {
                let (map, member, value) =
                    (self.random.pick(MAPS), self.random.pick(MEMBERS), self.value(1));
                self.line(&format!("{map}.{member} = {value}"));
            }
            9 => {
                let map = self.random.pick(MAPS);
                let text = match self.random.below(5) {
                    0 => format!("{map}.remove \"{}\"", self.random.pick(MEMBERS)),
                    1 => format!("{map} = new m"),
                    2 => format!("{map}[{}] = {}", self.number(1), self.value(1)),
                    3 => format!("if {map}.hasIndex(\"x\") then {map}.x += 1"),
                    _ => format!(
                        "{map} = {{\"x\": {}, \"{}\": 1}}",
                        self.value(1),
                        self.random.pick(MEMBERS)
                    ),
                };
                self.line(&text);
            }
            10 if self.functions > 0 && self.loops < 2 => {
                let call = self.call();
                let name = self.random.pick(NUMBERS);
                self.line(&format!("{name} = {call}"));
            }
            10 => {
                let value = self.number(3);
                self.line(&format!("print {value}"));
            }
            11 | 12 => {
                let condition = self.condition();
                self.block(&format!("if {condition} then"), "end if", |g| {
                    g.statements(depth);
                    if g.random.one_in(2) {
                        g.indent -= 1;
                        let other = g.condition();
                        let again = if g.random.one_in(2) {
                            format!("else if {other} then")
                        } else {
                            "else".into()
                        };
                        g.line(&again);
                        g.indent += 1;
                        g.statements(depth);
                    }
                });
            }
            13..=15 => self.for_loop(depth),
            16 => {
                let name = self.name("w");
                self.line(&format!("{name} = 0"));
                let limit = 1 + self.random.below(12);
                self.loops += 1;
                self.block(&format!("while {name} < {limit}"), "end while", |g| {
                    g.line(&format!("{name} += 1"));
                    g.counters.push(name.clone());
                    g.statements(depth);
                    g.maybe_leave();
                    g.counters.pop();
                });
                self.loops -= 1;
            }
            _ => {
                let condition = self.condition();
                let value = self.number(2);
                let name = self.random.pick(NUMBERS);
                self.line(&format!("if {condition} then {name} = {value} else n = 0"));
            }
        }
    }

    fn for_loop(&mut self, depth: usize) {
        let name = self.name("i");
        let (first, last) = (self.random.below(4), self.random.below(8));
        let numbers;
        let sequence = match self.random.below(6) {
            0 => {
                numbers = true;
                format!("range({first}, {last})")
            }
            1 => {
                numbers = true;
                format!("range({first}, {last}, {})", if first <= last { "2" } else { "-0.5" })
            }
            2 => {
                numbers = false;
                format!("({})[:6]", self.string(1))
            }
            3 => {
                numbers = false;
                format!("{}[:5]", self.random.pick(LISTS))
            }
            4 => {
                numbers = false;
                self.random.pick(MAPS).to_string()
            }
            _ => {
                numbers = true;
                "[3, 1, 2]".to_string()
            }
        };
        self.loops += 1;
        self.block(&format!("for {name} in {sequence}"), "end for", |g| {
            if numbers {
                g.counters.push(name.clone());
            } else if g.random.one_in(2) {
                g.line(&format!("print {name}"));
            }
            g.statements(depth);
            g.maybe_leave();
            if numbers {
                g.counters.pop();
            }
        });
        self.loops -= 1;
    }

    fn maybe_leave(&mut self) {
        if self.random.one_in(5) {
            let condition = self.condition();
            let leave = self.random.pick(&["break", "continue"]);
            self.line(&format!("if {condition} then {leave}"));
        }
    }

    fn name(&mut self, stem: &str) -> String {
        self.next_name += 1;
        format!("{stem}{}", self.next_name)
    }

    fn call(&mut self) -> String {
        let f = self.random.below(self.functions);
        let (a, b) = (self.value(1), self.value(1));
        match self.random.below(4) {
            0 => format!("f{f}({a})"),
            _ => format!("f{f}({a}, {b})"),
        }
    }

    fn condition(&mut self) -> String {
        let (x, y) = (self.number(2), self.number(2));
        match self.random.below(8) {
            0 => format!("{x} == {y}"),
            1 => format!("not ({x} > {y})"),
            2 => format!("{x} < {y} and {} != {y}", self.random.pick(NUMBERS)),
            3 => format!("{x} >= {y} or {}", self.random.pick(LISTS)),
            4 => format!(
                "{} isa {}",
                self.value(1),
                self.random.pick(&["number", "string", "list", "map"])
            ),
            5 => format!("0 <= {x} <= {y}"),
            6 => self.random.pick(&["s", "t", "l", "k", "m", "a", "b"]).to_string(),
            _ => format!("{x} < {y}"),
        }
    }

    /// An expression that is mostly a number.
    fn number(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.one_in(3) {
            if !self.counters.is_empty() && self.random.one_in(2) {
                let at = self.random.below(self.counters.len() as u64) as usize;
                return self.counters[at].clone();
            }
            return match self.random.below(5) {
                0 => format!("{}", self.random.below(100)),
                1 => self.random.pick(&["0", "1", "-1", "0.5", "1e9", "2.25", "255"]).to_string(),
                _ => self.random.pick(NUMBERS).to_string(),
            };
        }
        let (x, y) = (self.number(depth - 1), self.number(depth - 1));
        match self.random.below(12) {
            0..=2 => format!("{x} {} {y}", self.random.pick(&["+", "-"])),
            3 => format!("({x}) * ({y})"),
            4 => format!("({x}) {} 3", self.random.pick(&["/", "%", "^"])),
            5 => format!("({x} {} {y})", self.random.pick(&["<", "<=", ">", ">=", "==", "!="])),
            6 => format!("{}.len", self.random.pick(&["s", "t", "l", "k", "m", "o"])),
            7 => format!("{}({x})", self.random.pick(&["abs", "floor", "round", "sign", "bitAnd"])),
            8 => format!("-({x})"),
            9 => format!("[{x}, {y}][{}]", self.random.below(2)),
            10 => format!("val(\"{}\")", self.random.below(1000)),
            _ => format!("{x} + {y}"),
        }
    }

    fn string(&mut self, depth: usize) -> String {
        let base =
            self.random.pick(&["s", "t", "\"q\"", "\"\u{e4}\u{1F600}\"", "\"hello\"", "\"\""]);
        if depth == 0 {
            return base.to_string();
        }
        match self.random.below(8) {
            0 => format!("{base} + {}", self.number(1)),
            1 => format!("{base} * {}", self.random.below(4)),
            2 => format!("str({})", self.value(1)),
            3 => format!("{base}.{}", self.random.pick(&["upper", "lower"])),
            4 => format!("{base}[{}:]", self.random.below(3)),
            5 => format!("{base}.replace(\"l\", \"LL\")"),
            6 => format!("{base}.split(\"\").join(\"-\")"),
            _ => format!("{base} + {}", self.string(depth - 1)),
        }
    }

    /// An expression of any type.
    fn value(&mut self, depth: usize) -> String {
        match self.random.below(12) {
            0..=4 => self.number(depth),
            5 | 6 => self.string(depth),
            7 => self.random.pick(&["l[:3]", "k[:2]", "[1, 2]", "[]", "l[:1] + k[:1]"]).to_string(),
            8 => self.random.pick(&["{}", "{\"x\": 1}", "{\"y\": {}}"]).to_string(),
            9 => "null".to_string(),
            10 => format!("{}.{}", self.random.pick(&["m", "o", "p"]), "x"),
            _ => self.random.pick(NUMBERS).to_string(),
        }
    }
}
