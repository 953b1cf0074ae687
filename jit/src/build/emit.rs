//! Appending instructions: constants are folded, and what is known already is not computed again.
//!
//! This is the dominator pass of the compiler: blocks are built in an order in which dominators come
//! first, so a table of what was computed, with the block where, says what is available (global
//! value numbering after Click, "Global code motion, global value numbering", 1995, without the
//! motion). Loads and checks of memory are numbered together with the *version* of the memory they
//! look at. Nothing is available behind a call: code keeps no registers across one.

use super::Builder;
use crate::ir::{Exit, Inst, Val};
use crate::op::{Address, Binary, Op, Rep, Unary, Width};
use brisk_core::value::Value;

/// Kinds of memory that change separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Memory {
    /// What only calls change: where cells of globals are, and their states; lengths and addresses
    /// of lists.
    Heads = 0,
    /// Elements of lists.
    Elements = 1,
    /// Values of global variables.
    Cells = 2,
    /// Members of maps, by slot modulo [`SLOT_KINDS`].
    Slots = 3,
}

/// Kinds of members that change separately.
pub(super) const SLOT_KINDS: usize = 8;
/// Kinds of memory: the members are the last ones, and behind them what any member store changes.
pub(super) const KINDS: usize = Memory::Slots as usize + SLOT_KINDS + 1;

/// A kind of memory, by number.
impl From<Memory> for usize {
    fn from(memory: Memory) -> usize {
        memory as usize
    }
}

/// The number of the kind of memory of a member in a slot; of one that may be in any.
pub(super) fn member(slot: Option<usize>) -> usize {
    Memory::Slots as usize + slot.map_or(SLOT_KINDS, |slot| slot % SLOT_KINDS)
}

/// Versions of memory, and of the stretch of code since the last call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Versions {
    pub(super) memory: [u32; KINDS],
    pub(super) epoch: u32,
}

/// What identifies a computation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    op: Op,
    args: Vec<Val>,
    memory: u32,
    epoch: u32,
}

