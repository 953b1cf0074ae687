//! LIR on virtual registers: what functions mean, as `op.rs` says, before anything is allocated.
#![allow(unsafe_code)] // Works on raw memory.

use brisk_core::native::Continuation;
use brisk_core::native::helpers::{LEAVES, Leaf};
use brisk_core::native::layout::{
    FRAME_DEPTH, FRAME_DISTANCE, FRAME_FUNCTION, FRAME_RESULT, FRAME_RETURN, VM_BASE,
    VM_CALL_DEPTH_MAX, VM_FUEL, VM_NATIVE_EXIT, VM_PC, VM_STACK_LIMIT,
};
use brisk_core::value::value::FIRST_BOXED;
use brisk_core::value::{Code, Value};
use brisk_jit::lir::{ExitKind, Function, Inst, Source};
use brisk_jit::op::{Address, Base, Binary, Op, Rep, ScriptCall, Unary, Width};
use std::ptr::{null, null_mut, with_exposed_provenance_mut};

struct Run<'a> {
    f: &'a Function,
    vm: *mut u8,
    base: *mut u8,
    fuel: i64,
    values: Vec<u64>,
    functions: Functions,
}

/// The functions with code that can be called.
#[derive(Clone, Copy)]
pub(crate) struct Functions {
    /// Returns its register 0.
    pub(crate) value: *const Code,
    /// Returns its register 0 as a number, whatever it is.
    pub(crate) number: *const Code,
}

/// What becomes of an instruction.
enum Done {
    Next,
    Result(u64),
    Exit,
    Succ(usize),
    Out(Continuation),
}

/// Runs a function of the frame at `base`.
///
/// # Safety
///
/// All memory it uses must be there.
pub(crate) unsafe fn run(
    f: &Function,
    vm: *mut u8,
    base: *mut u8,
    functions: Functions,
) -> Continuation {
    let values = vec![0; f.reps.len()];
    let mut run = Run { f, vm, base, fuel: 0, values, functions };
    run.fuel = run.get(run.vm, VM_FUEL as isize);
    let left = run.all();
    run.set(run.vm, VM_FUEL as isize, run.fuel);
    left
}

