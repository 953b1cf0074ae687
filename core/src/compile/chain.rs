//! Chains: expressions whose leftmost parts lie deep in the tree, such as `a.b.c`, `a + b + c` and
//! `f(x).g(y)`.
//!
//! A chain can be a thousand links long without any nesting (`limits::TREE_DEPTH_MAX`). So it is
//! not walked by recursion: [`FnCompiler::chain`] goes down to the leftmost part, computes that,
//! and then works outwards, link by link, with the value so far in one temporary.

use super::emit::Reg;
use super::fold::{constant_of, ungroup};
use super::function::FnCompiler;
use super::inst::Src;
use super::operators::op_of_logic;
use crate::bytecode::Op;
use crate::syntax::ast::{Expr, ExprKind};
use alloc::vec::Vec;

impl<'a> FnCompiler<'_, 'a> {
    /// `dst = expr`, if it is a chain: its leftmost operand is no variable, constant or other
    /// simple expression.
    #[inline(never)]
    pub(super) fn chain(&mut self, expr: &'a Expr, dst: Reg) -> bool {
        let mut links = Vec::new();
        let mut first = ungroup(expr);
        while let Some(left) = self.linked(first) {
            links.push(first);
            first = left;
        }
        if links.is_empty() {
            return false;
        }
        let value = self.scratch();
        self.simple_to(first, value);
        self.reserve(1);
        let top = self.top;
        for (place, link) in links.iter().enumerate().rev() {
            let target = if place == 0 { dst } else { value };
            self.link(link, value, target);
            self.top = top;
        }
        true
    }

    /// What a link is applied to, when that is a link or a call itself.
    fn linked(&self, link: &'a Expr) -> Option<&'a Expr> {
        let left = match &link.kind {
            ExprKind::Binary(_, left, _)
            | ExprKind::And(left, _)
            | ExprKind::Or(left, _)
            | ExprKind::Isa(left, _)
            | ExprKind::Compare(left, _)
            | ExprKind::Index(left, _)
            | ExprKind::Slice(left, ..)
            | ExprKind::Member(left, _) => left,
            ExprKind::Call(callee, args) if args.len() <= crate::limits::ARGS_MAX => {
                match &callee.kind {
                    ExprKind::Member(base, _) => base,
                    ExprKind::Name(_) | ExprKind::Index(..) => return None,
                    _ => callee,
                }
            }
            _ => return None,
        };
        let left = ungroup(left);
        let is_link = matches!(
            left.kind,
            ExprKind::Binary(..)
                | ExprKind::And(..)
                | ExprKind::Or(..)
                | ExprKind::Isa(..)
                | ExprKind::Compare(..)
                | ExprKind::Index(..)
                | ExprKind::Slice(..)
                | ExprKind::Member(..)
                | ExprKind::Call(..)
        );
        (is_link && constant_of(left).is_none()).then_some(left)
    }

    /// `target = link`, its left part being in register `value`, the last one taken.
    #[inline(never)]
    fn link(&mut self, link: &'a Expr, value: Reg, target: Reg) {
        let left = Src::plain(value);
        match &link.kind {
            ExprKind::Binary(op, _, right) => self.binary_of(*op, left, right, target),
            ExprKind::And(_, right) => self.logic_of(Op::And, value, right, target),
            ExprKind::Or(_, right) => self.logic_of(Op::Or, value, right, target),
            ExprKind::Isa(_, right) => self.second_operand(Op::Isa, left, right, target),
            ExprKind::Compare(_, rest) => self.compare_of(left, rest, target),
            ExprKind::Index(_, index) => self.second_operand(Op::GetIndex, left, index, target),
            ExprKind::Slice(_, from, to) => self.slice_of(left, [from, to], target),
            ExprKind::Member(_, name) => self.member_of(left, name, target, false),
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Member(_, name) => self.call_method(left, name, args, target),
                _ => self.call_value(value, args, target),
            },
            _ => {}
        }
    }
}

/// The condition of a chain of `and`, or of `or`, taken apart.
pub(super) struct Conditions<'a> {
    /// The leftmost part.
    pub(super) first: &'a Expr,
    /// The others, from left to right.
    pub(super) rest: Vec<&'a Expr>,
}

/// Takes `a and b and c` apart as far as it can be decided by jumps (docs/BYTECODE.md,
/// "Conditions").
pub(super) fn conditions(expr: &Expr, op: Op) -> Conditions<'_> {
    let mut rest = Vec::new();
    let mut first = expr;
    while let Some((found, left, right)) = op_of_logic(first)
        && found == op
    {
        rest.push((first, right));
        first = ungroup(left);
    }
    // From the left: whether everything up to here is boolean. A link that is not decided by jumps
    // is a first part.
    let mut is_boolean = super::facts::is_boolean(first);
    let mut out = Conditions { first, rest: Vec::new() };
    for (link, right) in rest.into_iter().rev() {
        let right_is = super::facts::is_boolean(right);
        if is_boolean {
            out.rest.push(right);
        } else {
            out = Conditions { first: link, rest: Vec::new() };
        }
        is_boolean &= right_is;
    }
    out
}
