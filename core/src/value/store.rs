//! The store: the heap with the tables that values need beside it (atoms, shapes).
#![allow(unsafe_code)] // The collector's callbacks receive raw cells.

use super::object::{
    Env, Func, Gc, KIND_ENV, KIND_FUNC, KIND_LIST, KIND_MAP, KIND_NATIVE, KIND_STR, List, Map,
    NativeObject, Str,
};
use super::shape::Shapes;
use super::value::Value;
use super::{Refusal, dict, map};
use crate::heap::{AllocError, Header, Heap, HostAllocator, Memory, ObjectOps};
use alloc::vec::Vec;
use core::ptr::NonNull;
use hashbrown::HashTable;

/// Everything that values need: one per machine.
///
/// The heap comes first, so that a pointer to it is a pointer to the store (see `release`).
#[repr(C)]
pub struct Store {
    /// The heap.
    pub heap: Heap,
    /// Shapes of maps.
    pub shapes: Shapes,
    /// Strings that are keys. Weak: an entry does not keep its string alive.
    pub(super) atoms: HashTable<Gc<Str>>,
    atoms_charged: usize,
    /// Finalizers of native objects that were freed, to be run at a safe point.
    pub finalizers: Vec<(fn(usize), usize)>,
}

/// Bytes a slot of the table of atoms takes: a pointer, a control byte, and the room a table keeps
/// free.
const ATOM_SLOT_SIZE: usize = 18;

impl Store {
    /// An empty store with a limit in bytes.
    pub fn new(limit: usize, source: HostAllocator) -> Self {
        let ops = ObjectOps { trace, release };
        Store {
            heap: Heap::new(ops, Memory::new(limit, source)),
            shapes: Shapes::new(),
            atoms: HashTable::new(),
            atoms_charged: 0,
            finalizers: Vec::new(),
        }
    }

    pub(super) fn reserve_atom(&mut self) -> Result<(), Refusal> {
        if self.atoms.len() == self.atoms.capacity() {
            let more = self.atoms.len().max(8);
            self.heap.memory.charge(more * ATOM_SLOT_SIZE)?;
            self.atoms_charged += more * ATOM_SLOT_SIZE;
            let reserved = self.atoms.try_reserve(more, |a| super::dict::spread(a.hash()));
            reserved.map_err(|_| Refusal::Memory(AllocError::Refused))?;
        }
        Ok(())
    }

    /// Runs the finalizers of all native objects, dead or alive: the store is about to go away.
    pub fn finalize_all(&mut self) {
        while let Some((finalizer, data)) = self.finalizers.pop() {
            finalizer(data);
        }
        self.heap.for_each_object(|cell| {
            // SAFETY: the kind in the header says what the cell holds.
            if unsafe { cell.as_ref() }.kind.get() == KIND_NATIVE {
                // SAFETY: as above.
                let object: Gc<NativeObject> = unsafe { Gc::from_cell(cell) };
                if let Some(finalizer) = object.finalizer.take() {
                    finalizer(object.data.get());
                }
            }
        });
    }

    /// Marks what a value refers to.
    #[inline(always)]
    pub fn mark_value(&mut self, value: Value) {
        mark(&mut self.heap, value);
    }

    /// A native object.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn new_native(
        &mut self,
        data: usize,
        type_tag: u64,
        class: Value,
        finalizer: Option<fn(usize)>,
    ) -> Result<Value, Refusal> {
        if self.finalizers.try_reserve(1).is_err() {
            return Err(Refusal::Memory(AllocError::Refused));
        }
        let cell = self.heap.new_cell(KIND_NATIVE, 0)?;
        // SAFETY: a fresh cell; every field is written here.
        unsafe {
            let o = cell.cast::<NativeObject>().as_ptr();
            (&raw mut (*o).data).write(data.into());
            (&raw mut (*o).type_tag).write(type_tag.into());
            (&raw mut (*o).class).write(class.into());
            (&raw mut (*o).finalizer).write(finalizer.into());
            Ok(Value::native(Gc::from_cell(cell)))
        }
    }

    /// A function value.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn new_func(&mut self, code: *const super::Code, scope: Value) -> Result<Value, Refusal> {
        let cell = self.heap.new_cell(KIND_FUNC, 0)?;
        // SAFETY: a fresh cell; every field is written here.
        unsafe {
            let f = cell.cast::<Func>().as_ptr();
            (&raw mut (*f).code).write(code.into());
            (&raw mut (*f).scope).write(scope.into());
            Ok(Value::func(Gc::from_cell(cell)))
        }
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

unsafe fn trace(heap: &mut Heap, cell: NonNull<Header>) -> usize {
    // SAFETY: the kind in the header says what the cell holds.
    unsafe {
        match cell.as_ref().kind.get() {
            KIND_LIST => mark_all(heap, Gc::<List>::from_cell(cell).as_slice()),
            KIND_MAP => map::trace(heap, Gc::<Map>::from_cell(cell), mark_all),
            KIND_ENV => mark_all(heap, Gc::<Env>::from_cell(cell).as_slice()),
            KIND_FUNC => {
                mark(heap, Gc::<Func>::from_cell(cell).scope.get());
                1
            }
            KIND_NATIVE => {
                mark(heap, Gc::<NativeObject>::from_cell(cell).class.get());
                1
            }
            _ => 0,
        }
    }
}

unsafe fn release(heap: &mut Heap, cell: NonNull<Header>) {
    // SAFETY: every heap with these operations is the first field of a `Store` (`Store::new` is the
    // only place that makes one), and the kind in the header says what the cell holds.
    unsafe {
        match cell.as_ref().kind.get() {
            KIND_STR => {
                (*core::ptr::from_mut(heap).cast::<Store>()).release_str(Gc::from_cell(cell))
            }
            KIND_LIST => Store::release_list(heap, Gc::from_cell(cell)),
            KIND_MAP => {
                let map: Gc<Map> = Gc::from_cell(cell);
                if map.is_prototype() {
                    (*core::ptr::from_mut(heap).cast::<Store>()).shapes.forget_prototype(map);
                }
                map::release(heap, map);
            }
            KIND_ENV => super::env::release(heap, Gc::from_cell(cell)),
            KIND_NATIVE => {
                let object: Gc<NativeObject> = Gc::from_cell(cell);
                if let Some(finalizer) = object.finalizer.get() {
                    let store = &mut *core::ptr::from_mut(heap).cast::<Store>();
                    // Room was reserved when the object was made; more objects than room run at
                    // once, still outside script code.
                    if store.finalizers.try_reserve(1).is_ok() {
                        store.finalizers.push((finalizer, object.data.get()));
                    } else {
                        finalizer(object.data.get());
                    }
                }
            }
            _ => {}
        }
    }
}

/// What a [`dict::Dict`] entry looks like to the collector.
pub(super) fn mark_pairs(heap: &mut Heap, entries: &[dict::Entry]) -> usize {
    for entry in entries {
        mark(heap, entry.key);
        mark(heap, entry.value);
    }
    entries.len() * 2
}
