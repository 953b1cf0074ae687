//! Constants, arithmetic, and changes of representation.

use crate::asm::{asm, load_word};
use crate::cold::Cold;
use crate::emit::{Emitter, Site};
use brisk_jit::op::{Binary, Unary};
use dynasmrt::{DynasmApi, DynasmLabelApi};

/// Modes of `vroundsd`: the direction, without an inexact exception.
const FLOOR: i8 = 9;
const CEIL: i8 = 10;
const TRUNC: i8 = 11;

pub(super) fn word(e: &mut Emitter<'_>, site: &Site<'_>, bits: u64) {
    load_word(&mut e.asm, site.to_word(), bits);
}

pub(super) fn double(e: &mut Emitter<'_>, site: &Site<'_>, bits: u64) {
    let to = site.to_float();
    if bits == 0 {
        asm!(e.asm; vxorpd Rx(to), Rx(to), Rx(to));
    } else {
        let constant = e.constants.double(&mut e.asm, bits);
        asm!(e.asm; vmovsd Rx(to), QWORD [=>constant]);
    }
}

pub(super) fn to_f64(e: &mut Emitter<'_>, site: &Site<'_>) {
    asm!(e.asm; vmovq Rx(site.to_float()), Rq(site.word(0)));
}

pub(super) fn to_value(e: &mut Emitter<'_>, site: &Site<'_>) {
    let (x, to) = (site.float(0), site.to_word());
    let label = e.asm.new_dynamic_label();
    asm!(e.asm; vmovq Rq(to), Rx(x); vucomisd Rx(x), Rx(x); jp =>label);
    let back = e.here();
    e.colds.push(Cold::LoadNan { label, to, back });
}

pub(super) fn to_bits(e: &mut Emitter<'_>, site: &Site<'_>) {
    asm!(e.asm; vmovq Rq(site.to_word()), Rx(site.float(0)));
}

pub(super) fn binary(e: &mut Emitter<'_>, site: &Site<'_>, function: Binary) {
    let (a, b, to) = (site.float(0), site.float(1), site.to_float());
    match function {
        Binary::Add => asm!(e.asm; vaddsd Rx(to), Rx(a), Rx(b)),
        Binary::Sub => asm!(e.asm; vsubsd Rx(to), Rx(a), Rx(b)),
        Binary::Mul => asm!(e.asm; vmulsd Rx(to), Rx(a), Rx(b)),
        Binary::Div => asm!(e.asm; vdivsd Rx(to), Rx(a), Rx(b)),
        // The instruction gives its last operand when either is NaN, as `Min` does.
        Binary::Min => asm!(e.asm; vminsd Rx(to), Rx(a), Rx(b)),
    }
}

pub(super) fn binary_const(e: &mut Emitter<'_>, site: &Site<'_>, function: Binary, bits: u64) {
    let (a, to) = (site.float(0), site.to_float());
    let b = e.constants.double(&mut e.asm, bits);
    match function {
        Binary::Add => asm!(e.asm; vaddsd Rx(to), Rx(a), QWORD [=>b]),
        Binary::Sub => asm!(e.asm; vsubsd Rx(to), Rx(a), QWORD [=>b]),
        Binary::Mul => asm!(e.asm; vmulsd Rx(to), Rx(a), QWORD [=>b]),
        Binary::Div => asm!(e.asm; vdivsd Rx(to), Rx(a), QWORD [=>b]),
        Binary::Min => asm!(e.asm; vminsd Rx(to), Rx(a), QWORD [=>b]),
    }
}

pub(super) fn unary(e: &mut Emitter<'_>, site: &Site<'_>, function: Unary) {
    let (x, to) = (site.float(0), site.to_float());
    // The second operand is where the upper half comes from: the same register waits for no other.
    match function {
        Unary::Sqrt => asm!(e.asm; vsqrtsd Rx(to), Rx(x), Rx(x)),
        Unary::Abs => {
            let mask = e.constants.wide(&mut e.asm, [u64::MAX >> 1; 2]);
            asm!(e.asm; vandpd Rx(to), Rx(x), OWORD [=>mask]);
        }
        Unary::Floor => asm!(e.asm; vroundsd Rx(to), Rx(x), Rx(x), FLOOR),
        Unary::Ceil => asm!(e.asm; vroundsd Rx(to), Rx(x), Rx(x), CEIL),
        Unary::Trunc => asm!(e.asm; vroundsd Rx(to), Rx(x), Rx(x), TRUNC),
    }
}

pub(super) fn truncate(e: &mut Emitter<'_>, site: &Site<'_>) {
    asm!(e.asm; vcvttsd2si Rq(site.to_word()), Rx(site.float(0)));
}

pub(super) fn int_to_f64(e: &mut Emitter<'_>, site: &Site<'_>) {
    let (x, to) = (site.word(0), site.to_float());
    // Cleared first, so that the conversion does not wait for what the register held.
    asm!(e.asm; vxorpd Rx(to), Rx(to), Rx(to); vcvtsi2sd Rx(to), Rx(to), Rq(x));
}

/// Uses `rax`, `rcx` and `rdx`, which neither operands nor what the exit saves are in.
pub(super) fn modulo(e: &mut Emitter<'_>, site: &Site<'_>) {
    let (x, y, to) = (site.float(0), site.float(1), site.to_float());
    let exit = e.exit(site);
    let label = e.asm.new_dynamic_label();
    asm!(e.asm
        // The ranges exclude `i64::MIN`, so NaN does not come further.
        ; vcvttsd2si rax, Rx(x)
        ; vcvttsd2si rcx, Rx(y)
        ; mov r11, rax
        ; shr r11, 32
        ; jne =>exit
        ; lea r11, [rcx - 1]
        ; cmp r11, 0x7FFF_FFFF
        ; jae =>exit
        ; vxorpd xmm15, xmm15, xmm15
        ; vcvtsi2sd xmm15, xmm15, rax
        ; vucomisd xmm15, Rx(x)
        ; jne =>exit
        ; vcvtsi2sd xmm15, xmm15, rcx
        ; vucomisd xmm15, Rx(y)
        ; jne =>exit
        ; test eax, eax
        ; je =>label
    );
    let back = e.here();
    asm!(e.asm
        ; xor edx, edx
        ; div ecx
        ; vxorpd Rx(to), Rx(to), Rx(to)
        ; vcvtsi2sd Rx(to), Rx(to), rdx
    );
    e.colds.push(Cold::Zero { label, x, exit, back });
}
