//! The value of a numeric literal.
//!
//! v1 takes text that merely looks like a number and converts as much of it as makes sense, like
//! C's `scanf` (spec §1.6): `1.2.3` is 1.2 and `1e+` is 1.

/// The value of the longest prefix of `text` that is a decimal number; 0 if there is none.
pub(super) fn parse_prefix(text: &str) -> f64 {
    let bytes = text.as_bytes();
    let whole = digits(bytes);
    if whole == bytes.len() && whole <= 9 {
        // Most literals: exact, and several times faster than the general conversion.
        let value = bytes.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
        return f64::from(value);
    }
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(&bytes[end + 1..]);
    }
    if let [b'e' | b'E', exponent @ ..] = &bytes[end..] {
        let sign = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
        let count = digits(&exponent[sign..]);
        if count > 0 {
            end += 1 + sign + count;
        }
    }
    // A lone dot is the only prefix this cannot read; the lexer makes no such token.
    text[..end].parse().unwrap_or(0.0)
}

/// How many digits `bytes` begins with.
fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}
