//! The value: one 64-bit word that is a double or a tagged payload.
//!
//! ```text
//! number          any bits below 0xFFF9 << 48 (both default NaNs are 0x7FF8.. and 0xFFF8..)
//! 0xFFF9          immediates: null (payload 0), the mark of a counting loop (payload 1)
//! 0xFFFA          short string: up to 5 bytes, first byte highest, length in the lowest byte
//! 0xFFFB..0xFFFE  string, list, map, other objects: 48-bit address of the cell
//! 0xFFFF          function (address), or *unassigned* (payload 0)
//! ```
//!
//! Every boxed value is a NaN to the FPU, so arithmetic computes first and looks only when the
//! result is NaN. What needs attention when it is read (functions are called, unassigned variables
//! looked up elsewhere) has the highest tag: one compare. Short strings compare as integers,
//! because their bytes lie in order. Numbers are stored raw; the only NaN that enters a value is
//! [`Value::NAN`].
#![allow(unsafe_code)] // Untagging makes pointers.

use super::object::{Env, Func, Gc, List, Map, NativeObject, Str};
use crate::heap::Header;
use core::ptr::NonNull;

/// A script value. Plain data: copying it copies a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Value(u64);

/// Bits of the first value that is not a number.
pub const FIRST_BOXED: u64 = 0xFFF9 << 48;
const TAG_IMMEDIATE: u64 = 0xFFF9 << 48;
/// Tag of short strings.
pub const TAG_SHORT: u64 = 0xFFFA << 48;
/// Tag of heap strings.
pub const TAG_STR: u64 = 0xFFFB << 48;
/// Tag of lists.
pub const TAG_LIST: u64 = 0xFFFC << 48;
/// Tag of maps.
pub const TAG_MAP: u64 = 0xFFFD << 48;
/// Tag of environments and native objects.
pub const TAG_OBJECT: u64 = 0xFFFE << 48;
/// Tag of functions; as a value on its own, *unassigned*.
pub const TAG_FUNC: u64 = 0xFFFF << 48;

/// Longest string kept in the value itself, in bytes.
pub const SHORT_MAX: usize = 5;

/// What kind of value it is, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `null`.
    Null,
    /// A number.
    Number,
    /// A string.
    Str,
    /// A list.
    List,
    /// A map.
    Map,
    /// A function.
    Func,
    /// An object of the host.
    Object,
}

impl Value {
    /// `null`.
    pub const NULL: Value = Value(TAG_IMMEDIATE);
    /// The mark in the state of a counting loop.
    pub const RANGE_MARK: Value = Value(TAG_IMMEDIATE | 1);
    /// A variable without a value. Never seen by scripts.
    pub const UNASSIGNED: Value = Value(TAG_FUNC);
    /// The one NaN.
    pub const NAN: Value = Value(0x7FF8 << 48);
    /// 0.
    pub const ZERO: Value = Value(0);
    /// 1.
    pub const ONE: Value = Value(0x3FF0 << 48);
    /// `""`.
    pub const EMPTY: Value = Value(TAG_SHORT);

    /// A number; any NaN becomes [`Value::NAN`].
    #[inline(always)]
    pub fn number(x: f64) -> Value {
        if x.is_nan() { Value::NAN } else { Value(x.to_bits()) }
    }

    /// A number that is known not to be NaN.
    #[inline(always)]
    pub fn number_raw(x: f64) -> Value {
        debug_assert!(!x.is_nan());
        Value(x.to_bits())
    }

    /// 1 or 0.
    #[inline(always)]
    pub fn boolean(b: bool) -> Value {
        if b { Value::ONE } else { Value::ZERO }
    }

    /// The bits.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A value from its bits.
    ///
    /// # Safety
    ///
    /// The bits must be those of a value of the same machine, or of a number.
    #[inline(always)]
    pub const unsafe fn from_bits(bits: u64) -> Value {
        Value(bits)
    }

    /// Whether it is a number.
    #[inline(always)]
    pub const fn is_number(self) -> bool {
        self.0 < FIRST_BOXED
    }

    /// Its bits as a double: the number, or some NaN.
    #[inline(always)]
    pub const fn raw_f64(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// The number, if it is one.
    #[inline(always)]
    pub const fn as_number(self) -> Option<f64> {
        if self.is_number() { Some(self.raw_f64()) } else { None }
    }

    /// Whether a read must look at it: a function or *unassigned*.
    #[inline(always)]
    pub const fn needs_attention(self) -> bool {
        self.0 >= TAG_FUNC
    }

    /// Whether it is `null`.
    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.0 == TAG_IMMEDIATE
    }

    /// Whether it is *unassigned*.
    #[inline(always)]
    pub const fn is_unassigned(self) -> bool {
        self.0 == TAG_FUNC
    }

    /// Whether it is a string of either form.
    #[inline(always)]
    pub const fn is_string(self) -> bool {
        (self.0 >> 48) == (TAG_SHORT >> 48) || (self.0 >> 48) == (TAG_STR >> 48)
    }

