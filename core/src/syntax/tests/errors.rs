//! The first error of incorrect texts, to the letter.

use super::{check_error, first_error};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const OPERAND: &str = "where number, string, or identifier is required";

#[test]
fn examples_of_the_specification() {
    check_error(
        "number.twice = function\n\treturn self * 2\nend function\nprint 3.14.twice\n",
        "got Identifier(twice) where Comma or EOL is required [line 4]",
    );
    check_error("x = [1,\n2\n]\n", "got EOL(\n) where Comma or RSquare is required [line 1]");
    check_error(
        "fs = [function(x)\n\treturn x + 1\nend function, function(x)\n\treturn x\nend function]\n",
        "got EOL(\n) where Comma or RSquare is required [line 1]",
    );
    check_error(
        "if 0 then; print \"a\"; else if \"\"; then; print \"b\"; else; print \"c\"; end if\n",
        "got EOL(;) where Keyword(then) is required [line 1]",
    );
    check_error("null", "unexpected keyword 'null' at start of line [line 1]");
}

#[test]
fn lexer_errors() {
    let quote = "Lexer Error: missing closing quote (\")";
    let end = "Lexer Error: 'end' without following keyword ('if', 'function', etc.)";
    check_error("x = \"abc", &format!("{quote} [line 1]"));
    check_error("a\nx = \"abc\ny", &format!("{quote} [line 2]"));
    check_error("x = \"abc\ry\"", &format!("{quote} [line 1]"));
    check_error("x = \"abc\"\"", &format!("{quote} [line 1]"));
    check_error("x = 1 +\n\"abc", &format!("{quote} [line 1]"));
    check_error("f \"a", &format!("{quote} [line 1]"));
    // On the first token of a statement: no location.
    check_error("\"abc", quote);
    check_error("x = 1\n\"abc", quote);
    check_error("while 1\nend\n", end);
    check_error("end 5", end);
    check_error("end // if", end);
    check_error("end self", end);
    check_error("x = y.end", &format!("{end} [line 1]"));
    check_error("x = end", &format!("{end} [line 1]"));
}

#[test]
fn reserved_words() {
    check_error("x = y.in", "got Keyword(in) where Identifier is required [line 1]");
    check_error("x = y.true", "got Keyword(true) where Identifier is required [line 1]");
    check_error("x = y.end if", "got Keyword(end if) where Identifier is required [line 1]");
    check_error("x = repeat", &format!("got Keyword(repeat) {OPERAND} [line 1]"));
    check_error("null = 3", "unexpected keyword 'null' at start of line [line 1]");
    for word in ["then", "in", "new", "null", "function", "and", "or", "isa", "repeat", "end then"]
    {
        let message = format!("unexpected keyword '{word}' at start of line [line 2]");
        check_error(&format!("a\n{word} x"), &message);
    }
    check_error("end   return", "unexpected keyword 'end return' at start of line [line 1]");
    check_error("end end if", "unexpected keyword 'end end' at start of line [line 1]");
}

#[test]
fn numbers_and_characters() {
    check_error("x = 1e", "invalid numeric literal: 1e [line 1]");
    check_error("x = 1 +\n12.5e", "invalid numeric literal: 12.5e [line 1]");
    check_error("x = 0x1F", "got Identifier(x1F) where EOL is required [line 1]");
    check_error("x = 1_000", "got Identifier(_000) where EOL is required [line 1]");
    check_error("x = 12abc", "got Identifier(abc) where EOL is required [line 1]");
    check_error("x = 1 # no", "got Unknown(#) where EOL is required [line 1]");
    check_error("x = a && b", "got Unknown(&) where EOL is required [line 1]");
    check_error("x = !a", &format!("got Unknown(!) {OPERAND} [line 1]"));
    check_error("x = 'a'", &format!("got Unknown(') {OPERAND} [line 1]"));
    check_error("x = 1\u{c}", "got Unknown(\u{c}) where EOL is required [line 1]");
    check_error("x = \0", &format!("got Unknown(\0) {OPERAND} [line 1]"));
}

