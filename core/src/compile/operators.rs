//! Operators that compute a value: arithmetic, comparison, `isa`, and the fuzzy `and` and `or`.

use super::emit::{Arg, Reg};
use super::expr::Early;
use super::function::FnCompiler;
use super::inst::{Detour, In, Inst, Src, ZERO};
use super::names::Role;
use crate::bytecode::Op;
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind};

impl<'a> FnCompiler<'_, 'a> {
    /// `dst = left op right`.
    #[inline(never)]
    pub(super) fn binary(&mut self, op: BinaryOp, expr: &'a Expr, sides: [&'a Expr; 2], dst: Reg) {
        let [left, right] = sides;
        if let Some(constant) = self.number_operand(right) {
            let left = self.operand(left, Role::Operand, Early::Direct);
            self.put(Inst::new(op_with_constant(op), dst, left, constant));
        } else if let Some(op) = op_of_constant(op)
            && let Some(constant) = self.number_operand(left)
        {
            let right = self.operand(right, Role::Operand, Early::Direct);
            self.put(Inst::new(op, dst, constant, right));
        } else {
            self.two_operands(arithmetic_op(op), expr, sides, dst);
        }
    }

    /// `dst = left op right` with both sides in registers.
    #[inline(never)]
    pub(super) fn two_operands(&mut self, op: Op, expr: &'a Expr, sides: [&'a Expr; 2], dst: Reg) {
        let [left, right] = sides;
        let early = self.early(left, Role::Operand, &[], &[(right, Role::Operand)]);
        self.in_region(early == Early::Region, Detour::Value(expr, dst), |this| {
            let top = this.top;
            let left = this.operand(left, Role::Operand, early);
            this.second_operand(op, left, right, dst);
            this.top = top;
        });
    }

    /// The same with the left side in a register.
    #[inline(never)]
    pub(super) fn second_operand(&mut self, op: Op, left: Src, right: &'a Expr, dst: Reg) {
        let right = self.operand(right, Role::Operand, Early::Direct);
        self.put(Inst::new(op, dst, left, right));
    }

    /// `dst = left op right` with the left side in a register.
    #[inline(never)]
    pub(super) fn binary_of(&mut self, op: BinaryOp, left: Src, right: &'a Expr, dst: Reg) {
        match self.number_operand(right) {
            Some(constant) => {
                self.put(Inst::new(op_with_constant(op), dst, left, constant));
            }
            None => self.second_operand(arithmetic_op(op), left, right, dst),
        }
    }

    /// `dst = first op operand …` (spec §5.8).
    #[inline(never)]
    pub(super) fn compare(
        &mut self,
        expr: &'a Expr,
        first: &'a Expr,
        rest: &'a [(CompareOp, Expr)],
        dst: Reg,
    ) {
        match rest {
            [] => self.expr_to(first, dst),
            [(op, right)] => self.two_operands(compare_op(*op), expr, [first, right], dst),
            _ => {
                let left = self.operand(first, Role::Operand, Early::Copy);
                self.compare_of(left, rest, dst);
            }
        }
    }

    /// The product of all comparisons, the first operand in a register; each is evaluated once,
    /// none left out.
    #[inline(never)]
    pub(super) fn compare_of(&mut self, first: Src, rest: &'a [(CompareOp, Expr)], dst: Reg) {
        if let [(op, right)] = rest {
            return self.second_operand(compare_op(*op), first, right, dst);
        }
        let product = self.reserve(1);
        let mut left = first.reg;
        for (place, (op, operand)) in rest.iter().enumerate() {
            let right = self.operand(operand, Role::Operand, Early::Copy).reg;
            if place == 0 {
                self.put(Inst::new(compare_op(*op), product, left, right));
            } else {
                let target = if place + 1 == rest.len() { dst } else { product };
                let result = self.reserve(1);
                self.put(Inst::new(compare_op(*op), result, left, right));
                self.put(Inst::new(Op::Mul, target, product, result));
            }
            left = right;
        }
    }

    /// `dst = left and right`, `or` likewise (spec §5.9).
    #[inline(never)]
    pub(super) fn logic(&mut self, op: Op, sides: [&'a Expr; 2], dst: Reg) {
        let [left, right] = sides;
        let top = self.top;
        // A variable can take the left side only when nothing reads it afterwards.
        let is_read = dst < top && sides.iter().any(|e| self.reads_register(e, dst));
        let result = if dst >= top || is_read { self.reserve_result(dst) } else { dst };
        self.expr_in_role(left, result, Role::Operand);
        self.logic_of(op, result, right, dst);
        self.top = top;
    }

    /// The same with the left side in register `result`, which may be overwritten.
    #[inline(never)]
    pub(super) fn logic_of(&mut self, op: Op, result: Reg, right: &'a Expr, dst: Reg) {
        let end = self.code.label();
        let short = if op == Op::And { Op::AndShort } else { Op::OrShort };
        self.put(Inst::new(short, result, ZERO, end));
        let right = self.operand(right, Role::Operand, Early::Direct);
        self.put(Inst::new(op, result, result, right));
        self.code.bind(end);
        if result != dst {
            self.put(Inst::new(Op::Move, dst, result, ZERO));
        }
    }

    /// `dst = dst op value`-like: the left side was read after the right one (spec §4.8).
    pub(super) fn update(&mut self, op: BinaryOp, dst: Reg, old: impl Into<In>, right: Right) {
        let inst = match right {
            Right::Constant(constant) => Inst::new(op_with_constant(op), dst, old, constant),
            Right::Operand(right) => Inst::new(arithmetic_op(op), dst, old, right),
        };
        self.put(Inst { right_first: true, ..inst });
    }

    /// The right side of a compound assignment.
    pub(super) fn update_operand(&mut self, value: &'a Expr, early: Early) -> Right {
        match self.number_operand(value) {
            Some(constant) => Right::Constant(constant),
            None => Right::Operand(In::from(self.operand(value, Role::Operand, early))),
        }
    }
}

