//! Float functions behind the operators and the numeric intrinsics, and the numbers made of bits.
//!
//! Every number of MiniScript is an IEEE double. `core` has no `floor`, `sqrt` or `sin`, so these
//! come from `libm`, and this is the only file that names it: the results are then the same on
//! every platform, which we value above equality with any one C library in the last bit.
//!
//! Two operators are hot enough for paths of their own, [`fmod`] and [`pow`]. Such a path is taken
//! only where it is exact, or correctly rounded, and says why.
//!
//! Also here, because they too are arithmetic on plain numbers: conversion to 32-bit integers, the
//! bitwise intrinsics, the random number generator and the hash formulas.
//!
//! Not here: what an operator does with operands that are not numbers (`semantics/arith.rs`), and
//! numbers as text (`number.rs`).

const TWO_POW_32: f64 = 4_294_967_296.0;
/// Every whole number up to here is a double; every double from here on is whole.
pub(super) const TWO_POW_53: f64 = 9_007_199_254_740_992.0;
/// One past the largest `u64`.
pub(super) const TWO_POW_64: f64 = TWO_POW_32 * TWO_POW_32;

/// Bits of a double's fraction, without the implicit leading one.
const FRACTION_BITS: u32 = 52;
const EXPONENT_BIAS: u64 = 1023;

/// The remainder of `a / b` with the sign of `a`, as C `fmod`: the operator `%` on numbers.
///
/// The result is always exact. `fmod(-4, 2)` is -0; `x % 0` is NaN; `x % ∞` is x.
///
/// The fast path takes the nearest whole quotient q by division and subtracts q·b. Let b have s
/// significant bits and q at most 53-s: then q·b is exact, and it is 0 or within a factor two of a,
/// so that the subtraction is exact too (Sterbenz). This covers nearly all integers below 2^53 and
/// dyadic fractions; the rest, infinities and NaN included, goes to `libm` (10–90 ns instead of 3).
///
/// Source: LANGUAGE.md §7.5; INTERPRETER-STUDY.md §9, with its fixed 26 bits made to fit b.
#[inline]
#[must_use]
pub fn fmod(a: f64, b: f64) -> f64 {
    let (x, y) = (a.abs(), b.abs());
    let spare_bits = (y.to_bits() | (1 << FRACTION_BITS)).trailing_zeros();
    let quotient_max = f64::from_bits((EXPONENT_BIAS + u64::from(spare_bits)) << FRACTION_BITS);
    let quotient = x / y;
    if quotient <= quotient_max {
        // Adding 2^52 leaves no room for a fraction: this rounds to the nearest integer. A
        // remainder below zero then means that we rounded up.
        let nearest = (quotient + TWO_POW_53 / 2.0) - TWO_POW_53 / 2.0;
        let rest = x - nearest * y;
        let rest = if rest < 0.0 { rest + y } else { rest };
        // False only for NaN, from an infinite `y`, and for a quotient that division itself
        // rounded to the wrong side.
        if rest >= 0.0 && rest < y {
            return rest.copysign(a);
        }
    }
    fmod_slow(a, b)
}

#[cold]
#[inline(never)]
fn fmod_slow(a: f64, b: f64) -> f64 {
    libm::fmod(a, b)
}

/// `a` to the power `b`, as C `pow`: the operator `^` on numbers.
///
/// `0^0` is 1, `0^-1` is ∞, a negative base with a fractional exponent is NaN.
///
/// Squares and square roots are correctly rounded, and integers to integer powers are exact below
/// 2^53; `libm` alone may differ from those in the last bit of the first two.
///
/// Source: LANGUAGE.md §7.6. C libraries disagree in the last bit; six printed decimals hide it.
#[inline]
#[must_use]
pub fn pow(a: f64, b: f64) -> f64 {
    if b == 2.0 {
        return a * a;
    }
    if b == 0.5 && a > 0.0 {
        return sqrt(a);
    }
    pow_integer(a, b).unwrap_or_else(|| libm::pow(a, b))
}

