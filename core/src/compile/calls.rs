//! Calls: windows, receivers, `super`, and what a statement does to a callee (docs/BYTECODE.md,
//! "Calls").

use super::collect::is_name;
use super::emit::{ExtraArg, Reg, low_u16, low_u32};
use super::expr::Early;
use super::fold::ungroup;
use super::function::FnCompiler;
use super::inst::{Check, Detour, Inst, Src, ZERO};
use super::names::Role;
use super::scope::{Place, is_scope_name};
use crate::bytecode::Op;
use crate::limits::ARGS_MAX;
use crate::syntax::ast::{Expr, ExprKind};
use alloc::vec::Vec;

/// Registers below the first argument that hold the header of the callee's frame.
pub(super) const HEADER: u16 = 4;

impl<'a> FnCompiler<'_, 'a> {
    /// `dst = callee(args)`.
    pub(super) fn call(&mut self, callee: &'a Expr, args: &'a [Expr], dst: Reg) {
        let top = self.top;
        if args.len() > ARGS_MAX {
            return self.too_many_arguments(args);
        }
        match &callee.kind {
            ExprKind::Name(name) if !is_scope_name(name) => self.call_name(callee, name, args, dst),
            ExprKind::Member(base, name) => self.call_member(callee, base, name, args, dst),
            ExprKind::Index(base, index) => self.call_index(base, index, args, dst),
            _ => {
                let callee = self.push(callee, Role::Value);
                self.call_value(callee, args, dst);
            }
        }
        self.top = top;
    }

    /// `dst = ` a call of the value in a register.
    #[inline(never)]
    pub(super) fn call_value(&mut self, callee: Reg, args: &'a [Expr], dst: Reg) {
        let (start, count) = self.window(HEADER, args);
        self.put(Inst::new(Op::Call, dst, start, callee).x(count));
    }

    /// Evaluates arguments into a new window, `header` registers above the first free one.
    #[inline(never)]
    pub(super) fn window(&mut self, header: u16, args: &'a [Expr]) -> (Reg, u8) {
        self.reserve(header);
        let start = self.scratch();
        for arg in args {
            self.push(arg, Role::Value);
        }
        (start, low_u8(args.len()))
    }

    /// v1 evaluates arguments until there is no more room for them.
    fn too_many_arguments(&mut self, args: &'a [Expr]) {
        let top = self.top;
        for arg in &args[..ARGS_MAX] {
            self.push(arg, Role::Value);
            self.top = top;
        }
        self.fail("Argument limit exceeded");
    }

    /// The function is looked up after the arguments (v1, spec §5.1).
    #[inline(never)]
    fn call_name(&mut self, callee: &'a Expr, name: &'a str, args: &'a [Expr], dst: Reg) {
        let place = self.place(name);
        let (start, count) = self.window(HEADER, args);
        let callee = match place {
            Place::Global => {
                let extra = [self.name_arg(name)];
                self.put(Inst::new(Op::CallGlobal, dst, start, ZERO).x(count).extra(extra));
                return;
            }
            Place::Local(variable) => {
                let src = self.local_src(callee, variable, Role::Callee);
                match src.check {
                    Check::None => src.reg,
                    _ => {
                        let copy = self.reserve(1);
                        self.eval(copy, src);
                        copy
                    }
                }
            }
            _ => {
                let copy = self.reserve(1);
                self.read_place(place, name, copy, Role::Callee);
                copy
            }
        };
        self.put(Inst::new(Op::Call, dst, start, callee).x(count));
    }

    #[inline(never)]
    fn call_member(
        &mut self,
        callee: &'a Expr,
        base: &'a Expr,
        name: &'a str,
        args: &'a [Expr],
        dst: Reg,
    ) {
        if self.is_super(base) {
            return self.call_super(name, args, dst);
        }
        if self.outer_slot(base, name).is_some() {
            let (start, count) = self.window(HEADER, args);
            let copy = self.scratch();
            self.member(base, name, copy, true);
            self.reserve(1);
            self.put(Inst::new(Op::Call, dst, start, copy).x(count));
            return;
        }
        let later: Vec<_> = args.iter().map(|arg| (arg, Role::Value)).collect();
        let early = self.early(base, Role::Base, &[], &later);
        self.in_region(early == Early::Region, Detour::Call(callee, args, dst), |this| {
            let top = this.top;
            let receiver = this.operand(base, Role::Base, early);
            this.call_method(receiver, name, args, dst);
            this.top = top;
        });
    }

    /// `dst = receiver.name(args)`.
    #[inline(never)]
    pub(super) fn call_method(&mut self, receiver: Src, name: &str, args: &'a [Expr], dst: Reg) {
        let (start, count) = self.window(HEADER + 1, args);
        let extra = [self.key(name)];
        self.put(Inst::new(Op::CallMethod, dst, start, receiver).x(count).extra(extra));
    }

    /// `base[index](args)` at the start of a statement (v1).
    #[inline(never)]
    pub(super) fn call_index(
        &mut self,
        base: &'a Expr,
        index: &'a Expr,
        args: &'a [Expr],
        dst: Reg,
    ) {
        let base = self.operand(base, Role::Base, Early::Copy).reg;
        let index = self.operand(index, Role::Operand, Early::Copy).reg;
        let (start, count) = self.window(HEADER + 1, args);
        let inst = Inst::new(Op::CallIndex, dst, start, base).x(count);
        self.put(inst.extra([ExtraArg::Index(index)]));
    }

    /// Whether the expression is the `super` of a method; in the main program it is a global like
    /// any other.
    pub(super) fn is_super(&self, expr: &Expr) -> bool {
        is_name(ungroup(expr), "super") && self.place("super") != Place::Global
    }

    /// `dst = super.name(args)` (spec §14.4).
    #[inline(never)]
    pub(super) fn call_super(&mut self, name: &'a str, args: &'a [Expr], dst: Reg) {
        let extra = [self.key(name)];
        let neighbours = match (self.place("super"), self.current_self()) {
            (Place::Local(parent), Some(this)) if !self.careful => {
                let reg = self.register_of(parent);
                let is_pair = reg == this.reg.plus(1) && this.check != Check::None;
                is_pair.then_some((reg, this))
            }
            _ => None,
        };
        if let Some((reg, this)) = neighbours {
            // Both are where the call put them. Only when they are missing is there more to do.
            let (start, count) = self.window(HEADER + 1, args);
            let parent = self.fallback("super", false, true);
            let inst = Inst::new(Op::CallSuper, dst, start, reg).x(count).extra(extra);
            let word = self.write(&inst);
            let parent = Src { reg, check: Check::Fallback(parent) };
            self.note_check(word, Detour::Super(inst, parent, this));
            return;
        }
        let pair = self.reserve(2);
        self.read_implicit("super", pair.plus(1));
        self.read_implicit("self", pair);
        let (start, count) = self.window(HEADER + 1, args);
        self.put(Inst::new(Op::CallSuper, dst, start, pair.plus(1)).x(count).extra(extra));
    }

    /// Reads `self` or `super` without calling it, as `super.name` does.
    fn read_implicit(&mut self, name: &str, dst: Reg) {
        match self.place(name) {
            Place::Local(variable) => {
                let var = &self.scope.vars.list[variable];
                let is_param = var.param.is_some();
                let check = match is_param {
                    true => Check::None,
                    false => Check::Fallback(self.fallback(name, false, true)),
                };
                let reg = self.register_of(variable);
                self.eval(dst, Src { reg, check });
            }
            place => self.read_place(place, name, dst, Role::Base),
        }
    }

    /// An expression as a statement: into `dst`, calling what v1 calls there (spec §4.9).
    pub(super) fn call_statement(&mut self, expr: &'a Expr, dst: Reg) {
        match &expr.kind {
            ExprKind::Name(name) if !is_scope_name(name) && self.place(name) == Place::Global => {
                self.call(expr, &[], dst);
            }
            ExprKind::Member(base, name) if self.outer_slot(base, name).is_none() => {
                self.call(expr, &[], dst);
            }
            ExprKind::Index(..) => self.call(expr, &[], dst),
            _ => self.expr_to(expr, dst),
        }
    }
}

/// A count of arguments, at most 255.
fn low_u8(count: usize) -> u8 {
    let [low, _] = low_u16(low_u32(count)).to_le_bytes();
    low
}
