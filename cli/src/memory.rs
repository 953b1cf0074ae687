//! How the command's allocator keeps memory.
#![allow(unsafe_code)] // A setting of the C library.

/// Keeps memory that scripts gave back for the next large list, instead of returning it to the
/// system and having every page of the next one cleared again. The C library does so by itself
/// after a while; a script that fills a list of a few million elements five times is over by then.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep_freed() {
    /// Larger requests are mapped for themselves; the most the library allows.
    const MAPPED_FROM: libc::c_int = 32 << 20;
    /// What lies free at the end of the heap before it is returned.
    const KEPT: libc::c_int = 128 << 20;
    // SAFETY: settings of the allocator, before other threads are there. Refused, nothing changes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}

/// Other C libraries keep what they like.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_freed() {}
