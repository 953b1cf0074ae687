//! Conditions: jumps instead of values (docs/BYTECODE.md, "Conditions").

use super::chain::{Conditions, conditions};
use super::emit::{Arg, Label};
use super::expr::Early;
use super::facts::is_boolean;
use super::fold::{constant_of, truth_of};
use super::function::FnCompiler;
use super::inst::{Detour, In, Inst, ZERO};
use super::names::Role;
use super::operators::op_of_logic;
use crate::bytecode::{Const, Op};
use crate::syntax::ast::{CompareOp, Expr, ExprKind, UnaryOp};

impl<'a> FnCompiler<'_, 'a> {
    /// Goes to `target` when the expression is true (`when`) or false (`!when`), else goes on.
    /// `back`: the target is the top of a loop.
    pub(super) fn jump_when(&mut self, expr: &'a Expr, when: bool, target: Label, back: bool) {
        if let Some(truth) = truth_of(expr) {
            if truth == when {
                self.jump(target, back);
            }
            return;
        }
        match &expr.kind {
            ExprKind::Group(inner) => self.jump_when(inner, when, target, back),
            ExprKind::Unary(UnaryOp::Not, inner) if is_boolean(inner) => {
                self.jump_when(inner, !when, target, back);
            }
            ExprKind::And(..) | ExprKind::Or(..) if self.jump_all(expr, when, target, back) => {}
            // Only the tests themselves have a form that goes back.
            _ if back && !when => {
                let past = self.code.label();
                self.jump_when(expr, true, past, false);
                self.jump(target, true);
                self.code.bind(past);
            }
            ExprKind::Compare(first, rest) if rest.len() == 1 => {
                let (op, right) = &rest[0];
                self.jump_compare(expr, (*op, first, right), when, (target, back));
            }
            _ => {
                let top = self.top;
                let src = match self.local(expr) {
                    Some(variable) if !self.careful => self.local_src(expr, variable, Role::Value),
                    _ => self.operand(expr, Role::Value, Early::Direct),
                };
                let op = match (when, back) {
                    (true, true) => Op::LoopIf,
                    (true, false) => Op::JumpIf,
                    (false, _) => Op::JumpIfNot,
                };
                self.put(Inst::new(op, src, ZERO, target));
                self.top = top;
            }
        }
    }

    /// Goes to the label.
    pub(super) fn jump(&mut self, target: Label, back: bool) {
        let op = if back { Op::Loop } else { Op::Jump };
        self.put(Inst::new(op, ZERO, target, ZERO));
    }

    /// The same for a chain of `and` or of `or`, if jumps can decide it.
    fn jump_all(&mut self, expr: &'a Expr, when: bool, target: Label, back: bool) -> bool {
        let Some((op, ..)) = op_of_logic(expr) else { return false };
        let Conditions { first, rest } = conditions(expr, op);
        let Some((last, middle)) = rest.split_last() else { return false };
        // Of `and`, one false part decides; of `or`, one true part.
        let deciding = op == Op::Or;
        if when == deciding {
            self.jump_when(first, deciding, target, back);
            rest.iter().for_each(|part| self.jump_when(part, deciding, target, back));
        } else {
            let past = self.code.label();
            self.jump_when(first, deciding, past, false);
            middle.iter().for_each(|part| self.jump_when(part, deciding, past, false));
            self.jump_when(last, when, target, back);
            self.code.bind(past);
        }
        true
    }

    fn jump_compare(
        &mut self,
        expr: &'a Expr,
        (compare, left, right): (CompareOp, &'a Expr, &'a Expr),
        when: bool,
        (target, back): (Label, bool),
    ) {
        let top = self.top;
        if let Some(constant) = self.compared_constant(compare, right) {
            let left = self.operand(left, Role::Operand, Early::Direct);
            let [plain, not, again] = jumps_with_constant(compare);
            let op = choose(when, back, plain, not, again);
            self.put(Inst::new(op, left, constant, target));
            self.top = top;
            return;
        }
        let [plain, not, again] = jumps(compare);
        let op = choose(when, back, plain, not, again);
        let early = self.early(left, Role::Operand, &[], &[(right, Role::Operand)]);
        let detour = Detour::Condition(expr, when, target, back);
        self.in_region(early == Early::Region, detour, |this| {
            let left = this.operand(left, Role::Operand, early);
            let right = this.operand(right, Role::Operand, Early::Direct);
            this.put(Inst::new(op, left, right, target));
            this.top = top;
        });
    }

    fn compared_constant(&mut self, compare: CompareOp, right: &Expr) -> Option<In> {
        if self.code.wide {
            return None;
        }
        let constant = constant_of(right)?;
        let is_any = matches!(compare, CompareOp::Eq | CompareOp::Ne);
        if !is_any && !matches!(constant, Const::Number(_)) {
            return None;
        }
        Some(In::from(Arg::Const(self.code.constant(constant))))
    }
}

fn choose(when: bool, back: bool, plain: Op, not: Op, again: Op) -> Op {
    match (when, back) {
        (true, true) => again,
        (true, false) => plain,
        (false, _) => not,
    }
}

/// The jump when a comparison holds, when it does not, and back when it holds.
fn jumps(op: CompareOp) -> [Op; 3] {
    match op {
        CompareOp::Lt => [Op::JLt, Op::JNotLt, Op::LoopLt],
        CompareOp::Le => [Op::JLe, Op::JNotLe, Op::LoopLe],
        CompareOp::Gt => [Op::JGt, Op::JNotGt, Op::LoopGt],
        CompareOp::Ge => [Op::JGe, Op::JNotGe, Op::LoopGe],
        CompareOp::Eq => [Op::JEq, Op::JNotEq, Op::LoopEq],
        CompareOp::Ne => [Op::JNe, Op::JNotNe, Op::LoopNe],
    }
}

fn jumps_with_constant(op: CompareOp) -> [Op; 3] {
    match op {
        CompareOp::Lt => [Op::JLtK, Op::JNotLtK, Op::LoopLtK],
        CompareOp::Le => [Op::JLeK, Op::JNotLeK, Op::LoopLeK],
        CompareOp::Gt => [Op::JGtK, Op::JNotGtK, Op::LoopGtK],
        CompareOp::Ge => [Op::JGeK, Op::JNotGeK, Op::LoopGeK],
        CompareOp::Eq => [Op::JEqK, Op::JNotEqK, Op::LoopEqK],
        CompareOp::Ne => [Op::JNeK, Op::JNotNeK, Op::LoopNeK],
    }
}