/// `a^b` for an integer `a` and a small integer `b` of at least 0, where the result is below 2^53.
///
/// Then every partial product is below 2^53 as well and so exact. Conversely a product that had to
/// be rounded is at least 2^53, and so is what it leads to.
fn pow_integer(a: f64, b: f64) -> Option<f64> {
    let mut exponent = to_i32_saturating(b);
    let small = (0..64).contains(&exponent) && f64::from(exponent) == b;
    if !small || !is_whole(a) {
        return None;
    }
    let (mut result, mut square) = (1.0_f64, a);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    (result.abs() < TWO_POW_53).then_some(result)
}

/// Whether `x` is finite and has no fraction.
#[inline]
#[must_use]
pub fn is_whole(x: f64) -> bool {
    if x.abs() < TWO_POW_53 { x as i64 as f64 == x } else { x.is_finite() }
}

/// Truncates toward zero; saturates out of range; NaN gives 0. For arguments of intrinsics.
///
/// Source: INTRINSICS.md §1.3 and §1.4.
#[inline]
#[must_use]
pub fn to_i32_saturating(x: f64) -> i32 {
    x as i32
}

/// Truncates toward zero; out of range and NaN give `i32::MIN`. For positions in `a[i]`, `a[i:j]`.
///
/// Source: LANGUAGE.md §9.3.
#[inline]
#[must_use]
pub fn index_i32(x: f64) -> i32 {
    // Saturation already gives `i32::MIN` below the range, and NaN fails the comparison.
    if x < TWO_POW_32 / 2.0 { x as i32 } else { i32::MIN }
}

/// -1, 0 or 1; NaN and both zeros give 0. Source: INTRINSICS.md §4.3.
#[inline]
#[must_use]
pub fn sign(x: f64) -> f64 {
    f64::from(i8::from(x > 0.0) - i8::from(x < 0.0))
}

/// The logarithm of `x` to `base`; natural when `base` is about e, as the reference tests for it.
///
/// Source: INTRINSICS.md §4.4.
#[must_use]
pub fn log(x: f64, base: f64) -> f64 {
    #[expect(clippy::approx_constant, reason = "the specification rounds e to six decimals")]
    let near_e = (base - 2.718_282).abs() < 0.000_001;
    if near_e { ln(x) } else { ln(x) / ln(base) }
}

/// The angle whose tangent is `y` when `x` is 1, else that of the point (x, y), in radians.
///
/// Source: INTRINSICS.md §4.2.
#[must_use]
pub fn atan(y: f64, x: f64) -> f64 {
    if x == 1.0 { libm::atan(y) } else { libm::atan2(y, x) }
}

/// Rounds to `places` decimals, halves away from zero, by multiply, round and divide on doubles.
///
/// `places` is not limited: where 10^places overflows or vanishes the result is NaN.
///
/// Source: INTRINSICS.md §4.6, v1.
#[must_use]
pub fn round_v1(x: f64, places: i32) -> f64 {
    if places == 0 {
        return round(x);
    }
    let factor = power_of_ten(places);
    round(x * factor) / factor
}

/// Rounds to `places` decimals, at most 15, halves away from zero.
///
/// Source: INTRINSICS.md §4.6, v2.
#[must_use]
pub fn round_v2(x: f64, places: i32) -> f64 {
    let places = places.min(15);
    if places >= 0 {
        return round_v1(x, places);
    }
    let factor = power_of_ten(places.saturating_neg());
    round(x / factor) * factor
}

/// 10^n, correctly rounded within ±22: 10^22 is the last power of ten that is an exact double.
fn power_of_ten(n: i32) -> f64 {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    match usize::try_from(n.unsigned_abs()).ok().and_then(|i| POWERS.get(i)) {
        Some(&power) if n >= 0 => power,
        Some(&power) => 1.0 / power,
        None => libm::pow(10.0, f64::from(n)),
    }
}

/// `bitAnd` on sign and magnitude. Source: INTRINSICS.md §4.7.
#[must_use]
pub fn bit_and(a: f64, b: f64) -> f64 {
    bitwise(a, b, |x, y| x & y, |x, y| x & y)
}

