//! Lines of a conversation.

use crate::status::{BRISK_ARGUMENT, BRISK_NOT_FOUND, BRISK_NULL, brisk_status, put, text};
use crate::value::{brisk_value, give};
use crate::vm::{brisk_vm, enter};
use brisk_core::limits::SOURCE_BYTES_MAX;
use brisk_core::{CompileOptions, Program};
use core::ffi::c_char;

/// Adds a line. `*more` is 1 when the text is not complete yet: ask for another line. Otherwise it was
/// compiled and loaded: run it, and look at `brisk_repl_result`. `BRISK_COMPILE`: see
/// `brisk_vm_error`; the text is forgotten.
///
/// # Safety
///
/// NULL or live, `line` of `len` bytes, `more` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_repl_feed(
    vm: *mut brisk_vm,
    line: *const c_char,
    len: usize,
    more: *mut i32,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let line = text(line, len)?;
            if more.is_null() {
                return Err(BRISK_NULL);
            }
            if vm.repl.borrow().len() + line.len() > SOURCE_BYTES_MAX {
                vm.repl.borrow_mut().clear();
                return Err(BRISK_ARGUMENT);
            }
            let source = {
                let mut pending = vm.repl.borrow_mut();
                pending.push_str(line);
                pending.push('\n');
                pending.clone()
            };
            let incomplete = vm.with_machine(|machine| {
                vm.forget();
                let dialect = machine.raw_state().dialect;
                let options = CompileOptions { repl: true, ..CompileOptions::default() };
                match Program::compile_with(&source, dialect, &options) {
                    Ok(program) => {
                        vm.repl.borrow_mut().clear();
                        machine.load(&program).map_err(|error| vm.fail(error))?;
                        Ok(false)
                    }
                    Err(error) if error.diagnostics().iter().any(|d| d.incomplete) => Ok(true),
                    Err(error) => {
                        vm.repl.borrow_mut().clear();
                        Err(vm.fail_in(error, &source))
                    }
                }
            })?;
            put(more, i32::from(incomplete))
        })
    }
}

/// Value of the last expression statement that ran since this was asked last. `BRISK_NOT_FOUND` when
/// there was none.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_repl_result(
    vm: *mut brisk_vm,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let given = vm.with(|state| {
                let found = state.implicit_result.take().ok_or(BRISK_NOT_FOUND)?;
                give(state, vm.owner, found)
            })?;
            put(value, given)
        })
    }
}

/// Forgets a text that is not complete.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_repl_reset(vm: *mut brisk_vm) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.repl.borrow_mut().clear();
            Ok(())
        })
    }
}
