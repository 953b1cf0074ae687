//! Code that all functions of a machine share: ways in, ways out, and the barrier.
//!
//! Native stack while code runs, from `rsp` up: spill slots, six saved registers, and the address
//! that `leave` returns to. No spill slot is live while other code runs, so all frames of scripts
//! share them.

use crate::asm::{Assembler, Mem, asm, mem};
use crate::linkage::Linkage;
use crate::regs::{FIRST_BOXED, FLOATS, NAN, NUMBER_ENTRY, SPILLS_MAX, VM};
use brisk_core::native::layout::{
    FRAME_DISTANCE, FRAME_FUNCTION, FRAME_NATIVE_RETURN, FRAME_RESULT, FRAME_RETURN,
};
use brisk_jit::backend::Stubs;
use dynasmrt::{DynasmApi, DynasmLabelApi};

/// Bytes of spill slots. With the return address and six saved registers, the stack pointer is then
/// a multiple of 16, as calls need it. Less than a page, so that no guard page is jumped over.
const SPILL_BYTES: i32 = SPILLS_MAX as i32 * 8 + 8;
const _: () = assert!((8 + 6 * 8 + SPILL_BYTES) % 16 == 0 && SPILL_BYTES + 8 <= 4096);

/// Emits the stubs; see `Backend::emit_stubs`.
pub(crate) fn emit(linkage: &Linkage, at: u64, region: u64) -> (Vec<u8>, Stubs) {
    let mut asm = Assembler::new(at as usize);
    let here = |asm: &mut Assembler| {
        asm!(asm; .align 16, 0xCC);
        at + asm.offset().0 as u64
    };
    let stubs = Stubs {
        // First, so that the native return address 0 leads there (`lower/call.rs`).
        return_to_interpreter: (here(&mut asm), return_to_interpreter(&mut asm)).0,
        interpret: (here(&mut asm), interpret(&mut asm, linkage)).0,
        step_call: (here(&mut asm), step_call(&mut asm, linkage)).0,
        suspend: (here(&mut asm), suspend(&mut asm, linkage)).0,
        resume: (here(&mut asm), resume(&mut asm, linkage)).0,
        leave: (here(&mut asm), leave(&mut asm, linkage)).0,
        enter: (here(&mut asm), enter(&mut asm, linkage, region)).0,
        barrier: (here(&mut asm), barrier(&mut asm, linkage)).0,
    };
    (asm.finalize().expect("stubs refer to themselves only"), stubs)
}

/// The function whose window is in `rbx` returned `rax`, or at [`NUMBER_ENTRY`] the number in `xmm0`,
/// to a caller without machine code.
fn return_to_interpreter(asm: &mut Assembler) {
    let start = asm.offset().0;
    asm!(asm; jmp BYTE >value);
    while asm.offset().0 < start + NUMBER_ENTRY {
        asm!(asm; nop);
    }
    asm!(asm; vmovq rax, xmm0; vucomisd xmm0, xmm0; jnp BYTE >value; mov rax, QWORD NAN as i64);
    asm!(asm
        ; value:
        ; mov edx, [BYTE rbx + FRAME_DISTANCE as i8]
        ; neg rdx
        ; add rdx, rbx
        ; movzx ecx, WORD [BYTE rbx + FRAME_RESULT as i8]
        ; mov r8, [BYTE rbx + FRAME_RETURN as i8]
        ; mov [rdx + 8 * rcx], rax
        ; mov rax, r8
        ; jmp ->leave
    );
}

/// A function without machine code was called; its header is complete.
fn interpret(asm: &mut Assembler, linkage: &Linkage) {
    asm!(asm; mov rax, [BYTE rbx + FRAME_FUNCTION as i8]; shl rax, 16; shr rax, 16);
    mem!(asm, Mem::Word(0, linkage.func_code); mov (rax,) QWORD ());
    mem!(asm, Mem::Word(0, linkage.code_entry); mov (rax,) QWORD ());
    asm!(asm; mov rdx, rbx; jmp ->leave);
}

