//! What the analysis says about variables.

use crate::bytecode::Op;
use crate::compile::scope::{Captured, FnScope, Place, ScopeKind, analyze};
use crate::compile::{CompileOptions, compile};
use crate::syntax::{Dialect, parse};
use std::format;
use std::string::String;
use std::vec::Vec;

/// Analyzes a program and passes the scope of its first function, and a way to ask what names mean
/// there, to `test`.
fn with_function(source: &str, number: usize, test: impl FnOnce(&FnScope, &dyn Fn(&str) -> Place)) {
    let (ast, diagnostics) = parse(source, Dialect::V1);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let analysis = analyze(&ast, Dialect::V1, false);
    test(&analysis.functions[number], &|name| analysis.resolve(number, name));
}

/// A function with this body, inside a function with variable `v`.
fn inner(body: &str) -> String {
    format!("f = function(p)\n\tv = 1\n\tg = function(a)\n\t\t{body}\n\tend function\nend function")
}

#[test]
fn the_main_program_has_globals() {
    with_function("x = 1\nfor i in x\nend for", 0, |scope, resolve| {
        assert_eq!(scope.kind, ScopeKind::Main);
        assert_eq!(resolve("x"), Place::Global);
        assert_eq!(resolve("i"), Place::Global);
    });
}

#[test]
fn functions_of_the_main_program_capture_nothing() {
    with_function(
        "x = 1\nf = function\n\treturn outer.x + x\nend function",
        1,
        |scope, resolve| {
            assert_eq!((scope.kind, scope.captured), (ScopeKind::Plain, Captured::Nothing));
            assert_eq!(resolve("x"), Place::Global);
        },
    );
}

#[test]
fn what_an_inner_function_reads_is_in_the_environment() {
    for body in ["return v", "return outer.v", "outer.v = 2", "outer.v += 1", "print @v", "v"] {
        with_function(&inner(body), 1, |scope, resolve| {
            assert_eq!(scope.kind, ScopeKind::Plain, "{body}");
            assert_eq!(resolve("v"), Place::Env(0), "{body}");
            assert!(matches!(resolve("p"), Place::Local(_)), "{body}");
        });
        with_function(&inner(body), 2, |scope, _| {
            assert_eq!(scope.captured, Captured::Env(1), "{body}");
        });
    }
}

#[test]
fn a_variable_that_may_be_unassigned_is_looked_up_outside() {
    with_function(&inner("if a then v = 1\n\t\tprint v"), 2, |scope, resolve| {
        assert_eq!(scope.captured, Captured::Env(1));
        assert!(matches!(resolve("v"), Place::Local(_)));
    });
    with_function(&inner("v = 1\n\t\tprint v"), 2, |scope, _| {
        assert_eq!(scope.captured, Captured::Nothing);
    });
}

#[test]
fn a_parameter_nobody_assigns_stays_in_its_register() {
    with_function(&inner("return p"), 1, |_, resolve| {
        assert!(matches!(resolve("p"), Place::Local(_)));
    });
    with_function(&inner("return p"), 2, |_, resolve| assert_eq!(resolve("p"), Place::Up(0)));
    with_function(&inner("outer.p = 1"), 1, |_, resolve| assert_eq!(resolve("p"), Place::Env(0)));
}

#[test]
fn scopes_used_as_values_are_maps() {
    for body in ["locals.x = 1", "print locals", "import \"m\""] {
        with_function(&inner(body), 2, |scope, _| assert_eq!(scope.kind, ScopeKind::Map, "{body}"));
    }
    for body in ["x = outer", "print outer.len", "outer[a] = 1", "for k in outer\n\t\tend for"] {
        with_function(&inner(body), 1, |scope, _| assert_eq!(scope.kind, ScopeKind::Map, "{body}"));
        with_function(&inner(body), 2, |scope, resolve| {
            assert_eq!(scope.captured, Captured::Map, "{body}");
            assert_eq!(resolve("print"), Place::OuterMap, "{body}");
        });
    }
}

