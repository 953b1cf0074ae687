//! Operands: literals, names, and what may be appended to them.

use super::super::token::{Keyword, Token, TokenKind, unquote};
use super::super::{Block, Expr, ExprKind, Function, Param, UnaryOp, number};
use super::blocks::Literal;
use super::expression::{OPERAND, Position};
use super::report::At;
use super::statement::ungrouped;
use super::{Parse, Parser};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

impl Parser<'_> {
    /// A primary expression and the members, indexes, slices and calls after it.
    pub(super) fn postfix(&mut self, position: Position) -> Parse<Expr> {
        let start = self.token.span;
        let mut expr = self.primary()?;
        loop {
            let height = self.height;
            let kind = match self.token.kind {
                TokenKind::Dot => self.member(expr)?,
                TokenKind::LSquare if !self.token.space_before => self.index(expr)?,
                TokenKind::LParen if self.is_callee(&expr, position) => self.call(expr)?,
                _ => return Ok(expr),
            };
            self.grow(height.max(self.height))?;
            expr = Expr { span: self.span_from(start), kind };
        }
    }

    /// Whether a `(` here calls `expr` (spec §5.1). v2 lets it follow any expression.
    fn is_callee(&self, expr: &Expr, position: Position) -> bool {
        let touches = !self.token.space_before;
        match expr.kind {
            ExprKind::Name(_) | ExprKind::Member(..) => position == Position::Inside || touches,
            ExprKind::Index(..) => position == Position::StatementStart && touches,
            _ => false,
        }
    }

    fn member(&mut self, base: Expr) -> Parse<ExprKind> {
        self.advance();
        self.skip_line_breaks();
        let member = self.token;
        self.expect(TokenKind::Identifier, "Identifier")?;
        Ok(ExprKind::Member(Box::new(base), self.name(member)))
    }

    /// `[index]`, `[from:to]` with either bound left out.
    fn index(&mut self, base: Expr) -> Parse<ExprKind> {
        self.open_bracket()?;
        let from = self.slice_bound(TokenKind::Colon)?;
        let mut tallest = self.height;
        let kind = match from {
            Some(index) if self.token.kind != TokenKind::Colon => {
                ExprKind::Index(Box::new(base), index)
            }
            from => {
                self.advance();
                self.skip_line_breaks();
                let to = self.slice_bound(TokenKind::RSquare)?;
                tallest = tallest.max(self.height);
                ExprKind::Slice(Box::new(base), from, to)
            }
        };
        self.close_bracket(TokenKind::RSquare, "RSquare")?;
        self.height = tallest;
        Ok(kind)
    }

    /// An expression, unless there is none before `end`.
    fn slice_bound(&mut self, end: TokenKind) -> Parse<Option<Box<Expr>>> {
        if self.token.kind == end {
            return Ok(None);
        }
        self.expression().map(|bound| Some(Box::new(bound)))
    }

    fn call(&mut self, callee: Expr) -> Parse<ExprKind> {
        self.open_bracket()?;
        let mut arguments = Vec::new();
        let mut tallest = 0;
        if self.token.kind != TokenKind::RParen {
            loop {
                arguments.push(self.expression()?);
                tallest = tallest.max(self.height);
                if self.token.kind == TokenKind::RParen {
                    break;
                }
                if !self.eat(TokenKind::Comma) {
                    return self.unexpected("Comma or RParen", At::Statement);
                }
                self.skip_line_breaks();
            }
        }
        self.close_bracket(TokenKind::RParen, "RParen")?;
        self.height = tallest;
        Ok(ExprKind::Call(Box::new(callee), arguments))
    }

    /// Goes past an opening bracket and the line breaks that may follow it.
    fn open_bracket(&mut self) -> Parse<()> {
        self.enter()?;
        self.brackets += 1;
        self.advance();
        self.skip_line_breaks();
        Ok(())
    }

    /// Goes past the closing bracket of what [`Parser::open_bracket`] began.
    fn close_bracket(&mut self, kind: TokenKind, wanted: &str) -> Parse<()> {
        self.expect(kind, wanted)?;
        self.brackets -= 1;
        self.leave();
        Ok(())
    }

    /// A literal, a name, or something in brackets.
    fn primary(&mut self) -> Parse<Expr> {
        let token = self.token;
        let kind = match token.kind {
            TokenKind::Identifier => ExprKind::Name(self.name(token)),
            TokenKind::Number => ExprKind::Number(self.number(token)?),
            TokenKind::String => ExprKind::Str(unquote(token.text(self.source))),
            // v2 has these three as names.
            TokenKind::Keyword(Keyword::True) => ExprKind::Number(1.0),
            TokenKind::Keyword(Keyword::False) => ExprKind::Number(0.0),
            TokenKind::Keyword(Keyword::Null) => ExprKind::Null,
            TokenKind::LParen => return self.group(),
            TokenKind::LSquare => return self.list(),
            TokenKind::LCurly => return self.map(),
            _ => return self.unexpected(OPERAND, At::Statement),
        };
        self.advance();
        self.height = 1;
        Ok(Expr { span: token.span, kind })
    }

    fn number(&mut self, token: Token) -> Parse<f64> {
        let text = token.text(self.source);
        if text.ends_with('e') {
            return self.fail(format!("invalid numeric literal: {text}"), At::Statement);
        }
        Ok(number::parse_prefix(text))
    }

    fn group(&mut self) -> Parse<Expr> {
        let start = self.token.span;
        self.open_bracket()?;
        let inner = self.expression()?;
        self.close_bracket(TokenKind::RParen, "RParen")?;
        self.grow(self.height)?;
        Ok(Expr { span: self.span_from(start), kind: ExprKind::Group(Box::new(inner)) })
    }

    fn list(&mut self) -> Parse<Expr> {
        let start = self.token.span;
        self.open_bracket()?;
        let mut items = Vec::new();
        let mut tallest = 0;
        while self.token.kind != TokenKind::RSquare {
            items.push(self.expression()?);
            tallest = tallest.max(self.height);
            self.end_element(TokenKind::RSquare, "Comma or RSquare")?;
        }
        self.close_bracket(TokenKind::RSquare, "RSquare")?;
        self.grow(tallest)?;
        Ok(Expr { span: self.span_from(start), kind: ExprKind::List(items) })
    }

    fn map(&mut self) -> Parse<Expr> {
        let start = self.token.span;
        self.open_bracket()?;
        let mut entries = Vec::new();
        let mut tallest = 0;
        while self.token.kind != TokenKind::RCurly {
            let key = self.expression()?;
            tallest = tallest.max(self.height);
            self.expect(TokenKind::Colon, "Colon")?;
            self.skip_line_breaks();
            entries.push((key, self.expression()?));
            tallest = tallest.max(self.height);
            self.end_element(TokenKind::RCurly, "Comma or RCurly")?;
        }
        self.close_bracket(TokenKind::RCurly, "RCurly")?;
        self.grow(tallest)?;
        Ok(Expr { span: self.span_from(start), kind: ExprKind::Map(entries) })
    }

    /// What follows an element of a list or map: a comma, after which the line may end, or the
    /// closing bracket.
    fn end_element(&mut self, closer: TokenKind, wanted: &str) -> Parse<()> {
        if self.eat(TokenKind::Comma) {
            self.skip_line_breaks();
        } else if self.token.kind != closer {
            return self.unexpected(wanted, At::Statement);
        }
        Ok(())
    }

    /// The head of a function literal. Its body comes after the statement, which goes on as if it
    /// were complete; v2 would parse the body here.
    pub(super) fn function_literal(&mut self) -> Parse<Expr> {
        let keyword = self.token;
        if self.literal.is_some() {
            return self.fail("can't start two functions in one statement", At::Statement);
        }
        self.literal = Some(Literal { keyword });
        self.advance();
        let mut params = Vec::new();
        if !self.token.kind.is_eol() {
            params = self.parameters()?;
        }
        let (line, body) = (keyword.line, Block::default());
        let function = Function { params, body, line, end_line: line };
        self.height = 1;
        let kind = ExprKind::Function(Box::new(function));
        Ok(Expr { span: self.span_from(keyword.span), kind })
    }

    /// A parameter list with its parentheses. No line may end inside it; a comma may end it.
    fn parameters(&mut self) -> Parse<Vec<Param>> {
        self.expect(TokenKind::LParen, "LParen")?;
        self.brackets += 1;
        let mut params = Vec::new();
        while self.token.kind != TokenKind::RParen {
            let name = self.token;
            self.expect(TokenKind::Identifier, "an identifier")?;
            let default =
                if self.eat(TokenKind::Assign) { Some(self.default_value()?) } else { None };
            params.push(Param { name: self.name(name), default, span: name.span });
            if !self.eat(TokenKind::Comma) && self.token.kind != TokenKind::RParen {
                return self.unexpected("Comma or RParen", At::Statement);
            }
        }
        self.advance();
        self.brackets -= 1;
        Ok(params)
    }

    /// The default value of a parameter: a constant, with its sign and parentheses resolved (spec
    /// §13.1).
    fn default_value(&mut self) -> Parse<Expr> {
        let written = self.expression()?;
        match constant(&written) {
            Some(kind) => Ok(Expr { span: written.span, kind }),
            None => {
                let message = "parameter default value must be a literal value";
                self.fail_at(message, At::Previous, written.span)
            }
        }
    }
}

/// The value of an expression that is a scalar literal.
fn constant(expr: &Expr) -> Option<ExprKind> {
    match &ungrouped(expr).kind {
        ExprKind::Number(value) => Some(ExprKind::Number(*value)),
        ExprKind::Str(text) => Some(ExprKind::Str(text.clone())),
        ExprKind::Null => Some(ExprKind::Null),
        ExprKind::Unary(UnaryOp::Neg, operand) => match constant(operand)? {
            ExprKind::Number(value) => Some(ExprKind::Number(-value)),
            _ => None,
        },
        _ => None,
    }
}
