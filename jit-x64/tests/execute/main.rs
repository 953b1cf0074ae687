//! Machine code run: functions written by hand, on a machine that is only what code sees of one.
#![cfg(target_arch = "x86_64")]

#[path = "../support/mod.rs"]
mod support;

mod arith;
mod compare;
mod memory;
mod exits;
mod calls;
mod steps;
mod copies;
mod fib;

use brisk_jit::op::{Address, Op, Width};
use support::build::{Build, w, x};
use support::machine::Machine;

/// Bits of the one NaN that values may be.
const NAN: u64 = 0x7FF8 << 48;
/// Bits of null, the first that is no number.
const NULL: u64 = 0xFFF9 << 48;
/// A NaN as the processor makes them.
const PROCESSOR_NAN: u64 = 0xFFF8 << 48;

/// Loads the first registers into float registers of the same numbers.
fn load_doubles(build: &mut Build, count: u8) {
    for register in 0..count {
        let op = Op::LoadF64(Address::slot(register.into()));
        build.op(op, &[], Some(x(register)));
    }
}

/// Returns what is in a float register, bit by bit.
fn return_double(build: &mut Build, register: u8) {
    // Not through `ToValue`, so that the NaN is seen that the operation made.
    build.op(Op::Store(Address::slot(40)), &[w(0)], None);
    build.before(&[support::build::copy(x(register), w(0))]);
    return_slot(build, 40);
}

/// Returns a register of the frame.
fn return_slot(build: &mut Build, slot: u16) {
    build.op(Op::Load(Address::slot(slot), Width::W64), &[], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
}

/// Runs a function of two doubles, which it finds in registers 0 and 1.
fn apply(machine: &mut Machine, code: u64, a: f64, b: f64) -> u64 {
    machine.reset();
    machine.set_number(0, a);
    machine.set_number(1, b);
    machine.enter(code);
    machine.returned()
}
