//! The memory that functions work on: fields of a machine, a stack with a frame, an array, and two
//! functions to call.
#![allow(unsafe_code)] // Enters code with raw memory.

use super::reference::{self, Functions};
use brisk_core::native::Continuation;
use brisk_core::native::layout::{
    VM_BASE, VM_CALL_DEPTH_MAX, VM_FUEL, VM_NATIVE_EXIT, VM_PC, VM_STACK_LIMIT,
};
use brisk_core::value::{Code, Value};
use brisk_core::vm::Vm;
use brisk_jit::eval::Evaluator;
use brisk_jit::lir::{Block, Function, Inst, VReg};
use brisk_jit::op::{Address, Op, Width};
use brisk_jit::regalloc::{Allocator, Regalloc2};
use brisk_jit::target::{Installed, Target};
use std::borrow::Cow;
use std::cell::Cell;
use std::mem::offset_of;
use std::rc::Rc;

/// Slots of the stack, and where the window starts.
const SLOTS: usize = 256;
const WINDOW: usize = 64;
/// Slots of the window that functions use.
pub(crate) const REGISTERS: u16 = 24;
/// Register where the window of a callee starts.
pub(crate) const CALLEE: u16 = 32;
/// Address behind each call.
pub(crate) const CALL_RETURN: u64 = 0x4008;
/// Elements of the array.
pub(crate) const ELEMENTS: usize = 16;
/// Words behind the machine that functions use as if they were fields.
pub(crate) const FIELDS: usize = 8;
const VM_WORDS: usize = size_of::<Vm>().div_ceil(8);
/// Where those words lie.
pub(crate) const FIELDS_AT: usize = VM_WORDS * 8;

pub(crate) struct World {
    vm: Vec<u128>,
    stack: Vec<u64>,
    array: Vec<u64>,
    /// A function with code, which returns its register 0.
    pub(crate) compiled: Rc<Code>,
    /// The same as a number, whatever it is.
    pub(crate) number: Rc<Code>,
    /// A function without code.
    pub(crate) interpreted: Rc<Code>,
}

/// What a run left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Left {
    pc: u64,
    /// Slots from the old window to the new one.
    base: Option<i64>,
    vm: Vec<u64>,
    stack: Vec<u64>,
    array: Vec<u64>,
}

impl World {
    pub(crate) fn new(evaluator: &mut Evaluator) -> World {
        assert!(align_of::<Vm>() <= align_of::<u128>());
        let value = callee(evaluator, &[], Op::Return).entry;
        let number = callee(evaluator, &[Op::ToF64], Op::ReturnNumber).entry;
        let mut world = World {
            vm: vec![0; (VM_WORDS + FIELDS).div_ceil(2)],
            stack: vec![0; SLOTS],
            array: vec![0; ELEMENTS],
            compiled: code(0x1000, value),
            number: code(0x1800, number),
            interpreted: code(0x2000, evaluator.no_code()),
        };
        let stub = evaluator.stub();
        world.set_field(offset_of!(Vm, native_stub), stub);
        world.array.as_mut_ptr().expose_provenance();
        for code in [&world.compiled, &world.number, &world.interpreted] {
            Rc::as_ptr(code).expose_provenance();
        }
        world
    }

    /// Address of the array.
    pub(crate) fn array(&self) -> u64 {
        self.array.as_ptr().addr() as u64
    }

    fn set_field<T>(&mut self, offset: usize, value: T) {
        // SAFETY: an offset of a field of this type.
        unsafe { self.vm.as_mut_ptr().cast::<u8>().add(offset).cast::<T>().write(value) };
    }

    /// The window's address.
    fn base(&mut self) -> *mut u64 {
        self.stack.as_mut_ptr().wrapping_add(WINDOW)
    }

