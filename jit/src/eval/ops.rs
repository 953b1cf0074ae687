//! What each operation does.

use super::Unit;
use super::run::{Run, Way};
use crate::lir::{Inst, Place, Placed};
use crate::op::{Address, Base, Binary, Op, Unary, Width};
use brisk_core::native::helpers::{self, LEAVES, Leaf};
use brisk_core::native::layout;
use brisk_core::value::Value;
use brisk_core::value::value::FIRST_BOXED;
use core::ptr::with_exposed_provenance_mut;

/// What became of an operation.
enum Done {
    /// It has an effect only.
    Nothing,
    /// It has a result, a word or the bits of a double.
    Bits(u64),
    /// It failed.
    Exit,
}

impl Run<'_> {
    /// Executes an instruction.
    pub(super) fn inst(&mut self, unit: &Unit, at: usize) -> Way {
        let (inst, placed) = (&unit.f.insts[at], &unit.places.insts[at]);
        match inst.op {
            Op::Jump => Way::Succ(0),
            Op::Branch(compare) => {
                let holds = compare.holds(self.float(placed, 0), self.float(placed, 1));
                Way::Succ(usize::from(!holds))
            }
            Op::BranchBits(bits) => Way::Succ(usize::from(self.word(placed, 0) != bits)),
            Op::Leave => self.exit(unit, at),
            Op::Return => self.return_value(self.word(placed, 0)),
            Op::ReturnNumber => self.return_value(Value::number(self.float(placed, 0)).bits()),
            Op::Call(call) | Op::CallNumber(call) => self.call(unit, at, call),
            Op::Step { pc, next } => self.step(unit, at, pc, next),
            Op::StepBranch { pc, target, next } => self.step_branch(pc, target, next),
            _ => self.plain(unit, at, inst, placed),
        }
    }

    /// Executes an operation that leads behind itself or to its exit.
    fn plain(&mut self, unit: &Unit, at: usize, inst: &Inst, placed: &Placed) -> Way {
        let done = match inst.op {
            Op::Load(..) | Op::LoadF64(_) | Op::LoadNumber(_) => self.load(inst.op, placed),
            Op::Store(_) | Op::StoreF64(_) | Op::StoreNumber(_) | Op::StoreBits(..) => {
                self.store(inst.op, placed)
            }
            Op::Fuel(fuel) => self.pay(fuel),
            Op::Pay(fuel) if self.fuel < i64::from(fuel) => Done::Exit,
            Op::Pay(fuel) => self.pay(fuel),
            Op::CheckWindow(registers) => {
                let end = self.base.wrapping_add(registers as usize * 8);
                let limit: *mut u8 = self.vm_field(layout::VM_STACK_LIMIT);
                if end > limit { Done::Exit } else { Done::Nothing }
            }
            Op::Barrier => self.barrier(self.word(placed, 0), self.word(placed, 1)),
            _ => self.compute(inst.op, placed),
        };
        self.poison(inst.op, placed.def);
        match done {
            Done::Exit => return self.exit(unit, at),
            Done::Nothing => debug_assert!(placed.def.is_none()),
            Done::Bits(bits) => {
                let place = placed.def.expect("the operation has a result");
                assert!(!matches!(place, Place::Spill(_)), "results are in registers");
                self.write(place, bits);
            }
        }
        Way::Next
    }

    /// An operand that is a word.
    fn word(&self, placed: &Placed, operand: usize) -> u64 {
        let place = placed.uses[operand];
        assert!(matches!(place, Place::Word(_)), "{place:?} is not a general register");
        self.read(place)
    }

    /// An operand that is a double.
    fn float(&self, placed: &Placed, operand: usize) -> f64 {
        let place = placed.uses[operand];
        assert!(matches!(place, Place::F64(_)), "{place:?} is not a float register");
        f64::from_bits(self.read(place))
    }

    /// Operations that depend on their operands only.
    fn compute(&self, op: Op, placed: &Placed) -> Done {
        let word = |operand| self.word(placed, operand);
        let float = |operand| self.float(placed, operand);
        let number = |x: f64| Done::Bits(x.to_bits());
        let check = |holds| if holds { Done::Nothing } else { Done::Exit };
        match op {
            Op::Word(bits) | Op::F64(bits) => Done::Bits(bits),
            Op::ToF64 => Done::Bits(word(0)),
            Op::ToValue => Done::Bits(Value::number(float(0)).bits()),
            Op::ToBits => Done::Bits(number_bits(float(0))),
            Op::Binary(function) => number(binary(function, float(0), float(1))),
            Op::BinaryConst(function, bits) => {
                number(binary(function, float(0), f64::from_bits(bits)))
            }
            Op::Unary(function) => number(unary(function, float(0))),
            Op::Test(compare) => number(f64::from(u8::from(compare.holds(float(0), float(1))))),
            Op::Truncate => Done::Bits(truncate(float(0)).cast_unsigned()),
            Op::IntToF64 => number(word(0).cast_signed() as f64),
            Op::Modulo => modulo(float(0), float(1)).map_or(Done::Exit, number),
            Op::Number if word(0) < FIRST_BOXED => Done::Bits(word(0)),
            Op::Number => Done::Exit,
            Op::Untag(tag) if word(0) >> 48 == u64::from(tag) => Done::Bits(word(0) << 16 >> 16),
            Op::Untag(_) => Done::Exit,
            Op::CheckBelow(bits) => check(word(0) < bits),
            Op::CheckBits(bits) => check(word(0) == bits),
            Op::CheckIndex => check(word(0) < word(1)),
            Op::CheckCompare(compare) => check(compare.holds(float(0), float(1))),
            Op::Slot(entries) => {
                let shape = word(0) as u32;
                let known = entries.into_iter().filter(|&entry| entry != u32::MAX);
                let found = known.into_iter().find(|entry| entry >> 6 == shape);
                found.map_or(Done::Exit, |entry| Done::Bits(u64::from(entry & 63)))
            }
            Op::Leaf(index, _) => match LEAVES[usize::from(index)] {
                // SAFETY: functions of doubles without other conditions.
                Leaf::One(function) => number(unsafe { function(float(0)) }),
                // SAFETY: as above.
                Leaf::Two(function) => number(unsafe { function(float(0), float(1)) }),
            },
            _ => unreachable!("{op:?} is executed elsewhere"),
        }
    }

    /// The place in memory that the first operands name.
    fn place(&self, placed: &Placed, address: Address) -> *mut u8 {
        let base = match address.base {
            Base::Window => self.base,
            Base::Vm => self.vm,
            Base::Word => with_exposed_provenance_mut(self.word(placed, 0) as usize),
        };
        let index = match address.indexed {
            true => self.word(placed, address.operands() - 1) as isize * 8,
            false => 0,
        };
        base.wrapping_offset(index).wrapping_offset(address.offset as isize)
    }

    fn load(&self, op: Op, placed: &Placed) -> Done {
        let (address, width) = match op {
            Op::Load(address, width) => (address, width),
            Op::LoadF64(address) | Op::LoadNumber(address) => (address, Width::W64),
            _ => unreachable!("{op:?} is no load"),
        };
        let from = self.place(placed, address);
        // SAFETY: whoever made the LIR checked what has to be checked before this load; all memory that
        // code looks at is initialized and aligned.
        let bits = unsafe {
            match width {
                Width::W8 => u64::from(from.read()),
                Width::W32 => u64::from(from.cast::<u32>().read()),
                Width::W64 => read_word(from),
            }
        };
        match op {
            Op::LoadNumber(_) if bits >= FIRST_BOXED => return Done::Exit,
            Op::LoadF64(_) => debug_assert!(bits < FIRST_BOXED, "{bits:#x} is no number"),
            _ => {}
        }
        Done::Bits(bits)
    }

    fn store(&mut self, op: Op, placed: &Placed) -> Done {
        let (address, bits) = match op {
            Op::Store(address) => (address, self.word(placed, address.operands())),
            Op::StoreF64(address) => {
                (address, Value::number(self.float(placed, address.operands())).bits())
            }
            Op::StoreNumber(address) => {
                (address, number_bits(self.float(placed, address.operands())))
            }
            Op::StoreBits(address, bits) => (address, bits),
            _ => unreachable!("{op:?} is no store"),
        };
        let to = self.place(placed, address).cast::<u64>();
        // SAFETY: as in `load`.
        unsafe { to.write(bits) };
        Done::Nothing
    }

    fn pay(&mut self, fuel: u32) -> Done {
        self.fuel -= i64::from(fuel);
        if self.fuel < 0 { Done::Exit } else { Done::Nothing }
    }

    fn barrier(&mut self, object: u64, value: u64) -> Done {
        let header = with_exposed_provenance_mut::<u8>(object as usize);
        // SAFETY: the operand is the address of an object.
        let color = unsafe { header.add(layout::OBJECT_COLOR).read() };
        if color == self.vm_field::<u8>(layout::VM_BARRIER_COLOR) {
            // SAFETY: an object of this machine that was scanned, and a value stored in it.
            unsafe { helpers::barrier(self.vm.cast(), header.cast(), value) };
        }
        Done::Nothing
    }
}