#[test]
fn a_literal_captures_only_when_it_is_assigned() {
    let source = "f = function(p)\n\treturn function\n\t\treturn p\n\tend function\nend function";
    with_function(source, 1, |scope, _| assert!(scope.slots.is_empty()));
    with_function(source, 2, |scope, resolve| {
        assert_eq!(scope.captured, Captured::Nothing);
        assert_eq!(resolve("p"), Place::Global);
    });
}

#[test]
fn an_inner_function_sees_the_self_of_its_method() {
    with_function(&inner("return self.x"), 1, |scope, _| {
        assert!(scope.uses_self);
        assert_eq!(scope.vars.get("self").and_then(|var| var.slot), Some(0));
    });
}

#[test]
fn compound_assignment_of_a_captured_variable_that_may_be_unassigned_needs_a_map() {
    let source = "f = function(c)\n\tif c then v = 1\n\tv += 1\n\
        \tg = function\n\t\treturn v\n\tend function\nend function";
    with_function(source, 1, |scope, _| assert_eq!(scope.kind, ScopeKind::Map));
}

/// Which variables a function marks as unassigned.
fn unassigned(body: &str) -> Vec<String> {
    let mut names = Vec::new();
    let source = format!("f = function(c)\n{body}\nend function");
    with_function(&source, 1, |scope, _| {
        names.extend(scope.vars.list.iter().filter(|v| v.unassigned).map(|v| v.name.clone()));
    });
    names
}

#[test]
fn definite_assignment() {
    let cases: &[(&str, &[&str])] = &[
        ("x = 1\nprint x", &[]),
        ("print x\nx = 1", &["x"]),
        ("x = x", &["x"]),
        ("x += 1", &["x"]),
        ("if c then\nx = 1\nelse\nx = 2\nend if\nprint x", &[]),
        ("if c then\nx = 1\nelse\nreturn\nend if\nprint x", &[]),
        ("if c then\nx = 1\nend if\nprint x", &["x"]),
        ("while c\nx = 1\nend while\nprint x", &["x"]),
        ("while true\nx = 1\nif c then break\nend while\nprint x", &[]),
        ("while true\nif c then break\nx = 1\nend while\nprint x", &["x"]),
        ("for x in c\nend for\nprint x", &["x"]),
        ("for x in c\nprint x\nend for", &[]),
        ("for i in c\nprint x\nx = 1\nend for", &["x"]),
        ("for i in c\nif i then continue\nx = 1\nprint x\nend for", &[]),
        ("for i in c\nprint __i_idx\nend for\nprint __i_idx", &[]),
    ];
    for (body, expected) in cases {
        assert_eq!(&unassigned(body), expected, "{body}");
    }
}

#[test]
fn too_large_functions_are_refused() {
    let check = |source: &str, expected: &str| {
        let (ast, diagnostics) = parse(source, Dialect::V1);
        assert!(diagnostics.is_empty());
        match compile(&ast, source, Dialect::V1, &CompileOptions::default()) {
            Ok(_) => panic!("accepted"),
            Err(found) => assert!(found[0].message.contains(expected), "{found:?}"),
        }
    };
    let params = (0..256).map(|i| format!("p{i}")).collect::<Vec<_>>().join(",");
    check(&format!("f = function({params})\nend function"), "255 parameters");
    let locals: String = (0..65_001).map(|i| format!("v{i} = 1\n")).collect();
    check(&format!("f = function\n{locals}end function"), "65000 registers");
}

#[test]
fn a_large_function_is_compiled_wide() {
    let body = "if a > 1 then a = a + 1\n".repeat(12_000);
    let source = format!("f = function(a)\nwhile a < 5\n{body}end while\nend function");
    let program = super::compiled(&source);
    let code = &program.protos[1].code;
    assert!(code.len() > 40_000);
    let has = |op: Op| code.iter().any(|&word| crate::bytecode::op_of(word) == Some(op));
    assert!(has(Op::Loop) && !has(Op::LoopLtK) && !has(Op::AddK));
}