impl Builder<'_> {
    /// A constant word.
    pub(super) fn word(&mut self, bits: u64) -> Val {
        self.constant(Op::Word(bits), bits)
    }

    /// A constant double.
    pub(super) fn number(&mut self, x: f64) -> Val {
        self.constant(Op::F64(x.to_bits()), x.to_bits())
    }

    fn constant(&mut self, op: Op, bits: u64) -> Val {
        let val = self.emit(op, &[]);
        self.graph.constants[val.0 as usize] = Some(bits);
        val
    }

    /// A constant value: a double when it is a number.
    pub(super) fn value_constant(&mut self, value: Value) -> Val {
        match value.as_number() {
            Some(x) => self.number(x),
            None => self.word(value.bits()),
        }
    }

    fn key(&self, op: Op, args: &[Val], memory: Option<usize>) -> Key {
        let memory = memory.map_or(0, |m| self.versions.memory[m]);
        Key { op, args: args.to_vec(), memory, epoch: self.versions.epoch }
    }

    /// Appends an operation without an exit that has a result and does not look at memory.
    pub(super) fn emit(&mut self, op: Op, args: &[Val]) -> Val {
        if let Some(folded) = self.fold(op, args) {
            return folded;
        }
        self.numbered(op, args, None)
    }

    /// Appends a load that cannot fail.
    pub(super) fn load(&mut self, op: Op, args: &[Val], memory: impl Into<usize>) -> Val {
        self.numbered(op, args, Some(memory.into()))
    }

    fn numbered(&mut self, op: Op, args: &[Val], memory: Option<usize>) -> Val {
        let key = self.key(op, args, memory);
        if let Some(known) = self.known(&key) {
            return known;
        }
        let val = self.append(op, args.to_vec(), None).unwrap_or(Val(0));
        self.remember(key, val);
        val
    }

    /// Appends a check that can leave, unless it is known to succeed; its result, or its first
    /// operand when it has none.
    pub(super) fn check(&mut self, op: Op, args: &[Val]) -> Val {
        if let Some(folded) = self.fold(op, args) {
            return folded;
        }
        self.checked(op, args, None)
    }

    /// Appends a load that leaves when it does not find a number.
    pub(super) fn load_number(
        &mut self,
        address: Address,
        args: &[Val],
        memory: impl Into<usize>,
    ) -> Val {
        let memory = memory.into();
        let word = self.key(Op::Load(address, Width::W64), args, Some(memory));
        match self.known(&word) {
            Some(known) => self.as_number(known),
            None => self.checked(Op::LoadNumber(address), args, Some(memory)),
        }
    }

    fn checked(&mut self, op: Op, args: &[Val], memory: Option<usize>) -> Val {
        let key = self.key(op, args, memory);
        if let Some(known) = self.known(&key) {
            return known;
        }
        self.checks += 1;
        if self.false_alarms > 0 && self.checks.is_multiple_of(self.false_alarms) {
            let zero = self.word(0);
            let exit = self.exit_here();
            self.append(Op::CheckBits(1), vec![zero], Some(exit));
        }
        let exit = self.exit_here();
        let result = self.append(op, args.to_vec(), Some(exit));
        let val = result.unwrap_or_else(|| args.first().copied().unwrap_or(Val(0)));
        self.remember(key, val);
        val
    }

    fn known(&self, key: &Key) -> Option<Val> {
        let known = self.table.get(key)?;
        let here = self.node;
        known.iter().rev().find(|(node, _)| self.dominates(*node, here)).map(|k| k.1)
    }

    fn remember(&mut self, key: Key, val: Val) {
        self.table.entry(key).or_default().push((self.node, val));
    }

    /// Appends an instruction.
    pub(super) fn append(&mut self, op: Op, args: Vec<Val>, exit: Option<Exit>) -> Option<Val> {
        let result = op.result().map(|rep| self.graph.value(rep));
        if let Some(result) = result {
            let canonical = self.gives_canonical(op, &args);
            self.graph.canonical[result.0 as usize] = canonical;
        }
        let exit = exit.map(Box::new);
        self.graph.blocks[self.node].insts.push(Inst { op, args, result, exit });
        result
    }

    /// Whether a double is no NaN but `Value::NAN`. A NaN that an operation takes from an operand
    /// stays the one it was; one that it makes itself is another. Nothing is made by adding a
    /// finite constant, or by multiplying with one that is not zero.
    fn gives_canonical(&self, op: Op, args: &[Val]) -> bool {
        let canonical = |arg: usize| self.graph.is_canonical(args[arg]);
        let finite = |arg: usize| self.f64_constant(args[arg]).filter(|x| x.is_finite());
        let nonzero = |arg: usize| finite(arg).is_some_and(|x| x != 0.0);
        match op {
            Op::F64(bits) => !f64::from_bits(bits).is_nan() || bits == Value::NAN.bits(),
            Op::LoadF64(_) | Op::LoadNumber(_) | Op::Number => true,
            Op::Test(_) | Op::IntToF64 | Op::Modulo => true,
            Op::Binary(Binary::Add | Binary::Sub) => {
                canonical(0) && finite(1).is_some() || canonical(1) && finite(0).is_some()
            }
            Op::Binary(Binary::Mul) => canonical(0) && nonzero(1) || canonical(1) && nonzero(0),
            Op::Binary(Binary::Div) => canonical(0) && nonzero(1),
            Op::Binary(Binary::Min) => canonical(0) && canonical(1),
            Op::Unary(Unary::Floor | Unary::Ceil | Unary::Trunc | Unary::Abs) => canonical(0),
            _ => false,
        }
    }

    fn f64_constant(&self, val: Val) -> Option<f64> {
        let is_number = self.graph.rep(val) == Rep::F64;
        self.graph.constant(val).filter(|_| is_number).map(f64::from_bits)
    }

    fn fold(&mut self, op: Op, args: &[Val]) -> Option<Val> {
        match op {
            Op::Binary(kind) => {
                let (a, b) = (self.f64_constant(args[0])?, self.f64_constant(args[1])?);
                let result = match kind {
                    Binary::Add => a + b,
                    Binary::Sub => a - b,
                    Binary::Mul => a * b,
                    Binary::Div => a / b,
                    Binary::Min => return None,
                };
                (!result.is_nan()).then(|| self.number(result))
            }
            Op::Number => {
                let bits = self.graph.constant(args[0])?;
                (bits < brisk_core::value::value::FIRST_BOXED)
                    .then(|| self.number(f64::from_bits(bits)))
            }
            Op::CheckBelow(limit) => {
                let bits = self.graph.constant(args[0])?;
                (bits < limit).then_some(args[0])
            }
            Op::CheckBits(wanted) => {
                let bits = self.graph.constant(args[0])?;
                (bits == wanted).then_some(args[0])
            }
            Op::CheckCompare(compare) => {
                let (a, b) = (self.f64_constant(args[0])?, self.f64_constant(args[1])?);
                compare.holds(a, b).then_some(args[0])
            }
            _ => None,
        }
    }

    /// The number a value is, checked when that is not known.
    pub(super) fn as_number(&mut self, val: Val) -> Val {
        if self.graph.rep(val) == Rep::F64 {
            return val;
        }
        let number = self.check(Op::Number, &[val]);
        // Whoever reads the register next finds the number.
        self.vars.replace(val, number);
        number
    }

    /// A value as a word.
    pub(super) fn as_word(&mut self, val: Val) -> Val {
        if self.graph.rep(val) == Rep::Word {
            return val;
        }
        match self.graph.constant(val) {
            Some(bits) => self.word(Value::number(f64::from_bits(bits)).bits()),
            None if self.graph.is_canonical(val) => self.emit(Op::ToBits, &[val]),
            None => self.emit(Op::ToValue, &[val]),
        }
    }
}