/// The right side of a compound assignment.
#[derive(Clone, Copy)]
pub(super) enum Right {
    /// A number in the pool.
    Constant(Arg),
    /// A register.
    Operand(In),
}

/// `and` or `or` with its sides.
pub(super) fn op_of_logic(expr: &Expr) -> Option<(Op, &Expr, &Expr)> {
    match &expr.kind {
        ExprKind::And(left, right) => Some((Op::And, left, right)),
        ExprKind::Or(left, right) => Some((Op::Or, left, right)),
        _ => None,
    }
}

fn arithmetic_op(op: BinaryOp) -> Op {
    match op {
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Sub,
        BinaryOp::Mul => Op::Mul,
        BinaryOp::Div => Op::Div,
        BinaryOp::Mod => Op::Mod,
        BinaryOp::Pow => Op::Pow,
    }
}

fn op_with_constant(op: BinaryOp) -> Op {
    match op {
        BinaryOp::Add => Op::AddK,
        BinaryOp::Sub => Op::SubK,
        BinaryOp::Mul => Op::MulK,
        BinaryOp::Div => Op::DivK,
        BinaryOp::Mod => Op::ModK,
        BinaryOp::Pow => Op::PowK,
    }
}

fn op_of_constant(op: BinaryOp) -> Option<Op> {
    match op {
        BinaryOp::Add => Some(Op::KAdd),
        BinaryOp::Sub => Some(Op::KSub),
        BinaryOp::Mul => Some(Op::KMul),
        BinaryOp::Div => Some(Op::KDiv),
        BinaryOp::Mod | BinaryOp::Pow => None,
    }
}

fn compare_op(op: CompareOp) -> Op {
    match op {
        CompareOp::Lt => Op::Lt,
        CompareOp::Le => Op::Le,
        CompareOp::Gt => Op::Gt,
        CompareOp::Ge => Op::Ge,
        CompareOp::Eq => Op::Eq,
        CompareOp::Ne => Op::Ne,
    }
}
