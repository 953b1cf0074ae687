//! Global variables: numbered cells that code refers to, and a map that scripts see.
//!
//! A cell exists from the first time linked code mentions its name or the map stores it, and keeps
//! its number for ever. A cell without a variable holds what the name means then: an intrinsic, or
//! *unassigned*. So reading a global or an intrinsic is one load. The map called `globals` shows
//! the assigned cells in the order of their numbers.
#![allow(unsafe_code)] // Cells live in a raw buffer whose address machine code knows.

use super::Refusal;
use super::dict::hash_key;
use super::shape::Shapes;
use super::store::Store;
use super::value::Value;
use crate::heap::{AllocError, Heap};
use hashbrown::HashTable;

/// A global variable.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct GlobalCell {
    /// What a read yields: the variable, else the intrinsic of that name, else *unassigned*.
    pub value: Value,
    /// [`ASSIGNED`] and [`WATCHED`]. Code stores directly when it is [`ASSIGNED`] and nothing else.
    pub state: u32,
    /// Times the variable was given a value through a slow path; feedback for compilers.
    pub writes: u32,
    /// The key: an atom, or any other key stored through the map.
    pub key: Value,
    /// What the name means without a variable.
    pub fallback: Value,
}

/// The script has a variable here.
pub const ASSIGNED: u32 = 1;
/// Machine code takes the value for constant: a change must be told ([`Globals::changed`]).
pub const WATCHED: u32 = 2;

impl GlobalCell {
    /// Whether the script has a variable here.
    #[inline(always)]
    pub fn is_assigned(&self) -> bool {
        self.state & ASSIGNED != 0
    }
}

const CELL_SIZE: usize = size_of::<GlobalCell>();

/// The globals of a machine.
#[repr(C)]
pub struct Globals {
    cells: *mut GlobalCell,
    len: usize,
    capacity: usize,
    assigned: usize,
    /// A watched variable got another value, or none, and machine code does not know it yet.
    pub changed: bool,
    index: HashTable<u32>,
}

impl Default for Globals {
    fn default() -> Self {
        Self::new()
    }
}

impl Globals {
    /// Offset of the address of the cells.
    pub const CELLS_OFFSET: usize = core::mem::offset_of!(Globals, cells);

    /// No globals.
    pub fn new() -> Self {
        Globals {
            cells: core::ptr::null_mut(),
            len: 0,
            capacity: 0,
            assigned: 0,
            changed: false,
            index: HashTable::new(),
        }
    }

