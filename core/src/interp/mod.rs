//! The interpreter: runs linked code on a machine.
//!
//! Each operation is written once, in `handlers/`, as a function that is generic over how control
//! goes on ([`dispatch::Engine`]); two engines are made from them: handlers that tail-call one
//! another, and a loop around a `match`. Frames live on the machine's stack, so the interpreter can
//! stop between any two instructions and go on later: at the end of a budget, at `yield`, while a
//! native function is pending. The fast path of a handler is what is common; everything else is a
//! *slow path*, a function that does the work of the instruction and says where to go on
//! ([`State`]).
#![allow(unsafe_code)] // Registers and code are raw memory; bytecode was verified or made by our compiler.

pub(crate) mod call;
pub(crate) mod dispatch;
pub(crate) mod gc;
mod handlers;
mod hooks;
mod native;
pub mod link;
pub(crate) mod property;
mod slow;
pub(crate) mod unwind;

pub use native::steps;
pub use unwind::stack_trace;

use crate::bytecode::{Op, word};
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use crate::vm::stack::HEADER;
use crate::vm::{Exit, Vm};

/// Where the interpreter goes on; a null `pc` means that it stops.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct State {
    pub(crate) pc: *const u64,
    pub(crate) base: *mut Value,
}

impl State {
    pub(crate) const STOP: State = State { pc: core::ptr::null(), base: core::ptr::null_mut() };
}

/// Code that no function contains: where bottom frames and modules return to.
static STUBS: [u64; 3] = [
    word(Op::Halt, 0, 0, 0, 0),
    word(Op::ImportDone, 0, 0, 0, 0),
    word(Op::EnterNative, 0, 0, 0, 0),
];

pub(crate) fn halt_stub() -> *const u64 {
    &raw const STUBS[0]
}

pub(crate) fn import_stub() -> *const u64 {
    &raw const STUBS[1]
}

/// What calls lead to in a function that has machine code: [`Code::entry`](crate::value::Code).
pub fn native_stub() -> *const u64 {
    &raw const STUBS[2]
}

/// Fuel of a slice: at its end handlers return to [`run`], which bounds native stack use even where
/// a compiler did not turn their calls into jumps, and looks at the clock.
const SLICE: i64 = 20_000;
/// The same where handlers are known not to nest.
const SLICE_MATCH: i64 = 100_000;

/// Slot of the first register of a bottom frame: room for its header and result.
const BOTTOM: usize = 2 * HEADER;

/// Prepares a call of `callee` as the bottom frame of an empty stack; the outcome is left in the
/// machine, like that of a run.
pub(crate) fn start(vm: &mut Vm, callee: Value) {
    start_with(vm, callee, &[]);
}

/// The same with arguments.
pub(crate) fn start_with(vm: &mut Vm, callee: Value, args: &[Value]) {
    vm.imports.clear();
    vm.partial = None;
    vm.exit = Exit::None;
    vm.pc = core::ptr::null();
    if let Err(error) = vm.stack.grow(&mut vm.store.heap.memory, BOTTOM + 64 + args.len()) {
        vm.exit = Exit::Error(crate::semantics::refused(error.into()));
        return;
    }
    vm.stack_limit = vm.stack.limit();
    let start = vm.stack.start;
    // SAFETY: the stack has room for two headers and the arguments at its start; the lower one is
    // the ground that the bottom frame stands on: depth 0, no function.
    unsafe {
        start.write(Value::from_bits(0));
        start.add(1).write(Value::NULL);
        let ground = start.add(HEADER);
        let state = begin_with(vm, ground, ground.add(HEADER), callee, args, halt_stub());
        if !state.pc.is_null() {
            vm.pc = state.pc;
            vm.base = state.base;
            vm.entered = true;
        }
    }
}

/// Calls `callee` in a window at `nb`, above everything that is live; its result goes to the
/// register 0 of `ground`.
///
/// # Safety
///
/// The stack must have room, with a header's space below both pointers.
unsafe fn begin_with(
    vm: &mut Vm,
    ground: *mut Value,
    nb: *mut Value,
    callee: Value,
    args: &[Value],
    ret: *const u64,
) -> State {
    // The host's own, as in `run`.
    vm.store.shapes.take_work();
    // SAFETY: the caller's promise.
    unsafe {
        for (i, &arg) in args.iter().enumerate() {
            nb.add(i).write(arg);
        }
        let site = call::Site { pc: ret, ret, base: ground, dst: 0 };
        let state = call::begin(vm, site, callee, nb, args.len(), None);
        // A native function is finished.
        vm.pay_for_work();
        state
    }
}

