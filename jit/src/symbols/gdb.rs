//! Units in a debugger: GDB's interface for code made at run time, which LLDB knows too.
//!
//! A debugger reads a list of object files from the process, starting at `__jit_debug_descriptor`. It
//! has a breakpoint in `__jit_debug_register_code`, and there it looks at what changed. The list is
//! one for the whole process, and a mutex guards our part of it.
//!
//! The two symbols are weak: another compiler in the same program, such as LLVM's, may define them as
//! well, and there must be one of each. Its entries in the list stay untouched, but two compilers on
//! two threads at the same moment would confuse each other, as the interface has no lock.
//!
//! Source: "Debugging with GDB", chapter "JIT Compilation Interface".
#![allow(unsafe_code)] // A list of raw pointers that a debugger reads.

use super::{elf, printable};
use core::arch::global_asm;
use core::ptr::{null_mut, slice_from_raw_parts_mut};
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
    object: *mut u8,
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

// The descriptor with version 1 and an empty list, and an empty function. In assembly, because Rust has
// no weak symbols.
global_asm!(
    ".pushsection .data.__jit_debug_descriptor, \"aw\", %progbits",
    ".weak __jit_debug_descriptor",
    ".type __jit_debug_descriptor, %object",
    ".size __jit_debug_descriptor, 24",
    ".balign 8",
    "__jit_debug_descriptor:",
    ".4byte 1",
    ".4byte 0",
    ".8byte 0",
    ".8byte 0",
    ".popsection",
    ".pushsection .text.__jit_debug_register_code, \"ax\", %progbits",
    ".weak __jit_debug_register_code",
    ".type __jit_debug_register_code, %function",
    ".balign 16",
    "__jit_debug_register_code:",
    "ret",
    ".size __jit_debug_register_code, . - __jit_debug_register_code",
    ".popsection",
);
const _: () = assert!(size_of::<Descriptor>() == 24);

unsafe extern "C" {
    static mut __jit_debug_descriptor: Descriptor;
    fn __jit_debug_register_code();
}

/// Whoever holds this may change the list.
static LIST: Mutex<()> = Mutex::new(());

/// A unit that debuggers know, until this is dropped.
#[derive(Debug)]
pub struct GdbRegistration {
    entry: *mut Entry,
}

// SAFETY: the entry belongs to the list, which any thread may change while it holds the mutex.
unsafe impl Send for GdbRegistration {}

impl GdbRegistration {
    /// Tells debuggers about a unit.
    pub fn new(address: u64, bytes: usize, name: &str) -> GdbRegistration {
        let object = elf::object(MACHINE, address, bytes, &printable(name)).into_boxed_slice();
        let object_bytes = object.len() as u64;
        let object = Box::into_raw(object).cast();
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
        GdbRegistration { entry }
    }
}

impl Drop for GdbRegistration {
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
        // SAFETY: both boxes were made in `new`, and nothing refers to them any more.
        unsafe {
            let entry = Box::from_raw(entry);
            let bytes = slice_from_raw_parts_mut(entry.object, entry.object_bytes as usize);
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
    // SAFETY: the caller's promise. The compiler knows nothing of the function, so the list is written
    // before it is called.
    unsafe {
        (*list).action = action;
        (*list).relevant = entry;
        __jit_debug_register_code();
        (*list).action = NO_ACTION;
        (*list).relevant = null_mut();
    }
}
