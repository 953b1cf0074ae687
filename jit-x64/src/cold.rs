//! What a function rarely needs: exits, and the long ways of operations. It stands behind the
//! blocks, so that those stay dense.

use crate::asm::{Mem, asm, load_word, mem, store_word};
use crate::emit::{Emitter, spill};
use crate::lower::land_value;
use crate::regs::{FLOAT_SCRATCH, NAN, WORD_SCRATCH};
use brisk_core::native::layout::{FRAME_DISTANCE, FRAME_RESULT};
use brisk_jit::lir::{ExitKind, Place, Source};
use brisk_jit::op::{Op, Rep, ScriptCall};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};

/// A piece of rarely needed code: where it starts, and where it goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cold {
    /// The exit of an instruction.
    Exit { label: DynamicLabel, inst: usize },
    /// Gives fuel back and takes an exit.
    Refund { label: DynamicLabel, fuel: u32, exit: DynamicLabel },
    /// A double was NaN: the register gets the NaN that values may be.
    LoadNan { label: DynamicLabel, to: u8, back: DynamicLabel },
    /// A double was NaN: the NaN that values may be is stored.
    StoreNan { label: DynamicLabel, to: Mem, back: DynamicLabel },
    /// A dividend is zero: negative zero leaves.
    Zero { label: DynamicLabel, x: u8, exit: DynamicLabel, back: DynamicLabel },
    /// Calls the barrier for the object and the value in these registers.
    Barrier { label: DynamicLabel, object: u8, value: u8, back: DynamicLabel },
    /// A call that should have given a number gave another value, in `rax`; the window is the
    /// callee's.
    NoNumber { label: DynamicLabel, inst: usize, call: ScriptCall },
    /// An instruction that was run leads elsewhere than behind it: perhaps into a function that
    /// returns there. `r11` holds the address of the instruction behind it.
    Step { label: DynamicLabel, back: DynamicLabel },
}

/// Writes them all.
pub(crate) fn emit(e: &mut Emitter<'_>) {
    for cold in std::mem::take(&mut e.colds) {
        emit_cold(e, cold);
    }
    debug_assert!(e.colds.is_empty(), "cold code has no cold code of its own");
}

fn emit_cold(e: &mut Emitter<'_>, cold: Cold) {
    match cold {
        Cold::Exit { label, inst } => {
            e.bind(label);
            emit_exit(e, inst);
        }
        Cold::Refund { label, fuel, exit } => {
            asm!(e.asm; =>label; add r15, DWORD fuel as i32; jmp =>exit);
        }
        Cold::LoadNan { label, to, back } => {
            e.bind(label);
            load_word(&mut e.asm, to, NAN);
            asm!(e.asm; jmp =>back);
        }
        Cold::StoreNan { label, to, back } => {
            e.bind(label);
            store_word(&mut e.asm, to, NAN);
            asm!(e.asm; jmp =>back);
        }
        Cold::Zero { label, x, exit, back } => {
            asm!(e.asm; =>label; vmovq r11, Rx(x); test r11, r11; js =>exit; jmp =>back);
        }
        Cold::Barrier { label, object, value, back } => {
            let barrier = e.stubs.barrier as usize;
            // Numbers keep nothing alive. The stub takes the value off the stack, which stays aligned.
            asm!(e.asm
                ; =>label
                ; cmp Rq(value), r13
                ; jb =>back
                ; mov r11, Rq(object)
                ; push Rq(value)
                ; call extern barrier
                ; jmp =>back
            );
        }
        Cold::NoNumber { label, inst, call } => {
            e.bind(label);
            emit_no_number(e, inst, call);
        }
        Cold::Step { label, back } => emit_step(e, label, back),
    }
}

/// The value goes where the interpreter would put it, and the code leaves behind the call.
fn emit_no_number(e: &mut Emitter<'_>, inst: usize, call: ScriptCall) {
    let (_, number, _) = e.exit_of(inst);
    let resume = e.stubs.resume as usize;
    asm!(e.asm; sub rbx, DWORD i32::from(call.window) * 8);
    mem!(e.asm, Mem::Window(i32::from(call.dst) * 8); mov () QWORD (, rax));
    asm!(e.asm
        ; mov rax, QWORD call.ret as i64
        ; mov ecx, DWORD number as i32
        ; jmp extern resume
    );
}

