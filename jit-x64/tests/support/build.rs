//! LIR by hand, with places instead of virtual registers: the back end reads nothing else.

use brisk_jit::lir::{
    Allocated, Block, Exit, ExitKind, Function, Inst, Move, Place, Placed, Saved, Source,
};
use brisk_jit::op::{Op, Rep};

/// General register.
pub(crate) const fn w(register: u8) -> Place {
    Place::Word(register)
}

/// Float register.
pub(crate) const fn x(register: u8) -> Place {
    Place::F64(register)
}

/// Spill slot.
pub(crate) const fn s(slot: u16) -> Place {
    Place::Spill(slot)
}

/// A copy.
pub(crate) fn copy(from: Place, to: Place) -> Move {
    Move { from, to }
}

/// Address of the instruction where exits go on.
pub(crate) const EXIT_PC: u64 = 0x7654_3210_1000;
/// Number of a function's first exit.
pub(crate) const FIRST_EXIT: u32 = 70;

/// A function being written.
#[derive(Default)]
pub(crate) struct Build {
    /// The function.
    pub(crate) f: Function,
    /// The places of its operands.
    pub(crate) places: Allocated,
    first: u32,
}

impl Build {
    /// A function without instructions.
    pub(crate) fn new() -> Build {
        Build { f: Function { first_exit: FIRST_EXIT, ..Function::default() }, ..Build::default() }
    }

    /// Adds an instruction. Fixed operands first, then what the exit saves.
    pub(crate) fn op(&mut self, op: Op, uses: &[Place], def: Option<Place>) -> &mut Build {
        let inst = Inst { op, uses: Vec::new(), fixed: uses.len(), def: None, exit: None };
        self.f.insts.push(inst);
        let placed = Placed { uses: uses.to_vec(), def, ..Placed::default() };
        self.places.insts.push(placed);
        if op.exits() {
            let kind = match op {
                Op::Fuel(_) => ExitKind::Suspend,
                _ => ExitKind::Resume,
            };
            self.exit(kind, &[]);
        }
        self
    }

    /// Gives the last instruction an exit that saves the operands named.
    pub(crate) fn saving(&mut self, saved: &[(u16, Source)]) -> &mut Build {
        let exit = self.f.exits.last_mut().expect("the instruction has an exit");
        exit.saved = saved.iter().map(|&(slot, source)| Saved { slot, source }).collect();
        self
    }

    /// Copies before the last instruction.
    pub(crate) fn before(&mut self, moves: &[Move]) -> &mut Build {
        self.places.insts.last_mut().expect("there is an instruction").moves = moves.to_vec();
        self
    }

    /// Copies behind the last instruction.
    pub(crate) fn after(&mut self, moves: &[Move]) -> &mut Build {
        self.places.insts.last_mut().expect("there is an instruction").moves_after = moves.to_vec();
        self
    }

    /// Ends a block.
    pub(crate) fn end(&mut self, succs: &[u32]) -> &mut Build {
        let end = self.f.insts.len() as u32;
        let block = Block { first: self.first, end, succs: succs.to_vec(), ..Block::default() };
        self.f.blocks.push(block);
        self.first = end;
        self
    }

    fn exit(&mut self, kind: ExitKind, saved: &[Saved]) {
        let number = self.f.exits.len() as u32;
        let pc = EXIT_PC + u64::from(number) * 8;
        self.f.exits.push(Exit { kind, pc, saved: saved.to_vec() });
        self.f.insts.last_mut().expect("there is an instruction").exit = Some(number);
    }
}

/// Operand that is a value.
pub(crate) fn value(operand: u32) -> Source {
    Source::Operand(operand, Rep::Word)
}

/// Operand that is a double.
pub(crate) fn double(operand: u32) -> Source {
    Source::Operand(operand, Rep::F64)
}
