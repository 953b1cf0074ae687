//! The assembler: `dynasm!` pinned to this processor, and memory operands.
//!
//! A memory operand is known only when code is made, and its encoding depends on it: the window's
//! register needs a byte less than others, and small displacements take one byte instead of four.
//! [`mem!`] picks the shortest that `dynasm!` can write.

use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, VecAssembler};

/// Where code is written to; it knows the code's final address.
pub(crate) type Assembler = VecAssembler<X64Relocation>;

/// `dynasm!` for x86-64, whatever the host is.
macro_rules! asm {
    ($asm:expr; $($code:tt)*) => { dynasm::dynasm!($asm ; .arch x64 ; $($code)*) };
}
pub(crate) use asm;

/// A place in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mem {
    /// Bytes from the window of the running frame.
    Window(i32),
    /// Bytes from the address in a general register.
    Word(u8, i32),
    /// As `Word`, and eight times another general register.
    Indexed(u8, u8, i32),
}

/// One instruction with a memory operand: `mem!(asm, place; op (before) SIZE (after))` writes
/// `op before SIZE [place] after`.
macro_rules! mem {
    ($asm:expr, $mem:expr; $op:ident ($($before:tt)*) $($size:ident)? ($($after:tt)*)) => {
        match $mem {
            Mem::Window(d) => match i8::try_from(d) {
                Ok(d) => asm!($asm; $op $($before)* $($size)? [BYTE rbx + d] $($after)*),
                Err(_) => asm!($asm; $op $($before)* $($size)? [DWORD rbx + d] $($after)*),
            },
            Mem::Word(b, d) => match i8::try_from(d) {
                Ok(d) => asm!($asm; $op $($before)* $($size)? [BYTE Rq(b) + d] $($after)*),
                Err(_) => asm!($asm; $op $($before)* $($size)? [DWORD Rq(b) + d] $($after)*),
            },
            Mem::Indexed(b, i, d) => match i8::try_from(d) {
                Ok(d) => {
                    asm!($asm; $op $($before)* $($size)? [BYTE Rq(b) + 8 * Rq(i) + d] $($after)*)
                }
                Err(_) => {
                    asm!($asm; $op $($before)* $($size)? [DWORD Rq(b) + 8 * Rq(i) + d] $($after)*)
                }
            },
        }
    };
}
pub(crate) use mem;

/// The signed 32-bit immediate that the processor widens to these bits, if there is one.
pub(crate) fn imm32(bits: u64) -> Option<i32> {
    i32::try_from(bits as i64).ok()
}

/// `register = bits`, in the shortest form. Changes flags.
pub(crate) fn load_word(asm: &mut Assembler, register: u8, bits: u64) {
    if bits == 0 {
        asm!(asm; xor Rd(register), Rd(register));
    } else if bits == crate::regs::FIRST_BOXED {
        asm!(asm; mov Rq(register), r13);
    } else if let Ok(low) = u32::try_from(bits) {
        asm!(asm; mov Rd(register), DWORD low as i32);
    } else if let Some(low) = imm32(bits) {
        asm!(asm; mov Rq(register), DWORD low);
    } else {
        asm!(asm; mov Rq(register), QWORD bits as i64);
    }
}

/// Stores bits; uses the scratch register when they do not fit into the instruction.
pub(crate) fn store_word(asm: &mut Assembler, to: Mem, bits: u64) {
    if let Some(low) = imm32(bits) {
        mem!(asm, to; mov () QWORD (, DWORD low));
    } else {
        load_word(asm, crate::regs::WORD_SCRATCH, bits);
        mem!(asm, to; mov () QWORD (, r11));
    }
}
