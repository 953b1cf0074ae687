//! LIR and registers as the `regalloc2` crate wants to see them.

use crate::backend::{Clobbers, Registers};
use crate::lir::{Function, Inst, VReg};
use crate::op::{Op, Rep};
use regalloc2::{
    Block, InstRange, MachineEnv, Operand, OperandConstraint, OperandKind, OperandPos, PReg,
    PRegSet, RegClass,
};
use std::ops::Range;

/// Registers by their place in the lists of [`Registers`], because the allocator tries those with
/// low numbers first. The scratch register is behind the others.
pub(super) struct Numbering {
    word: Vec<u8>,
    float: Vec<u8>,
}

impl Numbering {
    pub(super) fn new(registers: &Registers) -> Numbering {
        let list = |all: &[u8], scratch: u8| {
            debug_assert!(!all.contains(&scratch), "a scratch register is not allocated");
            all.iter().copied().chain([scratch]).collect()
        };
        Numbering {
            word: list(&registers.word, registers.word_scratch),
            float: list(&registers.float, registers.float_scratch),
        }
    }

    fn list(&self, class: RegClass) -> &[u8] {
        if class == RegClass::Float { &self.float } else { &self.word }
    }

    /// The backend's number of a register.
    pub(super) fn number(&self, register: PReg) -> u8 {
        self.list(register.class())[register.hw_enc()]
    }

    /// The register with the backend's number, if it is one of these.
    fn register(&self, class: RegClass, number: u8) -> Option<PReg> {
        let at = self.list(class).iter().position(|&n| n == number)?;
        Some(PReg::new(at, class))
    }

    /// The operand must be in this register.
    fn fixed(&self, class: RegClass, number: u8) -> OperandConstraint {
        let register = self.register(class, number);
        OperandConstraint::FixedReg(register.expect("fixed registers are allocated"))
    }

    pub(super) fn environment(&self) -> MachineEnv {
        let scratch = |class| PReg::new(self.list(class).len() - 1, class);
        let all = |class| (0..self.list(class).len() - 1).map(|n| PReg::new(n, class)).collect();
        let (int, float) = (RegClass::Int, RegClass::Float);
        MachineEnv {
            preferred_regs_by_class: [all(int), all(float), PRegSet::empty()],
            non_preferred_regs_by_class: [PRegSet::empty(); 3],
            scratch_by_class: [Some(scratch(int)), Some(scratch(float)), None],
            fixed_stack_slots: Vec::new(),
        }
    }
}

/// A function with the constraints of its operands.
pub(super) struct Input<'a> {
    f: &'a Function,
    operands: Vec<Operand>,
    /// Where in `operands` those of each instruction lie; of a `Jump`, where in `args` its are.
    ranges: Vec<Range<usize>>,
    args: Vec<regalloc2::VReg>,
    clobbers: Vec<PRegSet>,
    blocks: Vec<Links>,
}

/// The neighbours of a block.
struct Links {
    succs: Vec<Block>,
    preds: Vec<Block>,
    params: Vec<regalloc2::VReg>,
}

