//! Calls and returns, of scripts and of the host.
//!
//! A call between script functions is a jump, and so is the return: what the caller goes on with
//! stands in the callee's header (`FRAME_NATIVE_RETURN`), as a distance from the region's start.
//! At that place `rax` is the result and `rbx` still the callee's window: the caller knows how far
//! its own is, so that the chain of windows does not wait for memory (a third of a small function's
//! call, when the distance was read from the header).
//!
//! A caller without machine code has 0 there, which is where the region starts. When the stubs lie
//! there, it is the stub that goes back to the interpreter, and no test is needed.

use super::control::pay;
use crate::asm::{Mem, asm, load_word, mem, store_word};
use crate::cold::Cold;
use crate::emit::{Emitter, Site};
use crate::regs::{FLOAT_SCRATCH, NAN, NUMBER_ENTRY, RESULT, VM, WORD_SCRATCH};
use brisk_core::native::layout::{
    FRAME_DEPTH, FRAME_DISTANCE, FRAME_FUNCTION, FRAME_NATIVE_RETURN, FRAME_RESULT, FRAME_RETURN,
};
use brisk_jit::op::{Op, ScriptCall};
use dynasmrt::{DynasmApi, DynasmLabelApi};

/// Operands and result are in the registers of the convention already.
pub(super) fn leaf(e: &mut Emitter<'_>, index: u8) {
    let function = e.linkage.leaves[usize::from(index)];
    load_word(&mut e.asm, WORD_SCRATCH, function);
    asm!(e.asm; call r11);
}

/// Checks first, without effect but for the fuel, which the way to the exit gives back; then the
/// callee's header is written.
pub(super) fn call(e: &mut Emitter<'_>, site: &Site<'_>, call: ScriptCall) {
    let window = i32::from(call.window) * 8;
    let end = window + call.register_count as i32 * 8;
    let header = |field: i32| Mem::Window(window + field);
    let exit = e.exit(site);
    let refund = e.asm.new_dynamic_label();
    e.colds.push(Cold::Refund { label: refund, fuel: call.cost, exit });

    mem!(e.asm, Mem::Window(FRAME_DEPTH); mov (eax,) DWORD ());
    mem!(e.asm, Mem::Word(VM, e.linkage.vm_call_depth_max); cmp (eax,) DWORD ());
    asm!(e.asm; jae =>exit);
    mem!(e.asm, Mem::Window(end); lea (rcx,) ());
    mem!(e.asm, Mem::Word(VM, e.linkage.vm_stack_limit); cmp (rcx,) QWORD ());
    asm!(e.asm; ja =>exit);
    pay(e, call.cost);
    asm!(e.asm; js =>refund; inc eax);

    mem!(e.asm, header(FRAME_DEPTH); mov () DWORD (, eax));
    mem!(e.asm, header(FRAME_NATIVE_RETURN); mov () DWORD (, DWORD 0));
    let immediate = e.last_immediate();
    store_word(&mut e.asm, header(FRAME_FUNCTION), call.callee);
    // One copy of 16 bytes instead of two words built in a register: 5 % of a small call.
    const { assert!(FRAME_DISTANCE == FRAME_RETURN + 8 && FRAME_RESULT == FRAME_DISTANCE + 4) }
    let distance = window as u64 | u64::from(call.dst) << 32;
    let back = e.constants.wide(&mut e.asm, [call.ret, distance]);
    asm!(e.asm; vmovups Rx(FLOAT_SCRATCH), OWORD [=>back]);
    mem!(e.asm, header(FRAME_RETURN); vmovups () OWORD (, Rx(FLOAT_SCRATCH)));

    load_word(&mut e.asm, WORD_SCRATCH, call.code);
    move_window(e, window);
    mem!(e.asm, Mem::Word(WORD_SCRATCH, e.linkage.code_native); jmp () QWORD ());
    e.returns_here(immediate);
    if matches!(e.op(site.index), Op::CallNumber(_)) {
        land_number(e, site, call);
    } else {
        land_value(e);
    }
    move_window(e, -window);
}