#[test]
fn line_breaks() {
    let eol = format!("got EOL(\n) {OPERAND} [line 1]");
    for op in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
        check_error(&format!("x {op}\n1"), &eol);
    }
    for source in ["if\na then", "while\na", "for x in\na\n", "f = function(a=\n1)"] {
        check_error(source, &eol);
    }
    check_error("f = function(\na)", "got EOL(\n) where an identifier is required [line 2]");
    check_error("f = function(a,\nb)", "got EOL(\n) where an identifier is required [line 2]");
    check_error("for\nx in y", "got EOL(\n) where Identifier is required [line 2]");
    check_error("for x\nin y", "got EOL(\n) where Keyword(in) is required [line 2]");
    check_error("if a\nthen", "got EOL(\n) where Keyword(then) is required [line 2]");
    // Never before an operator or a bracket.
    check_error("x = a\n.b", &format!("got Dot {OPERAND} [line 2]"));
    check_error("x = a\n+ b", &format!("got OpPlus {OPERAND} [line 2]"));
    check_error("x = (a\n)", "got EOL(\n) where RParen is required [line 2]");
    check_error("x = f(a\n)", "got EOL(\n) where Comma or RParen is required [line 1]");
    check_error("x = f(a,\n)", &format!("got RParen {OPERAND} [line 1]"));
    check_error("x = a[1\n]", "got EOL(\n) where RSquare is required [line 2]");
    check_error("x = a[1:\n2\n]", "got EOL(\n) where RSquare is required [line 3]");
    check_error("x = {1:2\n}", "got EOL(\n) where Comma or RCurly is required [line 1]");
    check_error("x = {1\n:2}", "got EOL(\n) where Colon is required [line 2]");
    check_error("x = [1;2]", "got EOL(;) where Comma or RSquare is required [line 1]");
}

#[test]
fn prefix_operators_at_their_own_layer() {
    for (source, got) in [
        ("2^-1", "OpMinus"),
        ("--1", "OpMinus"),
        ("not not 1", "Keyword(not)"),
        ("1 + not 0", "Keyword(not)"),
        ("2 * not 0 + 1", "Keyword(not)"),
        ("new new x", "Keyword(new)"),
        ("new -x", "OpMinus"),
        ("@@x", "AddressOf"),
        ("@-x", "OpMinus"),
        ("2 ^ new x", "Keyword(new)"),
        ("a == not b", "Keyword(not)"),
    ] {
        check_error(&format!("r_ = {source}\nprint @r_"), &format!("got {got} {OPERAND} [line 1]"));
    }
    check_error(
        "r_ = 5 isa number isa number\n",
        "got Keyword(isa) where EOL is required [line 1]",
    );
}

#[test]
fn operands_and_calls() {
    check_error("x = f(1)(2)", "got LParen where EOL is required [line 1]");
    check_error("x = m[\"f\"](5)", "got LParen where EOL is required [line 1]");
    check_error("x = (a)(5)", "got LParen where EOL is required [line 1]");
    check_error("f (1, 2)", "got Comma where RParen is required [line 1]");
    check_error("x = l [0]", "got LSquare where EOL is required [line 1]");
    check_error("print l [0]", "got LSquare where Comma or EOL is required [line 1]");
    check_error("print f 3", "got Number(3) where Comma or EOL is required [line 1]");
    check_error("x = [1,,2]", &format!("got Comma {OPERAND} [line 1]"));
    check_error("x = {1, 2}", "got Comma where Colon is required [line 1]");
    check_error("x = a.\"b\"", "got String(b) where Identifier is required [line 1]");
    check_error("x = a \"b \"\"c\"", "got String(b \"c) where EOL is required [line 1]");
    check_error("x = )", &format!("got RParen {OPERAND} [line 1]"));
    check_error("x =", &format!("got EOL {OPERAND} [line 1]"));
    check_error("x = f(", &format!("got EOL {OPERAND} [line 1]"));
    check_error("x = f(1", "got EOL where Comma or RParen is required [line 1]");
    check_error("a = b = 5", "got OpAssign where EOL is required [line 1]");
    check_error("x = 1 2", "got Number(2) where EOL is required [line 1]");
    check_error("x = 1 +\n2 3", "got Number(3) where EOL is required [line 2]");
}

#[test]
fn every_symbol_has_its_name() {
    let mut described = Vec::new();
    for symbol in [
        "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "=", "+=", "-=", "*=", "/=", "%=",
        "^=", "]", "}", ",", ".", ":", "+", "+-",
    ] {
        let error = first_error(&format!("x = 1 + {symbol} a"));
        described.push(String::from(error.split(' ').nth(3).unwrap_or_default()));
    }
    let expected = "OpTimes OpDivide OpMod OpPower OpEqual OpNotEqual OpGreater OpGreatEqual \
        OpLesser OpLessEqual OpAssign OpAssignPlus OpAssignMinus OpAssignTimes OpAssignDivide OpAssignMod \
        OpAssignPower RSquare RCurly Comma Dot Colon OpPlus OpPlus";
    assert_eq!(described.join(" "), expected);
    check_error("x = 1 {", "got LCurly where EOL is required [line 1]");
    check_error("x = 1 @", "got AddressOf where EOL is required [line 1]");
}

