//! Memory for machine code: one range of addresses, in which pages are written once and then made
//! executable, never both at once.
//!
//! ```text
//! allocate   addresses are known, nothing may access them
//! publish    writable, written, executable; from then on nothing changes
//! free       nothing may access them; they can be allocated again
//! ```
//!
//! Chunks are whole pages, handed out first fit, so that code lies close together. What the system
//! refuses, at any time, is a [`Refused`], and what was there before stays usable.
//!
//! A system can lock memory down in two ways: it refuses to make pages executable, or the whole range
//! already. [`CodeMemory::probe`] finds out before anything is compiled.
#![allow(unsafe_code)] // Writes to raw pages, and calls a function in one.

mod pages;

pub use pages::{FailingPages, PageSource, Protection, SystemPages};

use crate::target::Refused;
use brisk_core::native::NativeStatus;
use dynasmrt::cache_control::{prepare_for_execution, synchronize_icache};
use std::collections::BTreeMap;

/// Bytes of addresses that are asked for, in this order. Small enough for a direct jump between any
/// two places of it: 128 MiB on AArch64, 2 GiB on x86-64. Most of it is never used.
const RANGES: [usize; 3] = [64 << 20, 16 << 20, 4 << 20];

/// Executable memory of one machine.
pub struct CodeMemory {
    pages: Box<dyn PageSource>,
    start: *mut u8,
    page: usize,
    /// Free pieces of the range by offset; no two are neighbours.
    free: BTreeMap<usize, usize>,
    /// Chunks in use by offset.
    chunks: BTreeMap<usize, Chunk>,
    bytes_in_use: usize,
    bytes_max: usize,
    refusals: u64,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    bytes: usize,
    published: bool,
}

// SAFETY: the range belongs to this memory, and its source can go to another thread.
unsafe impl Send for CodeMemory {}

impl CodeMemory {
    /// Reserves a range. At most `bytes_max` bytes of it will be in use at once.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the system has no addresses left, or allows none for code.
    pub fn new(mut pages: Box<dyn PageSource>, bytes_max: usize) -> Result<CodeMemory, Refused> {
        for (refusals, size) in RANGES.into_iter().enumerate() {
            let Ok(start) = pages.reserve(size) else { continue };
            return Ok(CodeMemory {
                pages,
                start,
                page: region::page::size(),
                free: BTreeMap::from([(0, size)]),
                chunks: BTreeMap::new(),
                bytes_in_use: 0,
                bytes_max,
                refusals: refusals as u64,
            });
        }
        Err(Refused)
    }

    /// Whether code can run here: writes a function, makes it executable and calls it.
    pub fn probe(&mut self) -> NativeStatus {
        if FORTY_TWO.is_empty() {
            return NativeStatus::CpuUnsupported;
        }
        let Ok(at) = self.allocate(FORTY_TWO.len()) else { return NativeStatus::Denied };
        let mut answer = None;
        if self.publish(at, FORTY_TWO).is_ok() {
            let code = self.pointer(self.offset(at));
            prepare_for_execution(&[]);
            // SAFETY: a function for this processor, which needs no more than its return address.
            let function: extern "C" fn() -> u32 = unsafe { core::mem::transmute(code) };
            answer = Some(function());
        }
        self.free(at);
        if answer == Some(42) { NativeStatus::Available } else { NativeStatus::Denied }
    }

    /// Address of the range: what native return addresses count from. The first chunk lies there.
    pub fn start(&self) -> u64 {
        self.start.expose_provenance() as u64
    }

    /// Bytes of all chunks, which are whole pages.
    pub fn bytes_in_use(&self) -> usize {
        self.bytes_in_use
    }

    /// Times that the system, or the limit, refused something.
    pub fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Takes a chunk for at least `len` bytes of code, and says where they will lie.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the range or the limit is used up.
    pub fn allocate(&mut self, len: usize) -> Result<u64, Refused> {
        let found = self.whole_pages(len).and_then(|bytes| {
            let fits = self.bytes_max.checked_sub(self.bytes_in_use)? >= bytes;
            let (&at, &size) = self.free.iter().find(|(_, size)| fits && **size >= bytes)?;
            Some((at, size, bytes))
        });
        let Some((at, size, bytes)) = found else {
            self.refusals += 1;
            return Err(Refused);
        };
        self.free.remove(&at);
        if size > bytes {
            self.free.insert(at + bytes, size - bytes);
        }
        self.chunks.insert(at, Chunk { bytes, published: false });
        self.bytes_in_use += bytes;
        Ok(self.start() + at as u64)
    }