/// Runs a function to its end inside a native function that the interpreter called.
///
/// # Errors
///
/// What the script raised, or that it suspended.
pub(crate) fn run_nested(vm: &mut Vm, callee: Value, args: &[Value]) -> Result<Value, Error> {
    let (pc, base) = (vm.pc, vm.base);
    let base_at = call::slot(vm.stack.start, base);
    // The native function pays for its own work, not the script's next slow path.
    vm.pay_for_work();
    let (fuel, reserve, slice, deadline) = (vm.fuel, vm.fuel_reserve, vm.slice, vm.deadline);
    let (used_before, held) = (vm.fuel_used, vm.fuel_held);
    let changes = vm.global_changes;
    let left = match reserve {
        u64::MAX => u64::MAX,
        _ => reserve.saturating_sub(u64::try_from(slice - fuel).unwrap_or(0)),
    };
    // SAFETY: the frame that called the native function; its registers and the native function's
    // arguments end before the slack.
    let top_at =
        call::slot(vm.stack.start, unsafe { gc::top_of(vm, base) }) + crate::vm::stack::SLACK;
    let grown = vm.stack.grow(&mut vm.store.heap.memory, top_at + BOTTOM + 64 + args.len());
    if let Err(error) = grown {
        return Err(crate::semantics::refused(error.into()));
    }
    vm.stack_limit = vm.stack.limit();
    let partial = vm.partial.take();
    vm.exit = Exit::None;
    // Entering costs fuel too, but must not end a slice: there is no run yet that could go on.
    vm.fuel = i64::MAX;
    // SAFETY: the stack was just grown to hold this.
    let state = unsafe {
        let depth = *vm.stack.start.add(base_at).sub(4).cast::<u32>();
        let ground = vm.stack.start.add(top_at + HEADER);
        ground.sub(4).write(Value::from_bits(u64::from(depth)));
        ground.sub(3).write(Value::NULL);
        begin_with(vm, ground, ground.add(HEADER), callee, args, halt_stub())
    };
    vm.fuel_used += u64::try_from(i64::MAX - vm.fuel).unwrap_or(0);
    let result = if state.pc.is_null() {
        core::mem::take(&mut vm.exit)
    } else {
        vm.pc = state.pc;
        vm.base = state.base;
        vm.entered = true;
        run(vm, left.max(OVERDRAFT), deadline);
        core::mem::take(&mut vm.exit)
    };
    // The run inside is paid by the slice outside.
    let used = i64::try_from(vm.fuel_used - used_before).unwrap_or(i64::MAX);
    vm.fuel_used = used_before;
    let fuel = fuel.saturating_sub(used);
    (vm.pc, vm.base) = (pc, vm.stack.start.wrapping_add(base_at));
    (vm.fuel, vm.fuel_reserve, vm.slice, vm.deadline) = (fuel, reserve, slice, deadline);
    vm.fuel_held = held;
    // Machine code that waits for this to end must hear of it too.
    vm.globals.changed |= changes != vm.global_changes;
    vm.partial = partial;
    match result {
        Exit::Finished(value) => Ok(value),
        Exit::Error(error) => Err(error),
        Exit::Budget => {
            Err(Error::new(ErrorKind::Limit, "the budget was spent inside a native function"))
        }
        _ => {
            Err(Error::new(ErrorKind::Host, "a script called by a native function cannot suspend"))
        }
    }
}

/// Fuel that a function called by a native one may always use: it cannot be suspended, so the end of
/// a slice must not be an error. It is paid back by the slice outside.
const OVERDRAFT: u64 = 1_000_000;

/// Runs a function to its end above a program that is suspended.
///
/// # Errors
///
/// As [`run_nested`].
pub(crate) fn run_above(
    vm: &mut Vm,
    callee: Value,
    args: &[Value],
    fuel: u64,
    deadline: Option<f64>,
) -> Result<Value, Error> {
    vm.fuel = 0;
    vm.slice = 0;
    vm.fuel_reserve = fuel;
    vm.deadline = deadline;
    let result = run_nested(vm, callee, args);
    vm.fuel_used += u64::try_from(-vm.fuel).unwrap_or(0);
    result
}

/// Runs until the program ends, the fuel or time is spent, or something suspends it; the reason is
/// left in `vm.exit`.
pub(crate) fn run(vm: &mut Vm, fuel: u64, deadline: Option<f64>) {
    if vm.pc.is_null() {
        return;
    }
    vm.exit = Exit::None;
    vm.fuel_reserve = fuel;
    vm.deadline = deadline;
    if vm.started.is_none() {
        vm.started = Some(vm.clock.now());
    }
    // What the host looked at in between is no work of the script.
    vm.store.shapes.take_work();
    let slice_max = if dispatch::IS_LOOP { SLICE_MATCH } else { SLICE };
    loop {
        native::run_slice(vm, slice_max);
        let used = u64::try_from(vm.slice - vm.fuel).unwrap_or(0);
        vm.fuel_used += used;
        vm.fuel_unseen = vm.fuel_unseen.saturating_add_unsigned(used);
        if vm.fuel_reserve != u64::MAX {
            vm.fuel_reserve = vm.fuel_reserve.saturating_sub(used);
        }
        if !matches!(vm.exit, Exit::None) {
            break;
        }
        vm.store.run_finalizers();
        gc::look_at_use(vm);
        note_heat(vm);
        shrink_stack(vm);
        if vm.fuel_reserve == 0 || deadline.is_some_and(|at| vm.clock.now() >= at) {
            vm.exit = Exit::Budget;
            break;
        }
    }
    if matches!(vm.exit, Exit::Finished(_) | Exit::Error(_) | Exit::Code(_)) {
        vm.pc = core::ptr::null();
    }
    vm.store.run_finalizers();
    gc::look_at_use(vm);
}

/// Between slices: the function that a slice ended in is likely a hot one.
fn note_heat(vm: &Vm) {
    // SAFETY: the machine stands at a frame.
    let function = unsafe { *vm.base.sub(3) };
    if let Some(function) = function.as_func() {
        let heat = &function.code().heat;
        heat.set(heat.get().saturating_add(1));
    }
}

/// Between slices: gives back stack that a deep recursion needed.
fn shrink_stack(vm: &mut Vm) {
    // SAFETY: the machine stands at a frame.
    let top = unsafe { gc::top_of(vm, vm.base) };
    let used = call::slot(vm.stack.start, top);
    let base_at = call::slot(vm.stack.start, vm.base);
    vm.stack.shrink(&mut vm.store.heap.memory, used);
    vm.stack_limit = vm.stack.limit();
    vm.base = vm.stack.start.wrapping_add(base_at);
}

/// Stops: the machine goes on at `pc` when it runs again.
pub(crate) fn suspend(vm: &mut Vm, pc: *const u64, base: *mut Value, exit: Exit) -> State {
    vm.pc = pc;
    vm.base = base;
    vm.exit = exit;
    State::STOP
}
