//! Instructions before they are written: operands that may need a look before they are used, and
//! the detours for that.
//!
//! Reading a variable calls a function in it. Instructions nevertheless take variables directly as
//! operands: a number never needs the check, and the rest leaves the fast path anyway. Then the
//! interpreter goes to the *cold copy* of the instruction (docs/BYTECODE.md, "Functions as
//! operands"), which is made of what is remembered here and written behind the function.

use super::emit::{Arg, ExtraArg, Label, Reg};
use crate::bytecode::{Fallback, Op};
use crate::syntax::ast::{BinaryOp, Expr};
use alloc::vec::Vec;

/// What has to be looked at before a register's value is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing: it is a plain value.
    None,
    /// It may be a function, which is called.
    Call,
    /// It may be unassigned, or a function besides.
    Fallback(Fallback),
}

/// A register as an operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Src {
    pub(super) reg: Reg,
    pub(super) check: Check,
}

impl Src {
    /// A register that holds a plain value.
    pub(super) const fn plain(reg: Reg) -> Src {
        Src { reg, check: Check::None }
    }
}

/// An operand of an [`Inst`].
#[derive(Clone, Copy, Debug)]
pub(super) enum In {
    /// As it is written.
    Plain(Arg),
    /// A register that is read.
    Src(Src),
}

impl From<Reg> for In {
    fn from(reg: Reg) -> In {
        In::Plain(Arg::Reg(reg))
    }
}

impl From<Arg> for In {
    fn from(arg: Arg) -> In {
        In::Plain(arg)
    }
}

impl From<Src> for In {
    fn from(src: Src) -> In {
        In::Src(src)
    }
}

impl From<Label> for In {
    fn from(label: Label) -> In {
        In::Plain(Arg::Label(label))
    }
}

/// An unused operand.
pub(super) const ZERO: Arg = Arg::Zero;

/// An instruction.
#[derive(Clone, Debug)]
pub(super) struct Inst {
    pub(super) op: Op,
    pub(super) x: u8,
    pub(super) args: [In; 3],
    pub(super) extra: Vec<ExtraArg>,
    /// The operand `c` was evaluated before the operand `b`.
    pub(super) right_first: bool,
}

impl Inst {
    /// An instruction with `x = 0` and no extra words.
    pub(super) fn new(op: Op, a: impl Into<In>, b: impl Into<In>, c: impl Into<In>) -> Inst {
        let args = [a.into(), b.into(), c.into()];
        Inst { op, x: 0, args, extra: Vec::new(), right_first: false }
    }

    /// The same with another `x`.
    pub(super) fn x(mut self, x: u8) -> Inst {
        self.x = x;
        self
    }

    /// The same with extra words.
    pub(super) fn extra(mut self, extra: impl Into<Vec<ExtraArg>>) -> Inst {
        self.extra = extra.into();
        self
    }

    /// The operands in the order of their evaluation.
    pub(super) fn order(&self) -> [usize; 3] {
        if self.right_first { [0, 2, 1] } else { [0, 1, 2] }
    }
}

/// What a cold copy does instead of the instructions that lead to it.
pub(super) enum Detour<'a> {
    /// The instruction again, its operands checked first.
    Inst(Inst),
    /// The same for a call through `super`: `super` and `self` lie in two neighbouring registers.
    Super(Inst, Src, Src),
    /// An expression from its beginning. Nothing it did so far can be noticed.
    Value(&'a Expr, Reg),
    /// A call, likewise: callee, arguments, result.
    Call(&'a Expr, &'a [Expr], Reg),
    /// A condition, likewise: it jumps to the label when it is as told, `true` for backwards.
    Condition(&'a Expr, bool, Label, bool),
    /// An assignment to a member or an element, likewise.
    Assign(&'a Expr, &'a Expr),
    /// A compound assignment to a member or an element, likewise.
    Update(&'a Expr, BinaryOp, &'a Expr),
}

/// A cold copy to be written.
pub(super) struct Cold<'a> {
    /// The words that lead to it.
    pub(super) words: Vec<u32>,
    pub(super) detour: Detour<'a>,
    /// Where the fast path goes on.
    pub(super) resume: Label,
    pub(super) line: u32,
    /// First register free at that point.
    pub(super) top: Reg,
    /// The variable being assigned (spec §12.6).
    pub(super) assigning: Option<&'a str>,
}
