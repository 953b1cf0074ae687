//! Statements and loops.

use super::{Counter, Hot, Kind, MEMBERS, WORK_MAX};

/// Most loops inside one another.
const LOOPS_MAX: usize = 3;

impl Hot {
    /// Sets all variables for numbers to numbers, short strings to short strings and so on.
    pub(super) fn repair(&mut self) {
        let numbers = self.scope.numbers.clone();
        for chunk in numbers.chunks(6) {
            let texts: Vec<String> = chunk
                .iter()
                .map(|name| format!("{name} = {}", self.random.below(20) as f64 / 2.0))
                .collect();
            self.line(&texts.join("; "));
        }
    }

    /// Sets everything else as well.
    pub(super) fn repair_all(&mut self) {
        self.repair();
        for name in self.scope.strings.clone() {
            let text = self.pick(&["\"\"", "\"q\"", "\"abc\"", "\"a longer text\""]);
            self.line(&format!("{name} = {text}"));
        }
        for name in self.scope.lists.clone() {
            let text = self.fresh_list();
            self.line(&format!("{name} = {text}"));
        }
        for name in self.scope.maps.clone() {
            let text = self.fresh_map();
            self.line(&format!("{name} = {text}"));
        }
    }

    pub(super) fn fresh_list(&mut self) -> String {
        match self.below(4) {
            0 => "range(1, 12)".into(),
            1 => "[1, 2.5, -3, 4, 5, 6, 7, 8, 9]".into(),
            2 => "[0] * 10".into(),
            _ => "[3, 1, 4, 1, 5, 9, 2, 6]".into(),
        }
    }

    pub(super) fn fresh_map(&mut self) -> String {
        match self.below(4) {
            0 => "new base".into(),
            1 => "{\"y\": 2, \"x\": 1}".into(),
            _ => "{\"x\": 1, \"y\": 2.5}".into(),
        }
    }

    /// Prints most of what there is.
    pub(super) fn show_all(&mut self) {
        let numbers = self.scope.numbers.join(", ");
        self.line(&format!("show [{numbers}]"));
        let rest: Vec<String> =
            [&self.scope.strings, &self.scope.lists, &self.scope.maps].map(|v| v.join(", ")).into();
        self.line(&format!("show [{}]", rest.join(", ")));
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..1 + self.below(3) {
            self.statement(depth + 1);
        }
    }

