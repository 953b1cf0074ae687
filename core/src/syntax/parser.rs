//! The parser: from tokens to a tree.
//!
//! Expressions are parsed by precedence climbing (`expression`, `primary`). Blocks are not parsed
//! by recursion: as in the reference (spec §3.1), openers and closers are matched on a stack of
//! scopes (`blocks`), which decides what an error is called and lets a function body follow the
//! statement its literal stands in. Statements in between are in `statement`, errors and what
//! happens after them in `report`.
//!
//! After an error the rest of its statement is skipped and parsing goes on, so that one text can
//! have many diagnostics. The scope stack is kept in order meanwhile: a broken `while` still opens
//! a loop.

mod statement;

mod blocks;

mod expression;

mod primary;

mod report;

use super::lexer::Lexer;
use super::token::{Token, TokenKind};
use super::{Ast, Dialect, Stmt, StmtKind};
use crate::error::Diagnostic;
use crate::limits::{DIAGNOSTICS_MAX, NESTING_MAX, TREE_DEPTH_MAX};
use crate::span::Span;
use alloc::string::String;
use alloc::vec::Vec;
use blocks::{Holder, Literal, Scope};
use report::At;
use statement::Done;

/// Parses a whole text. See [`parse`](super::parse).
pub(super) fn parse_program(source: &str, dialect: Dialect) -> (Ast, Vec<Diagnostic>) {
    let mut lexer = Lexer::new(source, dialect);
    let token = lexer.next_token();
    let mut parser = Parser {
        source,
        lexer,
        token,
        previous: Token { kind: TokenKind::Newline, span: Span::default(), ..token },
        first: token,
        scopes: Vec::new(),
        body: Vec::new(),
        literal: None,
        depth: 0,
        nesting: 0,
        brackets: 0,
        height: 0,
        tallest: 0,
        damaged: false,
        aborted: false,
        diagnostics: Vec::new(),
    };
    parser.program();
    parser.close_all();
    let ast = Ast { body: parser.body, last_line: parser.token.line };
    (ast, parser.diagnostics)
}

/// A parse failed; what was wrong has been reported.
#[derive(Debug)]
struct Failed;

/// What a parse function returns.
type Parse<T> = Result<T, Failed>;

/// The parser's state.
struct Parser<'a> {
    source: &'a str,
    /// Stands behind `token`.
    lexer: Lexer<'a>,
    /// The token to be dealt with next.
    token: Token,
    /// The token before it, line breaks that do not count left out.
    previous: Token,
    /// The first token of the statement being parsed.
    first: Token,
    /// The open blocks and functions, innermost last.
    scopes: Vec<Scope>,
    /// The statements of the innermost scope, so far.
    body: Vec<Stmt>,
    /// The function literal this statement contains: its body follows.
    literal: Option<Literal>,
    /// How deep in the tree the statements of the innermost scope stand.
    depth: usize,
    /// How deep the parser has recursed in this statement.
    nesting: usize,
    /// How many brackets are open in this statement.
    brackets: usize,
    /// Height of the expression parsed last. Kept here since every parse function would have to
    /// return it.
    height: usize,
    /// Height of the highest expression of this statement.
    tallest: usize,
    /// Blocks could not be matched up: the end of the text will not complain about those still
    /// open.
    damaged: bool,
    /// It makes no sense to go on.
    aborted: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Parser<'_> {
    /// Parses statements until the text ends.
    fn program(&mut self) {
        while !self.aborted && self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.skip_line_breaks();
            if self.token.kind == TokenKind::EndOfText {
                self.check_all_closed();
                return;
            }
            self.full_statement();
        }
    }

    /// Parses one statement and what ends it, and begins the body of its function literal.
    fn full_statement(&mut self) {
        self.first = self.token;
        (self.nesting, self.brackets, self.tallest) = (0, 0, 0);
        let parsed = self.statement().and_then(|done| {
            if done != Done::FunctionEnd && !self.token.kind.is_eol() {
                return self.unexpected("EOL", At::Token);
            }
            Ok(done)
        });
        let holder = match parsed {
            Ok(Done::Header) => Holder::Header,
            Ok(Done::Simple | Done::FunctionEnd) => Holder::Last,
            Err(Failed) => {
                self.skip_statement();
                Holder::Nothing
            }
        };
        if let Some(literal) = self.literal.take() {
            self.open_function(literal, holder);
        }
    }

    /// Goes to the next token.
    fn advance(&mut self) {
        self.previous = self.token;
        self.token = self.lexer.next_token();
    }

    /// Goes to the next token if this one is of kind `kind`; returns whether it was.
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.token.kind == kind;
        if found {
            self.advance();
        }
        found
    }

    /// Goes past a token that must be here. `wanted` is what messages call it.
    fn expect(&mut self, kind: TokenKind, wanted: &str) -> Parse<()> {
        if self.eat(kind) { Ok(()) } else { self.unexpected(wanted, At::Token) }
    }

    /// Passes over separators, where a statement may go on after them (spec §2.1).
    fn skip_line_breaks(&mut self) {
        while matches!(self.token.kind, TokenKind::Newline | TokenKind::Semicolon) {
            self.token = self.lexer.next_token();
        }
    }

    /// The name in an identifier token.
    fn name(&self, token: Token) -> String {
        String::from(token.text(self.source))
    }

    /// Adds a statement that began with `first` to the innermost scope.
    fn push_statement(&mut self, first: Token, kind: StmtKind) {
        self.body.push(Stmt { line: first.line, span: self.span_from(first.span), kind });
    }

    /// From `start` to the end of the token before this one.
    fn span_from(&self, start: Span) -> Span {
        Span::new(start.start, self.previous.span.end.max(start.end))
    }

    /// Counts a level of recursion; [`Parser::leave`] ends it. A failed statement starts again from
    /// 0.
    fn enter(&mut self) -> Parse<()> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX { self.too_deep() } else { Ok(()) }
    }

    /// Ends what [`Parser::enter`] began.
    fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// Notes that an expression was made whose highest part is `below` high.
    ///
    /// Chains such as `a+b+c` grow to the left without recursion here, but every later walk will
    /// recurse.
    fn grow(&mut self, below: usize) -> Parse<()> {
        self.height = below + 1;
        self.tallest = self.tallest.max(self.height);
        if self.depth + self.nesting + self.height < TREE_DEPTH_MAX {
            Ok(())
        } else {
            self.too_deep()
        }
    }
}