#[test]
fn ifs() {
    check_error("if a = b then\nend if", "found = instead of == in if condition [line 1]");
    check_error(
        "if a then\nelse if a = b then\nend if",
        "found = instead of == in if condition [line 2]",
    );
    check_error("if a print b", "got Identifier(print) where Keyword(then) is required [line 1]");
    check_error(
        "if a then\nelse print b\nend if",
        "got Identifier(print) where EOL is required [line 2]",
    );
    check_error("if a then\nelse if b then c", "got Identifier(c) where EOL is required [line 2]");
    check_error(
        "if a then\nend if print b",
        "got Identifier(print) where EOL is required [line 2]",
    );
    check_error(
        "if a then x = 5 6",
        "got Number(6) where Keyword(else) or EOL is required [line 1]",
    );
    check_error("if a then f 5 6", "got Number(6) where Comma or EOL is required [line 1]");
    check_error(
        "if a then b = 1 else c = 2 else d",
        "got Keyword(else) where EOL is required [line 1]",
    );
    check_error("if a then while b", "loop is invalid within single-line 'if' [line 1]");
    check_error(
        "if a then b else for x in y\nend for",
        "loop is invalid within single-line 'if' [line 1]",
    );
    let structure = "invalid control structure within single-line 'if' [line 1]";
    check_error("if a then if b then\nc\nend if", structure);
    check_error("if a then b else if c then\nd\nend if", structure);
    let end_if = "'end if' without matching 'if'";
    check_error("if a then f = function\nend function", &format!("{end_if} [line 1]"));
    check_error(
        "if a then b = 1 else f = function(x)\nend function",
        &format!("{end_if} [line 1]"),
    );
    check_error("\nend if", &format!("{end_if} [line 2]"));
    check_error("if a then\nwhile b\nend if", &format!("{end_if} [line 3]"));
    check_error("if a then end if", &format!("{end_if} [line 1]"));
    check_error("if a then then", "unexpected keyword 'then' at start of line [line 1]");
    check_error("else\n", "'else' without matching block starter [line 1]");
    check_error("a\nelse if b then\n", "'else' without matching block starter [line 2]");
    check_error(
        "f = function\nelse\nend function",
        "'else' without matching block starter [line 2]",
    );
}

#[test]
fn closers_that_skip() {
    check_error("while a\nif b then\nend while", "'end while' skips expected 'else' [line 3]");
    check_error(
        "while a\nif b then\nelse\nend while",
        "'end while' skips expected 'end if' [line 4]",
    );
    check_error("for i in a\nif b then\nend for", "'end for' skips expected 'else' [line 3]");
    check_error("if a then\nwhile b\nelse", "'else' skips expected 'end while' [line 3]");
    check_error("if a then\nelse\nelse\nend if", "'else' skips expected 'end if' [line 3]");
    check_error(
        "if a then\nfor x in y\nelse if c then",
        "'else' skips expected 'end for' [line 3]",
    );
    check_error("while a\nif b then end while", "'end while' skips expected 'else' [line 2]");
    check_error(
        "while a\nif b then c = 1 else end while",
        "'end while' skips expected 'end if' [line 2]",
    );
    // A break in between is no obstacle.
    check_error(
        "while a\nif b then\nbreak\nend while",
        "'end while' skips expected 'else' [line 4]",
    );
}

#[test]
fn loops() {
    check_error("end while", "'end while' without matching 'while' [line 1]");
    check_error("end for", "'end for' without matching 'for' [line 1]");
    check_error("for x in y\nend while", "'end while' without matching 'while' [line 2]");
    check_error("while x\nend for", "'end for' without matching 'for' [line 2]");
    check_error(
        "for i in x\nif a then\nend while",
        "'end while' without matching 'while' [line 3]",
    );
    check_error(
        "while x\nf = function\nend while",
        "'end while' without matching 'while' [line 3]",
    );
    check_error("while a print b", "got Identifier(print) where EOL is required [line 1]");
    check_error("while a = b\n", "got OpAssign where EOL is required [line 1]");
    check_error("for x in null\n", "sequence expression expected for 'for' loop [line 1]");
    check_error("for 5 in x\n", "got Number(5) where Identifier is required [line 1]");
    check_error("for x.y in x\n", "got Dot where Keyword(in) is required [line 1]");
    check_error("for x of y\n", "got Identifier(of) where Keyword(in) is required [line 1]");
    for word in ["break", "continue"] {
        let message = format!("'{word}' without open loop block");
        check_error(&format!("a\n{word}\nb"), &format!("{message} [line 2]"));
        check_error(&format!("if a then {word}"), &format!("{message} [line 1]"));
        let source = format!("while 1\nf = function\n{word}\nend function\nend while");
        check_error(&source, &format!("{message} [line 3]"));
    }
    check_error("while a\nbreak b\nend while", "got Identifier(b) where EOL is required [line 2]");
}

