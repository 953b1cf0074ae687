//! What comes after the first error: recovery, positions, help, and texts that are merely
//! unfinished.

use super::{diagnostics, reported};
use alloc::string::String;
use alloc::vec::Vec;

/// Checks all errors of a text.
#[track_caller]
fn check_all(source: &str, expected: &[&str]) {
    let found: Vec<String> = diagnostics(source).iter().map(reported).collect();
    let found: Vec<&str> =
        found.iter().map(|text| text.trim_start_matches("Compiler Error: ")).collect();
    assert_eq!(found, expected, "{source:?}");
}

#[test]
fn one_mistake_one_diagnostic() {
    for source in [
        "if a = b then\nc\nelse\nd\nend if",
        "if a = b then c = 1 else d = 2",
        "if a b\nc\nend if",
        "if a then\nelse if = then\nb\nelse\nc\nend if",
        "while )\nbreak\nend while",
        "for x in null\ncontinue\nend for",
        "for x\ny\nend for",
        "f = )function(a)\nreturn a\nend function",
        "f = function(a=b)\nreturn a\nend function",
        "f = function(1)\nreturn a\nend function",
        "if a then f = function\nreturn 1\nend function",
        "if a then while b\nc\nend while",
        "if a then if b then\nc\nend if",
        "x = {\n\"a\": 1\n\"b\": 2,\n\"c\": 3\n}\ny = 1",
        "x = [1,\n2\n]\ny = 1",
        "x = f(1\nif a then\nb = 1\nend if",
        "while a\nif b then\nend while",
        "f = function\nif a then\nend function\nb",
        "f = function\nwhile a\nif b then\nend function\nb",
        "for x in y\nend while\nz",
        "if a then\nwhile b\nend if",
        "while a\nend\nb",
        "if a then\nb = 1\nend then\nend if",
        "x = [1,",
        "if a",
        "while a\nx = (",
    ] {
        let found = diagnostics(source);
        assert_eq!(found.len(), 1, "{source:?}: {found:?}");
    }
}

#[test]
fn many_mistakes_many_diagnostics() {
    check_all(
        "x = 1 2\ny = )\nif a = b then\nz = \"c\nbreak\nend if\nwhile 1",
        &[
            "got Number(2) where EOL is required [line 1]",
            "got RParen where number, string, or identifier is required [line 2]",
            "found = instead of == in if condition [line 3]",
            "Lexer Error: missing closing quote (\") [line 4]",
            "'break' without open loop block [line 5]",
            "'while' without matching 'end while' [line 8]",
        ],
    );
}

#[test]
fn spans_point_at_the_culprit() {
    for (source, culprit) in [
        ("x = 1 2", "2"),
        ("print 3.14.twice", "twice"),
        ("f(1) = 2", "f(1)"),
        ("f = function(a=b + c)", "b + c"),
        ("while a\nb", "while"),
        ("for x in null", "null"),
        ("x = \"abc\ny", "\"abc"),
        ("x = y.end", "end"),
        ("while a\nif b then\nend  while", "end  while"),
        ("if a then\nbreak\nend if", "break"),
    ] {
        let span = diagnostics(source)[0].span;
        assert_eq!(&source[span.start as usize..span.end as usize], culprit, "{source:?}");
    }
}

#[test]
fn help() {
    for (source, word) in [
        ("if a = b then c", "=="),
        ("while a = b\nend while", "=="),
        ("x = a && b", "`and`"),
        ("x = a || b", "`or`"),
        ("x = !a", "`not`"),
        ("x = a <> b", "`!=`"),
        ("x = a ** b", "`^`"),
        ("x++", "`+= 1`"),
        ("x = 'a'", "double quotes"),
        ("x = 1 # a", "`//`"),
        ("if a then\nelseif b then\nend if", "`else if`"),
        ("if a then\nelif b then\nend if", "`else if`"),
        ("if a\nb\nend if", "`then`"),
        ("x = y.in", "[\"in\"]"),
        ("a = b = 5", "one statement"),
        ("print f x", "parentheses"),
        ("x = [1\n]", "inside brackets"),
        ("while a", "end while"),
        ("end", "end if"),
        ("x = \"a", "line"),
    ] {
        let found = diagnostics(source);
        let help = found[0].help.clone().unwrap_or_default();
        assert!(help.contains(word), "{source:?}: {help:?}");
    }
}

#[test]
fn unfinished_texts() {
    for source in [
        "if a then",
        "while a\nb",
        "for x in y\n",
        "f = function(x)",
        "f = function\nif a then",
        "x = [1,",
        "x = [1, 2",
        "x = {1:",
        "f(",
        "f(1",
        "x = (1 +\n",
        "x = 1 +",
        "x = not",
        "a.",
        "x =",
        "f = function(a,",
        "print 1,\n",
        "x = a[",
    ] {
        let found = diagnostics(source);
        assert!(found.iter().any(|diagnostic| diagnostic.incomplete), "{source:?}: {found:?}");
    }
    for source in
        ["x = 1 2", "if a", "x = \"a", "x = [1, 2\n", "f = function\nif a then\nend function", ")"]
    {
        let found = diagnostics(source);
        assert!(found.iter().all(|diagnostic| !diagnostic.incomplete), "{source:?}: {found:?}");
    }
}

#[test]
fn no_prefix_of_a_program_panics() {
    let source = "f = function(a, b=-1)\n if a[1:2] then x.y += \"q\"\"\" else return @z\n\
        while not {1:[2,3]} isa map\nbreak;end while// c\nend function\nfor i in new q\nend for é";
    for start in source.char_indices().map(|(index, _)| index) {
        for end in (start..=source.len()).filter(|end| source.is_char_boundary(*end)) {
            let found = diagnostics(&source[start..end]);
            for diagnostic in &found {
                assert!(diagnostic.span.end as usize <= end - start, "{diagnostic:?}");
            }
        }
    }
}