/// Reads 64 bits, which may be an address that other operations use.
///
/// # Safety
///
/// There must be 64 initialized and aligned bits.
pub(super) unsafe fn read_word(from: *const u8) -> u64 {
    if size_of::<usize>() < size_of::<u64>() {
        // SAFETY: the caller's promise.
        return unsafe { from.cast::<u64>().read() };
    }
    // Read as a pointer, so that a word made from it may become a pointer again.
    // SAFETY: the caller's promise; any bits are a pointer, if perhaps to nothing.
    unsafe { from.cast::<*const u8>().read() }.expose_provenance() as u64
}

/// The bits of a double that is known to be a value's.
fn number_bits(x: f64) -> u64 {
    let bits = x.to_bits();
    debug_assert!(bits == Value::number(x).bits(), "a NaN that no value may be");
    bits
}

fn binary(function: Binary, a: f64, b: f64) -> f64 {
    match function {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min if a < b => a,
        Binary::Min => b,
    }
}

fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Sqrt => x.sqrt(),
        Unary::Abs => x.abs(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Trunc => x.trunc(),
    }
}

/// `i64::MIN` where no 64-bit integer is the whole part.
fn truncate(x: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&x) { x as i64 } else { i64::MIN }
}

/// The remainder of whole numbers in the range that [`Op::Modulo`] is for.
fn modulo(a: f64, b: f64) -> Option<f64> {
    let (x, y) = (truncate(a), truncate(b));
    let in_range = (0..1 << 32).contains(&x) && (1..1 << 31).contains(&y);
    let whole = x as f64 == a && y as f64 == b && !(a == 0.0 && a.is_sign_negative());
    (in_range && whole).then(|| (x % y) as f64)
}