#[test]
fn missing_ends() {
    check_error("if a then\nb", "'if' without matching 'end if' [line 3]");
    check_error("if a then\nb\n", "'if' without matching 'end if' [line 3]");
    check_error("if a then\nb\nelse\nc", "'if' without matching 'end if' [line 5]");
    check_error("if a then\nb\nelse if c then\nd", "'if' without matching 'end if' [line 5]");
    check_error("while a\nb\n", "'while' without matching 'end while' [line 3]");
    check_error("for a in b\n", "'for' without matching 'end for' [line 2]");
    check_error("f = function\n", "'function' without matching 'end function' [line 2]");
    check_error("while 1\nf = function\n", "'function' without matching 'end function' [line 3]");
    check_error("f = function\nwhile 1\n", "'while' without matching 'end while' [line 3]");
    check_error("f = function\nif a then\nend function", "'if' without matching 'end if' [line 4]");
    check_error(
        "f = function\nwhile a\nend function\n",
        "'while' without matching 'end while' [line 4]",
    );
    check_error(
        "f = function\nfor a in b\nend function\n",
        "'for' without matching 'end for' [line 4]",
    );
    check_error("end function", "'end function' without matching block starter [line 1]");
    check_error(
        "if a then\nend function",
        "'end function' without matching block starter [line 2]",
    );
}

#[test]
fn loops_without_end_that_contain_a_break() {
    check_error("while a\nbreak\n", "unmatched block opener [line 3]");
    check_error("for a in b\nbreak\nc", "unmatched block opener [line 4]");
    check_error("while a\nif b then break\n", "unmatched block opener [line 3]");
    check_error("while a\nif b then\nbreak\nend if", "unmatched block opener [line 5]");
    check_error("f = function\nwhile a\nbreak\nend function", "unmatched block opener [line 5]");
    check_error(
        "while a\nwhile b\nbreak\nend while",
        "'while' without matching 'end while' [line 5]",
    );
    check_error("while a\nbreak\nif b then", "'if' without matching 'end if' [line 4]");
    check_error("while a\nif b then\nbreak\nelse\n", "'if' without matching 'end if' [line 5]");
    check_error("while a\ncontinue\n", "'while' without matching 'end while' [line 3]");
}

#[test]
fn assignments() {
    let message = "invalid assignment (not an lvalue) [line 2]";
    for left in ["a + 1", "f(1)", "a[1:2]", "(a)", "-a", "not a", "a == b", "@f(1)", "-5", "@(a)"] {
        check_error(&format!("\n{left} = 3"), message);
        check_error(&format!("\n{left} += 3"), message);
    }
}

#[test]
fn function_literals() {
    check_error("f = function(1)", "got Number(1) where an identifier is required [line 1]");
    check_error(
        "f = function(a b)",
        "got Identifier(b) where Comma or RParen is required [line 1]",
    );
    check_error("f = function(if)", "got Keyword(if) where an identifier is required [line 1]");
    check_error("f = function x", "got Identifier(x) where LParen is required [line 1]");
    check_error("f(function)", "got RParen where LParen is required [line 1]");
    check_error("f = function(a) + 1", "got OpPlus where EOL is required [line 1]");
    for default in ["b", "1+2", "[]", "{}", "-b", "-\"a\"", "not 1", "f(1)", "a.b", "--1"] {
        let expected = match default {
            "--1" => format!("got OpMinus {OPERAND} [line 1]"),
            _ => String::from("parameter default value must be a literal value [line 1]"),
        };
        check_error(&format!("f = function(a={default})"), &expected);
    }
    let two = "can't start two functions in one statement [line 1]";
    check_error("f(function(a), function(b))", two);
    check_error("f function(a), function(b)", two);
    check_error("f = function\nend function)", &format!("got RParen {OPERAND} [line 2]"));
}