/// `bitOr` on sign and magnitude. Source: INTRINSICS.md §4.7.
#[must_use]
pub fn bit_or(a: f64, b: f64) -> f64 {
    bitwise(a, b, |x, y| x | y, |x, y| x | y)
}

/// `bitXor` on sign and magnitude. Source: INTRINSICS.md §4.7.
#[must_use]
pub fn bit_xor(a: f64, b: f64) -> f64 {
    bitwise(a, b, |x, y| x ^ y, |x, y| x ^ y)
}

#[inline]
fn bitwise(
    a: f64,
    b: f64,
    on_magnitudes: impl Fn(u64, u64) -> u64,
    on_signs: impl Fn(bool, bool) -> bool,
) -> f64 {
    let ((a_negative, a), (b_negative, b)) = (sign_and_magnitude(a), sign_and_magnitude(b));
    let magnitude = on_magnitudes(a, b);
    let size = magnitude as f64;
    if on_signs(a_negative, b_negative) && magnitude != 0 { -size } else { size }
}

/// Whether `x` is below zero, and its truncated magnitude. What 64 bits cannot hold counts as 0.
fn sign_and_magnitude(x: f64) -> (bool, u64) {
    let size = x.abs();
    if size < TWO_POW_64 { (x < 0.0, size as u64) } else { (false, 0) }
}

/// Declares thin wrappers: `name = libm function: what it computes;`.
macro_rules! float_functions {
    ($($name:ident = $function:ident: $doc:literal;)*) => {$(
        #[doc = $doc]
        #[inline]
        #[must_use]
        pub fn $name(x: f64) -> f64 {
            libm::$function(x)
        }
    )*};
}

float_functions! {
    floor = floor: "The largest integer not above `x`.";
    ceil = ceil: "The smallest integer not below `x`; `ceil(-0.5)` is -0.";
    trunc = trunc: "The integer part of `x`, toward zero.";
    round = round: "The nearest integer, halves away from zero.";
    sqrt = sqrt: "The square root, correctly rounded; NaN below zero.";
    sin = sin: "The sine of `x` radians.";
    cos = cos: "The cosine of `x` radians.";
    tan = tan: "The tangent of `x` radians.";
    asin = asin: "The arc sine in radians; NaN outside -1..1.";
    acos = acos: "The arc cosine in radians; NaN outside -1..1.";
    exp = exp: "e to the power `x`.";
    ln = log: "The natural logarithm; `ln(0)` is -∞, NaN below zero.";
}

/// `x`·2^`n`, rounded once when the result is subnormal.
#[must_use]
pub fn scale_by_power_of_two(x: f64, n: i32) -> f64 {
    libm::scalbn(x, n)
}

/// The random number generator: xoshiro256+ seeded by splitmix64, in both dialects.
///
/// One per VM, shared by `rnd` and `shuffle`. Not for secrets.
///
/// Source: INTRINSICS.md §4.9 (v2, fully specified there; v1 leaves the algorithm open). The
/// generators: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// A generator from 64 bits of entropy, or from the host's number for repeatable runs.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut sum = seed;
        let state = core::array::from_fn(|_| {
            sum = sum.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (sum ^ (sum >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        });
        Self { state }
    }

    /// The generator for `rnd(seed)`: truncated to 64 bits, saturating; NaN counts as 0.
    #[must_use]
    pub fn seed_from_f64(seed: f64) -> Self {
        Self::from_seed((seed as i64).cast_unsigned())
    }

    /// What the next numbers depend on.
    #[must_use]
    pub fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The next number in `0..1`, a multiple of 2^-53.
    pub fn next_f64(&mut self) -> f64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s0.wrapping_add(*s3);
        let t = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= t;
        *s3 = s3.rotate_left(45);
        (result >> 11) as f64 / TWO_POW_53
    }
}

/// The hash of null, and the start of the hash of a list or map. Source: LANGUAGE.md appendix B.
pub const HASH_NULL: u32 = 0;

