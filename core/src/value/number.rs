//! Numbers as text, and text as numbers.
//!
//! Printing numbers is what scripts that build strings spend their time on, so the two common forms
//! have paths of their own: integers, and fractions rounded to six decimals. Both are exact integer
//! arithmetic. A double is m·2^-k; six decimals of it are m·10^6 / 2^k, and for the sizes that take
//! this form the product fits 73 bits. Rounding the quotient half to even is then what C's `%.6f`
//! does, digit for digit. All else goes through `core::fmt`, whose digits are exact as well. Gain:
//! 10 ns instead of 48 for integers of six digits, 16 instead of 59 for fractions.
//!
//! Reading follows C's `strtod`, because the reference does: hexadecimal and `inf` included.
//!
//! Not here: number tokens in source text (`syntax/lexer.rs`), and which values `val` accepts.

use core::fmt::{self, Write};

use super::math::{self, TWO_POW_53, TWO_POW_64};

/// Characters of a whole number that v1 prints, the sign included: the reference prints into a
/// buffer of 32 bytes, one of them for the final NUL.
pub const WHOLE_CHARS_MAX: usize = 31;

/// Fractions outside these sizes print in scientific form.
const FIXED_MIN: f64 = 1e-6;
const FIXED_MAX: f64 = 1e10;

/// Digits that tell any two doubles apart.
const DIGITS_MAX: usize = 17;

/// The text of one number, on the stack; ASCII only.
///
/// It is written from its last character to its first, as digits fall out of a division, and stays
/// where it was written: moving it to the front took as long as making it.
#[derive(Clone, Copy)]
pub struct NumberText {
    bytes: [u8; Self::SIZE],
    start: usize,
}

/// What `core::fmt` writes: at most [`DIGITS_MAX`] digits, two signs, a point, `e`, an exponent.
type Scratch = heapless::String<{ NumberText::SIZE }>;

/// The text of `x` in dialect v1. NaN always prints `nan`: we keep no NaN apart from another.
///
/// Source: LANGUAGE.md §9.1, v1.
#[must_use]
pub fn format_v1(x: f64) -> NumberText {
    if math::is_whole(x) {
        return whole(x);
    }
    if (FIXED_MIN..=FIXED_MAX).contains(&x.abs()) {
        return fixed(x);
    }
    if !x.is_finite() {
        return not_finite(x, ["nan", "INF", "-INF"]);
    }
    scientific(x, 6)
}

/// The text of `x` in dialect v2. Source: LANGUAGE.md §9.1, v2.
#[must_use]
pub fn format_v2(x: f64) -> NumberText {
    let size = x.abs();
    if math::is_whole(x) && size <= TWO_POW_53 {
        return whole(if x == 0.0 { 0.0 } else { x });
    }
    if (FIXED_MIN..=FIXED_MAX).contains(&size) {
        return fixed(x);
    }
    if !x.is_finite() {
        return not_finite(x, ["NaN", "Inf", "-Inf"]);
    }
    shortest(x)
}

fn not_finite(x: f64, [nan, positive, negative]: [&str; 3]) -> NumberText {
    let mut out = NumberText::new();
    out.put_all(match x {
        _ if x.is_nan() => nan,
        _ if x > 0.0 => positive,
        _ => negative,
    });
    out
}

/// A whole number as digits, as C `%.0f` into a buffer of 32 bytes.
fn whole(x: f64) -> NumberText {
    let size = x.abs();
    if size >= TWO_POW_64 {
        return whole_large(x);
    }
    let mut out = NumberText::new();
    out.put_integer(size as u64);
    out.put_sign(x);
    out
}

