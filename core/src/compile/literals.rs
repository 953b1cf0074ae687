//! List, map and function literals.

use super::emit::{Arg, ConstId, Reg, low_u16, low_u32};
use super::fold::ungroup;
use super::function::FnCompiler;
use super::inst::{Inst, ZERO};
use super::names::Role;
use super::scope::{Captured, ScopeKind};
use crate::bytecode::Op;
use crate::syntax::Dialect;
use crate::syntax::ast::{Expr, ExprKind, Function};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Most elements of a list literal that are in registers at once.
const LIST_CHUNK: usize = 50;

/// Most entries of a map literal that are in registers at once. A larger map is filled entry by
/// entry.
const MAP_ENTRIES_MAX: usize = 32;

/// Most inner functions of a function (an operand of 16 bits).
const CHILDREN_MAX: usize = 65_000;

impl<'a> FnCompiler<'_, 'a> {
    /// `dst = [items]`.
    #[inline(never)]
    pub(super) fn list(&mut self, items: &'a [Expr], dst: Reg) {
        let Some((first, rest)) = items.split_at_checked(LIST_CHUNK).filter(|(_, r)| !r.is_empty())
        else {
            let (start, count) = self.push_all(items);
            self.put(Inst::new(Op::NewList, dst, start, count));
            return;
        };
        let list = self.reserve_result(self.top);
        let (start, count) = self.push_all(first);
        self.put(Inst::new(Op::NewList, list, start, count));
        for chunk in rest.chunks(LIST_CHUNK) {
            self.top = start;
            let (start, count) = self.push_all(chunk);
            self.put(Inst::new(Op::ListAppend, list, start, count));
        }
        if list != dst {
            self.put(Inst::new(Op::Move, dst, list, ZERO));
        }
    }

    fn push_all(&mut self, items: &'a [Expr]) -> (Reg, Arg) {
        let start = self.scratch();
        for item in items {
            self.push(item, Role::Value);
        }
        (start, Arg::Count(low_u16(low_u32(items.len()))))
    }

    /// `dst = {entries}`.
    #[inline(never)]
    pub(super) fn map(&mut self, entries: &'a [(Expr, Expr)], dst: Reg) {
        if entries.is_empty() {
            self.put(Inst::new(Op::NewMapEmpty, dst, ZERO, ZERO));
        } else if let Some(keys) = self.literal_keys(entries) {
            let start = self.scratch();
            for (_, value) in entries {
                self.push(value, Role::Value);
            }
            let index = low_u16(low_u32(self.map_keys.len()));
            self.map_keys.push(keys);
            let inst = Inst::new(Op::NewMap, dst, start, Arg::Count(index));
            self.put(inst);
        } else {
            self.map_by_entry(entries, dst);
        }
    }

    /// The keys of a map literal, when the machine can know its shape: few, all different strings,
    /// no parent.
    fn literal_keys(&mut self, entries: &'a [(Expr, Expr)]) -> Option<Vec<u16>> {
        if entries.len() > MAP_ENTRIES_MAX || self.map_keys.len() >= usize::from(u16::MAX) {
            return None;
        }
        let mut seen = BTreeSet::new();
        for (key, _) in entries {
            let text = string_of(key)?;
            if text == "__isa" || !seen.insert(text) {
                return None;
            }
        }
        let mut keys = Vec::new();
        for (key, _) in entries {
            let ConstId(id) = self.code.text(string_of(key)?);
            keys.push(u16::try_from(id).ok()?);
        }
        Some(keys)
    }

    #[inline(never)]
    fn map_by_entry(&mut self, entries: &'a [(Expr, Expr)], dst: Reg) {
        let map = self.reserve_result(self.top);
        self.put(Inst::new(Op::NewMapEmpty, map, ZERO, ZERO));
        for (key, value) in entries {
            let top = self.top;
            if let Some(text) = string_of(key) {
                let value = self.value(value);
                let extra = [self.key(text)];
                self.put(Inst::new(Op::SetProp, map, value, ZERO).extra(extra));
            } else {
                let key = self.value(key);
                let value = self.value(value);
                self.put(Inst::new(Op::SetIndex, map, key, value));
            }
            self.top = top;
        }
        if map != dst {
            self.put(Inst::new(Op::Move, dst, map, ZERO));
        }
    }

    /// `dst = ` the function; `assigned`: it is the entire right side of an assignment (spec
    /// §13.3).
    #[inline(never)]
    pub(super) fn closure(&mut self, function: &Function, assigned: bool, dst: Reg) {
        let number = self.analysis.number_of(function);
        if self.children.len() >= CHILDREN_MAX {
            self.refuse("a function has at most 65000 function literals inside");
        }
        let child = Arg::Count(low_u16(low_u32(self.children.len())));
        self.children.push(low_u32(number));
        let may_capture = assigned || self.analysis.dialect == Dialect::V2;
        let captured = self.analysis.functions[number].captured;
        let has_scope = self.scope.kind != ScopeKind::Main;
        if may_capture && has_scope && captured != Captured::Nothing {
            let scope = self.scope_register;
            self.put(Inst::new(Op::Closure, dst, child, scope));
        } else {
            self.put(Inst::new(Op::Closure, dst, child, ZERO).x(1));
        }
    }
}

fn string_of(expr: &Expr) -> Option<&str> {
    match &ungroup(expr).kind {
        ExprKind::Str(text) => Some(text),
        _ => None,
    }
}
