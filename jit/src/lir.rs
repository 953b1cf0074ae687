//! LIR: a function as a list of operations on virtual registers, in the order in which they are
//! emitted; after allocation each operand has a place (`regalloc.rs`).

use crate::op::{Op, Rep};

/// A virtual register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VReg(pub u32);

/// Where a value goes when code leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saved {
    /// Register of the frame.
    pub slot: u16,
    /// What goes there.
    pub source: Source,
}

/// What an exit stores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// The operand of the instruction with this number (counted with the fixed operands), which is
    /// a value, or a double (any NaN becomes `Value::NAN`).
    Operand(u32, Rep),
    /// These bits.
    Bits(u64),
}

/// How code leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitKind {
    /// The interpreter goes on at `pc`.
    Resume,
    /// The machine stops, out of fuel, and goes on at `pc` in its next slice.
    Suspend,
}

/// An exit: what becomes of the frame when code leaves at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// How.
    pub kind: ExitKind,
    /// Address of the instruction where the interpreter goes on.
    pub pc: u64,
    /// What is not yet in the window.
    pub saved: Vec<Saved>,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Registers it reads: the fixed operands of `op`, then what its exit saves.
    pub uses: Vec<VReg>,
    /// How many of `uses` are fixed operands.
    pub fixed: usize,
    /// Register it defines.
    pub def: Option<VReg>,
    /// Index into [`Function::exits`].
    pub exit: Option<u32>,
}

/// A block: consecutive instructions, entered at the first and left at the last.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// First instruction.
    pub first: u32,
    /// Behind the last one.
    pub end: u32,
    /// Registers that predecessors' `Jump`s fill.
    pub params: Vec<VReg>,
    /// Blocks it can go to, in the order of its terminator.
    pub succs: Vec<u32>,
    /// Blocks that go to it.
    pub preds: Vec<u32>,
}

/// A function in LIR; block 0 is the entry, without parameters. No block with several successors
/// leads to one with several predecessors.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// Instructions, blocks one after the other.
    pub insts: Vec<Inst>,
    /// Blocks in the order of emission.
    pub blocks: Vec<Block>,
    /// Representation of each virtual register.
    pub reps: Vec<Rep>,
    /// Exits.
    pub exits: Vec<Exit>,
    /// Number of the first exit among all of a machine: what is reported when one is taken is
    /// `first_exit + index`. Never 0.
    pub first_exit: u32,
}

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// General register by the backend's number.
    Word(u8),
    /// Float register by the backend's number.
    F64(u8),
    /// 8-byte spill slot.
    Spill(u16),
}

/// A copy the allocator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// From.
    pub from: Place,
    /// To.
    pub to: Place,
}

/// The places of one instruction, and the copies before it.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// Copies to make before the instruction, in order.
    pub moves: Vec<Move>,
    /// Places of `uses`.
    pub uses: Vec<Place>,
    /// Place of `def`.
    pub def: Option<Place>,
    /// Copies to make after it, in order (never after a terminator).
    pub moves_after: Vec<Move>,
}

/// The result of register allocation, by instruction.
#[derive(Clone, Debug, Default)]
pub struct Allocated {
    /// One for each of [`Function::insts`].
    pub insts: Vec<Placed>,
    /// Spill slots in use.
    pub spills: u32,
}
