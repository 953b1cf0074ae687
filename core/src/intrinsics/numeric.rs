//! Functions of numbers (INTRINSICS.md §4). What is no number counts as 0.

use crate::host::Context;
use crate::value::Value;
use crate::value::math::{self, Rng};
use crate::vm::Trap;

/// Declares functions of numbers: `name = formula(arguments);`.
macro_rules! numeric_functions {
    ($($name:ident($($arg:ident: $index:literal),*) = $formula:expr;)*) => {$(
        pub(super) fn $name(c: &mut Context<'_>) -> Result<Value, Trap> {
            $(let $arg = c.number($index);)*
            Ok(Value::number($formula))
        }
    )*};
}

numeric_functions! {
    abs(x: 0) = x.abs();
    acos(x: 0) = math::acos(x);
    asin(x: 0) = math::asin(x);
    atan(y: 0, x: 1) = math::atan(y, x);
    bit_and(i: 0, j: 1) = math::bit_and(i, j);
    bit_or(i: 0, j: 1) = math::bit_or(i, j);
    bit_xor(i: 0, j: 1) = math::bit_xor(i, j);
    ceil(x: 0) = math::ceil(x);
    cos(x: 0) = math::cos(x);
    floor(x: 0) = math::floor(x);
    log(x: 0, base: 1) = math::log(x, base);
    round(x: 0, places: 1) = math::round_v1(x, math::to_i32_saturating(places));
    sign(x: 0) = math::sign(x);
    sin(x: 0) = math::sin(x);
    sqrt(x: 0) = math::sqrt(x);
    tan(x: 0) = math::tan(x);
}

pub(super) fn pi(_: &mut Context<'_>) -> Result<Value, Trap> {
    Ok(Value::number(core::f64::consts::PI))
}

/// With a seed, the sequence starts again. Source: INTRINSICS.md §4.9; the generator is that of v2.
pub(super) fn rnd(c: &mut Context<'_>) -> Result<Value, Trap> {
    if !c.arg(0).is_null() {
        c.vm.rng = Rng::seed_from_f64(c.number(0));
    }
    Ok(Value::number(c.vm.rng.next_f64()))
}
