//! A function: its blocks in order, copies around instructions, and behind them what is rarely
//! needed (`cold.rs`) and its constants.

use crate::asm::{Assembler, Mem, asm, mem};
use crate::cold::{self, Cold};
use crate::constants::Constants;
use crate::linkage::Linkage;
use crate::lower::lower;
use crate::regs::{SPILLS, SPILLS_MAX, VM, WINDOW};
use brisk_jit::backend::{Code, Stubs};
use brisk_jit::lir::{Allocated, Exit, Function, Inst, Move, Place, Placed};
use brisk_jit::op::{Address, Base, Op};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};

/// Emits a function; see `Backend::emit`.
pub(crate) fn emit(
    f: &Function,
    places: &Allocated,
    stubs: &Stubs,
    linkage: &Linkage,
    at: u64,
    region: u64,
) -> Code {
    debug_assert!(places.spills <= SPILLS_MAX, "the allocator keeps to the slots there are");
    let mut asm = Assembler::new(at as usize);
    let blocks = f.blocks.iter().map(|_| asm.new_dynamic_label()).collect();
    let mut e = Emitter {
        asm,
        stubs,
        linkage,
        constants: Constants::default(),
        colds: Vec::new(),
        f,
        places,
        at,
        region,
        blocks,
        returns: Vec::new(),
    };
    for (number, block) in f.blocks.iter().enumerate() {
        let label = e.blocks[number];
        e.bind(label);
        for index in block.first..block.end {
            emit_inst(&mut e, index as usize, &block.succs, number as u32 + 1);
        }
    }
    cold::emit(&mut e);
    e.constants.emit(&mut e.asm);
    let mut bytes = e.asm.finalize().expect("a region of code is far smaller than 2 GiB");
    for (at, distance) in e.returns {
        bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
    }
    Code { bytes, entry: 0 }
}

/// A function while it is emitted.
pub(crate) struct Emitter<'a> {
    pub(crate) asm: Assembler,
    pub(crate) stubs: &'a Stubs,
    pub(crate) linkage: &'a Linkage,
    pub(crate) constants: Constants,
    /// What is still to be written behind the blocks.
    pub(crate) colds: Vec<Cold>,
    f: &'a Function,
    places: &'a Allocated,
    at: u64,
    /// Where native return addresses count from.
    pub(crate) region: u64,
    blocks: Vec<DynamicLabel>,
    /// Offsets of 32-bit immediates that are native return addresses, and these.
    returns: Vec<(usize, u32)>,
}

impl<'a> Emitter<'a> {
    /// Gives a label its place: here.
    pub(crate) fn bind(&mut self, label: DynamicLabel) {
        asm!(self.asm; =>label);
    }

    /// A new label, bound here.
    pub(crate) fn here(&mut self) -> DynamicLabel {
        let label = self.asm.new_dynamic_label();
        self.bind(label);
        label
    }

    /// Label of the exit of an instruction.
    pub(crate) fn exit(&mut self, site: &Site<'_>) -> DynamicLabel {
        let label = self.asm.new_dynamic_label();
        self.colds.push(Cold::Exit { label, inst: site.index });
        label
    }

    /// Label of a block.
    pub(crate) fn block(&self, number: u32) -> DynamicLabel {
        self.blocks[number as usize]
    }

    /// Goes to a block, which costs nothing when it is the next one.
    pub(crate) fn go(&mut self, site: &Site<'_>, number: u32) {
        if number != site.next {
            let label = self.block(number);
            asm!(self.asm; jmp =>label);
        }
    }

    /// The exit of an instruction, its number, and the places of the operands.
    pub(crate) fn exit_of(&self, inst: usize) -> (&'a Exit, u32, &'a [Place]) {
        let number = self.f.insts[inst].exit.expect("an operation that can leave has an exit");
        let exit = &self.f.exits[number as usize];
        (exit, self.f.first_exit + number, &self.places.insts[inst].uses)
    }

    /// Offset of the 32-bit immediate that was written last.
    pub(crate) fn last_immediate(&self) -> usize {
        self.asm.offset().0 - 4
    }

    /// The operation of an instruction.
    pub(crate) fn op(&self, inst: usize) -> Op {
        self.f.insts[inst].op
    }

