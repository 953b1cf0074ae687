//! Jumps, comparisons with jumps, and loops.

use super::{
    Engine, Value, Vm, field_a, field_b, handler, keep_branch, pool, signed_b, signed_c, slow,
    slow_handlers, wide_bc,
};

handler! {
    jump(E, pc, base, vm, acc) { E::next(pc.offset(wide_bc(pc)), base, vm, acc) }
}

handler! {
    loop_back(E, pc, base, vm, acc) {
        let distance = wide_bc(pc);
        let fuel = (*vm).fuel + distance as i64 - 1;
        (*vm).fuel = fuel;
        if fuel < 0 {
            return E::slow::<slow::FuelJump>(pc, base, vm);
        }
        E::next(pc.offset(distance), base, vm, acc)
    }
}

macro_rules! truth_jump {
    ($name:ident, $value:ident, $taken:expr) => {
        handler! {
            $name(E, pc, base, vm, acc) {
                let $value = *base.add(field_a(pc));
                if !$value.is_number() {
                    return E::slow::<slow::Truth>(pc, base, vm);
                }
                if $taken {
                    keep_branch();
                    return E::next(pc.offset(signed_c(pc)), base, vm, acc);
                }
                E::next(pc.add(1), base, vm, acc)
            }
        }
    };
}
truth_jump!(jump_if, value, value.raw_f64() != 0.0);
truth_jump!(jump_if_not, value, value.raw_f64() == 0.0);
slow_handlers! {
    and_short => Truth;
    or_short => Truth;
}

handler! {
    loop_if(E, pc, base, vm, acc) {
        let value = *base.add(field_a(pc));
        if !value.is_number() {
            return E::slow::<slow::Truth>(pc, base, vm);
        }
        if value.raw_f64() != 0.0 {
            return back::<E>(pc, base, vm, acc);
        }
        E::next(pc.add(1), base, vm, acc)
    }
}

/// Goes back to the target in `c`, paying for the words of the loop.
#[inline(always)]
unsafe fn back<E: Engine>(pc: *const u64, base: *mut Value, vm: *mut Vm, acc: f64) -> E::Result {
    // SAFETY: a loop instruction.
    unsafe {
        let distance = signed_c(pc);
        let fuel = (*vm).fuel + distance as i64 - 1;
        (*vm).fuel = fuel;
        if fuel < 0 {
            return E::slow::<slow::FuelJump>(pc, base, vm);
        }
        keep_branch();
        E::next(pc.offset(distance), base, vm, acc)
    }
}

/// What a comparison of two values says without a slow path: numbers, and short strings, whose
/// order is that of their bits.
#[inline(always)]
fn ordered(
    l: Value,
    r: Value,
    numbers: fn(f64, f64) -> bool,
    bits: fn(u64, u64) -> bool,
) -> Option<bool> {
    let (x, y) = (l.raw_f64(), r.raw_f64());
    if !(x.is_nan() || y.is_nan()) {
        return Some(numbers(x, y));
    }
    (l.is_short() && r.is_short()).then(|| bits(l.bits(), r.bits()))
}

/// The same for `==`.
#[inline(always)]
fn equal(l: Value, r: Value) -> Option<bool> {
    let (x, y) = (l.raw_f64(), r.raw_f64());
    if x == y {
        return Some(true);
    }
    if !(x.is_nan() || y.is_nan()) {
        return Some(false);
    }
    if r.is_null() || r.is_short() {
        if l.bits() == r.bits() {
            return Some(true);
        }
        if !l.needs_attention() {
            return Some(false);
        }
    }
    None
}

