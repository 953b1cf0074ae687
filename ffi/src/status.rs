//! Codes that functions return, and the wall that no panic crosses.

use core::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a call ended. 0 is success; on anything else, outputs are not written unless the function
/// says so.
pub type brisk_status = i32;

/// Success.
pub const BRISK_OK: brisk_status = 0;
/// A pointer that must not be NULL is.
pub const BRISK_NULL: brisk_status = 1;
/// An argument is out of range, or a `struct_size` is that of no version.
pub const BRISK_ARGUMENT: brisk_status = 2;
/// A value of another VM.
pub const BRISK_WRONG_VM: brisk_status = 3;
/// A value whose scope is closed, or that was released.
pub const BRISK_STALE: brisk_status = 4;
/// A value of another kind than is needed.
pub const BRISK_TYPE: brisk_status = 5;
/// No such element, entry, global or member.
pub const BRISK_NOT_FOUND: brisk_status = 6;
/// Text that is not UTF-8.
pub const BRISK_UTF8: brisk_status = 7;
/// Source text that is no program.
pub const BRISK_COMPILE: brisk_status = 8;
/// The script failed, or a native raised an error: see `brisk_vm_error`.
pub const BRISK_SCRIPT: brisk_status = 9;
/// A limit: memory, depth of calls, a budget.
pub const BRISK_LIMIT: brisk_status = 10;
/// Not now: the VM is running.
pub const BRISK_BUSY: brisk_status = 11;
/// This build, processor or system cannot.
pub const BRISK_UNSUPPORTED: brisk_status = 12;
/// Bytes that are no bytecode, of another version, or damaged.
pub const BRISK_BYTECODE: brisk_status = 13;
/// It is done already: a token that was completed, a VM that was stopped.
pub const BRISK_DONE: brisk_status = 14;
/// A bug of the engine was caught. The VM answers nothing else any more; free it.
pub const BRISK_PANIC: brisk_status = 15;
/// Returned by natives: not finished.
pub const BRISK_PENDING: brisk_status = 16;
/// Returned by natives: finished with null, and the run ends as at `yield`.
pub const BRISK_YIELD: brisk_status = 17;
/// The program called `exit`; returned by natives that end the program.
pub const BRISK_EXIT: brisk_status = 18;

/// The name of a code, such as `BRISK_STALE`, zero-terminated; it lives for ever. `unknown` for a number
/// that is none.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_status_name(status: brisk_status) -> *const c_char {
    let name = match status {
        BRISK_OK => c"BRISK_OK",
        BRISK_NULL => c"BRISK_NULL",
        BRISK_ARGUMENT => c"BRISK_ARGUMENT",
        BRISK_WRONG_VM => c"BRISK_WRONG_VM",
        BRISK_STALE => c"BRISK_STALE",
        BRISK_TYPE => c"BRISK_TYPE",
        BRISK_NOT_FOUND => c"BRISK_NOT_FOUND",
        BRISK_UTF8 => c"BRISK_UTF8",
        BRISK_COMPILE => c"BRISK_COMPILE",
        BRISK_SCRIPT => c"BRISK_SCRIPT",
        BRISK_LIMIT => c"BRISK_LIMIT",
        BRISK_BUSY => c"BRISK_BUSY",
        BRISK_UNSUPPORTED => c"BRISK_UNSUPPORTED",
        BRISK_BYTECODE => c"BRISK_BYTECODE",
        BRISK_DONE => c"BRISK_DONE",
        BRISK_PANIC => c"BRISK_PANIC",
        BRISK_PENDING => c"BRISK_PENDING",
        BRISK_YIELD => c"BRISK_YIELD",
        BRISK_EXIT => c"BRISK_EXIT",
        _ => c"unknown",
    };
    name.as_ptr()
}

/// What is known of a failure before it becomes a code.
pub(crate) type Check<T> = Result<T, brisk_status>;

/// Runs the body of an exported function: its code, or [`BRISK_PANIC`].
pub(crate) fn guard(body: impl FnOnce() -> Check<()>) -> brisk_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => BRISK_OK,
        Ok(Err(status)) => status,
        Err(_) => BRISK_PANIC,
    }
}

/// The same for a function that returns something else than a code, with what it returns then.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// A reference from a pointer of the host.
///
/// # Safety
///
/// NULL, or a pointer to a live `T` that nobody changes meanwhile.
pub(crate) unsafe fn refer<'a, T>(pointer: *const T) -> Check<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or(BRISK_NULL)
}

/// Writes an output of a function.
///
/// # Safety
///
/// NULL, or a pointer that may be written through.
pub(crate) unsafe fn put<T>(pointer: *mut T, value: T) -> Check<()> {
    if pointer.is_null() {
        return Err(BRISK_NULL);
    }
    // SAFETY: the caller's promise.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Bytes of the host. NULL is fine when there are none.
///
/// # Safety
///
/// `data` must point to `len` bytes that nobody changes meanwhile, or be NULL.
pub(crate) unsafe fn bytes<'a>(data: *const u8, len: usize) -> Check<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(BRISK_NULL);
    }
    if len > isize::MAX as usize {
        return Err(BRISK_ARGUMENT);
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts(data, len) })
}

/// Text of the host.
///
/// # Safety
///
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, len: usize) -> Check<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(data.cast(), len) }?;
    core::str::from_utf8(bytes).map_err(|_| BRISK_UTF8)
}
