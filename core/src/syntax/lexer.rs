//! The lexer: cuts source text into tokens, one at a time, when asked.
//!
//! It works on bytes: every character that matters is ASCII, and all bytes from 0x80 are identifier
//! characters in v1 (a byte order mark and a no-break space included, spec §1.1). It has no state
//! but its place in the text, so a copy of it looks ahead at no cost.

use super::Dialect;
use super::token::{Keyword, Token, TokenKind, byte_offset};
use crate::span::Span;
use memchr::{memchr2, memchr3};

/// Reads tokens from a source text.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    /// Index of the first byte not yet read.
    position: usize,
    /// Line on which `position` stands, counted from 1.
    line: u32,
    dialect: Dialect,
}

/// What a byte can begin or continue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Blank,
    Letter,
    Digit,
}

static CLASSES: [Class; 256] = classes();

impl<'a> Lexer<'a> {
    /// Starts at the beginning of a text; a first line that begins with `#!` is passed over.
    pub(super) fn new(source: &'a str, dialect: Dialect) -> Self {
        let mut lexer = Lexer { bytes: source.as_bytes(), position: 0, line: 1, dialect };
        if lexer.bytes.starts_with(b"#!") {
            lexer.skip_line();
        }
        lexer
    }

    /// Whether the next byte is white space, a separator, a comment, or the end of the text.
    ///
    /// Tells `a -b` from `a - b` (spec §5.3).
    pub(super) fn at_blank(&self) -> bool {
        match self.peek() {
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | b';') => true,
            Some(b'/') => self.peek_at(1) == Some(b'/'),
            Some(_) => false,
        }
    }

    /// Reads a token. After the end of the text come [`TokenKind::EndOfText`] tokens for ever.
    pub(super) fn next_token(&mut self) -> Token {
        let space_before = self.skip_blanks();
        let (start, line) = (self.position, self.line);
        let kind = match self.peek() {
            None => TokenKind::EndOfText,
            Some(byte) => match CLASSES[usize::from(byte)] {
                Class::Letter => self.word(),
                Class::Digit => self.number(),
                Class::Blank | Class::Other => self.symbol(byte),
            },
        };
        let span = Span::new(byte_offset(start), byte_offset(self.position));
        Token { kind, space_before, line, span }
    }

    fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    fn peek_at(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.position + distance).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn skip_line(&mut self) {
        self.position += memchr2(b'\n', b'\r', self.rest()).unwrap_or(self.rest().len());
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.position += 1;
        }
    }

    /// Passes over white space and a comment; returns whether there was any.
    fn skip_blanks(&mut self) -> bool {
        let start = self.position;
        self.skip_spaces();
        if self.peek() == Some(b'/') && self.peek_at(1) == Some(b'/') {
            self.skip_line();
        }
        self.position > start
    }

    /// Reads identifier characters and returns them.
    fn take_word(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let continues =
            |byte: &u8| matches!(CLASSES[usize::from(*byte)], Class::Letter | Class::Digit);
        let length = rest.iter().position(|byte| !continues(byte)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn word(&mut self) -> TokenKind {
        let word = self.take_word();
        match Keyword::from_word(word, self.dialect) {
            None => TokenKind::Identifier,
            Some(Keyword::End) => self.end_word(),
            Some(Keyword::Else) => self.else_word(),
            Some(keyword) => TokenKind::Keyword(keyword),
        }
    }

    /// The word after `end`, which makes one token with it.
    fn end_word(&mut self) -> TokenKind {
        let after_end = self.position;
        self.skip_spaces();
        let keyword = match Keyword::from_word(self.take_word(), self.dialect) {
            Some(Keyword::For) => Keyword::EndFor,
            Some(Keyword::Function) => Keyword::EndFunction,
            Some(Keyword::If) => Keyword::EndIf,
            Some(Keyword::While) => Keyword::EndWhile,
            Some(_) => Keyword::EndOther,
            None => {
                self.position = after_end;
                return TokenKind::LoneEnd;
            }
        };
        TokenKind::Keyword(keyword)
    }

    /// The `if` after `else`, which makes one token with it.
    fn else_word(&mut self) -> TokenKind {
        let after_else = self.position;
        self.skip_spaces();
        if self.take_word() == b"if" {
            return TokenKind::Keyword(Keyword::ElseIf);
        }
        self.position = after_else;
        TokenKind::Keyword(Keyword::Else)
    }

    /// Takes whatever looks like part of a number; what it is worth is decided by the parser (spec
    /// §1.6, v1).
    fn number(&mut self) -> TokenKind {
        while let Some(byte) = self.peek() {
            match byte {
                b'0'..=b'9' | b'.' => self.position += 1,
                b'e' | b'E' => {
                    let signed = matches!(self.peek_at(1), Some(b'+' | b'-'));
                    self.position += 1 + usize::from(signed);
                }
                _ => break,
            }
        }
        TokenKind::Number
    }

    /// A string literal. Its end is looked for line by line: v1 strings do not span lines.
    fn string(&mut self) -> TokenKind {
        self.position += 1;
        loop {
            let rest = self.rest();
            let Some(found) = memchr3(b'"', b'\n', b'\r', rest) else {
                self.position = self.bytes.len();
                return TokenKind::OpenString;
            };
            self.position += found;
            if rest[found] != b'"' {
                return TokenKind::OpenString;
            }
            self.position += 1;
            if self.peek() != Some(b'"') {
                return TokenKind::String;
            }
            self.position += 1;
        }
    }

    fn newline(&mut self) -> TokenKind {
        let crlf = self.peek() == Some(b'\r') && self.peek_at(1) == Some(b'\n');
        self.position += 1 + usize::from(crlf);
        self.line += 1;
        TokenKind::Newline
    }

    fn symbol(&mut self, byte: u8) -> TokenKind {
        use TokenKind::*;
        let single = match byte {
            b'\n' | b'\r' => return self.newline(),
            b'"' => return self.string(),
            b'.' if matches!(self.peek_at(1), Some(b'0'..=b'9')) => return self.number(),
            b'.' => Dot,
            b',' => Comma,
            b'(' => LParen,
            b')' => RParen,
            b'[' => LSquare,
            b']' => RSquare,
            b'{' => LCurly,
            b'}' => RCurly,
            b':' => Colon,
            b';' => Semicolon,
            b'@' => AddressOf,
            b'=' => return self.with_equals(Assign, Equal),
            b'<' => return self.with_equals(Less, LessEqual),
            b'>' => return self.with_equals(Greater, GreaterEqual),
            b'!' => return self.with_equals(Unknown, NotEqual),
            b'+' => return self.with_equals(Plus, AssignPlus),
            b'-' => return self.with_equals(Minus, AssignMinus),
            b'*' => return self.with_equals(Times, AssignTimes),
            b'/' => return self.with_equals(Divide, AssignDivide),
            b'%' => return self.with_equals(Mod, AssignMod),
            b'^' => return self.with_equals(Power, AssignPower),
            _ => Unknown,
        };
        self.position += 1;
        single
    }

    /// A symbol that means something else when `=` follows.
    fn with_equals(&mut self, alone: TokenKind, joined: TokenKind) -> TokenKind {
        let is_joined = self.peek_at(1) == Some(b'=');
        self.position += 1 + usize::from(is_joined);
        if is_joined { joined } else { alone }
    }
}

const fn classes() -> [Class; 256] {
    let mut table = [Class::Other; 256];
    let mut byte = 0u8;
    loop {
        table[byte as usize] = match byte {
            b' ' | b'\t' => Class::Blank,
            b'0'..=b'9' => Class::Digit,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => Class::Letter,
            _ => Class::Other,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}