    /// Fills up to a distance from an offset with instructions that do nothing.
    pub(crate) fn pad(&mut self, from: usize, bytes: usize) {
        debug_assert!(self.asm.offset().0 <= from + bytes);
        while self.asm.offset().0 < from + bytes {
            asm!(self.asm; nop);
        }
    }

    /// Makes that immediate the native return address of the place reached now.
    pub(crate) fn returns_here(&mut self, immediate: usize) {
        let distance = self.at + self.asm.offset().0 as u64 - self.region;
        self.returns.push((immediate, distance as u32));
    }
}

/// An instruction with its places.
pub(crate) struct Site<'a> {
    /// Its number.
    pub(crate) index: usize,
    /// Successors of its block.
    pub(crate) succs: &'a [u32],
    /// The block that is emitted next.
    pub(crate) next: u32,
    placed: &'a Placed,
}

impl Site<'_> {
    /// General register of an operand.
    pub(crate) fn word(&self, operand: usize) -> u8 {
        word(self.placed.uses[operand])
    }

    /// Float register of an operand.
    pub(crate) fn float(&self, operand: usize) -> u8 {
        float(self.placed.uses[operand])
    }

    /// General register of the result.
    pub(crate) fn to_word(&self) -> u8 {
        word(self.placed.def.expect("the operation has a result"))
    }

    /// Float register of the result.
    pub(crate) fn to_float(&self) -> u8 {
        float(self.placed.def.expect("the operation has a result"))
    }

    /// The place that the first operands name.
    pub(crate) fn mem(&self, address: Address) -> Mem {
        match (address.base, address.indexed) {
            (Base::Window, false) => Mem::Window(address.offset),
            (Base::Vm, false) => Mem::Word(VM, address.offset),
            (Base::Word, false) => Mem::Word(self.word(0), address.offset),
            (Base::Window, true) => Mem::Indexed(WINDOW, self.word(0), address.offset),
            (Base::Vm, true) => Mem::Indexed(VM, self.word(0), address.offset),
            (Base::Word, true) => Mem::Indexed(self.word(0), self.word(1), address.offset),
        }
    }
}

fn word(place: Place) -> u8 {
    let Place::Word(register) = place else { panic!("{place:?} is not a general register") };
    register
}

fn float(place: Place) -> u8 {
    let Place::F64(register) = place else { panic!("{place:?} is not a float register") };
    register
}

/// Memory of a spill slot.
pub(crate) fn spill(slot: u16) -> Mem {
    Mem::Word(SPILLS, i32::from(slot) * 8)
}

fn emit_inst<'a>(e: &mut Emitter<'a>, index: usize, succs: &'a [u32], next: u32) {
    let (f, places) = (e.f, e.places);
    let (inst, placed): (&Inst, &Placed) = (&f.insts[index], &places.insts[index]);
    for &copy in &placed.moves {
        emit_move(&mut e.asm, copy);
    }
    lower(e, &Site { index, succs, next, placed }, inst.op);
    for &copy in &placed.moves_after {
        emit_move(&mut e.asm, copy);
    }
}

fn emit_move(asm: &mut Assembler, copy: Move) {
    use Place::{F64, Spill, Word};
    match (copy.from, copy.to) {
        (from, to) if from == to => {}
        (Word(a), Word(b)) => asm!(asm; mov Rq(b), Rq(a)),
        (F64(a), F64(b)) => asm!(asm; vmovaps Rx(b), Rx(a)),
        (Word(a), F64(b)) => asm!(asm; vmovq Rx(b), Rq(a)),
        (F64(a), Word(b)) => asm!(asm; vmovq Rq(b), Rx(a)),
        (Word(a), Spill(b)) => mem!(asm, spill(b); mov () QWORD (, Rq(a))),
        (F64(a), Spill(b)) => mem!(asm, spill(b); vmovsd () QWORD (, Rx(a))),
        (Spill(a), Word(b)) => mem!(asm, spill(a); mov (Rq(b),) QWORD ()),
        (Spill(a), F64(b)) => mem!(asm, spill(a); vmovsd (Rx(b),) QWORD ()),
        // By the native stack, because the scratch registers may be part of a cycle of copies that
        // the allocator is breaking. `pop` counts from the stack pointer that it leaves.
        (Spill(a), Spill(b)) => {
            mem!(asm, spill(a); push () QWORD ());
            mem!(asm, spill(b); pop () QWORD ());
        }
    }
}
