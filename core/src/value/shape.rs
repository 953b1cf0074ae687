//! Shapes: the ordered keys of maps used as objects, and which map they inherit from.
//!
//! Maps that got the same keys in the same order share a shape, so one compare at a site tells
//! where a property lies (hidden classes; Chambers, Ungar, Lee 1989). The parent, the map under
//! `__isa`, is part of the shape: adding `__isa` leads to a different shape for each parent. So a
//! compare of the receiver's shape also fixes the whole chain of *maps* a look-up goes through, as
//! long as none of these parents gained or lost a key: [`Shapes::epoch`] changes whenever one did.
//!
//! The number of shapes is bounded; beyond it, maps become dictionaries, which need none.

use super::object::{Gc, Map};
use super::value::Value;
use crate::heap::Memory;
use alloc::vec::Vec;
use core::cell::Cell;
use hashbrown::HashTable;

/// Most keys of a shape; a map with more is a dictionary.
pub const SHAPE_KEYS_MAX: usize = 64;
/// Most shapes of one machine.
pub const SHAPES_MAX: usize = 8192;

/// Bytes a shape takes beside its keys, with the transition to it.
const SHAPE_SIZE: usize = size_of::<Shape>() + 2 * size_of::<Transition>();

/// The shape of `{}`.
pub const EMPTY_SHAPE: u32 = 0;
/// What the globals hold instead of a shape; never cached.
pub const NO_SHAPE: u32 = u32::MAX;
/// Dictionaries hold a number from here on instead of a shape: one that no other map has, and that
/// changes whenever their keys do. So a cache may guard a look-up that goes *past* a dictionary as
/// it guards one past a map with a shape.
const FIRST_DICT: u32 = 1 << 31;

/// Whether a map with this number in its header is in object mode.
#[inline(always)]
pub const fn is_shape(number: u32) -> bool {
    number < FIRST_DICT
}
/// The key `__isa`.
pub const ISA: Value = isa_key();

const fn isa_key() -> Value {
    // SAFETY-free by construction: a short string of five bytes.
    short_const(*b"__isa")
}

#[allow(unsafe_code)]
const fn short_const(b: [u8; 5]) -> Value {
    let payload = (b[0] as u64) << 40
        | (b[1] as u64) << 32
        | (b[2] as u64) << 24
        | (b[3] as u64) << 16
        | (b[4] as u64) << 8
        | 5;
    // SAFETY: the bits of a short string, which refers to nothing.
    unsafe { Value::from_bits(super::value::TAG_SHORT | payload) }
}

/// One shape.
pub struct Shape {
    /// Keys by slot.
    pub keys: Vec<Value>,
    /// The map under `__isa`.
    pub prototype: Option<Gc<Map>>,
}

struct Transition {
    from: u32,
    key: Value,
    prototype: u64,
    to: u32,
}

/// All shapes of a machine.
pub struct Shapes {
    table: Vec<Shape>,
    transitions: HashTable<Transition>,
    /// Addresses of the maps that some transition is for.
    prototypes: HashTable<u64>,
    /// Changes when a map that others inherit from gains or loses a key or its parent.
    pub epoch: u32,
    next_dict: u32,
    /// Steps that values took and nobody has paid for. Here because everything that looks into values
    /// has the shapes at hand.
    work: Cell<usize>,
}

