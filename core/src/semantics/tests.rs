//! The tables of LANGUAGE.md §5.9, §7, §8, §10, §11.2 on values made from literals.

use super::{arith, compare, logic, slice, text};
use crate::error::Error;
use crate::heap::HostAllocator;
use crate::syntax::Dialect;
use crate::value::code::{Code, CodeParam};
use crate::value::map::KeyOrigin;
use crate::value::{Store, Value};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Makes the value that a literal stands for: numbers, `inf`, `nan`, `null`, strings without quotes
/// inside, lists, maps, and `@f`, a function.
struct Reader<'a> {
    store: &'a mut Store,
    rest: &'a str,
    func: Value,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Value {
        if self.eat("\"") {
            let (text, rest) = self.rest.split_once('"').unwrap();
            self.rest = rest;
            return self.store.new_str(text).unwrap();
        }
        if self.eat("[") {
            let list = self.store.new_list(0).unwrap();
            while !self.eat("]") {
                let element = self.value();
                self.store.list_push(list, element).unwrap();
                self.eat(",");
            }
            return Value::list(list);
        }
        if self.eat("{") {
            let map = self.store.new_map().unwrap();
            while !self.eat("}") {
                let key = self.value();
                assert!(self.eat(":"));
                let value = self.value();
                self.store.map_set(map, key, value, KeyOrigin::Literal).unwrap();
                self.eat(",");
            }
            return Value::map(map);
        }
        if self.eat("null") {
            return Value::NULL;
        }
        if self.eat("@f") {
            return self.func;
        }
        let end = self.rest.find([',', ']', '}', ':', ' ']).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        Value::number(number.parse().unwrap())
    }
}

struct Bench {
    store: Store,
    func: Value,
    _code: Box<Code>,
}

impl Bench {
    fn new() -> Bench {
        let mut store = Store::new(64 << 20, HostAllocator::default());
        let param = |name: &str, default| CodeParam { name: name.to_string().into(), default };
        let x = store.new_str("x").unwrap();
        let params = vec![
            param("a", Value::NULL),
            param("b", Value::number(2.0)),
            param("c", x),
            param("d", Value::NULL),
        ];
        let code = Box::new(Code {
            entry: core::cell::Cell::new(core::ptr::null()),
            native_entry: core::cell::Cell::new(core::ptr::null()),
            call_key: 4,
            register_count: 0,
            cost: 0,
            heat: core::cell::Cell::new(0),
            native: core::ptr::null(),
            native_data: 0,
            params,
            name: String::new().into(),
            words: Box::default(),
            word_count: 0,
            program: None,
            unit: 0,
        });
        let func = store.new_func(&raw const *code, Value::NULL).unwrap();
        Bench { store, func, _code: code }
    }

    fn value(&mut self, text: &str) -> Value {
        Reader { store: &mut self.store, rest: text, func: self.func }.value()
    }

    fn show(&self, v: Value) -> String {
        let mut out = String::new();
        text::append(&self.store, v, text::Form::Code, &mut out).unwrap();
        out
    }

