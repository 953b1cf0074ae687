//! Running: registers, copies between instructions, the order of instructions, exits.

use super::{FLOAT_SCRATCH, REGISTERS, State, Unit, WORD_SCRATCH, lost};
use crate::lir::{ExitKind, Move, Place, Source};
use crate::op::{Op, Rep};
use brisk_core::native::{Continuation, layout};
use brisk_core::value::Value;
use brisk_core::value::value::FIRST_BOXED;
use brisk_core::vm::Vm;
use core::ptr::with_exposed_provenance;
use std::sync::Arc;

/// Runs a function of the frame at `base`, and what it calls, until code leaves.
///
/// # Safety
///
/// The unit must be code for the place where the frame at `base` of the machine stands.
pub(super) unsafe fn run(
    state: &State,
    vm: *mut Vm,
    base: *mut Value,
    unit: Arc<Unit>,
) -> Continuation {
    let mut run = Run {
        state,
        vm: vm.cast(),
        base: base.cast(),
        fuel: 0,
        words: [POISON; REGISTERS],
        floats: [POISON; REGISTERS],
        spills: Vec::new(),
    };
    run.fuel = run.vm_field::<i64>(layout::VM_FUEL);
    let mut way = Way::Enter(unit);
    loop {
        way = match way {
            Way::Enter(unit) => run.unit(&unit, 0),
            Way::Return(unit, inst, value) => run.behind_call(&unit, inst, value),
            Way::Out(continuation) => {
                run.set_vm_field(layout::VM_FUEL, run.fuel);
                return continuation;
            }
            Way::Next | Way::Succ(_) => unreachable!("ways within a unit"),
        };
    }
}

/// Where an instruction leads.
pub(super) enum Way {
    /// Behind itself.
    Next,
    /// To this successor of its block.
    Succ(usize),
    /// To the start of a unit.
    Enter(Arc<Unit>),
    /// Behind an instruction that called, with what the function returned.
    Return(Arc<Unit>, usize, u64),
    /// To the interpreter.
    Out(Continuation),
}

/// The state of the processor.
pub(super) struct Run<'a> {
    pub(super) state: &'a State,
    pub(super) vm: *mut u8,
    /// The window.
    pub(super) base: *mut u8,
    pub(super) fuel: i64,
    words: [u64; REGISTERS],
    /// Bits of the doubles.
    floats: [u64; REGISTERS],
    spills: Vec<u64>,
}

/// In a register that nothing may use: a number that no test computes, and no address.
const POISON: u64 = 0x5EAD_DEAD_5EAD_DEAD;

