//! Maps, in three modes behind one set of functions.
//!
//! *Object mode*: a shape says which keys there are and in what order; values lie in slots.
//! *Dictionary mode*: a [`Dict`], entered when a key is removed, when a key is no string, when many
//! keys were computed, or when there are too many; there is no way back. *The globals*: cells (see
//! `globals.rs`). Keys are normalized before anything else: strings become atoms, `-0` becomes `0`.
//! Order is that of insertion in every mode.
#![allow(unsafe_code)] // Slots live in raw buffers.

use super::Refusal;
use super::dict::{Dict, Entry, hash_key};
use super::globals::Globals;
use super::object::{Gc, KIND_MAP, Map, SLOTS_INLINE};
use super::shape::{EMPTY_SHAPE, ISA, NO_SHAPE, SHAPE_KEYS_MAX, Shapes};
use super::store::Store;
use super::value::{TAG_LIST, Value};
use crate::heap::{Heap, new_cell};

/// Flag: dictionary mode.
const DICT: u8 = 1;
/// Flag: the globals.
const GLOBALS: u8 = 2;
/// Flag: other maps have it under `__isa`.
const PROTOTYPE: u8 = 4;
/// Keys a map may have before a computed key makes it a dictionary.
const COMPUTED_KEYS_MAX: usize = 8;
const VALUE_SIZE: usize = size_of::<Value>();
/// Entries without a key that are passed over in a step of work.
const GAPS_PER_STEP: usize = 8;

/// How a key got its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Written in the program (`m.name`, a literal).
    Literal,
    /// Computed (`m[k]`).
    Computed,
}

impl Map {
    fn flag(&self, flag: u8) -> bool {
        self.header.flags.get() & flag != 0
    }

    /// Whether others have it under `__isa`.
    #[inline(always)]
    pub fn is_prototype(&self) -> bool {
        self.flag(PROTOTYPE)
    }

    /// Whether it is the map of global variables.
    #[inline(always)]
    pub fn is_globals(&self) -> bool {
        self.flag(GLOBALS)
    }

    /// Its shape, or [`NO_SHAPE`].
    #[inline(always)]
    pub fn shape(&self) -> u32 {
        self.header.info.get()
    }

    fn dict(&self) -> &Dict {
        // SAFETY: in dictionary mode `slots` is a `Dict` that lives as long as the map.
        unsafe { &*self.slots.get().cast() }
    }

    #[allow(clippy::mut_from_ref)]
    fn dict_mut(&self) -> &mut Dict {
        // SAFETY: as above; no reference into the dictionary is held across calls.
        unsafe { &mut *self.slots.get().cast() }
    }

    /// In dictionary mode, the entries and gaps.
    pub(super) fn dict_entries(&self) -> Option<&[Entry]> {
        self.flag(DICT).then(|| self.dict().entries())
    }

    /// In object mode, the slots. The globals have none: their cells are roots.
    pub(super) fn slots_in(&self, shapes: &Shapes) -> &[Value] {
        if self.flag(DICT | GLOBALS) {
            return &[];
        }
        let count = shapes.get(self.shape()).keys.len();
        // SAFETY: slots that the shape names are initialized.
        unsafe { core::slice::from_raw_parts(self.slots.get(), count) }
    }

    fn globals(&self) -> &Globals {
        // SAFETY: the globals outlive the heap's use of this map.
        unsafe { &*self.slots.get().cast() }
    }

    #[allow(clippy::mut_from_ref)]
    fn globals_mut(&self) -> &mut Globals {
        // SAFETY: as above; no reference into the globals is held across calls.
        unsafe { &mut *self.slots.get().cast() }
    }

    /// In dictionary mode, where the value under a normalized key is kept if that key was also
    /// looked for last.
    ///
    /// `None` for lists and maps, which are found by their content, and for functions, which as
    /// operands are called first.
    #[inline(always)]
    pub fn hinted_slot(&self, key: Value) -> Option<*mut Value> {
        if self.header.flags.get() & (DICT | GLOBALS) != DICT || key.bits() >= TAG_LIST {
            return None;
        }
        self.dict().hinted(key)
    }

