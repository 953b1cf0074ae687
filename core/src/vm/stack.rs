//! The machine's stack: overlapping windows of registers with a header below each.
//!
//! ```text
//! base[-4]  depth u32, 0 u32                 (the high half is for a native return address later)
//! base[-3]  the function value
//! base[-2]  where the caller continues, an address
//! base[-1]  distance to the caller's base in bytes u32, the caller's result register u16, 0 u16
//! base[0..] registers
//! ```
//!
//! As values, the raw words are small numbers, so a scan of the stack passes over them. Distances
//! are relative, so the stack can move: it grows in a call's slow path and when a run starts, and
//! shrinks between slices. Every slot always holds some valid value: fresh ones are null, and a
//! collection nulls whatever lies above the innermost window.
#![allow(unsafe_code)] // Registers are raw slots.

use crate::heap::{AllocError, Memory};
use crate::value::Value;

/// Slots of a frame header.
pub const HEADER: usize = 4;
/// Slots kept free above every window: for arguments of native functions and calls made by reads.
pub const SLACK: usize = 300;
/// Slots of a new stack.
const FIRST_SLOTS: usize = SLACK + 84;

/// A stack below this many slots is not worth shrinking.
const SHRINK_MIN: usize = 16 * 1024;

/// The stack of one machine.
#[repr(C)]
pub struct Stack {
    /// First slot.
    pub start: *mut Value,
    /// Number of slots.
    pub capacity: usize,
    /// Most slots it may grow to.
    pub slots_max: usize,
}

impl Stack {
    /// A stack without slots.
    pub fn new(slots_max: usize) -> Self {
        Stack { start: core::ptr::null_mut(), capacity: 0, slots_max }
    }

    /// The limit of windows: [`SLACK`] below the end.
    pub fn limit(&self) -> *mut Value {
        self.start.wrapping_add(self.capacity.saturating_sub(SLACK))
    }

    /// Makes room for `slots` slots and the slack. Slots keep their content and may move.
    ///
    /// # Errors
    ///
    /// [`AllocError::Limit`] beyond `slots_max`, or when memory is refused.
    #[cold]
    pub fn grow(&mut self, memory: &mut Memory, slots: usize) -> Result<(), AllocError> {
        let needed = slots + SLACK;
        if needed <= self.capacity {
            return Ok(());
        }
        if needed > self.slots_max {
            return Err(AllocError::Limit);
        }
        let capacity =
            needed.max(self.capacity * 2).max(FIRST_SLOTS).min(self.slots_max.max(needed));
        let new: *mut Value = memory.allocate(capacity * size_of::<Value>())?.cast();
        for i in 0..capacity {
            // SAFETY: below the capacity of the new and, where read, of the old stack.
            unsafe {
                let value = if i < self.capacity { *self.start.add(i) } else { Value::NULL };
                new.add(i).write(value);
            }
        }
        self.release(memory);
        self.start = new;
        self.capacity = capacity;
        Ok(())
    }

    /// Gives back what a deep recursion needed, once it is over. Slots keep their content and may
    /// move.
    pub fn shrink(&mut self, memory: &mut Memory, used: usize) {
        let capacity = (used * 2 + SLACK).max(FIRST_SLOTS);
        if self.capacity < SHRINK_MIN || capacity * 4 > self.capacity {
            return;
        }
        let Ok(new) = memory.allocate(capacity * size_of::<Value>()) else { return };
        let new: *mut Value = new.cast();
        // SAFETY: the new stack is shorter than the old one.
        unsafe { core::ptr::copy_nonoverlapping(self.start, new, capacity) };
        self.release(memory);
        self.start = new;
        self.capacity = capacity;
    }

    /// Gives the memory back.
    pub fn release(&mut self, memory: &mut Memory) {
        if self.capacity > 0 {
            // SAFETY: the stack is ours.
            unsafe { memory.free(self.start.cast(), self.capacity * size_of::<Value>()) };
        }
        self.start = core::ptr::null_mut();
        self.capacity = 0;
    }

    /// The slots below `top`.
    pub fn below(&self, top: *mut Value) -> &[Value] {
        let count = (top as usize - self.start as usize) / size_of::<Value>();
        if count == 0 {
            return &[];
        }
        // SAFETY: `top` is within the stack, and every slot is initialized.
        unsafe { core::slice::from_raw_parts(self.start, count.min(self.capacity)) }
    }

    /// The value in slot `slot`, null when there is no such slot.
    #[inline(always)]
    pub fn get(&self, slot: usize) -> Value {
        if slot >= self.capacity {
            return Value::NULL;
        }
        // SAFETY: just checked, and every slot is initialized.
        unsafe { *self.start.add(slot) }
    }

    /// Nulls the slots from `top` on.
    pub fn clear_above(&mut self, top: *mut Value) {
        let used = (top as usize - self.start as usize) / size_of::<Value>();
        for i in used..self.capacity {
            // SAFETY: below the capacity.
            unsafe { self.start.add(i).write(Value::NULL) };
        }
    }
}