    /// Whether it is a short string.
    #[inline(always)]
    pub const fn is_short(self) -> bool {
        (self.0 >> 48) == (TAG_SHORT >> 48)
    }

    /// A short string from at most [`SHORT_MAX`] bytes of UTF-8.
    #[inline]
    pub fn short(bytes: &[u8]) -> Value {
        debug_assert!(bytes.len() <= SHORT_MAX);
        let mut payload = bytes.len() as u64;
        for (i, &byte) in bytes.iter().enumerate().take(SHORT_MAX) {
            payload |= u64::from(byte) << (40 - 8 * i);
        }
        Value(TAG_SHORT | payload)
    }

    /// A string of one ASCII character.
    #[inline(always)]
    pub const fn ascii_char(byte: u8) -> Value {
        Value(TAG_SHORT | ((byte as u64) << 40) | 1)
    }

    /// The bytes of a short string, and their number.
    #[inline]
    pub const fn short_bytes(self) -> ([u8; 8], usize) {
        debug_assert!(self.is_short());
        ((self.0 << 16).to_be_bytes(), (self.0 & 0xFF) as usize)
    }

    /// Its type.
    pub fn type_of(self) -> Type {
        match self.0 >> 48 {
            0xFFF9 => Type::Null,
            0xFFFA | 0xFFFB => Type::Str,
            0xFFFC => Type::List,
            0xFFFD => Type::Map,
            0xFFFE => Type::Object,
            0xFFFF => Type::Func,
            _ => Type::Number,
        }
    }

    #[inline(always)]
    fn pointer<T>(self, tag: u64) -> Option<Gc<T>> {
        let address = self.0 ^ tag;
        if address >> 48 != 0 {
            return None;
        }
        // SAFETY: values with this tag are only made by `from_pointer` of the same type.
        Some(unsafe { Gc::from_address(address) })
    }

    fn from_address<T>(object: Gc<T>, tag: u64) -> Value {
        Value(tag | object.address())
    }

    /// The heap string, if it is one (short strings are not).
    #[inline(always)]
    pub fn as_str(self) -> Option<Gc<Str>> {
        self.pointer(TAG_STR)
    }

    /// The list, if it is one.
    #[inline(always)]
    pub fn as_list(self) -> Option<Gc<List>> {
        self.pointer(TAG_LIST)
    }

    /// The map, if it is one.
    #[inline(always)]
    pub fn as_map(self) -> Option<Gc<Map>> {
        self.pointer(TAG_MAP)
    }

    /// The function, if it is one.
    #[inline(always)]
    pub fn as_func(self) -> Option<Gc<Func>> {
        if self.0 <= TAG_FUNC {
            return None;
        }
        // SAFETY: a payload above zero under this tag is only made by `func`.
        Some(unsafe { Gc::from_address(self.0 ^ TAG_FUNC) })
    }

    /// The environment, if it is one.
    #[inline(always)]
    pub fn as_env(self) -> Option<Gc<Env>> {
        let object: Gc<Env> = self.pointer(TAG_OBJECT)?;
        (object.header.kind.get() == super::object::KIND_ENV).then_some(object)
    }

    /// The object of the host, if it is one.
    pub fn as_native(self) -> Option<Gc<NativeObject>> {
        let object: Gc<NativeObject> = self.pointer(TAG_OBJECT)?;
        (object.header.kind.get() == super::object::KIND_NATIVE).then_some(object)
    }

    /// A heap string.
    #[inline(always)]
    pub fn str(object: Gc<Str>) -> Value {
        Self::from_address(object, TAG_STR)
    }

    /// A list.
    #[inline(always)]
    pub fn list(object: Gc<List>) -> Value {
        Self::from_address(object, TAG_LIST)
    }

    /// A map.
    #[inline(always)]
    pub fn map(object: Gc<Map>) -> Value {
        Self::from_address(object, TAG_MAP)
    }

    /// A function.
    #[inline(always)]
    pub fn func(object: Gc<Func>) -> Value {
        Self::from_address(object, TAG_FUNC)
    }

    /// An environment.
    #[inline(always)]
    pub fn env(object: Gc<Env>) -> Value {
        Self::from_address(object, TAG_OBJECT)
    }

    /// An object of the host.
    pub fn native(object: Gc<NativeObject>) -> Value {
        Self::from_address(object, TAG_OBJECT)
    }

    /// The cell it refers to, if it refers to one.
    #[inline(always)]
    pub fn as_cell(self) -> Option<NonNull<Header>> {
        if self.0 <= TAG_STR || self.0 == TAG_FUNC {
            return None;
        }
        NonNull::new(core::ptr::with_exposed_provenance_mut((self.0 << 16 >> 16) as usize))
    }
}

impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.as_number() {
            Some(x) => write!(f, "{x}"),
            None => write!(f, "{:?}({:#x})", self.type_of(), self.0 & 0xFFFF_FFFF_FFFF),
        }
    }
}
