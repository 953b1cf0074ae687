//! Calls, returns, and instructions that the interpreter runs.

use super::Unit;
use super::ops::read_word;
use super::run::{Run, Way};
use crate::lir::Inst;
use crate::op::{Op, ScriptCall};
use brisk_core::interp;
use brisk_core::native::Continuation;
use brisk_core::native::layout::{
    CODE_ENTRY, CODE_NATIVE, FRAME_DEPTH, FRAME_DISTANCE, FRAME_FUNCTION, FRAME_NATIVE_RETURN,
    FRAME_RESULT, FRAME_RETURN, FUNC_CODE, VM_CALL_DEPTH_MAX, VM_FUEL, VM_STACK_LIMIT,
};
use core::ptr::with_exposed_provenance;

impl Run<'_> {
    /// Calls a script function, unless depth, stack or fuel need a look.
    pub(super) fn call(&mut self, unit: &Unit, at: usize, call: ScriptCall) -> Way {
        let window = i32::from(call.window) * 8;
        let depth: u32 = self.frame(FRAME_DEPTH);
        let end = self.base.wrapping_offset(window as isize + call.register_count as isize * 8);
        let fuel = self.fuel - i64::from(call.cost);
        let limit: *mut u8 = self.vm_field(VM_STACK_LIMIT);
        if depth >= self.vm_field(VM_CALL_DEPTH_MAX) || end > limit || fuel < 0 {
            self.poison(Op::Call(call), unit.places.insts[at].def);
            return self.exit(unit, at);
        }
        self.fuel = fuel;
        self.set_frame(window + FRAME_DEPTH, depth + 1);
        self.set_frame(window + FRAME_NATIVE_RETURN, unit.return_number(at));
        self.set_frame(window + FRAME_FUNCTION, call.callee);
        self.set_frame(window + FRAME_RETURN, call.ret);
        self.set_frame(window + FRAME_DISTANCE, window as u32);
        self.set_frame(window + FRAME_RESULT, u32::from(call.dst));
        self.base = self.base.wrapping_offset(window as isize);
        self.enter(with_exposed_provenance(call.code as usize))
    }

    /// Enters a function whose header is complete: its code, or the interpreter at its start.
    fn enter(&mut self, code: *const u8) -> Way {
        self.poison_all();
        // SAFETY: the address of the `Code` of a function.
        let native: *const u8 = unsafe { code.add(CODE_NATIVE).cast::<*const u8>().read() };
        match self.state.entered(native) {
            Some(unit) => Way::Enter(unit),
            None => {
                // SAFETY: as above.
                let pc = unsafe { code.add(CODE_ENTRY).cast::<*const u64>().read() };
                Way::Out(Continuation { pc, base: self.base.cast() })
            }
        }
    }

    /// Returns from the running function.
    pub(super) fn return_value(&mut self, value: u64) -> Way {
        let number: u32 = self.frame(FRAME_NATIVE_RETURN);
        if number != 0 {
            let (unit, inst) = self.state.returned(number);
            return Way::Return(unit, inst, value);
        }
        let pc: u64 = self.frame(FRAME_RETURN);
        self.return_to_frame(value);
        let pc = with_exposed_provenance(pc as usize);
        Way::Out(Continuation { pc, base: self.base.cast() })
    }

    /// Moves the window down to the caller's, and stores the result where the header says.
    fn return_to_frame(&mut self, value: u64) {
        let distance: u32 = self.frame(FRAME_DISTANCE);
        let result: u16 = self.frame(FRAME_RESULT);
        self.base = self.base.wrapping_sub(distance as usize);
        self.set_frame(i32::from(result) * 8, value);
    }

    /// The calling instruction's part of a return. The window is still the callee's.
    pub(super) fn take_result(&mut self, caller: &Inst, value: u64) {
        match caller.op {
            Op::Call(call) | Op::CallNumber(call) => {
                self.base = self.base.wrapping_sub(usize::from(call.window) * 8)
            }
            Op::Step { .. } => self.return_to_frame(value),
            op => unreachable!("{op:?} calls nothing"),
        }
    }

    /// Has the interpreter run an instruction.
    fn run_step(&mut self, pc: u64) -> Continuation {
        self.poison_all();
        self.set_vm_field(VM_FUEL, self.fuel);
        let pc: *const u64 = with_exposed_provenance(pc as usize);
        // SAFETY: `pc` is an instruction of the running function. Its operation is looked up now,
        // because the interpreter rewrites instructions.
        let left = unsafe {
            let op = pc.read() as u8;
            interp::steps()[usize::from(op)](pc, self.base.cast(), self.vm.cast())
        };
        self.fuel = self.vm_field(VM_FUEL);
        left
    }

    /// Leaves with what a step said; an odd address says that code must not go on.
    fn out(left: Continuation) -> Way {
        let pc = left.pc.map_addr(|address| address & !1);
        Way::Out(Continuation { pc, base: left.base })
    }

    pub(super) fn step(&mut self, unit: &Unit, at: usize, pc: u64, next: u64) -> Way {
        let left = self.run_step(pc);
        if left.pc.addr() as u64 == next {
            self.base = left.base.cast();
            return Way::Next;
        }
        if left.pc.is_null() || left.base.is_null() || left.base.cast() == self.base {
            return Self::out(left);
        }
        // Perhaps it called a function, which stands at its start and will return behind this
        // instruction.
        let caller = core::mem::replace(&mut self.base, left.base.cast());
        let code = self.callee();
        // SAFETY: the address of the `Code` of a function.
        let entry = unsafe { code.add(CODE_ENTRY).cast::<*const u64>().read() };
        if self.frame::<u64>(FRAME_RETURN) != next || left.pc != entry {
            self.base = caller;
            return Self::out(left);
        }
        self.set_frame(FRAME_NATIVE_RETURN, unit.return_number(at));
        self.enter(code)
    }

    pub(super) fn step_branch(&mut self, pc: u64, target: u64, next: u64) -> Way {
        let left = self.run_step(pc);
        let way = match left.pc.addr() as u64 {
            to if to == target => Way::Succ(0),
            to if to == next => Way::Succ(1),
            _ => return Self::out(left),
        };
        self.base = left.base.cast();
        way
    }

    /// The `Code` of the running function.
    fn callee(&self) -> *const u8 {
        let function = self.frame::<u64>(FRAME_FUNCTION) << 16 >> 16;
        let function: *const u8 = with_exposed_provenance(function as usize);
        // SAFETY: the header of a frame holds its function, whose code has that offset.
        let code = unsafe { read_word(function.add(FUNC_CODE)) };
        with_exposed_provenance(code as usize)
    }
}
