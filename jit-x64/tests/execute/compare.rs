//! Comparisons as values, as branches and as checks, and checks of values.

use crate::support::build::{Build, EXIT_PC, value, w, x};
use crate::support::machine::Machine;
use crate::support::{Random, SPECIAL};
use crate::{NULL, apply, load_doubles, return_double, return_slot};
use brisk_jit::lir::Place;
use brisk_jit::op::{Address, Compare, Op, Width};

const COMPARES: [Compare; 10] = [
    Compare::Lt,
    Compare::Le,
    Compare::Gt,
    Compare::Ge,
    Compare::Eq,
    Compare::Ne,
    Compare::NotLt,
    Compare::NotLe,
    Compare::NotGt,
    Compare::NotGe,
];

/// Pairs that meet each other's edges.
fn pairs() -> Vec<(f64, f64)> {
    let mut random = Random(5);
    let mut pairs: Vec<_> =
        SPECIAL.iter().flat_map(|&a| SPECIAL.iter().map(move |&b| (a, b))).collect();
    pairs.extend((0..500).map(|_| (random.double(), random.double())));
    pairs.extend((0..100).map(|_| random.double()).map(|a| (a, a)));
    pairs
}

#[test]
fn a_comparison_is_one_or_zero() {
    for compare in COMPARES {
        let mut machine = Machine::new();
        let mut build = Build::new();
        load_doubles(&mut build, 2);
        // Into an operand's register, as the allocator may decide.
        build.op(Op::Test(compare), &[x(0), x(1)], Some(x(1)));
        return_double(&mut build, 1);
        let code = machine.install(&build);
        for (a, b) in pairs() {
            let expected = f64::from(u8::from(compare.holds(a, b)));
            let is = apply(&mut machine, code, a, b);
            assert_eq!(is, expected.to_bits(), "{compare:?} {a} {b}");
        }
    }
}

/// Returns `yes` from one block and `no` from the other.
fn branching(op: Op, uses: &[Place], succs: [u32; 2]) -> Build {
    let mut build = Build::new();
    load_doubles(&mut build, 2);
    build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(9)));
    build.op(op, uses, None);
    build.end(&succs);
    for bits in [NO, YES] {
        build.op(Op::Word(bits), &[], Some(w(0)));
        build.op(Op::Return, &[w(0)], None);
        build.end(&[]);
    }
    build
}

const NO: u64 = 1000;
const YES: u64 = 2000;

#[test]
fn branches_go_where_the_comparison_says() {
    for compare in COMPARES {
        for (succs, yes, no) in [([2, 1], YES, NO), ([1, 2], NO, YES)] {
            let mut machine = Machine::new();
            let build = branching(Op::Branch(compare), &[x(0), x(1)], succs);
            let code = machine.install(&build);
            for (a, b) in pairs() {
                let expected = if compare.holds(a, b) { yes } else { no };
                assert_eq!(apply(&mut machine, code, a, b), expected, "{compare:?} {a} {b}");
            }
        }
    }
}

#[test]
fn branches_on_bits() {
    for bits in [0, 1, NULL, u64::MAX, 0x8000_0000, 0x1234_5678_9ABC_DEF0] {
        for (succs, yes, no) in [([2, 1], YES, NO), ([1, 2], NO, YES)] {
            let mut machine = Machine::new();
            let code = machine.install(&branching(Op::BranchBits(bits), &[w(9)], succs));
            for other in [bits, bits ^ 1, bits ^ 1 << 63, !bits] {
                let expected = if other == bits { yes } else { no };
                assert_eq!(apply(&mut machine, code, f64::from_bits(other), 0.0), expected);
            }
        }
    }
}

/// Runs a check of the first two registers, and says whether it passed.
fn check(machine: &mut Machine, code: u64, a: u64, b: u64) -> bool {
    machine.reset();
    machine.set(0, a);
    machine.set(1, b);
    let left = machine.enter(code);
    assert_eq!(left.pc == EXIT_PC, machine.vm.native_exit != 0);
    left.pc != EXIT_PC
}

fn checking(op: Op, operands: usize) -> Build {
    let mut build = Build::new();
    load_doubles(&mut build, 2);
    build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(9)));
    build.op(Op::Load(Address::slot(1), Width::W64), &[], Some(w(10)));
    match op {
        Op::CheckCompare(_) => build.op(op, &[x(0), x(1)], None),
        _ => build.op(op, &[w(9), w(10)][..operands], None),
    };
    return_slot(&mut build, 0);
    build
}

#[test]
fn checks_of_comparisons() {
    for compare in COMPARES {
        let mut machine = Machine::new();
        let code = machine.install(&checking(Op::CheckCompare(compare), 2));
        for (a, b) in pairs() {
            let passed = check(&mut machine, code, a.to_bits(), b.to_bits());
            assert_eq!(passed, compare.holds(a, b), "{compare:?} {a} {b}");
        }
    }
}

const WORDS: [u64; 9] =
    [0, 1, 999, 1000, NULL - 1, NULL, NULL + 1, i64::MIN as u64, 0xFFFF << 48 | 5];

#[test]
fn checks_of_words_are_unsigned() {
    let mut machine = Machine::new();
    let index = machine.install(&checking(Op::CheckIndex, 2));
    for limit in WORDS {
        let below = machine.install(&checking(Op::CheckBelow(limit), 1));
        let bits = machine.install(&checking(Op::CheckBits(limit), 1));
        for word in WORDS {
            assert_eq!(check(&mut machine, below, word, 0), word < limit, "{word:x} {limit:x}");
            assert_eq!(check(&mut machine, bits, word, 0), word == limit, "{word:x} {limit:x}");
            assert_eq!(check(&mut machine, index, word, limit), word < limit);
        }
    }
}

#[test]
fn numbers_are_what_is_below_null() {
    let mut build = Build::new();
    build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(9)));
    build.op(Op::Number, &[w(9)], Some(x(3)));
    return_double(&mut build, 3);
    let mut machine = Machine::new();
    let code = machine.install(&build);
    for word in WORDS {
        assert_eq!(check(&mut machine, code, word, 0), word < NULL, "{word:x}");
        if word < NULL {
            assert_eq!(machine.returned(), word);
        }
    }
}

#[test]
fn an_address_comes_out_of_a_value_with_its_tag() {
    for tag in [0xFFF9u16, 0xFFFC, 0xFFFF] {
        let mut build = Build::new();
        build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(9)));
        build.op(Op::Untag(tag), &[w(9), w(9)], Some(w(0))).saving(&[(2, value(1))]);
        build.op(Op::Return, &[w(0)], None);
        build.end(&[]);
        let mut machine = Machine::new();
        let code = machine.install(&build);
        for other in [0xFFF9u16, 0xFFFA, 0xFFFC, 0xFFFF, 0] {
            let word = u64::from(other) << 48 | 0x7FFF_1234_5678;
            assert_eq!(check(&mut machine, code, word, 0), other == tag);
            if other == tag {
                assert_eq!(machine.returned(), 0x7FFF_1234_5678);
            } else {
                assert_eq!(machine.get(2), word);
            }
        }
    }
}
