//! A machine that is just what machine code sees of one, and memory to run code in.
//!
//! Memory is never writable and executable at once.
#![allow(unsafe_code)] // Runs machine code.

use super::build::Build;
use super::host;
use brisk_jit::backend::{Backend, Stubs};
use brisk_jit_x64::{Linkage, X64};
use region::{Allocation, Protection};
use std::mem::offset_of;

/// What machine code knows of a machine.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Vm {
    /// Fuel.
    pub(crate) fuel: i64,
    /// End of the stack, an address.
    pub(crate) stack_limit: u64,
    /// Deepest nesting.
    pub(crate) call_depth_max: u32,
    /// Number of the exit taken.
    pub(crate) native_exit: u32,
    /// Where it stopped.
    pub(crate) pc: u64,
    /// In which window.
    pub(crate) base: u64,
    /// Colour of scanned objects.
    pub(crate) barrier_color: u8,
    /// The last object the barrier was called for.
    pub(crate) barrier_object: u64,
    /// The value it was called for.
    pub(crate) barrier_value: u64,
    /// How far the stack was past a multiple of 16 then.
    pub(crate) barrier_stack: u64,
    /// The function that the step `CALL` calls.
    pub(crate) callee: u64,
}

/// An object.
#[repr(C)]
pub(crate) struct Func {
    /// Something else.
    pub(crate) header: u64,
    /// Address of its code.
    pub(crate) code: u64,
}

/// A function's code.
#[repr(C)]
pub(crate) struct Code {
    /// Address of the first instruction.
    pub(crate) entry: u64,
    /// Address of machine code.
    pub(crate) native: u64,
}

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Continuation {
    /// Address of the instruction, 0 to stop.
    pub(crate) pc: u64,
    /// Address of the window.
    pub(crate) base: u64,
}

/// Where the caller of the first frame goes on.
pub(crate) const CALLER_PC: u64 = 0x1234_5678_9ABC;
/// Slots from the caller's window to that of the first frame.
const DISTANCE: usize = 16;
/// The caller's register for the result.
pub(crate) const CALLER_RESULT: usize = 5;
/// Number of the core's first leaf; before it are those of the tests.
pub(crate) const OF_CORE: u8 = 2;
/// Slot where the first frame's window starts.
const WINDOW: usize = 64;
const SLOTS: usize = 4096;
const MEMORY: usize = 1 << 16;

/// A machine.
pub(crate) struct Machine {
    /// Its fields.
    pub(crate) vm: Box<Vm>,
    /// The back end, for machines of this form.
    pub(crate) x64: X64,
    /// Its common code.
    pub(crate) stubs: Stubs,
    stack: Vec<u64>,
    functions: Vec<(Box<Func>, Box<Code>)>,
    memory: Allocation,
    used: usize,
}

impl Machine {
    /// A machine with fuel, a stack, and a frame that nothing native called.
    pub(crate) fn new() -> Machine {
        Machine::with_gap(0)
    }

    /// As `new`, with the stubs so many bytes behind the start of the region.
    pub(crate) fn with_gap(gap: usize) -> Machine {
        assert!(brisk_jit_x64::supported(), "this processor cannot run the code");
        let memory = region::alloc(MEMORY, Protection::READ_WRITE).expect("memory for code");
        let x64 = X64::with_linkage(linkage());
        let mut machine = Machine {
            vm: Box::default(),
            x64,
            stubs: Stubs::default(),
            stack: vec![0; SLOTS],
            functions: Vec::new(),
            memory,
            used: gap,
        };
        let region = machine.region();
        let (bytes, stubs) = machine.x64.emit_stubs(region + gap as u64, region);
        machine.stubs = stubs;
        machine.write(&bytes);
        machine.reset();
        machine
    }

    /// A fresh frame.
    pub(crate) fn reset(&mut self) {
        self.stack.fill(0);
        let limit = self.address(SLOTS);
        *self.vm = Vm { fuel: 1000, stack_limit: limit, call_depth_max: 100, ..Vm::default() };
        self.stack[WINDOW - 4] = 7;
        self.stack[WINDOW - 2] = CALLER_PC;
        self.stack[WINDOW - 1] = (DISTANCE * 8) as u64 | (CALLER_RESULT as u64) << 32;
    }

    /// Start of the code region.
    pub(crate) fn region(&self) -> u64 {
        self.memory.as_ptr::<u8>() as u64
    }

    /// Makes a function ready to be entered.
    pub(crate) fn install(&mut self, build: &Build) -> u64 {
        let (at, region) = (self.region() + self.used as u64, self.region());
        let code = self.x64.emit(&build.f, &build.places, &self.stubs, at, region);
        self.write(&code.bytes);
        at + u64::from(code.entry)
    }

