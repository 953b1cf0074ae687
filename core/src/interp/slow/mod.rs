//! Slow paths of instructions: everything that is not the common case.
//!
//! A slow path does the whole work of its instruction from the registers, rewrites the site to a
//! specialized variant when that pays, and returns where to go on. It may collect and may fail.

use super::call::{self, Site, code_of};
use super::property::Found;
use super::{State, gc, hooks, link, property, suspend, unwind};
use crate::bytecode::{Fallback, Kind, Op, Outer, a_of, b_of, bc_of, c_of, op_of, x_of};
use crate::error::{Error, ErrorKind};
use crate::limits::LIST_LEN_MAX;
use crate::semantics::{self, arith, compare, logic, text::is_ascii};
use crate::value::code::{CALL_NATIVE, CALL_SELF_PARAM};
use crate::value::map::KeyOrigin;
use crate::value::math;
use crate::value::shape::{EMPTY_SHAPE, ISA, NO_SHAPE, is_shape};
use crate::value::string::char_width;
use crate::value::{Gc, Map, Refusal, Type, Value};
use crate::vm::lookups::Hit;
use crate::vm::{Exit, OutputStream, STEPS_PER_FUEL, Vm};
use alloc::format;

#[macro_use]
mod macros;
mod calls;
mod loops;
mod make;
mod members;
mod operators;
mod variables;

pub(super) use calls::*;
pub(super) use loops::*;
pub(super) use make::*;
pub(super) use members::*;
pub(super) use operators::*;
pub(super) use variables::*;

/// A slow path.
pub(in crate::interp) trait Slow {
    /// Does the work of the instruction at `pc`.
    ///
    /// # Safety
    ///
    /// `pc` must be an instruction this path is for, in the function of the frame at `base`.
    unsafe fn run(pc: *const u64, base: *mut Value, vm: &mut Vm) -> State;
}

fn refused<T>(result: Result<T, Refusal>) -> Result<T, Error> {
    result.map_err(semantics::refused)
}

unsafe fn poll(vm: &mut Vm, base: *mut Value) {
    if vm.store.heap.debt >= 0 {
        // SAFETY: the caller's frame.
        unsafe { gc::safepoint(vm, base) };
    }
}

unsafe fn next(pc: *const u64, base: *mut Value, words: usize) -> State {
    State { pc: pc.wrapping_add(words), base }
}

unsafe fn jump(pc: *const u64, base: *mut Value) -> State {
    // SAFETY: `pc` is an instruction.
    let distance = unsafe { c_of(*pc) }.cast_signed();
    State { pc: pc.wrapping_offset(isize::from(distance)), base }
}

/// Goes back, paying for the words of the loop.
fn go_back(vm: &mut Vm, pc: *const u64, distance: isize, base: *mut Value) -> State {
    let target = pc.wrapping_offset(distance);
    vm.fuel += distance as i64 - 1;
    if vm.fuel < 0 { suspend(vm, target, base, Exit::None) } else { State { pc: target, base } }
}

/// The cold copy of an instruction some of whose operands are variables that need attention.
unsafe fn cold(pc: *const u64, base: *mut Value) -> Option<State> {
    // SAFETY: the frame at `base` is a script frame.
    let code = unsafe { code_of(base) };
    let proto = unwind::proto(code)?;
    let target = unwind::side(&proto.cold, unwind::word_index(code, pc))?;
    Some(State { pc: code.first_word().wrapping_add(target as usize), base })
}

/// Rewrites the operation of a site.
unsafe fn rewrite(pc: *const u64, op: Op) {
    // SAFETY: linked code is the machine's own and writable; only this thread runs it.
    unsafe { *pc.cast_mut().cast::<u8>() = op as u8 }
}

unsafe fn patch_word(pc: *const u64, at: usize, word: u64) {
    // SAFETY: as above; the instruction has that many words.
    unsafe { *pc.cast_mut().add(at) = word }
}

/// Value of a register or constant operand.
unsafe fn operand(pc: *const u64, base: *mut Value, kind: Kind, field: u16) -> Value {
    // SAFETY: the operand's kind says what the field names.
    unsafe {
        match kind {
            Kind::Pool => *pc.wrapping_offset(isize::from(field.cast_signed())).cast::<Value>(),
            _ => *base.add(usize::from(field)),
        }
    }
}

unsafe fn constant32(pc: *const u64) -> Value {
    // SAFETY: a pool reference.
    unsafe { *pc.wrapping_offset(bc_of(*pc) as isize).cast::<Value>() }
}

unsafe fn op_at(pc: *const u64) -> Op {
    // SAFETY: an instruction.
    op_of(unsafe { *pc }).unwrap_or(Op::Nop)
}

/// Notes the work of making `value`, if that costs anything.
fn note_made(vm: &Vm, value: Value) {
    let steps = match (value.as_list(), value.as_str()) {
        (Some(list), _) => list.len(),
        (_, Some(text)) => text.bytes().len() / 8,
        _ => return,
    };
    if steps >= STEPS_PER_FUEL {
        vm.store.shapes.note_work(steps);
    }
}

slow! {
    /// The fuel of a slice is used up at a backward jump, which was already paid.
    FuelJump(pc, base, vm) {
        let word = *pc;
        let long = op_at(pc) == Op::Loop;
        let distance = if long { bc_of(word) as isize } else { isize::from(c_of(word).cast_signed()) };
        suspend(vm, pc.wrapping_offset(distance), base, Exit::None)
    }
}

slow! {
    /// Raises an error that the compiler foresaw.
    Fail(pc, base, vm) {
        let message = property::plain(vm, constant32(pc)).unwrap_or_default();
        unwind::raise(vm, pc, base, Error::runtime(message))
    }
}

slow! {
    /// REPL: an expression statement's value.
    StoreResult(pc, base, vm) {
        let value = *base.add(usize::from(a_of(*pc)));
        vm.implicit_result = Some(value);
        let cell = attempt!(vm, pc, base, refused(link::global_cell(vm, "_")));
        vm.globals.set(cell, value);
        next(pc, base, 1)
    }
}

slow! {
    /// Goes on in machine code.
    EnterNative(_pc, base, vm) {
        let code = code_of(base);
        if code.entry.get() != super::native_stub() {
            return State { pc: code.first_word(), base };
        }
        super::native::call(vm, base, code)
    }
}

slow! {
    /// The bottom frame returned.
    Halt(_pc, base, vm) {
        let value = *base;
        suspend(vm, core::ptr::null(), base, Exit::Finished(value))
    }
}
