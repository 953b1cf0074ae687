//! Blocks: the stack of what is open, and what closes it.
//!
//! The reference compiler keeps, for each function, a stack of what is waited for: `else` (an `if`
//! without one yet), `end if`, `end while`, `end for`; and each `break` waits there for the end of
//! its loop. A closer that does not find what it needs on top is an error, named after what it
//! found. Our scopes hold the same stack, with the statements they have gathered: closing a scope
//! makes one statement of it.

use super::super::token::Token;
use super::super::{Block, Expr, ExprKind, Function, Stmt, StmtKind};
use super::report::At;
use super::statement::Done;
use super::{Failed, Parse, Parser};
use crate::limits::NESTING_MAX;
use crate::span::Span;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An open block or function.
pub(super) struct Scope {
    kind: ScopeKind,
    /// The first token of its statement.
    first: Token,
    /// The statements around it, gathered before it was opened.
    outer: Vec<Stmt>,
    /// The tree's depth around it.
    outer_depth: usize,
    /// A `break` is the last thing waited for in it.
    has_break: bool,
}

/// What is open.
pub(super) enum ScopeKind {
    /// `if`: the blocks that are complete, and the condition of the current one; `None` after
    /// `else`.
    If { arms: Vec<(Expr, Block)>, condition: Option<Expr> },
    /// `while condition`.
    While(Expr),
    /// `for variable in sequence`.
    For(String, Expr),
    /// A function body, and where its literal is.
    Function(Holder),
}

/// A function literal whose body has not begun.
pub(super) struct Literal {
    /// The keyword.
    pub(super) keyword: Token,
}

/// Where the statement is that contains a function literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// It is the last of the surrounding body.
    Last,
    /// It is the header of the surrounding scope.
    Header,
    /// It could not be parsed.
    Nothing,
}

impl ScopeKind {
    /// What the scope waits for, in the words of the error messages.
    fn expects(&self) -> &'static str {
        match self {
            ScopeKind::If { condition: Some(_), .. } => "else",
            ScopeKind::If { condition: None, .. } => "end if",
            ScopeKind::While(_) => "end while",
            ScopeKind::For(..) => "end for",
            ScopeKind::Function(_) => "end function",
        }
    }

    /// The keyword that opened it.
    fn opener(&self) -> &'static str {
        match self {
            ScopeKind::If { .. } => "if",
            ScopeKind::While(_) => "while",
            ScopeKind::For(..) => "for",
            ScopeKind::Function(_) => "function",
        }
    }

    fn is_loop(&self) -> bool {
        matches!(self, ScopeKind::While(_) | ScopeKind::For(..))
    }

    fn is_function(&self) -> bool {
        matches!(self, ScopeKind::Function(_))
    }
}

