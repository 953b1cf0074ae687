//! Layouts of heap objects. Each fills one cell; machine code will read these fields by offset.
//!
//! ```text
//! every object   +0 header { info u32, kind u8, color u8, flags u8, aux u8 }
//! Str            +8 bytes*   +16 len u32, chars u32    +24 inline text[24] or buffer*
//! List           +8 elems*   +16 len u32, cap u32      +24 inline elements[3]
//! Map            +8 slots* or table*                   +16 inline slots[4]      info = shape
//! Env            +8 slots*                             +16 inline slots[4]      info = count
//! Func           +8 code*    +16 captured scope        +24 serial u64
//! NativeObject   +8 data     +16 class map   +24 type (two words)   +40 bytes charged usize   info = serial
//! ```
#![allow(unsafe_code)] // `Gc` is the pointer type of the heap.

use super::code::Code;
use super::value::Value;
use crate::heap::Header;
use alloc::sync::Arc;
use core::any::Any;
use core::cell::Cell as Field;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;

/// Kind of a [`Str`] cell.
pub const KIND_STR: u8 = 1;
/// Kind of a [`List`] cell.
pub const KIND_LIST: u8 = 2;
/// Kind of a [`Map`] cell.
pub const KIND_MAP: u8 = 3;
/// Kind of a [`Func`] cell.
pub const KIND_FUNC: u8 = 4;
/// Kind of an [`Env`] cell.
pub const KIND_ENV: u8 = 5;
/// Kind of a [`NativeObject`] cell.
pub const KIND_NATIVE: u8 = 6;

/// A reference to a heap object.
///
/// Valid until the next safepoint unless the object is reachable from a root; code between two
/// safepoints may use it freely. Fields are interior-mutable, and no Rust reference into a buffer
/// outlives a mutation.
#[repr(transparent)]
pub struct Gc<T>(NonNull<T>, PhantomData<T>);

impl<T> Clone for Gc<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Gc<T> {}
impl<T> PartialEq for Gc<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Gc<T> {}

impl<T> Deref for Gc<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: see the type: the object is alive.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Gc<T> {
    /// Wraps a cell of the right kind.
    ///
    /// # Safety
    ///
    /// The cell must hold an initialized `T`.
    #[inline(always)]
    pub unsafe fn from_cell(cell: NonNull<Header>) -> Self {
        Gc(cell.cast(), PhantomData)
    }

    /// From the payload of a value.
    ///
    /// # Safety
    ///
    /// The address must be that of a live `T` of this heap.
    #[inline(always)]
    pub unsafe fn from_address(address: u64) -> Self {
        let pointer = core::ptr::with_exposed_provenance_mut(address as usize);
        // SAFETY: objects are never at address 0.
        Gc(unsafe { NonNull::new_unchecked(pointer) }, PhantomData)
    }

    /// Its address.
    #[inline(always)]
    pub fn address(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// The cell it fills.
    #[inline(always)]
    pub fn cell(self) -> NonNull<Header> {
        self.0.cast()
    }

    /// The raw pointer.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut T {
        self.0.as_ptr()
    }
}

/// A string of more than [`super::value::SHORT_MAX`] bytes.
#[repr(C)]
pub struct Str {
    /// `info` is the hash, once computed.
    pub header: Header,
    /// First byte: in `inline`, or in a buffer shared with other strings.
    pub bytes: Field<*const u8>,
    /// Length in bytes.
    pub len: Field<u32>,
    /// Length in code points.
    pub chars: Field<u32>,
    /// The text when it fits, else the address of its [`super::string::StrBuffer`] in the first
    /// word.
    pub inline: Field<[u64; 3]>,
}

/// A list.
#[repr(C)]
pub struct List {
    /// Header.
    pub header: Header,
    /// First element.
    pub elems: Field<*mut Value>,
    /// Elements in use.
    pub len: Field<u32>,
    /// Elements there is room for.
    pub cap: Field<u32>,
    /// Room for short lists.
    pub inline: Field<[Value; LIST_INLINE]>,
}

/// Elements a list holds in its own cell.
pub const LIST_INLINE: usize = 3;
/// Slots a map or environment holds in its own cell.
pub const SLOTS_INLINE: usize = 4;

/// A map, in one of three modes (see `value/map.rs`).
#[repr(C)]
pub struct Map {
    /// `info` is the shape, `aux` the capacity of the slots, `flags` the mode.
    pub header: Header,
    /// Object mode: slots. Dictionary mode: a `Dict`. The globals: a `Globals`.
    pub slots: Field<*mut Value>,
    /// Room for small maps.
    pub inline: Field<[Value; SLOTS_INLINE]>,
}