/// An instruction that was run leads to `rax` in the frame at `rdx`, and not behind itself, to
/// `r11`. When it called a function that will return there and stands at its start, machine code
/// goes on in that function, which then returns to the native address in `ecx`.
fn step_call(asm: &mut Assembler, linkage: &Linkage) {
    asm!(asm
        ; test rax, rax
        ; je ->leave
        ; test rdx, rdx
        ; je ->leave
        ; cmp rdx, rbx
        ; je ->leave
        ; cmp [BYTE rdx + FRAME_RETURN as i8], r11
        ; jne ->leave
        ; mov r8, [BYTE rdx + FRAME_FUNCTION as i8]
        ; shl r8, 16
        ; shr r8, 16
    );
    mem!(asm, Mem::Word(8, linkage.func_code); mov (r8,) QWORD ());
    mem!(asm, Mem::Word(8, linkage.code_entry); cmp (rax,) QWORD ());
    asm!(asm
        ; jne ->leave
        ; mov [BYTE rdx + FRAME_NATIVE_RETURN as i8], ecx
        ; mov rbx, rdx
    );
    mem!(asm, Mem::Word(8, linkage.code_native); jmp () QWORD ());
}

/// Exit `ecx` was taken; the interpreter goes on at `rax` in the running frame.
fn resume(asm: &mut Assembler, linkage: &Linkage) {
    mem!(asm, Mem::Word(VM, linkage.vm_native_exit); mov () DWORD (, ecx));
    asm!(asm; mov rdx, rbx; jmp ->leave);
}

/// The machine stops, and will go on at `rax` in the running frame.
fn suspend(asm: &mut Assembler, linkage: &Linkage) {
    mem!(asm, Mem::Word(VM, linkage.vm_pc); mov () QWORD (, rax));
    mem!(asm, Mem::Word(VM, linkage.vm_base); mov () QWORD (, rbx));
    asm!(asm; xor eax, eax; xor edx, edx; jmp ->leave);
}

/// Leaves; the interpreter goes on at `rax` in the frame at `rdx`.
fn leave(asm: &mut Assembler, linkage: &Linkage) {
    asm!(asm; ->leave:);
    mem!(asm, Mem::Word(VM, linkage.vm_fuel); mov () QWORD (, r15));
    asm!(asm
        // A step says by an odd address that code must not go on.
        ; and rax, BYTE -2
        ; add rsp, SPILL_BYTES
        ; pop r15
        ; pop r14
        ; pop r13
        ; pop r12
        ; pop rbp
        ; pop rbx
        ; ret
    );
}

/// A function of the machine, the window and the code.
fn enter(asm: &mut Assembler, linkage: &Linkage, region: u64) {
    asm!(asm
        ; push rbx
        ; push rbp
        ; push r12
        ; push r13
        ; push r14
        ; push r15
        ; sub rsp, SPILL_BYTES
        ; mov r12, rdi
        ; mov rbx, rsi
        ; mov r13, QWORD FIRST_BOXED as i64
        ; mov r14, QWORD region as i64
    );
    mem!(asm, Mem::Word(VM, linkage.vm_fuel); mov (r15,) QWORD ());
    asm!(asm; jmp rdx);
}

/// Called with an object's address in `r11` and a value on the stack, which it takes off; every register
/// that may be in use keeps its content. The host's function keeps the others itself.
fn barrier(asm: &mut Assembler, linkage: &Linkage) {
    /// With the value, the return address and eight words, a multiple of 16.
    const FLOAT_BYTES: i32 = FLOATS.len() as i32 * 8 + 8;
    const _: () = assert!((8 + 8 + 8 * 8 + FLOAT_BYTES) % 16 == 0);
    /// Where the value is.
    const VALUE: i32 = FLOAT_BYTES + 8 * 8 + 8;
    asm!(asm
        ; push rax
        ; push rcx
        ; push rdx
        ; push rsi
        ; push rdi
        ; push r8
        ; push r9
        ; push r10
        ; sub rsp, FLOAT_BYTES
    );
    for x in FLOATS {
        asm!(asm; vmovsd QWORD [BYTE rsp + (x * 8) as i8], Rx(x));
    }
    asm!(asm
        ; mov rdi, r12
        ; mov rsi, r11
        ; mov rdx, [rsp + VALUE]
        ; mov r11, QWORD linkage.barrier as i64
        ; call r11
    );
    for x in FLOATS {
        asm!(asm; vmovsd Rx(x), QWORD [BYTE rsp + (x * 8) as i8]);
    }
    asm!(asm
        ; add rsp, FLOAT_BYTES
        ; pop r10
        ; pop r9
        ; pop r8
        ; pop rdi
        ; pop rsi
        ; pop rdx
        ; pop rcx
        ; pop rax
        ; ret 8
    );
}
