//! Native objects: made with a type and data of the host's, finalized once, and charged for.
//!
//! An object ends in one of two ways. It is closed: then its finalizer runs at once, and what is left
//! is an object without data. Or nothing refers to it any more: then the sweep puts its data on a
//! list, and the finalizer runs at a safe point, never inside an allocation. The list has room for
//! every object there is, so freeing one asks for no memory.
#![allow(unsafe_code)] // The cell of an object owns a reference to its type.

use super::Refusal;
use super::object::{Gc, KIND_NATIVE, NativeObject, NativeType};
use super::store::Store;
use super::value::Value;
use crate::heap::{AllocError, new_cell};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What is left of an object that was freed: its type, and its data unless it was closed.
type Remains = (Arc<dyn NativeType>, Option<usize>);

/// The accounts of native objects.
#[derive(Default)]
pub(super) struct Natives {
    /// What is to be finalized; has room for all objects there are.
    dead: Vec<Remains>,
    /// Objects whose cells are not free.
    count: usize,
    /// Bytes that the host holds and has told of.
    host_bytes: usize,
}

impl Store {
    /// A native object that counts as `bytes` bytes more than its cell until it is closed or freed.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused, or the bytes do not fit below the limit.
    pub fn new_native(
        &mut self,
        kind: Arc<dyn NativeType>,
        data: usize,
        class: Value,
        bytes: usize,
    ) -> Result<Value, Refusal> {
        let natives = &mut self.natives;
        if natives.dead.try_reserve(natives.count + 1).is_err() {
            return Err(Refusal::Memory(AllocError::Refused));
        }
        let charged = bytes.saturating_add(size_of::<Remains>());
        self.heap.memory.charge(charged)?;
        let serial = self.next_serial as u32;
        let cell = match new_cell(self, KIND_NATIVE, serial) {
            Ok(cell) => cell,
            Err(error) => {
                self.heap.memory.discharge(charged);
                return Err(error.into());
            }
        };
        self.heap.add_debt(isize::try_from(bytes).unwrap_or(isize::MAX / 2));
        self.next_serial += 1;
        self.natives.count += 1;
        // SAFETY: a new cell of this kind.
        unsafe {
            NativeObject::write(cell, kind, data, class, charged);
            Ok(Value::native(Gc::from_cell(cell)))
        }
    }

    /// Closes an object: returns what to finalize, if it was open.
    #[must_use]
    pub fn close_native(
        &mut self,
        object: Gc<NativeObject>,
    ) -> Option<(Arc<dyn NativeType>, usize)> {
        if object.is_closed() {
            return None;
        }
        object.set_closed();
        self.heap.memory.discharge(object.charged.take());
        Some((object.share_type(), object.data.take()))
    }

    /// Runs the finalizers of native objects that were freed. Not inside an allocation.
    #[inline]
    pub fn run_finalizers(&mut self) {
        while let Some((kind, data)) = self.natives.dead.pop() {
            if let Some(data) = data {
                kind.finalize(data);
            }
        }
    }

    /// Counts memory that the host holds for scripts, or, when negative, no longer holds.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it does not fit below the limit; nothing is counted then.
    pub fn charge_host(&mut self, bytes: isize) -> Result<(), Refusal> {
        let size = bytes.unsigned_abs();
        if bytes >= 0 {
            self.heap.memory.charge(size)?;
            self.heap.add_debt(bytes);
            self.natives.host_bytes += size;
        } else {
            let size = size.min(self.natives.host_bytes);
            self.heap.memory.discharge(size);
            self.natives.host_bytes -= size;
        }
        Ok(())
    }
}

/// An object is about to be freed.
pub(super) fn release(store: &mut Store, object: Gc<NativeObject>) {
    store.heap.memory.discharge(object.charged.take());
    // SAFETY: the cell is freed, so nothing uses its type again.
    let kind = unsafe { object.take_type() };
    store.natives.count -= 1;
    // The last reference to a type is given up at a safe point, too: what its functions own is the
    // host's.
    let data = (!object.is_closed() && kind.has_finalizer()).then(|| object.data.get());
    if data.is_some() || Arc::strong_count(&kind) == 1 {
        debug_assert!(store.natives.dead.len() < store.natives.dead.capacity(), "reserved");
        store.natives.dead.push((kind, data));
    }
}
