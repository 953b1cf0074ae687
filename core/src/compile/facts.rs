//! Simple facts about expressions, answered from the tree alone.

use super::fold::ungroup;
use crate::syntax::ast::{Expr, ExprKind, UnaryOp};
use alloc::vec::Vec;

/// Most nodes of a `while` condition that is tested at the bottom of its loop as well.
const SMALL_CONDITION: usize = 8;

/// Whether the value is 0, 1 or null: `not`, `and` and `or` of such values are jumps (spec §5.9).
pub(super) fn is_boolean(mut expr: &Expr) -> bool {
    loop {
        match &expr.kind {
            ExprKind::Group(inner) | ExprKind::Unary(UnaryOp::Not, inner) => expr = inner,
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                if !is_boolean(right) {
                    return false;
                }
                expr = left;
            }
            ExprKind::Compare(_, rest) => return rest.len() == 1,
            ExprKind::Isa(..) => return true,
            _ => return false,
        }
    }
}

/// Whether the value is never a function, however the program runs.
pub(super) fn is_never_function(expr: &Expr) -> bool {
    match &ungroup(expr).kind {
        ExprKind::Number(_) | ExprKind::Str(_) | ExprKind::Null => true,
        ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Slice(..) => true,
        ExprKind::Binary(..) | ExprKind::Compare(..) | ExprKind::Isa(..) => true,
        ExprKind::And(..) | ExprKind::Or(..) => true,
        ExprKind::Unary(op, inner) => match op {
            UnaryOp::AddressOf => match &inner.kind {
                ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Index(..) => false,
                _ => is_never_function(inner),
            },
            UnaryOp::Neg | UnaryOp::Not | UnaryOp::New => true,
        },
        _ => false,
    }
}

/// Whether a call is written somewhere in the expression.
pub(super) fn has_call(expr: &Expr) -> bool {
    any(expr, &mut |e| matches!(e.kind, ExprKind::Call(..)))
}

/// Whether a `while` condition is small enough to be compiled twice.
pub(super) fn is_small_condition(expr: &Expr) -> bool {
    let mut nodes = 0;
    !any(expr, &mut |e| {
        nodes += 1;
        nodes > SMALL_CONDITION || matches!(e.kind, ExprKind::Call(..) | ExprKind::Function(_))
    })
}

/// Whether `test` holds for the expression or one inside it, function bodies excluded.
pub(super) fn any<'a>(expr: &'a Expr, test: &mut dyn FnMut(&'a Expr) -> bool) -> bool {
    let mut found = false;
    walk(expr, &mut |e| {
        found = found || test(e);
        !found
    });
    found
}

/// Calls `visit` with the expression and those inside it, from left to right, outer ones first; it
/// says whether to go on inside. Chains can be long, so this is no recursion.
pub(super) fn walk<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr) -> bool) {
    let mut next = Some(expr);
    let mut later = Vec::new();
    while let Some(expr) = next {
        if visit(expr) {
            let count = later.len();
            for_each_child(expr, &mut |child| later.push(child));
            later[count..].reverse();
        }
        next = later.pop();
    }
}

/// Calls `visit` with the expressions directly inside this one, in the order of their evaluation.
pub(super) fn for_each_child<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::Str(_)
        | ExprKind::Null
        | ExprKind::Name(_)
        | ExprKind::Function(_) => {}
        ExprKind::List(items) => items.iter().for_each(visit),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                visit(key);
                visit(value);
            }
        }
        ExprKind::Unary(_, inner) | ExprKind::Group(inner) | ExprKind::Member(inner, _) => {
            visit(inner);
        }
        ExprKind::Binary(_, left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Isa(left, right)
        | ExprKind::Index(left, right) => {
            visit(left);
            visit(right);
        }
        ExprKind::Compare(first, rest) => {
            visit(first);
            rest.iter().for_each(|(_, operand)| visit(operand));
        }
        ExprKind::Call(callee, args) => {
            visit(callee);
            args.iter().for_each(visit);
        }
        ExprKind::Slice(base, from, to) => {
            visit(base);
            [from, to].into_iter().flatten().for_each(|bound| visit(bound));
        }
    }
}
