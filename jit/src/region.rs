//! What is compiled, as a graph: which blocks, how often, and where code is entered.
//!
//! A unit is a function from its start, or a part of one entered at the header of a running loop.
//! Innermost loops without calls are *peeled*: their blocks occur twice, and only the second copy
//! loops, so that what the first iteration found out (types, lengths, addresses) holds in the rest
//! without being checked again (LuaJIT's `lj_opt_loop.c` gets the same from copying a trace).

use crate::flow::{Flow, Loop};
use crate::plan::Plan;
use crate::view::View;
use brisk_core::bytecode::Op;

/// Most words of a unit that is not a loop in another one.
const UNIT_WORDS_MAX: usize = 3000;
/// Most words of a loop that is peeled.
const PEEL_WORDS_MAX: usize = 250;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Where code is entered.
    Entry,
    /// A copy of a block of the bytecode.
    Code {
        /// The block.
        block: usize,
        /// 0, or 1 for the loop behind a peeled iteration.
        copy: u8,
    },
    /// The jump back at the end of a block: what happens when it is taken.
    Back {
        /// The block.
        block: usize,
    },
    /// Nothing: an edge that needed a block of its own.
    Edge,
    /// Leaves the unit: the interpreter goes on at this word.
    Leave {
        /// The word.
        at: usize,
    },
}

/// A node of the graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// Where it leads: first the target of the jump at its end, then what lies behind it.
    pub succs: Vec<usize>,
    /// Where it is reached from.
    pub preds: Vec<usize>,
    /// The nearest node that is always passed before it.
    pub dominator: usize,
    /// Steps to the entry in the tree of dominators.
    pub depth: usize,
}

/// The graph of a unit; nodes in reverse postorder, the entry first.
pub struct Region {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Bytecode blocks it consists of.
    pub blocks: core::ops::RangeInclusive<usize>,
    /// Words of bytecode in it.
    pub words: usize,
}

impl Region {
    /// The unit for entering a function at a word: its start, or the header of a loop; `None` when it
    /// would be too large.
    pub fn new(
        view: &View<'_>,
        flow: &Flow,
        plans: &[Plan],
        at: usize,
        peeling: bool,
    ) -> Option<Region> {
        let start = flow.block_of[view.index[at] as usize] as usize;
        let blocks = extent(view, flow, start)?;
        let peeled: Vec<Loop> = flow
            .loops
            .iter()
            .filter(|l| peeling && can_peel(view, flow, plans, l))
            .copied()
            .collect();
        let mut maker = Maker { view, flow, plans, peeled, blocks, nodes: Vec::new() };
        maker.collect(start);
        let Maker { nodes, blocks, .. } = maker;
        let nodes = order(split_edges(nodes));
        let words = words_of(view, flow, *blocks.start(), *blocks.end());
        Some(Region { nodes, blocks, words })
    }
}

fn words_of(view: &View<'_>, flow: &Flow, first: usize, last: usize) -> usize {
    let start = view.insns[flow.blocks[first].first].at;
    let end = view.insns.get(flow.blocks[last].end).map_or(view.index.len(), |insn| insn.at);
    end - start
}

/// The blocks of a unit entered at `start`: the function, or the loop with that header when it lies in
/// another one, which has a unit of its own, or when the function is too large.
fn extent(view: &View<'_>, flow: &Flow, start: usize) -> Option<core::ops::RangeInclusive<usize>> {
    let last = flow.blocks.len() - 1;
    let small = words_of(view, flow, 0, last) <= UNIT_WORDS_MAX;
    let own = flow.loop_at(start);
    let nested = own.is_some_and(|l| flow.loops.iter().any(|outer| outer != l && outer.has(start)));
    match own {
        Some(l) if start != 0 && (nested || !small) => Some(l.header..=l.last),
        _ => small.then_some(0..=last),
    }
}

fn can_peel(view: &View<'_>, flow: &Flow, plans: &[Plan], l: &Loop) -> bool {
    let insns = flow.blocks[l.header].first..flow.blocks[l.last].end;
    l.innermost
        && words_of(view, flow, l.header, l.last) <= PEEL_WORDS_MAX
        && !plans[insns].iter().any(|p| p.is_call())
}

struct Maker<'a> {
    view: &'a View<'a>,
    flow: &'a Flow,
    plans: &'a [Plan],
    peeled: Vec<Loop>,
    blocks: core::ops::RangeInclusive<usize>,
    nodes: Vec<Node>,
}