    /// A statement of a loop or a function.
    pub(super) fn statement(&mut self, depth: usize) {
        let kinds = if depth < 3 { 40 } else { 31 };
        match self.below(kinds) {
            0..=4 => {
                let (name, value) = (self.number_name(), self.number(2));
                let text = match self.below(3) {
                    0 => format!("{name} = {value}"),
                    1 => format!("{name} = ({value}) % 1009"),
                    _ => format!("{name} = {name} * 0.5 + {value}"),
                };
                self.line(&text);
            }
            5..=7 => {
                let name = self.number_name();
                let op = self.pick(&["+", "-", "*", "/", "%", "^", "+", "-"]);
                let value = match op {
                    "*" | "^" => self.factor(),
                    "%" => self.modulus(),
                    _ => self.number(2),
                };
                self.line(&format!("{name} {op}= {value}"));
                if op == "*" || op == "^" {
                    self.line(&format!("if {name} > 1e9 or {name} < -1e9 then {name} = 1"));
                }
            }
            8..=10 => self.store(),
            11 => {
                let (name, element) = (self.number_name(), self.element());
                self.line(&format!("{name} = {element}"));
            }
            12..=14 => self.list_statement(),
            15..=17 => self.map_statement(),
            18 | 19 => self.string_statement(),
            20 | 21 => {
                let (name, f) = (self.number_name(), self.helper());
                let (x, y) = (self.value(1), self.number(1));
                let text = match self.below(4) {
                    0 => format!("{name} = {f}({x})"),
                    1 => format!("{name} = {f}"),
                    _ => format!("{name} = {f}({x}, {y})"),
                };
                self.line(&text);
            }
            22 => {
                let value = self.value(1);
                self.rarely(&format!("show {value}"));
            }
            23 => {
                let text = self.pick(&["yield", "wait 0", "yield", "wait 0.01"]);
                self.rarely(text);
            }
            24 => self.leave(),
            25 => {
                let (name, condition) = (self.number_name(), self.condition());
                self.line(&format!("{name} = {condition}"));
            }
            26 => self.scope_statement(),
            27 => {
                let text = self.long_expression();
                let name = self.number_name();
                self.line(&format!("{name} = ({text}) % 10007"));
            }
            28 => {
                let (x, y, z) = (self.number_name(), self.number_name(), self.number_name());
                self.line(&format!("swap = {x}; {x} = {y}; {y} = {z}; {z} = swap"));
            }
            29 => {
                let (text, value) = (self.pick(&["ga", "gb", "cnt"]), self.number(1));
                let place = if self.scope.kind == Kind::Main && self.one_in(2) {
                    text.to_string()
                } else {
                    format!("globals.{text}")
                };
                self.line(&format!("{place} = ({value}) % 101"));
            }
            30 => {
                let (name, condition, value) =
                    (self.number_name(), self.condition(), self.number(1));
                self.line(&format!("if {condition} then {name} = {value}"));
            }
            31..=35 => {
                let condition = self.condition();
                self.block(&format!("if {condition} then"), "end if", |g| {
                    g.statements(depth);
                    if g.one_in(2) {
                        g.indent -= 1;
                        let other = g.condition();
                        let again = if g.one_in(2) {
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
            _ if self.loops < LOOPS_MAX => self.hot_loop(depth + 1),
            _ => self.store(),
        }
    }

    /// A statement that runs once in a while.
    fn rarely(&mut self, text: &str) {
        if self.repeats < 30 {
            return self.line(text);
        }
        let n = 1 + self.repeats / 8 + self.below(10);
        let i = self.counter();
        self.line(&format!("if {i} % {n} == 1 then {text}"));
    }

    fn leave(&mut self) {
        if self.loops == 0 {
            return;
        }
        // Seldom true: a loop that ends at once is not hot.
        let (x, i) = (self.number_name(), self.counter());
        let condition = match self.below(4) {
            0 => format!("{x} == {}", self.below(40)),
            1 => format!("{i} % {} == 3", 7 + self.below(30)),
            2 => format!("{x} > 1e8"),
            _ => format!("{x} isa string"),
        };
        let how = if self.one_in(4) { "break" } else { "continue" };
        self.line(&format!("if {condition} then {how}"));
    }

    fn store(&mut self) {
        let list = if self.one_in(6) { "gl".into() } else { self.list_name() };
        let index = self.index(&list);
        let text = match self.below(8) {
            0 => {
                let op = self.pick(&["+", "-", "*", "/", "%"]);
                let value = self.factor();
                format!("{list}[{index}] {op}= {value}")
            }
            1 => format!("{list}[{index}] = {}", self.value(1)),
            2 => {
                let other = self.index(&list);
                format!(
                    "swap = {list}[{index}]; {list}[{index}] = {list}[{other}]; {list}[{other}] = swap"
                )
            }
            _ => format!("{list}[{index}] = ({}) % 512", self.number(2)),
        };
        self.line(&text);
    }

    fn list_statement(&mut self) {
        let (list, value) = (self.list_name(), self.number(1));
        let text = match self.below(9) {
            0 | 1 => format!("if {list}.len < 24 then {list}.push {value}"),
            2 => format!("if {list}.len > 8 then {list}.pop"),
            3 => format!("if {list}.len > 8 then {list}.remove {}", self.below(4)),
            4 => format!("if {list}.len > 8 then {} = {list}.pull", self.number_name()),
            5 => format!("if {list}.len < 24 then {list}.insert {}, {value}", self.below(3)),
            6 => format!("{list} = {list}[1:] + {list}[:1]"),
            7 => format!("{} = {list}.sum + {list}.indexOf({value})", self.number_name()),
            _ => {
                let other = self.list_name();
                format!("{} = ({list} == {other}) + refEquals({list}, {other})", self.number_name())
            }
        };
        self.line(&text);
    }

    fn map_statement(&mut self) {
        let map = if self.one_in(6) { "gm".into() } else { self.map_name() };
        let (member, value) = (self.pick(MEMBERS), self.number(1));
        let text = match self.below(10) {
            0..=2 => format!("{map}.{member} = ({value}) % 300"),
            3 => format!("{map}.x += {}", self.factor()),
            4 => format!("{map}[\"y\"] = {value}"),
            5 => format!("{map}[{} % 5] = {value}", self.counter()),
            6 => format!(
                "if {map}.hasIndex(\"{member}\") then {} = {map}.{member}",
                self.number_name()
            ),
            7 => format!("{} = {map}.x + {map}[\"y\"]", self.number_name()),
            8 => format!("{} = {map}.f({value})", self.number_name()),
            _ => format!("{} = {map}.g", self.number_name()),
        };
        // Only `base` and what came from it has methods.
        if text.contains(".f(") || text.ends_with(".g") {
            self.line(&format!("if {map} isa base then {text}"));
        } else {
            self.line(&text);
        }
    }

    fn string_statement(&mut self) {
        let (s, value) = (self.string_name(), self.string(2));
        let text = match self.below(5) {
            0 => format!("{s} += \"x\"; if {s}.len > 30 then {s} = \"\""),
            1 => format!("{s} = ({s} + {})[-12:]", self.counter()),
            2 => format!("if {s} then {s} = {s}[1:] + {s}[0]"),
            _ => format!("{s} = ({value})[:20]"),
        };
        self.line(&text);
    }

    /// Variables by their names in scope maps.
    fn scope_statement(&mut self) {
        let (name, value) = (self.number_name(), self.number(1));
        let text = match self.scope.kind {
            Kind::Main => match self.below(4) {
                0 => format!("globals.{name} = {value}"),
                1 => format!("locals[\"{name}\"] = {value}"),
                2 => format!("{name} = globals[\"{name}\"] + 1"),
                _ => format!("{name} = locals.{name} + outer.{name}"),
            },
            Kind::Map => match self.below(5) {
                0 => format!("locals.{name} = {value}"),
                1 => format!("scope[\"{name}\"] = {value}"),
                2 => format!("{name} = locals[\"{name}\"] + locals.len"),
                3 => format!("poke locals, \"{name}\", {value}"),
                _ => format!("scope.{name} += 1"),
            },
            Kind::Captured => match self.below(3) {
                0 => format!("inner {value}"),
                1 => format!("{name} = inner({value})"),
                _ => format!("{name} = inner"),
            },
            Kind::Plain => match self.below(3) {
                0 => format!("globals.{name} = {value}"),
                1 => format!("{name} = outer.ga + globals[\"gb\"]"),
                _ => format!("{name} = {name} + globals.{name}"),
            },
        };
        self.line(&text);
    }

    pub(super) fn long_expression(&mut self) -> String {
        let mut text = self.number_leaf();
        for _ in 0..20 + self.below(60) {
            let op = self.pick(&[" + ", " - ", " + ", " - ", " * ", " / "]);
            text += op;
            text += &match op {
                " * " | " / " => self.pick(&["0.5", "2", "3", "(-0.5)"]).to_string(),
                _ if self.one_in(6) => format!("({})", self.number(2)),
                _ if self.one_in(6) => self.element(),
                _ => self.number_leaf(),
            };
        }
        text
    }

    /// How often a new loop here may run.
    fn iterations(&mut self) -> u64 {
        let choice = [4, 11, 25, 40, 80, 150, 300, 600, 1500];
        let most = if self.loops == 0 { WORK_MAX / 3 } else { WORK_MAX / 4 / self.repeats.max(1) };
        let at = if self.loops == 0 { 3 + self.below(6) } else { self.below(6) };
        choice[at as usize].min(most.max(2)) + self.below(3)
    }

    /// A loop with events in it.
    pub(super) fn hot_loop(&mut self, depth: usize) {
        let n = self.iterations();
        self.work += self.repeats * n;
        let name = self.name("i");
        let start = self.below(3);
        let kind = self.below(13);
        let counter = |name: &str, first: f64, step: f64| Counter {
            name: name.to_string(),
            safe: kind != 4 && kind != 5,
            first,
            step,
            count: n,
        };
        // The loop, what counts its iterations, and a counter to be advanced in its body.
        let mut own = None;
        let (open, close, counts) = match kind {
            0..=3 => {
                self.line(&format!("{name} = 0"));
                own = Some(format!("{name} += 1"));
                let open = match self.below(4) {
                    0 => format!("while {n} > {name}"),
                    1 => format!("while {name} + 1 <= {n} and {name} >= 0"),
                    _ => format!("while {name} < {n}"),
                };
                (open, "end while", Some(counter(&name, 1.0, 1.0)))
            }
            4 => {
                self.line(&format!("{name} = {n}"));
                own = Some(format!("{name} -= 1"));
                (format!("while {name}"), "end while", Some(counter(&name, n as f64 - 1.0, -1.0)))
            }
            5 => {
                self.line(&format!("{name} = -1"));
                own =
                    Some(format!("{name} += 0.5\nif {name} > {} then break", n as f64 / 2.0 - 1.0));
                ("while true".into(), "end while", Some(counter(&name, -0.5, 0.5)))
            }
            6 | 7 => {
                let open = format!("for {name} in range({start}, {})", start + n - 1);
                (open, "end for", Some(counter(&name, start as f64, 1.0)))
            }
            8 => {
                let step = self.pick(&["-1", "-2", "-0.5", "0.25"]);
                let by: f64 = step.parse().unwrap_or(-1.0);
                let last = start as f64 + by * (n as f64 - 1.0);
                let open = format!("for {name} in range({start}, {last}, {step})");
                (open, "end for", Some(counter(&name, start as f64, by)))
            }
            9 => {
                let open = format!("for {name} in range({})", n - 1);
                (open, "end for", Some(counter(&name, n as f64 - 1.0, -1.0)))
            }
            10 => {
                // Some elements are different.
                let list = self.name("q");
                let odd = self.odd();
                self.line(&format!("{list} = range(1, {n})"));
                let at = self.below(n);
                self.line(&format!("{list}[{at}] = {odd}"));
                (format!("for {name} in {list}"), "end for", None)
            }
            11 => (format!("for {name} in \"ab\" * {}", n / 2), "end for", None),
            _ => {
                let open = format!("for {name} in range(0, {}, 0.1)", n as f64 / 10.0);
                (open, "end for", None)
            }
        };
        let counts = counts.unwrap_or_else(|| {
            let tick = self.name("j");
            self.line(&format!("{tick} = 0"));
            own = Some(format!("{tick} += 1"));
            counter(&tick, 1.0, 1.0)
        });
        let repeats_around = self.repeats;
        self.repeats *= n;
        self.loops += 1;
        self.block(&open, close, |g| {
            if let Some(own) = own {
                g.line(&own);
            }
            let loops = g.scope.counters.len();
            g.scope.counters.push(counts.clone());
            let mut events = if n < 10 { 0 } else { 1 + g.below(if g.loops == 1 { 4 } else { 2 }) };
            for _ in 0..2 + g.below(5) {
                if events > 0 && g.one_in(2) {
                    events -= 1;
                    g.event(&counts);
                }
                g.statement(depth);
                if !close.starts_with("end while") && counts.name != name && g.one_in(6) {
                    let (to, f) = (g.number_name(), g.helper());
                    g.line(&format!("{to} = {f}({name})"));
                }
            }
            for _ in 0..events {
                g.event(&counts);
            }
            g.scope.counters.truncate(loops);
        });
        self.loops -= 1;
        self.repeats = repeats_around;
    }
}
