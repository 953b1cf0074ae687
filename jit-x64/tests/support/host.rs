//! What machine code calls in the tests, in place of the core's functions.
#![allow(unsafe_code)] // Functions that machine code calls.

use super::machine::{Continuation, Vm};
use std::arch::naked_asm;
use std::mem::offset_of;

/// Gives 8 when the stack is aligned as a call needs it: at entry, 8 bytes past a multiple of 16.
/// Ruins every float register that a function may ruin.
#[unsafe(naked)]
pub(crate) extern "sysv64" fn alignment(_x: f64) -> f64 {
    naked_asm!(
        "vpcmpeqd xmm0, xmm0, xmm0",
        "vmovaps xmm1, xmm0",
        "vmovaps xmm7, xmm0",
        "vmovaps xmm14, xmm0",
        "mov rax, rsp",
        "and eax, 15",
        "vcvtsi2sd xmm0, xmm0, rax",
        "mov ecx, 77",
        "mov rdx, rcx",
        "mov rsi, rcx",
        "mov rdi, rcx",
        "mov r8, rcx",
        "mov r9, rcx",
        "mov r10, rcx",
        "mov r11, rcx",
        "ret",
    )
}

/// `x - 10 y`
pub(crate) extern "sysv64" fn mix(x: f64, y: f64) -> f64 {
    x - 10.0 * y
}

/// Notes the object, the value and how the stack is aligned, and ruins all that a function may ruin.
#[unsafe(naked)]
pub(crate) extern "sysv64" fn barrier(_vm: *mut Vm, _object: u64, _value: u64) {
    naked_asm!(
        "mov [rdi + {object}], rsi",
        "mov [rdi + {value}], rdx",
        "mov rax, rsp",
        "and rax, 15",
        "mov [rdi + {stack}], rax",
        "mov eax, 99",
        "mov rcx, rax",
        "mov rdx, rax",
        "mov rsi, rax",
        "mov rdi, rax",
        "mov r8, rax",
        "mov r9, rax",
        "mov r10, rax",
        "mov r11, rax",
        "vcvtsi2sd xmm0, xmm0, rax",
        "vmovaps xmm1, xmm0",
        "vmovaps xmm2, xmm0",
        "vmovaps xmm3, xmm0",
        "vmovaps xmm4, xmm0",
        "vmovaps xmm5, xmm0",
        "vmovaps xmm6, xmm0",
        "vmovaps xmm7, xmm0",
        "vmovaps xmm8, xmm0",
        "vmovaps xmm9, xmm0",
        "vmovaps xmm10, xmm0",
        "vmovaps xmm11, xmm0",
        "vmovaps xmm12, xmm0",
        "vmovaps xmm13, xmm0",
        "vmovaps xmm14, xmm0",
        "ret",
        object = const offset_of!(Vm, barrier_object),
        value = const offset_of!(Vm, barrier_value),
        stack = const offset_of!(Vm, barrier_stack),
    )
}

/// Instructions of the tests are one word: the operation, and what it needs.
pub(crate) mod ops {
    /// Adds 1 to register 0, pays 3, and goes on behind itself.
    pub(crate) const NEXT: u8 = 0;
    /// Stops.
    pub(crate) const STOP: u8 = 1;
    /// Calls the function in `Vm::callee` with its window at register 8; result to register 3.
    pub(crate) const CALL: u8 = 2;
    /// Goes on as many words further as the second byte says.
    pub(crate) const SKIP: u8 = 3;
    /// As `CALL`, but the callee has run an instruction already.
    pub(crate) const CALL_STARTED: u8 = 4;
    /// Goes on at the same place in another window: the stack moved by 64 slots.
    pub(crate) const MOVE: u8 = 5;
}

/// Table of functions that run an instruction.
pub(crate) static STEPS: [extern "sysv64" fn(u64, *mut u64, *mut Vm) -> Continuation; 256] = {
    let mut table = [step_stop as extern "sysv64" fn(u64, *mut u64, *mut Vm) -> Continuation; 256];
    table[ops::NEXT as usize] = step_next;
    table[ops::CALL as usize] = step_call;
    table[ops::SKIP as usize] = step_skip;
    table[ops::CALL_STARTED as usize] = step_call_started;
    table[ops::MOVE as usize] = step_move;
    table
};

extern "sysv64" fn step_next(pc: u64, base: *mut u64, vm: *mut Vm) -> Continuation {
    // SAFETY: code passes a window, and its machine; nothing else refers to them now.
    unsafe {
        *base = (f64::from_bits(*base) + 1.0).to_bits();
        (*vm).fuel -= 3;
    }
    Continuation { pc: pc + 8, base: base as u64 }
}

extern "sysv64" fn step_stop(_pc: u64, _base: *mut u64, _vm: *mut Vm) -> Continuation {
    Continuation { pc: 0, base: 0 }
}

extern "sysv64" fn step_skip(pc: u64, base: *mut u64, _vm: *mut Vm) -> Continuation {
    // SAFETY: code passes the address of an instruction.
    let words = unsafe { *(pc as *const u64) } >> 8 & 0xFF;
    Continuation { pc: pc + 8 * words, base: base as u64 }
}

extern "sysv64" fn step_move(pc: u64, base: *mut u64, _vm: *mut Vm) -> Continuation {
    Continuation { pc: pc + 8, base: base as u64 + 64 * 8 }
}

extern "sysv64" fn step_call(pc: u64, base: *mut u64, vm: *mut Vm) -> Continuation {
    // SAFETY: code passes a window with room for another behind it, and its machine, whose callee
    // is a function.
    unsafe {
        let window = base.add(8);
        *window.sub(4) = (*base.sub(4) as u32 + 1).into();
        *window.sub(3) = (*vm).callee;
        *window.sub(2) = pc + 8;
        *window.sub(1) = (8 * 8) | (3 << 32);
        let function = ((*vm).callee & (u64::MAX >> 16)) as *const super::machine::Func;
        let code = (*function).code as *const super::machine::Code;
        Continuation { pc: (*code).entry, base: window as u64 }
    }
}

extern "sysv64" fn step_call_started(pc: u64, base: *mut u64, vm: *mut Vm) -> Continuation {
    let called = step_call(pc, base, vm);
    Continuation { pc: called.pc + 8, base: called.base }
}