    /// All cells, assigned or not.
    pub fn cells(&self) -> &[GlobalCell] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `len` cells are initialized.
        unsafe { core::slice::from_raw_parts(self.cells, self.len) }
    }

    /// Pointer to cell `index`.
    ///
    /// # Safety
    ///
    /// `index` must be below the number of cells: linked code holds only such numbers.
    #[inline(always)]
    pub unsafe fn cell_ptr(&self, index: usize) -> *mut GlobalCell {
        debug_assert!(index < self.len);
        // SAFETY: the caller's promise.
        unsafe { self.cells.add(index) }
    }

    fn cell(&mut self, index: usize) -> &mut GlobalCell {
        assert!(index < self.len);
        // SAFETY: just checked, and we hold the globals exclusively.
        unsafe { &mut *self.cells.add(index) }
    }

    /// Number of variables.
    pub fn assigned(&self) -> usize {
        self.assigned
    }

    /// Number of the cell of a normalized key; nothing for NaN.
    pub fn find(&self, shapes: &Shapes, key: Value) -> Option<usize> {
        if key == Value::NAN {
            return None;
        }
        self.find_same(shapes, key, |other| {
            other == key || super::content::keys_equal(shapes, other, key)
        })
    }

    /// Number of a cell with the hash of a key, and a key that `same` accepts.
    pub fn find_same(
        &self,
        shapes: &Shapes,
        key: Value,
        mut same: impl FnMut(Value) -> bool,
    ) -> Option<usize> {
        if key.as_list().is_some() || key.as_map().is_some() {
            // Any number of them may have the same hash.
            shapes.note_work(self.len);
        }
        let hash = super::dict::spread(hash_key(shapes, key));
        let cells = self.cells();
        let found = self.index.find(hash, |&i| same(cells[i as usize].key));
        found.map(|&i| i as usize)
    }

    /// Number of the cell of a normalized key, made when there is none.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn find_or_add(
        &mut self,
        heap: &mut Heap,
        shapes: &Shapes,
        key: Value,
    ) -> Result<usize, Refusal> {
        if let Some(found) = self.find(shapes, key) {
            return Ok(found);
        }
        if self.len == self.capacity {
            self.grow(heap)?;
        }
        let mut index = core::mem::take(&mut self.index);
        let cells = self.cells();
        let hash_at = |&i: &u32| super::dict::spread(hash_key(shapes, cells[i as usize].key));
        let reserved = index.try_reserve(1, hash_at);
        if reserved.is_ok() && key != Value::NAN {
            index.insert_unique(
                super::dict::spread(hash_key(shapes, key)),
                self.len as u32,
                hash_at,
            );
        }
        self.index = index;
        reserved.map_err(|_| Refusal::Memory(AllocError::Refused))?;
        let empty = Value::UNASSIGNED;
        let new = GlobalCell { value: empty, state: 0, writes: 0, key, fallback: empty };
        // SAFETY: `grow` made room.
        unsafe { self.cells.add(self.len).write(new) };
        self.len += 1;
        Ok(self.len - 1)
    }

    fn grow(&mut self, heap: &mut Heap) -> Result<(), Refusal> {
        let capacity = (self.capacity * 2).max(16);
        // Ten bytes a cell for the index.
        heap.memory.charge((capacity - self.capacity) * 10)?;
        let new: *mut GlobalCell = heap.new_buffer(capacity * CELL_SIZE)?.cast();
        if self.len > 0 {
            // SAFETY: the new buffer holds at least `len` cells.
            unsafe { core::ptr::copy_nonoverlapping(self.cells, new, self.len) };
        }
        self.release_cells(heap);
        self.cells = new;
        self.capacity = capacity;
        Ok(())
    }

    fn release_cells(&mut self, heap: &mut Heap) {
        if self.capacity > 0 {
            // SAFETY: the buffer is ours.
            unsafe { heap.free_buffer(self.cells.cast(), self.capacity * CELL_SIZE) };
        }
    }

    /// Says what the name of a cell means without a variable.
    pub fn set_fallback(&mut self, index: usize, fallback: Value) {
        let cell = self.cell(index);
        cell.fallback = fallback;
        if !cell.is_assigned() {
            cell.value = fallback;
            self.notice(index);
        }
    }

    /// Gives a variable a value.
    #[inline]
    pub fn set(&mut self, index: usize, value: Value) {
        let cell = self.cell(index);
        cell.value = value;
        cell.writes = cell.writes.saturating_add(1);
        if !cell.is_assigned() {
            cell.state |= ASSIGNED;
            self.assigned += 1;
        }
        self.notice(index);
    }

    /// Watches a variable until it changes.
    pub fn watch(&mut self, index: usize) {
        self.cell(index).state |= WATCHED;
    }

    /// A variable changed: its watch ends.
    fn notice(&mut self, index: usize) {
        let cell = self.cell(index);
        if cell.state & WATCHED != 0 {
            cell.state &= !WATCHED;
            self.changed = true;
        }
    }

    /// Removes a variable.
    pub fn unset(&mut self, index: usize) {
        let cell = self.cell(index);
        if !cell.is_assigned() {
            return;
        }
        cell.state &= !ASSIGNED;
        cell.value = cell.fallback;
        self.notice(index);
        self.assigned -= 1;
    }

    /// Gives the memory back.
    pub fn release(&mut self, heap: &mut Heap) {
        self.release_cells(heap);
        *self = Globals::new();
    }
}

/// Marks every value of the globals.
pub fn mark(globals: &Globals, store: &mut Store) {
    for cell in globals.cells() {
        store.mark_value(cell.value);
        store.mark_value(cell.key);
        store.mark_value(cell.fallback);
    }
}
