//! What programs consist of.

use super::{Hot, Kind, Scope, WORK_MAX};

impl Hot {
    pub(super) fn whole_program(&mut self) {
        self.line("show = function(x)");
        self.line(
            "\tx = str(@x)\n\tif x.len > 300 then x = x[:300] + x.len\n\tprint x\nend function",
        );
        self.line("poke = function(scope, name, value)\n\tscope[name] = value\nend function");
        self.line("ga = 4; gb = 0.25; cnt = 0; gl = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
        self.line("gm = {\"x\": 3, \"y\": 4}; base = {\"x\": 1, \"y\": 2, \"w\": 3}");
        self.method("base.f");
        self.method("base.g");
        for _ in 0..2 + self.below(3) {
            let name = format!("f{}", self.helpers);
            self.helper_body(&name);
            self.line(&format!("keep_{name} = @{name}"));
            self.helpers += 1;
        }
        self.repair_all();
        for _ in 0..2 + self.below(4) {
            self.scene();
            if self.work > WORK_MAX {
                break;
            }
            if self.one_in(2) {
                self.show_all();
                self.repair_all();
            }
        }
        self.show_all();
        self.line("show [ga, gb, cnt, gl, gm, base]");
    }

    fn scene(&mut self) {
        match self.below(16) {
            0..=5 => self.function_scene(),
            6..=9 => self.hot_loop(0),
            10 => self.recursion_scene(),
            11 => self.object_scene(),
            12 => self.closure_scene(),
            13 => self.nan_scene(),
            14 => self.pressure_scene(),
            _ => self.list_scene(),
        }
    }

    /// A small function at `place`: it may be inlined, and ends.
    pub(super) fn helper_body(&mut self, place: &str) {
        let default = self.pick(&["", "=1", "=\"d\"", "=0.5", "=null"]);
        let counters = std::mem::take(&mut self.scope.counters);
        self.block(&format!("{place} = function(x{default}, y=2)"), "end function", |g| {
            let k = 20 + g.below(900);
            match g.below(8) {
                0 => {}
                1 => g.line("if x > 10 then return y"),
                2 => {
                    let odd = g.pick(&["null", "\"late\"", "0/0", "[x]", "y"]);
                    g.line(&format!("globals.cnt = cnt + 1\nif cnt == {k} then return {odd}"));
                }
                3 => g.line("if x == null then return 0\nif y < 0 then return x else y = y - 1"),
                4 => g.line("if x isa string then return x.len\nx = x * 0.5"),
                5 => g.line("z = x\nif y then z = z + y\nif z > 100 then return 100\nx = z"),
                6 => g.line(&format!(
                    "globals.cnt = cnt + 1\nif cnt == {k} then globals.f0 = @f1\n\
                        if cnt == {} then globals.f0 = @keep_f0",
                    k + 9
                )),
                _ => g.line("n = 0\nfor i in range(1, 3)\n\tif i == y then continue\n\tn += i * x\nend for\nx = n"),
            }
            let value = match g.below(12) {
                0 | 1 => "x + y",
                2 => "x * y - 1",
                3 => "floor(x) % 7",
                4 => "x < y",
                5 => "abs(x - y) / 2",
                6 => "(x and y) + gl[1]",
                7 => "ga + x - gb",
                8 => "x",
                9 => "[x, y][0]",
                10 => "sqrt(abs(x)) - y",
                _ => "-x",
            };
            if g.one_in(10) {
                g.line(&format!("globals.ga = {value}"));
            } else {
                g.line(&format!("return {value}"));
            }
        });
        self.scope.counters = counters;
    }

    /// A function with loops, and calls of it.
    fn function_scene(&mut self) {
        let name = self.name("h");
        let kind = match self.below(5) {
            0 => Kind::Map,
            1 => Kind::Captured,
            _ => Kind::Plain,
        };
        let main = std::mem::replace(&mut self.scope, Scope::main());
        self.scope.kind = kind;
        let before = self.work;
        let default = self.pick(&["", "=1", "=2.5", "=\"d\""]);
        self.block(&format!("{name} = function(a, b{default}, l)"), "end function", |g| {
            g.function_body(kind);
        });
        self.scope = main;
        let cost = self.work - before;
        let calls = if cost > WORK_MAX / 6 { 1 } else { 1 + self.below(4) };
        self.work += cost * (calls - 1);
        for _ in 0..calls {
            let (x, y) = (self.value(1), self.odd());
            let text = match self.below(7) {
                0 => name.clone(),
                1 => format!("{name}(2)"),
                2 => format!("{name}({y})"),
                3 => format!("{name}(1, {y})"),
                4 => format!("{name}({x}, 3, [5, 4, 3, 2, 1, 0, 9, 8, 7])"),
                _ => format!("{name}(1, 2, l)"),
            };
            self.line(&format!("show {text}"));
        }
        if cost < 60 {
            let odd = self.odd();
            let i = self.name("i");
            self.work += cost * 30;
            self.block(&format!("for {i} in range(1, 30)"), "end for", |g| {
                g.line(&format!("a = {name}({i}, 1)"));
                g.line(&format!("if {i} == 27 then a = {name}({odd})"));
            });
        }
    }

    fn function_body(&mut self, kind: Kind) {
        self.line("if not l isa list or l.len < 8 then l = [1, 2, 3, 4, 5, 6, 7, 8, 9]");
        self.line("c = 0; d = 1.5; e = -1; s = \"q\"; t = \"\"; k = range(1, 9)");
        self.line("m = {\"x\": 1, \"y\": 2}; o = {\"x\": 1, \"y\": 2}; p = new base");
        if self.one_in(3) {
            self.line("a = 1; b = 2");
        }
        match kind {
            Kind::Map => self.line("scope = locals"),
            Kind::Captured => {
                let (x, y) = (self.number_name(), self.number_name());
                let odd = self.odd();
                self.block("inner = function(x=1)", "end function", |g| {
                    g.line(&format!("outer.{x} = {y} * 0.5 + x"));
                    let value = g.pick(&["c", "x", "outer.d + 1", "[x, c][0]", "l[1]"]);
                    g.line(&format!("return {value}"));
                });
                self.block("spoil = function", "end function", |g| {
                    g.line(&format!("outer.{y} = {odd}"));
                });
            }
            _ => {}
        }
        if self.one_in(4) {
            self.more_variables(12);
        }
        for _ in 0..1 + self.below(2) {
            self.statement(3);
            self.hot_loop(1);
        }
        if self.one_in(2) {
            self.show_all();
        }
        let value = match self.below(4) {
            0 => "[a, b, c, d, e]".into(),
            1 => format!("[{}]", self.scope.numbers.join(", ")),
            2 => "[l, s, m, a]".into(),
            _ => self.value(2),
        };
        self.line(&format!("return {value}"));
    }

    /// More variables that are numbers.
    fn more_variables(&mut self, count: u64) {
        let names: Vec<String> = (0..count).map(|n| format!("v{n}")).collect();
        for chunk in names.chunks(6) {
            let texts: Vec<String> =
                chunk.iter().map(|name| format!("{name} = {}", self.random.below(9))).collect();
            self.line(&texts.join("; "));
        }
        self.scope.numbers.extend(names);
    }

    /// A loop with many live variables.
    fn pressure_scene(&mut self) {
        let name = self.name("h");
        let main = std::mem::replace(&mut self.scope, Scope::main());
        let in_function = !self.one_in(4);
        if in_function {
            self.line(&format!("{name} = function(a, b)"));
            self.indent += 1;
            self.scope.kind = Kind::Plain;
            self.line("c = 0; d = 1.5; e = -1; s = \"q\"; t = \"\"; k = range(1, 9); l = [0] * 9");
            self.line("m = {\"x\": 1, \"y\": 2}; o = {\"x\": 1, \"y\": 2}; p = new base");
        }
        let count = 14 + self.below(16);
        self.more_variables(count);
        let i = self.name("i");
        let n = 40 + self.below(200);
        self.work += n;
        let (at, odd) = (self.below(count), self.odd());
        let k = n / 2 + self.below(n / 2);
        self.block(&format!("for {i} in range(1, {n})"), "end for", |g| {
            for v in 0..count {
                let (x, y) = ((v + 1) % count, (v + 1 + g.below(count - 1)) % count);
                let text = match g.below(5) {
                    0 => format!("v{v} = v{x} + v{y} - v{v} * 0.5"),
                    1 => format!("v{v} = (v{x} * 3 + {i} + v{y}) % 1009"),
                    2 => format!("v{v} = v{x}"),
                    3 => format!("if v{x} > v{y} then v{v} = v{x} - v{y} else v{v} += {i}"),
                    _ => format!("v{v} = abs(v{y} - {i}) / (v{x} + 1)"),
                };
                g.line(&text);
            }
            g.line(&format!("if {i} == {k} then v{at} = {odd}"));
            g.line(&format!("if {i} == {} then v{at} = 1", k + 2));
        });
        let numbers = self.scope.numbers.join(", ");
        if in_function {
            self.line(&format!("return [{numbers}]"));
            self.indent -= 1;
            self.line("end function");
            self.scope = main;
            let odd = self.odd();
            self.line(&format!("show {name}(1, 2)\nshow {name}(2.5, {odd})"));
        } else {
            self.line(&format!("show [{numbers}]"));
            self.scope = main;
        }
    }

    fn recursion_scene(&mut self) {
        let (r, q) = (self.name("r"), self.name("r"));
        let odd = self.odd();
        let k = 3 + self.below(30);
        match self.below(6) {
            0 => {
                self.line(&format!(
                    "{r} = function(n)\n\tif n < 2 then return n\n\treturn {r}(n - 1) + {r}(n - 2)\nend function"
                ));
                self.line(&format!("show {r}({})\nshow {r}(\"x\")\nshow {r}(7.5)", 8 + k % 6));
                self.work += 400;
            }
            1 => {
                let depth = [50, 300, 1500, 4000][self.below(4) as usize];
                self.line(&format!(
                    "{r} = function(n, acc)\n\tif n == {k} then acc = {odd}\n\
                        \tif n <= 0 then return acc\n\treturn {r}(n - 1, [acc, n][n % 2])\n\
                        end function"
                ));
                self.line(&format!("show {r}({depth}, 1)\nshow {r}({k}, \"s\")\nshow {r}(2)"));
                self.work += depth;
            }
            2 => {
                self.line(&format!(
                    "{r} = function(n, how=1)\n\tif n <= 0 then return how\n\treturn {q}(n - 1, how)\nend function"
                ));
                self.line(&format!(
                    "{q} = function(n, how)\n\tif n == {k} then how = {odd}\n\
                        \tif n <= 0 then return [@how]\n\treturn {r}(n - 1, @how)\n\
                        end function"
                ));
                self.line(&format!(
                    "for i in range(1, 40)\n\ta = {r}(i % 50, i)\nend for\nshow @a"
                ));
                self.line(&format!("show {r}(501)\nshow {r}(500, \"x\")"));
                self.work += 2000;
            }
            3 => {
                self.line(&format!(
                    "{r} = function(tree)\n\tif not tree isa list then return tree\n\tn = 0\n\
                        \tfor x in tree\n\t\tn = n + {r}(@x)\n\tend for\n\treturn n\n\
                        end function"
                ));
                self.line("tree = [1, 2]\nfor i in range(1, 6)\n\ttree = [tree, i, tree]\nend for");
                self.line(&format!("show {r}(tree)\ntree[1] = {odd}\nshow {r}(tree)"));
                self.work += 500;
            }
            4 => {
                // It replaces itself on the way.
                self.line(&format!(
                    "{r} = function(n)\n\tif n == {k} then globals.{r} = @{q}\n\
                        \tif n <= 0 then return 0\n\treturn {r}(n - 1) + 1\nend function"
                ));
                self.line(&format!(
                    "{q} = function(n)\n\tif n == 1 then globals.{r} = @abs\n\
                        \tif n <= 0 then return \"end\"\n\treturn {r}(n - 1) + n\nend function"
                ));
                self.line(&format!(
                    "keep = @{r}\nfor i in range(1, 30)\n\ta = {r}(40)\n\
                    \t{r} = @keep\nend for\nshow a"
                ));
                self.work += 1500;
            }
            _ => {
                // Too deep for the machine, or an error far down.
                let end = match self.below(3) {
                    0 => "return nosuch",
                    1 => "return [n] + n",
                    _ => "return -1",
                };
                let condition = if self.deadly { "if n == 0 then" } else { "if n < -5 then" };
                let depth = 30 + self.below(300);
                self.line(&format!(
                    "{r} = function(n)\n\t{condition} {end}\n\tif n < 0 then return 0\n\
                        \tx = {r}(n - 1)\n\treturn x + 1\nend function"
                ));
                self.line(&format!("show {r}(5.5)\nshow {r}({depth})"));
                self.work += depth;
            }
        }
    }

    fn object_scene(&mut self) {
        let (class, sub) = (self.name("A"), self.name("B"));
        let n = 60 + self.below(300);
        self.work += 3 * n;
        let (k, odd) = (n / 2 + self.below(n / 2), self.odd());
        self.line(&format!(
            "{class} = {{\"x\": 0, \"y\": 1, \"kind\": \"A\"}}\n{sub} = new {class}"
        ));
        self.line(&format!(
            "{class}.step = function(d=1)\n\tself.x = self.x + d * self.y\n\
                \tif self.x > 500 then self.x = 0\n\treturn self.x\nend function"
        ));
        self.line(&format!(
            "{sub}.step = function(d)\n\tr = super.step(d)\n\tif r == null then return 0\n\
                \treturn r + 1\nend function"
        ));
        self.line(&format!(
            "objects = [new {class}, new {sub}, new {sub}, {{\"step\": @abs, \"x\": 2, \"y\": 1}}]"
        ));
        let i = self.name("i");
        self.line("total = 0");
        self.block(&format!("for {i} in range(1, {n})"), "end for", |g| {
            g.line(&format!("it = objects[{i} % 3]\nr = it.step({i} % 4)"));
            g.line("if r isa number then total = total + r");
            let change = match g.below(10) {
                0 => format!("it.y = {odd}"),
                1 => "it.late = 1".into(),
                2 => format!("{sub}.__isa = {{\"step\": @abs, \"x\": 1, \"y\": 1}}"),
                3 => format!("{class}.y = 2.5"),
                4 => format!("{sub}.remove \"step\""),
                5 => format!("objects[{i} % 3] = new it"),
                6 => format!("objects[{i} % 3] = objects[3]"),
                7 => format!("{class}.step = @abs"),
                8 => "it.step = 5; it.remove \"step\"".into(),
                _ => "it.kind = \"own\"; it.remove \"kind\"".into(),
            };
            g.line(&format!("if {i} == {k} then {}", change.split("; ").next().unwrap_or("")));
            if let Some((_, second)) = change.split_once("; ") {
                g.line(&format!("if {i} == {} then {second}", k + 3));
            }
            g.line(&format!("if {i} % 50 == 0 then show [total, it.x, it.kind, it isa {class}]"));
        });
        self.line("show [total, objects]");
    }

    fn closure_scene(&mut self) {
        let (make, n) = (self.name("make"), 40 + self.below(200));
        self.work += 3 * n;
        let (k, odd) = (n / 2 + self.below(n / 2), self.odd());
        self.block(&format!("{make} = function(n, step=1)"), "end function", |g| {
            g.line("count = 0; total = 0; fs = []");
            g.block("inc = function(by)", "end function", |g| {
                g.line("outer.count = count + step");
                g.line(&format!("if count == {k} then outer.step = {odd}"));
                g.line(&format!(
                    "if count != count or not count isa number then outer.count = {}",
                    k + 5
                ));
                g.line("if by then return count * 2\nreturn count");
            });
            g.block("for i in range(1, n)", "end for", |g| {
                g.line("f = function(z)\n\treturn i + step\nend function");
                g.line("if fs.len < 5 then fs.push @f");
                g.line("x = inc(i % 2)\nif x isa number then total = total + x");
                g.line(&format!("if i == {k} then i = {odd}"));
                g.line(&format!("if count == {} then step = 1", k + 1));
            });
            g.line("r = []\nfor g in fs\n\tr.push g(1)\nend for");
            g.line("return [total, count, r, @inc]");
        });
        self.line(&format!("made = {make}({n})\nshow made[0]\nshow made[2]"));
        self.line(&format!("made = {make}({n}, 0.5); inc = made[3]\nshow made[1]"));
        self.line(&format!("for i in range(1, {n})\n\ta = inc(i)\nend for\nshow @a"));
    }

    fn nan_scene(&mut self) {
        let (i, n) = (self.name("i"), 50 + self.below(200));
        self.work += n;
        let k = n / 2 + self.below(n / 2);
        self.line("nan = 0/0; inf = 1/0; keys = {}; hits = 0; x = 1; low = 0; z = [1, 2, 3, 4]");
        self.block(&format!("for {i} in range(0, {n})"), "end for", |g| {
            for _ in 0..4 + g.below(6) {
                let text = match g.below(18) {
                    0 => "if x != x then hits += 1".to_string(),
                    1 => format!("x = x + inf - {i}"),
                    2 => format!("z[{i} % 4] = x"),
                    3 => format!("x = z[{i} % 4] * 0.5"),
                    4 => "if x < 1 or x >= 1 then hits += 2".into(),
                    5 => format!("keys[x] = {i}\nif keys.len > 6 then keys = {{}}"),
                    6 => "hits = hits + (x == nan) + (x != x) + (nan < 1)".into(),
                    7 => "low = -x\nx = x % inf".into(),
                    8 => format!("x = inf % ({i} % 3)"),
                    9 => "if not x then hits += 3\nif x then hits += 4".into(),
                    10 => "hits = hits + (x and 0.5)".into(),
                    11 => "low = [x, nan] == [x, nan]\nhits += z.indexOf(x) != null".into(),
                    12 => "low = floor(x); low = round(low, 1) + sign(x)".into(),
                    13 => "low = bitAnd(x, 255)".into(),
                    14 => format!("x = sqrt({i} - {k})"),
                    15 => "low = x ^ 0.5 + x ^ 2".into(),
                    16 => "low = 0 * -x; low = 1 / low".into(),
                    _ => "while x != x\n\tx = 0\nend while".into(),
                };
                g.line(&text);
            }
            let odd = g.odd();
            g.line(&format!("if {i} == {k} then x = {odd}"));
            g.line(&format!("if {i} == {k} + 2 or {i} % 9 == 0 then x = {i}"));
            g.line(&format!("if {i} % 40 == 1 then show [x, -x, low, z, keys]"));
        });
        self.line("show [nan, -nan, inf, -inf, hits, x, low, z, keys, str(nan)]");
    }

    /// Lists that change while they are used.
    fn list_scene(&mut self) {
        let (h, n) = (self.name("h"), 30 + self.below(200));
        self.work += 4 * n;
        let (k, odd) = (n / 2 + self.below(n / 2), self.odd());
        let in_function = self.one_in(2);
        if in_function {
            self.line(&format!("{h} = function(q, n)"));
            self.indent += 1;
        } else {
            self.line(&format!("q = range(1, 20); n = {n}"));
        }
        self.line("sum = 0; i = 0; skipped = 0; x = 0");
        match self.below(4) {
            0 => self.block("for x in q", "end for", |g| {
                g.line("i = i + 1\nsum = sum + i");
                g.line("if i % 3 == 0 and i < n then q.push i");
                g.line("if i % 5 == 0 then q.remove 0");
                g.line(&format!("if i == {} then q.insert 0, {odd}", k % 40));
                g.line("if x isa number then sum = sum + x else skipped = skipped + 1");
            }),
            1 => self.block("while i < n", "end while", |g| {
                g.line("i += 1\nif q.len < 5 then q.push i else x = q.pop");
                g.line("if i % 7 == 0 then q = q + [i, i]\nif q.len > 40 then q = q[30:]");
                g.line("q[i % q.len] = i\nsum = sum + q[-1] * 0.5 + q[0]");
                g.line(&format!("if i == {k} then q[i % q.len] = {odd}"));
                g.line(&format!("if i == {k} + 1 then q = [1, 2, 3]"));
                g.line(&format!("if i == {k} + 1 then sum = 0"));
            }),
            2 => {
                self.line("w = 6; grid = []\nfor r in range(1, w)\n\tgrid.push [0] * w\nend for");
                self.block("while i < n", "end while", |g| {
                    g.line("i += 1");
                    g.block("for r in range(0, w - 1)", "end for", |g| {
                        g.line("row = grid[r]");
                        g.line("row[i % w] = row[(i + 1) % w] + r\ngrid[r][0] += 1");
                        g.line(&format!("if i == {k} and r == 3 then grid[r] = row + [{odd}]"));
                        g.line(&format!("if i == {k} and r == 4 then row[2] = {odd}"));
                        g.line(&format!("if i == {k} + 1 then grid[r] = [1] * w"));
                    });
                });
                self.line("sum = grid");
                self.work += 6 * n;
            }
            _ => self.block("while i < n", "end while", |g| {
                g.line("i += 1\nx = q[i % q.len]");
                g.line("if x isa list then x = x.len\nsum = (sum + x) % 100003");
                g.line(&format!("if i == {k} then q.push q"));
                g.line(&format!("if i == {k} + 2 then q[0] = q"));
                g.line(&format!("if i > {k} then skipped = skipped + (q == q)"));
                g.line("if i % 11 == 3 then q[i % 5 + 0.5] = -i\nif i % 13 == 3 then q[-1] = i");
            }),
        }
        if in_function {
            self.line("return [sum, skipped, q, i, @x]");
            self.indent -= 1;
            self.line("end function");
            self.line(&format!("show {h}(range(1, 20), {n})\nshow {h}([1, 2.5, 3, 4, 5, 6], {n})"));
        } else {
            self.line("show [sum, skipped, q, i, @x]");
        }
    }
}