/// A whole number from 2^64 on. Divided by 10^9 again and again it falls apart into groups of nine
/// digits, the lowest first. `core::fmt` takes up to ten times as long: 15 µs for 10^308.
#[cold]
fn whole_large(x: f64) -> NumberText {
    const GROUP: u64 = 1_000_000_000;
    /// Groups that hold all characters that are printed, even if the first one has a single digit.
    const GROUPS_SHOWN: usize = 1 + (WHOLE_CHARS_MAX - 1).div_ceil(9);
    let (significand, exponent) = decompose(x);
    let shift = exponent.unsigned_abs() as usize;
    // 1024 bits in limbs, the lowest first, and room for the upper half of a shifted significand.
    let mut limbs = [0_u32; 34];
    let mut count = shift / 32 + 3;
    let shifted = u128::from(significand) << (shift % 32);
    for (i, limb) in limbs[shift / 32..count].iter_mut().enumerate() {
        *limb = (shifted >> (32 * i)) as u32;
    }
    // The last groups that fell out, newest first.
    let mut groups = [0; GROUPS_SHOWN];
    let mut group_count = 0;
    while count > 0 {
        let mut rest = 0;
        for limb in limbs[..count].iter_mut().rev() {
            let n = rest << 32 | u64::from(*limb);
            *limb = (n / GROUP) as u32;
            rest = n % GROUP;
        }
        groups.rotate_right(1);
        groups[0] = rest;
        group_count += 1;
        while count > 0 && limbs[count - 1] == 0 {
            count -= 1;
        }
    }
    let mut text = Cut(Scratch::new());
    let sign = if x < 0.0 { "-" } else { "" };
    write!(text, "{sign}{}", groups[0]).expect("`Cut` accepts everything");
    for group in &groups[1..GROUPS_SHOWN.min(group_count)] {
        write!(text, "{group:09}").expect("`Cut` accepts everything");
    }
    let mut out = NumberText::new();
    out.put_all(&text.0);
    out
}

/// Six decimals without trailing zeros, but at least one: C `%.6f`, shortened.
///
/// `x` has a fraction and a size in `FIXED_MIN..=FIXED_MAX`.
fn fixed(x: f64) -> NumberText {
    const UNIT: u64 = 1_000_000;
    let (significand, exponent) = decompose(x);
    // A fraction makes the exponent negative, and sizes from 2^-20 make it at least -72.
    let product = u128::from(significand) * u128::from(UNIT);
    let scaled = shift_right_rounding(product, exponent.unsigned_abs());
    let (integer, mut decimals) = (scaled / UNIT, scaled % UNIT);
    let mut width = 6;
    while width > 1 && decimals.is_multiple_of(10) {
        decimals /= 10;
        width -= 1;
    }
    let mut out = NumberText::new();
    for _ in 0..width {
        out.put(b'0' + (decimals % 10) as u8);
        decimals /= 10;
    }
    out.put(b'.');
    out.put_integer(integer);
    out.put_sign(x);
    out
}

/// The significand and exponent of a normal double: |x| = significand·2^exponent.
fn decompose(x: f64) -> (u64, i32) {
    const FRACTION_BITS: u32 = 52;
    const IMPLICIT: u64 = 1 << FRACTION_BITS;
    let bits = x.abs().to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    ((bits & (IMPLICIT - 1)) | IMPLICIT, biased - 1075)
}

/// `n / 2^bits`, rounded to the nearest integer, halves to even; the quotient must fit 64 bits.
fn shift_right_rounding(n: u128, bits: u32) -> u64 {
    debug_assert!((1..128).contains(&bits));
    let quotient = (n >> bits) as u64;
    let rest = n & ((1 << bits) - 1);
    let half = 1 << (bits - 1);
    let up = rest > half || (rest == half && quotient & 1 == 1);
    quotient + u64::from(up)
}

/// One digit, a point, `decimals` digits, `E`, a sign and at least two digits: C `%.{decimals}E`.
fn scientific(x: f64, decimals: usize) -> NumberText {
    let text = format_e(x, decimals);
    let (digits, exponent) = text.split_once('e').expect("`{:e}` writes an `e`");
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(size) => ("E-", size),
        None => ("E+", exponent),
    };
    let mut out = NumberText::new();
    out.put_all(exponent);
    if exponent.len() < 2 {
        out.put(b'0');
    }
    out.put_all(sign);
    out.put_all(digits);
    out
}

/// `x` as `1.5e-7` with `decimals` digits after the point.
fn format_e(x: f64, decimals: usize) -> Scratch {
    let mut text = Scratch::new();
    write!(text, "{x:.decimals$e}").expect("at most 24 characters");
    text
}

/// The scientific form with the fewest digits that read back as `x`.
///
/// The specification asks for the shortest *rounded* form. `{:e}` finds the shortest digits within
/// reach of `x`, which differ in two rare ways: it rounds a tie up where C rounds to even, and at a
/// power of two, whose neighbour below is nearer than the one above, it may find digits further
/// from `x` than the rounded ones, which then need one more. So it only says where to start.
fn shortest(x: f64) -> NumberText {
    let mut text = Scratch::new();
    write!(text, "{x:e}").expect("at most 24 characters");
    let digits = text.bytes().take_while(|&b| b != b'e').filter(u8::is_ascii_digit).count();
    let reads_back = |&decimals: &usize| format_e(x, decimals).parse() == Ok(x);
    let decimals = (digits - 1..DIGITS_MAX).find(reads_back).unwrap_or(DIGITS_MAX - 1);
    scientific(x, decimals)
}