    /// `a op b` in code form, or the message of the error.
    fn apply(&mut self, expression: &str) -> String {
        let (a, rest) = expression.split_once(" ~").unwrap();
        let (op, b) = rest.split_once("~ ").unwrap();
        let (a, b) = (self.value(a), self.value(b));
        let (store, v1) = (&mut self.store, Dialect::V1);
        let result: Result<Value, Error> = match op {
            "+" => arith::add(store, v1, a, b),
            "-" => arith::sub(store, v1, a, b),
            "*" => arith::mul(store, v1, a, b),
            "/" => arith::div(store, v1, a, b),
            "%" => arith::modulo(store, v1, a, b),
            "^" => arith::pow(store, v1, a, b),
            "<" => Ok(compare::lt(store, v1, a, b)),
            "<=" => Ok(compare::le(store, v1, a, b)),
            ">" => Ok(compare::gt(store, v1, a, b)),
            ">=" => Ok(compare::ge(store, v1, a, b)),
            "==" => Ok(compare::eq(store, v1, a, b)),
            "!=" => Ok(compare::ne(store, v1, a, b)),
            "and" => Ok(logic::and(store, a, b)),
            "or" => Ok(logic::or(store, a, b)),
            _ => panic!("unknown operator {op}"),
        };
        match result {
            Ok(v) => self.show(v),
            Err(error) => error.message().to_string(),
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    let mut bench = Bench::new();
    for (expression, expected) in cases {
        assert_eq!(bench.apply(expression), *expected, "{expression}");
    }
}

#[rustfmt::skip]
#[test]
fn sums() {
    check(&[
        ("1 ~+~ 2", "3"), ("1 ~+~ \"a\"", "\"1a\""), ("1 ~+~ [1]", "null"), ("5 ~+~ null", "5"),
        ("5 ~+~ @f", "null"), ("\"a\" ~+~ 1.50", "\"a1.5\""), ("\"ab\" ~+~ \"c\"", "\"abc\""),
        ("\"a\" ~+~ null", "\"a\""), ("null ~+~ \"a\"", "\"a\""), ("null ~+~ 5", "null"),
        ("null ~+~ null", "null"), ("\"x\" ~+~ [1, \"y\", null]", "\"x[1, \"\"y\"\", null]\""),
        ("[1] ~+~ \"x\"", "\"[1]x\""), ("{1: 2} ~+~ \"x\"", "\"{1: 2}x\""),
        ("\"\" ~+~ \"abcdefgh\"", "\"abcdefgh\""), ("\"abcdefgh\" ~+~ \"\"", "\"abcdefgh\""),
        ("[1] ~+~ [2, 3, 4, 5]", "[1, 2, 3, 4, 5]"),
        ("[1] ~+~ 5", "list concatenation: got a Number where a List was required"),
        ("[1] ~+~ null", "list concatenation: got a Null where a List was required"),
        ("[1] ~+~ @f", "list concatenation: got a Function where a List was required"),
        ("{1: 2} ~+~ null", "map combination: got a Null where a Map was required"),
        ("{1: 2} ~+~ [1]", "map combination: got a List where a Map was required"),
        ("{\"a\": 1, \"b\": 2} ~+~ {\"c\": 3, \"a\": 4}", r#"{"a": 4, "b": 2, "c": 3}"#),
        ("{1: 2} ~+~ {\"c\": 3, 1: 4}", r#"{1: 4, "c": 3}"#),
        ("@f ~+~ 1", "null"), ("@f ~+~ \"!\"", r#""FUNCTION(a, b=2, c=""x"", d)!""#),
    ]);
}

#[rustfmt::skip]
#[test]
fn other_arithmetic() {
    check(&[
        ("5 ~-~ 7", "-2"), ("5 ~-~ null", "5"), ("null ~-~ 5", "null"), ("5 ~-~ \"a\"", "null"),
        ("\"hello\" ~-~ \"lo\"", "\"hel\""), ("\"hello\" ~-~ \"he\"", "\"hello\""),
        ("\"a\" ~-~ null", "\"a\""), ("\"a\" ~-~ \"\"", "\"a\""), ("\"a\" ~-~ 1", "null"),
        ("[1] ~-~ [1]", "null"),
        ("3 ~*~ 4", "12"), ("5 ~*~ null", "0"), ("3 ~*~ \"abc\"", "null"), ("null ~*~ 3", "null"),
        ("\"abc\" ~*~ 2.5", "\"abcabca\""), ("\"abc\" ~*~ 0.33", "\"\""),
        ("\"abc\" ~*~ -1", "\"\""), ("\"abc\" ~*~ inf", "null"), ("\"abc\" ~*~ nan", "null"),
        ("\"\" ~*~ 1e300", "\"\""), ("\"héllo\" ~*~ 1.5", "\"héllohé\""),
        ("\"a\" ~*~ \"b\"", "String replication: got a String where a Number was required"),
        ("\"a\" ~*~ null", "String replication: got a Null where a Number was required"),
        ("\"abc\" ~*~ 1e10", "string too large"),
        ("[1,2,3] ~*~ 2.5", "[1, 2, 3, 1, 2, 3, 1]"), ("[1,2,3] ~*~ 0.34", "[1]"),
        ("[1] ~*~ -1", "[]"), ("[] ~*~ 5", "[]"), ("[1] ~*~ nan", "null"),
        ("[1] ~*~ 1e8", "list too large"),
        ("[1] ~*~ {}", "list replication: got a Map where a Number was required"),
        ("1 ~/~ 0", "INF"), ("-1 ~/~ 0", "-INF"), ("5 ~/~ null", "INF"), ("1 ~/~ \"a\"", "null"),
        ("\"abcdef\" ~/~ 4", "\"a\""), ("\"abcdef\" ~/~ 0.5", "\"abcdefabcdef\""),
        ("\"abc\" ~/~ 0", "null"), ("[1,2,3,4] ~/~ 2", "[1, 2]"), ("[1,2] ~/~ 0", "null"),
        ("[1] ~/~ \"b\"", "list division: got a String where a Number was required"),
        ("\"a\" ~/~ [1]", "String division: got a List where a Number was required"),
        ("-7 ~%~ 3", "-1"), ("5 ~%~ inf", "5"), ("5 ~%~ null", "nan"), ("\"a\" ~%~ 1", "null"),
        ("2 ~^~ 10", "1024"), ("0 ~^~ 0", "1"), ("5 ~^~ null", "1"), ("null ~^~ 1", "null"),
    ]);
    let mut bench = Bench::new();
    for (operand, expected) in [("null", "0"), ("\"abc\"", "null"), ("5", "-5"), ("0", "0")] {
        let operand = bench.value(operand);
        let negated = arith::neg(&mut bench.store, Dialect::V1, operand).unwrap();
        assert_eq!(bench.show(negated), expected);
    }
}

#[rustfmt::skip]
#[test]
fn comparisons() {
    check(&[
        ("1 ~<~ 2", "1"), ("2 ~<=~ 2", "1"), ("2 ~>~ 2", "0"), ("nan ~<~ 1", "0"),
        ("nan ~>=~ nan", "0"), ("5 ~>~ null", "1"), ("0 ~<~ null", "0"), ("null ~<~ 5", "null"),
        ("\"a\" ~>~ null", "1"), ("\"a\" ~<~ \"B\"", "0"), ("\"\" ~<~ \"a\"", "1"),
        ("\"é\" ~>~ \"z\"", "1"), ("\"10\" ~<~ \"9\"", "1"), ("\"abcdef\" ~<~ \"b\"", "1"),
        ("\"abc\" ~<=~ \"abcdef\"", "1"), ("1 ~<~ \"a\"", "null"), ("\"a\" ~>~ 1", "null"),
        ("[1] ~<~ [2]", "null"), ("null ~<~ null", "null"), ("@f ~<~ 1", "null"),
        ("1 ~==~ \"1\"", "0"), ("null ~==~ 0", "0"), ("null ~==~ null", "1"),
        ("0 ~==~ -0", "1"), ("nan ~==~ nan", "0"), ("nan ~!=~ nan", "1"),
        ("[1,[2]] ~==~ [1,[2]]", "1"), ("[1] ~==~ [\"1\"]", "0"), ("{\"a\":null} ~==~ {}", "0"),
        ("{\"a\":1,\"b\":2} ~==~ {\"b\":2,\"a\":1}", "1"), ("\"abcdef\" ~==~ \"abcdef\"", "1"),
        ("@f ~==~ @f", "1"), ("@f ~!=~ @f", "0"), ("@f ~==~ 5", "null"), ("@f ~!=~ 5", "null"),
        ("5 ~==~ @f", "0"), ("@f ~==~ null", "0"), ("@f ~!=~ null", "1"),
    ]);
}

#[rustfmt::skip]
#[test]
fn fuzzy_logic() {
    check(&[
        ("0.5 ~and~ 0.5", "0.25"), ("0.5 ~or~ 0.5", "0.75"), ("-0.5 ~and~ 1", "0.5"),
        ("-0.5 ~or~ 0", "0.5"), ("5 ~and~ 0.5", "1"), ("\"a\" ~and~ 0.5", "0.5"),
        ("0.5 ~and~ \"a\"", "1"), ("0.3 ~or~ \"x\"", "1"), ("0.3 ~or~ \"\"", "1"),
        ("0.3 ~and~ \"\"", "0"), ("\"\" ~or~ 0.3", "0.3"), ("null ~or~ 0", "0"),
        ("null ~and~ 1", "0"), ("0.3 ~or~ null", "0.3"), ("[] ~or~ {1: 2}", "1"),
    ]);
    let mut bench = Bench::new();
    for (operand, is_true, not) in [
        ("0.3", true, "0.7"), ("-0.3", true, "0.7"), ("5", true, "0"), ("\"\"", false, "1"),
        ("[0]", true, "0"), ("[]", false, "1"), ("null", false, "1"), ("@f", true, "0"),
        ("{}", false, "1"), ("nan", true, "0"), ("-0", false, "1"), ("\"0\"", true, "0"),
    ] {
        let v = bench.value(operand);
        assert_eq!(logic::is_true(&bench.store, v), is_true, "{operand}");
        assert_eq!(bench.show(logic::not(&bench.store, v)), not, "{operand}");
    }
    for (x, expected) in [(1.0, true), (-1.5, true), (0.9, false), (f64::NAN, true), (1e20, true)] {
        assert_eq!(logic::or_short_circuits(Value::number(x)), expected);
    }
    assert!(!logic::or_short_circuits(Value::short(b"a")));
}

#[rustfmt::skip]
#[test]
fn texts() {
    let mut bench = Bench::new();
    for (literal, expected) in [
        (r#"[1, "a", null, [2, [3, [4]]]]"#, r#"[1, "a", null, [2, [3, [...]]]]"#),
        ("[[[[]]]]", "[[[[...]]]]"), ("[]", "[]"), ("{}", "{}"),
        ("[0.1, 0.33333333333]", "[0.1, 0.333333]"),
        (r#"{"a": {"b": {"c": {}}}}"#, r#"{"a": {"b": {"c": {...}}}}"#),
        (r#"{"a": [1, {"b": [2]}], null: "x"}"#, r#"{"a": [1, {"b": [...]}], null: "x"}"#),
        ("[@f]", r#"[FUNCTION(a, b=2, c="x", d)]"#), ("\"a\"", "a"), ("null", ""), ("-0", "-0"),
    ] {
        let v = bench.value(literal);
        let text = text::to_string_value(&mut bench.store, v).unwrap();
        assert_eq!(text.text().unwrap().as_str(), expected, "{literal}");
    }
    let mut out = String::new();
    text::print_text(&bench.store, Value::NULL, &mut out).unwrap();
    let quotes = bench.store.new_str("a\"b\"").unwrap();
    text::append(&bench.store, quotes, text::Form::Code, &mut out).unwrap();
    assert_eq!(out, "null\"a\"\"b\"\"\"");
}

#[rustfmt::skip]
#[test]
fn slices() {
    let mut bench = Bench::new();
    for (literal, expected) in [
        ("[\"abcde\", 1, 3]", "\"bc\""), ("[\"abcde\", null, 2]", "\"ab\""),
        ("[\"abcde\", 2, null]", "\"cde\""),
        ("[\"abcde\", -2, null]", "\"de\""), ("[\"abcde\", null, -2]", "\"abc\""),
        ("[\"abcde\", 3, 1]", "\"\""),
        ("[\"abcde\", -100, 2]", "\"ab\""), ("[\"abcde\", 1.9, 3.9]", "\"bc\""),
        ("[\"héllo\", 1, 3]", "\"él\""),
        ("[\"héllo world, how are you\", -3, -1]", "\"yo\""),
        ("[[1,2,3], null, null]", "[1, 2, 3]"),
        ("[[1,2,3,4], -3, -1]", "[2, 3]"), ("[[1,2], 1, 100]", "[2]"), ("[[1,2], 1, -100]", "[]"),
        ("[[1,2], 0, \"x\"]", "[]"), ("[{1: 2}, 1, 2]", "null"), ("[null, 1, 2]", "null"),
        ("[[1,2], 1e20, null]", "[1, 2]"), ("[[1,2], 0, 1e20]", "[]"),
    ] {
        let operands: Vec<Value> = bench.value(literal).as_list().unwrap().as_slice().to_vec();
        let v1 = Dialect::V1;
        let part = slice::slice(&mut bench.store, v1, operands[0], operands[1], operands[2]);
        assert_eq!(bench.show(part.unwrap()), expected, "{literal}");
    }
}

/// Operators leave the machine usable when memory is refused.
#[test]
fn memory_is_refused() {
    let mut bench = Bench::new();
    let a = bench.value("[1, \"a long string of text\", 3, 4, 5]");
    let b = bench.value("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5}");
    let s = bench.value("\"another long string of text\"");
    let apply = |bench: &mut Bench| -> Result<Value, Error> {
        let (store, v1) = (&mut bench.store, Dialect::V1);
        let list = arith::add(store, v1, a, a)?;
        let map = arith::add(store, v1, b, b)?;
        let text = arith::add(store, v1, s, list)?;
        let text = arith::add(store, v1, text, map)?;
        arith::mul(store, v1, text, Value::number(3.0))
    };
    let mut failures = 0;
    loop {
        bench.store.heap.memory.fail_after = failures;
        let result = apply(&mut bench);
        bench.store.heap.memory.fail_after = u64::MAX;
        match result {
            Ok(_) => break,
            Err(error) => assert_eq!(error.message(), "out of memory"),
        }
        failures += 1;
    }
    assert!(failures > 3, "{failures}");
}
