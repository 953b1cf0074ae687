//! Statements: what a line can be, apart from the blocks it may open or close.

use super::super::token::{Keyword, TokenKind};
use super::super::{BinaryOp, Block, Expr, ExprKind, Stmt, StmtKind, UnaryOp};
use super::blocks::ScopeKind;
use super::report::At;
use super::{Failed, Parse, Parser};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

/// What a statement turned out to be, for what may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It is now the last of the current body.
    Simple,
    /// It is the header of the innermost scope.
    Header,
    /// It was `end function`: another statement may follow on the same line (spec §3.1).
    FunctionEnd,
}

/// The part of a single-line `if` a statement belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arm {
    Then,
    Else,
}

impl Parser<'_> {
    /// Parses a statement that stands at the start of a line or after a `;`, without what ends it.
    pub(super) fn statement(&mut self) -> Parse<Done> {
        match self.token.kind {
            TokenKind::Keyword(Keyword::If) => self.if_statement(),
            TokenKind::Keyword(Keyword::Else) => self.else_statement(),
            TokenKind::Keyword(Keyword::ElseIf) => self.else_if_statement(),
            TokenKind::Keyword(Keyword::While) => {
                let condition = self.while_header().unwrap_or_else(|Failed| self.recover_header());
                self.open(ScopeKind::While(condition))
            }
            TokenKind::Keyword(Keyword::For) => {
                let header = self.for_header();
                let (variable, sequence) =
                    header.unwrap_or_else(|Failed| (String::new(), self.recover_header()));
                self.open(ScopeKind::For(variable, sequence))
            }
            TokenKind::Keyword(Keyword::EndIf) => self.end_if(),
            TokenKind::Keyword(Keyword::EndWhile | Keyword::EndFor) => self.end_loop(),
            TokenKind::Keyword(Keyword::EndFunction) => self.end_function(),
            _ => {
                let first = self.token;
                let kind = self.simple_statement()?;
                self.push_statement(first, kind);
                Ok(Done::Simple)
            }
        }
    }

    /// A statement without a block: the only kind a single-line `if` may contain, apart from its
    /// own.
    fn simple_statement(&mut self) -> Parse<StmtKind> {
        match self.token.kind {
            TokenKind::Keyword(Keyword::Break) => self.jump(StmtKind::Break),
            TokenKind::Keyword(Keyword::Continue) => self.jump(StmtKind::Continue),
            TokenKind::Keyword(Keyword::Return) => {
                self.advance();
                let value = if self.at_statement_end() { None } else { Some(self.expression()?) };
                Ok(StmtKind::Return(value))
            }
            // v2 lets every expression begin a statement.
            TokenKind::Keyword(Keyword::Not | Keyword::True | Keyword::False) => {
                self.expression_statement()
            }
            TokenKind::Keyword(_) => {
                let word = self.token.keyword_text(self.source);
                self.fail(format!("unexpected keyword '{word}' at start of line"), At::Token)
            }
            _ => self.expression_statement(),
        }
    }

    /// `break` and `continue`. Outside a loop they are reported, but the statement is well-formed.
    fn jump(&mut self, kind: StmtKind) -> Parse<StmtKind> {
        if self.innermost_loop().is_none() {
            let word = self.token.keyword_text(self.source);
            self.report(format!("'{word}' without open loop block"), At::Token, None);
        } else if kind == StmtKind::Break {
            self.note_break();
        }
        self.advance();
        Ok(kind)
    }

    /// An expression, a command, or an assignment.
    fn expression_statement(&mut self) -> Parse<StmtKind> {
        let left = self.outermost_expression()?;
        if self.at_statement_end() {
            return Ok(StmtKind::Expr(left));
        }
        let op = match self.token.kind {
            TokenKind::Assign => None,
            TokenKind::AssignPlus => Some(BinaryOp::Add),
            TokenKind::AssignMinus => Some(BinaryOp::Sub),
            TokenKind::AssignTimes => Some(BinaryOp::Mul),
            TokenKind::AssignDivide => Some(BinaryOp::Div),
            TokenKind::AssignMod => Some(BinaryOp::Mod),
            TokenKind::AssignPower => Some(BinaryOp::Pow),
            _ => return Ok(StmtKind::Command(left, self.command_arguments()?)),
        };
        let place = left.span;
        let Some(target) = target(left) else {
            return self.fail_at("invalid assignment (not an lvalue)", At::Token, place);
        };
        self.advance();
        let value = self.expression()?;
        Ok(match op {
            None => StmtKind::Assign(target, value),
            Some(op) => StmtKind::AugAssign(target, op, value),
        })
    }

    /// Whether nothing more of a simple statement comes. Only a single-line `if` is parsed with
    /// some nesting.
    fn at_statement_end(&self) -> bool {
        self.token.kind.is_eol() || (self.nesting > 0 && self.token.kind.is_else())
    }

    /// The arguments of a call without parentheses (spec §5.2).
    fn command_arguments(&mut self) -> Parse<Vec<Expr>> {
        let mut arguments = Vec::with_capacity(1);
        loop {
            arguments.push(self.expression()?);
            if self.at_statement_end() {
                return Ok(arguments);
            }
            if !self.eat(TokenKind::Comma) {
                return self.unexpected("Comma or EOL", At::Statement);
            }
            self.skip_line_breaks();
        }
    }

    /// `if`, block or single-line: what follows `then` decides.
    fn if_statement(&mut self) -> Parse<Done> {
        let first = self.token;
        let condition = self.condition().unwrap_or_else(|Failed| self.recover_header());
        if self.token.kind.is_eol() {
            return self.open(ScopeKind::If { arms: Vec::new(), condition: Some(condition) });
        }
        let kind = self.single_line_if(condition)?;
        self.push_statement(first, kind);
        Ok(Done::Simple)
    }

    /// `if condition then` or `else if condition then`.
    pub(super) fn condition(&mut self) -> Parse<Expr> {
        self.advance();
        let condition = self.expression()?;
        if self.token.kind == TokenKind::Assign {
            return self.fail("found = instead of == in if condition", At::Token);
        }
        self.expect(TokenKind::Keyword(Keyword::Then), "Keyword(then)")?;
        Ok(condition)
    }

    /// `while condition`.
    fn while_header(&mut self) -> Parse<Expr> {
        self.advance();
        self.expression()
    }

    /// `for variable in sequence`.
    fn for_header(&mut self) -> Parse<(String, Expr)> {
        self.advance();
        let variable = self.token;
        self.expect(TokenKind::Identifier, "Identifier")?;
        self.expect(TokenKind::Keyword(Keyword::In), "Keyword(in)")?;
        let sequence = self.expression()?;
        if ungrouped(&sequence).kind == ExprKind::Null {
            let message = "sequence expression expected for 'for' loop";
            return self.fail_at(message, At::Statement, sequence.span);
        }
        Ok((self.name(variable), sequence))
    }

    /// The rest of a single-line `if`. A chain of `else if` is the same as one `if` in the `else`
    /// of another, but makes a flat tree.
    fn single_line_if(&mut self, first_condition: Expr) -> Parse<StmtKind> {
        let mut arms = Vec::new();
        let mut condition = first_condition;
        let otherwise = loop {
            arms.push((condition, self.inline_statement(Arm::Then)?));
            match self.token.kind {
                TokenKind::Keyword(Keyword::ElseIf) => {
                    condition = self.condition()?;
                    if self.token.kind.is_eol() {
                        return self.block_in_single_line(condition);
                    }
                }
                TokenKind::Keyword(Keyword::Else) => {
                    self.advance();
                    break Some(self.inline_statement(Arm::Else)?);
                }
                kind if kind.is_eol() => break None,
                _ => return self.unexpected("Keyword(else) or EOL", At::Statement),
            }
        };
        if self.literal.is_some() {
            return self.fail("'end if' without matching 'if'", At::Statement);
        }
        Ok(StmtKind::If(arms, otherwise))
    }

    /// The statement after `then` or `else` on the same line.
    fn inline_statement(&mut self, arm: Arm) -> Parse<Block> {
        self.enter()?;
        let first = self.token;
        let kind = match first.kind {
            TokenKind::Keyword(Keyword::If) => {
                let condition = self.condition()?;
                if self.token.kind.is_eol() {
                    return self.block_in_single_line(condition);
                }
                self.single_line_if(condition)?
            }
            TokenKind::Keyword(Keyword::While) => {
                let condition = self.while_header()?;
                return self.loop_in_single_line(ScopeKind::While(condition));
            }
            TokenKind::Keyword(Keyword::For) => {
                let (variable, sequence) = self.for_header()?;
                return self.loop_in_single_line(ScopeKind::For(variable, sequence));
            }
            TokenKind::Keyword(Keyword::EndIf) => {
                return self.fail("'end if' without matching 'if'", At::Statement);
            }
            TokenKind::Keyword(Keyword::EndWhile | Keyword::EndFor) => {
                self.check_loop_kind()?;
                return self.fail_skips(if arm == Arm::Then { "else" } else { "end if" });
            }
            _ => self.simple_statement()?,
        };
        self.leave();
        let statement = Stmt { line: self.first.line, span: self.span_from(first.span), kind };
        Ok(Block { body: vec![statement] })
    }

    /// Reports a block `if` inside a single-line one, and opens it, so that its end finds it.
    fn block_in_single_line<T>(&mut self, condition: Expr) -> Parse<T> {
        let message = "invalid control structure within single-line 'if'";
        let _: Parse<()> = self.fail(message, At::Statement);
        self.open(ScopeKind::If { arms: Vec::new(), condition: Some(condition) })?;
        Err(Failed)
    }

    /// The same for a loop.
    fn loop_in_single_line<T>(&mut self, kind: ScopeKind) -> Parse<T> {
        if !self.token.kind.is_eol() && !self.token.kind.is_else() {
            let _: Parse<()> = self.unexpected("Keyword(else) or EOL", At::Statement);
        } else {
            let message = "loop is invalid within single-line 'if'";
            let _: Parse<()> = self.fail(message, At::Statement);
        }
        self.skip_statement();
        self.open(kind)?;
        Err(Failed)
    }
}

/// What an expression names as the left side of an assignment, if it can be one.
///
/// A literal can, as far as v1's compiler is concerned: it fails when it runs. `@x = 1` means `x =
/// 1` (spec §4.7).
fn target(expr: Expr) -> Option<Expr> {
    match expr.kind {
        ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Index(..) => Some(expr),
        ExprKind::Number(_) | ExprKind::Str(_) | ExprKind::List(_) | ExprKind::Map(_) => Some(expr),
        ExprKind::Unary(UnaryOp::AddressOf, operand) => target(*operand),
        _ => None,
    }
}

/// An expression without the parentheses around it.
pub(super) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Group(inner) = &expr.kind {
        expr = inner;
    }
    expr
}