impl NumberText {
    /// Room for [`WHOLE_CHARS_MAX`]. A sign, eleven digits, a point and six decimals are 19.
    const SIZE: usize = 32;

    /// The text as bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The text as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("only ASCII is put in")
    }

    fn new() -> Self {
        Self { bytes: [b'0'; Self::SIZE], start: Self::SIZE }
    }

    #[inline]
    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    fn put_all(&mut self, text: &str) {
        text.bytes().rev().for_each(|byte| self.put(byte));
    }

    #[inline]
    fn put_sign(&mut self, x: f64) {
        if x.is_sign_negative() {
            self.put(b'-');
        }
    }

    #[inline]
    fn put_integer(&mut self, mut n: u64) {
        while n >= 100 {
            self.put_pair(n % 100);
            n /= 100;
        }
        if n >= 10 {
            self.put_pair(n);
        } else {
            self.put(b'0' + n as u8);
        }
    }

    /// Two digits at once halve the divisions, which take most of the time.
    #[inline]
    fn put_pair(&mut self, n: u64) {
        const PAIRS: [[u8; 2]; 100] = {
            let mut pairs = [[0; 2]; 100];
            let mut n = 0;
            while n < 100 {
                pairs[n as usize] = [b'0' + n / 10, b'0' + n % 10];
                n += 1;
            }
            pairs
        };
        let [tens, ones] = PAIRS[n as usize];
        self.put(ones);
        self.put(tens);
    }
}

/// Keeps the first [`WHOLE_CHARS_MAX`] characters of what is written, and accepts the rest.
struct Cut(Scratch);

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = WHOLE_CHARS_MAX - self.0.len();
        text.chars().take(room).try_for_each(|c| self.0.write_char(c))
    }
}

/// Reads the longest prefix that is a number to C `strtod`, after white space; (0, 0) if none.
///
/// Returns the number and the bytes read, white space included. Accepts decimal and hexadecimal
/// numbers, `inf`, `infinity` and `nan` in any case, each with a sign. The time is linear in the
/// text. Decimal exponents are cut off somewhere past ±65536, which matters only to texts with as
/// many zeros.
///
/// Source: LANGUAGE.md §9.2, v1.
#[must_use]
pub fn parse_prefix(text: &[u8]) -> (f64, usize) {
    let space = text.iter().take_while(|&&byte| is_space(byte)).count();
    let (negative, sign) = match text.get(space) {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let body = &text[space + sign..];
    let Some((size, len)) =
        parse_word(body).or_else(|| parse_hex(body)).or_else(|| parse_decimal(body))
    else {
        return (0.0, 0);
    };
    // Keeps the one NaN positive.
    let flip = negative && !size.is_nan();
    (if flip { -size } else { size }, space + sign + len)
}

/// Reads a text that is a number as a whole, apart from white space around it.
///
/// Source: LANGUAGE.md §9.2, v2.
#[must_use]
pub fn parse_whole(text: &[u8]) -> Option<f64> {
    let (number, len) = parse_prefix(text);
    let complete = len > 0 && text[len..].iter().all(|&byte| is_space(byte));
    complete.then_some(number)
}

/// What C `isspace` accepts.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn parse_word(text: &[u8]) -> Option<(f64, usize)> {
    const WORDS: [(&[u8], f64); 3] =
        [(b"infinity", f64::INFINITY), (b"inf", f64::INFINITY), (b"nan", f64::NAN)];
    let starts_with =
        |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    WORDS.iter().find(|(word, _)| starts_with(word)).map(|&(word, x)| (x, word.len()))
}

fn parse_decimal(text: &[u8]) -> Option<(f64, usize)> {
    let integers = count_digits(text);
    let mut len = integers;
    if text.get(len) == Some(&b'.') {
        let decimals = count_digits(&text[len + 1..]);
        if integers + decimals == 0 {
            return None;
        }
        len += 1 + decimals;
    }
    if len == 0 {
        return None;
    }
    len += exponent_len(&text[len..], b'e');
    let number = core::str::from_utf8(&text[..len]).ok()?;
    Some((number.parse().ok()?, len))
}

