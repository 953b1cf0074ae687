//! The store: the heap with the tables that values need beside it (atoms, shapes).
#![allow(unsafe_code)] // The collector hands out raw cells.

use super::object::{
    Env, Func, Gc, KIND_ENV, KIND_FUNC, KIND_LIST, KIND_MAP, KIND_NATIVE, KIND_STR, List, Map,
    NativeObject, Str,
};
use super::shape::Shapes;
use super::value::Value;
use super::{Refusal, dict, map, natives};
use crate::heap::{
    AllocError, Header, Heap, HostAllocator, Memory, Objects, new_cell, release_all,
};
use core::ptr::NonNull;
use hashbrown::HashTable;

/// Everything that values need: one per machine.
///
/// The heap comes first: machine code finds the collector's state at the start of the store.
#[repr(C)]
pub struct Store {
    /// The heap.
    pub heap: Heap,
    /// Shapes of maps.
    pub shapes: Shapes,
    /// Strings that are keys. Weak: an entry does not keep its string alive.
    pub(super) atoms: HashTable<Gc<Str>>,
    atoms_charged: usize,
    pub(super) next_serial: u64,
    /// Accounts of native objects.
    pub(super) natives: natives::Natives,
}

/// Bytes a slot of the table of atoms takes: a pointer, a control byte, and the room a table keeps
/// free.
const ATOM_SLOT_SIZE: usize = 18;

impl Store {
    /// An empty store with a limit in bytes.
    pub fn new(limit: usize, source: HostAllocator) -> Self {
        Store {
            heap: Heap::new(Memory::new(limit, source)),
            shapes: Shapes::new(),
            atoms: HashTable::new(),
            atoms_charged: 0,
            next_serial: 0,
            natives: natives::Natives::default(),
        }
    }

    pub(super) fn reserve_atom(&mut self) -> Result<(), Refusal> {
        if self.atoms.len() == self.atoms.capacity() {
            let more = self.atoms.len().max(8);
            self.heap.memory.charge(more * ATOM_SLOT_SIZE)?;
            self.atoms_charged += more * ATOM_SLOT_SIZE;
            let reserved = self.atoms.try_reserve(more, |a| dict::spread(a.hash()));
            reserved.map_err(|_| Refusal::Memory(AllocError::Refused))?;
        }
        Ok(())
    }

    /// Tells the collector that `value` was stored in an object, as one of its elements or entries.
    #[inline(always)]
    pub fn barrier(&mut self, object: NonNull<Header>, value: Value) {
        // Numbers keep nothing alive.
        if self.heap.needs_barrier(object) && !value.is_number() {
            self.stored(object, value);
        }
    }

    #[cold]
    #[inline(never)]
    fn stored(&mut self, object: NonNull<Header>, value: Value) {
        self.heap.stored(object, value.as_cell());
    }

    /// Marks what a value refers to.
    #[inline(always)]
    pub fn mark_value(&mut self, value: Value) {
        mark(&mut self.heap, value);
    }

    /// A function value.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn new_func(&mut self, code: *const super::Code, scope: Value) -> Result<Value, Refusal> {
        let cell = new_cell(self, KIND_FUNC, 0)?;
        // SAFETY: a fresh cell; every field is written here.
        unsafe {
            let f = cell.cast::<Func>().as_ptr();
            (&raw mut (*f).code).write(code.into());
            (&raw mut (*f).scope).write(scope.into());
            (&raw mut (*f).serial).write(self.next_serial.into());
            self.next_serial += 1;
            Ok(Value::func(Gc::from_cell(cell)))
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        release_all(self);
        self.run_finalizers();
    }
}

#[inline(always)]
fn mark(heap: &mut Heap, value: Value) {
    if let Some(cell) = value.as_cell() {
        heap.mark(cell);
    }
}

fn mark_all(heap: &mut Heap, values: &[Value]) -> usize {
    for &value in values {
        mark(heap, value);
    }
    values.len()
}

/// The parts that lie between two positions, as far as there are such.
fn part<T>(all: &[T], from: usize, to: usize) -> &[T] {
    all.get(from..to.min(all.len())).unwrap_or_default()
}

impl Objects for Store {
    #[inline(always)]
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }

    unsafe fn trace(&mut self, cell: NonNull<Header>, most: usize) -> Result<usize, usize> {
        let heap = &mut self.heap;
        // SAFETY: the kind in the header says what the cell holds.
        unsafe {
            match cell.as_ref().kind.get() {
                KIND_LIST => {
                    let elements = Gc::<List>::from_cell(cell);
                    let elements = elements.as_slice();
                    if elements.len() > most {
                        return Err(elements.len());
                    }
                    Ok(mark_all(heap, elements))
                }
                KIND_MAP => {
                    let map = Gc::<Map>::from_cell(cell);
                    match map.dict_entries() {
                        Some(entries) if entries.len() > most => Err(entries.len()),
                        Some(entries) => Ok(mark_pairs(heap, entries)),
                        None => Ok(mark_all(heap, map.slots_in(&self.shapes))),
                    }
                }
                KIND_ENV => Ok(mark_all(heap, Gc::<Env>::from_cell(cell).as_slice())),
                KIND_FUNC => {
                    mark(heap, Gc::<Func>::from_cell(cell).scope.get());
                    Ok(1)
                }
                KIND_NATIVE => {
                    mark(heap, Gc::<NativeObject>::from_cell(cell).class.get());
                    Ok(1)
                }
                _ => Ok(0),
            }
        }
    }

    unsafe fn trace_part(&mut self, cell: NonNull<Header>, from: usize, to: usize) -> usize {
        let heap = &mut self.heap;
        // SAFETY: as above.
        unsafe {
            match cell.as_ref().kind.get() {
                KIND_LIST => mark_all(heap, part(Gc::<List>::from_cell(cell).as_slice(), from, to)),
                KIND_MAP => match Gc::<Map>::from_cell(cell).dict_entries() {
                    Some(entries) => mark_pairs(heap, part(entries, from, to)),
                    None => 0,
                },
                _ => 0,
            }
        }
    }

    unsafe fn release(&mut self, cell: NonNull<Header>) {
        // SAFETY: the kind in the header says what the cell holds.
        unsafe {
            match cell.as_ref().kind.get() {
                KIND_STR => self.release_str(Gc::from_cell(cell)),
                KIND_LIST => Store::release_list(&mut self.heap, Gc::from_cell(cell)),
                KIND_MAP => {
                    let map: Gc<Map> = Gc::from_cell(cell);
                    if map.is_prototype() {
                        self.shapes.forget_prototype(map);
                    }
                    map::release(&mut self.heap, map);
                }
                KIND_ENV => super::env::release(&mut self.heap, Gc::from_cell(cell)),
                KIND_NATIVE => natives::release(self, Gc::from_cell(cell)),
                _ => {}
            }
        }
    }
}

/// What a [`dict::Dict`] entry looks like to the collector.
fn mark_pairs(heap: &mut Heap, entries: &[dict::Entry]) -> usize {
    for entry in entries {
        mark(heap, entry.key);
        mark(heap, entry.value);
    }
    entries.len() * 2
}
