//! Instructions that run as the interpreter does them.

use crate::support::build::{Build, w};
use crate::support::host::ops;
use crate::support::machine::{Continuation, Machine};
use brisk_jit::op::{Address, Op, Width};

/// Runs the instruction, copies register 3 to 2, and returns register 0.
fn stepping(code: &[u64]) -> Build {
    let pc = code.as_ptr() as u64;
    let mut build = Build::new();
    build.op(Op::Step { pc, next: pc + 8 }, &[], None);
    build.op(Op::Load(Address::slot(3), Width::W64), &[], Some(w(1)));
    build.op(Op::Store(Address::slot(2)), &[w(1)], None);
    build.op(Op::Load(Address::slot(0), Width::W64), &[], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build
}

#[test]
fn code_goes_on_behind_the_instruction() {
    let code = [u64::from(ops::NEXT)];
    let mut machine = Machine::new();
    machine.set_number(0, 4.0);
    assert_eq!(f64::from_bits(machine.result(&stepping(&code))), 5.0);
    assert_eq!(machine.vm.fuel, 997, "fuel is in the machine while the instruction runs");
}

#[test]
fn the_operation_is_looked_up_when_it_runs() {
    let mut code = [u64::from(ops::NEXT)];
    let mut machine = Machine::new();
    let native = machine.install(&stepping(&code));
    machine.enter(native);
    assert_eq!(f64::from_bits(machine.returned()), 1.0);
    code[0] = u64::from(ops::STOP);
    std::hint::black_box(&code);
    assert_eq!(machine.enter(native).pc, 0);
}

#[test]
fn where_the_instruction_stops_so_does_code() {
    let code = [u64::from(ops::STOP)];
    let mut machine = Machine::new();
    let native = machine.install(&stepping(&code));
    assert_eq!(machine.enter(native).pc, 0);
    assert_eq!(machine.vm.native_exit, 0);
}

#[test]
fn where_it_leads_elsewhere_code_is_left() {
    let code = [u64::from(ops::SKIP) | 2 << 8];
    let mut machine = Machine::new();
    let native = machine.install(&stepping(&code));
    let pc = code.as_ptr() as u64 + 16;
    assert_eq!(machine.enter(native), Continuation { pc, base: machine.window() });
}

#[test]
fn the_window_may_move() {
    let code = [u64::from(ops::MOVE)];
    let mut machine = Machine::new();
    machine.set(64, 123);
    // The header moved too.
    for below in 1..=4 {
        let word = machine.header(0, below);
        machine.set(64 - below, word);
    }
    let native = machine.install(&stepping(&code));
    machine.enter(native);
    assert_eq!(machine.get(64 - 16 + 5), 123, "returned from the window where it is now");
}

/// Returns 7.
fn seven() -> Build {
    let mut build = Build::new();
    build.op(Op::Word(7), &[], Some(w(0)));
    build.op(Op::Return, &[w(0)], None);
    build.end(&[]);
    build
}

#[test]
fn a_called_function_runs_natively_and_returns_natively() {
    let code = [u64::from(ops::CALL)];
    let mut machine = Machine::new();
    let native = machine.install(&seven());
    machine.vm.callee = machine.function(0x7777_0000_2000, native).0;
    machine.set(0, 1);
    assert_eq!(machine.result(&stepping(&code)), 1);
    assert_eq!(machine.get(3), 7, "where the callee's header says");
    assert_eq!(machine.get(2), 7, "and read from there");
    assert_ne!(machine.header(8, 4) >> 32, 0, "a native return address");
}

#[test]
fn a_called_function_without_code_is_interpreted() {
    let code = [u64::from(ops::CALL)];
    let mut machine = Machine::new();
    machine.vm.callee = machine.function(0x7777_0000_2000, 0).0;
    let native = machine.install(&stepping(&code));
    let left = machine.enter(native);
    assert_eq!(left, Continuation { pc: 0x7777_0000_2000, base: machine.window() + 64 });
}

#[test]
fn a_called_function_past_its_start_is_interpreted() {
    let code = [u64::from(ops::CALL_STARTED)];
    let mut machine = Machine::new();
    let native = machine.install(&seven());
    machine.vm.callee = machine.function(0x7777_0000_2000, native).0;
    let native = machine.install(&stepping(&code));
    let left = machine.enter(native);
    assert_eq!(left, Continuation { pc: 0x7777_0000_2008, base: machine.window() + 64 });
    assert_eq!(machine.header(8, 4) >> 32, 0, "no native return address");
}

#[test]
fn jumps_lead_to_either_block_or_out() {
    for succs in [[1, 2], [2, 1]] {
        for (skip, expected) in [(1, Some(1)), (5, Some(0)), (3, None)] {
            let code = [u64::from(ops::SKIP) | skip << 8];
            let pc = code.as_ptr() as u64;
            let mut build = Build::new();
            let op = Op::StepBranch { pc, target: pc + 40, next: pc + 8 };
            build.op(op, &[], None);
            build.end(&succs);
            for bits in [100, 200] {
                build.op(Op::Word(bits), &[], Some(w(0)));
                build.op(Op::Return, &[w(0)], None);
                build.end(&[]);
            }
            let mut machine = Machine::new();
            let native = machine.install(&build);
            let left = machine.enter(native);
            match expected {
                Some(which) => assert_eq!(machine.returned(), u64::from(succs[which]) * 100),
                None => assert_eq!(left.pc, pc + 24),
            }
        }
    }
}
