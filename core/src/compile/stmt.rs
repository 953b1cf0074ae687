//! Statements, loops included.

use super::calls::HEADER;
use super::emit::{Arg, ExtraArg, Reg};
use super::facts::is_small_condition;
use super::fold::truth_of;
use super::function::{FnCompiler, LoopLabels};
use super::inst::{Check, Inst, Src, ZERO};
use super::names::Role;
use super::scope::{Place, ScopeKind, index_name, is_scope_name};
use crate::bytecode::{Const, Op};
use crate::syntax::Dialect;
use crate::syntax::ast::{Block, Expr, ExprKind, Stmt, StmtKind};
use alloc::format;

/// Registers of the state of a loop.
const LOOP_STATE: u16 = 4;

/// Most arguments of a `range` that a loop counts without a list.
const RANGE_ARGS_MAX: usize = 3;

impl<'a> FnCompiler<'_, 'a> {
    /// Statements in order.
    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            let top = self.top;
            self.code.line = stmt.line.max(1);
            self.stmt(stmt);
            self.top = top;
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                let dst = self.scratch();
                self.call_statement(expr, dst);
                self.store_result(dst);
            }
            StmtKind::Command(callee, args) => {
                let dst = self.scratch();
                self.call(callee, args, dst);
                self.store_result(dst);
            }
            StmtKind::Assign(target, value) => self.assign(target, value),
            StmtKind::AugAssign(target, op, value) => self.assign_op(target, *op, value),
            StmtKind::If(branches, otherwise) => self.if_else(branches, otherwise.as_ref()),
            StmtKind::While(condition, body) => self.while_loop(stmt.line.max(1), condition, body),
            StmtKind::For(variable, sequence, body) => {
                self.for_loop(stmt.line.max(1), variable, sequence, body);
            }
            StmtKind::Break => {
                if let Some(labels) = self.loops.last() {
                    let exit = labels.exit;
                    self.jump(exit, false);
                }
            }
            StmtKind::Continue => {
                if let Some(labels) = self.loops.last() {
                    let (next, back) = (labels.next, labels.next_is_back);
                    self.jump(next, back);
                }
            }
            StmtKind::Return(value) => self.return_value(value.as_ref()),
        }
    }

    /// The implicit result of the REPL (spec §21.2).
    fn store_result(&mut self, reg: Reg) {
        if self.repl {
            self.put(Inst::new(Op::StoreResult, reg, ZERO, ZERO));
        }
    }

    fn return_value(&mut self, value: Option<&'a Expr>) {
        // At the top level of a main program, `return` only evaluates its operand (v1, spec §4.6).
        let is_void = self.scope.kind == ScopeKind::Main && self.analysis.dialect == Dialect::V1;
        match value {
            Some(value) if is_void => {
                self.value(value);
            }
            None if is_void => {}
            Some(value) if !matches!(value.kind, ExprKind::Null) => {
                let reg = self.value(value);
                self.put(Inst::new(Op::Return, reg, ZERO, ZERO));
            }
            _ => {
                self.put(Inst::new(Op::ReturnNull, ZERO, ZERO, ZERO));
            }
        }
    }

    fn if_else(&mut self, branches: &'a [(Expr, Block)], otherwise: Option<&'a Block>) {
        let line = self.code.line;
        if let [(condition, block)] = branches
            && self.conditional_leave(condition, block)
        {
            return otherwise.iter().for_each(|block| self.block(&block.body));
        }
        let end = self.code.label();
        for (place, (condition, block)) in branches.iter().enumerate() {
            let is_last = place + 1 == branches.len() && otherwise.is_none();
            let next = if is_last { end } else { self.code.label() };
            self.code.line = line;
            self.jump_when(condition, false, next, false);
            self.block(&block.body);
            if !is_last {
                self.jump(end, false);
                self.code.bind(next);
            }
        }
        if let Some(block) = otherwise {
            self.block(&block.body);
        }
        self.code.bind(end);
    }

    /// `if condition then break`, `continue` likewise: one conditional jump.
    fn conditional_leave(&mut self, condition: &'a Expr, block: &'a Block) -> bool {
        let ([stmt], Some(labels)) = (block.body.as_slice(), self.loops.last()) else {
            return false;
        };
        let (target, back) = match stmt.kind {
            StmtKind::Break => (labels.exit, false),
            StmtKind::Continue => (labels.next, labels.next_is_back),
            _ => return false,
        };
        self.jump_when(condition, true, target, back);
        true
    }

    /// A small condition is tested before the loop and at the bottom, another one at the top.
    fn while_loop(&mut self, line: u32, condition: &'a Expr, body: &'a Block) {
        if truth_of(condition) == Some(false) {
            return;
        }
        let exit = self.code.label();
        if is_small_condition(condition) && truth_of(condition).is_none() {
            let next = self.code.label();
            self.jump_when(condition, false, exit, false);
            let start = self.code.bound_label();
            self.loop_body(LoopLabels { exit, next, next_is_back: false }, body);
            self.code.bind(next);
            self.code.line = line;
            self.jump_when(condition, true, start, true);
        } else {
            let start = self.code.bound_label();
            self.jump_when(condition, false, exit, false);
            self.loop_body(LoopLabels { exit, next: start, next_is_back: true }, body);
            self.code.line = line;
            self.jump(start, true);
        }
        self.code.bind(exit);
    }

    fn loop_body(&mut self, labels: LoopLabels, body: &'a Block) {
        self.loops.push(labels);
        self.block(&body.body);
        self.loops.pop();
    }

    fn for_loop(&mut self, line: u32, variable: &'a str, sequence: &'a Expr, body: &'a Block) {
        let state = self.loop_state(sequence);
        let index = index_name(variable);
        let has_index = match self.scope.kind {
            ScopeKind::Main | ScopeKind::Map => true,
            ScopeKind::Plain => self.scope.vars.by_name.contains_key(&index),
        };
        if has_index {
            self.indexed_loop(line, variable, &index, state, body);
        } else {
            self.counted_loop(line, variable, state, body);
        }
    }

    /// The sequence, or the numbers it would consist of, in four registers that are taken.
    fn loop_state(&mut self, sequence: &'a Expr) -> Reg {
        let state = self.top;
        match self.range_arguments(sequence) {
            Some(args) => {
                let (start, count) = self.window(HEADER, args);
                let name = self.name_arg("range");
                let inst = Inst::new(Op::RangeInit, state, start, ZERO).x(count);
                self.put(inst.extra([name]));
            }
            None => self.expr_to(sequence, state),
        }
        self.top = state;
        self.reserve(LOOP_STATE)
    }

    fn range_arguments(&self, sequence: &'a Expr) -> Option<&'a [Expr]> {
        match &sequence.kind {
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Name(name)
                    if name == "range"
                        && (1..=RANGE_ARGS_MAX).contains(&args.len())
                        && self.place(name) == Place::Global =>
                {
                    Some(args)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A loop whose index no script can see.
    fn counted_loop(&mut self, line: u32, variable: &'a str, state: Reg, body: &'a Block) {
        let place = self.place(variable);
        let element = match place {
            Place::Local(number) => self.register_of(number),
            _ => self.reserve(1),
        };
        let (exit, next) = (self.code.label(), self.code.label());
        self.put(Inst::new(Op::ForPrep, state, element, exit));
        let start = self.code.bound_label();
        self.store_element(place, variable, element);
        self.loop_body(LoopLabels { exit, next, next_is_back: false }, body);
        self.code.bind(next);
        self.code.line = line;
        self.put(Inst::new(Op::ForNext, state, element, start));
        self.code.bind(exit);
    }

    /// A loop whose index is the variable `index` (v1, spec §15.3).
    fn indexed_loop(
        &mut self,
        line: u32,
        variable: &'a str,
        index: &str,
        state: Reg,
        body: &'a Block,
    ) {
        let exit = self.code.label();
        let index_place = self.place(index);
        let counter = match index_place {
            Place::Local(number) => self.register_of(number),
            _ => self.reserve(1),
        };
        self.load(Const::Number(-1.0), counter);
        self.store_index(index_place, index, counter);
        let start = self.code.bound_label();
        self.next_index(index_place, index, counter);
        self.store_index(index_place, index, counter);
        let place = self.place(variable);
        let element = match place {
            Place::Local(number) => self.register_of(number),
            _ => self.reserve(1),
        };
        let inst = Inst::new(Op::IterGet, element, state, counter);
        self.put(inst.extra([ExtraArg::Target(exit)]));
        self.store_element(place, variable, element);
        self.loop_body(LoopLabels { exit, next: start, next_is_back: true }, body);
        self.code.line = line;
        self.jump(start, true);
        self.code.bind(exit);
    }

    fn store_index(&mut self, place: Place, index: &str, counter: Reg) {
        if !matches!(place, Place::Local(_)) {
            self.write_place(place, index, counter);
        }
    }

    /// `counter = index + 1`.
    fn next_index(&mut self, place: Place, index: &str, counter: Reg) {
        let top = self.top;
        let check = match place {
            Place::Local(variable) if self.scope.vars.list[variable].may_call => Check::Call,
            Place::Local(_) => Check::None,
            _ => {
                self.read_place(place, index, counter, Role::Value);
                Check::None
            }
        };
        let old = self.ready(Src { reg: counter, check });
        let one = Const::Number(1.0);
        if self.code.wide {
            let right = self.scratch();
            self.load(one, right);
            self.put(Inst::new(Op::Add, counter, old, right));
        } else {
            let one = Arg::Const(self.code.constant(one));
            self.put(Inst::new(Op::AddK, counter, old, one));
        }
        self.top = top;
    }

    fn store_element(&mut self, place: Place, variable: &str, element: Reg) {
        if is_scope_name(variable) {
            self.fail(&format!("can't assign to {variable}"));
        } else if !matches!(place, Place::Local(_)) {
            self.write_place(place, variable, element);
        }
    }
}