    /// Fills the memory, each time the same for the same number.
    fn reset(&mut self, run: u64) {
        let mut state = run.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut value = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match state % 32 {
                0 => Value::NULL.bits(),
                1 => Value::NAN.bits(),
                2 => 0xFFFC_0000_1234_5678,
                3 => (state % 1000) as f64 as u64,
                4 => ((state % 1000) as f64 / 8.0).to_bits(),
                5 => (-((state % 10) as f64)).to_bits(),
                _ => ((state % 20) as f64).to_bits(),
            }
        };
        self.stack.fill_with(&mut value);
        self.array.fill_with(&mut value);
        let fields: [u64; FIELDS] = std::array::from_fn(|_| value());
        for (i, field) in fields.into_iter().enumerate() {
            self.set_field(FIELDS_AT + 8 * i, field);
        }
        // A header: depth 3, no native return address.
        self.stack[WINDOW - 4] = 3;
        self.stack[WINDOW - 3] = Value::UNASSIGNED.bits();
        self.stack[WINDOW - 2] = 0x3000;
        self.stack[WINDOW - 1] = (16 * 8) | (5 << 32);
        self.set_field(VM_FUEL, [2i64, 1000, 30, 10][run as usize % 4]);
        let limit = self.stack.as_mut_ptr().wrapping_add(SLOTS - 8);
        self.set_field(VM_STACK_LIMIT, limit);
        self.set_field(VM_CALL_DEPTH_MAX, 4u32);
        self.set_field(VM_NATIVE_EXIT, 0u32);
        self.set_field(VM_PC, 0u64);
        self.set_field(VM_BASE, 0u64);
    }

    /// Runs an installed function.
    pub(crate) fn run(&mut self, evaluator: &Evaluator, f: &Installed, run: u64) -> Left {
        self.reset(run);
        let (vm, base) = (self.vm.as_mut_ptr().cast(), self.base().cast());
        // SAFETY: the function was made for a machine of this form, which is entered as it must be.
        let left = unsafe { evaluator.enter()(vm, base, f.entry) };
        self.left(left)
    }

    /// Runs a function on virtual registers.
    pub(crate) fn run_reference(&mut self, f: &Function, run: u64) -> Left {
        self.reset(run);
        let (vm, base) = (self.vm.as_mut_ptr().cast(), self.base().cast());
        let functions =
            Functions { value: Rc::as_ptr(&self.compiled), number: Rc::as_ptr(&self.number) };
        // SAFETY: as in `run`.
        let left = unsafe { reference::run(f, vm, base, functions) };
        self.left(left)
    }

    fn left(&mut self, left: Continuation) -> Left {
        let window = self.base() as i64;
        let base = (!left.base.is_null()).then(|| (left.base as i64 - window) / 8);
        // SAFETY: initialized words.
        let vm = unsafe { std::slice::from_raw_parts(self.vm.as_ptr().cast(), VM_WORDS + FIELDS) };
        let mut stack = self.stack.clone();
        // A native return address is the evaluator's own affair.
        stack[WINDOW + usize::from(CALLEE) - 4] &= 0xFFFF_FFFF;
        Left { pc: left.pc as u64, base, vm: vm.to_vec(), stack, array: self.array.clone() }
    }
}

impl Left {
    /// How it was left: returned, through an exit, behind a call that gave no number, suspended, or
    /// in a function without code.
    pub(crate) fn kind(&self) -> &'static str {
        match (self.base, self.pc) {
            (None, _) => "suspended",
            (Some(base), _) if base > 0 => "called",
            (Some(0), CALL_RETURN) => "no number",
            (Some(0), _) => "exit",
            _ => "returned",
        }
    }

    pub(crate) fn difference(&self, expected: &Left) -> String {
        let mut text = format!("{} at {:#x}, {:?}\n", self.kind(), self.pc, self.base);
        text +=
            &format!("expected {} at {:#x}, {:?}\n", expected.kind(), expected.pc, expected.base);
        let parts = [
            ("vm", &self.vm, &expected.vm, 0),
            ("stack", &self.stack, &expected.stack, WINDOW),
            ("array", &self.array, &expected.array, 0),
        ];
        for (name, got, wanted, zero) in parts {
            for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
                if got != wanted {
                    let at = i as i64 - zero as i64;
                    text += &format!("{name}[{at}] is {got:#x} instead of {wanted:#x}\n");
                }
            }
        }
        text
    }
}

/// Installs a function that returns its register 0, after some operations on it.
fn callee(evaluator: &mut Evaluator, ops: &[Op], end: Op) -> Installed {
    let mut f = Function { first_exit: 1, ..Function::default() };
    let load = Op::Load(Address::slot(0), Width::W64);
    for op in [load].into_iter().chain(ops.iter().copied()).chain([end]) {
        let uses: Vec<VReg> = f.insts.last().and_then(|inst| inst.def).into_iter().collect();
        let def = op.result().map(|_| VReg(f.reps.len() as u32));
        f.reps.extend(op.result());
        f.insts.push(Inst { op, fixed: uses.len(), uses, def, exit: None });
    }
    f.blocks.push(Block { end: f.insts.len() as u32, ..Block::default() });
    let places = Regalloc2.allocate(&f, &evaluator.registers(), &|op| evaluator.clobbers(op));
    evaluator.install(&f, &places.expect("one register")).expect("the evaluator refuses nothing")
}

fn code(entry: u64, native: *const u8) -> Rc<Code> {
    Rc::new(Code {
        entry: Cell::new(entry as *const u64),
        call_key: 0,
        register_count: 8,
        cost: 1,
        heat: Cell::new(0),
        native_entry: Cell::new(native),
        native: std::ptr::null(),
        native_data: 0,
        params: Vec::new(),
        name: Cow::Borrowed("callee"),
        words: Box::new([]),
        word_count: 0,
        program: None,
        unit: 0,
    })
}
