//! Code with shortcuts agrees with code without any.
//!
//! Programs made at random run as narrow and wide code, and as careful code, where every operand is
//! checked where it stands. Their variables hold numbers, lists and maps, or functions that return
//! such and say so: what is printed is the order of evaluation. Types are right, since an error may
//! be found earlier than a call that should come before it.

use super::random::Random;
use crate::compile::compile_in_style;
use crate::engine::{Budget, Machine, MachineOptions, Outcome, Program};
use crate::syntax::{Dialect, parse};
use crate::vm::{Output, OutputStream};
use std::boxed::Box;
use std::format;
use std::string::String;
use std::sync::{Arc, Mutex};
use std::vec::Vec;

const PRELUDE: &str = "
tn = function
	print \"tn\"
	globals.count = globals.count + 1
	return globals.count % 7
end function
tl = function
	print \"tl\"
	return globals.shared
end function
tm = function
	print \"tm\"
	return globals.record
end function
say = function(x)
	print \"say \" + x
	return x
end function
count = 0
shared = [1, 2, 3, 4, 5, 6]
record = {\"p\": 1, \"q\": 2}
record.g = function(x=3)
	print \"g\"
	self.p = self.p + x
	return self.p
end function
record.r = function
	print \"r\"
	return self.q
end function
";

struct Writer {
    random: Random,
    out: String,
    indent: usize,
    /// Innermost loop variables with values below 4.
    loops: Vec<&'static str>,
    in_function: bool,
}

impl Writer {
    fn program(seed: u64) -> String {
        let mut writer = Writer {
            random: Random::new(seed ^ 0xABCD),
            out: PRELUDE.into(),
            indent: 0,
            loops: Vec::new(),
            in_function: false,
        };
        for number in 0..3 {
            writer.function(number);
        }
        for _ in 0..3 {
            let number = writer.random.below(3);
            let line = format!(
                "print f{number}({}, {}, {})",
                writer.random_of(&["3", "@tn", "0.5", "-2"]),
                writer.random_of(&["[4, 5, 6, 7, 8, 9]", "@tl", "shared"]),
                writer.random_of(&["{\"p\": 5, \"q\": 6, \"g\": @say, \"r\": 1}", "@tm", "record"]),
            );
            writer.line(&line);
        }
        writer.out
    }

    fn random_of(&mut self, from: &[&'static str]) -> &'static str {
        from[self.random.below(from.len())]
    }

    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push('\t');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn function(&mut self, number: usize) {
        self.line(&format!("f{number} = function(n, l, m)"));
        self.indent += 1;
        self.in_function = true;
        let kind = self.random.below(4);
        if kind == 0 {
            self.line("all = locals");
        }
        for start in ["a = 1", "b = @tn", "c = n", "v = @tl", "w = [1, 2, 3, 4, 5, 6]", "o = @tm"] {
            self.line(start);
        }
        if kind == 1 {
            // Some variables live in an environment.
            self.line("inner = function");
            self.line("\touter.a = outer.a + b");
            self.line("\treturn c + n");
            self.line("end function");
        }
        self.block(2);
        let value = self.number_text(2);
        self.line(&format!("return {value}"));
        self.indent -= 1;
        self.line("end function");
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..2 + self.random.below(4) {
            self.stmt(depth);
        }
    }

    fn nested(&mut self, depth: usize) {
        self.indent += 1;
        self.block(depth);
        self.indent -= 1;
    }

    fn stmt(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 9 } else { 12 }) {
            0 | 1 => {
                let name = self.random_of(&["a", "b", "c"]);
                let value = self.number_text(3);
                self.line(&format!("{name} = {value}"));
            }
            2 => {
                let name = self.random_of(&["a", "b", "c"]);
                let value = self.random_of(&["@tn", "n", "b", "@b"]);
                self.line(&format!("{name} = {value}"));
            }
            3 => {
                let (list, index) = (self.list_text(), self.index_text());
                let op = self.random_of(&["=", "+=", "*="]);
                let value = self.number_text(2);
                self.line(&format!("{list}[{index}] {op} {value}"));
            }
            4 => {
                let (map, key) = (self.map_text(), self.random_of(&["p", "q"]));
                let op = self.random_of(&["=", "-=", "+="]);
                let value = self.number_text(2);
                self.line(&format!("{map}.{key} {op} {value}"));
            }
            5 => {
                let name = self.random_of(&["a", "b", "c"]);
                let op = self.random_of(&["+=", "-=", "*="]);
                let value = self.number_text(2);
                self.line(&format!("{name} {op} {value}"));
            }
            6 => {
                let (map, value) = (self.map_text(), self.number_text(2));
                self.line(&format!("{map}.g {value}"));
            }
            7 => {
                let (first, second) = (self.number_text(2), self.number_text(1));
                self.line(&format!("print [{first}, {second}]"));
            }
            8 => {
                let condition = self.condition_text();
                let name = self.random_of(&["a", "b", "c"]);
                let value = self.number_text(1);
                self.line(&format!("if {condition} then {name} = {value}"));
            }
            9 => {
                let condition = self.condition_text();
                self.line(&format!("if {condition} then"));
                self.nested(depth - 1);
                self.line("else");
                self.nested(depth - 1);
                self.line("end if");
            }
            _ => {
                let name = if self.loops.is_empty() { "i" } else { "j" };
                if self.loops.len() >= 2 {
                    return;
                }
                let sequence = self.random_of(&["range(0, 3)", "[0, 1, 2]", "range(3)"]);
                self.line(&format!("for {name} in {sequence}"));
                self.loops.push(name);
                self.nested(depth - 1);
                self.loops.pop();
                self.line("end for");
            }
        }
    }

