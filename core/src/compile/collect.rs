//! Which names a function has, mentions and hands to its inner functions: the first half of the
//! analysis of scopes.

use super::facts::{for_each_child, is_never_function, walk};
use super::fold::ungroup;
use super::scope::{Analyzer, Needs, VarTable, index_name, is_scope_name};
use crate::syntax::Dialect;
use crate::syntax::ast::{Expr, ExprKind, Function, Stmt, StmtKind, UnaryOp};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What one function says about names.
#[derive(Default)]
pub(super) struct Collected<'a> {
    pub(super) vars: VarTable,
    /// Names it reads or calls.
    pub(super) mentions: BTreeSet<&'a str>,
    /// It mentions `locals` or `import`: its variables can be reached as a map.
    pub(super) uses_scope: bool,
    /// Members of `outer` that it reads, calls or assigns.
    pub(super) outer_members: BTreeSet<&'a str>,
    /// Members of `outer` that it assigns.
    pub(super) outer_assigned: BTreeSet<&'a str>,
    /// It uses `outer` as a value.
    pub(super) outer_value: bool,
    /// Assignments `x = y`: the name assigned, and the expression and name read.
    pub(super) aliases: Vec<(&'a str, &'a Expr, &'a str)>,
    /// Inner functions that capture, and what they need.
    pub(super) capturing: Vec<(usize, Needs<'a>)>,
    loop_vars: BTreeSet<&'a str>,
    open_loops: Vec<&'a str>,
    visible_loops: BTreeSet<&'a str>,
}

/// Walks one function; its inner functions are analyzed on the way.
pub(super) fn collect<'a>(
    analyzer: &mut Analyzer<'a>,
    literal: Option<&'a Function>,
    body: &'a [Stmt],
) -> Collected<'a> {
    let mut walk =
        Collector { analyzer, found: Collected::default(), binds_self: literal.is_some() };
    for (place, param) in literal.iter().flat_map(|f| &f.params).enumerate() {
        // Of two parameters with one name the first gets the argument (v1, spec §13.1).
        let var = walk.found.vars.declare(&param.name);
        var.may_call = true;
        var.param = var.param.or_else(|| u16::try_from(place).ok());
    }
    walk.block(body);
    walk.close();
    walk.found
}

/// The target of an assignment: `@x = …` means `x = …` (spec §4.7).
pub(super) fn target_of(target: &Expr) -> &Expr {
    match &target.kind {
        ExprKind::Unary(UnaryOp::AddressOf, inner) => inner,
        _ => target,
    }
}

/// Whether the expression is the name `outer`.
pub(super) fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(found) if found == name)
}

struct Collector<'w, 'a> {
    analyzer: &'w mut Analyzer<'a>,
    found: Collected<'a>,
    binds_self: bool,
}

impl<'a> Collector<'_, 'a> {
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
                self.target(target);
                self.assigned_value(target, value);
            }
            StmtKind::AugAssign(target, _, value) => {
                self.target(target_of(target));
                self.expr(value);
            }
            StmtKind::If(branches, otherwise) => {
                for (condition, block) in branches {
                    self.expr(condition);
                    self.block(&block.body);
                }
                otherwise.iter().for_each(|block| self.block(&block.body));
            }
            StmtKind::While(condition, block) => {
                self.expr(condition);
                self.block(&block.body);
            }
            StmtKind::For(variable, sequence, block) => {
                self.expr(sequence);
                self.for_loop(variable, &block.body);
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(value) => value.iter().for_each(|value| self.expr(value)),
        }
    }

    fn for_loop(&mut self, variable: &'a str, body: &'a [Stmt]) {
        if !is_scope_name(variable) {
            let var = self.found.vars.declare(variable);
            var.assigned = true;
            var.may_call = true;
        }
        self.found.loop_vars.insert(variable);
        if self.found.open_loops.contains(&variable) {
            self.found.visible_loops.insert(variable);
        }
        self.found.open_loops.push(variable);
        self.block(body);
        self.found.open_loops.pop();
    }

    fn target(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Name(name) if is_scope_name(name) => {}
            ExprKind::Name(name) => {
                if matches!(name.as_str(), "self" | "super") {
                    self.bind(name);
                }
                self.found.vars.declare(name).assigned = true;
            }
            ExprKind::Member(base, name) if is_name(base, "outer") => {
                self.found.outer_members.insert(name);
                self.found.outer_assigned.insert(name);
            }
            _ => for_each_child(target, &mut |child| self.expr(child)),
        }
    }

    fn assigned_value(&mut self, target: &'a Expr, value: &'a Expr) {
        if let ExprKind::Name(name) = &target.kind
            && !is_scope_name(name)
        {
            match &ungroup(value).kind {
                ExprKind::Name(source) => {
                    self.found.aliases.push((name, ungroup(value), source));
                }
                _ if is_never_function(value) => {}
                _ => self.found.vars.declare(name).may_call = true,
            }
        }
        match &value.kind {
            // The only literal that captures in v1 (spec §13.3).
            ExprKind::Function(function) => {
                let inner = self.analyzer.literal(function, Some(target));
                self.found.capturing.push(inner);
            }
            _ => self.expr(value),
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        walk(expr, &mut |e| {
            match &e.kind {
                ExprKind::Name(name) => self.mention(name),
                ExprKind::Member(base, name) if is_name(base, "outer") => {
                    self.found.outer_members.insert(name);
                    return false;
                }
                ExprKind::Function(function) => {
                    let inner = self.analyzer.literal(function, None);
                    if self.analyzer.dialect() == Dialect::V2 {
                        self.found.capturing.push(inner);
                    }
                }
                _ => {}
            }
            true
        });
    }

    fn mention(&mut self, name: &'a str) {
        match name {
            "locals" => self.found.uses_scope = true,
            "outer" => self.found.outer_value = true,
            "globals" => {}
            _ => {
                self.found.uses_scope |= name == "import";
                self.found.mentions.insert(name);
                if matches!(name, "self" | "super") {
                    self.bind(name);
                }
                if name == "super" {
                    // `super.f` is called with the current `self` (spec §14.4).
                    self.found.mentions.insert("self");
                    self.bind("self");
                }
            }
        }
    }

    /// Makes `self` or `super` a variable of a function.
    fn bind(&mut self, name: &str) {
        if self.binds_self {
            let var = self.found.vars.declare(name);
            var.bound = var.param.is_none();
            var.may_call = true;
        }
    }

    /// What inner functions make of the variables, once all of them are known.
    fn close(&mut self) {
        let capturing = core::mem::take(&mut self.found.capturing);
        for (_, needs) in &capturing {
            for name in &needs.assigned {
                let var = self.found.vars.declare(name);
                var.outer_assigned = true;
                var.may_call = true;
            }
            for name in ["self", "super"] {
                if needs.names.contains(name) {
                    self.bind(name);
                }
            }
        }
        for variable in &self.found.loop_vars {
            let index = index_name(variable);
            let is_visible = self.found.visible_loops.contains(variable)
                || self.found.mentions.contains(index.as_str())
                || self.found.vars.by_name.contains_key(&index)
                || capturing.iter().any(|(_, needs)| {
                    needs.names.contains(index.as_str()) || needs.members.contains(index.as_str())
                });
            if is_visible {
                self.found.vars.declare(&index).assigned = true;
            }
        }
        self.found.capturing = capturing;
    }
}
