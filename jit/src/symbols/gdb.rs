//! Units in GDB: its interface for code made at run time, which LLDB knows too.
//!
//! A debugger reads a list of object files from the process, starting at `__jit_debug_descriptor`. When
//! it is attached it has a breakpoint in `__jit_debug_register_code`, and there it looks at what changed.
//! The two symbols are per process, so the list is one for all machines, and a mutex guards it.
//!
//! Source: "Debugging with GDB", chapter "JIT Compilation Interface". Another library in the same
//! program that defines the symbols, as LLVM's JIT does, cannot be linked with this one.
#![allow(unsafe_code)] // Symbols with fixed names, and a list of raw pointers that a debugger reads.

use super::{elf, printable};
use core::ptr::null_mut;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What `Descriptor::action` says.
const NO_ACTION: u32 = 0;
const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = elf::MACHINE_X86_64;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = elf::MACHINE_AARCH64;

/// `struct jit_code_entry`.
#[repr(C)]
struct Entry {
    next: *mut Entry,
    prev: *mut Entry,
    object: *const u8,
    object_bytes: u64,
}

/// `struct jit_descriptor`.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

/// The list.
#[unsafe(no_mangle)]
#[used]
#[allow(non_upper_case_globals)] // The interface wants this name.
static mut __jit_debug_descriptor: Descriptor =
    Descriptor { version: 1, action: NO_ACTION, relevant: null_mut(), first: null_mut() };

/// Where a debugger sets its breakpoint.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn __jit_debug_register_code() {
    // Calls of an empty function would be left out, and the list not be written before.
    core::hint::black_box(&raw const __jit_debug_descriptor);
}

/// Whoever holds this may change the list.
static LIST: Mutex<()> = Mutex::new(());

/// Units that debuggers know, until it is dropped.
#[derive(Debug, Default)]
pub struct GdbUnits {
    units: BTreeMap<u64, Registered>,
}

impl GdbUnits {
    /// Tells debuggers about a unit. What was known at this address is forgotten.
    pub fn add(&mut self, address: u64, bytes: usize, name: &str) {
        self.remove(address);
        let object = elf::object(MACHINE, address, bytes, &printable(name));
        self.units.insert(address, Registered::new(object));
    }

    /// Tells debuggers that the code at this address is no more.
    pub fn remove(&mut self, address: u64) {
        self.units.remove(&address);
    }
}

/// An element of the list.
#[derive(Debug)]
struct Registered {
    entry: *mut Entry,
}

// SAFETY: the entry belongs to the list, which any thread may change while it holds the mutex.
unsafe impl Send for Registered {}

impl Registered {
    fn new(object: Vec<u8>) -> Registered {
        let object: Box<[u8]> = object.into_boxed_slice();
        let object_bytes = object.len() as u64;
        let object = Box::into_raw(object).cast::<u8>().cast_const();
        let entry = Entry { next: null_mut(), prev: null_mut(), object, object_bytes };
        let entry = Box::into_raw(Box::new(entry));
        let _list = lock();
        let list = &raw mut __jit_debug_descriptor;
        // SAFETY: we hold the mutex, so nobody else looks at the list but a debugger, which stops us
        // for that; its entries are alive, and so is the new one.
        unsafe {
            (*entry).next = (*list).first;
            if let Some(next) = (*entry).next.as_mut() {
                next.prev = entry;
            }
            (*list).first = entry;
            tell(list, REGISTER, entry);
        }
        Registered { entry }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let entry = self.entry;
        let _list = lock();
        let list = &raw mut __jit_debug_descriptor;
        // SAFETY: as in `new`; the entry is in the list until now.
        unsafe {
            match (*entry).prev.as_mut() {
                Some(prev) => prev.next = (*entry).next,
                None => (*list).first = (*entry).next,
            }
            if let Some(next) = (*entry).next.as_mut() {
                next.prev = (*entry).prev;
            }
            tell(list, UNREGISTER, entry);
        }
        // SAFETY: made in `new`, from boxes, and not in the list any more.
        unsafe {
            let entry = Box::from_raw(entry);
            let bytes = core::ptr::slice_from_raw_parts_mut(
                entry.object.cast_mut(),
                entry.object_bytes as usize,
            );
            drop(Box::from_raw(bytes));
        }
    }
}

fn lock() -> MutexGuard<'static, ()> {
    // Nothing panics in between.
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows a change of the list to a debugger.
///
/// # Safety
///
/// The caller holds the mutex; the entry is alive.
unsafe fn tell(list: *mut Descriptor, action: u32, entry: *mut Entry) {
    // SAFETY: the caller's promise.
    unsafe {
        (*list).action = action;
        (*list).relevant = entry;
    }
    __jit_debug_register_code();
    // SAFETY: the caller's promise.
    unsafe {
        (*list).action = NO_ACTION;
        (*list).relevant = null_mut();
    }
}
