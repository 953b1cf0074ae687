//! IR: a graph of blocks in SSA form with block parameters. Operations are those of `op.rs`; one
//! that can leave carries its exit, with values where LIR has registers.

use crate::lir::ExitKind;
use crate::op::{Op, Rep};

/// A value: the result of an instruction or a parameter of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Val(pub u32);

/// The state of the frame where code leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// How.
    pub kind: ExitKind,
    /// Address of the instruction where the interpreter goes on.
    pub pc: u64,
    /// Registers of the frame that are not yet in the window, and what they hold.
    pub saved: Vec<(u16, Val)>,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Its operands.
    pub args: Vec<Val>,
    /// What it defines.
    pub result: Option<Val>,
    /// How it leaves.
    pub exit: Option<Box<Exit>>,
}

/// A block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Parameters, filled by the `Jump`s of its predecessors.
    pub params: Vec<Val>,
    /// Instructions, the last one a terminator.
    pub insts: Vec<Inst>,
    /// Blocks it goes to.
    pub succs: Vec<u32>,
    /// Blocks that go to it, in the order in which they were linked.
    pub preds: Vec<u32>,
}

/// A function, or part of one, in IR. Block 0 is the entry.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Blocks.
    pub blocks: Vec<Block>,
    /// Representation of each value.
    pub reps: Vec<Rep>,
    /// The constant that a value is.
    pub constants: Vec<Option<u64>>,
    /// Whether a double is no NaN but `Value::NAN`.
    pub canonical: Vec<bool>,
    /// Blocks in the order in which they were built: dominators first.
    pub order: Vec<usize>,
}

impl Graph {
    /// A new value.
    pub fn value(&mut self, rep: Rep) -> Val {
        self.reps.push(rep);
        self.constants.push(None);
        self.canonical.push(false);
        Val(self.reps.len() as u32 - 1)
    }

    /// Representation of a value.
    pub fn rep(&self, value: Val) -> Rep {
        self.reps[value.0 as usize]
    }

    /// Whether a double is no NaN but `Value::NAN`.
    pub fn is_canonical(&self, value: Val) -> bool {
        self.canonical[value.0 as usize]
    }

    /// The bits of a constant.
    pub fn constant(&self, value: Val) -> Option<u64> {
        self.constants[value.0 as usize]
    }
}
