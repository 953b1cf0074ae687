//! Assignments: `=` and `op=` (spec §4.7, §4.8).
//!
//! The left side is evaluated first: container, then index. What remains of it waits in registers
//! while the right side is evaluated. A compound assignment (v1) evaluates it once, and reads the
//! old value after the right side.

use super::collect::{is_name, target_of};
use super::emit::{Arg, Reg};
use super::expr::Early;
use super::facts::has_call;
use super::function::FnCompiler;
use super::inst::{Check, Detour, Inst, Src, ZERO};
use super::names::Role;
use super::scope::{Place, is_scope_name};
use crate::bytecode::Op;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use alloc::format;

impl<'a> FnCompiler<'_, 'a> {
    /// `target = value`.
    pub(super) fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        let target = target_of(target);
        match &target.kind {
            ExprKind::Name(name) if is_scope_name(name) => {
                self.assigned_value(value);
                self.fail(&format!("can't assign to {name}"));
            }
            ExprKind::Name(name) => self.assign_name(name, value),
            ExprKind::Member(base, name) if self.is_globals(base) => {
                let value = self.assigned_value(value);
                self.write_global(name, value);
            }
            ExprKind::Member(base, name) if self.outer_slot(base, name).is_some() => {
                let value = self.assigned_value(value);
                self.write_outer(base, name, value);
            }
            ExprKind::Member(..) | ExprKind::Index(..) => self.assign_element(target, value),
            _ => {
                self.assigned_value(value);
                self.fail("not an lvalue");
            }
        }
    }

    fn assign_name(&mut self, name: &'a str, value: &'a Expr) {
        self.assigning = Some(name);
        match self.place(name) {
            Place::Local(variable) => {
                let reg = self.register_of(variable);
                match &value.kind {
                    ExprKind::Function(function) => self.closure(function, true, reg),
                    _ => self.expr_to(value, reg),
                }
            }
            place => {
                let value = self.assigned_value(value);
                self.write_place(place, name, value);
            }
        }
        self.assigning = None;
    }

    /// The entire right side of an assignment, in some register.
    fn assigned_value(&mut self, value: &'a Expr) -> Reg {
        match &value.kind {
            ExprKind::Function(function) => {
                let reg = self.reserve(1);
                self.closure(function, true, reg);
                reg
            }
            _ => self.value(value),
        }
    }

    /// `base.name = value` or `base[index] = value`.
    pub(super) fn assign_element(&mut self, target: &'a Expr, value: &'a Expr) {
        match &target.kind {
            ExprKind::Member(base, name) => {
                let early = self.early(base, Role::Base, &[], &[(value, Role::Value)]);
                self.in_region(early == Early::Region, Detour::Assign(target, value), |this| {
                    let top = this.top;
                    let base = this.operand(base, Role::Base, early);
                    let value = this.assigned_value(value);
                    let extra = [this.key(name)];
                    this.put(Inst::new(Op::SetProp, base, value, ZERO).extra(extra));
                    this.top = top;
                });
            }
            ExprKind::Index(base, index) => {
                let later = [(&**index, Role::Operand), (value, Role::Value)];
                let early = self.early(base, Role::Base, &[], &later);
                let early_index = self.early(index, Role::Operand, &[base], &later[1..]);
                let region = early == Early::Region || early_index == Early::Region;
                self.in_region(region, Detour::Assign(target, value), |this| {
                    let top = this.top;
                    let base = this.operand(base, Role::Base, early);
                    let index = this.operand(index, Role::Operand, early_index);
                    let value = this.assigned_value(value);
                    this.put(Inst::new(Op::SetIndex, base, index, value));
                    this.top = top;
                });
            }
            _ => {}
        }
    }

    fn write_outer(&mut self, base: &Expr, name: &str, value: Reg) {
        if let Some(slot) = self.outer_slot(base, name) {
            let slot = Arg::Count(slot);
            self.put(Inst::new(Op::SetUp, value, slot, ZERO));
        }
    }

    /// `target op= value`.
    pub(super) fn assign_op(&mut self, target: &'a Expr, op: BinaryOp, value: &'a Expr) {
        let target = target_of(target);
        match &target.kind {
            ExprKind::Name(name) if is_scope_name(name) => {
                self.value(value);
                self.fail(&format!("can't assign to {name}"));
            }
            ExprKind::Name(name) => self.update_name(target, name, op, value),
            ExprKind::Member(..) | ExprKind::Index(..) => self.update_part(target, op, value),
            _ => {
                self.value(value);
                self.fail("not an lvalue");
            }
        }
    }

    /// `base.name op= value` or `base[index] op= value`.
    pub(super) fn update_part(&mut self, target: &'a Expr, op: BinaryOp, value: &'a Expr) {
        match &target.kind {
            ExprKind::Member(..) => self.update_member(target, op, value),
            _ => self.update_element(target, op, value),
        }
    }

    /// `name op= value`: the variable must be the function's own, and assigned.
    fn update_name(&mut self, target: &'a Expr, name: &'a str, op: BinaryOp, value: &'a Expr) {
        let place = self.place(name);
        if let Place::Local(variable) = place {
            let reg = self.register_of(variable);
            let must_check = self.analysis.may_be_unassigned(target);
            let early = if must_check { Early::Copy } else { Early::Direct };
            let right = self.update_operand(value, early);
            if must_check {
                let word = self.put(Inst::new(Op::CheckLocal, reg, ZERO, ZERO));
                let fallback = self.fallback(name, false, true);
                self.add_fallback(word, fallback);
            }
            let may_call = self.scope.vars.list[variable].may_call;
            let check = if may_call { Check::Call } else { Check::None };
            let old = self.ready(Src { reg, check });
            return self.update(op, reg, old, right);
        }
        let right = self.update_operand(value, Early::Copy);
        let old = self.reserve(1);
        self.check_place(place, name);
        self.read_place(place, name, old, Role::Value);
        self.update(op, old, old, right);
        self.write_place(place, name, old);
    }

    fn check_place(&mut self, place: Place, name: &str) {
        match place {
            Place::Scope => {
                let key = self.key(name);
                let scope = self.scope_register;
                self.put(Inst::new(Op::CheckScope, scope, ZERO, ZERO).extra([key]));
            }
            Place::Global => {
                let index = Arg::Wide(self.names.intern(name));
                self.put(Inst::new(Op::CheckGlobal, ZERO, index, ZERO));
            }
            // Slots are assigned here, or the function would have a scope map (`scope.rs`).
            Place::Local(_) | Place::Env(_) | Place::Up(_) | Place::OuterMap => {}
        }
    }

    /// The container is evaluated once and used twice. It can wait in its variable's register when
    /// the right side is quiet: the read of the old value finds out whether it needs a check, and
    /// until then nothing has happened.
    fn update_member(&mut self, target: &'a Expr, op: BinaryOp, value: &'a Expr) {
        let ExprKind::Member(base, name) = &target.kind else { return };
        if let Some(slot) = self.outer_slot(base, name) {
            let right = self.update_operand(value, Early::Copy);
            let old = self.scratch();
            self.member(base, name, old, false);
            self.reserve(1);
            self.update(op, old, old, right);
            self.put(Inst::new(Op::SetUp, old, Arg::Count(slot), ZERO));
            return;
        }
        let is_quiet = self.is_quiet(base) && self.is_quiet(value);
        self.in_region(is_quiet, Detour::Update(target, op, value), |this| {
            let top = this.top;
            // `self` is not called, so its register serves both times even when the right side runs
            // code.
            let is_late_self =
                is_name(base, "self") && !this.careful && this.region.is_none() && !has_call(value);
            let early = if is_quiet || is_late_self { Early::Direct } else { Early::Copy };
            let container = this.operand(base, Role::Base, early);
            let right = this.update_operand(value, Early::Copy);
            let old = this.reserve(1);
            let extra = [this.key(name)];
            this.put(Inst::new(Op::GetProp, old, container, ZERO).extra(extra));
            this.update(op, old, old, right);
            if this.is_globals(base) {
                this.write_global(name, old);
            } else {
                let checked = if is_late_self { container } else { Src::plain(container.reg) };
                let extra = [this.key(name)];
                this.put(Inst::new(Op::SetProp, checked, old, ZERO).extra(extra));
            }
            this.top = top;
        });
    }

    fn update_element(&mut self, target: &'a Expr, op: BinaryOp, value: &'a Expr) {
        let ExprKind::Index(base, index) = &target.kind else { return };
        let is_quiet = [base, index].into_iter().all(|e| self.is_quiet(e)) && self.is_quiet(value);
        let early = if is_quiet { Early::Direct } else { Early::Copy };
        self.in_region(is_quiet, Detour::Update(target, op, value), |this| {
            let top = this.top;
            let base = this.operand(base, Role::Base, early);
            let index = this.operand(index, Role::Operand, early);
            let right = this.update_operand(value, Early::Copy);
            let old = this.reserve(1);
            this.put(Inst::new(Op::GetIndex, old, base, index));
            // An element is not called when it is read, but the left side of an operator is (spec
            // §4.8).
            let checked = this.ready(Src { reg: old, check: Check::Call });
            this.update(op, old, checked, right);
            this.put(Inst::new(Op::SetIndex, base.reg, index.reg, old));
            this.top = top;
        });
    }
}
