//! Errors of the parser: their texts, the lines they are attributed to, and how parsing goes on
//! after them.
//!
//! Texts follow LANGUAGE.md §18.3 to the letter. The line is that of the reference: for some
//! messages the one its lexer has reached, for others the first of the statement (spec §18.1). The
//! span points at the culprit either way.

use super::super::token::{Keyword, TokenKind, byte_index};
use super::super::{Expr, ExprKind};
use super::blocks::Literal;
use super::{Failed, Parse, Parser};
use crate::error::{Diagnostic, DiagnosticKind};
use crate::limits::{DIAGNOSTICS_MAX, RECOVERY_TOKENS_MAX};
use crate::span::Span;
use alloc::format;
use alloc::string::{String, ToString};

/// The line an error is attributed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The line reached after the current token: one more than its own if it is a line end.
    Token,
    /// The line reached after the token before it.
    Previous,
    /// The first line of the statement.
    Statement,
    /// This line.
    Line(u32),
}

impl Parser<'_> {
    /// Reports an error at the current token, and lets parsing go on.
    #[cold]
    pub(super) fn report(&mut self, message: String, at: At, help: Option<String>) {
        let line = match at {
            At::Token => self.token.line_after(),
            At::Previous => self.previous.line_after(),
            At::Statement => self.first.line,
            At::Line(line) => line,
        };
        self.push(Diagnostic {
            kind: DiagnosticKind::Compiler,
            message,
            line: Some(line),
            span: self.token.span,
            help,
            incomplete: false,
        });
    }

    /// Reports an error at the current token.
    #[cold]
    pub(super) fn fail<T>(&mut self, message: impl Into<String>, at: At) -> Parse<T> {
        self.fail_at(message, at, self.token.span)
    }

    /// Reports an error at `span`.
    #[cold]
    pub(super) fn fail_at<T>(
        &mut self,
        message: impl Into<String>,
        at: At,
        span: Span,
    ) -> Parse<T> {
        let message = message.into();
        let help = message_help(&message).map(String::from);
        self.report(message, at, help);
        if let Some(last) = self.diagnostics.last_mut() {
            last.span = span;
        }
        Err(Failed)
    }

    /// Reports that the current token is not what is `wanted`; or, if it is no token at all, what
    /// is wrong with it.
    #[cold]
    pub(super) fn unexpected<T>(&mut self, wanted: &str, at: At) -> Parse<T> {
        let at_end = self.token.kind == TokenKind::EndOfText;
        // Once the text has ended in the middle of something, open blocks are no news.
        self.damaged |= at_end;
        let (message, help) = match self.token.kind {
            TokenKind::OpenString => {
                let help = "a string ends on the line it begins on";
                return self.lexer_error("missing closing quote (\")", help);
            }
            TokenKind::LoneEnd => {
                self.damaged = true;
                let message = "'end' without following keyword ('if', 'function', etc.)";
                return self.lexer_error(message, "write `end if`, `end while`, `end for`, …");
            }
            _ => {
                let got = self.token.describe(self.source);
                (format!("got {got} where {wanted} is required"), self.token_help(wanted))
            }
        };
        self.report(message, at, help);
        if let Some(last) = self.diagnostics.last_mut() {
            last.incomplete = at_end && (self.brackets > 0 || self.previous.kind.continues());
        }
        Err(Failed)
    }

    /// Reports that the current token is none. The first token of a statement is read before the
    /// statement's line is known, so errors there have none.
    fn lexer_error<T>(&mut self, message: &str, help: &str) -> Parse<T> {
        let is_first = self.token.span.start == self.first.span.start;
        self.push(Diagnostic {
            kind: DiagnosticKind::Lexer,
            message: message.to_string(),
            line: (!is_first).then_some(self.first.line),
            span: self.token.span,
            help: Some(help.to_string()),
            incomplete: false,
        });
        Err(Failed)
    }

    /// Reports that a limit of nesting is exceeded.
    #[cold]
    pub(super) fn too_deep<T>(&mut self) -> Parse<T> {
        self.fail("expression is nested too deeply", At::Statement)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// After an error: goes to the end of the statement.
    ///
    /// A function literal on the way is noted, since its body follows.
    pub(super) fn skip_statement(&mut self) {
        self.skip_brackets();
        while !self.token.kind.is_eol() {
            self.skip_token();
        }
    }

    /// After an error in the header of a block: goes past `then`, or else to the end of the
    /// statement. Returns something to use as the header.
    pub(super) fn recover_header(&mut self) -> Expr {
        let span = self.token.span;
        self.skip_brackets();
        while !self.token.kind.is_eol() {
            let is_then = self.token.kind == TokenKind::Keyword(Keyword::Then);
            self.skip_token();
            if is_then {
                break;
            }
        }
        Expr { span, kind: ExprKind::Null }
    }

    fn skip_token(&mut self) {
        if self.token.kind == TokenKind::Keyword(Keyword::Function) && self.literal.is_none() {
            self.literal = Some(Literal { keyword: self.token });
        }
        self.advance();
    }

    /// After an error inside brackets: goes to the last one that closes them, if it can be found
    /// before something that belongs to another statement.
    fn skip_brackets(&mut self) {
        let mut depth = self.brackets;
        (self.nesting, self.brackets) = (0, 0);
        let (mut lexer, mut token) = (self.lexer.clone(), self.token);
        let mut starts_line = false;
        for _ in 0..RECOVERY_TOKENS_MAX {
            match token.kind {
                _ if depth == 0 => {
                    (self.lexer, self.token) = (lexer, token);
                    return;
                }
                TokenKind::LParen | TokenKind::LSquare | TokenKind::LCurly => depth += 1,
                TokenKind::RParen | TokenKind::RSquare | TokenKind::RCurly => depth -= 1,
                TokenKind::EndOfText | TokenKind::Assign | TokenKind::LoneEnd => return,
                TokenKind::Keyword(Keyword::Function) => return,
                TokenKind::Keyword(word) if starts_line && begins_statement(word) => return,
                _ => {}
            }
            starts_line = token.kind.is_eol();
            token = lexer.next_token();
        }
    }

    /// What may help when the current token is not what is `wanted`.
    fn token_help(&self, wanted: &str) -> Option<String> {
        let text = self.token.text(self.source);
        let rest = self.source.get(byte_index(self.first.span.start)..).unwrap_or_default();
        let first_word = rest.split([' ', '\t', '(']).next().unwrap_or_default();
        let help = match (self.token.kind, self.previous.kind) {
            (TokenKind::Unknown, _) => match text {
                "&" => "write `and` instead of `&&`",
                "|" => "write `or` instead of `||`",
                "!" => "write `not` instead of `!`",
                "'" => "strings are written in double quotes: \"…\"",
                "#" => "comments begin with `//`",
                _ => return None,
            },
            (TokenKind::Greater, TokenKind::Less) => "write `!=` instead of `<>`",
            (TokenKind::Assign, TokenKind::Equal | TokenKind::NotEqual) => "use `==` or `!=`",
            (TokenKind::Times, TokenKind::Times) => "write `^` instead of `**`",
            (TokenKind::Plus, TokenKind::Plus) => "write `+= 1` instead of `++`",
            (TokenKind::Assign, _) if self.first.kind == TokenKind::Keyword(Keyword::While) => {
                "use == to compare"
            }
            (TokenKind::Assign, _) if wanted == "EOL" => {
                "an assignment is no expression: write one statement for each"
            }
            (TokenKind::Keyword(_), TokenKind::Dot) => {
                return Some(format!(
                    "`{text}` is a keyword: use `[\"{text}\"]` instead of `.{text}`"
                ));
            }
            _ if matches!(first_word, "elseif" | "elif" | "elsif") => "write `else if`",
            _ if wanted == "Keyword(then)" => "add `then` after the condition",
            (TokenKind::Newline | TokenKind::Semicolon, _) if self.brackets > 0 => {
                "a line may end inside brackets only after `,`, an operator, or an opening bracket"
            }
            (
                TokenKind::Identifier | TokenKind::Number | TokenKind::String,
                TokenKind::Identifier,
            ) if wanted.ends_with("EOL") => {
                "inside an expression, a call needs parentheses: `f(x)`"
            }
            _ => return None,
        };
        Some(help.to_string())
    }
}

/// What may help with an error that is always the same.
fn message_help(message: &str) -> Option<&'static str> {
    match message {
        "found = instead of == in if condition" => Some("use == to compare"),
        "loop is invalid within single-line 'if'"
        | "invalid control structure within single-line 'if'" => {
            Some("begin a new line after `then`, and end the block with `end if`")
        }
        "can't start two functions in one statement" => {
            Some("assign one of them to a variable first")
        }
        _ if message.starts_with("invalid numeric literal") => Some("digits are missing after `e`"),
        _ => None,
    }
}

/// Whether a keyword at the start of a line begins or ends something, rather than being part of an
/// expression.
fn begins_statement(word: Keyword) -> bool {
    use Keyword::*;
    matches!(
        word,
        If | Else | ElseIf | EndIf | For | EndFor | While | EndWhile | EndFunction | EndOther
    ) || matches!(word, Break | Continue | Return)
}
