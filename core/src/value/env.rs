//! Environments: variables of a function that its inner functions can see, one slot each.
#![allow(unsafe_code)] // Slots live in raw buffers.

use super::Refusal;
use super::object::{Env, Gc, KIND_ENV, SLOTS_INLINE};
use super::store::Store;
use super::value::Value;
use crate::heap::{Heap, new_cell};

impl Store {
    /// An environment of `count` unassigned slots.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn new_env(&mut self, count: usize) -> Result<Gc<Env>, Refusal> {
        let buffer = if count > SLOTS_INLINE {
            self.heap.new_buffer(count * size_of::<Value>())?.cast::<Value>()
        } else {
            core::ptr::null_mut()
        };
        let cell = match new_cell(self, KIND_ENV, count as u32) {
            Ok(cell) => cell,
            Err(error) => {
                if !buffer.is_null() {
                    // SAFETY: allocated just now with this size.
                    unsafe { self.heap.free_buffer(buffer.cast(), count * size_of::<Value>()) };
                }
                return Err(error.into());
            }
        };
        // SAFETY: a fresh cell; every field is written here, and there is room for `count` slots.
        unsafe {
            let env = cell.cast::<Env>().as_ptr();
            let slots =
                if buffer.is_null() { (&raw mut (*env).inline).cast::<Value>() } else { buffer };
            (&raw mut (*env).slots).write(slots.into());
            for i in 0..count {
                slots.add(i).write(Value::UNASSIGNED);
            }
            Ok(Gc::from_cell(cell))
        }
    }

    /// Stores a slot; false when there is no such slot.
    #[inline(always)]
    pub fn env_set(&mut self, env: Gc<Env>, slot: usize, value: Value) -> bool {
        if slot >= env.len() {
            return false;
        }
        // SAFETY: just checked.
        unsafe { env.slots.get().add(slot).write(value) };
        self.heap.barrier(env.cell());
        true
    }
}

impl Env {
    /// Number of slots.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.header.info.get() as usize
    }

    /// The slots.
    pub fn as_slice(&self) -> &[Value] {
        // SAFETY: all slots are initialized.
        unsafe { core::slice::from_raw_parts(self.slots.get(), self.len()) }
    }

    /// Slot `slot`, *unassigned* when there is none.
    #[inline(always)]
    pub fn get(&self, slot: usize) -> Value {
        if slot >= self.len() {
            return Value::UNASSIGNED;
        }
        // SAFETY: just checked.
        unsafe { *self.slots.get().add(slot) }
    }
}

pub(super) fn release(heap: &mut Heap, env: Gc<Env>) {
    if env.len() > SLOTS_INLINE {
        // SAFETY: the buffer is the environment's own.
        unsafe { heap.free_buffer(env.slots.get().cast(), env.len() * size_of::<Value>()) };
    }
}
