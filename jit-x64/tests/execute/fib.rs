//! A function that calls itself: what a recursive script becomes.

use crate::support::build::{Build, w, x};
use crate::support::machine::Machine;
use brisk_jit::op::{Address, Binary, Compare, Op, ScriptCall, Width};

/// `if n < 2 then return n`, else `return fib(n - 1) + fib(n - 2)`. `n` is in register 0.
fn fib(callee: u64, code: u64) -> Build {
    let call = |dst| ScriptCall {
        pc: 0x7777_0000_1000,
        ret: 0x7777_0000_1010,
        callee,
        code,
        window: 8,
        dst,
        register_count: 12,
        cost: 10,
    };
    let number = |x: f64| Op::F64(x.to_bits());
    let mut build = Build::new();
    build.op(Op::LoadNumber(Address::slot(0)), &[], Some(x(0)));
    build.op(number(2.0), &[], Some(x(1)));
    build.op(Op::Branch(Compare::Lt), &[x(0), x(1)], None);
    build.end(&[2, 1]);
    build.op(number(1.0), &[], Some(x(1)));
    build.op(Op::Binary(Binary::Sub), &[x(0), x(1)], Some(x(1)));
    build.op(Op::StoreF64(Address::slot(8)), &[x(1)], None);
    build.op(Op::Call(call(1)), &[], Some(w(0)));
    build.op(Op::Store(Address::slot(1)), &[w(0)], None);
    build.op(Op::LoadNumber(Address::slot(0)), &[], Some(x(0)));
    build.op(number(2.0), &[], Some(x(1)));
    build.op(Op::Binary(Binary::Sub), &[x(0), x(1)], Some(x(1)));
    build.op(Op::StoreF64(Address::slot(8)), &[x(1)], None);
    build.op(Op::Call(call(2)), &[], Some(w(0)));
    build.op(Op::Number, &[w(0)], Some(x(1)));
    build.op(Op::LoadNumber(Address::slot(1)), &[], Some(x(0)));
    build.op(Op::Binary(Binary::Add), &[x(0), x(1)], Some(x(0)));
    build.op(Op::ToValue, &[x(0)], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build
}

#[test]
fn fibonacci_numbers() {
    let mut machine = Machine::new();
    let (callee, code) = machine.function(0x7777_0000_2000, 0);
    let native = machine.install(&fib(callee, code));
    machine.set_native(native);
    for (n, expected) in [(0.0, 0.0), (1.0, 1.0), (10.0, 55.0), (22.0, 17711.0)] {
        machine.reset();
        machine.vm.fuel = 1 << 40;
        machine.set_number(0, n);
        machine.enter(native);
        assert_eq!(f64::from_bits(machine.returned()), expected);
    }
}
