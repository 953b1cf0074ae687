//! What correct texts mean, section by section of LANGUAGE.md.

use super::super::{Dialect, ExprKind, StmtKind, parse};
use super::{check, tree};
use alloc::format;

#[test]
fn line_ends_and_separators() {
    for source in ["a\nb", "a\r\nb", "a\rb", "a;b", ";;a;\n\r\n;b;", "a // x\nb // y"] {
        check(source, "a b");
    }
    check("", "");
    check("// only a comment", "");
    check("#!/usr/bin/env miniscript\na", "a");
    check("#!", "");
}

#[test]
fn statement_lines() {
    let lines = |source| -> alloc::vec::Vec<u32> {
        parse(source, Dialect::V1).0.body.iter().map(|statement| statement.line).collect()
    };
    assert_eq!(lines("a\n\n b = 1 +\n 2; c\r\nd\re"), [1, 3, 4, 5, 6]);
    assert_eq!(lines("#!x\na"), [2]);
    assert_eq!(lines("f = function\na\nend function print 1\nwhile 0\nend while"), [1, 3, 4]);
    assert_eq!(parse("a\nb\n", Dialect::V1).0.last_line, 3);
}

#[test]
fn comments() {
    check("x = 10//2", "(= x 10)");
    check("x = \"a//b\"", r#"(= x "a//b")"#);
}

#[test]
fn identifiers() {
    check("日本 = 1; é_2 = 2; Ab = 3; ab = 4", "(= 日本 1) (= é_2 2) (= Ab 3) (= ab 4)");
    check("\u{feff}x = 1", "(= \u{feff}x 1)");
    check("a\u{a0}b = 1", "(= a\u{a0}b 1)");
    check("x = _a1", "(= x _a1)");
}

#[test]
fn words_reserved_in_v2_only() {
    check("self = super", "(= self super)");
    check(
        "x = locals.a + globals.b + outer.c",
        "(= x (+ (+ (. locals a) (. globals b)) (. outer c)))",
    );
    check("x.self = y.globals", "(= (. x self) (. y globals))");
    check("f = function(self, super)\nend function", "(= f (function (self super) {}))");
    check("x = [true, false, null]", "(= x (list 1 0 null))");
    check("ends = elsewhere + iff", "(= ends (+ elsewhere iff))");
}

#[test]
fn keyword_pairs() {
    check("if a then\nb\nelse \t if c then\nd\nend \t if", "(if a {b} c {d})");
    check("while a\nend\twhile", "(while a {})");
    check("if a then b else iffy", "(if a {b} else {iffy})");
}

#[test]
fn numbers() {
    for (literal, value) in [
        ("42", "42"),
        ("3.14", "3.14"),
        ("00012", "12"),
        ("007.50", "7.5"),
        (".5", "0.5"),
        (".5e1", "5"),
        ("5.", "5"),
        ("1e5", "100000"),
        ("1E5", "100000"),
        ("1e+5", "100000"),
        ("2.5E-3", "0.0025"),
        ("1E", "1"),
        ("1e+", "1"),
        ("1ee5", "1"),
        ("1.2.3", "1.2"),
        ("1e5e5", "100000"),
        ("1.e2", "100"),
        ("1e400", "inf"),
        ("1e-400", "0"),
        ("123456789", "123456789"),
        ("1234567890123", "1234567890123"),
        ("9007199254740993", "9007199254740992"),
    ] {
        check(&format!("x={literal}"), &format!("(= x {value})"));
    }
    check("x .5", "(command x 0.5)");
    check("x.5", "(command x 0.5)");
    check("x = (5).twice", "(= x (. (group 5) twice))");
    check("x = 1-2", "(= x (- 1 2))");
    check("x = 1e5-2", "(= x (- 100000 2))");
}

#[test]
fn strings() {
    check(r#"x = "She said ""hi"" \n""#, r#"(= x "She said \"hi\" \\n")"#);
    check(r#"x = """""#, r#"(= x "\"")"#);
    check(r#"x = "" + " ""#, r#"(= x (+ "" " "))"#);
    check("x = \"tab\tü\"", r#"(= x "tab\tü")"#);
    check(r#"print"yes""#, r#"(command print "yes")"#);
    check(r#"print "yes"+"no""#, r#"(command print (+ "yes" "no"))"#);
}

#[test]
fn lines_that_go_on() {
    for op in ["+", "-", "*", "/", "%", "^"] {
        for break_ in ["\n", ";", " // comment\n\n // another\n ", "\r\n"] {
            check(&format!("x = a {op}{break_}b"), &format!("(= x ({op} a b))"));
        }
    }
    for op in ["==", "!=", "<", ">", "<=", ">="] {
        check(&format!("x = a {op}\nb"), &format!("(= x (compare a {op} b))"));
    }
    for op in ["and", "or", "isa"] {
        check(&format!("x = a {op}\nb"), &format!("(= x ({op} a b))"));
    }
    check("x = -\na", "(= x (neg a))");
    check("x = not\na", "(= x (not a))");
    check("x = new\na", "(= x (new a))");
    check("x = @\na", "(= x (@ a))");
    check("x = a.\nb", "(= x (. a b))");
    check("x = f(\n1,\n2)", "(= x (call f 1 2))");
    check("x = f(\n)", "(= x (call f))");
    check("x = (\n1)", "(= x (group 1))");
    check("x = [\n1,\n2,\n]", "(= x (list 1 2))");
    check("x = [\n]", "(= x (list))");
    check("x = a[\n1]", "(= x (index a 1))");
    check("x = a[\n1:\n2]", "(= x (slice a 1 2))");
    check("x = {\n1:\n2,\n3: 4,\n}", "(= x (map 1 2 3 4))");
    check("x = {\n}", "(= x (map))");
    check("print 1,\n2", "(command print 1 2)");
    check("if a and\nb then\nend if", "(if (and a b) {})");
    check("return\n1", "(return) 1");
}

#[test]
fn precedence() {
    for (source, expected) in [
        ("2^3^2", "(^ (^ 2 3) 2)"),
        ("-3^2", "(neg (^ 3 2))"),
        ("2 * -3", "(* 2 (neg 3))"),
        ("5 - -1", "(- 5 (neg 1))"),
        ("-(-1)", "(neg (group (neg 1)))"),
        ("not 1 == 2", "(not (compare 1 == 2))"),
        ("not 1 and 0", "(and (not 1) 0)"),
        ("1 and not 0", "(and 1 (not 0))"),
        ("1 or 0 and 0", "(or 1 (and 0 0))"),
        ("1 and 0 or 0", "(or (and 1 0) 0)"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("12 % 7 * 2", "(* (% 12 7) 2)"),
        ("2 * 3 % 4", "(% (* 2 3) 4)"),
        ("2 + 3 * 4 ^ 5", "(+ 2 (* 3 (^ 4 5)))"),
        ("2 ^ 3 * 4 + 5", "(+ (* (^ 2 3) 4) 5)"),
        ("not 42 isa string", "(not (isa 42 string))"),
        ("42 isa number == 1", "(isa 42 (compare number == 1))"),
        ("1 < 2 isa number", "(isa (compare 1 < 2) number)"),
        (r#""a" + "b" isa string"#, r#"(isa (+ "a" "b") string)"#),
        ("a isa b and c isa d or e", "(or (and (isa a b) (isa c d)) e)"),
        (r#"(new {"v":3}).v"#, r#"(. (group (new (map "v" 3))) v)"#),
        ("new a.b ^ 2", "(new (^ (. a b) 2))"),
        ("-new a", "(neg (new a))"),
        ("-@a.b", "(neg (@ (. a b)))"),
        ("2^@a", "(^ 2 (@ a))"),
        ("@f(3)", "(@ (call f 3))"),
        ("@a[1].b + 1", "(+ (@ (. (index a 1) b)) 1)"),
        ("a < b <= c != d", "(compare a < b <= c != d)"),
        ("a + 1 == b * 2", "(compare (+ a 1) == (* b 2))"),
        ("a == b == c and d", "(and (compare a == b == c) d)"),
    ] {
        check(&format!("x = {source}"), &format!("(= x {expected})"));
    }
}

#[test]
fn operands() {
    for (source, expected) in [
        ("f (3)", "(call f 3)"),
        ("f(1, 2).g", "(. (call f 1 2) g)"),
        ("m.f (3)", "(call (. m f) 3)"),
        ("m.f(3)[0]", "(index (call (. m f) 3) 0)"),
        ("a[1][2]", "(index (index a 1) 2)"),
        ("a[1:2]", "(slice a 1 2)"),
        ("a[1:]", "(slice a 1 _)"),
        ("a[:2]", "(slice a _ 2)"),
        ("a[:]", "(slice a _ _)"),
        ("\"abc\".len", "(. \"abc\" len)"),
        ("\"abc\"[0]", "(index \"abc\" 0)"),
        ("[1, 2].len", "(. (list 1 2) len)"),
        ("[1, 2,]", "(list 1 2)"),
        ("{1:2, 3:4,}", "(map 1 2 3 4)"),
        ("{}", "(map)"),
        ("[]", "(list)"),
        ("f()", "(call f)"),
        ("a . b", "(. a b)"),
    ] {
        check(&format!("x = {source}"), &format!("(= x {expected})"));
    }
}

#[test]
fn block_ifs() {
    check(
        "if 0 then; print \"a\"; else if \"\" then; print \"b\"; else; print \"c\"; end if",
        r#"(if 0 {(command print "a")} "" {(command print "b")} else {(command print "c")})"#,
    );
    check("if a then\nend if", "(if a {})");
    check(
        "if a then\nif b then\nc\nelse\nd\nend if\nelse\ne\nend if",
        "(if a {(if b {c} else {d})} else {e})",
    );
}

#[test]
fn single_line_ifs() {
    check(
        "if 0 then print \"no\"; print \"always\"",
        r#"(if 0 {(command print "no")}) (command print "always")"#,
    );
    check(
        "if 1 then print \"A\" else if 1 then print \"B\" else print \"C\"",
        r#"(if 1 {(command print "A")} 1 {(command print "B")} else {(command print "C")})"#,
    );
    check("if 1 then if 0 then a else b", "(if 1 {(if 0 {a} else {b})})");
    check("if 1 then if 0 then a else b else c", "(if 1 {(if 0 {a} else {b})} else {c})");
    check("if 1 then a else if 2 then b", "(if 1 {a} 2 {b})");
    check("if a then x = 1 else y += 2", "(if a {(= x 1)} else {(+= y 2)})");
    check("if a then return else return b", "(if a {(return)} else {(return b)})");
    check("if a then return 1 else return 2", "(if a {(return 1)} else {(return 2)})");
    check("if a then f 1, 2 else g -1", "(if a {(command f 1 2)} else {(command g (neg 1))})");
    check("if a -b then c", "(if (- a b) {c})");
    check(
        "while 1\nif a then break else continue\nend while",
        "(while 1 {(if a {break} else {continue})})",
    );
    check(
        "f = function(x)\nif x < 0 then return \"neg\" else return \"pos\"\nend function",
        r#"(= f (function (x) {(if (compare x < 0) {(return "neg")} else {(return "pos")})}))"#,
    );
}

#[test]
fn loops() {
    check("while a\nb\nend while", "(while a {b})");
    check("for i in [1, 2]\nprint i\nend for", "(for i (list 1 2) {(command print i)})");
    check(
        "for i in x; for j in y; break; end for; continue; end for",
        "(for i x {(for j y {break}) continue})",
    );
    check(
        "while 1\nif a then\nbreak\nelse\nbreak\nend if\nend while",
        "(while 1 {(if a {break} else {break})})",
    );
    check("for x in (a)\nend for", "(for x (group a) {})");
}

#[test]
fn assignments() {
    check("a = 1", "(= a 1)");
    check("a.b = 1", "(= (. a b) 1)");
    check("a[0] = 1", "(= (index a 0) 1)");
    check("a.b[0].c = 1", "(= (. (index (. a b) 0) c) 1)");
    check("f(1).c = 1", "(= (. (call f 1) c) 1)");
    check("@x = 1", "(= x 1)");
    check("@x.y = 1", "(= (. x y) 1)");
    check("x = a -b", "(= x (- a b))");
    for op in ["+", "-", "*", "/", "%", "^"] {
        check(&format!("m[1] {op}= 2"), &format!("({op}= (index m 1) 2)"));
    }
    check("x -= 1 - 1 - 1", "(-= x (- (- 1 1) 1))");
    // Accepted here; an error when they run.
    check("5 = 6", "(= 5 6)");
    check("\"a\" += 6", "(+= \"a\" 6)");
    check("true = 3", "(= 1 3)");
    check("[1] = 3", "(= (list 1) 3)");
}

#[test]
fn commands() {
    for (source, expected) in [
        ("f", "f"),
        ("f 1", "(command f 1)"),
        ("f 1, 2", "(command f 1 2)"),
        ("f(1)", "(call f 1)"),
        ("f (1), 2", "(command f (group 1) 2)"),
        ("f (1 + 2) * 3", "(command f (* (group (+ 1 2)) 3))"),
        ("f(1 + 2)", "(call f (+ 1 2))"),
        ("f(1 + 2) * 3", "(* (call f (+ 1 2)) 3)"),
        ("f [1, 2]", "(command f (list 1 2))"),
        ("f {1: 2}", "(command f (map 1 2))"),
        ("f -3", "(command f (neg 3))"),
        ("f not a", "(command f (not a))"),
        ("f new a", "(command f (new a))"),
        ("f @g", "(command f (@ g))"),
        ("m.f 1", "(command (. m f) 1)"),
        ("m.f (1).g", "(command (. m f) (. (group 1) g))"),
        ("m[\"f\"]", "(index m \"f\")"),
        ("m[\"f\"] 7", "(command (index m \"f\") 7)"),
        ("m[\"f\"](8)", "(call (index m \"f\") 8)"),
        ("m[\"f\"](8, 9).g", "(. (call (index m \"f\") 8 9) g)"),
        ("m[\"f\"] (8)", "(command (index m \"f\") (group 8))"),
        ("getF(1) 5", "(command (call getF 1) 5)"),
        ("f(1)(2)", "(command (call f 1) (group 2))"),
        ("x + 1 2", "(command (+ x 1) 2)"),
        ("x + f (2)", "(+ x (call f 2))"),
        ("true", "1"),
        ("not a", "(not a)"),
        ("5 \"a\"", "(command 5 \"a\")"),
    ] {
        check(source, expected);
    }
}

#[test]
fn minus_signs() {
    for (source, expected) in [
        ("a - b", "(- a b)"),
        ("a- b", "(- a b)"),
        ("a-b", "(- a b)"),
        ("a -b", "(command a (neg b))"),
        ("a -\nb", "(- a b)"),
        ("a -// c\nb", "(- a b)"),
        ("print a -b", "(command print (- a b))"),
        ("[a -b]", "(list (- a b))"),
        ("(a -b)", "(group (- a b))"),
        ("f(a -b)", "(call f (- a b))"),
        ("a[0] -1", "(command (index a 0) (neg 1))"),
        ("m.f -1", "(command (. m f) (neg 1))"),
        ("a + b -1", "(command (+ a b) (neg 1))"),
        ("a * b -1", "(command (* a b) (neg 1))"),
        ("not a -1", "(command (not a) (neg 1))"),
        ("a// c\n-b", "a (neg b)"),
        ("-b", "(neg b)"),
        ("- b", "(neg b)"),
        ("print - 5", "(- print 5)"),
        ("print 3 -1", "(command print (- 3 1))"),
        ("f +3", "(+ f 3)"),
        ("f *3", "(* f 3)"),
        ("a -b -c", "(command a (- (neg b) c))"),
    ] {
        check(source, expected);
    }
}

#[test]
fn functions() {
    check("f = function\nend function", "(= f (function () {}))");
    check("f = function()\nend function", "(= f (function () {}))");
    check(
        "f = function(a, b=10, c=-5, d=\"x\", e=null, g=true, h=(3), i=-(2),)\na\nend function",
        r#"(= f (function (a b=10 c=-5 d="x" e=null g=1 h=3 i=-2) {a}))"#,
    );
    check("f = function; return 1; end function", "(= f (function () {(return 1)}))");
    check("f = function\na\nend function print 1", "(= f (function () {a})) (command print 1)");
    check(
        "apply 5, function(n)\nprint n\nend function\nx",
        "(command apply 5 (function (n) {(command print n)})) x",
    );
    check("return function\na\nend function", "(return (function () {a}))");
    check("x.y = function\na\nend function", "(= (. x y) (function () {a}))");
}

#[test]
fn function_inside_brackets_closed_before_its_body() {
    check("x = f(1, function())\na\nend function", "(= x (call f 1 (function () {a})))");
    check("x = [function()]\na\nend function", "(= x (list (function () {a})))");
    check("x = {1: function()}\na\nend function", "(= x (map 1 (function () {a})))");
    check(
        "while f(function())\na\nend function\nb\nend while",
        "(while (call f (function () {a})) {b})",
    );
    check(
        "if 0 then\nelse if f(function()) then\na\nend function\nb\nend if",
        "(if 0 {} (call f (function () {a})) {b})",
    );
}

#[test]
fn nested_functions() {
    check(
        "f = function\nwhile 1\ng = function(x)\na\nend function\nend while\nend function\ny",
        "(= f (function () {(while 1 {(= g (function (x) {a}))})})) y",
    );
}

#[test]
fn function_positions() {
    let source = "a\nf = function(x)\n\nreturn x\nend function";
    let (ast, _) = parse(source, Dialect::V1);
    let StmtKind::Assign(_, value) = &ast.body[1].kind else { panic!("{ast:?}") };
    let ExprKind::Function(function) = &value.kind else { panic!("{ast:?}") };
    assert_eq!((function.line, function.end_line), (2, 5));
    assert_eq!(&source[value.span.start as usize..value.span.end as usize], &source[6..]);
    assert_eq!(
        &source[ast.body[1].span.start as usize..ast.body[1].span.end as usize],
        &source[2..]
    );
}

#[test]
fn spans_cover_what_they_name() {
    let source = "x = [a.b(1), -c] + (d)";
    let (ast, _) = parse(source, Dialect::V1);
    let StmtKind::Assign(_, value) = &ast.body[0].kind else { panic!("{ast:?}") };
    let ExprKind::Binary(_, left, right) = &value.kind else { panic!("{ast:?}") };
    let ExprKind::List(items) = &left.kind else { panic!("{ast:?}") };
    let text =
        |expr: &super::super::Expr| &source[expr.span.start as usize..expr.span.end as usize];
    assert_eq!(text(value), "[a.b(1), -c] + (d)");
    assert_eq!((text(left), text(right)), ("[a.b(1), -c]", "(d)"));
    assert_eq!((text(&items[0]), text(&items[1])), ("a.b(1)", "-c"));
}

#[test]
fn v2_is_refused() {
    let (ast, diagnostics) = parse("a", Dialect::V2);
    assert!(ast.body.is_empty());
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].message, "dialect v2 is not supported yet");
    assert_eq!(diagnostics[0].line, None);
}

#[test]
fn the_same_text_gives_the_same_tree() {
    assert_eq!(tree("a\tb"), tree("a b"));
}
