//! Constants: what an expression is worth before the program runs.
//!
//! Folding is done only where the result is the same to the last bit: arithmetic of numbers that
//! stays finite. Powers are left alone (their last bit belongs to the machine's `pow`), and so is
//! everything that can be null or fail.

use crate::bytecode::Const;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use alloc::vec::Vec;

/// The expression without the parentheses around it.
pub(super) fn ungroup(mut expr: &Expr) -> &Expr {
    while let ExprKind::Group(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// The number the expression always is.
pub(super) fn number_of(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(canonical(*number)),
        ExprKind::Group(inner) => number_of(inner),
        ExprKind::Unary(UnaryOp::Neg, inner) => match &inner.kind {
            ExprKind::Number(number) => Some(canonical(-number)),
            _ => number_of(inner).map(|number| 0.0 - number),
        },
        ExprKind::Binary(..) => number_of_chain(expr),
        _ => None,
    }
}

/// The same for a chain such as `1 + 2 + 3`, which can be long.
fn number_of_chain(expr: &Expr) -> Option<f64> {
    let mut links = Vec::new();
    let mut first = expr;
    while let ExprKind::Binary(op, left, right) = &first.kind {
        links.push((*op, number_of(right)?));
        first = ungroup(left);
    }
    let mut value = number_of(first)?;
    for (op, right) in links.into_iter().rev() {
        value = arithmetic(op, value, right).filter(|result| result.is_finite())?;
    }
    Some(value)
}

/// The constant the expression always is.
pub(super) fn constant_of(expr: &Expr) -> Option<Const> {
    match &ungroup(expr).kind {
        ExprKind::Null => Some(Const::Null),
        ExprKind::Str(text) => Some(Const::Str(text.clone())),
        _ => number_of(expr).map(Const::Number),
    }
}

/// Whether the expression is always true or always false as a condition (spec §6).
pub(super) fn truth_of(expr: &Expr) -> Option<bool> {
    match constant_of(expr)? {
        Const::Null => Some(false),
        Const::Number(number) => Some(number != 0.0),
        Const::Str(text) => Some(!text.is_empty()),
    }
}

fn arithmetic(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(left + right),
        BinaryOp::Sub => Some(left - right),
        BinaryOp::Mul => Some(left * right),
        BinaryOp::Div => Some(left / right),
        BinaryOp::Mod => Some(left % right),
        BinaryOp::Pow => None,
    }
}

/// NaN has one form only in a program. (The parser makes none; a tree built by hand could.)
fn canonical(number: f64) -> f64 {
    if number.is_nan() { f64::NAN } else { number }
}
