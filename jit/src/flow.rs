//! Basic blocks of the bytecode, loops, and which registers are live where.

use crate::view::View;

/// A set of registers of one frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(Vec<u64>);

impl Registers {
    fn new(count: usize) -> Self {
        Registers(vec![0; count.div_ceil(64)])
    }

    /// Whether `register` is in it.
    pub fn has(&self, register: u16) -> bool {
        let word = self.0.get(usize::from(register) / 64);
        word.is_some_and(|w| w >> (register % 64) & 1 != 0)
    }

    fn insert(&mut self, register: u16) {
        if let Some(word) = self.0.get_mut(usize::from(register) / 64) {
            *word |= 1 << (register % 64);
        }
    }

    fn remove(&mut self, register: u16) {
        if let Some(word) = self.0.get_mut(usize::from(register) / 64) {
            *word &= !(1 << (register % 64));
        }
    }

    fn add(&mut self, other: &Registers) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            changed |= *theirs & !*mine != 0;
            *mine |= theirs;
        }
        changed
    }
}

/// A basic block: instructions `first .. end` of the view.
#[derive(Clone, Debug)]
pub struct Block {
    /// Index of its first instruction.
    pub first: usize,
    /// Behind its last one.
    pub end: usize,
    /// Block of the jump at its end, if there is one.
    pub target: Option<usize>,
    /// Block behind it, if control can get there.
    pub fall: Option<usize>,
}

/// A loop: the blocks from its header to the last one that jumps back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    /// First block.
    pub header: usize,
    /// Last block, inclusive.
    pub last: usize,
    /// Whether no other loop lies in it.
    pub innermost: bool,
}

impl Loop {
    /// Whether a block lies in it.
    pub fn has(&self, block: usize) -> bool {
        (self.header..=self.last).contains(&block)
    }
}

/// The flow of a function.
pub struct Flow {
    /// Blocks in the order of the code.
    pub blocks: Vec<Block>,
    /// Block of each instruction.
    pub block_of: Vec<u32>,
    /// Loops, outer ones before inner ones with the same header never occurring twice.
    pub loops: Vec<Loop>,
    /// Registers live before each instruction: read there or later, also by its cold copy.
    pub live: Vec<Registers>,
}

impl Flow {
    /// Analyses a function.
    pub fn new(view: &View<'_>) -> Flow {
        let count = view.insns.len();
        let at = |word: usize| view.index[word] as usize;
        let mut leader = vec![false; count + 1];
        leader[0] = true;
        // Cold copies lie at the end, are entered through the table only, and are left to the
        // interpreter: where they come back is no place where ways meet.
        let cold = view.proto.cold.iter().map(|entry| at(entry.1 as usize)).min();
        let cold = cold.unwrap_or(count);
        for (i, insn) in view.insns.iter().enumerate() {
            if let Some(target) = view.target(insn)
                && (i < cold || at(target) >= cold)
            {
                leader[at(target)] = true;
            }
            if let Some(cold) = view.cold(insn.at) {
                leader[at(cold)] = true;
            }
            if view.ends_block(insn) {
                leader[i + 1] = true;
            }
        }
        let mut block_of = vec![0; count];
        let mut blocks: Vec<Block> = Vec::new();
        for i in 0..count {
            if leader[i] {
                blocks.push(Block { first: i, end: i, target: None, fall: None });
            }
            let number = blocks.len() - 1;
            block_of[i] = number as u32;
            blocks[number].end = i + 1;
        }
        for (number, block) in blocks.iter_mut().enumerate() {
            let last = &view.insns[block.end - 1];
            block.target = view.target(last).map(|t| block_of[at(t)] as usize);
            if view.falls_through(last) && block.end < count {
                block.fall = Some(number + 1);
            }
        }
        let loops = loops(&blocks, block_of.get(cold).map_or(blocks.len(), |&b| b as usize));
        let live = liveness(view, &blocks, &block_of);
        Flow { blocks, block_of, loops, live }
    }

    /// The smallest loop a block lies in.
    pub fn loop_of(&self, block: usize) -> Option<&Loop> {
        self.loops.iter().filter(|l| l.has(block)).min_by_key(|l| l.last - l.header)
    }

    /// The loop with this header.
    pub fn loop_at(&self, header: usize) -> Option<&Loop> {
        self.loops.iter().find(|l| l.header == header)
    }
}

fn loops(blocks: &[Block], cold: usize) -> Vec<Loop> {
    let mut loops: Vec<Loop> = Vec::new();
    for (number, block) in blocks.iter().enumerate().take(cold) {
        let Some(header) = block.target.filter(|&t| t <= number) else { continue };
        match loops.iter_mut().find(|l| l.header == header) {
            Some(l) => l.last = l.last.max(number),
            None => loops.push(Loop { header, last: number, innermost: true }),
        }
    }
    loops.sort_by_key(|l| (l.header, core::cmp::Reverse(l.last)));
    for i in 0..loops.len() {
        let outer = loops[i];
        let inner = loops.iter().any(|l| l.header != outer.header && outer.has(l.header));
        loops[i].innermost = !inner;
    }
    loops
}

fn liveness(view: &View<'_>, blocks: &[Block], block_of: &[u32]) -> Vec<Registers> {
    let registers = view.code.register_count as usize;
    let mut live = vec![Registers::new(registers); view.insns.len() + 1];
    let mut again = true;
    while again {
        again = false;
        for block in blocks.iter().rev() {
            let mut now = Registers::new(registers);
            let last = &view.insns[block.end - 1];
            let target = view.target(last).map(|t| view.index[t] as usize);
            for next in [target, block.fall.map(|_| block.end)].into_iter().flatten() {
                now.add(&live[next]);
            }
            for i in (block.first..block.end).rev() {
                let insn = &view.insns[i];
                let mut written = Vec::new();
                view.writes(insn, |r| written.push(r));
                // What an instruction may leave as it was stays live.
                let kept = matches!(
                    insn.op,
                    brisk_core::bytecode::Op::AndShort
                        | brisk_core::bytecode::Op::OrShort
                        | brisk_core::bytecode::Op::ForPrep
                        | brisk_core::bytecode::Op::ForNext
                        | brisk_core::bytecode::Op::ForNextRange
                        | brisk_core::bytecode::Op::ForNextList
                        | brisk_core::bytecode::Op::IterGet
                        | brisk_core::bytecode::Op::RangeInit
                );
                if !kept {
                    written.iter().for_each(|&r| now.remove(r));
                }
                view.reads(insn, |r| now.insert(r));
                if let Some(cold) = view.cold(insn.at) {
                    let cold = blocks[block_of[view.index[cold] as usize] as usize].first;
                    let there = live[cold].clone();
                    now.add(&there);
                }
                again |= live[i].add(&now);
            }
        }
    }
    live
}