/// What is not in the window goes there, then the code leaves.
pub(crate) fn emit_exit(e: &mut Emitter<'_>, inst: usize) {
    let (exit, number, uses) = e.exit_of(inst);
    let is_float = |source| matches!(source, Source::Operand(_, Rep::F64));
    if exit.saved.iter().any(|saved| is_float(saved.source)) {
        // Doubles first: they share the NaN in the scratch register.
        load_word(&mut e.asm, WORD_SCRATCH, NAN);
    }
    for saved in exit.saved.iter().filter(|saved| is_float(saved.source)) {
        let Source::Operand(operand, _) = saved.source else { continue };
        save_float(e, uses[operand as usize], Mem::Window(i32::from(saved.slot) * 8));
    }
    for saved in exit.saved.iter().filter(|saved| !is_float(saved.source)) {
        let to = Mem::Window(i32::from(saved.slot) * 8);
        match saved.source {
            Source::Operand(operand, _) => save_word(e, uses[operand as usize], to),
            Source::Bits(bits) => store_word(&mut e.asm, to, bits),
        }
    }
    asm!(e.asm; mov rax, QWORD exit.pc as i64);
    let (resume, suspend) = (e.stubs.resume as usize, e.stubs.suspend as usize);
    // A call that needs a look is no failure.
    let call = matches!(e.op(inst), Op::Call(_) | Op::CallNumber(_));
    let number = if call { 0 } else { number };
    match exit.kind {
        ExitKind::Resume => asm!(e.asm; mov ecx, DWORD number as i32; jmp extern resume),
        ExitKind::Suspend => asm!(e.asm; jmp extern suspend),
    }
}

/// Stores a double as a value; `r11` holds `NAN`.
fn save_float(e: &mut Emitter<'_>, from: Place, to: Mem) {
    let x = match from {
        Place::F64(x) => x,
        Place::Spill(slot) => {
            mem!(e.asm, spill(slot); vmovsd (Rx(FLOAT_SCRATCH),) QWORD ());
            FLOAT_SCRATCH
        }
        Place::Word(_) => panic!("a double is not in a general register"),
    };
    asm!(e.asm; vucomisd Rx(x), Rx(x));
    mem!(e.asm, to; vmovsd () QWORD (, Rx(x)));
    asm!(e.asm; jnp BYTE >number);
    mem!(e.asm, to; mov () QWORD (, r11));
    asm!(e.asm; number:);
}

fn save_word(e: &mut Emitter<'_>, from: Place, to: Mem) {
    match from {
        Place::Word(x) => mem!(e.asm, to; mov () QWORD (, Rq(x))),
        Place::Spill(slot) => {
            mem!(e.asm, spill(slot); mov (r11,) QWORD ());
            mem!(e.asm, to; mov () QWORD (, r11));
        }
        Place::F64(_) => panic!("a value is not in a float register"),
    }
}

/// The continuation takes the result in `rax`, with the callee's window still in `rbx` (see
/// `lower/call.rs`), and puts it where the callee's header says, as the interpreter does.
fn emit_step(e: &mut Emitter<'_>, label: DynamicLabel, back: DynamicLabel) {
    let call = e.stubs.step_call as usize;
    asm!(e.asm; =>label; mov ecx, DWORD 0);
    let immediate = e.last_immediate();
    asm!(e.asm; jmp extern call);
    e.returns_here(immediate);
    land_value(e);
    asm!(e.asm
        ; movzx ecx, WORD [BYTE rbx + FRAME_RESULT as i8]
        ; mov edx, [BYTE rbx + FRAME_DISTANCE as i8]
        ; sub rbx, rdx
        ; mov [rbx + 8 * rcx], rax
        ; jmp =>back
    );
}
