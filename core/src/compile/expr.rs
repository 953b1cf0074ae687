//! Expressions: a value into a register, or an operand for an instruction.
//!
//! [`FnCompiler::expr_to`] writes its destination with the last instruction only, so that the
//! destination may be a variable the expression reads, or the next free register, whose number the
//! temporaries of the expression use as well.

use super::emit::{Arg, Reg};
use super::facts::{any, has_call};
use super::fold::{constant_of, number_of, ungroup};
use super::function::FnCompiler;
use super::inst::{Check, Detour, Inst, Src, ZERO};
use super::names::Role;
use crate::bytecode::{Const, Op};
use crate::syntax::Dialect;
use crate::syntax::ast::{Expr, ExprKind, UnaryOp};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What to do with a variable operand while later operands are still to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// Check and copy it now.
    Copy,
    /// Use the register.
    Direct,
    /// Use the register; the whole expression needs a cold copy.
    Region,
}

/// The bounds of a slice.
pub(super) type Bounds<'a> = [&'a Option<Box<Expr>>; 2];

impl<'a> FnCompiler<'_, 'a> {
    /// `dst = expr`.
    pub(super) fn expr_to(&mut self, expr: &'a Expr, dst: Reg) {
        self.expr_in_role(expr, dst, Role::Value);
    }

    /// `dst = expr`, read as its role says.
    pub(super) fn expr_in_role(&mut self, expr: &'a Expr, dst: Reg, role: Role) {
        let top = self.top;
        if let Some(constant) = constant_of(expr) {
            return self.load(constant, dst);
        }
        match &ungroup(expr).kind {
            ExprKind::Name(name) => self.read_name(ungroup(expr), name, dst, role),
            _ if self.chain(expr, dst) => {}
            _ => self.simple_to(ungroup(expr), dst),
        }
        self.top = top;
    }

    /// `dst = expr`, which is neither a name nor in parentheses. `chain` has seen it.
    pub(super) fn simple_to(&mut self, expr: &'a Expr, dst: Reg) {
        let top = self.top;
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Str(_) | ExprKind::Null | ExprKind::Group(_) => {}
            ExprKind::Name(name) => self.read_name(expr, name, dst, Role::Value),
            ExprKind::List(items) => self.list(items, dst),
            ExprKind::Map(entries) => self.map(entries, dst),
            ExprKind::Function(function) => self.closure(function, false, dst),
            ExprKind::Unary(op, inner) => self.unary(*op, inner, dst),
            ExprKind::Binary(op, left, right) => self.binary(*op, expr, [left, right], dst),
            ExprKind::And(left, right) => self.logic(Op::And, [left, right], dst),
            ExprKind::Or(left, right) => self.logic(Op::Or, [left, right], dst),
            ExprKind::Isa(left, right) => self.two_operands(Op::Isa, expr, [left, right], dst),
            ExprKind::Compare(first, rest) => self.compare(expr, first, rest, dst),
            ExprKind::Call(callee, args) => self.call(callee, args, dst),
            ExprKind::Member(base, name) => self.member(base, name, dst, false),
            ExprKind::Index(base, index) => self.index(expr, base, index, dst),
            ExprKind::Slice(base, from, to) => self.slice(expr, base, [from, to], dst),
        }
        self.top = top;
    }

    /// Computes into the next register and takes it.
    pub(super) fn push(&mut self, expr: &'a Expr, role: Role) -> Reg {
        let dst = self.scratch();
        self.expr_in_role(expr, dst, role);
        self.reserve(1)
    }

    /// The value in some register: its variable's when there is nothing to check, else the next
    /// one, which is taken.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Reg {
        self.operand(expr, Role::Value, Early::Copy).reg
    }

    /// An operand: a variable's register when `early` allows it, else the next one, which is taken.
    #[inline(never)]
    pub(super) fn operand(&mut self, expr: &'a Expr, role: Role, early: Early) -> Src {
        let inner = ungroup(expr);
        let role = if role == Role::Base { base_role(expr) } else { role };
        if let Some(variable) = self.local(inner) {
            let src = self.local_src(inner, variable, role);
            let is_direct = early != Early::Copy && !self.careful && role != Role::Value;
            if src.check == Check::None || is_direct {
                return src;
            }
        }
        if let ExprKind::Unary(UnaryOp::AddressOf, name) = &inner.kind
            && let Some(variable) = self.local(name)
            && !self.analysis.may_be_unassigned(name)
        {
            return Src::plain(self.register_of(variable));
        }
        Src::plain(self.push(inner, role))
    }

    /// Whether an operand that may have to be checked can be used from its register, with `later`
    /// operands to come. `earlier` ones have been evaluated.
    pub(super) fn early(
        &self,
        expr: &Expr,
        role: Role,
        earlier: &[&Expr],
        later: &[(&Expr, Role)],
    ) -> Early {
        let inner = ungroup(expr);
        let role = if role == Role::Base { base_role(expr) } else { role };
        let Some(variable) = self.local(inner) else { return Early::Copy };
        if self.careful {
            return Early::Copy;
        }
        if self.region.is_some() || !self.is_checked(inner, variable, role) {
            return Early::Direct;
        }
        let simple = |&(e, role): &(&Expr, Role)| {
            constant_of(e).is_some()
                || self.local(ungroup(e)).is_some_and(|variable| {
                    role != Role::Value || !self.is_checked(ungroup(e), variable, role)
                })
        };
        if later.iter().all(simple) {
            return Early::Direct;
        }
        let quiet = |e: &Expr| self.is_quiet(e);
        if earlier.iter().all(|e| quiet(e)) && later.iter().all(|(e, _)| quiet(e)) {
            return Early::Region;
        }
        let is_self = matches!(&inner.kind, ExprKind::Name(n) if n == "self" || n == "super");
        if is_self && role != Role::Value && !later.iter().any(|(e, _)| has_call(e)) {
            return Early::Direct;
        }
        Early::Copy
    }

    /// Whether evaluating the expression has no effect that could be noticed, unless a variable
    /// holds a function or is unassigned. Such an expression can be begun again.
    pub(super) fn is_quiet(&self, expr: &Expr) -> bool {
        !any(expr, &mut |e| match &e.kind {
            ExprKind::Name(_) => self.local(e).is_none(),
            ExprKind::Call(..) | ExprKind::Member(..) | ExprKind::Function(_) => true,
            _ => false,
        })
    }

    /// `dst = constant`.
    #[inline(never)]
    pub(super) fn load(&mut self, constant: Const, dst: Reg) {
        if constant == Const::Null {
            self.put(Inst::new(Op::LoadNull, dst, ZERO, ZERO));
        } else {
            let id = self.code.constant(constant);
            self.put(Inst::new(Op::LoadK, dst, Arg::Const(id), ZERO));
        }
    }

    #[inline(never)]
    fn unary(&mut self, op: UnaryOp, inner: &'a Expr, dst: Reg) {
        let op = match op {
            UnaryOp::Neg => Op::Neg,
            UnaryOp::Not => Op::Not,
            UnaryOp::New => Op::New,
            UnaryOp::AddressOf => return self.address_of(inner, dst),
        };
        let src = self.operand(inner, Role::Operand, Early::Direct);
        self.put(Inst::new(op, dst, src, ZERO));
    }

    /// `@inner` (spec §5.4).
    fn address_of(&mut self, inner: &'a Expr, dst: Reg) {
        match &inner.kind {
            ExprKind::Name(name) => self.read_name(inner, name, dst, Role::Raw),
            ExprKind::Member(base, name) => self.member(base, name, dst, true),
            ExprKind::Group(group) if self.analysis.dialect == Dialect::V2 => {
                self.address_of(group, dst);
            }
            _ => self.expr_to(inner, dst),
        }
    }

    /// `dst = base.name`; `raw` for `@`.
    #[inline(never)]
    pub(super) fn member(&mut self, base: &'a Expr, name: &'a str, dst: Reg, raw: bool) {
        if let Some(slot) = self.outer_slot(base, name) {
            let extra = [self.key(name)];
            let inst = Inst::new(Op::UpMember, dst, Arg::Count(slot), ZERO).x(u8::from(raw));
            self.put(inst.extra(extra));
        } else if !raw && self.is_super(base) {
            self.call_super(name, &[], dst);
        } else {
            let src = self.operand(base, Role::Base, Early::Direct);
            self.member_of(src, name, dst, raw);
        }
    }

    /// The same with the base in a register.
    #[inline(never)]
    pub(super) fn member_of(&mut self, base: Src, name: &str, dst: Reg, raw: bool) {
        let extra = [self.key(name)];
        let op = if raw { Op::GetPropRaw } else { Op::GetProp };
        self.put(Inst::new(op, dst, base, ZERO).extra(extra));
    }

    #[inline(never)]
    fn index(&mut self, expr: &'a Expr, base: &'a Expr, index: &'a Expr, dst: Reg) {
        let later = [(index, Role::Operand)];
        let early = self.early(base, Role::Base, &[], &later);
        self.in_region(early == Early::Region, Detour::Value(expr, dst), |this| {
            let top = this.top;
            let base = this.operand(base, Role::Base, early);
            this.second_operand(Op::GetIndex, base, index, dst);
            this.top = top;
        });
    }

    #[inline(never)]
    fn slice(&mut self, expr: &'a Expr, base: &'a Expr, bounds: Bounds<'a>, dst: Reg) {
        let mut later = Vec::new();
        for bound in bounds.into_iter().flatten() {
            later.push((&**bound, Role::Value));
        }
        let early = self.early(base, Role::Base, &[], &later);
        self.in_region(early == Early::Region, Detour::Value(expr, dst), |this| {
            let top = this.top;
            let base = this.operand(base, Role::Base, early);
            this.slice_of(base, bounds, dst);
            this.top = top;
        });
    }

    /// The same with the base in a register.
    #[inline(never)]
    pub(super) fn slice_of(&mut self, base: Src, bounds: Bounds<'a>, dst: Reg) {
        let first = self.scratch();
        for bound in bounds {
            match bound {
                Some(bound) => {
                    self.push(bound, Role::Value);
                }
                None => {
                    let reg = self.reserve(1);
                    self.load(Const::Null, reg);
                }
            }
        }
        self.put(Inst::new(Op::Slice, dst, base, first));
    }

    /// The constant operand of a `…K` form: a number, in narrow code.
    pub(super) fn number_operand(&mut self, expr: &Expr) -> Option<Arg> {
        if self.code.wide {
            return None;
        }
        let number = number_of(expr)?;
        Some(Arg::Const(self.code.constant(Const::Number(number))))
    }

    /// Whether evaluating the expression reads a variable in this register.
    pub(super) fn reads_register(&self, expr: &Expr, reg: Reg) -> bool {
        any(expr, &mut |e| self.local(e).is_some_and(|v| self.register_of(v) == reg))
    }
}

/// A name in parentheses is read like any other value.
fn base_role(expr: &Expr) -> Role {
    if matches!(expr.kind, ExprKind::Group(_)) { Role::Value } else { Role::Base }
}
