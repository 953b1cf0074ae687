//! Dictionaries: insertion-ordered entries with a hash index, for maps that are not used as
//! objects.
//!
//! Entries stand in order of insertion; a removed one leaves a gap (key *unassigned*) until the
//! entries are compacted. Up to eight entries are searched directly; beyond, an index maps each hash
//! to the newest entry that has it, which leads to the next older one. So equal hashes, which lists
//! and maps as keys often have, cost nothing when an entry is added, and how many entries a look-up
//! passes does not depend on how the index lies in memory: that is paid for.
#![allow(unsafe_code)] // Entries live in raw buffers.

use super::content;
use super::shape::Shapes;
use super::value::Value;
use super::{Refusal, grow_capacity};
use crate::heap::{AllocError, Heap};
use core::cell::Cell;
use hashbrown::{HashTable, hash_table};

/// Entries that are searched without an index.
const UNINDEXED_MAX: usize = 8;
/// Most entries: positions are 32-bit, and memory ends far below.
const ENTRIES_MAX: usize = 1 << 30;
/// Bytes an index slot takes: a position, a control byte, and the room a table keeps free.
const INDEX_SLOT_SIZE: usize = 10;
/// Instead of the position of an entry: there is none.
const NONE: u32 = u32::MAX;
/// Steps of work that passing an entry with the same hash is.
const STEPS_PASSING: usize = 2;
/// Steps of work that moving an entry is when gaps are closed.
const STEPS_MOVING: usize = 3;

/// A key with its value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Entry {
    /// The key; *unassigned* in a gap.
    pub key: Value,
    /// The value.
    pub value: Value,
    hash: u32,
    /// Position of the next older entry with the same hash, or [`NONE`]; in the index only.
    older: u32,
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
        None => content::key_hash(shapes, key),
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
    #[inline(always)]
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
        // Keys are compared before hashes, as most are found: that takes a comparison less.
        // SAFETY: every position in the index is below the number of entries.
        let entry = |at: u32| unsafe { entries.get_unchecked(at as usize) };
        let mut is_key = false;
        let newest = *self.index.find(spread(hash), |&at| {
            is_key = entry(at).key == key;
            is_key || entry(at).hash == hash
        })?;
        let found = if is_key {
            newest as usize
        } else {
            self.find_older(shapes, newest, |e| e.key == key)?
        };
        self.hint.set(found);
        Some(found)
    }

    /// Position of the newest entry with the hash of one, but older, that is the `same` as what is
    /// looked for.
    #[cold]
    fn find_older(
        &self,
        shapes: &Shapes,
        newest: u32,
        mut same: impl FnMut(&Entry) -> bool,
    ) -> Option<usize> {
        let entries = self.entries();
        let (mut at, mut passed) = (newest, 0);
        let found = loop {
            passed += STEPS_PASSING;
            at = entries[at as usize].older;
            if at == NONE || same(&entries[at as usize]) {
                break (at != NONE).then_some(at as usize);
            }
        };
        shapes.note_work(passed);
        found
    }

    /// Puts the entry at a position into the index, for which there is room.
    fn link(&mut self, at: usize) {
        let entries = self.entries;
        // SAFETY: every position in the index is below `len`.
        let hash_at = |&i: &u32| unsafe { (*entries.add(i as usize)).hash };
        // SAFETY: the caller's promise.
        let (hash, older) = unsafe { ((*entries.add(at)).hash, &raw mut (*entries.add(at)).older) };
        let slot = self.index.entry(spread(hash), |i| hash_at(i) == hash, |i| spread(hash_at(i)));
        let newest = match slot {
            hash_table::Entry::Occupied(mut slot) => core::mem::replace(slot.get_mut(), at as u32),
            hash_table::Entry::Vacant(slot) => {
                slot.insert(at as u32);
                NONE
            }
        };
        // SAFETY: as above.
        unsafe { older.write(newest) };
    }

    /// Takes the entry at a position out of the index, if it is there.
    fn unlink(&mut self, shapes: &Shapes, at: usize) {
        let entries = self.entries;
        // SAFETY: every position in the index, and behind one that is, is below `len`.
        let entry = |i: u32| unsafe { &mut *entries.add(i as usize) };
        let (hash, older) = (entry(at as u32).hash, entry(at as u32).older);
        let Ok(mut newest) = self.index.find_entry(spread(hash), |&i| entry(i).hash == hash) else {
            return;
        };
        let mut newer = *newest.get();
        if newer as usize == at {
            if older == NONE {
                newest.remove();
            } else {
                *newest.get_mut() = older;
            }
            return;
        }
        let mut passed = STEPS_PASSING;
        while newer != NONE && entry(newer).older as usize != at {
            passed += STEPS_PASSING;
            newer = entry(newer).older;
        }
        shapes.note_work(passed);
        if newer != NONE {
            entry(newer).older = older;
        }
    }

    #[cold]
    fn find_container(&self, shapes: &Shapes, key: Value, hash: u32) -> Option<usize> {
        self.find_same(shapes, hash, |other| content::keys_equal(shapes, other, key))
    }

    /// Position of an entry with this hash and a key that `same` accepts.
    pub fn find_same(
        &self,
        shapes: &Shapes,
        hash: u32,
        mut same: impl FnMut(Value) -> bool,
    ) -> Option<usize> {
        let entries = self.entries();
        if self.index_room == 0 {
            return entries.iter().position(|e| e.hash == hash && same(e.key));
        }
        let newest = *self.index.find(spread(hash), |&at| entries[at as usize].hash == hash)?;
        if same(entries[newest as usize].key) {
            return Some(newest as usize);
        }
        self.find_older(shapes, newest, |e| same(e.key))
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
                // As many entries were removed since the last time: no need to pay.
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
        unsafe { self.entries.add(at).write(Entry { key, value, hash, older: NONE }) };
        self.len += 1;
        if self.index_room != 0 && is_indexed(key) {
            self.link(at);
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
        self.index = index;
        if self.index_room == 0 {
            self.link_all();
        }
        self.index_room = self.index_room.max(room);
        Ok(())
    }

    fn link_all(&mut self) {
        for at in 0..self.len {
            if is_indexed(self.entries()[at].key) {
                self.link(at);
            }
        }
    }

    /// Removes the entry at a position; the others keep theirs until the next [`Dict::compact`].
    pub fn remove(&mut self, shapes: &Shapes, at: usize) {
        if self.index_room != 0 && is_indexed(self.entries()[at].key) {
            self.unlink(shapes, at);
        }
        self.entries_mut()[at] =
            Entry { key: Value::UNASSIGNED, value: Value::NULL, hash: 0, older: NONE };
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

    /// Closes the gaps, so that ordinal numbers are positions. Returns the steps of work; 0 when there
    /// were none.
    pub fn compact(&mut self) -> usize {
        if self.gaps == 0 {
            return 0;
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
        self.index.clear();
        if self.index_room != 0 {
            self.link_all();
        }
        // A slot of the index is a byte to be cleared.
        len + STEPS_MOVING * to + self.index_room / 64
    }

    /// Gives the memory back.
    pub fn release(self, heap: &mut Heap) {
        heap.memory.discharge(self.index_room * INDEX_SLOT_SIZE);
        // SAFETY: the buffer is the dictionary's own, and the dictionary is gone.
        unsafe { heap.free_buffer(self.entries.cast(), self.capacity * ENTRY_SIZE) };
    }
}
