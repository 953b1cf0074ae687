//! What belongs to native objects, by number.
//!
//! A native object carries one word of the host's. A pointer there would need `unsafe` to follow; a
//! number does not.

use super::lock;
use std::sync::Mutex;

/// Things with numbers. A number is used again after its thing is gone.
pub(super) struct Slab<T>(Mutex<Entries<T>>);

struct Entries<T> {
    things: Vec<Option<T>>,
    /// Numbers without a thing.
    free: Vec<usize>,
}

impl<T> Slab<T> {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Slab(Mutex::new(Entries { things: Vec::new(), free: Vec::new() }))
    }

    /// Adds a thing; returns its number.
    pub(super) fn insert(&self, thing: T) -> usize {
        let mut entries = lock(&self.0);
        match entries.free.pop() {
            Some(number) => {
                entries.things[number] = Some(thing);
                number
            }
            None => {
                entries.things.push(Some(thing));
                entries.things.len() - 1
            }
        }
    }

    /// Does something with a thing; `None` when it is gone.
    pub(super) fn with<R>(&self, number: usize, action: impl FnOnce(&mut T) -> R) -> Option<R> {
        lock(&self.0).things.get_mut(number)?.as_mut().map(action)
    }

    /// Takes a thing out.
    pub(super) fn remove(&self, number: usize) -> Option<T> {
        let mut entries = lock(&self.0);
        let thing = entries.things.get_mut(number)?.take()?;
        entries.free.push(number);
        Some(thing)
    }

    /// Does something with all things.
    pub(super) fn for_each(&self, action: impl FnMut(&mut T)) {
        lock(&self.0).things.iter_mut().flatten().for_each(action);
    }
}
