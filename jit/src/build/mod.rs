//! From bytecode to IR.
//!
//! Blocks are built in reverse postorder. At each point the builder knows what the frame's registers
//! hold (`vars.rs`); where ways meet, registers that differ become parameters (`merge.rs`; after
//! Braun et al., "Simple and efficient construction of static single assignment form", 2013).
//! Values live in processor registers between calls and in the window across them: a call writes
//! back what the window lacks, and after it everything is read from there again. So the interpreter
//! can take over at any exit, and a frame that waits for a call to return is whole.
//!
//! At a loop header the builder assumes that what is a number at the entry stays one. When a later
//! jump back brings something else, it starts over without that assumption.

mod emit;
mod inline;
mod insn;
mod merge;
mod vars;

use crate::flow::Flow;
use crate::ir::{Block, Exit, Graph, Val};
use crate::lir::ExitKind;
use crate::op::{Address, Op, Rep, Width};
use crate::plan::{Failures, Plan, plan};
use crate::region::{Kind, Region};
use crate::view::View;
use brisk_core::vm::Vm;
use emit::{Key, Versions};
use rustc_hash::{FxHashMap, FxHashSet};
use vars::Vars;

/// Times the builder starts over before it gives up assuming anything.
const RESTARTS_MAX: usize = 12;

/// What is to be built.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Word where the unit is entered.
    pub at: usize,
    /// What went wrong with earlier ones.
    pub failures: &'a Failures,
    /// Cells of globals that changed too often to be taken for constant.
    pub restless: &'a FxHashSet<u32>,
    /// See [`crate::tier::Policy`].
    pub peeling: bool,
    /// See [`crate::tier::Policy`].
    pub inlining: bool,
    /// See [`crate::policy::Policy::false_alarms`].
    pub false_alarms: u32,
}

/// What was built.
pub struct Built {
    /// The graph.
    pub graph: Graph,
    /// Words of bytecode in the unit.
    pub words: usize,
    /// Values that the code refers to, which must stay alive.
    pub roots: Vec<brisk_core::value::Value>,
    /// Cells of globals whose values it takes for constant.
    pub watched: Vec<u32>,
}

/// Builds a unit; `None` when that is too complicated.
pub fn build(vm: &Vm, view: &View<'_>, request: &Request<'_>) -> Option<Built> {
    let Request { at, failures, .. } = *request;
    let flow = Flow::new(view);
    let mut plans: Vec<Plan> = view.insns.iter().map(|i| plan(vm, view, i, failures)).collect();
    let bodies = match request.inlining {
        true => inline::bodies(vm, view, &mut plans, failures),
        false => inline::Bodies::default(),
    };
    let region = Region::new(view, &flow, &plans, at, request.peeling)?;
    if region.nodes.len() > NODES_MAX {
        return None;
    }
    let mut doubts = FxHashSet::default();
    for _ in 0..RESTARTS_MAX {
        let mut builder = Builder::new(view, &flow, &plans, &region, failures, &doubts);
        builder.bodies = Some(&bodies);
        builder.restless = Some(request.restless);
        builder.false_alarms = request.false_alarms;
        builder.run();
        let new = core::mem::take(&mut builder.new_doubts);
        if new.is_empty() {
            let Builder { graph, roots, watched, .. } = builder;
            return Some(Built { graph, words: region.words, roots, watched });
        }
        doubts.extend(new);
    }
    None
}

/// Most nodes of a unit.
const NODES_MAX: usize = 6000;

/// An assumption about a register at a loop header that did not hold.
type Doubt = (usize, u16);

/// The state of building.
struct Builder<'a> {
    view: &'a View<'a>,
    flow: &'a Flow,
    plans: &'a [Plan],
    region: &'a Region,
    failures: &'a Failures,
    doubts: &'a FxHashSet<Doubt>,
    new_doubts: FxHashSet<Doubt>,
    graph: Graph,
    roots: Vec<brisk_core::value::Value>,
    watched: Vec<u32>,
    /// Cells that changed too often to be watched: they are checked.
    restless: Option<&'a FxHashSet<u32>>,
    /// Block that is being built.
    node: usize,
    /// Node of the region that it belongs to.
    region_node: usize,
    /// Nearest dominator and depth of each block.
    dominators: Vec<(usize, usize)>,
    /// Block that a node of the region ends in.
    tails: Vec<usize>,
    /// Functions that can be inlined.
    bodies: Option<&'a inline::Bodies<'a>>,
    /// While one is built: the caller.
    caller: Option<inline::Caller<'a>>,
    vars: Vars,
    versions: Versions,
    next_version: u32,
    /// State at the end of each node.
    ends: Vec<Option<(Vars, Versions)>>,
    /// State that a node with unbuilt predecessors began with, and the registers that are its
    /// parameters.
    begins: Vec<Option<(Vars, Vec<u16>)>>,
    table: FxHashMap<Key, Vec<(usize, Val)>>,
    /// Where the interpreter would go on now, and what is live there.
    point: Point,
    /// What a register gets on the way from a node to its second successor.
    late: FxHashMap<usize, (u16, Val)>,
    /// See [`crate::policy::Policy::false_alarms`].
    false_alarms: u32,
    checks: u32,
}

