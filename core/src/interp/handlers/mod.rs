//! The fast paths, one function for each operation, generic over the engine that runs them.
//!
//! Rules that keep the machine code good (each measured, see docs/decisions/0003-interpreter.md): a
//! handler ends in `E::next` or in `E::slow`, never returns into itself; nothing that has a
//! destructor lives in one; operand fields are loaded each with its own narrow load; the taken arm
//! of a compare-and-jump holds an empty `asm!`, so that the jump stays a jump; constants come from
//! the pool as doubles.

mod arith;
mod calls;
mod jumps;
mod property;
mod variables;

pub(super) use arith::*;
pub(super) use calls::*;
pub(super) use jumps::*;
pub(super) use property::*;
pub(super) use variables::*;

use super::dispatch::Engine;
use super::slow;
use crate::value::Value;
use crate::vm::Vm;

/// Loads of operand fields. `read_volatile` keeps them apart: merged into one load with shifts they
/// cost up to 30 %.
#[inline(always)]
pub(super) unsafe fn field_x(pc: *const u64) -> usize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<u8>().add(1).read_volatile() as usize }
}
#[inline(always)]
pub(super) unsafe fn field_a(pc: *const u64) -> usize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<u16>().add(1).read_volatile() as usize }
}
#[inline(always)]
pub(super) unsafe fn field_b(pc: *const u64) -> usize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<u16>().add(2).read_volatile() as usize }
}
#[inline(always)]
pub(super) unsafe fn field_c(pc: *const u64) -> usize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<u16>().add(3).read_volatile() as usize }
}
#[inline(always)]
pub(super) unsafe fn signed_b(pc: *const u64) -> isize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<i16>().add(2).read_volatile() as isize }
}
#[inline(always)]
pub(super) unsafe fn signed_c(pc: *const u64) -> isize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<i16>().add(3).read_volatile() as isize }
}
#[inline(always)]
pub(super) unsafe fn wide_bc(pc: *const u64) -> isize {
    // SAFETY: an instruction word.
    unsafe { pc.cast::<i32>().add(1).read_volatile() as isize }
}

/// The constant at a distance from `pc`.
#[inline(always)]
pub(super) unsafe fn pool(pc: *const u64, distance: isize) -> Value {
    // SAFETY: a pool reference of the instruction.
    unsafe { *pc.offset(distance).cast::<Value>() }
}

/// Keeps a conditional jump from being turned into a conditional move of the program counter: with
/// one, the fetch of the next instruction waits for the comparison's operands (up to 2x on loops).
#[inline(always)]
pub(super) fn keep_branch() {
    #[cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64")))]
    // SAFETY: no instruction at all.
    unsafe {
        core::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

/// A double truncated to an index; anything that is none becomes a number below zero.
#[inline(always)]
pub(super) fn truncate(x: f64) -> i64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: SSE2 is part of x86-64; NaN and what is out of range give `i64::MIN`.
    unsafe {
        use core::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
        _mm_cvttsd_si64(_mm_set_sd(x))
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    if x.is_nan() { i64::MIN } else { x as i64 }
}

/// Defines a handler.
macro_rules! handler {
    ($(#[$doc:meta])* $name:ident($E:ident, $pc:ident, $base:ident, $vm:ident, $acc:ident) $body:block) => {
        $(#[$doc])*
        #[inline(always)]
        pub(in crate::interp) unsafe fn $name<$E: Engine>(
            $pc: *const u64,
            $base: *mut Value,
            $vm: *mut Vm,
            $acc: f64,
        ) -> $E::Result {
            // Not every handler passes on what came before.
            let _ = $acc;
            // SAFETY: an engine's contract: `pc` is an instruction of this operation, whose
            // operands name registers of the frame at `base`, constants of its function and cells
            // of this machine.
            unsafe { $body }
        }
    };
}
pub(super) use handler;

/// Defines handlers whose whole work is a slow path.
macro_rules! slow_handlers {
    ($($name:ident => $slow:ident;)*) => { $(
        handler! {
            $name(E, pc, base, vm, acc) {
                E::slow::<slow::$slow>(pc, base, vm)
            }
        }
    )* };
}
pub(super) use slow_handlers;