fn count_digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The length of an exponent such as `e-3` at the start of `text`; 0 if it is not complete.
fn exponent_len(text: &[u8], letter: u8) -> usize {
    if text.first().map(u8::to_ascii_lowercase) != Some(letter) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'+' | b'-')));
    match count_digits(&text[1 + sign..]) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

/// Reads `0x`, hexadecimal digits with or without a point, and maybe `p` and a power of two.
fn parse_hex(text: &[u8]) -> Option<(f64, usize)> {
    const PREFIX: usize = 2;
    let [b'0', b'x' | b'X', digits @ ..] = text else {
        return None;
    };
    // The value is significand·2^exponent; bits that do not fit leave a mark in the lowest one.
    let (mut significand, mut exponent) = (0_u64, 0_i64);
    let (mut any, mut point, mut len) = (false, false, 0);
    for &byte in digits {
        match char::from(byte).to_digit(16) {
            Some(digit) if significand >> 60 == 0 => {
                significand = (significand << 4) | u64::from(digit);
                exponent -= if point { 4 } else { 0 };
                any = true;
            }
            Some(digit) => {
                significand |= u64::from(digit != 0);
                exponent += if point { 0 } else { 4 };
            }
            None if byte == b'.' && !point => point = true,
            None => break,
        }
        len += 1;
    }
    if !any {
        return None;
    }
    let power = &digits[len..][..exponent_len(&digits[len..], b'p')];
    let number = round_binary(significand, exponent + parse_power(power));
    Some((number, PREFIX + len + power.len()))
}

/// The value of `p-3` or of nothing, held within what cannot be told from infinity.
fn parse_power(text: &[u8]) -> i64 {
    const SIZE_MAX: i64 = 1 << 40;
    let mut size = 0;
    for digit in text.iter().filter(|byte| byte.is_ascii_digit()) {
        size = SIZE_MAX.min(size * 10 + i64::from(digit - b'0'));
    }
    let negative = text.get(1) == Some(&b'-');
    if negative { -size } else { size }
}

