//! Ends of blocks, and fuel.

use super::compare::{compare_bits, jump_if};
use crate::asm::{Mem, asm, mem};
use crate::cold::Cold;
use crate::emit::{Emitter, Site};
use crate::regs::VM;
use brisk_jit::op::Compare;
use dynasmrt::{DynasmApi, DynasmLabelApi};

pub(super) fn fuel(e: &mut Emitter<'_>, site: &Site<'_>, fuel: u32) {
    let exit = e.exit(site);
    pay(e, fuel);
    asm!(e.asm; js =>exit);
}

/// Pays for a call that was inlined; when there is not enough, gives it back and leaves.
pub(super) fn pay_for_call(e: &mut Emitter<'_>, site: &Site<'_>, fuel: u32) {
    let exit = e.exit(site);
    let label = e.asm.new_dynamic_label();
    e.colds.push(Cold::Refund { label, fuel, exit });
    pay(e, fuel);
    asm!(e.asm; js =>label);
}

/// A window must end below the limit, as for a call.
pub(super) fn check_window(e: &mut Emitter<'_>, site: &Site<'_>, registers: u32) {
    let exit = e.exit(site);
    mem!(e.asm, Mem::Window(registers as i32 * 8); lea (r11,) ());
    mem!(e.asm, Mem::Word(VM, e.linkage.vm_stack_limit); cmp (r11,) QWORD ());
    asm!(e.asm; ja =>exit);
}

/// Pays fuel; the sign says whether none is left.
pub(super) fn pay(e: &mut Emitter<'_>, fuel: u32) {
    match i8::try_from(fuel) {
        Ok(fuel) => asm!(e.asm; sub r15, BYTE fuel),
        Err(_) => asm!(e.asm; sub r15, DWORD fuel as i32),
    }
}

pub(super) fn branch(e: &mut Emitter<'_>, site: &Site<'_>, compare: Compare) {
    let (a, b) = (site.float(0), site.float(1));
    let (yes, no) = (site.succs[0], site.succs[1]);
    if yes == site.next {
        let target = e.block(no);
        jump_if(&mut e.asm, compare.not(), a, b, target);
    } else {
        let target = e.block(yes);
        jump_if(&mut e.asm, compare, a, b, target);
        e.go(site, no);
    }
}

pub(super) fn branch_bits(e: &mut Emitter<'_>, site: &Site<'_>, bits: u64) {
    let (yes, no) = (site.succs[0], site.succs[1]);
    compare_bits(&mut e.asm, site.word(0), bits);
    if yes == site.next {
        let target = e.block(no);
        asm!(e.asm; jne =>target);
    } else {
        let target = e.block(yes);
        asm!(e.asm; je =>target);
        e.go(site, no);
    }
}
