//! Calls of script functions and of leaves.

use crate::support::build::{Build, EXIT_PC, copy, s, w, x};
use crate::support::machine::{Continuation, Machine, OF_CORE};
use crate::{load_doubles, return_double};
use brisk_core::native::helpers;
use brisk_jit::op::{Address, Binary, Op, ScriptCall, Width};

const PC: u64 = 0x7777_0000_1000;
const RET: u64 = 0x7777_0000_1010;
const ENTRY: u64 = 0x7777_0000_2000;

/// Calls a function with its window at register 8, then returns 10 more than the result.
fn caller(callee: u64, code: u64) -> Build {
    let mut build = Build::new();
    build.op(Op::StoreBits(Address::slot(8), 5.0f64.to_bits()), &[], None);
    let call = ScriptCall {
        pc: PC,
        ret: RET,
        callee,
        code,
        window: 8,
        dst: 3,
        register_count: 4,
        cost: 30,
    };
    build.op(Op::Call(call), &[], Some(w(0)));
    build.op(Op::Number, &[w(0)], Some(x(1)));
    build.op(Op::F64(10.0f64.to_bits()), &[], Some(x(2)));
    build.op(Op::Binary(Binary::Add), &[x(1), x(2)], Some(x(1)));
    build.op(Op::ToValue, &[x(1)], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build
}

/// Returns twice its argument.
fn twice() -> Build {
    let mut build = Build::new();
    build.op(Op::LoadNumber(Address::slot(0)), &[], Some(x(0)));
    build.op(Op::Binary(Binary::Add), &[x(0), x(0)], Some(x(0)));
    build.op(Op::ToValue, &[x(0)], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build
}

#[test]
fn a_call_between_compiled_functions_returns_natively() {
    for gap in [0, 64] {
        let mut machine = Machine::with_gap(gap);
        let native = machine.install(&twice());
        let (callee, code) = machine.function(ENTRY, native);
        assert_eq!(f64::from_bits(machine.result(&caller(callee, code))), 20.0);
        assert_eq!(machine.vm.fuel, 970);
        assert_eq!(machine.header(8, 4) as u32, 8, "one deeper");
        assert_ne!(machine.header(8, 4) >> 32, 0, "a native return address");
        assert_eq!(machine.header(8, 3), callee);
        assert_eq!(machine.header(8, 2), RET);
        assert_eq!(machine.header(8, 1), 64 | 3 << 32);
        assert_eq!(machine.get(3), 0, "the result went through the register only");
    }
}

#[test]
fn a_function_without_code_is_interpreted() {
    let mut machine = Machine::new();
    let (callee, code) = machine.function(ENTRY, 0);
    let code = machine.install(&caller(callee, code));
    let left = machine.enter(code);
    assert_eq!(left, Continuation { pc: ENTRY, base: machine.window() + 64 });
    assert_eq!(machine.header(8, 3), callee);
    assert_eq!(machine.vm.native_exit, 0);
}

/// Nothing has happened when the interpreter is to make the call.
#[test]
fn a_call_that_needs_a_look_leaves() {
    let mut machine = Machine::new();
    let native = machine.install(&twice());
    let (callee, code) = machine.function(ENTRY, native);
    let code = machine.install(&caller(callee, code));
    // A fresh machine's frame is at depth 7; its callee's window ends 12 slots behind its own.
    let end = machine.window() + 12 * 8;
    let limits = [
        (1000, u64::MAX, 8, true),
        (1000, u64::MAX, 7, false),
        (1000, end, 8, true),
        (1000, end - 8, 8, false),
        (30, u64::MAX, 8, true),
        (29, u64::MAX, 8, false),
        (-1, u64::MAX, 8, false),
    ];
    for (fuel, stack_limit, call_depth_max, calls) in limits {
        machine.reset();
        machine.vm.fuel = fuel;
        machine.vm.stack_limit = stack_limit;
        machine.vm.call_depth_max = call_depth_max;
        let left = machine.enter(code);
        if calls {
            assert_eq!(f64::from_bits(machine.returned()), 20.0);
            assert_eq!(machine.vm.fuel, fuel - 30);
        } else {
            assert_eq!(left, Continuation { pc: EXIT_PC, base: machine.window() });
            assert_eq!((machine.vm.native_exit, machine.vm.fuel), (0, fuel));
            assert_eq!(machine.header(8, 1), 0, "no header was written");
        }
    }
}

#[test]
fn windows_far_away_and_other_forms_of_the_header() {
    for (window, dst) in [(8, 0), (40, 0), (2000, 9)] {
        let mut machine = Machine::new();
        let native = machine.install(&twice());
        let (callee, code) = machine.function(ENTRY, native);
        let call = ScriptCall {
            pc: PC,
            ret: RET,
            callee,
            code,
            window,
            dst,
            register_count: 1000,
            cost: 200,
        };
        let mut build = Build::new();
        build.op(Op::StoreBits(Address::slot(window), 5.0f64.to_bits()), &[], None);
        build.op(Op::Call(call), &[], Some(w(0)));
        build.op(Op::Return, &[w(0)], None);
        build.end(&[]);
        assert_eq!(f64::from_bits(machine.result(&build)), 10.0);
        let distance = (u64::from(window) * 8) | (u64::from(dst) << 32);
        assert_eq!(machine.header(window.into(), 1), distance);
    }
}

#[test]
fn leaves_get_operands_and_an_aligned_stack() {
    let mut machine = Machine::new();
    let mut build = Build::new();
    load_doubles(&mut build, 1);
    build.op(Op::Leaf(0, 1), &[x(0)], Some(x(0)));
    return_double(&mut build, 0);
    assert_eq!(f64::from_bits(machine.result(&build)), 8.0);

    machine.reset();
    machine.set_number(0, 7.0);
    machine.set_number(1, 2.0);
    let mut build = Build::new();
    load_doubles(&mut build, 2);
    build.op(Op::Leaf(1, 2), &[x(0), x(1)], Some(x(0)));
    return_double(&mut build, 0);
    assert_eq!(f64::from_bits(machine.result(&build)), -13.0);
}

/// The functions of the core have the convention that code is made for.
#[test]
fn leaves_of_the_core() {
    let mut machine = Machine::new();
    machine.set_number(0, 2.0);
    machine.set_number(1, 10.0);
    let mut build = Build::new();
    load_doubles(&mut build, 2);
    build.op(Op::Leaf(OF_CORE + helpers::LEAF_POWER, 2), &[x(0), x(1)], Some(x(0)));
    return_double(&mut build, 0);
    assert_eq!(f64::from_bits(machine.result(&build)), 1024.0);
}

/// `rbp` and spill slots are what the back end does not list as clobbered.
#[test]
fn leaves_keep_what_is_not_clobbered() {
    let mut machine = Machine::new();
    let mut build = Build::new();
    build.op(Op::Word(2), &[], Some(w(5)));
    build.op(Op::F64(0), &[], Some(x(0)));
    build.op(Op::Leaf(0, 1), &[x(0)], Some(x(0)));
    build.before(&[copy(w(5), s(0))]);
    build.op(Op::Store(Address::slot(1)), &[w(5)], None);
    build.op(Op::Load(Address::slot(1), Width::W64), &[], Some(w(0)));
    build.before(&[copy(s(0), w(9))]);
    build.op(Op::Store(Address::slot(2)), &[w(9)], None);
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    assert_eq!(machine.result(&build), 2);
    assert_eq!((machine.get(1), machine.get(2)), (2, 2));
}
