//! What happens late in a loop and breaks what was true before.

use super::{Counter, HIDDEN, Hot, Kind};

impl Hot {
    /// Something that happens in one iteration of a loop, mostly late, and is mostly undone a few
    /// iterations after.
    pub(super) fn event(&mut self, counter: &Counter) {
        let iteration = self.late(counter.count);
        let (now, name) = (counter.at(iteration), &counter.name);
        if self.deadly && self.one_in(5) {
            let text = self.deadly_text();
            let open = format!("if {name} == {now} then");
            return self.block(&open, "end if", |g| g.line(&text));
        }
        let open = match self.below(12) {
            // From then on.
            0 if counter.step > 0.0 => format!("if {name} > {now} then"),
            // Again and again.
            1 => format!("if {name} % {} == 1 then", 5 + self.below(counter.count)),
            _ => format!("if {name} == {now} then"),
        };
        let many = !open.contains("==") || open.contains('%');
        let mut undo = Vec::new();
        self.block(&open, "end if", |g| {
            for _ in 0..1 + g.below(2) {
                undo.extend(g.happening(many));
            }
        });
        if !undo.is_empty() && !self.one_in(8) {
            let after = counter.at(iteration + 1 + self.below(3));
            self.block(&format!("if {name} == {after} then"), "end if", |g| {
                for text in undo {
                    g.line(&text);
                }
                // What was computed from it is strange as well.
                if !g.one_in(5) {
                    g.repair();
                }
            });
        }
        if counter.safe && self.one_in(12) {
            self.corrupt(counter, &now);
        }
    }

    /// An iteration, mostly one of the last.
    fn late(&mut self, count: u64) -> u64 {
        match self.below(6) {
            0 => self.below(count),
            1 => self.below(count.min(6)),
            2 => count - 1 - self.below(count.min(4)),
            _ => count / 3 + self.below(count - count / 3),
        }
    }

    /// What happens, and what undoes it. `many`: it happens more than once.
    fn happening(&mut self, many: bool) -> Option<String> {
        match self.below(24) {
            0..=6 => {
                let (name, odd) = (self.number_name(), self.odd());
                self.line(&format!("{name} = {odd}"));
                Some(format!("{name} = {}", self.below(9)))
            }
            7 | 8 => {
                let (list, odd) = (self.list_name(), self.odd());
                let index = self.index(&list);
                self.line(&format!("{list}[{index}] = {odd}"));
                let fresh = self.fresh_list();
                Some(format!("{list} = {fresh}"))
            }
            9 => {
                let (map, odd) = (self.map_name(), self.odd());
                let member = self.pick(&["x", "y", "w", "__isa"]);
                let odd = if member == "__isa" { "base".into() } else { odd };
                self.line(&format!("{map}.{member} = {odd}"));
                let fresh = self.fresh_map();
                Some(format!("{map} = {fresh}"))
            }
            10 | 11 => self.list_changes(),
            12 => self.map_changes(),
            13 | 14 => self.hide(),
            15..=17 => self.replace_function(many),
            18 => {
                let name = self.string_name();
                let odd = self.odd();
                self.line(&format!("{name} = {odd}"));
                Some(format!("{name} = \"s\""))
            }
            19 | 20 => self.scope_changes(),
            21 => {
                let text = self.pick(&[
                    "yield",
                    "wait 0",
                    "show stackTrace",
                    "ga = 0.5",
                    "globals.ga = \"g\"",
                    "globals.gb = null",
                    "globals.cnt = 0",
                    "gm.late = 1",
                    "gl.push 5",
                    "base.x = base.x + 1",
                    "base.remove \"w\"",
                    "p = new base",
                    "p = new p",
                ]);
                self.line(text);
                Some("globals.ga = 4; globals.gb = 0.25".into())
            }
            22 => {
                let (name, other) = (self.number_name(), self.number_name());
                let value = self.value(2);
                self.line(&format!("{name} = {value}; {other} = {name}"));
                None
            }
            _ => {
                self.statement(3);
                None
            }
        }
    }

    fn list_changes(&mut self) -> Option<String> {
        let list = self.list_name();
        let text = match self.below(10) {
            0 => format!("{list} = {list}[:2]"),
            1 => format!("{list}.remove 0; {list}.remove -1"),
            2 => format!("{list} = {list} + {list}"),
            3 => format!("{list}.push {list}"),
            4 => format!("{list}[1] = {list}"),
            5 => format!("{list} = \"abcdefghijkl\""),
            6 => format!("{list} = {{0: 5, 1: 6, 2: 7, 3: 8, -1: 9}}"),
            7 => {
                let other = self.list_name();
                format!("{list} = {other}")
            }
            8 => format!("{list}[{}] = {{\"x\": 1}}", self.below(8)),
            _ => format!("{list} = [1, \"two\", null, 4, [5], 0/0, 7, 8, 9]"),
        };
        self.line(&text);
        let fresh = self.fresh_list();
        Some(format!("{list} = {fresh}"))
    }

    fn map_changes(&mut self) -> Option<String> {
        let map = self.map_name();
        let text = match self.below(9) {
            0 => format!("{map}.remove \"x\"; {map}.x = 2"),
            1 => format!("{map} = new {map}"),
            2 => format!("{map}.__isa = base"),
            3 => format!("{map}[0/0] = 1; {map}[0 * -1] = 2"),
            4 => format!("{map}.late = {map}.len; {map}.later = 1"),
            5 => format!("{map}.self = {map}"),
            6 => "base.y = \"why\"".into(),
            7 => {
                self.method("base.g");
                return None;
            }
            _ => format!("{map} = {map} + {{\"n\": null}}"),
        };
        self.line(&text);
        let fresh = self.fresh_map();
        Some(format!("base.y = 3; {map} = {fresh}"))
    }

