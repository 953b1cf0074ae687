//! Strings: immutable UTF-8, in the value itself, in the cell, or in a buffer that several strings
//! can share.
//!
//! `s = s + x` is how scripts build text. When `s` ends where the used part of its buffer ends, the
//! new string takes the room behind it and both share the buffer: appending costs the length of
//! `x`, and no string ever changes. Lengths in code points are counted once, when a string is made;
//! a string of one-byte characters is indexed directly.
//!
//! *Atoms* are strings that are map keys: there is one of each content, so keys are equal when
//! their bits are.
#![allow(unsafe_code)] // Text lives in raw buffers.

use super::Refusal;
use super::object::{Gc, KIND_STR, Str};
use super::shape::Shapes;
use super::store::Store;
use super::value::{SHORT_MAX, Value};
use crate::heap::{Heap, Phase, new_cell};
use crate::limits::STRING_BYTES_MAX;
use core::cell::Cell as Field;
use core::ptr;

/// Bytes of text a cell holds.
pub const STR_INLINE: usize = 24;
/// Bytes of text that are looked through or copied in a step of work.
const BYTES_PER_STEP: usize = 8;
/// Smallest room of a buffer, in bytes.
const BUFFER_MIN: usize = 48;

/// Flag: the hash in the header is valid.
const HASHED: u8 = 1;
/// Flag: the string is in the table of atoms.
const ATOM: u8 = 2;
/// Flag: the text is in a buffer.
const BUFFERED: u8 = 4;

/// Text shared by strings that are prefixes of it.
#[repr(C)]
pub struct StrBuffer {
    /// Strings that use it.
    refs: Field<u32>,
    /// Bytes taken by the longest of them.
    used: Field<u32>,
    /// Bytes there is room for.
    capacity: u32,
    padding: u32,
}

const BUFFER_HEADER: usize = size_of::<StrBuffer>();

/// Text of a string value: borrowed from the heap, or copied out of the value.
pub enum Text {
    /// A short string.
    Short([u8; 8], usize),
    /// A heap string.
    Heap(Gc<Str>),
}

impl Text {
    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Text::Short(bytes, len) => &bytes[..*len],
            Text::Heap(s) => s.bytes(),
        }
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: strings are made from UTF-8 only.
        unsafe { core::str::from_utf8_unchecked(self.bytes()) }
    }
}

impl Value {
    /// The text of a string, or `None` for another type.
    #[inline]
    pub fn text(self) -> Option<Text> {
        if self.is_short() {
            let (bytes, len) = self.short_bytes();
            return Some(Text::Short(bytes, len));
        }
        self.as_str().map(Text::Heap)
    }
}

impl Str {
    /// The bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes from `bytes` are initialized and never change while the string lives.
        unsafe { core::slice::from_raw_parts(self.bytes.get(), self.len.get() as usize) }
    }

    /// Whether every character is one byte.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.len.get() == self.chars.get()
    }

    fn flag(&self, flag: u8) -> bool {
        self.header.flags.get() & flag != 0
    }

    fn buffer(&self) -> *mut StrBuffer {
        ptr::with_exposed_provenance_mut(self.inline.get()[0] as usize)
    }

    /// Hash of the text, as [`Str::hash`]. Notes the work, a step for each byte.
    #[inline]
    pub fn hash_in(&self, shapes: &Shapes) -> u32 {
        if !self.flag(HASHED) {
            shapes.note_work(self.bytes().len());
        }
        self.hash()
    }

    /// Hash of the text, computed once: FNV-1a, 32 bits (spec, Appendix B).
    pub fn hash(&self) -> u32 {
        if !self.flag(HASHED) {
            self.header.info.set(super::math::hash_string(self.bytes()));
            self.header.flags.set(self.header.flags.get() | HASHED);
        }
        self.header.info.get()
    }
}

/// Number of code points of UTF-8.
#[inline]
pub fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count()
}

