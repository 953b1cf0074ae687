//! Arithmetic, logic and comparisons as values.

use super::{
    Engine, Value, Vm, field_a, field_b, field_c, handler, pool, signed_b, signed_c, slow,
    slow_handlers,
};

/// Stores a number and goes on; what is NaN goes to the slow path, because every value that is no
/// number is a NaN.
macro_rules! finish {
    ($E:ident, $pc:ident, $base:ident, $vm:ident, $result:expr) => {{
        let result: f64 = $result;
        if result.is_nan() {
            return $E::slow::<slow::Arith>($pc, $base, $vm);
        }
        $base.add(field_a($pc)).write(Value::number_raw(result));
        $E::next($pc.add(1), $base, $vm, result)
    }};
}

/// The double in an operand: a register (`b`, `c`), a constant (`kb`, `kc`), or a register as the
/// instruction before passed it on (`acc_b`, `acc_c`).
macro_rules! operand {
    (b, $pc:ident, $base:ident, $acc:ident) => {
        (*$base.add(field_b($pc))).raw_f64()
    };
    (c, $pc:ident, $base:ident, $acc:ident) => {
        (*$base.add(field_c($pc))).raw_f64()
    };
    (kb, $pc:ident, $base:ident, $acc:ident) => {
        pool($pc, signed_b($pc)).raw_f64()
    };
    (kc, $pc:ident, $base:ident, $acc:ident) => {
        pool($pc, signed_c($pc)).raw_f64()
    };
    (acc_b, $pc:ident, $base:ident, $acc:ident) => {{
        debug_assert!(agrees($acc, *$base.add(field_b($pc))));
        $acc
    }};
    (acc_c, $pc:ident, $base:ident, $acc:ident) => {{
        debug_assert!(agrees($acc, *$base.add(field_c($pc))));
        $acc
    }};
}

/// Whether what was passed on may stand for a register: it is its number, or says nothing.
fn agrees(acc: f64, register: Value) -> bool {
    acc.is_nan() || acc.to_bits() == register.bits()
}

macro_rules! arithmetic {
    ($($name:ident: $lhs:ident $op:tt $rhs:ident;)*) => { $(
        handler! {
            $name(E, pc, base, vm, acc) {
                let lhs: f64 = operand!($lhs, pc, base, acc);
                let rhs: f64 = operand!($rhs, pc, base, acc);
                finish!(E, pc, base, vm, lhs $op rhs)
            }
        }
    )* };
}

arithmetic! {
    add: b + c;
    sub: b - c;
    mul: b * c;
    div: b / c;
    add_k: b + kc;
    sub_k: b - kc;
    mul_k: b * kc;
    div_k: b / kc;
    k_add: kb + c;
    k_sub: kb - c;
    k_mul: kb * c;
    k_div: kb / c;
    acc_add: acc_b + c;
    acc_sub: acc_b - c;
    acc_mul: acc_b * c;
    acc_div: acc_b / c;
    add_acc: b + acc_c;
    sub_acc: b - acc_c;
    mul_acc: b * acc_c;
    div_acc: b / acc_c;
    acc_add_k: acc_b + kc;
    acc_sub_k: acc_b - kc;
    acc_mul_k: acc_b * kc;
    acc_div_k: acc_b / kc;
}

/// `x % y` without a call where the quotient is small and the result exact; NaN where it must be
/// looked at.
#[inline(always)]
fn quick_modulo(x: f64, y: f64) -> f64 {
    let (i, j) = (super::truncate(x), super::truncate(y));
    let small = (i as u64) < 1 << 32 && (j as u64).wrapping_sub(1) < 1 << 31;
    if small && i as f64 == x && j as f64 == y && (i != 0 || x.is_sign_positive()) {
        return f64::from(i as u32 % j as u32);
    }
    f64::NAN
}

macro_rules! modulo {
    ($name:ident, $rhs:expr) => {
        handler! {
            $name(E, pc, base, vm, acc) {
                let x = (*base.add(field_b(pc))).raw_f64();
                let y: f64 = ($rhs)(pc, base);
                let quick = quick_modulo(x, y);
                if quick.is_nan() {
                    return E::slow::<slow::Modulo>(pc, base, vm);
                }
                base.add(field_a(pc)).write(Value::number_raw(quick));
                E::next(pc.add(1), base, vm, quick)
            }
        }
    };
}
modulo!(modulo, |pc, base: *mut Value| (*base.add(field_c(pc))).raw_f64());
modulo!(mod_k, |pc, _| pool(pc, signed_c(pc)).raw_f64());

handler! {
    pow_k(E, pc, base, vm, acc) {
        let x = (*base.add(field_b(pc))).raw_f64();
        let y = pool(pc, signed_c(pc)).raw_f64();
        if y != 2.0 {
            return E::slow::<slow::Power>(pc, base, vm);
        }
        finish!(E, pc, base, vm, x * x)
    }
}

handler! {
    neg(E, pc, base, vm, acc) {
        let result = 0.0 - (*base.add(field_b(pc))).raw_f64();
        if result.is_nan() {
            return E::slow::<slow::Unary>(pc, base, vm);
        }
        base.add(field_a(pc)).write(Value::number_raw(result));
        E::next(pc.add(1), base, vm, result)
    }
}

handler! {
    not(E, pc, base, vm, acc) {
        let value = *base.add(field_b(pc));
        if !value.is_number() {
            return E::slow::<slow::Unary>(pc, base, vm);
        }
        let result = 1.0 - value.raw_f64().abs().min(1.0);
        base.add(field_a(pc)).write(Value::number(result));
        E::next(pc.add(1), base, vm, result)
    }
}

macro_rules! compare {
    ($name:ident, $x:ident, $y:ident, $value:expr) => {
        handler! {
            $name(E, pc, base, vm, acc) {
                let (l, r) = (*base.add(field_b(pc)), *base.add(field_c(pc)));
                let ($x, $y) = (l.raw_f64(), r.raw_f64());
                if $x.is_nan() || $y.is_nan() {
                    return E::slow::<slow::Compare>(pc, base, vm);
                }
                let value = Value::boolean($value);
                base.add(field_a(pc)).write(value);
                E::next(pc.add(1), base, vm, value.raw_f64())
            }
        }
    };
}
compare!(lt, x, y, x < y);
compare!(le, x, y, x <= y);
compare!(gt, x, y, x > y);
compare!(ge, x, y, x >= y);
compare!(eq, x, y, x == y);
compare!(ne, x, y, x != y);

slow_handlers! {
    pow => Power;
    and => Logic;
    or => Logic;
    isa => Make;
    new => Make;
}