impl Parser<'_> {
    /// Opens a block whose header has just been parsed.
    pub(super) fn open(&mut self, kind: ScopeKind) -> Parse<Done> {
        self.push_scope(kind, self.first, 1)?;
        Ok(Done::Header)
    }

    /// Opens the body of the function literal of the statement that has just ended.
    pub(super) fn open_function(&mut self, literal: Literal, holder: Holder) {
        // Every expression of the statement may be above the literal: closer would need a search.
        let below = self.tallest + 1;
        if self.push_scope(ScopeKind::Function(holder), literal.keyword, below).is_err() {
            self.aborted = true;
        }
    }

    fn push_scope(&mut self, kind: ScopeKind, first: Token, below: usize) -> Parse<()> {
        if self.scopes.len() >= NESTING_MAX {
            self.aborted = true;
            return self.fail_at("blocks are nested too deeply", At::Statement, first.span);
        }
        let outer = core::mem::take(&mut self.body);
        let outer_depth = self.depth;
        self.depth += below;
        self.scopes.push(Scope { kind, first, outer, outer_depth, has_break: false });
        Ok(())
    }

    /// The innermost open loop of this function.
    pub(super) fn innermost_loop(&self) -> Option<&ScopeKind> {
        let inside = self.scopes.iter().rev().map(|scope| &scope.kind);
        inside.take_while(|kind| !kind.is_function()).find(|kind| kind.is_loop())
    }

    /// Notes a `break` in the innermost scope, which is inside a loop.
    pub(super) fn note_break(&mut self) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.has_break = true;
        }
    }

    /// `else`.
    pub(super) fn else_statement(&mut self) -> Parse<Done> {
        self.next_arm()?;
        self.advance();
        Ok(Done::Header)
    }

    /// `else if condition then`.
    pub(super) fn else_if_statement(&mut self) -> Parse<Done> {
        self.next_arm()?;
        let next = self.condition().unwrap_or_else(|Failed| self.recover_header());
        if let Some(Scope { kind: ScopeKind::If { condition, .. }, .. }) = self.scopes.last_mut() {
            *condition = Some(next);
        }
        Ok(Done::Header)
    }

    /// Completes the current block of the innermost `if`, and leaves it without a condition.
    fn next_arm(&mut self) -> Parse<()> {
        let expects = match self.scopes.last() {
            Some(scope) if !scope.kind.is_function() => scope.kind.expects(),
            _ => return self.fail("'else' without matching block starter", At::Statement),
        };
        if expects != "else" {
            self.report(format!("'else' skips expected '{expects}'"), At::Statement, None);
            if !self.close_down_to(|kind| kind.expects() == "else") {
                self.damaged = true;
                return Err(Failed);
            }
        }
        let body = core::mem::take(&mut self.body);
        let mut had_break = false;
        if let Some(scope) = self.scopes.last_mut() {
            had_break = core::mem::take(&mut scope.has_break);
            if let ScopeKind::If { arms, condition } = &mut scope.kind
                && let Some(condition) = condition.take()
            {
                arms.push((condition, Block { body }));
            }
        }
        self.pass_break_outwards(1, had_break);
        Ok(())
    }

    /// A `break` stays in its place when the `if` around it goes on or ends: it is then below the
    /// `if`.
    fn pass_break_outwards(&mut self, levels: usize, had_break: bool) {
        let index = self.scopes.len().checked_sub(levels + 1);
        if let Some(scope) = index.and_then(|index| self.scopes.get_mut(index)) {
            scope.has_break |= had_break;
        }
    }

    /// `end if`.
    pub(super) fn end_if(&mut self) -> Parse<Done> {
        let matches = |kind: &ScopeKind| matches!(kind, ScopeKind::If { .. });
        if !self.scopes.last().is_some_and(|scope| matches(&scope.kind)) {
            self.report("'end if' without matching 'if'".into(), At::Statement, None);
            if !self.close_down_to(matches) {
                self.damaged = true;
                return Err(Failed);
            }
        }
        self.advance();
        self.close_block();
        Ok(Done::Simple)
    }

    /// `end while` and `end for`.
    pub(super) fn end_loop(&mut self) -> Parse<Done> {
        self.check_loop_kind()?;
        let expects = self.scopes.last().map_or("", |scope| scope.kind.expects());
        if expects != self.token.keyword_text(self.source) {
            let _: Parse<()> = self.fail_skips(expects);
            self.close_down_to(ScopeKind::is_loop);
        }
        self.advance();
        self.close_block();
        Ok(Done::Simple)
    }

    /// Reports a closer of a loop (this token) when the innermost loop is of another kind.
    pub(super) fn check_loop_kind(&mut self) -> Parse<()> {
        let closer = self.token.keyword_text(self.source);
        if self.innermost_loop().is_some_and(|kind| kind.expects() == closer) {
            return Ok(());
        }
        // The loop is meant, most likely: close it, so that the end of the text does not miss it.
        let opener = closer.trim_start_matches("end ");
        self.report(format!("'{closer}' without matching '{opener}'"), At::Statement, None);
        if self.scopes.last().is_some_and(|scope| scope.kind.is_loop()) && self.nesting == 0 {
            self.close_block();
        } else {
            self.damaged = true;
        }
        Err(Failed)
    }

    /// Reports a closer (this token) that comes while something else is waited for.
    pub(super) fn fail_skips<T>(&mut self, expects: &str) -> Parse<T> {
        let closer = self.token.keyword_text(self.source);
        self.fail(format!("'{closer}' skips expected '{expects}'"), At::Statement)
    }

    /// `end function`.
    pub(super) fn end_function(&mut self) -> Parse<Done> {
        if !self.scopes.iter().any(|scope| scope.kind.is_function()) {
            let message = "'end function' without matching block starter";
            return self.fail(message, At::Statement);
        }
        if let Some(scope) = self.scopes.last()
            && !scope.kind.is_function()
        {
            self.report_unclosed(self.token.line_after() + 1, false);
            self.close_down_to(ScopeKind::is_function);
        }
        let end = self.token;
        self.advance();
        self.close_function(end);
        Ok(Done::FunctionEnd)
    }

    /// After an error: closes blocks until `found` is innermost. Closes nothing if that is not in
    /// this function.
    fn close_down_to(&mut self, found: impl Fn(&ScopeKind) -> bool) -> bool {
        let inside = self.scopes.iter().rev().map(|scope| &scope.kind);
        let stop = inside.enumerate().find(|(_, kind)| found(kind) || kind.is_function());
        let Some((count, _)) = stop.filter(|(_, kind)| found(kind)) else {
            return false;
        };
        for _ in 0..count {
            self.close_block();
        }
        true
    }

    /// Takes the innermost scope off the stack, with its statements.
    fn pop_scope(&mut self) -> Option<(Scope, Block)> {
        let mut scope = self.scopes.pop()?;
        self.depth = scope.outer_depth;
        let body = core::mem::replace(&mut self.body, core::mem::take(&mut scope.outer));
        Some((scope, Block { body }))
    }

    /// Closes whatever is open, so that no statement is lost to the tree.
    pub(super) fn close_all(&mut self) {
        while let Some(scope) = self.scopes.last() {
            if scope.kind.is_function() {
                self.close_function(self.token);
            } else {
                self.close_block();
            }
        }
    }

    /// Makes a statement of the innermost scope, which is no function.
    fn close_block(&mut self) {
        let Some((scope, block)) = self.pop_scope() else {
            return;
        };
        let kind = match scope.kind {
            ScopeKind::If { mut arms, condition: Some(condition) } => {
                arms.push((condition, block));
                StmtKind::If(arms, None)
            }
            ScopeKind::If { arms, condition: None } => StmtKind::If(arms, Some(block)),
            ScopeKind::While(condition) => StmtKind::While(condition, block),
            ScopeKind::For(variable, sequence) => StmtKind::For(variable, sequence, block),
            ScopeKind::Function(_) => return,
        };
        if matches!(kind, StmtKind::If(..)) {
            self.pass_break_outwards(0, scope.has_break);
        }
        self.push_statement(scope.first, kind);
    }

    /// Puts the innermost scope, a function body, into the literal it belongs to.
    fn close_function(&mut self, end: Token) {
        let Some((scope, body)) = self.pop_scope() else {
            return;
        };
        let hole = match scope.kind {
            ScopeKind::Function(Holder::Last) => self.body.last_mut().and_then(|statement| {
                statement.span.end = end.span.end;
                hole_in_statement(&mut statement.kind)
            }),
            ScopeKind::Function(Holder::Header) => {
                match self.scopes.last_mut().map(|s| &mut s.kind) {
                    Some(ScopeKind::If { condition: Some(header), .. })
                    | Some(ScopeKind::While(header) | ScopeKind::For(_, header)) => hole_in(header),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some((span, function)) = hole {
            span.end = end.span.end;
            function.body = body;
            function.end_line = end.line;
        }
    }

    /// At the end of the text: reports what is still open.
    pub(super) fn check_all_closed(&mut self) {
        if self.scopes.is_empty() || self.damaged {
            return;
        }
        let ends_with_break = self.source.ends_with(['\n', '\r']);
        self.report_unclosed(self.token.line + u32::from(!ends_with_break), true);
    }

    /// Reports that the innermost scope has no end; `line` is the line after it should have come.
    fn report_unclosed(&mut self, line: u32, incomplete: bool) {
        let Some(scope) = self.scopes.last() else {
            return;
        };
        let (opener, opened, span) = (scope.kind.opener(), scope.first.line, scope.first.span);
        let message = if scope.has_break {
            String::from("unmatched block opener")
        } else {
            format!("'{opener}' without matching 'end {opener}'")
        };
        let help = format!("the `{opener}` of line {opened} needs an `end {opener}`");
        self.report(message, At::Line(line), Some(help));
        if let Some(last) = self.diagnostics.last_mut() {
            last.span = span;
            last.incomplete = incomplete;
        }
    }
}

/// Where a function literal is: the position of its expression, to be extended, and the function.
type Hole<'e> = (&'e mut Span, &'e mut Function);

/// Finds the function literal of a statement. There is one at most, and it is the last thing in its
/// statement, so the search goes backwards; it ends where the first step leads, but for brackets
/// closed after the literal.
fn hole_in_statement(kind: &mut StmtKind) -> Option<Hole<'_>> {
    match kind {
        StmtKind::Assign(target, value) | StmtKind::AugAssign(target, _, value) => {
            first_hole([value, target])
        }
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => hole_in(value),
        StmtKind::Command(callee, arguments) => {
            first_hole(arguments.iter_mut().rev().chain(core::iter::once(callee)))
        }
        _ => None,
    }
}

/// The same in an expression.
fn hole_in(expr: &mut Expr) -> Option<Hole<'_>> {
    let Expr { span, kind } = expr;
    match kind {
        ExprKind::Function(function) => Some((span, function)),
        ExprKind::Number(_) | ExprKind::Str(_) | ExprKind::Null | ExprKind::Name(_) => None,
        ExprKind::List(items) => first_hole(items.iter_mut().rev()),
        ExprKind::Map(entries) => {
            first_hole(entries.iter_mut().rev().flat_map(|(key, value)| [value, key]))
        }
        ExprKind::Unary(_, operand) | ExprKind::Group(operand) => hole_in(operand),
        ExprKind::Member(base, _) => hole_in(base),
        ExprKind::Binary(_, left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Isa(left, right)
        | ExprKind::Index(left, right) => first_hole([&mut **right, &mut **left]),
        ExprKind::Compare(first, rest) => {
            let rest = rest.iter_mut().rev().map(|(_, operand)| operand);
            first_hole(rest.chain(core::iter::once(&mut **first)))
        }
        ExprKind::Call(callee, arguments) => {
            first_hole(arguments.iter_mut().rev().chain(core::iter::once(&mut **callee)))
        }
        ExprKind::Slice(base, from, to) => {
            let bounds = [to, from].into_iter().flatten().map(Box::as_mut);
            first_hole(bounds.chain(core::iter::once(&mut **base)))
        }
    }
}

fn first_hole<'e>(parts: impl IntoIterator<Item = &'e mut Expr>) -> Option<Hole<'e>> {
    parts.into_iter().find_map(hole_in)
}