    /// A method for `base`.
    pub(super) fn method(&mut self, place: &str) {
        let x = self.pick(&["self.x", "self.x + 1", "super.len", "self.y", "\"m\"", "[self.x]"]);
        self.block(&format!("{place} = function(n=1)"), "end function", |g| {
            if g.one_in(3) {
                g.line("if n > 50 then return n");
            }
            if g.one_in(3) {
                g.line("self.x = n");
            }
            let x = if x.contains("super") { "self.y" } else { x };
            g.line(&format!("return {x}"));
        });
    }

    /// An intrinsic gets another meaning.
    fn hide(&mut self) -> Option<String> {
        let name = self.pick(HIDDEN);
        let here = self.scope.kind == Kind::Main;
        let place = match self.below(3) {
            0 => format!("globals[\"{name}\"]"),
            1 if here => name.to_string(),
            _ => format!("globals.{name}"),
        };
        match self.below(8) {
            0 => {
                // Calls of it with an argument fail, reads do not.
                self.line(&format!("{place} = 3; show {name} + 1"));
                self.line(&format!("globals.remove \"{name}\""));
            }
            1 | 2 => {
                let f = self.pick(&["@abs", "@floor", "@sign", "@f0", "@f1", "@str"]);
                self.line(&format!("{place} = {f}"));
            }
            _ => {
                let value = self.pick(&["x", "x * 2", "\"hidden\"", "null", "[x, 1]", "-x"]);
                let value = if name == "range" { "[3, x, y]" } else { value };
                self.block(&format!("{place} = function(x=0, y=0, z)"), "end function", |g| {
                    g.line(&format!("return {value}"));
                });
            }
        }
        Some(format!("if globals.hasIndex(\"{name}\") then globals.remove \"{name}\""))
    }

    /// A global function is replaced.
    fn replace_function(&mut self, many: bool) -> Option<String> {
        let (f, g) = (self.helper(), self.helper());
        let here = self.scope.kind == Kind::Main;
        let place = match self.below(4) {
            0 => format!("globals[\"{f}\"]"),
            1 if here => f.clone(),
            2 if self.scope.kind != Kind::Captured => format!("outer.{f}"),
            _ => format!("globals.{f}"),
        };
        match self.below(6) {
            0..=2 => self.line(&format!("{place} = @{g}")),
            3 => self.line(&format!("{place} = @abs")),
            4 if self.deadly => {
                let text = self.pick(&["5", "null", "\"f\"", "[]"]);
                self.line(&format!("{place} = {text}"));
            }
            _ => self.helper_body(&place),
        }
        if many { None } else { Some(format!("globals.{f} = @keep_{f}")) }
    }

    fn scope_changes(&mut self) -> Option<String> {
        let (name, odd) = (self.number_name(), self.odd());
        let undo = Some(format!("{name} = 1"));
        match self.scope.kind {
            Kind::Main => {
                let text = match self.below(3) {
                    0 => format!("locals[\"{name}\"] = {odd}"),
                    1 => format!("globals.remove \"{name}\"; {name} = {odd}"),
                    _ => format!("outer.{name} = {odd}"),
                };
                self.line(&text);
            }
            Kind::Map => {
                let text = match self.below(4) {
                    0 => format!("locals[\"{name}\"] = {odd}"),
                    1 => format!("locals.remove \"{name}\"; {name} = {name}"),
                    2 => format!("scope.remove \"{name}\"; show {name}; {name} = 3"),
                    _ => format!("poke locals, \"{name}\", {odd}"),
                };
                self.line(&text);
            }
            Kind::Captured => {
                let text = self.pick(&["inner \"q\"", "inner null", "inner 0/0", "spoil"]);
                self.line(text);
            }
            Kind::Plain => {
                let global = self.pick(&["a", "b", "c"]);
                self.line(&format!("globals.{global} = {odd}"));
                return Some(format!("globals.{global} = 2"));
            }
        }
        undo
    }

    /// The counter itself changes; for the rest of this iteration only.
    fn corrupt(&mut self, counter: &Counter, now: &str) {
        let text = self.pick(&["\"i\"", "null", "0/0", "1e300", "-0.5", "\"\""]);
        let name = &counter.name;
        self.line(&format!("if {name} == {now} then {name} = {text}"));
    }

    /// Something that fails.
    fn deadly_text(&mut self) -> String {
        let (name, list, map) = (self.number_name(), self.list_name(), self.map_name());
        match self.below(16) {
            0 => format!("{name} = {list}[99]"),
            1 => format!("{list}[-99] = {name}"),
            2 => format!("{name} = 5; {name} = {name}(1)"),
            3 => format!("{name} = null; show {name}.x"),
            4 => "show nosuch".into(),
            5 => format!("{name} = nosuch + {name}"),
            6 => format!("{name} = [1]; {name} = {name} + 1"),
            7 => format!("{name} = {map}.nosuch"),
            8 => "undefined += 1".into(),
            9 => format!("{name} = f0(1, 2, 3, 4, 5)"),
            10 => format!("{name} = \"ab\" * \"c\""),
            11 => "globals.f0 = 7".into(),
            12 => format!("{name} = new 5"),
            13 => format!("{list}.remove 99"),
            14 => "globals.remove \"f0\"".into(),
            _ => format!("{list} = []"),
        }
    }
}
