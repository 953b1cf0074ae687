//! Where the interpreter and machine code meet: slices that both run, entering and leaving.

use super::{State, dispatch};
use crate::native::helpers::StepFn;
use crate::native::{Continuation, NativeCompiler};
use crate::value::{Code, Value};
use crate::vm::Vm;

/// Fuel of a slice that machine code may use before the clock is looked at.
const SLICE_NATIVE: i64 = 1_000_000;

impl From<State> for Continuation {
    fn from(state: State) -> Self {
        Continuation { pc: state.pc, base: state.base }
    }
}

impl From<Continuation> for State {
    fn from(c: Continuation) -> Self {
        State { pc: c.pc, base: c.base }
    }
}

/// One function for each operation number. Machine code looks the operation up when it runs,
/// because the interpreter rewrites sites.
pub fn steps() -> &'static [StepFn; 256] {
    &dispatch::STEPS
}

/// Runs one slice: in machine code when there is some for the place where the machine stands, then
/// in the interpreter, which gets at most `slice_max` fuel.
pub(super) fn run_slice(vm: &mut Vm, slice_max: i64) {
    let left = i64::try_from(vm.fuel_reserve).unwrap_or(i64::MAX);
    let mut state = State { pc: vm.pc, base: vm.base };
    vm.fuel_held = 0;
    settle(vm);
    let entered = core::mem::replace(&mut vm.entered, false);
    let found = ask(vm, |compiler, vm| {
        let slice = compiler.slice();
        // A function that was just entered begins with its machine code where it has some. Hosts call
        // many short ones: the compiler need not hear of each.
        if entered && vm.fuel_unseen < slice / 2 {
            return (None, slice);
        }
        let code = compiler.code_at(vm);
        vm.fuel_unseen = 0;
        (code, slice)
    });
    if let Some((code, slice)) = found {
        let interpreted = slice.min(slice_max);
        // Without a deadline nobody needs to look at the clock.
        vm.fuel = if vm.deadline.is_some() { left.min(SLICE_NATIVE) } else { left };
        vm.slice = vm.fuel;
        match code {
            Some(code) => {
                // SAFETY: `code_at` gives code for the place where the machine stands.
                state = unsafe { enter(vm, vm.base, code) };
                if state.pc.is_null() {
                    return;
                }
                // Whatever it left for, the interpreter is to come back soon.
                let fuel = after_exit(vm).min(interpreted);
                hold_fuel(vm, fuel);
            }
            None => hold_fuel(vm, interpreted),
        }
    } else {
        vm.slice = left.min(slice_max);
        vm.fuel = vm.slice;
    }
    // SAFETY: `pc` and `base` are those of a frame that `start`, an earlier slice or machine code
    // left.
    unsafe { dispatch::enter(state.pc, state.base, vm) };
}

/// Enters machine code from an instruction of the interpreter, with the fuel that is held.
///
/// # Safety
///
/// As [`enter`].
pub(super) unsafe fn call(vm: &mut Vm, base: *mut Value, code: &Code) -> State {
    vm.base = base;
    settle(vm);
    let fuel = vm.fuel;
    vm.fuel += vm.fuel_held;
    vm.slice += vm.fuel_held;
    vm.fuel_held = 0;
    // SAFETY: the caller's promise.
    let state = unsafe { enter(vm, base, code.native_entry.get()) };
    if !state.pc.is_null() {
        hold_fuel(vm, fuel);
    }
    state
}

/// Enters machine code, and tells the compiler when it left through an exit.
///
/// # Safety
///
/// `code` must be machine code of this machine's compiler for the place where the frame at `base`
/// stands.
unsafe fn enter(vm: &mut Vm, base: *mut Value, code: *const u8) -> State {
    let Some(enter) = vm.native_enter else { return State::STOP };
    vm.native_exit = 0;
    // SAFETY: the caller's promise.
    let left = unsafe { enter(core::ptr::from_mut(vm), base, code) };
    if !left.pc.is_null() {
        vm.base = left.base;
    }
    if vm.native_exit != 0 {
        let exit = vm.native_exit;
        if let Some(at_once) = ask(vm, |compiler, vm| compiler.note_exit(vm, exit)) {
            // Come back to machine code soon.
            let fuel = if at_once { 0 } else { after_exit(vm) };
            hold_fuel(vm, fuel);
        }
    } else if !left.pc.is_null()
        && let Some(mut compiler) = vm.native.take()
    {
        compiler.note_left(vm, left.pc);
        vm.native = Some(compiler);
    }
    settle(vm);
    left.into()
}

/// Tells the compiler of globals that changed, before code is entered again. The machine's innermost
/// frame is at `vm.base`.
#[inline(always)]
fn settle(vm: &mut Vm) {
    if vm.globals.changed {
        tell_changes(vm);
    }
}

#[cold]
fn tell_changes(vm: &mut Vm) {
    vm.globals.changed = false;
    vm.global_changes = vm.global_changes.wrapping_add(1);
    ask(vm, |compiler, vm| compiler.globals_changed(vm));
}

/// Asks the compiler, if there is one. The script does not pay for what it looks at.
fn ask<T>(vm: &mut Vm, ask: impl FnOnce(&mut dyn NativeCompiler, &mut Vm) -> T) -> Option<T> {
    let mut compiler = vm.native.take()?;
    let answer = ask(&mut *compiler, vm);
    vm.native = Some(compiler);
    vm.store.shapes.take_work();
    Some(answer)
}

/// Fuel that the interpreter may use after code left, before code is looked for again. Not always
/// the same: a loop would otherwise be met at the same instruction each time, perhaps at one where
/// no code can be entered.
fn after_exit(vm: &mut Vm) -> i64 {
    vm.native_leaves = vm.native_leaves.wrapping_add(1);
    128 + i64::from(vm.native_leaves.wrapping_mul(0x9E37_79B9) >> 24)
}

/// Holds back fuel of the current slice from the interpreter, which gets `fuel` units.
fn hold_fuel(vm: &mut Vm, fuel: i64) {
    let more = vm.fuel - fuel;
    if more > 0 {
        vm.fuel -= more;
        vm.slice -= more;
        vm.fuel_held += more;
    }
}
