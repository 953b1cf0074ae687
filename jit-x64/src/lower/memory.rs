//! Loads, stores and the collector's barrier.

use crate::asm::{Mem, asm, mem, store_word};
use crate::cold::Cold;
use crate::emit::{Emitter, Site};
use crate::regs::VM;
use brisk_jit::op::{Address, Width};
use dynasmrt::{DynasmApi, DynasmLabelApi};

pub(super) fn load(e: &mut Emitter<'_>, site: &Site<'_>, address: Address, width: Width) {
    let (from, to) = (site.mem(address), site.to_word());
    // Writing the lower half of a register clears the upper one.
    match width {
        Width::W8 => mem!(e.asm, from; movzx (Rd(to),) BYTE ()),
        Width::W32 => mem!(e.asm, from; mov (Rd(to),) DWORD ()),
        Width::W64 => mem!(e.asm, from; mov (Rq(to),) QWORD ()),
    }
}

pub(super) fn load_f64(e: &mut Emitter<'_>, site: &Site<'_>, address: Address) {
    let (from, to) = (site.mem(address), site.to_float());
    mem!(e.asm, from; vmovsd (Rx(to),) QWORD ());
}

pub(super) fn load_number(e: &mut Emitter<'_>, site: &Site<'_>, address: Address) {
    let (from, to) = (site.mem(address), site.to_float());
    let exit = e.exit(site);
    mem!(e.asm, from; cmp () QWORD (, r13));
    asm!(e.asm; jae =>exit);
    mem!(e.asm, from; vmovsd (Rx(to),) QWORD ());
}

pub(super) fn store(e: &mut Emitter<'_>, site: &Site<'_>, address: Address) {
    let (to, x) = (site.mem(address), site.word(address.operands()));
    mem!(e.asm, to; mov () QWORD (, Rq(x)));
}

pub(super) fn store_f64(e: &mut Emitter<'_>, site: &Site<'_>, address: Address) {
    let (to, x) = (site.mem(address), site.float(address.operands()));
    let label = e.asm.new_dynamic_label();
    asm!(e.asm; vucomisd Rx(x), Rx(x); jp =>label);
    mem!(e.asm, to; vmovsd () QWORD (, Rx(x)));
    let back = e.here();
    e.colds.push(Cold::StoreNan { label, to, back });
}

pub(super) fn store_number(e: &mut Emitter<'_>, site: &Site<'_>, address: Address) {
    let (to, x) = (site.mem(address), site.float(address.operands()));
    mem!(e.asm, to; vmovsd () QWORD (, Rx(x)));
}

pub(super) fn store_bits(e: &mut Emitter<'_>, site: &Site<'_>, address: Address, bits: u64) {
    store_word(&mut e.asm, site.mem(address), bits);
}

/// An object that was scanned has the colour that the machine names while it marks.
pub(super) fn barrier(e: &mut Emitter<'_>, site: &Site<'_>) {
    let (object, value) = (site.word(0), site.word(1));
    let label = e.asm.new_dynamic_label();
    mem!(e.asm, Mem::Word(object, e.linkage.object_color); movzx (r11d,) BYTE ());
    mem!(e.asm, Mem::Word(VM, e.linkage.vm_barrier_color); cmp (r11b,) BYTE ());
    asm!(e.asm; je =>label);
    let back = e.here();
    e.colds.push(Cold::Barrier { label, object, value, back });
}