fn hash(from: u32, key: Value, prototype: u64) -> u64 {
    let mixed = (key.bits() ^ u64::from(from).rotate_left(32) ^ prototype)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

impl Default for Shapes {
    fn default() -> Self {
        Self::new()
    }
}

impl Shapes {
    /// Only the empty shape.
    pub fn new() -> Self {
        let table = alloc::vec![Shape { keys: Vec::new(), prototype: None }];
        Shapes {
            table,
            transitions: HashTable::new(),
            prototypes: HashTable::new(),
            epoch: 1,
            next_dict: FIRST_DICT,
            work: Cell::new(0),
        }
    }

    /// Notes work that takes time in proportion to the size of a value: so many steps of about five
    /// nanoseconds. The instruction or native function that asked for it pays.
    #[inline]
    pub fn note_work(&self, steps: usize) {
        self.work.set(self.work.get().saturating_add(steps));
    }

    /// The steps noted since [`Shapes::take_work`] was called.
    #[inline]
    pub fn work(&self) -> usize {
        self.work.get()
    }

    /// The steps noted since the last call.
    #[inline]
    pub fn take_work(&self) -> usize {
        self.work.take()
    }

    /// The shape with this number.
    pub fn get(&self, shape: u32) -> &Shape {
        &self.table[shape as usize]
    }

    /// Number of shapes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// The slot of a key.
    #[inline]
    pub fn find(&self, shape: u32, key: Value) -> Option<usize> {
        self.table[shape as usize].keys.iter().position(|&k| k == key)
    }

    /// The shape with one key more; `None` when there cannot be one.
    ///
    /// `prototype` is the value to be stored when the key is `__isa`.
    pub fn add(
        &mut self,
        memory: &mut Memory,
        from: u32,
        key: Value,
        prototype: Option<Gc<Map>>,
    ) -> Option<u32> {
        let address = prototype.map_or(0, Gc::address);
        let hashed = hash(from, key, address);
        let same = |t: &Transition| t.from == from && t.key == key && t.prototype == address;
        if let Some(t) = self.transitions.find(hashed, same) {
            return Some(t.to);
        }
        let parent = &self.table[from as usize];
        if parent.keys.len() >= SHAPE_KEYS_MAX || self.table.len() >= SHAPES_MAX {
            return None;
        }
        memory.charge(SHAPE_SIZE + (parent.keys.len() + 1) * size_of::<Value>()).ok()?;
        let mut keys = Vec::new();
        keys.try_reserve_exact(parent.keys.len() + 1).ok()?;
        keys.extend_from_slice(&parent.keys);
        keys.push(key);
        let prototype = if key == ISA { prototype } else { parent.prototype };
        self.table.try_reserve(1).ok()?;
        self.transitions.try_reserve(1, |t| hash(t.from, t.key, t.prototype)).ok()?;
        if let Some(map) = prototype
            && key == ISA
        {
            self.prototypes.try_reserve(1, |&a| hash(0, ISA, a)).ok()?;
            let hashed = hash(0, ISA, map.address());
            if self.prototypes.find(hashed, |&a| a == map.address()).is_none() {
                self.prototypes.insert_unique(hashed, map.address(), |&a| hash(0, ISA, a));
            }
        }
        let to = self.table.len() as u32;
        self.table.push(Shape { keys, prototype });
        let new = Transition { from, key, prototype: address, to };
        self.transitions.insert_unique(hashed, new, |t| hash(t.from, t.key, t.prototype));
        Some(to)
    }

    /// The shape with the same keys and another parent.
    pub fn with_prototype(
        &mut self,
        memory: &mut Memory,
        shape: u32,
        prototype: Gc<Map>,
    ) -> Option<u32> {
        let mut to = EMPTY_SHAPE;
        for slot in 0..self.table[shape as usize].keys.len() {
            let key = self.table[shape as usize].keys[slot];
            to = self.add(memory, to, key, (key == ISA).then_some(prototype))?;
        }
        Some(to)
    }

    /// A number for a dictionary whose keys changed.
    #[inline]
    pub fn dict_number(&mut self) -> u32 {
        let number = self.next_dict;
        self.next_dict = if number >= NO_SHAPE - 1 {
            // Old numbers come again: no cache may remember them.
            self.prototype_changes();
            FIRST_DICT
        } else {
            number + 1
        };
        number
    }

    /// A map that others inherit from is about to change its keys or its parent.
    #[inline]
    pub fn prototype_changes(&mut self) {
        self.epoch = self.epoch.wrapping_add(1).max(1);
    }

    /// A map that others inherited from is freed: nothing may lead to its shapes any more, because
    /// another map may get its address.
    pub(super) fn forget_prototype(&mut self, map: Gc<Map>) {
        let address = map.address();
        if let Ok(known) = self.prototypes.find_entry(hash(0, ISA, address), |&a| a == address) {
            known.remove();
            self.transitions.retain(|t| t.prototype != address);
        }
        self.prototype_changes();
    }

    /// Visits the keys, which must stay alive as long as the shapes.
    pub fn for_each_key(&self, mut visit: impl FnMut(Value)) {
        for shape in &self.table {
            if let Some(&key) = shape.keys.last() {
                visit(key);
            }
        }
    }
}
