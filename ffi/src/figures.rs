//! Memory and collection of a VM, and its figures.

use crate::status::{BRISK_ARGUMENT, BRISK_NULL, brisk_status, put};
use crate::vm::{brisk_vm, enter};

/// Figures of a VM, since it was made.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_stats {
    /// Bytes of this structure, as the host knows it: set before asking.
    pub struct_size: usize,
    /// Fuel used.
    pub fuel_used: u64,
    /// Bytes in use.
    pub bytes_used: u64,
    /// Most bytes that were in use at once.
    pub bytes_peak: u64,
    /// Collections finished.
    pub collections: u64,
    /// Slices of collection.
    pub slices: u64,
    /// Seconds that the longest slice of collection took, on the VM's clock; or a whole collection, where
    /// the host or a lack of memory asked for one.
    pub pause_longest: f64,
    /// How many of them took `2^i` up to `2^(i+1)` microseconds; the first counts all shorter ones, the
    /// last all longer ones.
    pub pauses: [u64; 24],
    /// Functions and loops that became machine code.
    pub compilations: u64,
    /// Bytes of machine code.
    pub code_bytes: u64,
    /// Seconds that the longest compilation took.
    pub compile_longest: f64,
    /// Handles that are held.
    pub handles: u64,
}

/// Figures.
///
/// # Safety
///
/// NULL or live; `stats` NULL or writable, with `struct_size` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_stats(
    vm: *mut brisk_vm,
    stats: *mut brisk_stats,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let out = stats.as_mut().ok_or(BRISK_NULL)?;
            if out.struct_size != size_of::<brisk_stats>() {
                return Err(BRISK_ARGUMENT);
            }
            vm.with_machine(|machine| {
                let (stats, native) = (machine.stats(), machine.native_stats());
                *out = brisk_stats {
                    struct_size: size_of::<brisk_stats>(),
                    fuel_used: stats.fuel_used,
                    bytes_used: stats.bytes_used as u64,
                    bytes_peak: stats.bytes_peak as u64,
                    collections: stats.collections,
                    slices: stats.collection_slices,
                    pause_longest: stats.pause_longest,
                    pauses: stats.pauses,
                    compilations: native.compilations,
                    code_bytes: native.bytes,
                    compile_longest: native.longest,
                    handles: machine.raw_state().scopes.len() as u64,
                };
                Ok(())
            })
        })
    }
}

/// A hash of what scripts can see between runs: the globals and everything they lead to, the random
/// numbers. Equal for VMs in the same state, on every platform and in every build of this version, with
/// and without machine code; different, but for chance, after any change. Takes time in proportion to the
/// state. For games that must stay in step: same seed, virtual time (`brisk_vm_set_time`), and fuel as
/// the only budget.
///
/// # Safety
///
/// NULL or live, `hash` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_state_hash(vm: *mut brisk_vm, hash: *mut u64) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let found = vm.with_machine(|machine| Ok(machine.state_hash()))?;
            put(hash, found)
        })
    }
}

/// Changes the most bytes that scripts may use. More may be in use already: the next request fails
/// then.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_set_memory_max(vm: *mut brisk_vm, bytes: usize) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                state.store.heap.memory.limit = bytes;
                Ok(())
            })
        })
    }
}

/// Collects everything that is unreachable.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_gc_collect(vm: *mut brisk_vm) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with_machine(|machine| {
                machine.collect();
                Ok(())
            })
        })
    }
}

/// Does a slice of collection: about `work` values are looked at. For time that is left in a frame.
/// `*idle`, unless it is NULL, becomes 1 when a collection was finished, else 0.
///
/// # Safety
///
/// NULL or live, `idle` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_gc_step(
    vm: *mut brisk_vm,
    work: usize,
    idle: *mut i32,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let finished = vm.with_machine(|machine| {
                let before = machine.stats().collections;
                machine.collect_step(work);
                Ok(machine.stats().collections != before)
            })?;
            if let Some(idle) = idle.as_mut() {
                *idle = i32::from(finished);
            }
            Ok(())
        })
    }
}
