//! Where pages for code come from: the operating system, or in tests one that refuses.
#![allow(unsafe_code)] // Changes what may be done with pages.

use crate::target::Refused;

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing.
    None,
    /// Reading and writing.
    ReadWrite,
    /// Reading and executing.
    ReadExecute,
}

/// Where pages come from. What was reserved stays so until the source is dropped.
pub trait PageSource: Send {
    /// Reserves a range of addresses, which nothing may access yet; it begins with a page.
    ///
    /// # Errors
    ///
    /// [`Refused`] by the system.
    fn reserve(&mut self, bytes: usize) -> Result<*mut u8, Refused>;

    /// Changes what may be done with whole pages of a reserved range, from an address on.
    ///
    /// # Errors
    ///
    /// [`Refused`] by the system; nothing changed.
    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused>;
}

/// Pages of the operating system.
#[derive(Default)]
pub struct SystemPages {
    ranges: Vec<region::Allocation>,
}

// SAFETY: the ranges belong to whoever holds this, and no thread is special to the system.
unsafe impl Send for SystemPages {}

impl PageSource for SystemPages {
    fn reserve(&mut self, bytes: usize) -> Result<*mut u8, Refused> {
        let mut range = region::alloc(bytes, region::Protection::NONE).map_err(|_| Refused)?;
        let start = range.as_mut_ptr();
        self.ranges.push(range);
        Ok(start)
    }

    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused> {
        let inside = |range: &region::Allocation| {
            let range = range.as_ptr_range::<u8>();
            range.start.addr() <= at && at + bytes <= range.end.addr()
        };
        assert!(self.ranges.iter().any(inside), "only pages of this source");
        let to = match to {
            Protection::None => region::Protection::NONE,
            Protection::ReadWrite => region::Protection::READ_WRITE,
            Protection::ReadExecute => region::Protection::READ_EXECUTE,
        };
        // SAFETY: the pages are ours, as just seen, and no Rust value lies in them.
        let changed =
            unsafe { region::protect(core::ptr::without_provenance::<u8>(at), bytes, to) };
        changed.map_err(|_| Refused)
    }
}

/// For tests: refuses the request number `n`, and with `always` all behind it.
pub struct FailingPages<S> {
    source: S,
    /// Requests that are granted before the one that is not.
    left: u64,
    always: bool,
}

impl<S: PageSource> FailingPages<S> {
    /// Grants `n` requests of either kind.
    pub fn new(source: S, n: u64, always: bool) -> Self {
        FailingPages { source, left: n, always }
    }

    fn request(&mut self) -> Result<(), Refused> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(());
        }
        if !self.always {
            self.left = u64::MAX;
        }
        Err(Refused)
    }
}

impl<S: PageSource> PageSource for FailingPages<S> {
    fn reserve(&mut self, bytes: usize) -> Result<*mut u8, Refused> {
        self.request()?;
        self.source.reserve(bytes)
    }

    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused> {
        self.request()?;
        self.source.protect(at, bytes, to)
    }
}
