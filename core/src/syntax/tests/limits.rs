//! Hostile texts: deep, long, many. Nothing may overflow the stack, and time stays linear.

use super::super::{Dialect, parse};
use super::{diagnostics, first_error, tree};
use crate::limits::{DIAGNOSTICS_MAX, NESTING_MAX, TREE_DEPTH_MAX};
use alloc::format;
use alloc::string::String;

const TOO_DEEP: &str = "Compiler Error: expression is nested too deeply [line 1]";
const BLOCKS_TOO_DEEP: &str = "Compiler Error: blocks are nested too deeply";

/// A text with `count` levels of brackets.
fn nested(open: &str, inner: &str, close: &str, count: usize) -> String {
    format!("x = {}{inner}{}", open.repeat(count), close.repeat(count))
}

#[test]
fn brackets() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{1:", "2", "}"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("a[:", "1", "]"),
    ] {
        assert_eq!(first_error(&nested(open, inner, close, NESTING_MAX)), "", "{open}");
        assert_eq!(first_error(&nested(open, inner, close, NESTING_MAX + 1)), TOO_DEEP, "{open}");
        assert_eq!(first_error(&nested(open, inner, close, 100_000)), TOO_DEEP, "{open}");
        assert_eq!(first_error(&nested(open, "", "", 100_000)), TOO_DEEP, "{open}");
    }
}

#[test]
fn operators() {
    assert_eq!(first_error(&nested("1+(", "1", ")", 90)), "");
    assert_eq!(
        first_error(&nested("a or b and not c isa d == e + f * -(", "1", ")", 100_000)),
        TOO_DEEP
    );
    assert_eq!(first_error(&nested("-(", "1", ")", 100_000)), TOO_DEEP);
}

#[test]
fn chains() {
    for (link, name) in [
        ("+a", "sum"),
        ("*a", "product"),
        ("^a", "power"),
        (".a", "member"),
        ("[0]", "index"),
        ("[:]", "slice"),
        (" and a", "and"),
        (" or a", "or"),
        (".a(1)", "method"),
    ] {
        let chain = |count| format!("x = a{}", link.repeat(count));
        // A link is one step down the tree, a method call two; the operand they begin with is one.
        let most = if name == "method" { TREE_DEPTH_MAX / 2 - 1 } else { TREE_DEPTH_MAX - 2 };
        assert_eq!(first_error(&chain(most)), "", "{name}");
        assert_eq!(first_error(&chain(most + 1)), TOO_DEEP, "{name}");
        assert_eq!(first_error(&chain(100_000)), TOO_DEEP, "{name}");
    }
    // These make flat trees.
    assert_eq!(first_error(&format!("x = a{}", " < a".repeat(100_000))), "");
    assert_eq!(first_error(&format!("x = [{}]", "a,".repeat(100_000))), "");
    assert_eq!(first_error(&format!("f 1{}", ", a".repeat(100_000))), "");
    assert_eq!(first_error(&format!("if a then b{}", " else if a then b".repeat(100_000))), "");
}

#[test]
fn blocks() {
    for (open, close) in [
        ("if a then\n", "\nend if"),
        ("while a\n", "\nend while"),
        ("for a in b\n", "\nend for"),
        ("f = function\n", "\nend function"),
        ("if a then\nelse if b then\nelse\n", "\nend if"),
    ] {
        let blocks = |count| format!("{}x = 1 + 1{}", open.repeat(count), close.repeat(count));
        assert_eq!(first_error(&blocks(NESTING_MAX)), "", "{open}");
        assert!(first_error(&blocks(NESTING_MAX + 1)).starts_with(BLOCKS_TOO_DEEP), "{open}");
        assert!(first_error(&blocks(100_000)).starts_with(BLOCKS_TOO_DEEP), "{open}");
        assert!(first_error(&open.repeat(100_000)).starts_with(BLOCKS_TOO_DEEP), "{open}");
    }
    let inline = |count| format!("{}b", "if a then ".repeat(count));
    assert_eq!(first_error(&inline(NESTING_MAX)), "");
    assert_eq!(first_error(&inline(NESTING_MAX + 2)), TOO_DEEP);
    assert_eq!(first_error(&inline(100_000)), TOO_DEEP);
}

#[test]
fn functions_deep_in_expressions() {
    let level =
        format!("x = {}function(){}{}\n", "f(".repeat(100), ")".repeat(100), ".a".repeat(500));
    let error = first_error(&level.repeat(100));
    assert!(error.contains("nested too deeply"), "{error}");
}

#[test]
fn a_small_stack_suffices() {
    let run = || {
        for source in [
            nested("(", "", "", 1000),
            nested("f(", "", "", 1000),
            nested("[", "", "", 1000),
            nested("{1:", "", "", 1000),
            nested("a[", "", "", 1000),
            nested("a or b and not c isa d == e + f * -g ^ (", "", "", 1000),
            "if a then ".repeat(1000),
        ] {
            assert_eq!(first_error(&source), TOO_DEEP);
        }
    };
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK_BYTES).spawn(run);
    thread.expect("a thread can be made").join().expect("the stack suffices");
}

/// What the parser may use, in bytes, in a debug build.
const SMALL_STACK_BYTES: usize = 768 * 1024;

#[test]
fn many_errors() {
    assert_eq!(diagnostics(&"x = )\n".repeat(10_000)).len(), DIAGNOSTICS_MAX);
    assert_eq!(diagnostics(&"break\n".repeat(10_000)).len(), DIAGNOSTICS_MAX);
    assert_eq!(diagnostics(&"x = [)\n".repeat(10_000)).len(), DIAGNOSTICS_MAX);
}

#[test]
fn long_lines() {
    let long = "a".repeat(1 << 20);
    assert_eq!(tree(&long).len(), 1 << 20);
    assert_eq!(tree(&format!("x = \"{long}\"")).len(), (1 << 20) + 8);
    assert_eq!(
        first_error(&format!("x = \"{long}")),
        "Lexer Error: missing closing quote (\") [line 1]"
    );
    assert_eq!(tree(&format!("x = {}", "1".repeat(100_000))), "(= x inf)");
    assert_eq!(tree(&";".repeat(1 << 20)), "");
    let quotes = format!("x = \"{}\"", "\"\"".repeat(100_000));
    assert!(parse(&quotes, Dialect::V1).1.is_empty());
}
