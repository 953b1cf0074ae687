//! Definite assignment: which reads of a variable may come before its assignment.
//!
//! One walk forward over the statements with the set of variables assigned on every path to here.
//! Assignment is never undone (a function whose variables could be removed has a scope map and is
//! not asked), so what holds where a loop begins holds in every iteration, and no second walk is
//! needed.

use super::collect::target_of;
use super::facts::{for_each_child, walk};
use super::fold::truth_of;
use super::scope::{VarTable, address, index_name, is_scope_name};
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind};
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

/// Marks the variables and reads of a function that may be unassigned, and returns the names that
/// may have to be looked up in the function around it.
pub(super) fn flow<'a>(
    vars: &mut VarTable,
    body: &'a [Stmt],
    unassigned_reads: &mut BTreeSet<usize>,
) -> BTreeSet<&'a str> {
    let mut state = Set::none(vars.list.len());
    for (number, var) in vars.list.iter().enumerate() {
        if var.param.is_some() {
            state.insert(number);
        }
    }
    let mut walk =
        Flow { vars, state, breaks: Vec::new(), unassigned_reads, names: BTreeSet::new() };
    walk.block(body);
    walk.names
}

/// A set of variables, by number.
#[derive(Clone)]
struct Set(Vec<u64>);

impl Set {
    fn none(count: usize) -> Set {
        Set(vec![0; count.div_ceil(64)])
    }

    /// Where control never comes, everything is assigned.
    fn fill(&mut self) {
        self.0.fill(u64::MAX);
    }

    fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn contains(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    fn intersect(&mut self, other: &Set) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }
}

struct Flow<'w, 'a> {
    vars: &'w mut VarTable,
    state: Set,
    /// For each open loop: what is assigned at every `break`.
    breaks: Vec<Set>,
    unassigned_reads: &'w mut BTreeSet<usize>,
    names: BTreeSet<&'a str>,
}

impl<'a> Flow<'_, 'a> {
    fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Command(callee, args) => {
                self.expr(callee);
                args.iter().for_each(|arg| self.expr(arg));
            }
            StmtKind::Assign(target, value) => {
                let target = target_of(target);
                match &target.kind {
                    ExprKind::Name(name) => {
                        self.expr(value);
                        self.assign(name);
                    }
                    _ => {
                        for_each_child(target, &mut |child| self.expr(child));
                        self.expr(value);
                    }
                }
            }
            StmtKind::AugAssign(target, _, value) => self.update(target_of(target), value),
            StmtKind::If(branches, otherwise) => {
                let mut after: Option<Set> = None;
                let mut join = |state: &Set| match &mut after {
                    Some(after) => after.intersect(state),
                    None => after = Some(state.clone()),
                };
                let before = self.state.clone();
                for (condition, block) in branches {
                    self.state.clone_from(&before);
                    self.expr(condition);
                    self.block(&block.body);
                    join(&self.state);
                }
                self.state = before;
                otherwise.iter().for_each(|block| self.block(&block.body));
                join(&self.state);
                self.state = after.unwrap_or_else(|| self.state.clone());
            }
            StmtKind::While(condition, block) => {
                self.expr(condition);
                let mut end = self.state.clone();
                if truth_of(condition) == Some(true) {
                    end.fill();
                }
                self.loop_body(&block.body, end);
            }
            StmtKind::For(variable, sequence, block) => {
                self.expr(sequence);
                self.assign(&index_name(variable));
                let end = self.state.clone();
                self.assign(variable);
                self.loop_body(&block.body, end);
            }
            StmtKind::Break => {
                if let Some(breaks) = self.breaks.last_mut() {
                    breaks.intersect(&self.state);
                }
                self.state.fill();
            }
            StmtKind::Continue => self.state.fill(),
            StmtKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.state.fill();
            }
        }
    }

    /// Walks the body of a loop whose condition leaves it with `end` assigned.
    fn loop_body(&mut self, body: &'a [Stmt], end: Set) {
        let mut never = end.clone();
        never.fill();
        self.breaks.push(never);
        self.block(body);
        self.state = end;
        if let Some(breaks) = self.breaks.pop() {
            self.state.intersect(&breaks);
        }
    }

    /// `target op= value`: the old value is read after the right side (v1, spec §4.8), from the
    /// function's own scope.
    fn update(&mut self, target: &'a Expr, value: &'a Expr) {
        let ExprKind::Name(name) = &target.kind else {
            for_each_child(target, &mut |child| self.expr(child));
            return self.expr(value);
        };
        self.expr(value);
        if let Some(&number) = self.vars.by_name.get(name)
            && !self.state.contains(number)
        {
            self.unassigned_reads.insert(address(target));
            self.vars.list[number].unassigned = true;
            self.vars.list[number].unassigned_update = true;
        }
        self.assign(name);
    }

    fn assign(&mut self, name: &str) {
        if let Some(&number) = self.vars.by_name.get(name) {
            self.state.insert(number);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        walk(expr, &mut |e| {
            if let ExprKind::Name(name) = &e.kind
                && !is_scope_name(name)
            {
                self.read(name, address(e));
                if name == "super" {
                    self.names.insert("self");
                }
            }
            true
        });
    }

    fn read(&mut self, name: &'a str, place: usize) {
        match self.vars.by_name.get(name) {
            Some(&number) if self.state.contains(number) => {}
            Some(&number) => {
                self.unassigned_reads.insert(place);
                self.vars.list[number].unassigned = true;
                self.names.insert(name);
            }
            None => {
                self.names.insert(name);
            }
        }
    }
}
