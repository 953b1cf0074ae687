//! How a machine is made.

use crate::status::{BRISK_ARGUMENT, brisk_status, guard, put};
use crate::world::{
    brisk_allocate_fn, brisk_clock_fn, brisk_output_fn, brisk_release_fn, brisk_soft_limit_fn,
};
use brisk_core::MachineOptions;
use core::ffi::c_void;
use core::ptr::null_mut;

/// A version of the language.
pub type brisk_dialect = i32;

/// MiniScript 1.6.
pub const BRISK_DIALECT_V1: brisk_dialect = 1;
/// MiniScript 2: `BRISK_UNSUPPORTED` so far.
pub const BRISK_DIALECT_V2: brisk_dialect = 2;

/// When scripts become machine code.
pub type brisk_jit = i32;

/// What is hot, where there is machine code.
pub const BRISK_JIT_AUTO: brisk_jit = 0;
/// Nothing.
pub const BRISK_JIT_OFF: brisk_jit = 1;
/// As `BRISK_JIT_AUTO`; where there is none, `brisk_vm_new` gives `BRISK_UNSUPPORTED`.
pub const BRISK_JIT_REQUIRE: brisk_jit = 2;
/// Everything at once: for tests.
pub const BRISK_JIT_EAGER: brisk_jit = 3;

/// How a VM is made. Fill it with `brisk_config_init`, then change what you need.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_config {
    /// Bytes of this structure, as the host knows it.
    pub struct_size: usize,
    /// `BRISK_DIALECT_V1`.
    pub dialect: brisk_dialect,
    /// `BRISK_JIT_AUTO`.
    pub jit: brisk_jit,
    /// Most bytes scripts may use, 1 GiB; a script that needs more fails, and the VM goes on.
    pub memory_bytes_max: usize,
    /// Bytes from which `soft_limit` is told, 0 for never.
    pub memory_bytes_soft: usize,
    /// Most bytes of machine code, 16 MiB.
    pub code_bytes_max: usize,
    /// Deepest nesting of calls, 100 000.
    pub call_depth_max: u32,
    /// 0.
    pub reserved: u32,
    /// Start of the random numbers.
    pub seed: u64,
    /// Gives memory; NULL for the engine's own. Both functions or none. Linked code and error texts
    /// come from the engine's own in any case; the former counts against the limit.
    pub allocate: brisk_allocate_fn,
    /// Takes memory back.
    pub release: brisk_release_fn,
    /// Passed to both.
    pub allocator_user: *mut c_void,
    /// Receives what scripts print; NULL drops it.
    pub output: brisk_output_fn,
    /// Passed to it.
    pub output_user: *mut c_void,
    /// Tells the time; NULL for the system's clock. See also `brisk_vm_set_time`.
    pub clock: brisk_clock_fn,
    /// Passed to it.
    pub clock_user: *mut c_void,
    /// Told once when more than `memory_bytes_soft` are in use, and again after it fell below.
    pub soft_limit: brisk_soft_limit_fn,
    /// Passed to it.
    pub soft_limit_user: *mut c_void,
    /// See `brisk_vm_host_data`.
    pub host_data: *mut c_void,
}

impl brisk_config {
    pub(crate) fn default() -> brisk_config {
        let options = MachineOptions::default();
        brisk_config {
            struct_size: size_of::<brisk_config>(),
            dialect: BRISK_DIALECT_V1,
            jit: BRISK_JIT_AUTO,
            memory_bytes_max: options.memory_bytes_max,
            memory_bytes_soft: 0,
            code_bytes_max: 16 << 20,
            call_depth_max: options.call_depth_max,
            reserved: 0,
            seed: options.seed,
            allocate: None,
            release: None,
            allocator_user: null_mut(),
            output: None,
            output_user: null_mut(),
            clock: None,
            clock_user: null_mut(),
            soft_limit: None,
            soft_limit_user: null_mut(),
            host_data: null_mut(),
        }
    }
}

/// Fills a configuration with defaults. `struct_size` is `sizeof(brisk_config)`.
///
/// `BRISK_NULL`, or `BRISK_ARGUMENT` for a size of no version.
///
/// # Safety
///
/// `config` must be NULL or point to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_config_init(
    config: *mut brisk_config,
    struct_size: usize,
) -> brisk_status {
    guard(|| {
        if struct_size != size_of::<brisk_config>() {
            return Err(BRISK_ARGUMENT);
        }
        // SAFETY: the caller's promise.
        unsafe { put(config, brisk_config::default()) }
    })
}
