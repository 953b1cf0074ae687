//! Constants, arithmetic, representation changes.

use crate::support::build::{Build, EXIT_PC, FIRST_EXIT, copy, w, x};
use crate::support::machine::Machine;
use crate::support::{Random, SPECIAL};
use crate::{NAN, NULL, PROCESSOR_NAN, apply, load_doubles, return_double};
use brisk_jit::op::{Binary, Op, Unary};

/// A function of the doubles in the first two registers, as the operation gives them.
fn function(machine: &mut Machine, op: Op, operands: u8) -> u64 {
    let mut build = Build::new();
    load_doubles(&mut build, 2);
    let uses = [x(0), x(1)];
    build.op(op, &uses[..operands as usize], Some(x(2)));
    return_double(&mut build, 2);
    machine.install(&build)
}

fn same(a: u64, b: f64) -> bool {
    a == b.to_bits() || (f64::from_bits(a).is_nan() && b.is_nan())
}

#[test]
fn constants_are_what_they_say() {
    for bits in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, u64::MAX, NULL, NULL + 1] {
        let mut build = Build::new();
        build.op(Op::Word(bits), &[], Some(w(10)));
        build.op(Op::Return, &[w(0)], None).before(&[copy(w(10), w(0))]);
        build.end(&[]);
        assert_eq!(Machine::new().result(&build), bits);
        let mut build = Build::new();
        build.op(Op::F64(bits), &[], Some(x(9)));
        return_double(&mut build, 9);
        assert_eq!(Machine::new().result(&build), bits);
    }
}

#[test]
fn functions_of_two_doubles_are_those_of_the_processor() {
    type Function = fn(f64, f64) -> f64;
    let functions: [(Binary, Function); 5] = [
        (Binary::Add, |a, b| a + b),
        (Binary::Sub, |a, b| a - b),
        (Binary::Mul, |a, b| a * b),
        (Binary::Div, |a, b| a / b),
        (Binary::Min, |a, b| if a < b { a } else { b }),
    ];
    for (op, expected) in functions {
        let mut machine = Machine::new();
        let code = function(&mut machine, Op::Binary(op), 2);
        for a in SPECIAL {
            for b in SPECIAL {
                let is = apply(&mut machine, code, a, b);
                assert!(same(is, expected(a, b)), "{op:?} {a} {b}: {is:x}");
            }
        }
    }
}

#[test]
fn functions_of_one_double_are_those_of_rust() {
    type Function = fn(f64) -> f64;
    let functions: [(Unary, Function); 5] = [
        (Unary::Sqrt, f64::sqrt),
        (Unary::Abs, f64::abs),
        (Unary::Floor, f64::floor),
        (Unary::Ceil, f64::ceil),
        (Unary::Trunc, f64::trunc),
    ];
    let mut random = Random(7);
    for (op, expected) in functions {
        let mut machine = Machine::new();
        let code = function(&mut machine, Op::Unary(op), 1);
        let more = (0..200).map(|_| random.double());
        for a in SPECIAL.into_iter().chain(more) {
            let is = apply(&mut machine, code, a, 0.0);
            assert!(same(is, expected(a)), "{op:?} {a}: {is:x}");
        }
    }
}

#[test]
fn truncation_gives_the_integer_or_the_least() {
    let mut build = Build::new();
    load_doubles(&mut build, 1);
    build.op(Op::Truncate, &[x(0)], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    let mut random = Random(3);
    let more = (0..2000).map(|_| random.double());
    for a in SPECIAL.into_iter().chain(more) {
        let fits = (-9223372036854775808.0..9223372036854775808.0).contains(&a);
        let expected = if fits { a as i64 } else { i64::MIN };
        assert_eq!(apply(&mut machine, code, a, 0.0) as i64, expected, "{a}");
    }
}

#[test]
fn integers_become_doubles() {
    let mut build = Build::new();
    build.op(Op::Word(-5i64 as u64), &[], Some(w(8)));
    build.op(Op::IntToF64, &[w(8)], Some(x(11)));
    return_double(&mut build, 11);
    assert_eq!(f64::from_bits(Machine::new().result(&build)), -5.0);
}

#[test]
fn values_have_one_nan() {
    let mut build = Build::new();
    load_doubles(&mut build, 1);
    build.op(Op::ToValue, &[x(0)], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    for bits in [PROCESSOR_NAN, NAN, 0x7FFF_FFFF_FFFF_FFFF, 0xFFFF_0000_0000_0001] {
        assert_eq!(apply(&mut machine, code, f64::from_bits(bits), 0.0), NAN);
    }
    for a in [1.5, -0.0, f64::INFINITY] {
        assert_eq!(apply(&mut machine, code, a, 0.0), a.to_bits());
    }
}

#[test]
fn the_remainder_is_of_whole_numbers_or_leaves() {
    let mut machine = Machine::new();
    let code = function(&mut machine, Op::Modulo, 2);
    let mut random = Random(11);
    let mut exits = 0;
    let mut check = |a: f64, b: f64| {
        machine.reset();
        machine.set_number(0, a);
        machine.set_number(1, b);
        let left = machine.enter(code);
        let whole = |x: f64| x >= 0.0 && x == x.trunc() && !(x == 0.0 && x.is_sign_negative());
        let a_fits = whole(a) && a < 4294967296.0;
        if a_fits && whole(b) && (1.0..2147483648.0).contains(&b) {
            assert_eq!(f64::from_bits(machine.returned()), a % b, "{a} {b}");
            assert_eq!(machine.vm.native_exit, 0);
        } else {
            exits += 1;
            assert_eq!((left.pc, left.base), (EXIT_PC, machine.window()), "{a} {b}");
            assert_eq!(machine.vm.native_exit, FIRST_EXIT);
        }
    };
    for a in SPECIAL {
        for b in SPECIAL {
            check(a, b);
        }
    }
    for _ in 0..20_000 {
        check(random.double(), random.double());
    }
    assert!((1000..19_000).contains(&exits), "both ways are tried: {exits}");
}
