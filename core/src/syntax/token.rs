//! Tokens: the words of a program.
//!
//! A token is 16 bytes, holds no text and borrows nothing: its span says where the text is. What
//! the lexer cannot read becomes a token as well, so that trouble is reported when (and only if)
//! the parser gets there.

use super::Dialect;
use crate::span::Span;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: TokenKind,
    /// White space or a comment stands directly before it (spec §1.2).
    pub(super) space_before: bool,
    /// Line, counted from 1.
    pub(super) line: u32,
    /// Position.
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A line end.
    Newline,
    /// `;`.
    Semicolon,
    /// The end of the text.
    EndOfText,
    /// A name.
    Identifier,
    /// A numeric literal, perhaps malformed.
    Number,
    /// A string literal with its quotes.
    String,
    /// A reserved word, or two that form one token.
    Keyword(Keyword),
    /// `+`.
    Plus,
    /// `-`.
    Minus,
    /// `*`.
    Times,
    /// `/`.
    Divide,
    /// `%`.
    Mod,
    /// `^`.
    Power,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `=`.
    Assign,
    /// `+=`.
    AssignPlus,
    /// `-=`.
    AssignMinus,
    /// `*=`.
    AssignTimes,
    /// `/=`.
    AssignDivide,
    /// `%=`.
    AssignMod,
    /// `^=`.
    AssignPower,
    /// `(`.
    LParen,
    /// `)`.
    RParen,
    /// `[`.
    LSquare,
    /// `]`.
    RSquare,
    /// `{`.
    LCurly,
    /// `}`.
    RCurly,
    /// `@`.
    AddressOf,
    /// `,`.
    Comma,
    /// `.`.
    Dot,
    /// `:`.
    Colon,
    /// A character that begins no token.
    Unknown,
    /// Lexer error: a string without its closing quote.
    OpenString,
    /// Lexer error: `end` without a keyword after it.
    LoneEnd,
}

/// A reserved word (spec §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// `and`.
    And,
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `else`.
    Else,
    /// `else if`.
    ElseIf,
    /// `end` when it stands for itself; only ever seen as the second word of [`Keyword::EndOther`].
    End,
    /// `end for`.
    EndFor,
    /// `end function`.
    EndFunction,
    /// `end if`.
    EndIf,
    /// `end while`.
    EndWhile,
    /// `end` with a keyword that ends nothing, as in `end then`.
    EndOther,
    /// `false`.
    False,
    /// `for`.
    For,
    /// `function`.
    Function,
    /// `if`.
    If,
    /// `in`.
    In,
    /// `isa`.
    Isa,
    /// `new`.
    New,
    /// `not`.
    Not,
    /// `null`.
    Null,
    /// `or`.
    Or,
    /// `repeat`: reserved, without a meaning.
    Repeat,
    /// `return`.
    Return,
    /// `then`.
    Then,
    /// `true`.
    True,
    /// `while`.
    While,
}

impl Token {
    /// The text it stands for, as written.
    pub(super) fn text(self, source: &str) -> &str {
        source.get(byte_index(self.span.start)..byte_index(self.span.end)).unwrap_or_default()
    }

    /// The line the lexer has reached after this token.
    pub(super) fn line_after(self) -> u32 {
        self.line + u32::from(self.kind == TokenKind::Newline)
    }

    /// How error messages call it (spec §18.3).
    pub(super) fn describe(self, source: &str) -> String {
        let text = self.text(source);
        match self.kind {
            TokenKind::Newline => String::from("EOL(\n)"),
            TokenKind::Semicolon => String::from("EOL(;)"),
            TokenKind::EndOfText => String::from("EOL"),
            TokenKind::Identifier => format!("Identifier({text})"),
            TokenKind::Number => format!("Number({text})"),
            TokenKind::String => format!("String({})", unquote(text)),
            TokenKind::Keyword(_) => format!("Keyword({})", self.keyword_text(source)),
            TokenKind::Unknown => format!("Unknown({text})"),
            kind => String::from(kind.name()),
        }
    }

    /// The words of a keyword token, one space between two.
    pub(super) fn keyword_text(self, source: &str) -> String {
        let words: Vec<&str> = self.text(source).split_ascii_whitespace().collect();
        words.join(" ")
    }
}

impl TokenKind {
    /// Whether it separates statements: `EOL` in the grammar.
    pub(super) fn is_eol(self) -> bool {
        matches!(self, TokenKind::Newline | TokenKind::Semicolon | TokenKind::EndOfText)
    }

    /// Whether it is `else` or `else if`.
    pub(super) fn is_else(self) -> bool {
        matches!(self, TokenKind::Keyword(Keyword::Else | Keyword::ElseIf))
    }