/// Variables of a function that inner functions can see.
#[repr(C)]
pub struct Env {
    /// `info` is the number of slots.
    pub header: Header,
    /// The slots.
    pub slots: Field<*mut Value>,
    /// Room for few.
    pub inline: Field<[Value; SLOTS_INLINE]>,
}

/// A function value: code and the scope it captured.
#[repr(C)]
pub struct Func {
    /// Header.
    pub header: Header,
    /// What it runs; owned by the machine and never moved or freed before it.
    pub code: Field<*const Code>,
    /// The captured [`Env`] or scope [`Map`], or null.
    pub scope: Field<Value>,
    /// How many functions the machine made before: what it hashes by, the same in every run.
    pub serial: Field<u64>,
}

impl Func {
    /// What it runs.
    #[inline(always)]
    pub fn code(&self) -> &Code {
        // SAFETY: the machine owns the code and frees it only after every value.
        unsafe { &*self.code.get() }
    }
}

/// What the heap must know of a host's type of native objects; `host::ObjectType` is the one there is.
pub trait NativeType: Any + Send + Sync {
    /// Tells objects of this type from others.
    fn tag(&self) -> u64;
    /// Whether there is anything to do at the end of an object.
    fn has_finalizer(&self) -> bool;
    /// An object with this data is gone.
    fn finalize(&self, data: usize);
}

/// An object of the host.
#[repr(C)]
pub struct NativeObject {
    /// `info` is the serial number, as that of functions; `flags` says whether it is closed.
    pub header: Header,
    /// The host's data.
    pub data: Field<usize>,
    /// Map whose entries are the object's members, or null.
    pub class: Field<Value>,
    /// Its type. The cell owns one reference, given back when the cell is freed.
    kind: *const dyn NativeType,
    /// Bytes counted against the machine's limit as long as the object is not closed.
    pub charged: Field<usize>,
}

/// Flag: the object has no data any more.
const CLOSED: u8 = 1;

impl NativeObject {
    /// Writes a fresh cell.
    ///
    /// # Safety
    ///
    /// `cell` must be a new cell of this kind.
    pub(super) unsafe fn write(
        cell: NonNull<Header>,
        kind: Arc<dyn NativeType>,
        data: usize,
        class: Value,
        charged: usize,
    ) {
        let object = cell.cast::<NativeObject>().as_ptr();
        // SAFETY: the caller's promise; every field behind the header is written.
        unsafe {
            (&raw mut (*object).data).write(data.into());
            (&raw mut (*object).class).write(class.into());
            (&raw mut (*object).kind).write(Arc::into_raw(kind));
            (&raw mut (*object).charged).write(charged.into());
        }
    }

    /// How many functions and native objects the machine made before: what it hashes by.
    pub fn serial(&self) -> u32 {
        self.header.info.get()
    }

    /// Its type.
    pub fn native_type(&self) -> &dyn NativeType {
        // SAFETY: the cell owns a reference.
        unsafe { &*self.kind }
    }

    /// A reference of one's own to the type.
    pub fn share_type(&self) -> Arc<dyn NativeType> {
        // SAFETY: the pointer came from `Arc::into_raw`, and the cell keeps its reference.
        unsafe {
            Arc::increment_strong_count(self.kind);
            Arc::from_raw(self.kind)
        }
    }

    /// Takes the reference of a cell that is about to be freed.
    ///
    /// # Safety
    ///
    /// Nothing may use the type through this cell afterwards.
    pub(super) unsafe fn take_type(&self) -> Arc<dyn NativeType> {
        // SAFETY: the pointer came from `Arc::into_raw`; the caller's promise.
        unsafe { Arc::from_raw(self.kind) }
    }

    /// Whether it was closed, so that it has no data.
    pub fn is_closed(&self) -> bool {
        self.header.flags.get() & CLOSED != 0
    }

    pub(super) fn set_closed(&self) {
        self.header.flags.set(CLOSED);
    }
}

const _: () = {
    use crate::heap::CELL_SIZE;
    use core::mem::size_of;
    assert!(size_of::<Str>() == CELL_SIZE && size_of::<List>() == CELL_SIZE);
    assert!(size_of::<Map>() == CELL_SIZE && size_of::<Env>() == CELL_SIZE);
    assert!(size_of::<Func>() <= CELL_SIZE && size_of::<NativeObject>() <= CELL_SIZE);
};