/// One comparison in its six forms.
macro_rules! compare_jump {
    ($test:expr; $jump:ident $jump_not:ident $jump_k:ident $jump_not_k:ident $loop:ident $loop_k:ident) => {
        compare_jump!(@one $jump, $test, |pc, base: *mut Value| *base.add(field_b(pc)), true, forward);
        compare_jump!(@one $jump_not, $test, |pc, base: *mut Value| *base.add(field_b(pc)), false, forward);
        compare_jump!(@one $jump_k, $test, |pc, _| pool(pc, signed_b(pc)), true, forward);
        compare_jump!(@one $jump_not_k, $test, |pc, _| pool(pc, signed_b(pc)), false, forward);
        compare_jump!(@one $loop, $test, |pc, base: *mut Value| *base.add(field_b(pc)), true, back);
        compare_jump!(@one $loop_k, $test, |pc, _| pool(pc, signed_b(pc)), true, back);
    };
    (@one $name:ident, $test:expr, $rhs:expr, $wanted:literal, $go:ident) => {
        handler! {
            $name(E, pc, base, vm, acc) {
                let l = *base.add(field_a(pc));
                let r: Value = ($rhs)(pc, base);
                match ($test)(l, r) {
                    Some(holds) => {
                        if holds == $wanted {
                            return $go::<E>(pc, base, vm, acc);
                        }
                        E::next(pc.add(1), base, vm, acc)
                    }
                    None => E::slow::<slow::CompareJump>(pc, base, vm),
                }
            }
        }
    };
}

#[inline(always)]
unsafe fn forward<E: Engine>(pc: *const u64, base: *mut Value, vm: *mut Vm, acc: f64) -> E::Result {
    keep_branch();
    // SAFETY: a jump instruction.
    unsafe { E::next(pc.offset(signed_c(pc)), base, vm, acc) }
}

compare_jump!(|l, r| ordered(l, r, |x, y| x < y, |x, y| x < y);
    j_lt j_not_lt j_lt_k j_not_lt_k loop_lt loop_lt_k);
compare_jump!(|l, r| ordered(l, r, |x, y| x <= y, |x, y| x <= y);
    j_le j_not_le j_le_k j_not_le_k loop_le loop_le_k);
compare_jump!(|l, r| ordered(l, r, |x, y| x > y, |x, y| x > y);
    j_gt j_not_gt j_gt_k j_not_gt_k loop_gt loop_gt_k);
compare_jump!(|l, r| ordered(l, r, |x, y| x >= y, |x, y| x >= y);
    j_ge j_not_ge j_ge_k j_not_ge_k loop_ge loop_ge_k);
compare_jump!(equal; j_eq j_not_eq j_eq_k j_not_eq_k loop_eq loop_eq_k);
compare_jump!(|l, r| equal(l, r).map(|e: bool| !e); j_ne j_not_ne j_ne_k j_not_ne_k loop_ne loop_ne_k);

slow_handlers! {
    range_init => RangeInit;
    for_prep => ForPrep;
    for_next => ForNext;
    iter_get => IterGet;
}

handler! {
    for_next_range(E, pc, base, vm, acc) {
        let state = base.add(field_a(pc));
        if *state != Value::RANGE_MARK {
            return E::slow::<slow::ForNext>(pc, base, vm);
        }
        let at = (*state.add(1)).raw_f64() + (*state.add(3)).raw_f64();
        let to = (*state.add(2)).raw_f64();
        let more = if (*state.add(3)).raw_f64() > 0.0 { at <= to } else { at >= to };
        if more {
            let value = Value::number_raw(at);
            state.add(1).write(value);
            base.add(field_b(pc)).write(value);
            return back::<E>(pc, base, vm, acc);
        }
        E::next(pc.add(1), base, vm, acc)
    }
}

handler! {
    for_next_list(E, pc, base, vm, acc) {
        let state = base.add(field_a(pc));
        let Some(list) = (*state).as_list() else {
            return E::slow::<slow::ForNext>(pc, base, vm);
        };
        let index = (*state.add(1)).raw_f64() + 1.0;
        match list.get(super::truncate(index) as usize) {
            Some(value) => {
                state.add(1).write(Value::number_raw(index));
                base.add(field_b(pc)).write(value);
                back::<E>(pc, base, vm, acc)
            }
            None => E::next(pc.add(1), base, vm, acc),
        }
    }
}
