//! Where memory comes from, how much is used, and how much may be.
//!
//! Objects and their buffers come from [`Memory::allocate`]; tables of the machine (code, shapes,
//! indices) come from Rust's allocator and are counted by [`Memory::charge`]. Both can refuse: because
//! of the machine's byte limit, because the host's allocator says no, or because a test asked for the
//! n-th request to fail.

use core::alloc::Layout;

/// Why memory was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocError {
    /// The machine's byte limit.
    Limit,
    /// The host's allocator, or a test.
    Refused,
}

/// Functions of the host that give and take memory, instead of Rust's global allocator.
#[derive(Clone, Copy)]
pub struct HostAllocator {
    /// Returns memory for the layout, or null.
    pub allocate: fn(user: usize, layout: Layout) -> *mut u8,
    /// Frees memory given by `allocate` for the same layout.
    pub free: fn(user: usize, memory: *mut u8, layout: Layout),
    /// Passed to both.
    pub user: usize,
}

fn global_allocate(_: usize, layout: Layout) -> *mut u8 {
    // SAFETY: `Memory` never asks for a size of zero.
    unsafe { alloc::alloc::alloc(layout) }
}

fn global_free(_: usize, memory: *mut u8, layout: Layout) {
    // SAFETY: `Memory` frees what it allocated, with the same layout.
    unsafe { alloc::alloc::dealloc(memory, layout) }
}

impl Default for HostAllocator {
    fn default() -> Self {
        HostAllocator { allocate: global_allocate, free: global_free, user: 0 }
    }
}

/// The accounts of one machine.
pub struct Memory {
    /// Bytes in use.
    pub used: usize,
    /// Most bytes that were in use at once.
    pub peak: usize,
    /// Most bytes that may be in use.
    pub limit: usize,
    /// Requests left until one fails; `u64::MAX` means never. For tests.
    pub fail_after: u64,
    source: HostAllocator,
}

impl Memory {
    /// Accounts with a limit in bytes.
    pub fn new(limit: usize, source: HostAllocator) -> Self {
        Memory { used: 0, peak: 0, limit, fail_after: u64::MAX, source }
    }

    /// Counts a request that may be told to fail; also asked for requests served from memory
    /// already held.
    ///
    /// # Errors
    ///
    /// [`AllocError::Refused`] when a test asked for it.
    #[inline]
    pub fn gate(&mut self) -> Result<(), AllocError> {
        if self.fail_after != u64::MAX {
            if self.fail_after == 0 {
                return Err(AllocError::Refused);
            }
            self.fail_after -= 1;
        }
        Ok(())
    }

    fn layout(size: usize) -> Result<Layout, AllocError> {
        Layout::from_size_align(size.max(1), 16).map_err(|_| AllocError::Limit)
    }

    /// Counts `size` bytes held elsewhere (a table of the machine, memory of a native object).
    ///
    /// # Errors
    ///
    /// [`AllocError::Limit`] when they do not fit below the limit; nothing is counted then.
    pub fn charge(&mut self, size: usize) -> Result<(), AllocError> {
        self.gate()?;
        let used = self.used.checked_add(size).ok_or(AllocError::Limit)?;
        if used > self.limit {
            return Err(AllocError::Limit);
        }
        self.used = used;
        self.peak = self.peak.max(used);
        Ok(())
    }

    /// Takes back [`Memory::charge`].
    pub fn discharge(&mut self, size: usize) {
        self.used -= size.min(self.used);
    }

    /// `size` bytes, aligned to 16.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when the limit, the host or a test refuses.
    pub fn allocate(&mut self, size: usize) -> Result<*mut u8, AllocError> {
        let layout = Self::layout(size)?;
        self.charge(layout.size())?;
        let memory = (self.source.allocate)(self.source.user, layout);
        if memory.is_null() {
            self.used -= layout.size();
            return Err(AllocError::Refused);
        }
        debug_assert!(memory as u64 >> 48 == 0, "pointers must fit 48 bits");
        Ok(memory)
    }

    /// Frees memory of [`Memory::allocate`].
    ///
    /// # Safety
    ///
    /// `memory` came from this account with this `size`, and is not used again.
    pub unsafe fn free(&mut self, memory: *mut u8, size: usize) {
        if let Ok(layout) = Self::layout(size) {
            self.used -= layout.size();
            (self.source.free)(self.source.user, memory, layout);
        }
    }
}