/// `significand`·2^`exponent`, rounded once, halves to even.
fn round_binary(significand: u64, exponent: i64) -> f64 {
    // The weights of the lowest bit of a double, and of its highest above that.
    const WEIGHT_MIN: i64 = -1074;
    const WEIGHT_SPAN: i64 = 52;
    if significand == 0 {
        return 0.0;
    }
    // Far beyond both ends of the range, one exponent is as good as another.
    let shift = significand.leading_zeros();
    let significand = significand << shift;
    let exponent = (exponent - i64::from(shift)).clamp(-2000, 2000);
    let lowest = (exponent + 63 - WEIGHT_SPAN).max(WEIGHT_MIN);
    let dropped = u32::try_from(lowest - exponent).map_or(127, |bits| bits.min(127));
    let kept = shift_right_rounding(u128::from(significand), dropped);
    // Exact, or infinite: `kept` has no more bits than a double of that size.
    math::scale_by_power_of_two(kept as f64, lowest as i32)
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::f64::consts::PI;

    use super::super::math::Rng;
    use super::*;

    /// The table of LANGUAGE.md §9.1, and two rows for what it says in words.
    #[rustfmt::skip]
    const FORMATS: &[(f64, &str, &str)] = &[
        (0.0, "0", "0"), (-0.0, "-0", "0"), (42.0, "42", "42"), (1.50, "1.5", "1.5"),
        (1.0 / 3.0, "0.333333", "0.333333"), (2.0 / 3.0, "0.666667", "0.666667"),
        (0.1 + 0.2, "0.3", "0.3"), (100.0 * 1.1, "110.0", "110.0"), (0.9999999, "1.0", "1.0"),
        (0.9999995, "1.0", "1.0"), (0.99999949, "0.999999", "0.999999"), (1.0000001, "1.0", "1.0"),
        (1234567.1234567, "1234567.123457", "1234567.123457"),
        (999999.9999995, "999999.999999", "999999.999999"), (1e10, "10000000000", "10000000000"),
        (9999999999.5, "9999999999.5", "9999999999.5"),
        (1e10 + 0.5, "1.000000E+10", "1.00000000005E+10"),
        (12345678901.25, "1.234568E+10", "1.234567890125E+10"),
        (1e15, "1000000000000000", "1000000000000000"),
        (9007199254740992.0, "9007199254740992", "9007199254740992"),
        (9007199254740994.0, "9007199254740994", "9.007199254740994E+15"),
        (1e16, "10000000000000000", "1E+16"), (1e20, "100000000000000000000", "1E+20"),
        (1e23, "99999999999999991611392", "1E+23"),
        (18446744073709551616.0, "18446744073709551616", "1.8446744073709552E+19"),
        (1e30, "1000000000000000019884624838656", "1E+30"),
        (1e100, "1000000000000000015902891109759", "1E+100"),
        (1e15 + 0.5, "1.000000E+15", "1.0000000000000005E+15"),
        (6.022e23, "602200000000000027262976", "6.022E+23"), (0.000001, "0.000001", "0.000001"),
        (0.0000015, "0.000002", "0.000002"), (0.00000149, "0.000001", "0.000001"),
        (0.00000099, "9.900000E-07", "9.9E-07"), (1e-7, "1.000000E-07", "1E-07"),
        (123e-9, "1.230000E-07", "1.23E-07"), (-1e-7, "-1.000000E-07", "-1E-07"),
        (1e-100, "1.000000E-100", "1E-100"), (5e-324, "4.940656E-324", "5E-324"),
        (PI * 1e10, "3.141593E+10", "3.141592653589793E+10"), (f64::INFINITY, "INF", "Inf"),
        (f64::NEG_INFINITY, "-INF", "-Inf"), (f64::NAN, "nan", "NaN"), (-f64::NAN, "nan", "NaN"),
        // The sign counts towards the cut.
        (-1e30, "-100000000000000001988462483865", "-1E+30"),
        // Exact halves: the seventh decimal is a 5 and nothing follows it.
        (0.0078125, "0.007812", "0.007812"),
        (-2.0234375, "-2.023438", "-2.023438"),
        // Rounded to even where `{:e}` rounds up; a power of two whose shortest digits round up.
        (1125899906842624.0 + 0.25, "1.125900E+15", "1.1258999068426242E+15"),
        (1.0 / 17592186044416.0, "5.684342E-14", "5.6843418860808015E-14"),
    ];

    #[test]
    fn formats() {
        for &(x, v1, v2) in FORMATS {
            assert_eq!(format_v1(x).as_str(), v1, "{x:e} in v1");
            assert_eq!(format_v2(x).as_str(), v2, "{x:e} in v2");
        }
    }

    /// Integers and fractions in the fast paths print what `core::fmt` prints.
    #[test]
    fn fast_paths_agree_with_core() {
        let mut rng = Rng::from_seed(9);
        for i in 0..200_000 {
            let (a, b) = (rng.next_f64() - 0.5, rng.next_f64());
            let x = match i % 5 {
                0 => a * 2e10,
                1 => a * math::exp(b * 30.0 - 10.0),
                2 => math::round(a * 1e7) / 1e3,
                3 => math::round(a * 1e9) / 1024.0,
                _ => math::round(a * math::exp(b * 43.0)),
            };
            let size = x.abs();
            let mut text = Scratch::new();
            let expected = if math::is_whole(x) {
                write!(text, "{x:.0}").unwrap();
                text.as_str()
            } else if !(FIXED_MIN..=FIXED_MAX).contains(&size) {
                continue;
            } else {
                write!(text, "{x:.6}").unwrap();
                let at_least = text.find('.').unwrap() + 2;
                &text[..text.trim_end_matches('0').len().max(at_least)]
            };
            assert_eq!(format_v1(x).as_str(), expected, "{x:e}");
        }
    }

    #[test]
    fn large_numbers_agree_with_core() {
        let mut rng = Rng::from_seed(7);
        let random = (0..20_000).map(|_| math::exp(44.4 + rng.next_f64() * 665.0));
        let powers = (64..1024).map(|n| math::scale_by_power_of_two(1.0, n));
        for x in random.chain(powers).chain([f64::MAX, 1e27, 1e36, 1e300]) {
            for x in [x, -x] {
                let text = alloc::format!("{x:.0}");
                assert_eq!(
                    format_v1(x).as_str(),
                    &text[..text.len().min(WHOLE_CHARS_MAX)],
                    "{x:e}"
                );
            }
        }
    }

    /// Shortest forms read back, and do not with a digit less.
    #[test]
    fn shortest_forms_read_back() {
        let mut rng = Rng::from_seed(5);
        for _ in 0..20_000 {
            let x = (rng.next_f64() - 0.5) * math::exp(rng.next_f64() * 1400.0 - 700.0);
            let text = shortest(x);
            assert_eq!(parse_prefix(text.as_bytes()), (x, text.as_bytes().len()));
            let digits = text.as_str().split('E').next().unwrap();
            let count = digits.bytes().filter(u8::is_ascii_digit).count();
            let is_shortest = count == 1 || format_e(x, count - 2).parse() != Ok(x);
            assert!(is_shortest, "{x:e}");
        }
    }

    /// 2^53 + 2, where 2^53 + 1 and a little more rounds to.
    const TIE: f64 = 9007199254740994.0;

    /// Text, what v1 reads and in how many bytes, and what v2 reads: LANGUAGE.md §9.2,
    /// INTRINSICS.md §5.15, and forms of `strtod`.
    #[rustfmt::skip]
    const TEXTS: &[(&str, f64, usize, Option<f64>)] = &[
        ("42", 42.0, 2, Some(42.0)), (" -7.5 ", -7.5, 5, Some(-7.5)), ("+42", 42.0, 3, Some(42.0)),
        (".5", 0.5, 2, Some(0.5)), ("5.", 5.0, 2, Some(5.0)), ("1E-3", 0.001, 4, Some(0.001)),
        ("abc", 0.0, 0, None), ("", 0.0, 0, None), ("42abc", 42.0, 2, None),
        ("1,000", 1.0, 1, None), ("12 34", 12.0, 2, None), ("1e", 1.0, 1, None),
        ("0x1F", 31.0, 4, Some(31.0)), ("inf", f64::INFINITY, 3, Some(f64::INFINITY)),
        ("  42  ", 42.0, 4, Some(42.0)), ("7\t", 7.0, 1, Some(7.0)), ("+7", 7.0, 2, Some(7.0)),
        ("-1.5e3", -1500.0, 6, Some(-1500.0)), ("--5", 0.0, 0, None), ("- 5", 0.0, 0, None),
        ("½", 0.0, 0, None), ("0b101", 0.0, 1, None),
        ("1e400", f64::INFINITY, 5, Some(f64::INFINITY)), ("5 6", 5.0, 1, None),
        ("1_000", 1.0, 1, None), ("1d", 1.0, 1, None), (".", 0.0, 0, None), ("-.e1", 0.0, 0, None),
        ("5.e1", 50.0, 4, Some(50.0)), ("1e+", 1.0, 1, None),
        ("1e99999999999999999999", f64::INFINITY, 22, Some(f64::INFINITY)),
        ("1e-99999999999999999999", 0.0, 23, Some(0.0)),
        ("-Infinity", f64::NEG_INFINITY, 9, Some(f64::NEG_INFINITY)),
        ("infinit", f64::INFINITY, 3, None), ("0x", 0.0, 1, None), ("0x.p1", 0.0, 1, None),
        ("-0X.8p1", -1.0, 7, Some(-1.0)), ("0x1.8p", 1.5, 5, None), ("0x1.", 1.0, 4, Some(1.0)),
        ("0x20000000000001", 9007199254740992.0, 16, Some(9007199254740992.0)),
        ("0x20000000000001000000001", TIE * 68719476736.0, 25, Some(TIE * 68719476736.0)),
        ("0x1p-1074", 5e-324, 9, Some(5e-324)), ("0x1p-1075", 0.0, 9, Some(0.0)),
        ("0x1.00001p-1075", 5e-324, 15, Some(5e-324)),
        ("0x1p99999999999999999999", f64::INFINITY, 24, Some(f64::INFINITY)),
    ];

    #[test]
    fn parses() {
        for &(text, number, len, whole) in TEXTS {
            assert_eq!(parse_prefix(text.as_bytes()), (number, len), "{text} in v1");
            assert_eq!(parse_whole(text.as_bytes()), whole, "{text} in v2");
        }
        let (nan, len) = parse_prefix(b"-nan");
        assert_eq!((nan.to_bits(), len), (f64::NAN.to_bits(), 4));
        assert!(parse_prefix(b"-0").0.is_sign_negative());
    }

    #[test]
    fn parses_long_texts_in_linear_time() {
        const LEN: usize = 10 << 20;
        for digit in [b'0', b'9'] {
            let mut text = vec![digit; LEN];
            for (end, unread) in [("x", 1), (".5", 0), ("e-3", 0)] {
                text.truncate(LEN);
                text.extend_from_slice(end.as_bytes());
                assert_eq!(parse_prefix(&text).1, text.len() - unread);
            }
        }
        assert_eq!(parse_prefix(&vec![b' '; LEN]), (0.0, 0));
        let hex = [b"0x".as_slice(), &vec![b'f'; LEN]].concat();
        assert_eq!(parse_prefix(&hex), (f64::INFINITY, hex.len()));
    }
}