/// The hash of a number. Source: LANGUAGE.md appendix B.
#[inline]
#[must_use]
pub fn hash_number(x: f64) -> u32 {
    hash_int(index_i32(x).cast_unsigned())
}

/// The hash of a 32-bit integer, such as the count of a list. Source: LANGUAGE.md appendix B.
#[inline]
#[must_use]
pub fn hash_int(x: u32) -> u32 {
    const FACTOR: u32 = 0x045D_9F3B;
    let x = ((x >> 16) ^ x).wrapping_mul(FACTOR);
    let x = ((x >> 16) ^ x).wrapping_mul(FACTOR);
    (x >> 16) ^ x
}

/// The hash of a string: 32-bit FNV-1a where bytes count as signed. Source: LANGUAGE.md appendix B.
#[must_use]
pub fn hash_string(text: &[u8]) -> u32 {
    text.iter().fold(2_166_136_261, |hash, &byte| {
        let signed = i32::from(byte.cast_signed()).cast_unsigned();
        (hash ^ signed).wrapping_mul(16_777_619)
    })
}

/// Adds the hash of one more item to the hash of a list or map. Source: LANGUAGE.md appendix B.
#[inline]
#[must_use]
pub fn hash_append(hash: u32, item: u32) -> u32 {
    let shifted = (hash.cast_signed() >> 1).cast_unsigned();
    (shifted | (hash << 31)) ^ item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(x: f64) -> u64 {
        if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
    }

    #[rustfmt::skip]
    const EDGES: [f64; 24] = [
        0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 0.1, -5.5, 7.0, -7.0, 100.0, 1e15,
        TWO_POW_53, TWO_POW_53 - 1.0, 2_147_483_647.0, 5e-324, 1.5e-320, f64::MIN_POSITIVE,
        f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN,
    ];

    fn check_fmod(a: f64, b: f64) {
        assert_eq!(bits(fmod(a, b)), bits(libm::fmod(a, b)), "{a:e} % {b:e}");
    }

    #[test]
    fn fmod_is_bit_exact() {
        for a in EDGES {
            for b in EDGES {
                check_fmod(a, b);
            }
        }
        let mut rng = Rng::from_seed(3);
        for _ in 0..50_000 {
            let mut next = |size: f64| (rng.next_f64() - 0.5) * size;
            let (a, b, scale) = (next(2e16), next(2e5), exp(next(100.0)));
            check_fmod(round(a), round(b));
            check_fmod(round(b), round(a / 1e13));
            check_fmod(a, round(b));
            check_fmod(a / 1e13, b / 1e5);
            check_fmod(round(a) / 1024.0, round(b) / 64.0);
            // Multiples, where the quotient is an integer or rounds to one.
            check_fmod(round(b) * (a / 1e13), a / 1e13);
            check_fmod((round(b) - 0.5) * (a / 1e13), a / 1e13);
            check_fmod(a * scale, b);
            check_fmod(a * f64::MIN_POSITIVE, b * f64::MIN_POSITIVE * 1e-10);
            let any = f64::from_bits(a.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15));
            check_fmod(any, b * scale);
            check_fmod(b, any);
        }
    }

    /// The rows on `%` and `^` of LANGUAGE.md §7.5 and §7.6.
    #[test]
    fn operators() {
        #[rustfmt::skip]
        let cases = [
            (fmod(-7.0, 3.0), -1.0), (fmod(7.0, -3.0), 1.0), (fmod(-5.5, 2.0), -1.5),
            (fmod(-4.0, 2.0), -0.0), (fmod(5.0, f64::INFINITY), 5.0), (fmod(5.0, 0.0), f64::NAN),
            (pow(0.0, 0.0), 1.0), (pow(0.0, -1.0), f64::INFINITY),
            (pow(-8.0, 1.0 / 3.0), f64::NAN), (pow(-0.0, 3.0), -0.0), (pow(-0.0, 0.5), 0.0),
            (pow(f64::NEG_INFINITY, 0.5), f64::INFINITY), (pow(f64::NAN, 0.0), 1.0),
            (pow(1.0, f64::NAN), 1.0), (pow(2.0, 10.0), 1024.0),
            (pow(2.0, 100.0), TWO_POW_64 * TWO_POW_32 * 16.0), (pow(9.0, 0.5), 3.0),
        ];
        for (i, (got, expected)) in cases.into_iter().enumerate() {
            assert_eq!(bits(got), bits(expected), "case {i}");
        }
    }

    /// The paths of `pow` differ from `libm` at most in the last bit, and not at all on integers.
    #[test]
    fn pow_agrees_with_libm() {
        for a in -40..=40 {
            for b in -20..=70 {
                let (a, b) = (f64::from(a), f64::from(b));
                assert_eq!(bits(pow(a, b)), bits(libm::pow(a, b)), "{a} ^ {b}");
            }
        }
        for a in EDGES {
            for b in EDGES {
                let (got, expected) = (bits(pow(a, b)), bits(libm::pow(a, b)));
                assert!(got.abs_diff(expected) <= 1, "{a:e} ^ {b:e}");
            }
        }
    }

    #[test]
    fn integers() {
        #[rustfmt::skip]
        let cases = [
            (1.7, 1, 1), (-0.5, 0, 0), (-1.9, -1, -1), (2_147_483_647.9, i32::MAX, i32::MAX),
            (2_147_483_648.0, i32::MAX, i32::MIN), (-2_147_483_649.0, i32::MIN, i32::MIN),
            (f64::INFINITY, i32::MAX, i32::MIN), (f64::NEG_INFINITY, i32::MIN, i32::MIN),
            (f64::NAN, 0, i32::MIN),
        ];
        for (x, saturated, index) in cases {
            assert_eq!((to_i32_saturating(x), index_i32(x)), (saturated, index), "{x}");
        }
        let whole = EDGES.map(|x| x.is_finite() && libm::trunc(x) == x);
        assert_eq!(EDGES.map(is_whole), whole);
    }

    /// The examples of INTRINSICS.md §4.2 to §4.4, to six decimals.
    #[test]
    #[expect(clippy::approx_constant, reason = "six decimals are what the specification gives")]
    fn functions() {
        let infinity = f64::INFINITY;
        #[rustfmt::skip]
        let cases = [
            (atan(-1.0, -1.0), -2.356_194), (atan(1.0, 2.0), 0.463_648),
            (atan(1.0, 0.0), 1.570_796), (acos(2.0), f64::NAN), (asin(2.0), f64::NAN),
            (sqrt(-1.0), f64::NAN), (floor(-1.5), -2.0), (ceil(-1.2), -1.0), (ceil(-0.5), -0.0),
            (sign(f64::NAN), 0.0), (sign(-0.0), 0.0), (sign(-3.0), -1.0),
            (log(10.0, 2.718_281), 2.302_585), (log(10.0, 2.718_283), 2.302_584),
            (log(100.0, 10.0), 2.0), (log(8.0, 2.0), 3.0), (log(0.0, 10.0), -infinity),
            (log(-1.0, 10.0), f64::NAN), (log(100.0, 1.0), infinity), (log(100.0, 0.0), -0.0),
            (log(100.0, -10.0), f64::NAN),
        ];
        for (i, (got, expected)) in cases.into_iter().enumerate() {
            assert_eq!(bits(round_v1(got, 6)), bits(expected), "case {i}");
        }
    }

    /// The examples of INTRINSICS.md §4.6.
    #[test]
    fn rounding() {
        #[rustfmt::skip]
        let cases = [
            (2.5, 0, 3.0), (-2.5, 0, -3.0), (0.5, 0, 1.0), (2.675, 2, 2.68), (1.005, 2, 1.0),
            (1.234_567, 3, 1.235), (1250.0, -2, 1300.0), (-1250.0, -2, -1300.0),
            (15.0, -1, 20.0), (14.9, -1, 10.0), (2.567, 1, 2.6), (12_345.678, -5, 0.0),
            (1.234_56, 20, 1.234_56), (f64::INFINITY, 3, f64::INFINITY),
        ];
        for (x, places, expected) in cases {
            assert_eq!(round_v1(x, places), expected, "round({x}, {places}) in v1");
            assert_eq!(round_v2(x, places), expected, "round({x}, {places}) in v2");
        }
        assert!(round_v1(1.5, 400).is_nan() && round_v1(1.5, -400).is_nan());
        assert_eq!(round_v2(1.5, 400), 1.5);
        assert!(round_v2(1.5, i32::MIN).is_nan());
    }

    /// The examples of INTRINSICS.md §4.7: operation, operands, result.
    #[test]
    fn bits_of_numbers() {
        type Operation = fn(f64, f64) -> f64;
        let half = TWO_POW_64 / 2.0;
        let cases: [(Operation, f64, f64, f64); 14] = [
            (bit_and, 5.0, 3.0, 1.0),
            (bit_and, -5.0, 3.0, 1.0),
            (bit_and, -5.0, -3.0, -1.0),
            (bit_or, -5.0, 3.0, -7.0),
            (bit_xor, -5.0, 3.0, -6.0),
            (bit_xor, -5.0, -5.0, 0.0),
            (bit_and, 5.9, 3.9, 1.0),
            (bit_xor, 1_099_511_627_776.0, 1.0, 1_099_511_627_777.0),
            (bit_and, TWO_POW_53, TWO_POW_53, TWO_POW_53),
            (bit_and, half, half, half),
            (bit_or, TWO_POW_64, 1.0, 1.0),
            (bit_or, f64::NEG_INFINITY, 1.0, 1.0),
            (bit_or, f64::NAN, 2.0, 2.0),
            (bit_or, -0.5, 0.0, 0.0),
        ];
        for (i, (operation, a, b, expected)) in cases.into_iter().enumerate() {
            assert_eq!(bits(operation(a, b)), bits(expected), "case {i}");
        }
    }

    /// The vectors of INTRINSICS.md §4.9, and the shuffle of §6.4.
    #[test]
    fn random_numbers() {
        let check = |seed: f64, expected: &[f64]| {
            let mut rng = Rng::seed_from_f64(seed);
            for &x in expected {
                assert_eq!(round_v1(rng.next_f64(), 6), x, "seed {seed}");
            }
        };
        check(42.0, &[0.085_756, 0.310_411, 0.062_57, 0.306_461]);
        check(0.0, &[0.854_193, 0.192_728]);
        check(1.9, &[0.010_921]);
        check(-1.0, &[0.320_177]);
        check(1e10, &[0.142_569]);
        assert_eq!(Rng::seed_from_f64(f64::INFINITY), Rng::from_seed(i64::MAX.cast_unsigned()));

        let mut rng = Rng::seed_from_f64(7.0);
        rng.next_f64();
        let mut list = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        for i in (1..list.len()).rev() {
            list.swap(i, (rng.next_f64() * (i + 1) as f64) as usize);
        }
        assert_eq!(list, [4, 5, 10, 9, 2, 1, 8, 6, 7, 3]);
    }

    /// INTRINSICS.md §6.8, LANGUAGE.md appendix B.
    #[test]
    fn hashes() {
        assert_eq!(hash_string(b""), 2_166_136_261);
        assert_eq!(hash_string(b"a"), 3_826_002_220);
        assert_eq!(hash_string(b"abc"), 440_920_331);
        // A byte from 0x80 on flips the upper bits too.
        assert_eq!(
            hash_string(b"\x80"),
            (2_166_136_261 ^ 0xFFFF_FF80_u32).wrapping_mul(16_777_619)
        );
        assert_eq!([hash_number(0.0), hash_number(-0.5)], [0, 0]);
        assert_eq!(hash_number(1.0), hash_int(1));
        assert_eq!(hash_number(-1.0), hash_int(u32::MAX));
        assert_eq!(hash_number(f64::NAN), hash_int(1 << 31));
        assert_eq!(hash_append(0x8000_0001, 5), 0xC000_0005);
        assert_eq!(hash_append(HASH_NULL, hash_int(0)), 0);
    }
}
