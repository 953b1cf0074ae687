//! Expressions: operators and their precedence.
//!
//! The grammar of v1 is a tower of layers, one per operator class, where a prefix operator is legal
//! at its own layer only (spec §3.2). Precedence climbing gives the same trees with one function
//! instead of eleven: `binary(level)` parses what stands at that layer or a tighter one, and
//! `operand(level)` accepts a prefix operator only if its layer is among those. v2 differs in the
//! table `infix` and in accepting prefix operators everywhere.

use super::super::token::{Keyword, TokenKind};
use super::super::{BinaryOp, CompareOp, Expr, ExprKind, UnaryOp};
use super::report::At;
use super::{Parse, Parser};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What messages call the start of an operand.
pub(super) const OPERAND: &str = "number, string, or identifier";

/// A layer of the grammar; tighter layers are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Isa,
    Compare,
    Sum,
    Product,
    Negate,
    New,
    Power,
    AddressOf,
}

/// Where an expression stands. White space has a meaning only at the start of a statement (spec
/// §5.2, §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    StatementStart,
    Inside,
}

/// An operator between two operands.
#[derive(Clone, Copy)]
enum Infix {
    Or,
    And,
    Isa,
    Compare(CompareOp),
    Arithmetic(BinaryOp),
}

impl Parser<'_> {
    /// Parses an expression anywhere but at the start of a statement.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        if self.token.kind == TokenKind::Keyword(Keyword::Function) {
            return self.function_literal();
        }
        self.binary(Level::Or, Position::Inside)
    }

    /// Parses the expression a statement begins with.
    pub(super) fn outermost_expression(&mut self) -> Parse<Expr> {
        self.binary(Level::Or, Position::StatementStart)
    }

    /// Parses operands and the operators between them, from layer `level` on.
    fn binary(&mut self, level: Level, position: Position) -> Parse<Expr> {
        let mut left = self.operand(level, position)?;
        let mut tightest = Level::AddressOf;
        while let Some((op, op_level, next)) = infix(self.token.kind) {
            if op_level < level || op_level > tightest || self.begins_argument(position) {
                break;
            }
            let height = self.height;
            left = match op {
                Infix::Compare(_) => self.comparison(left)?,
                _ => {
                    self.advance();
                    self.skip_line_breaks();
                    let right = self.nested(next, Position::Inside)?;
                    self.grow(height.max(self.height))?;
                    combine(op, left, right)
                }
            };
            // `a isa b` has no second `isa`; the other operators of its layer and tighter ones are
            // behind us.
            if matches!(op, Infix::Isa) {
                tightest = Level::And;
            }
        }
        Ok(left)
    }

    /// Whether a `-` here begins the argument of a command instead of subtracting: `a -b` (spec
    /// §5.3).
    fn begins_argument(&self, position: Position) -> bool {
        self.token.kind == TokenKind::Minus
            && position == Position::StatementStart
            && self.token.space_before
            && !self.lexer.at_blank()
    }

    /// The operators and further operands of a comparison chain.
    fn comparison(&mut self, first: Expr) -> Parse<Expr> {
        let mut tallest = self.height;
        let mut rest = Vec::with_capacity(1);
        let mut span = first.span;
        while let Some((Infix::Compare(op), _, next)) = infix(self.token.kind) {
            self.advance();
            self.skip_line_breaks();
            let operand = self.nested(next, Position::Inside)?;
            tallest = tallest.max(self.height);
            span = span.to(operand.span);
            rest.push((op, operand));
        }
        self.grow(tallest)?;
        Ok(Expr { span, kind: ExprKind::Compare(Box::new(first), rest) })
    }

    /// The same as [`Parser::binary`], one level of recursion deeper.
    fn nested(&mut self, level: Level, position: Position) -> Parse<Expr> {
        self.enter()?;
        let expr = self.binary(level, position)?;
        self.leave();
        Ok(expr)
    }

    /// An operand with the prefix operator before it, if `level` admits that.
    fn operand(&mut self, level: Level, position: Position) -> Parse<Expr> {
        let (op, op_level, next) = match self.token.kind {
            TokenKind::Keyword(Keyword::Not) => (UnaryOp::Not, Level::Not, Level::Isa),
            TokenKind::Minus => (UnaryOp::Neg, Level::Negate, Level::New),
            TokenKind::Keyword(Keyword::New) => (UnaryOp::New, Level::New, Level::Power),
            TokenKind::AddressOf => return self.address_of(position),
            _ => return self.postfix(position),
        };
        if op_level < level {
            return self.unexpected(OPERAND, At::Statement);
        }
        let start = self.token.span;
        self.advance();
        self.skip_line_breaks();
        let operand = self.nested(next, position)?;
        self.grow(self.height)?;
        Ok(Expr { span: start.to(operand.span), kind: ExprKind::Unary(op, Box::new(operand)) })
    }

    /// `@` and the call-level expression it applies to: every layer admits it, since its own is the
    /// tightest.
    fn address_of(&mut self, position: Position) -> Parse<Expr> {
        let start = self.token.span;
        self.advance();
        self.skip_line_breaks();
        let operand = self.postfix(position)?;
        self.grow(self.height)?;
        let kind = ExprKind::Unary(UnaryOp::AddressOf, Box::new(operand));
        Ok(Expr { span: self.span_from(start), kind })
    }
}

/// The operator a token is, with its layer and the loosest layer its right operand may have.
fn infix(kind: TokenKind) -> Option<(Infix, Level, Level)> {
    let compare = |op| Some((Infix::Compare(op), Level::Compare, Level::Sum));
    let sum = |op| Some((Infix::Arithmetic(op), Level::Sum, Level::Product));
    let product = |op| Some((Infix::Arithmetic(op), Level::Product, Level::Negate));
    match kind {
        TokenKind::Keyword(Keyword::Or) => Some((Infix::Or, Level::Or, Level::And)),
        TokenKind::Keyword(Keyword::And) => Some((Infix::And, Level::And, Level::Not)),
        TokenKind::Keyword(Keyword::Isa) => Some((Infix::Isa, Level::Isa, Level::Compare)),
        TokenKind::Equal => compare(CompareOp::Eq),
        TokenKind::NotEqual => compare(CompareOp::Ne),
        TokenKind::Less => compare(CompareOp::Lt),
        TokenKind::LessEqual => compare(CompareOp::Le),
        TokenKind::Greater => compare(CompareOp::Gt),
        TokenKind::GreaterEqual => compare(CompareOp::Ge),
        TokenKind::Plus => sum(BinaryOp::Add),
        TokenKind::Minus => sum(BinaryOp::Sub),
        TokenKind::Times => product(BinaryOp::Mul),
        TokenKind::Divide => product(BinaryOp::Div),
        TokenKind::Mod => product(BinaryOp::Mod),
        TokenKind::Power => {
            Some((Infix::Arithmetic(BinaryOp::Pow), Level::Power, Level::AddressOf))
        }
        _ => None,
    }
}

/// The tree of an operator and its operands.
fn combine(op: Infix, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    let (left, right) = (Box::new(left), Box::new(right));
    let kind = match op {
        Infix::Or => ExprKind::Or(left, right),
        Infix::And => ExprKind::And(left, right),
        Infix::Isa => ExprKind::Isa(left, right),
        Infix::Compare(op) => ExprKind::Compare(left, alloc::vec![(op, *right)]),
        Infix::Arithmetic(op) => ExprKind::Binary(op, left, right),
    };
    Expr { span, kind }
}
