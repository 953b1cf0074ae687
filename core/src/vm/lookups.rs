//! A cache of member look-ups, for sites that see many kinds of receivers.
//!
//! A site remembers one receiver's shape or four; the rest come here before they walk chains of
//! maps. Entries hold no values: where a member *is* stays true while the guard (shape or class,
//! and epoch) does.
#![allow(unsafe_code)] // Places are addresses of slots.

use crate::value::Value;
use alloc::boxed::Box;

/// Entries; a power of two.
const ENTRIES: usize = 128;

/// What a look-up found.
#[derive(Clone, Copy)]
pub struct Hit {
    /// The member.
    pub value: Value,
    /// Where it is: `slot + 1` of the receiver, an address, or 0 when that cannot be remembered.
    pub place: u64,
    /// What `super` is for a function found there.
    pub parent: Value,
    /// It was not remembered before.
    pub fresh: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    guard: u64,
    key: u64,
    place: u64,
    parent: u64,
}

/// The cache; takes memory only once it is used.
#[derive(Default)]
pub struct Lookups(Option<Box<[Entry; ENTRIES]>>);

#[inline(always)]
fn slot(guard: u64, key: u64) -> usize {
    let mixed = (guard ^ key.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 57) as usize & (ENTRIES - 1)
}

impl Lookups {
    /// What is remembered of `key` looked up through a receiver with this guard.
    #[inline]
    pub fn find(&self, guard: u64, key: Value, receiver: Value) -> Option<Hit> {
        let entry = &self.0.as_ref()?[slot(guard, key.bits())];
        if entry.guard != guard || entry.key != key.bits() {
            return None;
        }
        // SAFETY: the guard holds, so the slot or address is where the member is, and the parent is
        // alive: the receiver leads to the map that has the member, and that one to its parent.
        unsafe {
            let value = if entry.place < 0x1_0000 {
                *receiver.as_map()?.slots.get().add(entry.place as usize - 1)
            } else {
                *core::ptr::with_exposed_provenance::<Value>(entry.place as usize)
            };
            Some(Hit {
                value,
                place: entry.place,
                parent: Value::from_bits(entry.parent),
                fresh: false,
            })
        }
    }

    /// Remembers a look-up.
    pub fn remember(&mut self, guard: u64, key: Value, place: u64, parent: Value) {
        let none = Entry { guard: u64::MAX, key: 0, place: 0, parent: 0 };
        let entries = self.0.get_or_insert_with(|| Box::new([none; ENTRIES]));
        entries[slot(guard, key.bits())] =
            Entry { guard, key: key.bits(), place, parent: parent.bits() };
    }
}