/// Size in bytes of the character that begins with this byte.
#[inline(always)]
pub fn char_width(first: u8) -> usize {
    match first {
        0..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// Byte offset of character `index`, or the length when there are fewer.
pub fn char_offset(bytes: &[u8], index: usize) -> usize {
    let mut at = 0;
    for _ in 0..index {
        if at >= bytes.len() {
            break;
        }
        at += char_width(bytes[at]);
    }
    at.min(bytes.len())
}

impl Store {
    /// A string.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it is too large or memory is refused.
    pub fn new_str(&mut self, text: &str) -> Result<Value, Refusal> {
        self.new_str_parts(&[text.as_bytes()], None)
    }

    /// A string from bytes of valid UTF-8 whose number of characters may be known.
    pub(crate) fn new_str_parts(
        &mut self,
        parts: &[&[u8]],
        chars: Option<usize>,
    ) -> Result<Value, Refusal> {
        let len: usize = parts.iter().map(|p| p.len()).sum();
        if len <= SHORT_MAX {
            let mut bytes = [0; SHORT_MAX];
            copy_parts(parts, &mut bytes);
            return Ok(Value::short(&bytes[..len]));
        }
        let chars = chars.unwrap_or_else(|| parts.iter().map(|p| count_chars(p)).sum());
        let (s, to) = self.raw_str(len, chars)?;
        let mut at = to;
        for part in parts {
            // SAFETY: `raw_str` made room for the sum of the lengths.
            unsafe {
                ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
                at = at.add(part.len());
            }
        }
        Ok(Value::str(s))
    }

    /// A cell for a string of `len` bytes, and where its text goes.
    fn raw_str(&mut self, len: usize, chars: usize) -> Result<(Gc<Str>, *mut u8), Refusal> {
        if len > STRING_BYTES_MAX {
            return Err(Refusal::StringTooLarge);
        }
        if len > STR_INLINE {
            let buffer = self.new_str_buffer(len.max(BUFFER_MIN))?;
            // SAFETY: a fresh buffer with room for `len` bytes.
            let bytes = unsafe { buffer.cast::<u8>().add(BUFFER_HEADER) };
            let s = match self.str_cell(bytes, len, chars, buffer) {
                Ok(s) => s,
                Err(refusal) => {
                    // SAFETY: nobody else has the buffer.
                    unsafe { free_buffer(&mut self.heap, buffer) };
                    return Err(refusal);
                }
            };
            // SAFETY: as above.
            unsafe { (*buffer).used.set(len as u32) };
            return Ok((s, bytes));
        }
        let s = self.str_cell(ptr::null(), len, chars, ptr::null_mut())?;
        // SAFETY: the inline text of the fresh cell.
        let bytes = unsafe { (&raw mut (*s.as_ptr()).inline).cast::<u8>() };
        s.bytes.set(bytes);
        Ok((s, bytes))
    }

    fn str_cell(
        &mut self,
        bytes: *const u8,
        len: usize,
        chars: usize,
        buffer: *mut StrBuffer,
    ) -> Result<Gc<Str>, Refusal> {
        let cell = new_cell(self, KIND_STR, 0)?;
        // SAFETY: a fresh cell; every field is written here.
        unsafe {
            let s = cell.cast::<Str>().as_ptr();
            (&raw mut (*s).bytes).write(bytes.into());
            (&raw mut (*s).len).write((len as u32).into());
            (&raw mut (*s).chars).write((chars as u32).into());
            (&raw mut (*s).inline).write([buffer.expose_provenance() as u64, 0, 0].into());
            if !buffer.is_null() {
                (*s).header.flags.set(BUFFERED);
            }
            Ok(Gc::from_cell(cell))
        }
    }

    fn new_str_buffer(&mut self, capacity: usize) -> Result<*mut StrBuffer, Refusal> {
        let buffer = self.heap.new_buffer(BUFFER_HEADER + capacity)?.cast::<StrBuffer>();
        let capacity = capacity as u32;
        // SAFETY: fresh memory, large enough for the header.
        unsafe { buffer.write(StrBuffer { refs: 1.into(), used: 0.into(), capacity, padding: 0 }) };
        Ok(buffer)
    }

    /// `left + right`, both strings.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when it would be too large or memory is refused.
    pub fn concat(&mut self, left: Value, right: &[u8]) -> Result<Value, Refusal> {
        let Some(l) = left.as_str() else {
            let (bytes, len) = left.short_bytes();
            return self.new_str_parts(&[&bytes[..len], right], None);
        };
        let len = l.len.get() as usize + right.len();
        if len <= STR_INLINE {
            return self.new_str_parts(
                &[l.bytes(), right],
                Some(l.chars.get() as usize + count_chars(right)),
            );
        }
        self.append(l, right, len)
    }

    /// `left` followed by `right`, `len` bytes together, in the buffer of `left` if it can be.
    fn append(&mut self, left: Gc<Str>, right: &[u8], len: usize) -> Result<Value, Refusal> {
        if len > STRING_BYTES_MAX {
            return Err(Refusal::StringTooLarge);
        }
        let chars = left.chars.get() as usize + count_chars(right);
        let mut capacity = len;
        if left.flag(BUFFERED) {
            let buffer = left.buffer();
            // SAFETY: the buffer lives as long as the string.
            let b = unsafe { &*buffer };
            // SAFETY: the text begins behind the header.
            let start = unsafe { buffer.cast::<u8>().add(BUFFER_HEADER) };
            let ends_it = left.bytes.get() as usize - start as usize + left.len.get() as usize
                == b.used.get() as usize;
            if ends_it && b.used.get() as usize + right.len() <= b.capacity as usize {
                let s = self.str_cell(left.bytes.get(), len, chars, buffer)?;
                // SAFETY: the room behind the used part belongs to nobody yet.
                unsafe {
                    ptr::copy_nonoverlapping(
                        right.as_ptr(),
                        start.add(b.used.get() as usize),
                        right.len(),
                    )
                };
                b.used.set(b.used.get() + right.len() as u32);
                b.refs.set(b.refs.get() + 1);
                return Ok(Value::str(s));
            }
            if ends_it {
                capacity = (len * 2).min(STRING_BYTES_MAX);
            }
        }
        let buffer = self.new_str_buffer(capacity.max(BUFFER_MIN))?;
        // SAFETY: a fresh buffer with room for both texts.
        unsafe {
            let start = buffer.cast::<u8>().add(BUFFER_HEADER);
            ptr::copy_nonoverlapping(left.bytes.get(), start, left.len.get() as usize);
            ptr::copy_nonoverlapping(
                right.as_ptr(),
                start.add(left.len.get() as usize),
                right.len(),
            );
            (*buffer).used.set(len as u32);
            match self.str_cell(start, len, chars, buffer) {
                Ok(s) => Ok(Value::str(s)),
                Err(refusal) => {
                    free_buffer(&mut self.heap, buffer);
                    Err(refusal)
                }
            }
        }
    }

    /// The part of a string from byte `from` to byte `to`, which must be character boundaries;
    /// shares long text.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn substring(&mut self, s: Value, from: usize, to: usize) -> Result<Value, Refusal> {
        let Some(text) = s.text() else { return Ok(Value::EMPTY) };
        let bytes = text.bytes();
        if from == 0 && to == bytes.len() {
            return Ok(s);
        }
        let part = &bytes[from..to];
        let Text::Heap(whole) = &text else { return self.new_str_parts(&[part], None) };
        // A part that keeps much of the buffer alive shares it; a small part is copied.
        let copies =
            part.len() <= STR_INLINE || !whole.flag(BUFFERED) || part.len() * 2 < bytes.len();
        if part.len() > STR_INLINE && (copies || !whole.is_ascii()) {
            self.shapes.note_work(part.len() / BYTES_PER_STEP);
        }
        let chars = if whole.is_ascii() { part.len() } else { count_chars(part) };
        if copies {
            return self.new_str_parts(&[part], Some(chars));
        }
        let buffer = whole.buffer();
        let shared = self.str_cell(part.as_ptr(), part.len(), chars, buffer)?;
        // SAFETY: the buffer lives as long as the string.
        unsafe { (*buffer).refs.set((*buffer).refs.get() + 1) };
        Ok(Value::str(shared))
    }

    /// Character `index` of a string; `None` when it has fewer.
    ///
    /// # Errors
    ///
    /// None in practice: a character fits the value.
    #[inline]
    pub fn char_at(&self, s: Value, index: usize) -> Option<Value> {
        if let Some(s) = s.as_str()
            && s.is_ascii()
        {
            return s.bytes().get(index).map(|&b| Value::ascii_char(b));
        }
        let text = s.text()?;
        let bytes = text.bytes();
        let at = self.char_offset(bytes, index);
        let first = *bytes.get(at)?;
        Some(Value::short(&bytes[at..at + char_width(first)]))
    }

    /// As the function [`char_offset`], with the work noted.
    pub fn char_offset(&self, bytes: &[u8], index: usize) -> usize {
        let at = char_offset(bytes, index);
        self.shapes.note_work(at / BYTES_PER_STEP);
        at
    }

    /// Number of code points of a string.
    #[inline]
    pub fn char_count(&self, s: Value) -> usize {
        match s.text() {
            Some(Text::Heap(s)) => s.chars.get() as usize,
            Some(Text::Short(bytes, len)) => count_chars(&bytes[..len]),
            None => 0,
        }
    }

    /// Whether two strings have the same text.
    #[inline]
    pub fn str_equal(a: Value, b: Value) -> bool {
        if a == b {
            return true;
        }
        match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => {
                a.len.get() == b.len.get()
                    && !(a.flag(ATOM) && b.flag(ATOM))
                    && a.bytes() == b.bytes()
            }
            _ => false,
        }
    }

    /// The atom with the text of `s`, so that equal keys have equal bits.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    #[inline]
    pub fn atom(&mut self, s: Value) -> Result<Value, Refusal> {
        match s.as_str() {
            None => Ok(s),
            Some(object) if object.flag(ATOM) => Ok(s),
            Some(object) => self.intern(object),
        }
    }

    /// The atom with the text of `s`, if there is one.
    pub fn find_atom(&mut self, s: Value) -> Option<Value> {
        match s.as_str() {
            None => Some(s),
            Some(object) if object.flag(ATOM) => Some(s),
            Some(object) => {
                let hash = object.hash_in(&self.shapes);
                self.find_interned(object.bytes(), hash).map(Value::str)
            }
        }
    }

    fn find_interned(&mut self, bytes: &[u8], hash: u32) -> Option<Gc<Str>> {
        let shapes = &self.shapes;
        // Whether there is an atom with the text or not, because that depends on when garbage was
        // collected. It is compared with others only where hashes were made to collide.
        shapes.note_work(bytes.len() / BYTES_PER_STEP);
        let found = *self.atoms.find(super::dict::spread(hash), |a| {
            let same = a.hash() == hash && a.bytes() == bytes;
            if !same && a.hash() == hash {
                shapes.note_work(1 + bytes.len() / BYTES_PER_STEP);
            }
            same
        })?;
        match self.heap.phase() {
            // The table is weak: what it gives out must be marked, and what is about to be freed
            // must not come back.
            Phase::Mark => self.heap.mark(found.cell()),
            Phase::Sweep if self.heap.is_dead(found.cell()) => return None,
            _ => {}
        }
        Some(found)
    }

    #[inline(never)]
    fn intern(&mut self, s: Gc<Str>) -> Result<Value, Refusal> {
        let hash = s.hash_in(&self.shapes);
        if let Some(atom) = self.find_interned(s.bytes(), hash) {
            return Ok(Value::str(atom));
        }
        self.reserve_atom()?;
        self.atoms.insert_unique(super::dict::spread(hash), s, |a| super::dict::spread(a.hash()));
        s.header.flags.set(s.header.flags.get() | ATOM);
        Ok(Value::str(s))
    }

    /// The atom for a text, made when there is none.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when memory is refused.
    pub fn atom_from(&mut self, text: &str) -> Result<Value, Refusal> {
        let noted = self.shapes.take_work();
        let atom = self.atom_of(text);
        // Names are no work of the script: when they are looked up depends on when code is linked,
        // and what is found on when garbage was collected.
        self.shapes.take_work();
        self.shapes.note_work(noted);
        atom
    }

    fn atom_of(&mut self, text: &str) -> Result<Value, Refusal> {
        if text.len() > SHORT_MAX {
            let hash = super::math::hash_string(text.as_bytes());
            if let Some(atom) = self.find_interned(text.as_bytes(), hash) {
                return Ok(Value::str(atom));
            }
        }
        let s = self.new_str(text)?;
        self.atom(s)
    }

    /// Lets go of the text of a string that is about to be freed.
    pub(super) fn release_str(&mut self, s: Gc<Str>) {
        if s.flag(ATOM) {
            let hash = super::dict::spread(s.hash());
            if let Ok(entry) = self.atoms.find_entry(hash, |a| *a == s) {
                entry.remove();
            }
        }
        if s.flag(BUFFERED) {
            let buffer = s.buffer();
            // SAFETY: this string is one of its users until here.
            unsafe {
                let refs = (*buffer).refs.get() - 1;
                (*buffer).refs.set(refs);
                if refs == 0 {
                    free_buffer(&mut self.heap, buffer);
                }
            }
        }
    }
}

unsafe fn free_buffer(heap: &mut Heap, buffer: *mut StrBuffer) {
    // SAFETY: the caller owns the last use of the buffer.
    unsafe {
        let size = BUFFER_HEADER + (*buffer).capacity as usize;
        heap.free_buffer(buffer.cast(), size);
    }
}

fn copy_parts(parts: &[&[u8]], to: &mut [u8]) {
    let mut at = 0;
    for part in parts {
        to[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
}