/// A place in the bytecode.
#[derive(Clone, Copy)]
struct Point {
    /// Address.
    pc: u64,
    /// Index of the instruction.
    index: usize,
}

impl<'a> Builder<'a> {
    fn new(
        view: &'a View<'a>,
        flow: &'a Flow,
        plans: &'a [Plan],
        region: &'a Region,
        failures: &'a Failures,
        doubts: &'a FxHashSet<Doubt>,
    ) -> Self {
        let count = region.nodes.len();
        let mut graph = Graph { blocks: vec![Block::default(); count], ..Graph::default() };
        for (i, node) in region.nodes.iter().enumerate() {
            graph.blocks[i].succs = node.succs.iter().map(|&s| s as u32).collect();
        }
        Builder {
            view,
            flow,
            plans,
            region,
            failures,
            doubts,
            new_doubts: FxHashSet::default(),
            graph,
            roots: Vec::new(),
            watched: Vec::new(),
            restless: None,
            node: 0,
            region_node: 0,
            dominators: region.nodes.iter().map(|n| (n.dominator, n.depth)).collect(),
            tails: (0..count).collect(),
            bodies: None,
            caller: None,
            vars: Vars::new(view.code.register_count as usize),
            versions: Versions::default(),
            next_version: 1,
            ends: vec![None; count],
            begins: vec![None; count],
            table: FxHashMap::default(),
            point: Point { pc: 0, index: 0 },
            late: FxHashMap::default(),
            false_alarms: 0,
            checks: 0,
        }
    }

    fn run(&mut self) {
        for node in 0..self.region.nodes.len() {
            (self.node, self.region_node) = (node, node);
            self.graph.order.push(node);
            if node > 0 {
                self.begin(node);
            }
            match self.region.nodes[node].kind {
                Kind::Entry | Kind::Edge => {
                    self.append(Op::Jump, Vec::new(), None);
                }
                Kind::Leave { at } => {
                    self.stand_at(self.view.index[at] as usize);
                    let exit = self.exit_here();
                    self.append(Op::Leave, Vec::new(), Some(exit));
                }
                Kind::Back { block } => self.jump_back(block),
                Kind::Code { block, .. } => self.block(block),
            }
            self.ends[node] = Some((self.vars.clone(), self.versions));
            self.tails[node] = self.node;
        }
        self.seal();
        self.link();
    }

    /// Predecessors, now that all blocks are there.
    fn link(&mut self) {
        self.graph.blocks.iter_mut().for_each(|block| block.preds.clear());
        for block in 0..self.graph.blocks.len() {
            for succ in self.graph.blocks[block].succs.clone() {
                self.graph.blocks[succ as usize].preds.push(block as u32);
            }
        }
    }

    /// A further block, which is reached through `dominator`.
    fn new_block(&mut self, dominator: usize) -> usize {
        self.graph.blocks.push(Block::default());
        let depth = self.dominators[dominator].1 + 1;
        self.dominators.push((dominator, depth));
        self.graph.blocks.len() - 1
    }

    /// Whether every way to block `at` passes `other`.
    fn dominates(&self, other: usize, mut at: usize) -> bool {
        while self.dominators[at].1 > self.dominators[other].1 {
            at = self.dominators[at].0;
        }
        at == other
    }

    fn block(&mut self, block: usize) {
        let (first, end) = (self.flow.blocks[block].first, self.flow.blocks[block].end);
        for index in first..end {
            self.stand_at(index);
            if self.insn(index, index + 1 == end) {
                return;
            }
        }
        self.append(Op::Jump, Vec::new(), None);
    }

