//! How the command's allocator keeps memory, and on what pages.
#![allow(unsafe_code)] // Settings of the C library and the system.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) use glibc::{allocator, keep_freed};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use brisk_core::HostAllocator;
    use std::alloc::Layout;

    /// Keeps memory that scripts gave back for the next large list, instead of returning it to the
    /// system and having every page of the next one cleared again. The C library does so by itself
    /// after a while; a script that fills a list of a few million elements five times is over by
    /// then.
    pub(crate) fn keep_freed() {
        /// Larger requests are mapped for themselves; the most the library allows.
        const MAPPED_FROM: libc::c_int = 32 << 20;
        /// What lies free at the end of the heap before it is returned.
        const KEPT: libc::c_int = 128 << 20;
        // SAFETY: settings of the allocator, before other threads are there. Refused, nothing
        // changes.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }

    /// Rust's allocator, with huge pages for what is large: a list of millions of elements that is
    /// not walked in order waits for page tables rather than for memory.
    pub(crate) fn allocator() -> HostAllocator {
        HostAllocator { allocate: on_huge_pages, ..HostAllocator::default() }
    }

    /// Bytes of a huge page. Where the kernel has others, the advice is only less useful.
    const HUGE_PAGE: usize = 2 << 20;
    /// Requests from this size on get the advice.
    const LARGE: usize = 2 * HUGE_PAGE;

    fn on_huge_pages(user: usize, layout: Layout) -> *mut u8 {
        let memory = (HostAllocator::default().allocate)(user, layout);
        if layout.size() >= LARGE && !memory.is_null() {
            let start = (memory as usize).next_multiple_of(HUGE_PAGE);
            let end = (memory as usize + layout.size()) / HUGE_PAGE * HUGE_PAGE;
            // SAFETY: whole pages within memory that was just allocated. Advice may be refused.
            unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
        }
        memory
    }
}

/// Other C libraries keep what they like.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_freed() {}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn allocator() -> brisk_core::HostAllocator {
    brisk_core::HostAllocator::default()
}
