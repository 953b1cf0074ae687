//! Functions made from a number: the same seed gives the same function.
//!
//! Structured: sequences of operations, choices with values that meet behind them, loops with values
//! that change, calls between these. Nothing lives in a register across a call, as LIR demands.

use super::world::{CALL_RETURN, CALLEE, ELEMENTS, FIELDS, FIELDS_AT, REGISTERS, World};
use brisk_core::native::helpers::{LEAVES, Leaf};
use brisk_core::value::Value;
use brisk_core::value::value::{FIRST_BOXED, TAG_LIST};
use brisk_jit::lir::{Block, Exit, ExitKind, Function, Inst, Saved, Source, VReg};
use brisk_jit::op::{Address, Base, Binary, Compare, Op, Rep, ScriptCall, Unary, Width};
use std::rc::Rc;

/// What is known of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    F64,
    /// Any word.
    Word,
    /// The address of the array.
    Array,
    /// An index of the array.
    Index,
}

#[derive(Clone, Copy)]
struct Val {
    reg: VReg,
    kind: Kind,
}

#[derive(Default)]
struct Building {
    params: Vec<VReg>,
    insts: Vec<Inst>,
    succs: Vec<u32>,
}

struct Generator<'a> {
    world: &'a World,
    random: u64,
    reps: Vec<Rep>,
    exits: Vec<Exit>,
    blocks: Vec<Building>,
    /// Block that is being filled.
    block: usize,
    /// What can be used here.
    values: Vec<Val>,
    /// Operations still to be made.
    left: usize,
}

/// A function for the memory of a world.
pub(crate) fn function(seed: u64, world: &World) -> Function {
    let mut g = Generator {
        world,
        random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03,
        reps: Vec::new(),
        exits: Vec::new(),
        blocks: vec![Building::default()],
        block: 0,
        values: Vec::new(),
        left: 10 + (seed * 7 % 90) as usize,
    };
    loop {
        g.sequence(0);
        if g.left == 0 {
            break;
        }
        g.call();
    }
    g.end();
    finish(g, seed)
}

/// Puts the blocks one after the other, some functions in another order than they were made.
fn finish(mut g: Generator<'_>, seed: u64) -> Function {
    let count = g.blocks.len();
    let mut order: Vec<usize> = (0..count).collect();
    if seed.is_multiple_of(3) {
        for i in (2..count).rev() {
            order.swap(i, 1 + g.below(i));
        }
    }
    let mut place = vec![0; count];
    for (at, &block) in order.iter().enumerate() {
        place[block] = at as u32;
    }
    let mut f = Function { reps: g.reps, exits: g.exits, first_exit: 7, ..Function::default() };
    for &block in &order {
        let building = std::mem::take(&mut g.blocks[block]);
        let first = f.insts.len() as u32;
        f.insts.extend(building.insts);
        let succs = building.succs.iter().map(|&s| place[s as usize]).collect();
        let (params, end) = (building.params, f.insts.len() as u32);
        f.blocks.push(Block { first, end, params, succs, preds: Vec::new() });
    }
    for block in 0..count {
        for succ in f.blocks[block].succs.clone() {
            f.blocks[succ as usize].preds.push(block as u32);
        }
    }
    f
}

