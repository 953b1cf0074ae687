//! The syntax tree: what a program says, with positions, before anything is decided about it.
//!
//! One tree serves both dialects; what only one of them allows is decided by the parser. Names are
//! plain text (scopes are resolved by the compiler). Depth is bounded by `limits::NESTING_MAX`, so
//! recursive walks are safe.

use crate::span::Span;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A whole source text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ast {
    /// The statements of the main program.
    pub body: Vec<Stmt>,
    /// Line of the end of the text, counted from 1.
    pub last_line: u32,
}

/// A statement with the line its first token stands on: run-time errors anywhere in it report that
/// line (spec §2.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// Line, counted from 1.
    pub line: u32,
    /// Position of the whole statement.
    pub span: Span,
    /// What it does.
    pub kind: StmtKind,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// An expression for its effects; reads of functions call them (spec §4.9).
    /// In v1 a top-level [`ExprKind::Index`] here is called too.
    Expr(Expr),
    /// `callee arg, arg`: a call without parentheses (spec §5.2). `args` is never empty.
    Command(Expr, Vec<Expr>),
    /// `target = value`.
    Assign(Expr, Expr),
    /// `target op= value`.
    AugAssign(Expr, BinaryOp, Expr),
    /// `if`: conditions with their blocks in order, then the `else` block. Single-line forms are
    /// the same tree.
    If(Vec<(Expr, Block)>, Option<Block>),
    /// `while condition … end while`.
    While(Expr, Block),
    /// `for variable in sequence … end for`.
    For(String, Expr, Block),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return [value]`.
    Return(Option<Expr>),
}

/// Statements between a block's opener and its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// The statements.
    pub body: Vec<Stmt>,
}

/// An expression with its position and line.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Position of the whole expression.
    pub span: Span,
    /// What it computes.
    pub kind: ExprKind,
}

/// What an expression computes.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A numeric literal; `true` and `false` are 1 and 0. A negated literal is [`UnaryOp::Neg`]
    /// around this.
    Number(f64),
    /// A string literal, quotes undoubled.
    Str(String),
    /// `null`.
    Null,
    /// A bare name, also `self super locals globals outer` (v1: ordinary identifiers with special
    /// look-up).
    Name(String),
    /// `[a, b, …]`.
    List(Vec<Expr>),
    /// `{k: v, …}`.
    Map(Vec<(Expr, Expr)>),
    /// `function(params) … end function`.
    Function(Box<Function>),
    /// `-x`, `not x`, `new x`, `@x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a op b` for arithmetic.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a and b`.
    And(Box<Expr>, Box<Expr>),
    /// `a or b`.
    Or(Box<Expr>, Box<Expr>),
    /// `a isa b`.
    Isa(Box<Expr>, Box<Expr>),
    /// `a < b <= c …`: one or more comparisons over shared operands (spec §5.8).
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `callee(args)`, parentheses written. The callee is not auto-invoked.
    Call(Box<Expr>, Vec<Expr>),
    /// `base.name`.
    Member(Box<Expr>, String),
    /// `base[index]`.
    Index(Box<Expr>, Box<Expr>),
    /// `base[from:to]`.
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// `(x)`: kept, because `(x)` is no lvalue and `@(x)` differs between dialects.
    Group(Box<Expr>),
}

/// A function literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Parameters in order.
    pub params: Vec<Param>,
    /// The statements of the body.
    pub body: Block,
    /// Line of the `function` keyword.
    pub line: u32,
    /// Line of `end function`.
    pub end_line: u32,
}

/// A parameter of a function literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its default: a [`ExprKind::Number`] (negation already applied), [`ExprKind::Str`] or
    /// [`ExprKind::Null`]; in v2 also a foldable expression.
    pub default: Option<Expr>,
    /// Position of the name.
    pub span: Span,
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-x`.
    Neg,
    /// `not x`.
    Not,
    /// `new x`.
    New,
    /// `@x`: the operand is read without being called.
    AddressOf,
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `%`.
    Mod,
    /// `^`.
    Pow,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
}
