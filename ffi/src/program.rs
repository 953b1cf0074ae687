//! Programs: compiled once, immutable, shared by machines and threads.

use crate::config::{BRISK_DIALECT_V1, BRISK_DIALECT_V2, brisk_dialect};
use crate::error::brisk_error;
use crate::status::{
    self, BRISK_ARGUMENT, BRISK_BYTECODE, BRISK_COMPILE, BRISK_NULL, BRISK_UNSUPPORTED, Check,
    brisk_status, guard, guard_or, put, refer, text,
};
use crate::value::brisk_text;
use brisk_core::{CompileOptions, DebugInfo, Dialect, Error, Program};
use core::ffi::c_char;
use core::ptr::null_mut;

/// A compiled program. May be used by several threads and VMs at once.
pub struct brisk_program(pub(crate) Program);

/// The dialect of a number.
pub(crate) fn dialect_of(dialect: brisk_dialect) -> Check<Dialect> {
    match dialect {
        BRISK_DIALECT_V1 => Ok(Dialect::V1),
        BRISK_DIALECT_V2 => Err(BRISK_UNSUPPORTED),
        _ => Err(BRISK_ARGUMENT),
    }
}

/// Gives the host a program, or why there is none, in the source `text`; then the code is `failure`.
///
/// # Safety
///
/// Outputs NULL or writable.
unsafe fn hand_over(
    made: Result<Program, Error>,
    failure: brisk_status,
    text: &str,
    program: *mut *mut brisk_program,
    error: *mut *mut brisk_error,
) -> Check<()> {
    match made {
        // SAFETY: the caller's promise.
        Ok(made) => unsafe { put(program, Box::into_raw(Box::new(brisk_program(made)))) },
        Err(failed) => {
            if !error.is_null() {
                let made = Box::into_raw(brisk_error::new(failed, text));
                // SAFETY: the caller's promise.
                unsafe { put(error, made) }?;
            }
            Err(failure)
        }
    }
}

/// Compiles, whatever for.
unsafe fn compile(
    source: (*const c_char, usize),
    name: brisk_text,
    module: bool,
    dialect: brisk_dialect,
    program: *mut *mut brisk_program,
    error: *mut *mut brisk_error,
) -> brisk_status {
    guard(|| {
        if program.is_null() {
            return Err(BRISK_NULL);
        }
        // SAFETY: the caller's promise.
        let (source, name) = unsafe { (text(source.0, source.1)?, text(name.data, name.len)?) };
        let dialect = dialect_of(dialect)?;
        let name = (!name.is_empty()).then(|| name.to_string());
        let options = CompileOptions { name, module, ..CompileOptions::default() };
        let made = Program::compile_with(source, dialect, &options);
        // SAFETY: the caller's promise.
        unsafe { hand_over(made, BRISK_COMPILE, source, program, error) }
    })
}

/// Compiles a source text. `name` is shown in error locations and may be empty. On success
/// `*program` belongs to the caller. On `BRISK_COMPILE`, `*error` belongs to the caller, unless
/// `error` is NULL.
///
/// # Safety
///
/// Texts must be as long as they say; outputs NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_compile(
    source: *const c_char,
    len: usize,
    name: brisk_text,
    dialect: brisk_dialect,
    program: *mut *mut brisk_program,
    error: *mut *mut brisk_error,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { compile((source, len), name, false, dialect, program, error) }
}

/// The same for a module: a program for `brisk_import_program`, whose variables `import` collects in
/// a map.
///
/// # Safety
///
/// As `brisk_program_compile`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_compile_module(
    source: *const c_char,
    len: usize,
    name: brisk_text,
    dialect: brisk_dialect,
    program: *mut *mut brisk_program,
    error: *mut *mut brisk_error,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { compile((source, len), name, true, dialect, program, error) }
}

/// Loads a bytecode file: whatever its bytes are, this gives a program that is safe to run, or
/// `BRISK_BYTECODE`. Then `*error` belongs to the caller, unless `error` is NULL, and says what is
/// wrong: no bytecode, of another version, truncated, damaged, not safe.
///
/// # Safety
///
/// `bytes` of `len`; outputs NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_load(
    bytes: *const u8,
    len: usize,
    program: *mut *mut brisk_program,
    error: *mut *mut brisk_error,
) -> brisk_status {
    guard(|| {
        if program.is_null() {
            return Err(BRISK_NULL);
        }
        // SAFETY: the caller's promise.
        // SAFETY: the caller's promise.
        unsafe {
            let made = Program::from_bytes(status::bytes(bytes, len)?);
            hand_over(made, BRISK_BYTECODE, "", program, error)
        }
    })
}

/// The program as a bytecode file. With `strip` other than 0, lines and names of functions are left
/// out: errors have no line then. `*bytes` belongs to the caller: `brisk_bytes_free`. It is the same on
/// every platform, and belongs to this version of the engine: keep the source text.
///
/// # Safety
///
/// NULL or a live program; outputs NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_save(
    program: *const brisk_program,
    strip: i32,
    bytes: *mut *mut u8,
    len: *mut usize,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let program = unsafe { refer(program) }?;
        if bytes.is_null() || len.is_null() {
            return Err(BRISK_NULL);
        }
        let debug = if strip == 0 { DebugInfo::Keep } else { DebugInfo::Strip };
        let made = Box::leak(program.0.to_bytes(debug).into_boxed_slice());
        // SAFETY: the caller's promise.
        unsafe {
            put(len, made.len())?;
            put(bytes, made.as_mut_ptr())
        }
    })
}

/// Frees what `brisk_program_save` gave. NULL does nothing.
///
/// # Safety
///
/// NULL, or bytes with the length that came with them, which are not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_bytes_free(bytes: *mut u8, len: usize) {
    if !bytes.is_null() {
        let all = core::ptr::slice_from_raw_parts_mut(bytes, len);
        // SAFETY: the caller's promise: it came out of a box of this length.
        drop(unsafe { Box::from_raw(all) });
    }
}

/// Another owner of the same program; NULL for NULL.
///
/// # Safety
///
/// NULL or a live program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_clone(program: *const brisk_program) -> *mut brisk_program {
    guard_or(null_mut(), || {
        // SAFETY: the caller's promise.
        let program = unsafe { program.as_ref() };
        program.map_or(null_mut(), |p| Box::into_raw(Box::new(brisk_program(p.0.clone()))))
    })
}

/// Gives a program back; VMs that run it go on. NULL does nothing.
///
/// # Safety
///
/// NULL or an owned program, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_program_free(program: *mut brisk_program) {
    if !program.is_null() {
        // SAFETY: the caller's promise: it came out of a box.
        guard_or((), || drop(unsafe { Box::from_raw(program) }));
    }
}