    fn stand_at(&mut self, index: usize) {
        let at = self.view.insns.get(index).map_or(self.view.index.len(), |insn| insn.at);
        self.point = Point { pc: self.view.address(at), index };
    }

    fn live(&self, register: u16) -> bool {
        self.flow.live[self.point.index].has(register)
    }

    /// An exit that goes on with the instruction where the builder stands.
    fn exit_here(&mut self) -> Exit {
        self.exit(ExitKind::Resume)
    }

    fn exit(&mut self, kind: ExitKind) -> Exit {
        if let Some(caller) = &self.caller {
            return caller.exit();
        }
        let mut saved = Vec::new();
        for (register, slot) in self.vars.slots.iter().enumerate() {
            if let Some(val) = slot.val
                && slot.dirty
                && self.live(register as u16)
            {
                saved.push((register as u16, val));
            }
        }
        Exit { kind, pc: self.point.pc, saved }
    }

    /// The value of a register, loaded when it is only in the window.
    fn read(&mut self, register: u16) -> Val {
        let slot = self.vars.slots[usize::from(register)];
        if let Some(val) = slot.val {
            return val;
        }
        let address = Address::slot(register);
        let op = if slot.number { Op::LoadF64(address) } else { Op::Load(address, Width::W64) };
        let Some(val) = self.append(op, Vec::new(), None) else { return Val(0) };
        self.vars.slots[usize::from(register)].val = Some(val);
        val
    }

    /// The number in a register, checked when that is not known.
    fn read_number(&mut self, register: u16) -> Val {
        let slot = self.vars.slots[usize::from(register)];
        if slot.val.is_none() && !slot.number {
            let exit = self.exit_here();
            let op = Op::LoadNumber(Address::slot(register));
            let Some(val) = self.append(op, Vec::new(), Some(exit)) else { return Val(0) };
            let slot = &mut self.vars.slots[usize::from(register)];
            slot.val = Some(val);
            slot.number = true;
            return val;
        }
        let val = self.read(register);
        self.as_number(val)
    }

    /// Gives a register a value.
    fn write(&mut self, register: u16, val: Val) {
        self.vars.slots[usize::from(register)] =
            vars::Slot { val: Some(val), dirty: true, number: false };
    }

    fn fresh(&mut self) -> u32 {
        self.next_version += 1;
        self.next_version
    }

    /// Stores a value to its slot of the window.
    fn store_slot(&mut self, register: u16, val: Val) {
        let address = Address::slot(register);
        let op = match (self.graph.rep(val), self.graph.constant(val)) {
            (_, Some(bits)) => {
                self.append(Op::StoreBits(address, bits), Vec::new(), None);
                return;
            }
            (Rep::F64, None) => self.number_store(address, val),
            (Rep::Word, None) => Op::Store(address),
        };
        self.append(op, vec![val], None);
    }

    fn number_store(&self, address: Address, val: Val) -> Op {
        if self.graph.is_canonical(val) { Op::StoreNumber(address) } else { Op::StoreF64(address) }
    }

    /// Writes back what the window lacks, before other code runs.
    fn write_back(&mut self) {
        for register in 0..self.vars.slots.len() {
            let slot = self.vars.slots[register];
            if let Some(val) = slot.val
                && slot.dirty
                && self.live(register as u16)
            {
                self.store_slot(register as u16, val);
            }
            // A register that is not live may hold anything from here on.
            self.vars.slots[register].dirty = false;
        }
    }

    /// Forgets everything that other code may have changed; what it does not write keeps its type.
    fn forget(&mut self, index: usize) {
        let insn = self.view.insns[index];
        let Self { view, vars, graph, .. } = self;
        let live = &self.flow.live[index];
        for (register, slot) in vars.slots.iter_mut().enumerate() {
            let number = match slot.val {
                Some(val) => graph.rep(val) == Rep::F64 && live.has(register as u16),
                None => slot.number,
            };
            *slot = vars::Slot { val: None, dirty: false, number };
        }
        view.writes(&insn, |r| vars.slots[usize::from(r)].number = false);
        if let Some(window) = view.call_window(&insn) {
            for slot in vars.slots.iter_mut().skip(usize::from(window)) {
                slot.number = false;
            }
        }
        vars.cells.clear();
        for memory in 0..self.versions.memory.len() {
            self.versions.memory[memory] = self.fresh();
        }
        self.versions.epoch = self.fresh();
    }
}