impl<'a> Input<'a> {
    pub(super) fn new(
        f: &'a Function,
        registers: &Registers,
        numbering: &Numbering,
        clobbers: &dyn Fn(Op) -> Clobbers,
    ) -> Input<'a> {
        let blocks = |list: &[u32]| list.iter().map(|&b| Block::new(b as usize)).collect();
        let links = f.blocks.iter().map(|block| Links {
            succs: blocks(&block.succs),
            preds: blocks(&block.preds),
            params: block.params.iter().map(|&v| vreg(f, v)).collect(),
        });
        let mut input = Input {
            f,
            operands: Vec::new(),
            ranges: Vec::with_capacity(f.insts.len()),
            args: Vec::new(),
            clobbers: Vec::with_capacity(f.insts.len()),
            blocks: links.collect(),
        };
        for inst in &f.insts {
            if inst.op == Op::Jump {
                let first = input.args.len();
                input.args.extend(inst.uses.iter().map(|&v| vreg(f, v)));
                input.ranges.push(first..input.args.len());
                input.clobbers.push(PRegSet::empty());
                continue;
            }
            let first = input.operands.len();
            let clobbered = clobber_set(numbering, &clobbers(inst.op));
            let clobbered = input.push_operands(inst, registers, numbering, clobbered);
            input.clobbers.push(clobbered);
            input.ranges.push(first..input.operands.len());
        }
        input
    }

    /// The operands of an instruction, in the order of `uses`, then the result. Returns what it
    /// clobbers, which must not name the register of a fixed result.
    fn push_operands(
        &mut self,
        inst: &Inst,
        registers: &Registers,
        numbering: &Numbering,
        mut clobbered: PRegSet,
    ) -> PRegSet {
        let leaf = matches!(inst.op, Op::Leaf(..));
        // A leaf has its operands where its convention wants them, and loses them. Ends of blocks
        // define nothing, and the allocator allows no late operands there.
        let destroys = clobbered != PRegSet::empty() && !leaf;
        let until_end = (inst.exit.is_some() || destroys) && !inst.op.is_terminator();
        let pos = if until_end { OperandPos::Late } else { OperandPos::Early };
        for (i, &v) in inst.uses.iter().enumerate() {
            let constraint = match inst.op {
                _ if i >= inst.fixed => OperandConstraint::Any,
                Op::Return => numbering.fixed(RegClass::Int, registers.result),
                Op::ReturnNumber | Op::Leaf(..) => {
                    numbering.fixed(RegClass::Float, registers.leaf[i])
                }
                _ => OperandConstraint::Reg,
            };
            let operand = Operand::new(vreg(self.f, v), constraint, OperandKind::Use, pos);
            self.operands.push(operand);
        }
        let result = match inst.op {
            Op::Call(_) => numbering.fixed(RegClass::Int, registers.result),
            Op::CallNumber(_) | Op::Leaf(..) => numbering.fixed(RegClass::Float, registers.leaf[0]),
            _ => OperandConstraint::Reg,
        };
        if let OperandConstraint::FixedReg(register) = result {
            // A result that nothing wants still goes there.
            match inst.def {
                Some(_) => clobbered.remove(register),
                None => clobbered.add(register),
            }
        }
        if let Some(v) = inst.def {
            let (kind, pos) = (OperandKind::Def, OperandPos::Late);
            self.operands.push(Operand::new(vreg(self.f, v), result, kind, pos));
        }
        clobbered
    }
}

fn vreg(f: &Function, v: VReg) -> regalloc2::VReg {
    let class = match f.reps[v.0 as usize] {
        Rep::Word => RegClass::Int,
        Rep::F64 => RegClass::Float,
    };
    regalloc2::VReg::new(v.0 as usize, class)
}

fn clobber_set(numbering: &Numbering, clobbers: &Clobbers) -> PRegSet {
    let words = clobbers.word.iter().map(|&n| numbering.register(RegClass::Int, n));
    let floats = clobbers.float.iter().map(|&n| numbering.register(RegClass::Float, n));
    words.chain(floats).flatten().collect()
}

impl regalloc2::Function for Input<'_> {
    fn num_insts(&self) -> usize {
        self.f.insts.len()
    }

    fn num_blocks(&self) -> usize {
        self.f.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        let block = &self.f.blocks[block.index()];
        let at = |i: u32| regalloc2::Inst::new(i as usize);
        InstRange::new(at(block.first), at(block.end))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].succs
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].preds
    }

    fn block_params(&self, block: Block) -> &[regalloc2::VReg] {
        &self.blocks[block.index()].params
    }

    fn is_ret(&self, inst: regalloc2::Inst) -> bool {
        matches!(self.f.insts[inst.index()].op, Op::Return | Op::ReturnNumber | Op::Leave)
    }

    fn is_branch(&self, inst: regalloc2::Inst) -> bool {
        let op = self.f.insts[inst.index()].op;
        op.is_terminator() && !matches!(op, Op::Return | Op::ReturnNumber | Op::Leave)
    }

    fn branch_blockparams(
        &self,
        _block: Block,
        inst: regalloc2::Inst,
        _succ: usize,
    ) -> &[regalloc2::VReg] {
        // Other branches lead to blocks without parameters.
        match self.f.insts[inst.index()].op {
            Op::Jump => &self.args[self.ranges[inst.index()].clone()],
            _ => &[],
        }
    }

    fn inst_operands(&self, inst: regalloc2::Inst) -> &[Operand] {
        match self.f.insts[inst.index()].op {
            Op::Jump => &[],
            _ => &self.operands[self.ranges[inst.index()].clone()],
        }
    }

    fn inst_clobbers(&self, inst: regalloc2::Inst) -> PRegSet {
        self.clobbers[inst.index()]
    }

    fn num_vregs(&self) -> usize {
        self.f.reps.len()
    }

    fn spillslot_size(&self, _class: RegClass) -> usize {
        1
    }
}
