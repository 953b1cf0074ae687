//! Small functions without effects, built into their callers.
//!
//! As long as such a body has done nothing that can be noticed, the interpreter can do the whole
//! call again: every check in it leaves with the *caller's* state, at the calling instruction. Fuel
//! is paid at the end. What the call would check (depth, room on the stack) is checked; in a loop
//! these checks are the same each time and stay behind in its first iteration.

use super::Builder;
use super::Point;
use super::emit::Memory;
use super::vars::{Slot, Vars};
use crate::flow::Flow;
use crate::ir::{Exit, Val};
use crate::lir::ExitKind;
use crate::op::{Address, Base, Op, Rep, Width};
use crate::plan::{Failures, Plan, plan};
use crate::view::{Insn, View};
use brisk_core::bytecode::Op as Code;
use brisk_core::native::layout;
use brisk_core::value::Value;
use brisk_core::vm::Vm;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Most instructions of a body, with those counted again that several ways lead to.
const BODY_MAX: usize = 40;

/// A function that can be inlined.
pub(super) struct Body<'a> {
    view: View<'a>,
    flow: Flow,
    plans: Vec<Plan>,
    failures: Failures,
}

/// Functions that can be inlined, by the bits of their values.
pub(super) type Bodies<'a> = FxHashMap<u64, Body<'a>>;

/// What a builder goes back to after an inlined call.
pub(super) struct Caller<'a> {
    view: &'a View<'a>,
    flow: &'a Flow,
    plans: &'a [Plan],
    failures: &'a Failures,
    vars: Vars,
    point: Point,
}

impl Caller<'_> {
    /// The exit that does the call again.
    pub(super) fn exit(&self) -> Exit {
        let live = &self.flow.live[self.point.index];
        let dirty = self.vars.slots.iter().enumerate().filter(|(_, slot)| slot.dirty);
        let saved = dirty.filter_map(|(register, slot)| {
            let register = register as u16;
            slot.val.filter(|_| live.has(register)).map(|val| (register, val))
        });
        Exit { kind: ExitKind::Resume, pc: self.point.pc, saved: saved.collect() }
    }
}

/// Finds the calls in a function that can be inlined, and changes their plans.
pub(super) fn bodies<'a>(
    vm: &Vm,
    view: &View<'_>,
    plans: &mut [Plan],
    failures: &Failures,
) -> Bodies<'a> {
    let mut bodies = Bodies::default();
    for (insn, planned) in view.insns.iter().zip(plans) {
        let Plan::Call(callee) = *planned else { continue };
        if failures.get(&insn.at).is_some_and(|&level| level > 0) {
            continue;
        }
        if let Entry::Vacant(place) = bodies.entry(callee.bits()) {
            let Some(body) = body(vm, callee) else { continue };
            place.insert(body);
        }
        *planned = Plan::Inlined(callee);
    }
    bodies
}

fn body<'a>(vm: &Vm, callee: Value) -> Option<Body<'a>> {
    let code = crate::function::FunctionRef::of_value(callee)?.code();
    let view = View::new(code)?;
    let failures = Failures::default();
    let plans: Vec<Plan> = view.insns.iter().map(|i| plan(vm, &view, i, &failures)).collect();
    let mut left = BODY_MAX;
    if !is_pure(&view, &plans, 0, &mut left) {
        return None;
    }
    let flow = Flow::new(&view);
    Some(Body { view, flow, plans, failures })
}

/// Whether the code from an instruction on has no effects and ends, within so many instructions.
fn is_pure(view: &View<'_>, plans: &[Plan], from: usize, left: &mut usize) -> bool {
    let mut index = from;
    loop {
        let Some(insn) = view.insns.get(index) else { return false };
        if *left == 0 || !allowed(insn, plans[index]) {
            return false;
        }
        *left -= 1;
        if matches!(insn.op, Code::Return | Code::ReturnNull) {
            return true;
        }
        match view.target(insn) {
            Some(target) if target <= insn.at => return false,
            Some(target) if insn.op == Code::Jump => index = view.index[target] as usize,
            Some(target) => {
                if !is_pure(view, plans, view.index[target] as usize, left) {
                    return false;
                }
                index += 1;
            }
            None => index += 1,
        }
    }
}

fn allowed(insn: &Insn, plan: Plan) -> bool {
    let stores = matches!(insn.op, Code::SetGlobal | Code::SetIndexList | Code::SetPropOwn);
    let loops = matches!(insn.op, Code::ForPrep | Code::IterGet);
    matches!(plan, Plan::Inline | Plan::Numeric(..)) && !stores && !loops
}

