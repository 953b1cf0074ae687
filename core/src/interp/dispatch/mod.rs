//! The two engines that run the handlers.
//!
//! *Tail-calling*: each handler is a function that ends in a jump to the next one; the machine's
//! registers stay in processor registers, and every operation has its own indirect jump. Release
//! builds on processors where the compiler is known to turn these calls into jumps. *Loop*: one
//! `match` in a loop, everywhere else: debug builds, Miri, WebAssembly. `build.rs` chooses.

use super::State;
use super::slow::Slow;
use crate::bytecode::{self, Op};
use crate::value::Value;
use crate::vm::Vm;

#[cfg(brisk_tail_calls)]
#[path = "tail.rs"]
mod engine;
#[cfg(not(brisk_tail_calls))]
#[path = "match_loop.rs"]
mod engine;

mod step;

pub(crate) use engine::{IS_LOOP, enter};
pub(crate) use step::STEPS;

/// How a handler goes on.
pub(in crate::interp) trait Engine {
    /// What handlers return.
    type Result;

    /// Goes on with the instruction at `pc`. `acc` is what an arithmetic instruction just computed, for
    /// an instruction behind it that takes it from there (`link.rs`); anything where none does.
    ///
    /// # Safety
    ///
    /// `pc` must be an instruction of the function of the frame at `base`.
    unsafe fn next(pc: *const u64, base: *mut Value, vm: *mut Vm, acc: f64) -> Self::Result;

    /// Leaves the instruction at `pc` to its slow path.
    ///
    /// # Safety
    ///
    /// As [`Engine::next`]; `S` must be a slow path of this operation.
    unsafe fn slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) -> Self::Result;
}

/// Runs a slow path, which then pays for the work that values noted. Each pays for itself: what is
/// left of a unit must not depend on slow paths before, which a specialized site or machine code may
/// not take.
///
/// # Safety
///
/// As [`Engine::slow`].
#[inline(always)]
unsafe fn run_slow<S: Slow>(pc: *const u64, base: *mut Value, vm: *mut Vm) -> State {
    // SAFETY: the contract of engines; `vm` is the one exclusive pointer to the machine while it
    // runs, and machine code holds none.
    unsafe {
        let state = S::run(pc, base, &mut *vm);
        (*vm).pay_for_work();
        state
    }
}

/// What an instruction left to its slow path passes on: what it stored, when it is finished and the
/// machine goes on right behind it. Elsewhere (a call, a return, a way out of machine code, the same
/// instruction again) nobody knows what stands where.
///
/// # Safety
///
/// `pc` was an instruction of the frame at `base`, and `state` is what its slow path returned.
#[inline(always)]
unsafe fn left_behind(pc: *const u64, base: *mut Value, state: State) -> f64 {
    let words = (state.pc as usize).wrapping_sub(pc as usize) / size_of::<u64>();
    if state.base != base || !(1..=Op::WORDS_MAX).contains(&words) {
        return f64::NAN;
    }
    // SAFETY: `a` is a register, or 0 where it is unused; either is a slot of the window.
    unsafe { (*base.add(usize::from(bytecode::a_of(*pc)))).raw_f64() }
}