    /// Whether it asks for something after it, so that a text that ends here is not finished.
    pub(super) fn continues(self) -> bool {
        match self {
            TokenKind::Keyword(word) => {
                matches!(
                    word,
                    Keyword::And | Keyword::Or | Keyword::Isa | Keyword::New | Keyword::Not
                )
            }
            TokenKind::Newline | TokenKind::Semicolon | TokenKind::EndOfText => false,
            TokenKind::Identifier | TokenKind::Number | TokenKind::String => false,
            TokenKind::RParen | TokenKind::RSquare | TokenKind::RCurly => false,
            TokenKind::Unknown | TokenKind::OpenString | TokenKind::LoneEnd => false,
            _ => true,
        }
    }

    /// The name of a token that is always written the same way.
    fn name(self) -> &'static str {
        match self {
            TokenKind::Plus => "OpPlus",
            TokenKind::Minus => "OpMinus",
            TokenKind::Times => "OpTimes",
            TokenKind::Divide => "OpDivide",
            TokenKind::Mod => "OpMod",
            TokenKind::Power => "OpPower",
            TokenKind::Equal => "OpEqual",
            TokenKind::NotEqual => "OpNotEqual",
            TokenKind::Greater => "OpGreater",
            TokenKind::GreaterEqual => "OpGreatEqual",
            TokenKind::Less => "OpLesser",
            TokenKind::LessEqual => "OpLessEqual",
            TokenKind::Assign => "OpAssign",
            TokenKind::AssignPlus => "OpAssignPlus",
            TokenKind::AssignMinus => "OpAssignMinus",
            TokenKind::AssignTimes => "OpAssignTimes",
            TokenKind::AssignDivide => "OpAssignDivide",
            TokenKind::AssignMod => "OpAssignMod",
            TokenKind::AssignPower => "OpAssignPower",
            TokenKind::LParen => "LParen",
            TokenKind::RParen => "RParen",
            TokenKind::LSquare => "LSquare",
            TokenKind::RSquare => "RSquare",
            TokenKind::LCurly => "LCurly",
            TokenKind::RCurly => "RCurly",
            TokenKind::AddressOf => "AddressOf",
            TokenKind::Comma => "Comma",
            TokenKind::Dot => "Dot",
            TokenKind::Colon => "Colon",
            TokenKind::Newline | TokenKind::Semicolon | TokenKind::EndOfText => "EOL",
            TokenKind::Identifier => "Identifier",
            TokenKind::Number => "Number",
            TokenKind::String | TokenKind::OpenString => "String",
            TokenKind::Keyword(_) | TokenKind::LoneEnd => "Keyword",
            TokenKind::Unknown => "Unknown",
        }
    }
}

impl Keyword {
    /// The keyword a word is, if it is one. `else if` and `end …` are joined by the lexer.
    pub(super) fn from_word(word: &[u8], dialect: Dialect) -> Option<Keyword> {
        if !(2..=8).contains(&word.len()) {
            return None;
        }
        let keyword = match word {
            b"if" => Keyword::If,
            b"in" => Keyword::In,
            b"or" => Keyword::Or,
            b"and" => Keyword::And,
            b"end" => Keyword::End,
            b"for" => Keyword::For,
            b"isa" => Keyword::Isa,
            b"new" => Keyword::New,
            b"not" => Keyword::Not,
            b"else" => Keyword::Else,
            b"then" => Keyword::Then,
            b"break" => Keyword::Break,
            b"while" => Keyword::While,
            b"return" => Keyword::Return,
            b"continue" => Keyword::Continue,
            b"function" => Keyword::Function,
            // What v2 makes ordinary names again, and the words it reserves instead, branch here.
            b"true" if dialect == Dialect::V1 => Keyword::True,
            b"false" if dialect == Dialect::V1 => Keyword::False,
            b"null" if dialect == Dialect::V1 => Keyword::Null,
            b"repeat" if dialect == Dialect::V1 => Keyword::Repeat,
            _ => return None,
        };
        Some(keyword)
    }
}

/// The text between the quotes of a string literal, doubled quotes made single.
pub(super) fn unquote(literal: &str) -> String {
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or("");
    if memchr::memchr(b'"', inner.as_bytes()).is_none() {
        return String::from(inner);
    }
    inner.replace("\"\"", "\"")
}

/// A position as an index into the text.
pub(super) fn byte_index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// An index into the text as a position. Texts are shorter than `SOURCE_BYTES_MAX`, so none is cut
/// off.
pub(super) fn byte_offset(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
