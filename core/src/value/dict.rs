//! Dictionaries: insertion-ordered entries with a hash index, for maps that are not used as
//! objects.
//!
//! Entries stand in order of insertion; a removed one leaves a gap (key *unassigned*) until the
//! entries are compacted. Up to eight entries are searched directly; beyond, an index maps hashes
//! to positions.
#![allow(unsafe_code)] // Entries live in raw buffers.

use super::content;
use super::shape::Shapes;
use super::value::Value;
use super::{Refusal, grow_capacity};
use crate::heap::{AllocError, Heap};
use core::cell::Cell;
use hashbrown::HashTable;

/// Entries that are searched without an index.
const UNINDEXED_MAX: usize = 8;
/// Most entries: positions are 32-bit, and memory ends far below.
const ENTRIES_MAX: usize = 1 << 30;
/// Bytes an index slot takes: a position, a control byte, and the room a table keeps free.
const INDEX_SLOT_SIZE: usize = 10;

/// A key with its value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Entry {
    /// The key; *unassigned* in a gap.
    pub key: Value,
    /// The value.
    pub value: Value,
    hash: u32,
}

const ENTRY_SIZE: usize = size_of::<Entry>();

/// An insertion-ordered hash table.
pub struct Dict {
    entries: *mut Entry,
    len: usize,
    capacity: usize,
    gaps: usize,
    /// Entries before it are gaps: taking the first entry again and again must not search them.
    head: usize,
    index: HashTable<u32>,
    index_room: usize,
    /// Position that was found last: scripts test, read and write the same key in turn.
    hint: Cell<usize>,
}

/// Hash of a key, equal for equal keys.
#[inline]
pub fn hash_key(shapes: &Shapes, key: Value) -> u32 {
    if key.is_number() || key.is_short() {
        let mixed = key.bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        return (mixed >> 32) as u32 ^ mixed as u32;
    }
    match key.as_str() {
        Some(s) => s.hash(),
        None => content::hash(shapes, key),
    }
}

/// Whether entries with this key are in the index. NaN is equal to nothing, so that no look-up finds
/// it, and all of them have one hash: indexed, each would be compared with all before it.
#[inline]
fn is_indexed(key: Value) -> bool {
    !key.is_unassigned() && key != Value::NAN
}

