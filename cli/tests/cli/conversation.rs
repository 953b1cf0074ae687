//! The REPL, spoken to through a pipe.

use crate::{Ran, brisk};

fn converse(input: &str) -> Ran {
    brisk(&["repl"], input)
}

fn check(input: &str, stdout: &str, stderr: &str) {
    let ran = converse(input);
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, stdout, stderr),
        "{input}"
    );
}

/// The transcript of the specification (LANGUAGE.md §21.2).
#[test]
fn transcript() {
    let input = "1+2\n_ + 1\nx = 5\nx\nx = 6; x; x+1\n\
                 f = function(a)\nreturn a*2\nend function\nf 4\n\
                 for i in [1,2]\nprint i\nend for\nnull\n@f\nprint 5\n";
    let stderr = "Compiler Error: unexpected keyword 'null' at start of line [line 1]\n";
    check(input, "3\n4\n5\n7\n8\n1\n2\nFUNCTION(a)\n5\n", stderr);
}

#[test]
fn unfinished_lines_go_on() {
    check("x = [1,\n2]\nx\n", "[1, 2]\n", "");
    check("x =\n5\nx\n", "5\n", "");
    check("1 +\n2\n", "3\n", "");
    check("f = function(a,\nb=2)\nreturn a+b\nend function\nf 1\n", "3\n", "");
}

#[test]
fn errors_do_not_end_it() {
    let stderr =
        "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context [line 2]\n";
    check("x = 1\nif x then\nnosuch\nend if\nx\n", "1\n", stderr);
    check("\"ab\"\n\"cd", "ab\n", "Lexer Error: missing closing quote (\")\n");
    let ran = converse("while true\n");
    assert_eq!(ran.stderr, "Compiler Error: 'while' without matching 'end while' [line 2]\n");
}

#[test]
fn exit_ends_it() {
    let ran = converse("exit 7\nprint 1\n");
    assert_eq!((ran.status, ran.stdout.as_str()), (7, ""));
}

#[test]
fn questions_are_answered_by_the_same_input() {
    check("a = input\nhello\na\n", "hello\n", "");
}