impl Generator<'_> {
    fn below(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.random ^ self.random >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ x >> 31) % end as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn value(&mut self, kind: Kind) -> Val {
        self.reps.push(if kind == Kind::F64 { Rep::F64 } else { Rep::Word });
        Val { reg: VReg(self.reps.len() as u32 - 1), kind }
    }

    fn new_block(&mut self) -> usize {
        self.blocks.push(Building::default());
        self.blocks.len() - 1
    }

    /// A value of this kind, perhaps a new constant. Recent ones are rarer than their share, so that
    /// values live long.
    fn get(&mut self, kind: Kind) -> VReg {
        let fits = |v: &&Val| v.kind == kind || kind == Kind::Word && v.kind != Kind::F64;
        let known: Vec<VReg> = self.values.iter().filter(fits).map(|v| v.reg).collect();
        if !known.is_empty() && !self.one_in(10) {
            return self.pick(&known);
        }
        let op = match kind {
            Kind::F64 => Op::F64(self.number().to_bits()),
            Kind::Word => Op::Word(self.bits()),
            Kind::Array => Op::Word(self.world.array()),
            Kind::Index => Op::Word(self.below(ELEMENTS) as u64),
        };
        self.made(op, &[], kind)
    }

    fn number(&mut self) -> f64 {
        let whole = self.below(20) as f64;
        let other = self.below(100) as f64 / 4.0 - 10.0;
        self.pick(&[whole, whole, other, f64::NAN, -0.0])
    }

    fn bits(&mut self) -> u64 {
        let number = self.number().to_bits();
        let small = self.below(9) as u64;
        self.pick(&[number, small, Value::NULL.bits(), TAG_LIST | 0x1000 | small])
    }

    /// Appends an operation; what it defines can be used from now on.
    fn op(&mut self, op: Op, uses: &[VReg], kind: Kind) {
        let exit = op.exits().then(|| if self.one_in(3) { 0 } else { self.below(8) });
        let def = op.result().map(|_| self.value(kind));
        let fixed = uses.len();
        let mut uses = uses.to_vec();
        let exit = exit.map(|count| {
            let saved = self.saved(count, &mut uses);
            let kind = if matches!(op, Op::Fuel(_)) { ExitKind::Suspend } else { ExitKind::Resume };
            self.exits.push(Exit { kind, pc: 0x5000 + 8 * self.exits.len() as u64, saved });
            self.exits.len() as u32 - 1
        });
        let inst = Inst { op, uses, fixed, def: def.map(|v| v.reg), exit };
        self.blocks[self.block].insts.push(inst);
        self.values.extend(def);
    }

    /// Appends an operation with a result, and returns that.
    fn made(&mut self, op: Op, uses: &[VReg], kind: Kind) -> VReg {
        self.op(op, uses, kind);
        self.values[self.values.len() - 1].reg
    }

    fn saved(&mut self, count: usize, uses: &mut Vec<VReg>) -> Vec<Saved> {
        let fixed = uses.len();
        let mut saved = Vec::new();
        for slot in 0..count as u16 {
            let source = if self.values.is_empty() || self.one_in(5) {
                Source::Bits(self.bits())
            } else {
                let value = self.below(self.values.len());
                let value = self.values[value].reg;
                let known = uses[fixed..].iter().position(|&v| v == value);
                let at = known.map_or(uses.len(), |at| at + fixed);
                if known.is_none() {
                    uses.push(value);
                }
                Source::Operand(at as u32, self.reps[value.0 as usize])
            };
            saved.push(Saved { slot: slot * 3 % REGISTERS, source });
        }
        saved
    }

    /// A place in memory, and the registers of its address.
    fn address(&mut self) -> (Address, Vec<VReg>) {
        let indexed = self.one_in(2);
        let (base, words) = match self.below(3) {
            0 => (Base::Window, REGISTERS as usize),
            1 => (Base::Vm, FIELDS),
            _ => (Base::Word, ELEMENTS),
        };
        // Indices reach as far as the array; from the machine that would be too far.
        let indexed = indexed && base != Base::Vm;
        let first = if base == Base::Vm { FIELDS_AT } else { 0 };
        let at = if indexed { self.below(words + 1 - ELEMENTS) } else { self.below(words) };
        let mut uses = Vec::new();
        if base == Base::Word {
            uses.push(self.get(Kind::Array));
        }
        if indexed {
            uses.push(self.get(Kind::Index));
        }
        (Address { base, indexed, offset: (first + 8 * at) as i32 }, uses)
    }

    fn compare(&mut self) -> Compare {
        let compare = self.pick(&[Compare::Lt, Compare::Le, Compare::Gt, Compare::Ge, Compare::Eq]);
        if self.one_in(2) { compare.not() } else { compare }
    }

    /// Operations, choices and loops, one after the other.
    fn sequence(&mut self, depth: usize) {
        let count = 3 + self.below(20);
        for _ in 0..count.min(self.left) {
            self.left = self.left.saturating_sub(1);
            match self.below(16) {
                0 if depth < 3 => self.choice(depth),
                1 if depth < 3 => self.repeat(depth),
                _ => self.operation(),
            }
        }
    }

    fn operation(&mut self) {
        use Kind::{F64, Index, Word};
        match self.below(12) {
            0..=2 => self.arithmetic(),
            3 | 4 => self.check(),
            5..=7 => self.memory(),
            8 => {
                let index = self.below(LEAVES.len());
                let count = if matches!(LEAVES[index], Leaf::One(_)) { 1 } else { 2 };
                let uses: Vec<VReg> = (0..count).map(|_| self.get(F64)).collect();
                self.op(Op::Leaf(index as u8, count), &uses, F64);
            }
            9 => {
                // Mostly within the range.
                let (a, b) = (self.get(F64), 1.0 + self.below(9) as f64);
                let b = self.made(Op::F64(b.to_bits()), &[], F64);
                let floor = self.made(Op::Unary(Unary::Floor), &[a], F64);
                let a = self.made(Op::Unary(Unary::Abs), &[floor], F64);
                self.op(Op::Modulo, &[a, b], F64);
            }
            10 => {
                let shape = self.below(3) as u64 + 5;
                let shape = self.made(Op::Word(shape), &[], Word);
                let slot = self.below(ELEMENTS) as u32;
                let entry = |shape: u32, slot: u32| (shape << 6) | slot;
                let entries = [entry(5, slot), entry(6, slot / 2), entry(7, slot / 3), u32::MAX];
                self.op(Op::Slot(entries), &[shape], Index);
            }
            _ => {
                let bits = self.bits();
                self.op(Op::Word(bits), &[], Word);
            }
        }
    }

    fn arithmetic(&mut self) {
        use Kind::{F64, Word};
        let (a, b, w) = (self.get(F64), self.get(F64), self.get(Word));
        let binary = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Min];
        let unary = [Unary::Sqrt, Unary::Abs, Unary::Floor, Unary::Ceil, Unary::Trunc];
        let (binary, unary, compare) = (self.pick(&binary), self.pick(&unary), self.compare());
        match self.below(11) {
            0..=2 => self.op(Op::Binary(binary), &[a, b], F64),
            3 => self.op(Op::Unary(unary), &[a], F64),
            4 => self.op(Op::Test(compare), &[a, b], F64),
            5 => self.op(Op::Truncate, &[a], Word),
            6 => self.op(Op::IntToF64, &[w], F64),
            7 => self.op(Op::ToF64, &[w], F64),
            8 => {
                let canonical = self.canonical();
                self.op(Op::ToBits, &[canonical], Word);
            }
            9 => {
                let constant = self.number().to_bits();
                self.op(Op::BinaryConst(binary, constant), &[a], F64);
            }
            _ => self.op(Op::ToValue, &[a], Word),
        }
    }

    /// A double that is no NaN but the one that values may be.
    fn canonical(&mut self) -> VReg {
        let number = self.get(Kind::F64);
        let value = self.made(Op::ToValue, &[number], Kind::Word);
        self.made(Op::ToF64, &[value], Kind::F64)
    }

    /// Checks, most of which hold.
    fn check(&mut self) {
        use Kind::{F64, Word};
        let (w, v) = (self.get(Word), self.get(Word));
        let known = self.bits();
        match self.below(10) {
            0 if !self.one_in(9) => self.op(Op::CheckBelow(u64::MAX), &[w], Word),
            0 => self.op(Op::CheckBelow(FIRST_BOXED), &[w], Word),
            1 => {
                let same = self.made(Op::Word(known), &[], Word);
                self.op(Op::CheckBits(known), &[same], Word);
            }
            2 => {
                let large = self.made(Op::Word(u64::MAX), &[], Word);
                let large = if self.one_in(30) { v } else { large };
                self.op(Op::CheckIndex, &[w, large], Word);
            }
            3 => {
                let (a, b) = (self.get(F64), self.get(F64));
                let compare = if self.one_in(30) { self.compare() } else { Compare::Ne };
                let compare = if a == b { Compare::NotLt } else { compare };
                self.op(Op::CheckCompare(compare), &[a, b], F64);
            }
            4 => {
                let list = TAG_LIST | self.below(1 << 20) as u64;
                let list = self.made(Op::Word(list), &[], Word);
                let list = if self.one_in(30) { v } else { list };
                self.op(Op::Untag((TAG_LIST >> 48) as u16), &[list], Word);
            }
            5 | 6 => {
                let number = self.get(F64);
                let value = self.made(Op::ToValue, &[number], Word);
                let value = if self.one_in(30) { v } else { value };
                self.op(Op::Number, &[value], F64);
            }
            7 => {
                let fuel = self.below(4) as u32;
                self.op(Op::Fuel(fuel), &[], Word);
            }
            8 => {
                let fuel = self.below(3) as u32;
                self.op(Op::Pay(fuel), &[], Word);
            }
            _ => {
                let registers = if self.one_in(20) { 1000 } else { 40 };
                self.op(Op::CheckWindow(registers), &[], Word);
            }
        }
    }

    fn memory(&mut self) {
        use Kind::{F64, Word};
        let (address, mut uses) = self.address();
        match self.below(9) {
            0..=2 => {
                let width = self.pick(&[Width::W8, Width::W32, Width::W64, Width::W64]);
                self.op(Op::Load(address, width), &uses, Word);
            }
            3 => {
                // From where there is a number.
                let number = self.get(F64);
                let stored: Vec<VReg> = uses.iter().copied().chain([number]).collect();
                self.op(Op::StoreF64(address), &stored, F64);
                self.op(Op::LoadF64(address), &uses, F64);
            }
            4 if self.one_in(3) => self.op(Op::LoadNumber(address), &uses, F64),
            5 => {
                uses.push(self.get(F64));
                self.op(Op::StoreF64(address), &uses, F64);
            }
            6 => {
                uses.push(self.get(Word));
                self.op(Op::Store(address), &uses, Word);
            }
            7 => {
                uses.push(self.canonical());
                self.op(Op::StoreNumber(address), &uses, F64);
            }
            _ => {
                let bits = self.bits();
                self.op(Op::StoreBits(address, bits), &uses, Word);
            }
        }
    }

    /// Ends the block with a choice between two new ones, and returns them.
    fn branch(&mut self) -> [usize; 2] {
        if self.one_in(2) {
            let (a, b, compare) = (self.get(Kind::F64), self.get(Kind::F64), self.compare());
            self.op(Op::Branch(compare), &[a, b], Kind::F64);
        } else {
            let (w, bits) = (self.get(Kind::Word), self.bits());
            self.op(Op::BranchBits(bits), &[w], Kind::Word);
        }
        let ways = [self.new_block(), self.new_block()];
        self.blocks[self.block].succs = ways.map(|b| b as u32).to_vec();
        ways
    }

    /// Ends the block with a jump that fills the target's parameters.
    fn jump(&mut self, to: usize, kinds: &[Kind]) {
        let args: Vec<VReg> = kinds.iter().map(|&kind| self.get(kind)).collect();
        self.op(Op::Jump, &args, Kind::Word);
        self.blocks[self.block].succs = vec![to as u32];
    }

    fn kinds(&mut self) -> Vec<Kind> {
        let count = self.below(6);
        let kinds = [Kind::F64, Kind::F64, Kind::Word, Kind::Word, Kind::Array, Kind::Index];
        (0..count).map(|_| self.pick(&kinds)).collect()
    }

    /// Goes on in a block that gets new values of these kinds.
    fn begin(&mut self, block: usize, kinds: &[Kind]) {
        self.block = block;
        for &kind in kinds {
            let param = self.value(kind);
            self.blocks[block].params.push(param.reg);
            self.values.push(param);
        }
    }

    fn choice(&mut self, depth: usize) {
        let (ways, kinds) = (self.branch(), self.kinds());
        let (known, join) = (self.values.len(), self.new_block());
        for way in ways {
            self.block = way;
            self.sequence(depth + 1);
            if self.one_in(8) && way == ways[0] {
                self.end();
            } else {
                self.jump(join, &kinds);
            }
            self.values.truncate(known);
        }
        self.begin(join, &kinds);
    }

    /// A loop that counts from 0.
    fn repeat(&mut self, depth: usize) {
        let mut kinds = self.kinds();
        let times = self.below(4) as f64;
        let header = self.new_block();
        let zero = self.made(Op::F64(0f64.to_bits()), &[], Kind::F64);
        self.jump(header, &kinds);
        kinds.push(Kind::F64);
        self.last_jump().push(zero);
        self.begin(header, &kinds);
        let counter = self.values[self.values.len() - 1].reg;
        let known = self.values.len();
        let end = self.made(Op::F64(times.to_bits()), &[], Kind::F64);
        self.op(Op::Branch(Compare::Lt), &[counter, end], Kind::F64);
        let (body, behind) = (self.new_block(), self.new_block());
        self.blocks[self.block].succs = vec![body as u32, behind as u32];
        self.block = body;
        self.sequence(depth + 1);
        self.op(Op::Fuel(1), &[], Kind::Word);
        let one = self.made(Op::F64(1f64.to_bits()), &[], Kind::F64);
        let next = self.made(Op::Binary(Binary::Add), &[counter, one], Kind::F64);
        kinds.pop();
        self.jump(header, &kinds);
        self.last_jump().push(next);
        self.values.truncate(known);
        self.block = behind;
    }

    /// The arguments of the jump at the end of the block, which gets one more.
    fn last_jump(&mut self) -> &mut Vec<VReg> {
        let inst = self.blocks[self.block].insts.last_mut().expect("a jump");
        inst.fixed += 1;
        &mut inst.uses
    }

    /// Calls one of the world's functions. Nothing stays in registers, and little in the frame.
    fn call(&mut self) {
        if self.one_in(3) {
            let null = Value::NULL.bits();
            self.op(Op::StoreBits(Address::slot(CALLEE), null), &[], Kind::Word);
        } else {
            let value = self.get(Kind::Word);
            self.op(Op::Store(Address::slot(CALLEE)), &[value], Kind::Word);
        }
        let code = match self.below(6) {
            0 => &self.world.interpreted,
            1..=3 => &self.world.compiled,
            _ => &self.world.number,
        };
        let code = Rc::as_ptr(code).addr() as u64;
        let call = ScriptCall {
            pc: 0x4000,
            ret: CALL_RETURN,
            callee: 0xFFFF_0000_0000_4444,
            code,
            window: CALLEE,
            dst: 3,
            register_count: if self.one_in(12) { 1000 } else { 8 },
            cost: self.below(5) as u32,
        };
        self.values.clear();
        if self.one_in(2) {
            self.op(Op::Call(call), &[], Kind::Word);
        } else {
            self.op(Op::CallNumber(call), &[], Kind::F64);
        }
    }

    fn end(&mut self) {
        if self.one_in(5) {
            self.op(Op::Leave, &[], Kind::Word);
        } else if self.one_in(2) {
            let value = self.get(Kind::Word);
            self.op(Op::Return, &[value], Kind::Word);
        } else {
            let number = self.get(Kind::F64);
            self.op(Op::ReturnNumber, &[number], Kind::F64);
        }
    }
}