/// A native return address has two ways in: where it points, for a value in `rax`, and
/// [`NUMBER_ENTRY`] bytes behind, for a number in `xmm0`. This one wants the value.
pub(crate) fn land_value(e: &mut Emitter<'_>) {
    let start = e.asm.offset().0;
    asm!(e.asm; jmp BYTE >value);
    e.pad(start, NUMBER_ENTRY);
    asm!(e.asm; vmovq rax, xmm0; vucomisd xmm0, xmm0; jnp BYTE >value);
    load_word(&mut e.asm, RESULT, NAN);
    asm!(e.asm; value:);
}

/// This one wants the number; with any other value it leaves behind the call.
fn land_number(e: &mut Emitter<'_>, site: &Site<'_>, call: ScriptCall) {
    let start = e.asm.offset().0;
    let label = e.asm.new_dynamic_label();
    e.colds.push(Cold::NoNumber { label, inst: site.index, call });
    asm!(e.asm; vmovq xmm0, rax; cmp rax, r13; jae =>label);
    e.pad(start, NUMBER_ENTRY);
}

/// Moves the window up, or down when `bytes` is negative.
fn move_window(e: &mut Emitter<'_>, bytes: i32) {
    match i8::try_from(bytes) {
        Ok(bytes) => asm!(e.asm; add rbx, BYTE bytes),
        Err(_) => asm!(e.asm; add rbx, DWORD bytes),
    }
}

/// Returns the value in `rax`: to the native address in the header.
pub(super) fn return_value(e: &mut Emitter<'_>, site: &Site<'_>) {
    debug_assert_eq!(site.word(0), RESULT);
    let interpreter = e.stubs.return_to_interpreter as usize;
    asm!(e.asm; mov ecx, [BYTE rbx + FRAME_NATIVE_RETURN as i8]);
    if e.region as usize != interpreter {
        asm!(e.asm; test ecx, ecx; je extern interpreter);
    }
    asm!(e.asm; add rcx, r14; jmp rcx);
}

/// Returns the number in `xmm0`: to the native address's entry for numbers.
pub(super) fn return_number(e: &mut Emitter<'_>) {
    let interpreter = e.stubs.return_to_interpreter as usize + NUMBER_ENTRY;
    asm!(e.asm; mov ecx, [BYTE rbx + FRAME_NATIVE_RETURN as i8]);
    if e.region as usize + NUMBER_ENTRY != interpreter {
        asm!(e.asm; test ecx, ecx; je extern interpreter);
    }
    asm!(e.asm; lea rcx, [rcx + r14 + NUMBER_ENTRY as i32]; jmp rcx);
}

/// Runs an instruction: afterwards `rax` is the address of the next one, `rdx` its window.
fn run(e: &mut Emitter<'_>, pc: u64) {
    let fuel = Mem::Word(VM, e.linkage.vm_fuel);
    mem!(e.asm, fuel; mov () QWORD (, r15));
    asm!(e.asm
        ; mov rdi, QWORD pc as i64
        ; mov rsi, rbx
        ; mov rdx, r12
        // Looked up each time, because the interpreter rewrites instructions.
        ; movzx eax, BYTE [rdi]
        ; mov r11, QWORD e.linkage.steps as i64
        ; call QWORD [r11 + 8 * rax]
    );
    mem!(e.asm, fuel; mov (r15,) QWORD ());
}

pub(super) fn step(e: &mut Emitter<'_>, pc: u64, next: u64) {
    run(e, pc);
    let label = e.asm.new_dynamic_label();
    asm!(e.asm
        ; mov r11, QWORD next as i64
        ; cmp rax, r11
        ; jne =>label
        ; mov rbx, rdx
    );
    let back = e.here();
    e.colds.push(Cold::Step { label, back });
}

pub(super) fn step_branch(e: &mut Emitter<'_>, site: &Site<'_>, pc: u64, target: u64, next: u64) {
    run(e, pc);
    let leave = e.stubs.leave as usize;
    // The likelier fall-through last.
    let mut ways = [(target, site.succs[0]), (next, site.succs[1])];
    if ways[0].1 == site.next {
        ways.swap(0, 1);
    }
    let first = e.block(ways[0].1);
    asm!(e.asm
        ; mov rbx, rdx
        ; mov r11, QWORD ways[0].0 as i64
        ; cmp rax, r11
        ; je =>first
        ; mov r11, QWORD ways[1].0 as i64
        ; cmp rax, r11
        ; jne extern leave
    );
    e.go(site, ways[1].1);
}
