//! Ends of blocks, and fuel.

use super::compare::{compare_bits, jump_if};
use crate::asm::asm;
use crate::emit::{Emitter, Site};
use brisk_jit::op::Compare;
use dynasmrt::{DynasmApi, DynasmLabelApi};

pub(super) fn fuel(e: &mut Emitter<'_>, site: &Site<'_>, fuel: u32) {
    let exit = e.exit(site);
    pay(e, fuel);
    asm!(e.asm; js =>exit);
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
