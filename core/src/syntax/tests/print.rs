//! Trees as S-expressions, for tests.

use super::super::{BinaryOp, Block, CompareOp, Expr, ExprKind, Param, Stmt, StmtKind, UnaryOp};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Statements, one space between two.
pub(super) fn body(statements: &[Stmt]) -> String {
    let parts: Vec<String> = statements.iter().map(statement).collect();
    parts.join(" ")
}

fn statement(statement: &Stmt) -> String {
    match &statement.kind {
        StmtKind::Expr(value) => expr(value),
        StmtKind::Command(callee, arguments) => {
            form("command", [callee].into_iter().chain(arguments))
        }
        StmtKind::Assign(target, value) => form("=", [target, value]),
        StmtKind::AugAssign(target, op, value) => {
            form(&format!("{}=", arithmetic(*op)), [target, value])
        }
        StmtKind::If(arms, otherwise) => {
            let mut text = String::from("(if");
            for (condition, block) in arms {
                text += &format!(" {} {}", expr(condition), braces(block));
            }
            if let Some(block) = otherwise {
                text += &format!(" else {}", braces(block));
            }
            text + ")"
        }
        StmtKind::While(condition, block) => {
            format!("(while {} {})", expr(condition), braces(block))
        }
        StmtKind::For(variable, sequence, block) => {
            format!("(for {variable} {} {})", expr(sequence), braces(block))
        }
        StmtKind::Break => "break".to_string(),
        StmtKind::Continue => "continue".to_string(),
        StmtKind::Return(None) => "(return)".to_string(),
        StmtKind::Return(Some(value)) => form("return", [value]),
    }
}

fn braces(block: &Block) -> String {
    format!("{{{}}}", body(&block.body))
}

fn form<'e>(head: &str, parts: impl IntoIterator<Item = &'e Expr>) -> String {
    let mut text = format!("({head}");
    for part in parts {
        text += " ";
        text += &expr(part);
    }
    text + ")"
}

fn expr(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Number(number) => format!("{number:?}").trim_end_matches(".0").to_string(),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Null => "null".to_string(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::List(items) => form("list", items),
        ExprKind::Map(entries) => form("map", entries.iter().flat_map(|(key, value)| [key, value])),
        ExprKind::Function(function) => {
            let params: Vec<String> = function.params.iter().map(param).collect();
            format!("(function ({}) {})", params.join(" "), braces(&function.body))
        }
        ExprKind::Unary(op, operand) => form(unary(*op), [&**operand]),
        ExprKind::Binary(op, left, right) => form(arithmetic(*op), [&**left, right]),
        ExprKind::And(left, right) => form("and", [&**left, right]),
        ExprKind::Or(left, right) => form("or", [&**left, right]),
        ExprKind::Isa(left, right) => form("isa", [&**left, right]),
        ExprKind::Compare(first, rest) => {
            let mut text = format!("(compare {}", expr(first));
            for (op, operand) in rest {
                text += &format!(" {} {}", comparison(*op), expr(operand));
            }
            text + ")"
        }
        ExprKind::Call(callee, arguments) => {
            form("call", core::iter::once(&**callee).chain(arguments))
        }
        ExprKind::Member(base, name) => format!("(. {} {name})", expr(base)),
        ExprKind::Index(base, index) => form("index", [&**base, index]),
        ExprKind::Slice(base, from, to) => {
            let bound = |bound: &Option<_>| bound.as_deref().map_or("_".to_string(), expr);
            format!("(slice {} {} {})", expr(base), bound(from), bound(to))
        }
        ExprKind::Group(inner) => form("group", [&**inner]),
    }
}

fn param(param: &Param) -> String {
    match &param.default {
        None => param.name.clone(),
        Some(default) => format!("{}={}", param.name, expr(default)),
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Neg => "neg",
        UnaryOp::Not => "not",
        UnaryOp::New => "new",
        UnaryOp::AddressOf => "@",
    }
}

fn arithmetic(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "^",
    }
}

fn comparison(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
    }
}