impl Run<'_> {
    /// Runs a unit from an instruction on, until control goes elsewhere.
    fn unit(&mut self, unit: &Unit, first: usize) -> Way {
        let mut at = first;
        self.make_room(unit);
        loop {
            let placed = &unit.places.insts[at];
            self.copy(&placed.moves);
            match self.inst(unit, at) {
                Way::Next => {
                    self.copy(&placed.moves_after);
                    at += 1;
                }
                Way::Succ(index) => {
                    let from = unit.f.blocks.partition_point(|b| b.end as usize <= at);
                    let to = unit.f.blocks[from].succs[index];
                    at = unit.f.blocks[to as usize].first as usize;
                }
                elsewhere => return elsewhere,
            }
        }
    }

    /// A function that an instruction called returned to it.
    fn behind_call(&mut self, unit: &Unit, inst: usize, value: u64) -> Way {
        self.poison_all();
        self.take_result(&unit.f.insts[inst], value);
        let placed = &unit.places.insts[inst];
        if let Op::CallNumber(call) = unit.f.insts[inst].op
            && value >= FIRST_BOXED
        {
            self.set_frame(i32::from(call.dst) * 8, value);
            let number = unit.f.insts[inst].exit.expect("a call has an exit");
            self.set_vm_field(layout::VM_NATIVE_EXIT, unit.f.first_exit + number);
            let pc = with_exposed_provenance(call.ret as usize);
            return Way::Out(Continuation { pc, base: self.base.cast() });
        }
        if let Some(place) = placed.def {
            self.write(place, value);
        }
        self.make_room(unit);
        self.copy(&placed.moves_after);
        self.unit(unit, inst + 1)
    }

    /// Spill slots are shared by all units; this one needs perhaps more than there were.
    fn make_room(&mut self, unit: &Unit) {
        let count = self.spills.len().max(unit.places.spills as usize);
        self.spills.resize(count, POISON);
    }

    fn copy(&mut self, moves: &[Move]) {
        for copy in moves {
            let bits = self.read(copy.from);
            self.write(copy.to, bits);
        }
    }

    /// What is in a place.
    pub(super) fn read(&self, place: Place) -> u64 {
        match place {
            Place::Word(register) => self.words[usize::from(register)],
            Place::F64(register) => self.floats[usize::from(register)],
            Place::Spill(slot) => self.spills[usize::from(slot)],
        }
    }

    pub(super) fn write(&mut self, place: Place, bits: u64) {
        match place {
            Place::Word(register) => self.words[usize::from(register)] = bits,
            Place::F64(register) => self.floats[usize::from(register)] = bits,
            Place::Spill(slot) => self.spills[usize::from(slot)] = bits,
        }
    }

    /// Debug builds: what an instruction may destroy before it defines its result.
    pub(super) fn poison(&mut self, op: Op, def: Option<Place>) {
        if !cfg!(debug_assertions) {
            return;
        }
        let (words, floats) = lost(op);
        words.iter().chain([&WORD_SCRATCH]).for_each(|&r| self.words[usize::from(r)] = POISON);
        floats.iter().chain([&FLOAT_SCRATCH]).for_each(|&r| self.floats[usize::from(r)] = POISON);
        if let Some(place) = def {
            self.write(place, POISON);
        }
    }

    /// Debug builds: what other code may destroy.
    pub(super) fn poison_all(&mut self) {
        if cfg!(debug_assertions) {
            self.words.fill(POISON);
            self.floats.fill(POISON);
            self.spills.fill(POISON);
        }
    }

    /// Takes the exit of an instruction.
    pub(super) fn exit(&mut self, unit: &Unit, inst: usize) -> Way {
        let number = unit.f.insts[inst].exit.expect("an operation that can leave has an exit");
        let exit = &unit.f.exits[number as usize];
        for saved in &exit.saved {
            let bits = match saved.source {
                Source::Bits(bits) => bits,
                Source::Operand(operand, rep) => {
                    let bits = self.read(unit.places.insts[inst].uses[operand as usize]);
                    match rep {
                        Rep::Word => bits,
                        Rep::F64 => Value::number(f64::from_bits(bits)).bits(),
                    }
                }
            };
            self.set_frame(i32::from(saved.slot) * 8, bits);
        }
        let pc: *const u64 = with_exposed_provenance(exit.pc as usize);
        match exit.kind {
            ExitKind::Resume => {
                // A call that needs a look is no failure.
                let call = matches!(unit.f.insts[inst].op, Op::Call(_) | Op::CallNumber(_));
                let taken = if call { 0 } else { unit.f.first_exit + number };
                self.set_vm_field(layout::VM_NATIVE_EXIT, taken);
                Way::Out(Continuation { pc, base: self.base.cast() })
            }
            ExitKind::Suspend => {
                self.set_vm_field(layout::VM_PC, pc);
                self.set_vm_field(layout::VM_BASE, self.base);
                Way::Out(Continuation { pc: core::ptr::null(), base: core::ptr::null_mut() })
            }
        }
    }

    /// A field of the machine.
    pub(super) fn vm_field<T: Copy>(&self, offset: usize) -> T {
        // SAFETY: `run` was promised a machine; the offset is that of a field of this type.
        unsafe { self.vm.add(offset).cast::<T>().read() }
    }

    pub(super) fn set_vm_field<T: Copy>(&mut self, offset: usize, value: T) {
        // SAFETY: as `vm_field`.
        unsafe { self.vm.add(offset).cast::<T>().write(value) }
    }

    /// Part of the frame or of one above it, by its distance in bytes from the window.
    pub(super) fn frame<T: Copy>(&self, distance: i32) -> T {
        // SAFETY: the window lies on the machine's stack, whose slots are all initialized; code reads
        // and writes headers, its frame, and frames for which it has found room.
        unsafe { self.base.offset(distance as isize).cast::<T>().read() }
    }

    pub(super) fn set_frame<T: Copy>(&mut self, distance: i32, value: T) {
        // SAFETY: as `frame`.
        unsafe { self.base.offset(distance as isize).cast::<T>().write(value) }
    }
}