    /// Number of entries.
    #[allow(clippy::len_without_is_empty)]
    pub fn len_in(&self, shapes: &Shapes) -> usize {
        match self.header.flags.get() & (DICT | GLOBALS) {
            0 => shapes.get(self.shape()).keys.len(),
            DICT => self.dict().live(),
            _ => self.globals().assigned(),
        }
    }

    /// The value under a normalized key of this very map.
    #[inline]
    pub fn get_own(&self, shapes: &Shapes, key: Value) -> Option<Value> {
        match self.header.flags.get() & (DICT | GLOBALS) {
            // SAFETY: a slot that the shape names is initialized.
            0 => shapes.find(self.shape(), key).map(|slot| unsafe { *self.slots.get().add(slot) }),
            DICT => {
                let dict = self.dict();
                dict.find(shapes, key, hash_key(shapes, key)).map(|at| dict.value(at))
            }
            _ => {
                let globals = self.globals();
                let cell = &globals.cells()[globals.find(shapes, key)?];
                cell.is_assigned().then_some(cell.value)
            }
        }
    }

    /// The value under a key that is a list or map; `same` says which keys are the same, and is asked
    /// only about those with the same hash.
    pub(super) fn get_same(
        &self,
        shapes: &Shapes,
        key: Value,
        same: &mut dyn FnMut(Value) -> bool,
    ) -> Option<Value> {
        match self.header.flags.get() & (DICT | GLOBALS) {
            0 => None,
            DICT => {
                let dict = self.dict();
                dict.find_same(shapes, hash_key(shapes, key), same).map(|at| dict.value(at))
            }
            _ => {
                let globals = self.globals();
                let cell = &globals.cells()[globals.find_same(shapes, key, same)?];
                cell.is_assigned().then_some(cell.value)
            }
        }
    }

    /// Position of a normalized key among the entries of this very map.
    pub fn position(&self, shapes: &Shapes, key: Value) -> Option<usize> {
        match self.header.flags.get() & (DICT | GLOBALS) {
            0 => shapes.find(self.shape(), key),
            DICT => self.dict().find(shapes, key, hash_key(shapes, key)),
            _ => {
                let globals = self.globals();
                globals.find(shapes, key).filter(|&at| globals.cells()[at].is_assigned())
            }
        }
    }

    /// Where the value under a normalized key is kept, until the map gains or loses keys.
    pub fn slot_of(&self, shapes: &Shapes, key: Value) -> Option<*mut Value> {
        match self.header.flags.get() & (DICT | GLOBALS) {
            // SAFETY: as in `get_own`.
            0 => shapes.find(self.shape(), key).map(|slot| unsafe { self.slots.get().add(slot) }),
            DICT => {
                let dict = self.dict();
                dict.find(shapes, key, hash_key(shapes, key)).map(|at| dict.value_slot(at))
            }
            _ => None,
        }
    }

    /// The first entry at or after position `at`, and the position after it. Positions start at 0.
    pub fn next_entry(&self, shapes: &Shapes, at: usize) -> Option<(Value, Value, usize)> {
        match self.header.flags.get() & (DICT | GLOBALS) {
            0 => {
                let key = *shapes.get(self.shape()).keys.get(at)?;
                // SAFETY: as in `get_own`.
                Some((key, unsafe { *self.slots.get().add(at) }, at + 1))
            }
            DICT => {
                let at = at.max(self.dict().head());
                let entries = self.dict().entries().get(at..)?;
                let gaps = entries.iter().take_while(|e| e.key.is_unassigned()).count();
                shapes.note_work(gaps / GAPS_PER_STEP);
                let entry = entries.get(gaps)?;
                Some((entry.key, entry.value, at + gaps + 1))
            }
            _ => {
                let cells = self.globals().cells().get(at..)?;
                let gaps = cells.iter().take_while(|c| !c.is_assigned()).count();
                shapes.note_work(gaps / GAPS_PER_STEP);
                let cell = cells.get(gaps)?;
                Some((cell.key, cell.value, at + gaps + 1))
            }
        }
    }
}