/// A hash for tables that look at both ends of 64 bits.
#[inline(always)]
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Dict {
    /// Room for `capacity` entries.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn new(heap: &mut Heap, capacity: usize) -> Result<Dict, Refusal> {
        let capacity = capacity.max(4);
        let entries = heap.new_buffer(capacity * ENTRY_SIZE)?.cast();
        Ok(Dict {
            entries,
            len: 0,
            capacity,
            gaps: 0,
            head: 0,
            index: HashTable::new(),
            index_room: 0,
            hint: Cell::new(0),
        })
    }

    /// Number of entries.
    pub fn live(&self) -> usize {
        self.len - self.gaps
    }

    /// Position before which there are only gaps.
    pub fn head(&self) -> usize {
        self.head
    }

    /// Entries and gaps.
    pub fn entries(&self) -> &[Entry] {
        // SAFETY: `len` entries are initialized.
        unsafe { core::slice::from_raw_parts(self.entries, self.len) }
    }

    fn entries_mut(&mut self) -> &mut [Entry] {
        // SAFETY: `len` entries are initialized, and we hold the dictionary exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.entries, self.len) }
    }

    /// Where the value of `key` is, if `key` was looked for last.
    #[inline(always)]
    pub fn hinted(&self, key: Value) -> Option<*mut Value> {
        let hint = self.hint.get();
        if hint >= self.len {
            return None;
        }
        // SAFETY: just checked.
        unsafe {
            let entry = self.entries.add(hint);
            ((*entry).key == key && key != Value::NAN).then(|| &raw mut (*entry).value)
        }
    }

    /// Position of a key that is normalized (see `Store::key`); nothing for NaN.
    #[inline]
    pub fn find(&self, shapes: &Shapes, key: Value, hash: u32) -> Option<usize> {
        if key == Value::NAN {
            return None;
        }
        if key.as_list().is_some() || key.as_map().is_some() {
            return self.find_container(shapes, key, hash);
        }
        let entries = self.entries();
        if self.index_room == 0 {
            return entries.iter().position(|e| e.key == key);
        }
        let hint = self.hint.get();
        if entries.get(hint).is_some_and(|e| e.key == key) {
            return Some(hint);
        }
        // SAFETY: every position in the index is below the number of entries.
        let same = |&at: &u32| unsafe { entries.get_unchecked(at as usize) }.key == key;
        let found = *self.index.find(spread(hash), same)? as usize;
        self.hint.set(found);
        Some(found)
    }

    #[cold]
    fn find_container(&self, shapes: &Shapes, key: Value, hash: u32) -> Option<usize> {
        let entries = self.entries();
        let same = |e: &Entry| e.hash == hash && content::keys_equal(shapes, e.key, key);
        if self.index_room == 0 {
            return entries.iter().position(same);
        }
        self.index.find(spread(hash), |&at| same(&entries[at as usize])).map(|&at| at as usize)
    }

    /// The value at a position.
    pub fn value(&self, at: usize) -> Value {
        self.entries()[at].value
    }

    /// Replaces the value at a position.
    pub fn set_value(&mut self, at: usize, value: Value) {
        self.entries_mut()[at].value = value;
    }

    /// Where the value at a position is kept, until entries are added or compacted.
    pub fn value_slot(&self, at: usize) -> *mut Value {
        assert!(at < self.len);
        // SAFETY: just checked.
        unsafe { &raw mut (*self.entries.add(at)).value }
    }

    /// Appends an entry whose key is not present.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused; the dictionary is unchanged.
    pub fn push(
        &mut self,
        heap: &mut Heap,
        key: Value,
        hash: u32,
        value: Value,
    ) -> Result<(), Refusal> {
        if self.len == self.capacity {
            if self.gaps * 2 > self.len {
                self.compact();
            } else {
                self.grow(heap)?;
            }
        }
        if self.len >= UNINDEXED_MAX {
            self.reserve_index(heap)?;
        }
        let at = self.len;
        // SAFETY: there is room for one more entry.
        unsafe { self.entries.add(at).write(Entry { key, value, hash }) };
        self.len += 1;
        if self.index_room != 0 && is_indexed(key) {
            // SAFETY: every position in the index is below `len`.
            self.index.insert_unique(spread(hash), at as u32, |&i| unsafe {
                spread((*self.entries.add(i as usize)).hash)
            });
        }
        Ok(())
    }

    fn grow(&mut self, heap: &mut Heap) -> Result<(), Refusal> {
        let capacity = grow_capacity(self.capacity, self.len + 1, ENTRIES_MAX);
        let new: *mut Entry = heap.new_buffer(capacity * ENTRY_SIZE)?.cast();
        // SAFETY: the new buffer holds at least `len` entries; the old one is ours.
        unsafe {
            core::ptr::copy_nonoverlapping(self.entries, new, self.len);
            heap.free_buffer(self.entries.cast(), self.capacity * ENTRY_SIZE);
        }
        self.entries = new;
        self.capacity = capacity;
        Ok(())
    }

    fn reserve_index(&mut self, heap: &mut Heap) -> Result<(), Refusal> {
        if self.index_room != 0 && self.index.len() < self.index.capacity() {
            return Ok(());
        }
        let room = (self.len * 2).max(2 * UNINDEXED_MAX);
        let more = room.saturating_sub(self.index_room) * INDEX_SLOT_SIZE;
        heap.memory.charge(more)?;
        heap.add_debt(more as isize);
        let mut index = core::mem::take(&mut self.index);
        let entries = self.entries();
        let hash_at = |&i: &u32| spread(entries[i as usize].hash);
        let reserved = index.try_reserve(room - index.len(), hash_at);
        if reserved.is_err() {
            heap.memory.discharge(more);
            self.index = index;
            return Err(Refusal::Memory(AllocError::Refused));
        }
        if self.index_room == 0 {
            for (at, entry) in entries.iter().enumerate() {
                if is_indexed(entry.key) {
                    index.insert_unique(spread(entry.hash), at as u32, hash_at);
                }
            }
        }
        self.index = index;
        self.index_room = self.index_room.max(room);
        Ok(())
    }

    /// Removes the entry at a position; the others keep theirs until the next [`Dict::compact`].
    pub fn remove(&mut self, at: usize) {
        let hash = self.entries()[at].hash;
        if self.index_room != 0
            && let Ok(slot) = self.index.find_entry(spread(hash), |&i| i as usize == at)
        {
            slot.remove();
        }
        self.entries_mut()[at] = Entry { key: Value::UNASSIGNED, value: Value::NULL, hash: 0 };
        self.gaps += 1;
        while self.len > 0 && self.entries()[self.len - 1].key.is_unassigned() {
            self.len -= 1;
            self.gaps -= 1;
        }
        while self.head < self.len && self.entries()[self.head].key.is_unassigned() {
            self.head += 1;
        }
        self.head = self.head.min(self.len);
    }

    /// Whether there are gaps.
    pub fn has_gaps(&self) -> bool {
        self.gaps != 0
    }

    /// Closes the gaps, so that ordinal numbers are positions; false when there were none.
    pub fn compact(&mut self) -> bool {
        if self.gaps == 0 {
            return false;
        }
        let mut to = 0;
        let len = self.len;
        let entries = self.entries_mut();
        for at in 0..len {
            if !entries[at].key.is_unassigned() {
                entries[to] = entries[at];
                to += 1;
            }
        }
        self.len = to;
        self.gaps = 0;
        self.head = 0;
        if self.index_room != 0 {
            let mut index = core::mem::take(&mut self.index);
            index.clear();
            let entries = self.entries();
            for (at, entry) in entries.iter().enumerate().filter(|(_, e)| is_indexed(e.key)) {
                index.insert_unique(spread(entry.hash), at as u32, |&i| {
                    spread(entries[i as usize].hash)
                });
            }
            self.index = index;
        }
        true
    }

    /// Gives the memory back.
    pub fn release(self, heap: &mut Heap) {
        heap.memory.discharge(self.index_room * INDEX_SLOT_SIZE);
        // SAFETY: the buffer is the dictionary's own, and the dictionary is gone.
        unsafe { heap.free_buffer(self.entries.cast(), self.capacity * ENTRY_SIZE) };
    }
}
