//! Reading and writing variables: from what a name means to the instruction for it.

use super::collect::is_name;
use super::emit::{Arg, ExtraArg, Reg, low_u32};
use super::function::FnCompiler;
use super::inst::{Check, Inst, Src, ZERO};
use super::scope::{Captured, Place, ScopeKind, is_scope_name};
use crate::bytecode::{Op, Outer};
use crate::syntax::ast::{Expr, ExprKind};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Names of the globals a program mentions.
#[derive(Default)]
pub(super) struct Names {
    pub(super) list: Vec<String>,
    by_name: BTreeMap<String, u32>,
}

impl Names {
    /// The index of a name, added when it is new.
    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(&index) = self.by_name.get(name) {
            return index;
        }
        let index = low_u32(self.list.len());
        self.list.push(name.into());
        self.by_name.insert(name.into(), index);
        index
    }
}

/// How an expression stands in the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An argument, an element, an assigned value: functions are called, `self` included.
    Value,
    /// The operand of an operator: `self` and `super` are not called (v1, spec §5.4).
    Operand,
    /// What stands before a dot, an index or a slice: likewise, and no warning of spec §12.6.
    Base,
    /// The operand of `@`: not called.
    Raw,
    /// The callee of a call: not called, no warning.
    Callee,
}

impl<'a> FnCompiler<'_, 'a> {
    /// What a name means here.
    pub(super) fn place(&self, name: &str) -> Place {
        self.analysis.resolve(self.number, name)
    }

    /// The variable a name expression reads, when it is in a register.
    pub(super) fn local(&self, expr: &Expr) -> Option<usize> {
        match &expr.kind {
            ExprKind::Name(name) if !is_scope_name(name) => match self.place(name) {
                Place::Local(variable) => Some(variable),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same as an operand. The expression must be a name with such a variable.
    pub(super) fn local_src(&mut self, expr: &Expr, variable: usize, role: Role) -> Src {
        let scope = self.scope;
        let var = &scope.vars.list[variable];
        let raw = is_raw(&var.name, role);
        let check = if self.analysis.may_be_unassigned(expr) {
            let warn = self.warns(&var.name, role);
            Check::Fallback(self.fallback(&var.name, warn, raw))
        } else if var.may_call && !raw {
            Check::Call
        } else {
            Check::None
        };
        Src { reg: self.register_of(variable), check }
    }

    /// Whether an operand that is this name has to be checked.
    pub(super) fn is_checked(&self, expr: &Expr, variable: usize, role: Role) -> bool {
        let var = &self.scope.vars.list[variable];
        self.analysis.may_be_unassigned(expr) || (var.may_call && !is_raw(&var.name, role))
    }

    /// The current `self`, for a call through `super`.
    pub(super) fn current_self(&mut self) -> Option<Src> {
        let Place::Local(variable) = self.place("self") else { return None };
        let is_param = self.scope.vars.list[variable].param.is_some();
        let check = match is_param {
            true => Check::None,
            false => Check::Fallback(self.fallback("self", false, true)),
        };
        Some(Src { reg: self.register_of(variable), check })
    }

    fn warns(&self, name: &str, role: Role) -> bool {
        self.assigning == Some(name) && !matches!(role, Role::Base | Role::Callee)
    }

    /// `dst = name`.
    #[inline(never)]
    pub(super) fn read_name(&mut self, expr: &Expr, name: &str, dst: Reg, role: Role) {
        match name {
            "locals" => self.read_locals(dst),
            "globals" => {
                self.put(Inst::new(Op::LoadGlobals, dst, ZERO, ZERO));
            }
            "outer" => {
                let op = match self.scope.captured {
                    Captured::Nothing => Op::LoadGlobals,
                    Captured::Env(_) | Captured::Map => Op::LoadOuter,
                };
                self.put(Inst::new(op, dst, ZERO, ZERO));
            }
            _ => match self.place(name) {
                Place::Local(variable) => {
                    let src = self.local_src(expr, variable, role);
                    self.eval(dst, src);
                }
                place => self.read_place(place, name, dst, role),
            },
        }
    }

    fn read_locals(&mut self, dst: Reg) {
        let inst = match self.scope.kind {
            ScopeKind::Map => Inst::new(Op::Move, dst, self.scope_register, ZERO),
            ScopeKind::Main | ScopeKind::Plain => Inst::new(Op::LoadGlobals, dst, ZERO, ZERO),
        };
        self.put(inst);
    }

    /// `dst = name`, which is not in a register.
    #[inline(never)]
    pub(super) fn read_place(&mut self, place: Place, name: &str, dst: Reg, role: Role) {
        let raw = is_raw(name, role);
        let warn = self.warns(name, role);
        match place {
            Place::Local(variable) => {
                let reg = self.register_of(variable);
                self.eval(dst, Src { reg, check: if raw { Check::None } else { Check::Call } });
            }
            Place::Env(slot) => {
                let op = if raw { Op::GetEnvRaw } else { Op::GetEnv };
                let slot = Arg::Count(slot);
                let word = self.put(Inst::new(op, dst, self.scope_register, slot));
                let fallback = self.fallback(name, warn, raw);
                self.add_fallback(word, fallback);
            }
            Place::Up(slot) => {
                let op = if raw { Op::GetUpRaw } else { Op::GetUp };
                let word = self.put(Inst::new(op, dst, Arg::Count(slot), ZERO));
                let fallback = self.fallback_of_slot(name, raw);
                self.add_fallback(word, fallback);
            }
            Place::Scope => {
                let extra = [self.key(name), self.name_arg(name)];
                let flags = u8::from(raw) | u8::from(warn) << 1;
                let scope = self.scope_register;
                let inst = Inst::new(Op::GetScope, dst, scope, ZERO).x(flags).extra(extra);
                let word = self.put(inst);
                let fallback = self.fallback(name, false, raw);
                if matches!(fallback.outer, Outer::Slot(_)) {
                    self.add_fallback(word, fallback);
                }
            }
            Place::OuterMap => {
                let extra = [self.key(name), self.name_arg(name)];
                let inst = Inst::new(Op::GetOuter, dst, ZERO, ZERO).x(u8::from(raw));
                self.put(inst.extra(extra));
            }
            Place::Global => {
                let index = Arg::Wide(self.names.intern(name));
                let inst = match raw {
                    true => Inst::new(Op::GetGlobalRaw, dst, index, ZERO),
                    false => Inst::new(Op::GetGlobal, dst, index, ZERO).x(u8::from(warn)),
                };
                self.put(inst);
            }
        }
    }

    /// `name = ` register `src`, for a name that is not in a register.
    pub(super) fn write_place(&mut self, place: Place, name: &str, src: Reg) {
        match place {
            Place::Local(variable) => {
                let reg = self.register_of(variable);
                self.eval(reg, Src::plain(src));
            }
            Place::Env(slot) => {
                self.put(Inst::new(Op::SetEnv, src, self.scope_register, Arg::Count(slot)));
            }
            Place::Scope => {
                let key = self.key(name);
                let scope = self.scope_register;
                self.put(Inst::new(Op::SetScope, src, scope, ZERO).extra([key]));
            }
            // An assigned name is a variable of its function, so what is left is the main program.
            Place::Up(_) | Place::OuterMap | Place::Global => self.write_global(name, src),
        }
    }

    /// `globals.name = ` register `src`.
    pub(super) fn write_global(&mut self, name: &str, src: Reg) {
        let index = Arg::Wide(self.names.intern(name));
        self.put(Inst::new(Op::SetGlobal, src, index, ZERO));
    }

    /// The name of a global as an extra word.
    pub(super) fn name_arg(&mut self, name: &str) -> ExtraArg {
        ExtraArg::Name(self.names.intern(name))
    }

    /// The slot of `outer.name`, when `base` is `outer` and the function captured an environment.
    pub(super) fn outer_slot(&self, base: &Expr, name: &str) -> Option<u16> {
        match self.scope.captured {
            Captured::Env(parent) if is_name(base, "outer") => {
                self.analysis.functions[parent].vars.get(name).and_then(|var| var.slot)
            }
            _ => None,
        }
    }

    /// Whether an expression names the map of globals here.
    pub(super) fn is_globals(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => match name.as_str() {
                "globals" => true,
                "outer" => self.scope.captured == Captured::Nothing,
                "locals" => self.scope.kind == ScopeKind::Main,
                _ => false,
            },
            _ => false,
        }
    }
}

/// Whether a function found under the name stays uncalled.
fn is_raw(name: &str, role: Role) -> bool {
    match role {
        Role::Value => false,
        Role::Operand | Role::Base => matches!(name, "self" | "super"),
        Role::Raw | Role::Callee => true,
    }
}
