//! Comparisons, as values and as checks, and checks of values.
//!
//! `vucomisd a, b` sets the carry when `a < b`, zero when they are equal, and both and parity for
//! NaN. So `a > b` and `a >= b` are one jump that NaN does not take, and so are their opposites,
//! which NaN takes; the others swap operands. Only equality needs a look at the parity.

use crate::asm::{Assembler, asm, imm32, load_word};
use crate::emit::{Emitter, Site};
use crate::regs::{FIRST_BOXED, WORD_SCRATCH};
use brisk_jit::op::Compare;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};

/// Jumps when a comparison of two float registers holds.
pub(super) fn jump_if(asm: &mut Assembler, compare: Compare, a: u8, b: u8, target: DynamicLabel) {
    use Compare::{Eq, Ge, Gt, Le, Lt, Ne, NotGe, NotGt, NotLe, NotLt};
    match compare {
        Lt | Le | NotLt | NotLe => asm!(asm; vucomisd Rx(b), Rx(a)),
        Gt | Ge | NotGt | NotGe | Eq | Ne => asm!(asm; vucomisd Rx(a), Rx(b)),
    }
    match compare {
        Lt | Gt => asm!(asm; ja =>target),
        Le | Ge => asm!(asm; jae =>target),
        NotLt | NotGt => asm!(asm; jbe =>target),
        NotLe | NotGe => asm!(asm; jb =>target),
        Eq => asm!(asm; jp BYTE >nan; je =>target; nan:),
        Ne => asm!(asm; jne =>target; jp =>target),
    }
}

/// Compares a general register with bits.
pub(super) fn compare_bits(asm: &mut Assembler, x: u8, bits: u64) {
    match (bits, imm32(bits)) {
        (0, _) => asm!(asm; test Rq(x), Rq(x)),
        (FIRST_BOXED, _) => asm!(asm; cmp Rq(x), r13),
        (_, Some(low)) => asm!(asm; cmp Rq(x), DWORD low),
        (_, None) => {
            load_word(asm, WORD_SCRATCH, bits);
            asm!(asm; cmp Rq(x), r11);
        }
    }
}

pub(super) fn test(e: &mut Emitter<'_>, site: &Site<'_>, compare: Compare) {
    let (a, b, to) = (site.float(0), site.float(1), site.to_float());
    // All quiet.
    let predicate: i8 = match compare {
        Compare::Eq => 0x00,
        Compare::Ne => 0x04,
        Compare::Lt => 0x11,
        Compare::Le => 0x12,
        Compare::NotLt => 0x15,
        Compare::NotLe => 0x16,
        Compare::NotGe => 0x19,
        Compare::NotGt => 0x1A,
        Compare::Ge => 0x1D,
        Compare::Gt => 0x1E,
    };
    let one = e.constants.wide(&mut e.asm, [1.0f64.to_bits(), 0]);
    asm!(e.asm
        ; vcmpsd Rx(to), Rx(a), Rx(b), predicate
        ; vandpd Rx(to), Rx(to), OWORD [=>one]
    );
}

pub(super) fn number(e: &mut Emitter<'_>, site: &Site<'_>) {
    let (x, to) = (site.word(0), site.to_float());
    let exit = e.exit(site);
    asm!(e.asm; cmp Rq(x), r13; jae =>exit; vmovq Rx(to), Rq(x));
}

/// The result is written before the check, so it must not share a register with what the exit
/// saves; the allocator sees to that.
pub(super) fn untag(e: &mut Emitter<'_>, site: &Site<'_>, tag: u16) {
    let (x, to) = (site.word(0), site.to_word());
    let exit = e.exit(site);
    load_word(&mut e.asm, to, u64::from(tag) << 48);
    asm!(e.asm; xor Rq(to), Rq(x); mov r11, Rq(to); shr r11, 48; jne =>exit);
}

pub(super) fn check_below(e: &mut Emitter<'_>, site: &Site<'_>, bits: u64) {
    let exit = e.exit(site);
    compare_bits(&mut e.asm, site.word(0), bits);
    asm!(e.asm; jae =>exit);
}

pub(super) fn check_bits(e: &mut Emitter<'_>, site: &Site<'_>, bits: u64) {
    let exit = e.exit(site);
    compare_bits(&mut e.asm, site.word(0), bits);
    asm!(e.asm; jne =>exit);
}

pub(super) fn check_index(e: &mut Emitter<'_>, site: &Site<'_>) {
    let exit = e.exit(site);
    asm!(e.asm; cmp Rq(site.word(0)), Rq(site.word(1)); jae =>exit);
}

pub(super) fn check_compare(e: &mut Emitter<'_>, site: &Site<'_>, compare: Compare) {
    let exit = e.exit(site);
    jump_if(&mut e.asm, compare.not(), site.float(0), site.float(1), exit);
}

/// The slot of a shape, from the entries of a cache.
pub(super) fn slot(e: &mut Emitter<'_>, site: &Site<'_>, entries: [u32; 4]) {
    let (shape, to) = (site.word(0), site.to_word());
    let exit = e.exit(site);
    let done = e.asm.new_dynamic_label();
    for entry in entries.into_iter().filter(|&entry| entry != u32::MAX) {
        asm!(e.asm
            ; mov Rd(to), DWORD (entry & 63) as i32
            ; cmp Rd(shape), DWORD (entry >> 6).cast_signed()
            ; je =>done
        );
    }
    asm!(e.asm; jmp =>exit; =>done);
}
