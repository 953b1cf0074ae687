//! Lists: growable arrays of values, the first three elements in the cell.
#![allow(unsafe_code)] // Elements live in raw buffers.

use super::object::{Gc, KIND_LIST, LIST_INLINE, List};
use super::store::Store;
use super::value::Value;
use super::{Refusal, grow_capacity};
use crate::heap::new_cell;
use crate::limits::LIST_LEN_MAX;
use core::ptr;

const VALUE_SIZE: usize = size_of::<Value>();

impl Store {
    /// A new list with room for `capacity` elements.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it is too large or memory is refused.
    #[inline]
    pub fn new_list(&mut self, capacity: usize) -> Result<Gc<List>, Refusal> {
        let cell = new_cell(self, KIND_LIST, 0)?;
        // SAFETY: a fresh cell; every field is written here.
        let list = unsafe {
            let list = cell.cast::<List>().as_ptr();
            (&raw mut (*list).elems).write((&raw mut (*list).inline).cast::<Value>().into());
            (&raw mut (*list).len).write(0.into());
            (&raw mut (*list).cap).write((LIST_INLINE as u32).into());
            Gc::from_cell(cell)
        };
        if capacity > LIST_INLINE {
            self.list_reserve_exact(list, capacity)?;
        }
        Ok(list)
    }

    /// A new list with these elements.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it is too large or memory is refused.
    #[inline]
    pub fn list_from(&mut self, values: &[Value]) -> Result<Gc<List>, Refusal> {
        let list = self.new_list(values.len())?;
        // SAFETY: there is room, and the source cannot overlap a new buffer.
        unsafe { ptr::copy_nonoverlapping(values.as_ptr(), list.elems.get(), values.len()) };
        list.len.set(values.len() as u32);
        Ok(list)
    }

    #[cold]
    #[inline(never)]
    fn list_reserve_exact(&mut self, list: Gc<List>, capacity: usize) -> Result<(), Refusal> {
        if capacity > LIST_LEN_MAX {
            return Err(Refusal::ListTooLarge);
        }
        let new = self.heap.new_buffer(capacity * VALUE_SIZE)?.cast::<Value>();
        let old = list.elems.get();
        // SAFETY: both buffers hold at least `len` values; the old one is freed only when it is
        // ours.
        unsafe {
            ptr::copy_nonoverlapping(old, new, list.len());
            if !list.is_inline() {
                self.heap.free_buffer(old.cast(), list.cap.get() as usize * VALUE_SIZE);
            }
        }
        list.elems.set(new);
        list.cap.set(capacity as u32);
        Ok(())
    }

    /// Makes room for `more` further elements.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it would be too large or memory is refused; the list is unchanged.
    #[inline]
    pub fn list_reserve(&mut self, list: Gc<List>, more: usize) -> Result<(), Refusal> {
        let needed = list.len() + more;
        let capacity = list.cap.get() as usize;
        if needed <= capacity {
            return Ok(());
        }
        self.list_reserve_exact(list, grow_capacity(capacity, needed, LIST_LEN_MAX))
    }

    /// Appends a value.
    ///
    /// # Errors
    ///
    /// As [`Store::list_reserve`].
    #[inline(always)]
    pub fn list_push(&mut self, list: Gc<List>, value: Value) -> Result<(), Refusal> {
        let len = list.len.get();
        if len == list.cap.get() {
            self.list_reserve(list, 1)?;
        }
        // SAFETY: there is room for one more element.
        unsafe { list.elems.get().add(len as usize).write(value) };
        list.len.set(len + 1);
        self.barrier(list.cell(), value);
        Ok(())
    }

    /// Stores an element; `index` must be below the length.
    #[inline(always)]
    pub fn list_set(&mut self, list: Gc<List>, index: usize, value: Value) {
        assert!(index < list.len());
        // SAFETY: just checked.
        unsafe { list.elems.get().add(index).write(value) };
        self.barrier(list.cell(), value);
    }

    /// Inserts a value before `index`, which must not be above the length.
    ///
    /// # Errors
    ///
    /// As [`Store::list_reserve`].
    pub fn list_insert(
        &mut self,
        list: Gc<List>,
        index: usize,
        value: Value,
    ) -> Result<(), Refusal> {
        assert!(index <= list.len());
        self.list_reserve(list, 1)?;
        let at = list.elems.get().wrapping_add(index);
        // SAFETY: there is room for one more element, and `index` is within the list.
        unsafe {
            ptr::copy(at, at.add(1), list.len() - index);
            at.write(value);
        }
        list.len.set(list.len.get() + 1);
        self.heap.barrier(list.cell());
        Ok(())
    }

    /// Replaces all elements; `values` must be as many as the list has. For sorting and shuffling.
    pub fn list_overwrite(&mut self, list: Gc<List>, values: &[Value]) {
        assert!(values.len() == list.len());
        // SAFETY: the lengths agree; `ptr::copy` allows overlap.
        unsafe { ptr::copy(values.as_ptr(), list.elems.get(), values.len()) };
        self.heap.barrier(list.cell());
    }

    /// Frees the buffer of a list that is about to be freed.
    pub(super) fn release_list(heap: &mut crate::heap::Heap, list: Gc<List>) {
        if !list.is_inline() {
            // SAFETY: the buffer is the list's own.
            unsafe {
                heap.free_buffer(list.elems.get().cast(), list.cap.get() as usize * VALUE_SIZE)
            };
        }
    }
}

impl List {
    fn is_inline(&self) -> bool {
        ptr::eq(self.elems.get().cast_const().cast(), &raw const self.inline)
    }

    /// Number of elements.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.get() as usize
    }

    /// Whether it has none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// Element `index`, if there is one.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Value> {
        // SAFETY: just checked.
        (index < self.len()).then(|| unsafe { *self.elems.get().add(index) })
    }

    /// The elements, for use before the list changes.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Value] {
        // SAFETY: `len` elements are initialized; callers do not hold the slice across mutations
        // (see `Gc`).
        unsafe { core::slice::from_raw_parts(self.elems.get(), self.len()) }
    }

    /// Repeats the elements until there are `total`, for which there must be room.
    pub fn repeat_to(&self, total: usize) {
        let count = self.len();
        assert!(total <= self.cap.get() as usize);
        let mut filled = count;
        while filled > 0 && filled < total {
            // As much as is there already, which keeps the order: that is whole copies.
            let more = filled.min(total - filled);
            let elems = self.elems.get();
            // SAFETY: within the capacity, and the two parts do not overlap.
            unsafe { ptr::copy_nonoverlapping(elems, elems.add(filled), more) };
            filled += more;
        }
        self.len.set(filled as u32);
    }

    /// Removes and returns the last element.
    #[inline]
    pub fn pop(&self) -> Option<Value> {
        let last = self.len.get().checked_sub(1)?;
        self.len.set(last);
        // SAFETY: it was below the length.
        Some(unsafe { *self.elems.get().add(last as usize) })
    }

    /// Removes and returns element `index`, which must be below the length.
    pub fn remove(&self, index: usize) -> Value {
        assert!(index < self.len());
        let at = self.elems.get().wrapping_add(index);
        // SAFETY: the index is within the list.
        unsafe {
            let value = *at;
            ptr::copy(at.add(1), at, self.len() - index - 1);
            self.len.set(self.len.get() - 1);
            value
        }
    }
}