    fn list_text(&mut self) -> &'static str {
        self.random_of(&["l", "v", "w", "w", "shared"])
    }

    fn map_text(&mut self) -> &'static str {
        self.random_of(&["m", "o", "record"])
    }

    fn index_text(&mut self) -> String {
        let base = match self.loops.last() {
            Some(name) if self.random.below(4) > 0 => *name,
            _ => self.random_of(&["0", "1", "2", "say(1)"]),
        };
        match self.random.below(3) {
            0 => base.into(),
            1 => format!("{base} + 1"),
            _ => format!("{base} - 1"),
        }
    }

    fn condition_text(&mut self) -> String {
        let op = self.random_of(&["<", "<=", ">", ">=", "==", "!="]);
        let mut text = format!("{} {op} {}", self.number_text(2), self.number_text(2));
        if self.random.below(3) == 0 {
            let joint = self.random_of(&["and", "or"]);
            let op = self.random_of(&["<", "=="]);
            text = format!("{text} {joint} {} {op} {}", self.number_text(1), self.number_text(1));
        }
        if self.random.below(5) == 0 { format!("not ({text})") } else { text }
    }

    fn number_text(&mut self, depth: usize) -> String {
        let kinds = if depth == 0 { 4 } else { 13 };
        match self.random.below(kinds) {
            0 => self.random_of(&["1", "2", "0.25", "-3"]).into(),
            1 | 2 => self.random_of(&["a", "b", "c", "n"]).into(),
            3 => match self.loops.last() {
                Some(name) => (*name).into(),
                None => "n".into(),
            },
            4..=7 => {
                let op = self.random_of(&["+", "-", "*"]);
                let (left, right) = (self.number_text(depth - 1), self.number_text(depth - 1));
                format!("({left} {op} {right})")
            }
            8 | 9 => format!("{}[{}]", self.list_text(), self.index_text()),
            10 => format!("{}.{}", self.map_text(), self.random_of(&["p", "q", "r"])),
            11 => match self.random.below(2) {
                0 => format!("say({})", self.number_text(depth - 1)),
                _ => format!("{}.g({})", self.map_text(), self.number_text(depth - 1)),
            },
            _ => {
                let op = self.random_of(&["and", "or", "<", "=="]);
                let left = self.number_text(depth - 1);
                format!("({left} {op} {})", self.number_text(depth - 1))
            }
        }
    }
}

struct Lines(Arc<Mutex<String>>);

impl Output for Lines {
    fn write(&mut self, stream: OutputStream, text: &str, line_break: bool) {
        self.0.lock().expect("one thread").write(stream, text, line_break);
    }
}

fn run(source: &str, wide: bool, careful: bool) -> (String, Program) {
    let (ast, diagnostics) = parse(source, Dialect::V1);
    assert!(diagnostics.is_empty(), "{diagnostics:?}\n{source}");
    let bytecode = compile_in_style(&ast, source, wide, careful);
    let program = Program::from_bytecode(bytecode).expect("the compiler makes good bytecode");
    let text = Arc::new(Mutex::new(String::new()));
    let output = Box::new(Lines(text.clone()));
    let mut machine = Machine::new(MachineOptions { output, ..MachineOptions::default() });
    machine.load(&program).expect("it is small");
    let outcome = machine.run(Budget::fuel(10_000_000));
    let mut text = text.lock().expect("one thread").clone();
    match outcome {
        Outcome::Finished(_) => {}
        Outcome::Failed(error) => text.push_str(&format!("{error}")),
        other => panic!("{other:?}\n{source}"),
    }
    (text, program)
}

#[test]
fn styles_agree() {
    for seed in 1..300 {
        let source = Writer::program(seed);
        let (expected, _) = run(&source, false, true);
        for (wide, careful) in [(false, false), (true, false), (true, true)] {
            let (found, program) = run(&source, wide, careful);
            if found != expected {
                let listing = program.disassemble();
                panic!("seed {seed}\n{source}\n{listing}\nfound:\n{found}\nexpected:\n{expected}");
            }
        }
    }
}
