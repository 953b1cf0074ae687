//! Where ways meet: which registers become parameters, and what predecessors do for that.

use super::Builder;
use super::emit::Versions;
use super::vars::{Slot, Vars};
use crate::ir::{Inst, Val};
use crate::op::{Address, Op, Rep, Width};
use crate::region::Kind;
use brisk_core::bytecode::{Op as Code, bc_of};
use rustc_hash::FxHashSet;

/// What happens on the ways back to a loop header.
#[derive(Default)]
struct Cycle {
    assigned: FxHashSet<u16>,
    cells: FxHashSet<u32>,
    elements: bool,
    /// Kinds of members that are stored to.
    members: FxHashSet<usize>,
    calls: bool,
    /// Every way back passes a call, or something like it: registers are in the window.
    always_calls: bool,
}

impl Builder<'_> {
    /// The state at the beginning of a node.
    pub(super) fn begin(&mut self, node: usize) {
        let preds = self.region.nodes[node].preds.clone();
        let built: Vec<usize> = preds.iter().copied().filter(|&p| p < node).collect();
        if preds.len() == 1 {
            if let Some((vars, versions)) = &self.ends[preds[0]] {
                (self.vars, self.versions) = (vars.clone(), *versions);
            }
            if let Some(&(register, val)) = self.late.get(&preds[0])
                && self.region.nodes[preds[0]].succs.get(1) == Some(&node)
            {
                self.write(register, val);
            }
            return;
        }
        let loops = built.len() < preds.len();
        let cycle = if loops { self.cycle(node, &preds) } else { Cycle::default() };
        self.stand_at_node(node);
        let registers = self.vars.slots.len();
        let mut vars = Vars::new(registers);
        let mut params = Vec::new();
        for register in 0..registers as u16 {
            if !self.live(register) {
                continue;
            }
            let slots: Vec<Slot> = built.iter().map(|&p| self.end_slot(p, register)).collect();
            let slot = self.meet(node, register, &slots, loops.then_some(&cycle), &mut params);
            vars.slots[usize::from(register)] = slot;
        }
        self.meet_cells(&built, &cycle, &mut vars);
        self.versions = self.meet_versions(&built, loops, &cycle);
        self.vars = vars;
        if loops {
            self.begins[node] = Some((self.vars.clone(), params));
        } else {
            self.provide(node, &built, &self.vars.clone(), &params);
        }
    }

    fn end_slot(&self, pred: usize, register: u16) -> Slot {
        let end = self.ends[pred].as_ref();
        end.map_or(Slot::default(), |(vars, _)| vars.slots[usize::from(register)])
    }

    /// The place of the first instruction of a node.
    fn stand_at_node(&mut self, node: usize) {
        let mut at = node;
        loop {
            match self.region.nodes[at].kind {
                Kind::Code { block, .. } => {
                    self.stand_at(self.flow.blocks[block].first);
                    return;
                }
                Kind::Leave { at } => {
                    self.stand_at(self.view.index[at] as usize);
                    return;
                }
                // A jump back: what is live at its end of the block.
                Kind::Back { block } => {
                    self.stand_at(self.flow.blocks[block].end - 1);
                    return;
                }
                Kind::Entry | Kind::Edge => at = self.region.nodes[at].succs[0],
            }
        }
    }

    fn meet(
        &mut self,
        node: usize,
        register: u16,
        slots: &[Slot],
        cycle: Option<&Cycle>,
        params: &mut Vec<u16>,
    ) -> Slot {
        let dirty = slots.iter().any(|s| s.dirty);
        let number_in = |graph: &crate::ir::Graph, s: &Slot| match s.val {
            Some(val) => graph.rep(val) == Rep::F64,
            None => s.number,
        };
        let all_numbers = slots.iter().all(|s| number_in(&self.graph, s));
        let number = all_numbers && !self.doubts.contains(&(node, register));
        let first = slots[0].val;
        let same = first.is_some() && slots.iter().all(|s| s.val == first);
        let assigned = cycle.is_some_and(|c| c.assigned.contains(&register));
        let in_window = Slot { val: None, dirty: false, number };
        match cycle {
            Some(cycle) if cycle.always_calls => return in_window,
            Some(cycle) if !assigned && !cycle.calls && same => {
                return Slot { val: first, dirty, number: false };
            }
            Some(_) => {
                // Comes back changed, or read again after a call.
                if !assigned && slots.iter().all(|s| s.val.is_none()) {
                    return in_window;
                }
                params.push(register);
                let rep = if number { Rep::F64 } else { Rep::Word };
                let val = self.graph.value(rep);
                self.graph.blocks[node].params.push(val);
                return Slot { val: Some(val), dirty: dirty || assigned, number: false };
            }
            None if same => return Slot { val: first, dirty, number: false },
            None => {}
        }
        if !dirty && slots.iter().any(|s| s.val.is_none()) {
            return in_window;
        }
        params.push(register);
        let val = self.graph.value(if number { Rep::F64 } else { Rep::Word });
        self.graph.blocks[node].params.push(val);
        Slot { val: Some(val), dirty, number: false }
    }

    fn meet_cells(&mut self, built: &[usize], cycle: &Cycle, vars: &mut Vars) {
        let Some((first, _)) = &self.ends[built[0]] else { return };
        if cycle.calls {
            return;
        }
        for (&cell, &val) in &first.cells {
            let same = built.iter().all(|&p| {
                self.ends[p].as_ref().is_some_and(|(v, _)| v.cells.get(&cell) == Some(&val))
            });
            if same && !cycle.cells.contains(&cell) {
                vars.cells.insert(cell, val);
            }
        }
    }

    fn meet_versions(&mut self, built: &[usize], loops: bool, cycle: &Cycle) -> Versions {
        let ends: Vec<Versions> =
            built.iter().filter_map(|&p| self.ends[p].as_ref().map(|e| e.1)).collect();
        let mut versions = ends[0];
        for memory in 0..versions.memory.len() {
            let changed = loops
                && (cycle.calls
                    || cycle.members.contains(&memory)
                    || memory == super::emit::Memory::Elements as usize && cycle.elements
                    || memory == super::emit::Memory::Cells as usize && !cycle.cells.is_empty());
            if changed || ends.iter().any(|e| e.memory[memory] != versions.memory[memory]) {
                versions.memory[memory] = self.fresh();
            }
        }
        if loops && cycle.calls || ends.iter().any(|e| e.epoch != versions.epoch) {
            versions.epoch = self.fresh();
        }
        versions
    }

    /// What happens between leaving a node with unbuilt predecessors and coming back to it.
    fn cycle(&self, node: usize, preds: &[usize]) -> Cycle {
        let Kind::Code { block: header, .. } = self.region.nodes[node].kind else {
            return self.anything();
        };
        // The jumps back of the loop with this header, and nothing else?
        let own = self.flow.loop_at(header).copied().filter(|l| {
            preds.iter().filter(|&&p| p >= node).all(|&p| match self.region.nodes[p].kind {
                Kind::Back { block } => l.has(block),
                _ => false,
            })
        });
        match own {
            Some(l) => {
                let mut cycle = self.summary(l.header, l.last);
                cycle.always_calls = cycle.calls && !self.way_without_calls(l.header, l.last);
                cycle
            }
            None => self.anything(),
        }
    }

    /// A cycle that is not one loop of the bytecode: where code is entered in the middle of one. It
    /// begins with everything in the window, as the way in does.
    fn anything(&self) -> Cycle {
        let mut cycle = self.summary(*self.region.blocks.start(), *self.region.blocks.end());
        (cycle.calls, cycle.always_calls) = (true, true);
        cycle
    }

    fn summary(&self, first: usize, last: usize) -> Cycle {
        let mut cycle = Cycle::default();
        for index in self.flow.blocks[first].first..self.flow.blocks[last].end {
            let insn = &self.view.insns[index];
            self.view.writes(insn, |r| {
                cycle.assigned.insert(r);
            });
            match insn.op {
                Code::SetIndexList => cycle.elements = true,
                Code::SetPropOwn => cycle.members.extend(self.stored_members(insn)),
                Code::SetGlobal => {
                    cycle.cells.insert(bc_of(insn.word) as u32);
                }
                _ => {}
            }
            cycle.calls |= self.plans[index].is_call();
        }
        cycle
    }

    /// Whether some way from a loop's header back to it passes no call.
    fn way_without_calls(&self, header: usize, last: usize) -> bool {
        let calls = |block: usize| {
            let b = &self.flow.blocks[block];
            self.plans[b.first..b.end].iter().any(|p| p.is_call())
        };
        let mut seen = vec![false; last + 1];
        let mut stack = vec![header];
        while let Some(block) = stack.pop() {
            if seen[block] || calls(block) {
                continue;
            }
            seen[block] = true;
            let b = &self.flow.blocks[block];
            for next in [b.target, b.fall].into_iter().flatten() {
                if next == header {
                    return true;
                }
                if (header..=last).contains(&next) {
                    stack.push(next);
                }
            }
        }
        false
    }

    /// Now that everything is built: gives the headers of loops what their predecessors bring.
    pub(super) fn seal(&mut self) {
        for node in 0..self.region.nodes.len() {
            let Some((vars, params)) = self.begins[node].take() else { continue };
            let preds = self.region.nodes[node].preds.clone();
            self.stand_at_node(node);
            self.provide(node, &preds, &vars, &params);
        }
    }

    /// Makes each predecessor bring what a node expects.
    fn provide(&mut self, node: usize, preds: &[usize], wanted: &Vars, params: &[u16]) {
        let (here, state) = (self.node, (self.vars.clone(), self.versions));
        for &pred in preds {
            let Some((vars, versions)) = self.ends[pred].clone() else { continue };
            // The jump at the end, which is a node's only way: critical edges are split.
            self.node = self.tails[pred];
            let Some(jump) = self.graph.blocks[self.node].insts.pop() else { continue };
            (self.vars, self.versions) = (vars, versions);
            let mut args = Vec::new();
            for &register in params {
                args.push(self.argument(node, register, wanted));
            }
            for register in 0..wanted.slots.len() as u16 {
                let want = wanted.slots[usize::from(register)];
                if want.val.is_some() || !self.live(register) {
                    continue;
                }
                let slot = self.vars.slots[usize::from(register)];
                if let Some(val) = slot.val {
                    if want.number && self.graph.rep(val) == Rep::Word {
                        self.new_doubts.insert((node, register));
                    }
                    if slot.dirty {
                        self.store_slot(register, val);
                    }
                } else if want.number && !slot.number {
                    self.new_doubts.insert((node, register));
                }
            }
            let jump = Inst { args, ..jump };
            self.graph.blocks[self.node].insts.push(jump);
        }
        self.node = here;
        (self.vars, self.versions) = state;
    }

    /// What a predecessor passes for a register.
    fn argument(&mut self, node: usize, register: u16, wanted: &Vars) -> Val {
        let want = wanted.slots[usize::from(register)].val;
        let rep = want.map_or(Rep::Word, |v| self.graph.rep(v));
        let slot = self.vars.slots[usize::from(register)];
        let address = Address::slot(register);
        let val = match slot.val {
            Some(val) => val,
            None if slot.number => {
                self.append(Op::LoadF64(address), Vec::new(), None).unwrap_or(Val(0))
            }
            None => self.append(Op::Load(address, Width::W64), Vec::new(), None).unwrap_or(Val(0)),
        };
        match (rep, self.graph.rep(val)) {
            (Rep::F64, Rep::Word) => {
                self.new_doubts.insert((node, register));
                val
            }
            (Rep::Word, Rep::F64) => {
                // Numbered values of other nodes do not reach here: make it anew.
                match self.graph.constant(val) {
                    Some(bits) => {
                        let word = self.append(Op::Word(bits), Vec::new(), None);
                        if let Some(word) = word {
                            self.graph.constants[word.0 as usize] = Some(bits);
                        }
                        word.unwrap_or(val)
                    }
                    None => {
                        let canonical = self.graph.is_canonical(val);
                        let op = if canonical { Op::ToBits } else { Op::ToValue };
                        self.append(op, vec![val], None).unwrap_or(val)
                    }
                }
            }
            _ => val,
        }
    }
}
