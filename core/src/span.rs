//! Positions in source text.
//!
//! A [`Span`] is a range of byte offsets into one source text. Lines are derived from it when they
//! are needed ([`line_of`]), except in compiled code, which carries its own line table.

/// A half-open range `start..end` of byte offsets into a source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset one past the last byte.
    pub end: u32,
}

impl Span {
    /// Makes a span from two byte offsets.
    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub const fn to(self, other: Span) -> Self {
        let start = if self.start < other.start { self.start } else { other.start };
        let end = if self.end > other.end { self.end } else { other.end };
        Span { start, end }
    }
}

/// The line, counted from 1, on which byte `offset` of `text` stands. LF, CRLF and a lone CR each
/// end a line.
pub fn line_of(text: &str, offset: u32) -> u32 {
    let before = &text.as_bytes()[..text.len().min(offset as usize)];
    let mut line = 1;
    for (i, &byte) in before.iter().enumerate() {
        let ends = byte == b'\n' || (byte == b'\r' && text.as_bytes().get(i + 1) != Some(&b'\n'));
        line += u32::from(ends);
    }
    line
}