    /// A function whose code is at `native` (or interpreted, when that is 0) and whose first
    /// instruction is at `entry`: its value, and the address of its `Code`.
    pub(crate) fn function(&mut self, entry: u64, native: u64) -> (u64, u64) {
        let native = if native == 0 { self.stubs.interpret } else { native };
        let code = Box::new(Code { entry, native });
        let at = &raw const *code as u64;
        let function = Box::new(Func { header: 0, code: at });
        let value = 0xFFFF << 48 | &raw const *function as u64;
        self.functions.push((function, code));
        (value, at)
    }

    /// Gives the last function native code.
    pub(crate) fn set_native(&mut self, native: u64) {
        let code = self.functions.last_mut().expect("there is a function");
        code.1.native = native;
    }

    /// Enters code in the first frame.
    pub(crate) fn enter(&mut self, code: u64) -> Continuation {
        type Enter = extern "sysv64" fn(*mut Vm, *mut u64, u64) -> Continuation;
        let base = self.stack.as_mut_ptr().wrapping_add(WINDOW);
        // SAFETY: the stub has this type.
        let enter: Enter = unsafe { std::mem::transmute(self.stubs.enter as *const ()) };
        enter(&raw mut *self.vm, base, code)
    }

    /// Installs and enters a function, and gives what it returned to its caller.
    pub(crate) fn result(&mut self, build: &Build) -> u64 {
        let code = self.install(build);
        let left = self.enter(code);
        assert_eq!(left.pc, CALLER_PC, "it returned");
        assert_eq!(left.base, self.address(WINDOW - DISTANCE));
        assert_eq!(self.vm.native_exit, 0);
        self.stack[WINDOW - DISTANCE + CALLER_RESULT]
    }

    /// Address of the first frame's window.
    pub(crate) fn window(&self) -> u64 {
        self.address(WINDOW)
    }

    /// A register of the first frame.
    pub(crate) fn get(&self, slot: usize) -> u64 {
        self.stack[WINDOW + slot]
    }

    /// A word of the header of the frame whose window is at that register, 4 to 1 below it.
    pub(crate) fn header(&self, slot: usize, below: usize) -> u64 {
        self.stack[WINDOW + slot - below]
    }

    /// The caller's register for the result.
    pub(crate) fn returned(&self) -> u64 {
        self.stack[WINDOW - DISTANCE + CALLER_RESULT]
    }

    /// Sets a register of the first frame.
    pub(crate) fn set(&mut self, slot: usize, bits: u64) {
        self.stack[WINDOW + slot] = bits;
    }

    /// Sets a register of the first frame to a number.
    pub(crate) fn set_number(&mut self, slot: usize, x: f64) {
        self.set(slot, x.to_bits());
    }

    fn address(&self, slot: usize) -> u64 {
        self.stack.as_ptr().wrapping_add(slot) as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        assert!(self.used + bytes.len() <= MEMORY, "the tests' code fits");
        let start = self.memory.as_mut_ptr::<u8>();
        // SAFETY: the memory is ours, and no code runs while it is not executable.
        unsafe {
            region::protect(start, MEMORY, Protection::READ_WRITE).expect("writable");
            start.add(self.used).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            region::protect(start, MEMORY, Protection::READ_EXECUTE).expect("executable");
        }
        self.used = (self.used + bytes.len()).next_multiple_of(16);
    }
}

fn linkage() -> Linkage {
    let mut leaves = vec![host::alignment as *const () as u64, host::mix as *const () as u64];
    assert_eq!(leaves.len(), usize::from(OF_CORE));
    leaves.extend(Linkage::of_core().leaves);
    Linkage {
        steps: host::STEPS.as_ptr() as u64,
        leaves,
        barrier: host::barrier as *const () as u64,
        vm_fuel: offset_of!(Vm, fuel) as i32,
        vm_stack_limit: offset_of!(Vm, stack_limit) as i32,
        vm_call_depth_max: offset_of!(Vm, call_depth_max) as i32,
        vm_native_exit: offset_of!(Vm, native_exit) as i32,
        vm_pc: offset_of!(Vm, pc) as i32,
        vm_base: offset_of!(Vm, base) as i32,
        vm_barrier_color: offset_of!(Vm, barrier_color) as i32,
        object_color: 2,
        func_code: offset_of!(Func, code) as i32,
        code_entry: offset_of!(Code, entry) as i32,
        code_native: offset_of!(Code, native) as i32,
    }
}