impl Run<'_> {
    fn all(&mut self) -> Continuation {
        let mut block = &self.f.blocks[0];
        let mut at = 0;
        loop {
            let inst = &self.f.insts[at];
            match self.inst(inst) {
                Done::Next => at += 1,
                Done::Result(bits) => {
                    self.values[inst.def.expect("a result").0 as usize] = bits;
                    at += 1;
                }
                Done::Exit => return self.exit(inst),
                Done::Out(left) => return left,
                Done::Succ(index) => {
                    block = &self.f.blocks[block.succs[index] as usize];
                    if inst.op == Op::Jump {
                        let args: Vec<u64> =
                            (0..inst.uses.len()).map(|i| self.word(inst, i)).collect();
                        for (param, arg) in block.params.iter().zip(args) {
                            self.values[param.0 as usize] = arg;
                        }
                    }
                    at = block.first as usize;
                }
            }
        }
    }

    fn word(&self, inst: &Inst, operand: usize) -> u64 {
        self.values[inst.uses[operand].0 as usize]
    }

    fn float(&self, inst: &Inst, operand: usize) -> f64 {
        f64::from_bits(self.word(inst, operand))
    }

    fn get<T: Copy>(&self, from: *mut u8, offset: isize) -> T {
        // SAFETY: `run` was promised that memory is there.
        unsafe { from.offset(offset).cast::<T>().read() }
    }

    fn set<T: Copy>(&self, to: *mut u8, offset: isize, value: T) {
        // SAFETY: as `get`.
        unsafe { to.offset(offset).cast::<T>().write(value) }
    }

    fn inst(&mut self, inst: &Inst) -> Done {
        let word = |operand| self.word(inst, operand);
        let float = |operand| self.float(inst, operand);
        let number = |x: f64| Done::Result(x.to_bits());
        let check = |holds| if holds { Done::Next } else { Done::Exit };
        let result = |bits: Option<u64>| bits.map_or(Done::Exit, Done::Result);
        match inst.op {
            Op::Word(bits) | Op::F64(bits) => Done::Result(bits),
            Op::ToF64 | Op::ToBits => Done::Result(word(0)),
            Op::ToValue => Done::Result(Value::number(float(0)).bits()),
            Op::Binary(function) => number(binary(function, float(0), float(1))),
            Op::BinaryConst(function, bits) => {
                number(binary(function, float(0), f64::from_bits(bits)))
            }
            Op::Unary(Unary::Sqrt) => number(float(0).sqrt()),
            Op::Unary(Unary::Abs) => number(float(0).abs()),
            Op::Unary(Unary::Floor) => number(float(0).floor()),
            Op::Unary(Unary::Ceil) => number(float(0).ceil()),
            Op::Unary(Unary::Trunc) => number(float(0).trunc()),
            Op::Test(compare) => number(if compare.holds(float(0), float(1)) { 1.0 } else { 0.0 }),
            Op::Truncate => Done::Result(truncate(float(0)) as u64),
            Op::IntToF64 => number(word(0) as i64 as f64),
            Op::Modulo => {
                let (a, b) = (float(0), float(1));
                let whole = a.trunc() == a && b.trunc() == b && a.is_sign_positive();
                let in_range = (0.0..4294967296.0).contains(&a) && (1.0..2147483648.0).contains(&b);
                result((whole && in_range).then(|| (a % b).to_bits()))
            }
            Op::Load(address, width) => Done::Result(self.load(inst, address, width)),
            Op::LoadF64(address) => Done::Result(self.load(inst, address, Width::W64)),
            Op::LoadNumber(address) => result(
                Some(self.load(inst, address, Width::W64)).filter(|&bits| bits < FIRST_BOXED),
            ),
            Op::Store(address) => self.store(inst, address, word(address.operands())),
            Op::StoreF64(address) => {
                let bits = Value::number(float(address.operands())).bits();
                self.store(inst, address, bits)
            }
            Op::StoreNumber(address) => self.store(inst, address, word(address.operands())),
            Op::StoreBits(address, bits) => self.store(inst, address, bits),
            Op::Number => result(Some(word(0)).filter(|&bits| bits < FIRST_BOXED)),
            Op::Untag(tag) => {
                let address = word(0) & 0xFFFF_FFFF_FFFF;
                result((word(0) >> 48 == u64::from(tag)).then_some(address))
            }
            Op::CheckBelow(bits) => check(word(0) < bits),
            Op::CheckBits(bits) => check(word(0) == bits),
            Op::CheckIndex => check(word(0) < word(1)),
            Op::CheckCompare(compare) => check(compare.holds(float(0), float(1))),
            Op::Slot(entries) => {
                let entry =
                    entries.iter().find(|&&e| e != u32::MAX && u64::from(e >> 6) == word(0));
                result(entry.map(|&entry| u64::from(entry & 63)))
            }
            Op::Leaf(index, _) => match LEAVES[usize::from(index)] {
                // SAFETY: a function of doubles.
                Leaf::One(f) => number(unsafe { f(float(0)) }),
                // SAFETY: as above.
                Leaf::Two(f) => number(unsafe { f(float(0), float(1)) }),
            },
            Op::Fuel(fuel) => {
                self.fuel -= i64::from(fuel);
                if self.fuel < 0 { Done::Exit } else { Done::Next }
            }
            Op::Pay(fuel) if self.fuel < i64::from(fuel) => Done::Exit,
            Op::Pay(fuel) => {
                self.fuel -= i64::from(fuel);
                Done::Next
            }
            Op::CheckWindow(registers) => {
                let end = self.base.wrapping_add(registers as usize * 8);
                check(end <= self.get(self.vm, VM_STACK_LIMIT as isize))
            }
            Op::Call(call) | Op::CallNumber(call) => self.call(inst, call),
            Op::Jump => Done::Succ(0),
            Op::Branch(compare) => Done::Succ(usize::from(!compare.holds(float(0), float(1)))),
            Op::BranchBits(bits) => Done::Succ(usize::from(word(0) != bits)),
            Op::Return => self.return_value(word(0)),
            Op::ReturnNumber => self.return_value(Value::number(float(0)).bits()),
            Op::Leave => Done::Exit,
            Op::Barrier | Op::Step { .. } | Op::StepBranch { .. } => panic!("not made here"),
        }
    }

    fn place(&self, inst: &Inst, address: Address) -> *mut u8 {
        let base = match address.base {
            Base::Window => self.base,
            Base::Vm => self.vm,
            Base::Word => with_exposed_provenance_mut(self.word(inst, 0) as usize),
        };
        let index = if address.indexed { self.word(inst, address.operands() - 1) } else { 0 };
        base.wrapping_offset(index as isize * 8 + address.offset as isize)
    }

    fn load(&self, inst: &Inst, address: Address, width: Width) -> u64 {
        let from = self.place(inst, address);
        match width {
            Width::W8 => self.get::<u8>(from, 0).into(),
            Width::W32 => self.get::<u32>(from, 0).into(),
            Width::W64 => self.get(from, 0),
        }
    }

    fn store(&self, inst: &Inst, address: Address, bits: u64) -> Done {
        self.set(self.place(inst, address), 0, bits);
        Done::Next
    }

    fn exit(&mut self, inst: &Inst) -> Continuation {
        let number = inst.exit.expect("an exit");
        let exit = &self.f.exits[number as usize];
        for saved in &exit.saved {
            let bits = match saved.source {
                Source::Bits(bits) => bits,
                Source::Operand(at, Rep::Word) => self.word(inst, at as usize),
                Source::Operand(at, Rep::F64) => {
                    Value::number(self.float(inst, at as usize)).bits()
                }
            };
            self.set(self.base, isize::from(saved.slot.cast_signed()) * 8, bits);
        }
        match exit.kind {
            ExitKind::Resume => {
                let call = matches!(inst.op, Op::Call(_) | Op::CallNumber(_));
                let taken = if call { 0 } else { self.f.first_exit + number };
                self.set(self.vm, VM_NATIVE_EXIT as isize, taken);
                Continuation { pc: exit.pc as *const u64, base: self.base.cast() }
            }
            ExitKind::Suspend => {
                self.set(self.vm, VM_PC as isize, exit.pc);
                self.set(self.vm, VM_BASE as isize, self.base);
                Continuation { pc: null(), base: null_mut() }
            }
        }
    }

    fn return_value(&mut self, value: u64) -> Done {
        let distance: u32 = self.get(self.base, FRAME_DISTANCE as isize);
        let slot: u16 = self.get(self.base, FRAME_RESULT as isize);
        let base = self.base.wrapping_sub(distance as usize);
        self.set(base, isize::from(slot.cast_signed()) * 8, value);
        let pc: u64 = self.get(self.base, FRAME_RETURN as isize);
        Done::Out(Continuation { pc: pc as *const u64, base: base.cast() })
    }

    /// Of one of the functions with code, or one without.
    fn call(&mut self, inst: &Inst, call: ScriptCall) -> Done {
        let window = self.base.wrapping_add(usize::from(call.window) * 8);
        let end = window.wrapping_add(call.register_count as usize * 8);
        let depth: u32 = self.get(self.base, FRAME_DEPTH as isize);
        let full = depth >= self.get(self.vm, VM_CALL_DEPTH_MAX as isize)
            || end > self.get(self.vm, VM_STACK_LIMIT as isize);
        if full || self.fuel < i64::from(call.cost) {
            return Done::Exit;
        }
        self.fuel -= i64::from(call.cost);
        self.set(window, FRAME_DEPTH as isize, u64::from(depth + 1));
        self.set(window, FRAME_FUNCTION as isize, call.callee);
        self.set(window, FRAME_RETURN as isize, call.ret);
        let distance = u64::from(call.window) * 8;
        self.set(window, FRAME_DISTANCE as isize, distance | u64::from(call.dst) << 32);
        let code: *const Code = with_exposed_provenance_mut(call.code as usize);
        let register: u64 = self.get(window, 0);
        let value = if code == self.functions.value {
            register
        } else if code == self.functions.number {
            Value::number(f64::from_bits(register)).bits()
        } else {
            // SAFETY: the address of code.
            let pc = unsafe { (*code).entry.get() };
            return Done::Out(Continuation { pc, base: window.cast() });
        };
        if matches!(inst.op, Op::Call(_)) || value < FIRST_BOXED {
            return Done::Result(value);
        }
        self.set(self.base, isize::from(call.dst.cast_signed()) * 8, value);
        let exit = self.f.first_exit + inst.exit.expect("an exit");
        self.set(self.vm, VM_NATIVE_EXIT as isize, exit);
        Done::Out(Continuation { pc: call.ret as *const u64, base: self.base.cast() })
    }
}

fn binary(function: Binary, a: f64, b: f64) -> f64 {
    match function {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min => {
            if a < b {
                a
            } else {
                b
            }
        }
    }
}

fn truncate(x: f64) -> i64 {
    if x.abs() < 9.3e18 && x.trunc() as i128 == i128::from(x.trunc() as i64) {
        x.trunc() as i64
    } else {
        i64::MIN
    }
}