impl Store {
    /// A new map without entries.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn new_map(&mut self) -> Result<Gc<Map>, Refusal> {
        let cell = new_cell(self, KIND_MAP, EMPTY_SHAPE)?;
        // SAFETY: a fresh cell; every field but the slots without a key is written here.
        unsafe {
            let map = cell.cast::<Map>().as_ptr();
            (&raw mut (*map).slots).write((&raw mut (*map).inline).cast::<Value>().into());
            (*map).header.aux.set(SLOTS_INLINE as u8);
            Ok(Gc::from_cell(cell))
        }
    }

    /// A new map of a shape, with these values in its slots.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn new_map_shaped(&mut self, shape: u32, values: &[Value]) -> Result<Gc<Map>, Refusal> {
        debug_assert_eq!(self.shapes.get(shape).keys.len(), values.len());
        let map = self.new_map()?;
        if values.len() > SLOTS_INLINE {
            self.grow_slots(map, 0, values.len())?;
        }
        map.header.info.set(shape);
        // SAFETY: there is room for the values.
        unsafe { core::ptr::copy_nonoverlapping(values.as_ptr(), map.slots.get(), values.len()) };
        Ok(map)
    }

    /// A new map whose `__isa` is `parent`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn new_instance(&mut self, parent: Gc<Map>) -> Result<Gc<Map>, Refusal> {
        let map = self.new_map()?;
        self.map_set(map, ISA, Value::map(parent), KeyOrigin::Literal)?;
        Ok(map)
    }

    /// The map of global variables.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn new_globals_map(&mut self, globals: *mut Globals) -> Result<Gc<Map>, Refusal> {
        let map = self.new_map()?;
        map.slots.set(globals.cast());
        map.header.info.set(NO_SHAPE);
        map.header.flags.set(GLOBALS);
        Ok(map)
    }

    #[cold]
    #[inline(never)]
    fn grow_slots(&mut self, map: Gc<Map>, used: usize, needed: usize) -> Result<(), Refusal> {
        let capacity =
            (needed + 1).next_multiple_of(4).max(used * 2).min(SHAPE_KEYS_MAX).max(needed);
        let new: *mut Value = self.heap.new_buffer(capacity * VALUE_SIZE)?.cast();
        // SAFETY: the new buffer holds at least `used` values.
        unsafe { core::ptr::copy_nonoverlapping(map.slots.get(), new, used) };
        release_slots(&mut self.heap, map);
        map.slots.set(new);
        map.header.aux.set(capacity as u8);
        if map.is_prototype() {
            self.shapes.prototype_changes();
        }
        Ok(())
    }

    /// Makes a key comparable by bits: strings become atoms, `-0` becomes 0.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn key(&mut self, key: Value) -> Result<Value, Refusal> {
        if key.is_number() { Ok(normal_number(key)) } else { self.atom(key) }
    }

    /// The same for a look-up: `None` when no map can have the key.
    #[inline]
    pub fn find_key(&mut self, key: Value) -> Option<Value> {
        if key.is_number() {
            let number = normal_number(key);
            return (number != Value::NAN).then_some(number);
        }
        self.find_atom(key)
    }

    /// The value under any key of this very map.
    #[inline]
    pub fn map_get(&mut self, map: Gc<Map>, key: Value) -> Option<Value> {
        let key = self.find_key(key)?;
        map.get_own(&self.shapes, key)
    }

    /// Entry number `ordinal` in the current order. Closes gaps first, so that a loop over a map takes
    /// time in proportion to its length.
    pub fn map_entry(&mut self, map: Gc<Map>, ordinal: usize) -> Option<(Value, Value)> {
        if map.header.flags.get() & (DICT | GLOBALS) == DICT {
            let steps = map.dict_mut().compact();
            self.shapes.note_work(steps);
            // Caches hold pointers into the entries of a parent, and they moved.
            if steps != 0 && map.is_prototype() {
                self.shapes.prototype_changes();
            }
        }
        if map.is_globals() {
            // Cells without a variable are passed over anew each time.
            let cells = map.globals().cells();
            let found = (0..cells.len()).filter(|&i| cells[i].is_assigned()).nth(ordinal);
            self.shapes.note_work(found.unwrap_or(cells.len()) / GAPS_PER_STEP);
            return found.map(|i| (cells[i].key, cells[i].value));
        }
        map.next_entry(&self.shapes, ordinal).map(|(key, value, _)| (key, value))
    }

    /// Number of entries.
    #[inline]
    pub fn map_len(&self, map: Gc<Map>) -> usize {
        map.len_in(&self.shapes)
    }

    /// Stores a value under any key.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused; the map is unchanged.
    pub fn map_set(
        &mut self,
        map: Gc<Map>,
        key: Value,
        value: Value,
        origin: KeyOrigin,
    ) -> Result<(), Refusal> {
        let key = self.key(key)?;
        self.barrier(map.cell(), value);
        self.barrier(map.cell(), key);
        if map.flag(GLOBALS) {
            let globals = map.globals_mut();
            let at = globals.find_or_add(&mut self.heap, &self.shapes, key)?;
            globals.set(at, value);
            return Ok(());
        }
        if !map.flag(DICT) {
            if self.object_set(map, key, value, origin)? {
                return Ok(());
            }
            self.make_dict(map)?;
        }
        self.dict_set(map, key, value)
    }

    /// False when the map must become a dictionary first.
    fn object_set(
        &mut self,
        map: Gc<Map>,
        key: Value,
        value: Value,
        origin: KeyOrigin,
    ) -> Result<bool, Refusal> {
        if !key.is_string() {
            return Ok(false);
        }
        let shape = map.shape();
        let prototype = if key == ISA { value.as_map() } else { None };
        if key == ISA && prototype.is_none() {
            return Ok(false);
        }
        if let Some(slot) = self.shapes.find(shape, key) {
            if let Some(prototype) = prototype {
                let Some(new) = self.shapes.with_prototype(&mut self.heap.memory, shape, prototype)
                else {
                    return Ok(false);
                };
                self.adopt_prototype(map, prototype);
                map.header.info.set(new);
            }
            // SAFETY: a slot that the shape names.
            unsafe { map.slots.get().add(slot).write(value) };
            return Ok(true);
        }
        let count = self.shapes.get(shape).keys.len();
        if origin == KeyOrigin::Computed && count >= COMPUTED_KEYS_MAX {
            return Ok(false);
        }
        let Some(new) = self.shapes.add(&mut self.heap.memory, shape, key, prototype) else {
            return Ok(false);
        };
        if count >= map.header.aux.get() as usize {
            self.grow_slots(map, count, count + 1)?;
        }
        // SAFETY: there is room for one more slot.
        unsafe { map.slots.get().add(count).write(value) };
        if let Some(prototype) = prototype {
            self.adopt_prototype(map, prototype);
        } else if map.is_prototype() {
            self.shapes.prototype_changes();
        }
        map.header.info.set(new);
        Ok(true)
    }

    /// Others will inherit from this map: from here on, changes of its keys are told to caches.
    pub fn make_prototype(&mut self, map: Gc<Map>) {
        map.header.flags.set(map.header.flags.get() | PROTOTYPE);
    }

    /// `map` gets `prototype` as its parent.
    fn adopt_prototype(&mut self, map: Gc<Map>, prototype: Gc<Map>) {
        if !prototype.is_prototype() {
            prototype.header.flags.set(prototype.header.flags.get() | PROTOTYPE);
        }
        if map.is_prototype() {
            self.shapes.prototype_changes();
        }
    }

    fn dict_set(&mut self, map: Gc<Map>, key: Value, value: Value) -> Result<(), Refusal> {
        let hash = hash_key(&self.shapes, key);
        let dict = map.dict_mut();
        let found = dict.find(&self.shapes, key, hash);
        let isa = key == ISA;
        match found {
            Some(at) => dict.set_value(at, value),
            None => {
                dict.push(&mut self.heap, key, hash, value)?;
                map.header.info.set(self.shapes.dict_number());
            }
        }
        if isa {
            map.header.info.set(self.shapes.dict_number());
        }
        if let Some(prototype) = value.as_map()
            && isa
        {
            self.adopt_prototype(map, prototype);
        }
        if map.is_prototype() && (isa || found.is_none()) {
            self.shapes.prototype_changes();
        }
        Ok(())
    }

    fn make_dict(&mut self, map: Gc<Map>) -> Result<(), Refusal> {
        let count = self.shapes.get(map.shape()).keys.len();
        let mut dict = Dict::new(&mut self.heap, count + 1)?;
        for slot in 0..count {
            let key = self.shapes.get(map.shape()).keys[slot];
            // SAFETY: a slot that the shape names.
            let value = unsafe { *map.slots.get().add(slot) };
            let hash = hash_key(&self.shapes, key);
            if let Err(refusal) = dict.push(&mut self.heap, key, hash, value) {
                dict.release(&mut self.heap);
                return Err(refusal);
            }
        }
        let home: *mut Dict = match self.heap.new_buffer(size_of::<Dict>()) {
            Ok(home) => home.cast(),
            Err(error) => {
                dict.release(&mut self.heap);
                return Err(error.into());
            }
        };
        // SAFETY: fresh memory of the right size.
        unsafe { home.write(dict) };
        release_slots(&mut self.heap, map);
        map.slots.set(home.cast());
        map.header.info.set(self.shapes.dict_number());
        map.header.flags.set(map.header.flags.get() | DICT);
        if map.is_prototype() {
            self.shapes.prototype_changes();
        }
        Ok(())
    }

    /// Removes an entry under any key; false when there was none.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused; the map is unchanged.
    pub fn map_remove(&mut self, map: Gc<Map>, key: Value) -> Result<bool, Refusal> {
        let Some(key) = self.find_key(key) else { return Ok(false) };
        let Some(position) = map.position(&self.shapes, key) else { return Ok(false) };
        self.map_remove_at(map, position)?;
        Ok(true)
    }

    /// Removes the first entry and returns its key, which a look-up need not find: it may be NaN, or
    /// a list that has changed since.
    ///
    /// # Errors
    ///
    /// As [`Store::map_remove`].
    pub fn map_pop(&mut self, map: Gc<Map>) -> Result<Option<Value>, Refusal> {
        let Some((key, _, next)) = map.next_entry(&self.shapes, 0) else { return Ok(None) };
        self.map_remove_at(map, next - 1)?;
        Ok(Some(key))
    }

    /// Removes the entry at a position (see [`Map::next_entry`]; the position of the entry itself).
    fn map_remove_at(&mut self, map: Gc<Map>, position: usize) -> Result<(), Refusal> {
        if map.flag(GLOBALS) {
            map.globals_mut().unset(position);
            return Ok(());
        }
        if !map.flag(DICT) {
            // Slots become positions.
            self.make_dict(map)?;
        }
        map.dict_mut().remove(&self.shapes, position);
        map.header.info.set(self.shapes.dict_number());
        if map.is_prototype() {
            self.shapes.prototype_changes();
        }
        Ok(())
    }

    /// Replaces the value of entry `position` (see [`Map::next_entry`]; the position of the entry
    /// itself).
    pub fn map_set_at(&mut self, map: Gc<Map>, position: usize, value: Value) {
        self.barrier(map.cell(), value);
        match map.header.flags.get() & (DICT | GLOBALS) {
            // SAFETY: checked just before.
            0 if position < self.map_len(map) => unsafe {
                map.slots.get().add(position).write(value)
            },
            0 => {}
            DICT => map.dict_mut().set_value(position, value),
            _ => map.globals_mut().set(position, value),
        }
    }
}

/// `-0` becomes `0`.
#[inline(always)]
fn normal_number(key: Value) -> Value {
    if key.raw_f64() == 0.0 { Value::ZERO } else { key }
}

fn release_slots(heap: &mut Heap, map: Gc<Map>) {
    let capacity = map.header.aux.get() as usize;
    if capacity > SLOTS_INLINE {
        // SAFETY: the buffer is the map's own.
        unsafe { heap.free_buffer(map.slots.get().cast(), capacity * VALUE_SIZE) };
    }
    map.header.aux.set(0);
}

/// Frees the buffers of a map that is about to be freed.
pub(super) fn release(heap: &mut Heap, map: Gc<Map>) {
    match map.header.flags.get() & (DICT | GLOBALS) {
        0 => release_slots(heap, map),
        DICT => {
            let home: *mut Dict = map.slots.get().cast();
            // SAFETY: the dictionary is the map's own; it is moved out before its memory is freed.
            unsafe {
                home.read().release(heap);
                heap.free_buffer(home.cast(), size_of::<Dict>());
            }
        }
        _ => {}
    }
}
