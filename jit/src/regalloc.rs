//! Register allocation: gives the operands of LIR their places, by the `regalloc2` crate.
//!
//! Operands of an instruction that can leave are in use until its end, so that its result never
//! takes a register that the exit still has to save. What an exit saves may also be in a spill slot.

mod input;
mod random;

pub use random::RandomRegisters;

use crate::backend::{Clobbers, Registers};
use crate::lir::{Allocated, Block, Function, Move, Place, Placed};
use crate::op::Op;
use input::{Input, Numbering};
use regalloc2::checker::Checker;
use regalloc2::{Edit, InstPosition, MachineEnv, Output, RegClass};

/// No allocation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocFailed;

/// Something that allocates registers.
pub trait Allocator: Send {
    /// Gives every operand of `f` a place.
    ///
    /// # Errors
    ///
    /// [`AllocFailed`] when there are too few registers for an instruction, or more spilled values
    /// than [`Place::Spill`] can name.
    fn allocate(
        &self,
        f: &Function,
        registers: &Registers,
        clobbers: &dyn Fn(Op) -> Clobbers,
    ) -> Result<Allocated, AllocFailed>;
}

/// The allocator of the `regalloc2` crate, in its thorough form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Regalloc2;

impl Allocator for Regalloc2 {
    fn allocate(
        &self,
        f: &Function,
        registers: &Registers,
        clobbers: &dyn Fn(Op) -> Clobbers,
    ) -> Result<Allocated, AllocFailed> {
        allocate(f, registers, clobbers, false)
    }
}

/// For tests: [`Regalloc2`], and each result is proved by symbolic execution, unless blocks are in an
/// unusual order.
///
/// # Panics
///
/// Allocating panics when a result is wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checked;

impl Allocator for Checked {
    fn allocate(
        &self,
        f: &Function,
        registers: &Registers,
        clobbers: &dyn Fn(Op) -> Clobbers,
    ) -> Result<Allocated, AllocFailed> {
        allocate(f, registers, clobbers, true)
    }
}

fn allocate(
    f: &Function,
    registers: &Registers,
    clobbers: &dyn Fn(Op) -> Clobbers,
    check: bool,
) -> Result<Allocated, AllocFailed> {
    let numbering = Numbering::new(registers);
    let environment = numbering.environment();
    let input = Input::new(f, registers, &numbering, clobbers);
    let options = regalloc2::RegallocOptions {
        verbose_log: false,
        validate_ssa: cfg!(debug_assertions),
        algorithm: regalloc2::Algorithm::Ion,
    };
    let output = match regalloc2::run(&input, &environment, &options) {
        Ok(output) => output,
        Err(_error) => {
            debug_assert!(false, "{_error:?}\n{}", crate::print::function(f));
            return Err(AllocFailed);
        }
    };
    if check {
        verify(f, &input, &environment, &output);
    }
    if output.num_spillslots > usize::from(u16::MAX) {
        return Err(AllocFailed);
    }
    Ok(places(f, &numbering, &output))
}

/// Panics when an operand's place does not hold its value.
fn verify(f: &Function, input: &Input<'_>, environment: &MachineEnv, output: &Output) {
    // The checker takes nothing for known in a block that it sees before all its predecessors.
    let follows =
        |(number, block): (usize, &Block)| block.preds.iter().any(|&pred| (pred as usize) < number);
    if !f.blocks.iter().enumerate().skip(1).all(follows) {
        return;
    }
    let mut checker = Checker::new(input, environment);
    checker.prepare(output);
    if let Err(errors) = checker.run() {
        panic!("wrong allocation: {errors:?}\n{}", crate::print::function(f));
    }
}

fn places(f: &Function, numbering: &Numbering, output: &Output) -> Allocated {
    let mut insts = vec![Placed::default(); f.insts.len()];
    for (i, inst) in f.insts.iter().enumerate() {
        if inst.op == Op::Jump {
            continue;
        }
        let allocs = output.inst_allocs(regalloc2::Inst::new(i));
        let (uses, def) = allocs.split_at(inst.uses.len());
        insts[i].uses = uses.iter().map(|&a| place(numbering, a)).collect();
        insts[i].def = def.first().map(|&a| place(numbering, a));
    }
    for (point, edit) in &output.edits {
        let Edit::Move { from, to } = *edit;
        // A value that gets another name where it is.
        if from == to {
            continue;
        }
        let copy = Move { from: place(numbering, from), to: place(numbering, to) };
        let inst = &mut insts[point.inst().index()];
        match point.pos() {
            InstPosition::Before => inst.moves.push(copy),
            InstPosition::After => inst.moves_after.push(copy),
        }
    }
    Allocated { insts, spills: output.num_spillslots as u32 }
}

fn place(numbering: &Numbering, allocation: regalloc2::Allocation) -> Place {
    if let Some(register) = allocation.as_reg() {
        let number = numbering.number(register);
        return match register.class() {
            RegClass::Float => Place::F64(number),
            _ => Place::Word(number),
        };
    }
    let slot = allocation.as_stack().expect("the allocator gives every operand a place");
    Place::Spill(slot.index() as u16)
}