impl Maker<'_> {
    fn add(&mut self, kind: Kind) -> usize {
        self.nodes.push(Node {
            kind,
            succs: Vec::new(),
            preds: Vec::new(),
            dominator: 0,
            depth: 0,
        });
        self.nodes.len() - 1
    }

    fn collect(&mut self, start: usize) {
        let entry = self.add(Kind::Entry);
        let mut known = rustc_hash::FxHashMap::default();
        let first = self.code(&mut known, start, 0);
        self.nodes[entry].succs.push(first);
        let mut next = 0;
        while next < self.nodes.len() {
            if let Kind::Code { block, copy } = self.nodes[next].kind {
                self.link(&mut known, next, block, copy);
            }
            next += 1;
        }
    }

    fn code(
        &mut self,
        known: &mut rustc_hash::FxHashMap<(usize, u8), usize>,
        block: usize,
        copy: u8,
    ) -> usize {
        if let Some(&node) = known.get(&(block, copy)) {
            return node;
        }
        let node = self.add(Kind::Code { block, copy });
        known.insert((block, copy), node);
        node
    }

    fn link(
        &mut self,
        known: &mut rustc_hash::FxHashMap<(usize, u8), usize>,
        node: usize,
        block: usize,
        copy: u8,
    ) {
        let b = &self.flow.blocks[block];
        let last = b.end - 1;
        let insn = self.view.insns[last];
        let never_jumps = insn.op == Op::ForPrep && self.plans[last] == Plan::Inline;
        let target = b.target.filter(|_| !never_jumps);
        let fall = b.fall;
        if let Some(target) = target {
            let succ = if target <= block {
                let back = self.add(Kind::Back { block });
                let header = self.destination(known, block, copy, target, true);
                self.nodes[back].succs.push(header);
                back
            } else {
                self.destination(known, block, copy, target, false)
            };
            self.nodes[node].succs.push(succ);
        }
        if let Some(fall) = fall {
            let succ = self.destination(known, block, copy, fall, false);
            self.nodes[node].succs.push(succ);
        }
    }

    fn destination(
        &mut self,
        known: &mut rustc_hash::FxHashMap<(usize, u8), usize>,
        from: usize,
        copy: u8,
        to: usize,
        back: bool,
    ) -> usize {
        if !self.blocks.contains(&to) {
            let at = self.view.insns[self.flow.blocks[to].first].at;
            return self.add(Kind::Leave { at });
        }
        let peeled = self.peeled.iter().find(|l| l.has(to)).copied();
        let copy = match peeled {
            Some(l) if l.header == to => u8::from(back && l.has(from)),
            Some(l) if l.has(from) => copy,
            _ => 0,
        };
        self.code(known, to, copy)
    }
}

/// Gives every edge from a node with several successors to one with several predecessors a node.
fn split_edges(mut nodes: Vec<Node>) -> Vec<Node> {
    let mut preds = vec![0usize; nodes.len()];
    for node in &nodes {
        for &succ in &node.succs {
            preds[succ] += 1;
        }
    }
    for node in 0..nodes.len() {
        if nodes[node].succs.len() < 2 {
            continue;
        }
        for i in 0..nodes[node].succs.len() {
            let succ = nodes[node].succs[i];
            if preds[succ] > 1 {
                nodes.push(Node {
                    kind: Kind::Edge,
                    succs: vec![succ],
                    preds: Vec::new(),
                    dominator: 0,
                    depth: 0,
                });
                nodes[node].succs[i] = nodes.len() - 1;
            }
        }
    }
    nodes
}

/// Puts the nodes into reverse postorder, and finds predecessors and dominators.
fn order(nodes: Vec<Node>) -> Vec<Node> {
    let mut post = Vec::new();
    let mut seen = vec![false; nodes.len()];
    let mut stack = vec![(0usize, 0usize)];
    seen[0] = true;
    // The successor visited last comes next in the order: a jump back, else what lies behind.
    while let Some((node, visited)) = stack.pop() {
        let succs = &nodes[node].succs;
        if visited < succs.len() {
            stack.push((node, visited + 1));
            let back = matches!(nodes[succs[0]].kind, Kind::Back { .. });
            let succ = if back { succs[succs.len() - 1 - visited] } else { succs[visited] };
            if !seen[succ] {
                seen[succ] = true;
                stack.push((succ, 0));
            }
        } else {
            post.push(node);
        }
    }
    post.reverse();
    let mut place = vec![usize::MAX; nodes.len()];
    for (i, &node) in post.iter().enumerate() {
        place[node] = i;
    }
    let mut ordered: Vec<Node> = post.iter().map(|&n| nodes[n].clone()).collect();
    for node in &mut ordered {
        for succ in &mut node.succs {
            *succ = place[*succ];
        }
    }
    for i in 0..ordered.len() {
        for s in 0..ordered[i].succs.len() {
            let succ = ordered[i].succs[s];
            ordered[succ].preds.push(i);
        }
    }
    dominators(&mut ordered);
    ordered
}

/// Cooper, Harvey, Kennedy: A simple, fast dominance algorithm (2001).
fn dominators(nodes: &mut [Node]) {
    let mut dominator = vec![usize::MAX; nodes.len()];
    dominator[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for i in 1..nodes.len() {
            let mut new = usize::MAX;
            for &pred in &nodes[i].preds {
                if dominator[pred] == usize::MAX {
                    continue;
                }
                if new == usize::MAX {
                    new = pred;
                    continue;
                }
                let (mut a, mut b) = (pred, new);
                while a != b {
                    while a > b {
                        a = dominator[a];
                    }
                    while b > a {
                        b = dominator[b];
                    }
                }
                new = a;
            }
            changed |= dominator[i] != new;
            dominator[i] = new;
        }
    }
    for i in 0..nodes.len() {
        nodes[i].dominator = dominator[i];
        nodes[i].depth = if i == 0 { 0 } else { nodes[dominator[i]].depth + 1 };
    }
}