    /// Gives back what a chunk that is not yet published has behind its first `len` bytes.
    pub fn trim(&mut self, address: u64, len: usize) {
        let at = self.offset(address);
        let chunk = self.chunk(at);
        let Some(bytes) = self.whole_pages(len).filter(|&bytes| bytes < chunk.bytes) else {
            return;
        };
        assert!(!chunk.published, "published code is not changed");
        self.chunks.insert(at, Chunk { bytes, published: false });
        self.release(at + bytes, chunk.bytes - bytes);
    }

    /// Writes the code of a chunk and makes it executable. Only once: code is never changed.
    ///
    /// # Errors
    ///
    /// [`Refused`] by the system. The chunk is still there, without code.
    pub fn publish(&mut self, address: u64, code: &[u8]) -> Result<(), Refused> {
        let at = self.offset(address);
        let chunk = self.chunk(at);
        assert!(
            !chunk.published && code.len() <= chunk.bytes,
            "a fresh chunk that is large enough"
        );
        self.protect(at, chunk.bytes, Protection::ReadWrite)?;
        let target = self.pointer(at);
        // SAFETY: pages of the chunk, writable now; nobody else refers to them.
        unsafe { core::ptr::copy_nonoverlapping(code.as_ptr(), target, code.len()) };
        if let Err(refused) = self.protect(at, chunk.bytes, Protection::ReadExecute) {
            // They need not stay writable either. Nothing depends on that, so it may be refused.
            let _ = self.protect(at, chunk.bytes, Protection::None);
            return Err(refused);
        }
        // SAFETY: just written, and only read from now on.
        synchronize_icache(unsafe { core::slice::from_raw_parts(target, code.len()) });
        self.chunks.insert(at, Chunk { published: true, ..chunk });
        Ok(())
    }

    /// Gives a chunk back. Nothing may run in it or return to it any more.
    pub fn free(&mut self, address: u64) {
        let at = self.offset(address);
        let chunk = self.chunk(at);
        if chunk.published {
            // When this is refused the pages stay executable until they are written again.
            let _ = self.protect(at, chunk.bytes, Protection::None);
        }
        self.chunks.remove(&at);
        self.release(at, chunk.bytes);
    }

    /// Makes a piece of the range free, as one with its free neighbours.
    fn release(&mut self, at: usize, bytes: usize) {
        self.bytes_in_use -= bytes;
        let (mut first, mut end) = (at, at + bytes);
        if let Some((&before, &size)) = self.free.range(..at).next_back()
            && before + size == at
        {
            first = before;
        }
        if let Some(size) = self.free.remove(&end) {
            end += size;
        }
        self.free.insert(first, end - first);
    }

    fn whole_pages(&self, len: usize) -> Option<usize> {
        len.max(1).checked_next_multiple_of(self.page)
    }

    fn offset(&self, address: u64) -> usize {
        (address - self.start()) as usize
    }

    fn chunk(&self, at: usize) -> Chunk {
        *self.chunks.get(&at).expect("the address of a chunk in use")
    }

    fn pointer(&self, at: usize) -> *mut u8 {
        self.start.wrapping_add(at)
    }

    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused> {
        let result = self.pages.protect(self.start.addr() + at, bytes, to);
        self.refusals += u64::from(result.is_err());
        result
    }
}

/// A function that returns 42; empty on processors without a back end.
#[cfg(target_arch = "x86_64")]
const FORTY_TWO: &[u8] = &[0xB8, 42, 0, 0, 0, 0xC3];
/// A function that returns 42; empty on processors without a back end.
#[cfg(target_arch = "aarch64")]
const FORTY_TWO: &[u8] = &[0x40, 0x05, 0x80, 0x52, 0xC0, 0x03, 0x5F, 0xD6];
/// A function that returns 42; empty on processors without a back end.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FORTY_TWO: &[u8] = &[];
