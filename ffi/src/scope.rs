//! Scopes and kept values.

use crate::status::{
    BRISK_ARGUMENT, BRISK_NULL, BRISK_STALE, BRISK_TYPE, Check, brisk_status, put,
};
use crate::value::{BRISK_KIND_NUMBER, brisk_text, brisk_value, take};
use crate::vm::{brisk_vm, enter};
use brisk_core::semantics::{compare, logic, text};

/// The scopes that are open, innermost last.
#[derive(Default)]
pub(crate) struct OpenScopes {
    /// Height of the values below each, and its number.
    open: Vec<(usize, u64)>,
    /// Number of the last one: none is used twice.
    last: u64,
    /// Those below this index belong to callers of the running native function.
    floor: usize,
}

impl OpenScopes {
    fn open(&mut self, height: usize) -> u64 {
        self.last += 1;
        self.open.push((height, self.last));
        self.last
    }

    /// Closes a scope and those in it; the height of the values that stay.
    fn close(&mut self, scope: u64) -> Check<usize> {
        let index = self.open.iter().rposition(|&(_, number)| number == scope);
        let index = index.ok_or(BRISK_STALE)?;
        if index < self.floor {
            return Err(BRISK_ARGUMENT);
        }
        let (height, _) = self.open[index];
        self.open.truncate(index);
        Ok(height)
    }

    /// A native function begins: what is open now is not its own. Returns what
    /// [`OpenScopes::leave`] wants.
    #[inline]
    pub(crate) fn enter(&mut self) -> usize {
        core::mem::replace(&mut self.floor, self.open.len())
    }

    /// A native function returns: what it left open is closed.
    #[inline]
    pub(crate) fn leave(&mut self, floor: usize) {
        self.open.truncate(self.floor);
        self.floor = floor;
    }
}

/// Opens a scope: handles made from now on are gone when it is closed. Natives have a scope of their
/// own, which is closed when they return.
///
/// # Safety
///
/// NULL or live, `scope` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_scope_open(vm: *mut brisk_vm, scope: *mut u64) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let height = vm.with(|state| Ok(state.scopes.height()))?;
            if scope.is_null() {
                return Err(BRISK_NULL);
            }
            put(scope, vm.scopes.borrow_mut().open(height))
        })
    }
}

/// Closes a scope, and those opened in it. `BRISK_STALE` when it is closed already,
/// `BRISK_ARGUMENT` inside a native for a scope that was opened outside.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_scope_close(vm: *mut brisk_vm, scope: u64) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                let height = vm.scopes.borrow_mut().close(scope)?;
                state.scopes.close(height);
                Ok(())
            })
        })
    }
}

/// Another handle of the same value that stays until it is released, whatever scopes are closed.
///
/// # Safety
///
/// NULL or live, `kept` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_value_retain(
    vm: *mut brisk_vm,
    value: brisk_value,
    kept: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { enter(vm, |vm| put(kept, vm.keep(&value)?)) }
}

/// Releases a handle of `brisk_value_retain`. Null and numbers need no release, and nothing happens.
/// `BRISK_STALE` when it was released already, `BRISK_ARGUMENT` for a handle of a scope.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_value_release(vm: *mut brisk_vm, kept: brisk_value) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if (0..=BRISK_KIND_NUMBER).contains(&kept.kind) {
                return Ok(());
            }
            let ticket = kept.ticket(vm.owner)?;
            if !ticket.kept {
                return Err(BRISK_ARGUMENT);
            }
            vm.with(|state| if state.scopes.release(ticket) { Ok(()) } else { Err(BRISK_STALE) })
        })
    }
}

/// The text of any value, as `print` writes it; it lives until the next call on this VM.
///
/// # Safety
///
/// NULL or live, `out` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_value_text(
    vm: *mut brisk_vm,
    value: brisk_value,
    out: *mut brisk_text,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let mut made = vm.text.borrow_mut();
            made.clear();
            vm.with(|state| {
                let value = take(state, vm.owner, &value)?;
                text::print_text(&state.store, value, &mut made)
                    .map_err(|refusal| vm.fail(refusal.into()))
            })?;
            put(out, brisk_text::of(&made))
        })
    }
}

/// Whether `if` takes a value for true: 1 or 0.
///
/// # Safety
///
/// NULL or live, `truth` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_value_truth(
    vm: *mut brisk_vm,
    value: brisk_value,
    truth: *mut i32,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| {
                let value = take(state, vm.owner, &value)?;
                Ok(logic::is_true(&state.store, value))
            })?;
            put(truth, i32::from(found))
        })
    }
}

/// Whether `==` finds two values equal: 1 or 0.
///
/// # Safety
///
/// NULL or live, `equal` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_value_equal(
    vm: *mut brisk_vm,
    a: brisk_value,
    b: brisk_value,
    equal: *mut i32,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with(|state| {
                let (a, b) = (take(state, vm.owner, &a)?, take(state, vm.owner, &b)?);
                let result = compare::eq(&state.store, state.dialect, a, b);
                result.as_number().ok_or(BRISK_TYPE)
            })?;
            put(equal, i32::from(found == 1.0))
        })
    }
}