impl<'a> Builder<'a> {
    /// Builds the body of a function in place of a call.
    pub(super) fn inline_call(&mut self, index: usize, insn: &Insn, callee: Value) {
        let Some(body) = self.bodies.and_then(|bodies| bodies.get(&callee.bits())) else { return };
        let code = body.view.code;
        self.check_callee((insn.extra & 0xFFFF_FFFF) as u32, callee);
        self.check_room(u32::from(insn.b()) + code.register_count);
        let mut vars = Vars::new(code.register_count as usize);
        // A register that was not written holds any value, but not one of the caller's window.
        let null = self.word(Value::NULL.bits());
        vars.slots.fill(Slot { val: Some(null), dirty: false, number: false });
        for i in 0..u16::from(insn.x()) {
            let val = self.read(insn.b() + i);
            vars.slots[usize::from(i)] = Slot { val: Some(val), dirty: false, number: false };
        }
        vars.cells = self.vars.cells.clone();
        self.enter_body(body, vars);
        let succs = core::mem::take(&mut self.graph.blocks[self.node].succs);
        let before = self.node;
        let mut returns = Vec::new();
        self.build_body(0, &mut returns);
        let result = self.join(before, returns);
        self.graph.blocks[self.node].succs = succs;
        let exit = self.exit_here();
        self.append(Op::Pay(code.cost), Vec::new(), Some(exit));
        self.leave_body();
        self.write(insn.a(), result);
        self.stand_at(index + 1);
        if self.expects_number(insn.a(), index + 1) {
            self.as_number(result);
        }
    }

    /// What a call checks before it begins, but for fuel.
    fn check_room(&mut self, registers: u32) {
        let depth = Address { base: Base::Window, indexed: false, offset: layout::FRAME_DEPTH };
        let depth = self.emit(Op::Load(depth, Width::W32), &[]);
        let most = Op::Load(Address::vm(layout::VM_CALL_DEPTH_MAX), Width::W32);
        let most = self.load(most, &[], Memory::Heads);
        self.check(Op::CheckIndex, &[depth, most]);
        self.check(Op::CheckWindow(registers), &[]);
    }

    fn enter_body(&mut self, body: &'a Body<'a>, vars: Vars) {
        let vars = core::mem::replace(&mut self.vars, vars);
        self.caller = Some(Caller {
            view: core::mem::replace(&mut self.view, &body.view),
            flow: core::mem::replace(&mut self.flow, &body.flow),
            plans: core::mem::replace(&mut self.plans, &body.plans),
            failures: core::mem::replace(&mut self.failures, &body.failures),
            vars,
            point: self.point,
        });
    }

    fn leave_body(&mut self) {
        let Some(caller) = self.caller.take() else { return };
        (self.view, self.flow, self.plans) = (caller.view, caller.flow, caller.plans);
        (self.failures, self.vars, self.point) = (caller.failures, caller.vars, caller.point);
    }

    /// Builds a body from an instruction on; notes where it returns and with what.
    fn build_body(&mut self, from: usize, returns: &mut Vec<(usize, Val)>) {
        let mut index = from;
        loop {
            let insn = self.view.insns[index];
            match (insn.op, self.view.target(&insn)) {
                (Code::Return, _) => {
                    let val = self.read(insn.a());
                    returns.push((self.node, val));
                    return;
                }
                (Code::ReturnNull, _) => {
                    let val = self.word(Value::NULL.bits());
                    returns.push((self.node, val));
                    return;
                }
                (Code::Jump, Some(target)) => index = self.view.index[target] as usize,
                (_, Some(target)) => {
                    let target = self.view.index[target] as usize;
                    let (taken, fall) = (self.new_block(self.node), self.new_block(self.node));
                    self.graph.blocks[self.node].succs = vec![taken as u32, fall as u32];
                    self.control(&insn);
                    let vars = self.vars.clone();
                    for (block, at) in [(fall, index + 1), (taken, target)] {
                        self.node = block;
                        self.graph.order.push(block);
                        self.vars = vars.clone();
                        self.build_body(at, returns);
                    }
                    return;
                }
                _ => {
                    self.insn(index, false);
                    index += 1;
                }
            }
        }
    }

    /// Goes on behind a body, where its ways meet again.
    fn join(&mut self, before: usize, returns: Vec<(usize, Val)>) -> Val {
        if let [(block, val)] = returns[..] {
            self.node = block;
            return val;
        }
        let numbers = returns.iter().all(|&(_, val)| self.graph.rep(val) == Rep::F64);
        let join = self.new_block(before);
        for (block, val) in returns {
            self.node = block;
            let val = if numbers { val } else { self.as_word(val) };
            self.append(Op::Jump, vec![val], None);
            self.graph.blocks[block].succs = vec![join as u32];
        }
        self.node = join;
        self.graph.order.push(join);
        let result = self.graph.value(if numbers { Rep::F64 } else { Rep::Word });
        self.graph.blocks[join].params.push(result);
        result
    }
}
