//! What the host brings: memory, output, a clock.

use brisk_core::HostAllocator;
use brisk_core::vm::{Clock, Output, OutputStream};
use core::alloc::Layout;
use core::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Which stream a text belongs to.
pub type brisk_stream = i32;

/// What scripts print.
pub const BRISK_STREAM_OUTPUT: brisk_stream = 0;
/// Reports about scripts.
pub const BRISK_STREAM_ERROR: brisk_stream = 1;

/// Gives `size` bytes at a multiple of `align`, or NULL. Must not call anything of its VM.
pub type brisk_allocate_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void>;
/// Takes back what `brisk_allocate_fn` gave for the same size and alignment. Must not call anything
/// of its VM.
pub type brisk_release_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, size: usize, align: usize)>;
/// Receives a text, which lives until it returns; `line_break` says that a line ends behind it. Must
/// not call anything of its VM.
pub type brisk_output_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        stream: brisk_stream,
        text: *const c_char,
        len: usize,
        line_break: i32,
    ),
>;
/// Says how many seconds have passed since some fixed moment; never goes back. Must not call
/// anything of its VM.
pub type brisk_clock_fn = Option<unsafe extern "C" fn(user: *mut c_void) -> f64>;
/// Told when the memory in use exceeds the soft limit. Must not call anything of its VM.
pub type brisk_soft_limit_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, used: usize, limit: usize)>;
/// Told that what it was registered with is not needed any more.
pub type brisk_destructor_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// An allocator of the host. Its address is what the core keeps.
pub(crate) struct CAllocator {
    pub(crate) allocate: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    pub(crate) release: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize),
    pub(crate) user: *mut c_void,
}

impl CAllocator {
    /// For the core. The allocator must outlive the machine.
    pub(crate) fn for_core(&self) -> HostAllocator {
        HostAllocator {
            allocate: |user, layout| {
                let this = CAllocator::at(user);
                // SAFETY: functions of the host, called as it was promised.
                unsafe { (this.allocate)(this.user, layout.size(), layout.align()) }.cast()
            },
            free: |user, memory: *mut u8, layout: Layout| {
                let this = CAllocator::at(user);
                // SAFETY: as above.
                unsafe { (this.release)(this.user, memory.cast(), layout.size(), layout.align()) }
            },
            user: core::ptr::from_ref(self).expose_provenance(),
        }
    }

    fn at<'a>(address: usize) -> &'a CAllocator {
        // SAFETY: `for_core` gave the address of an allocator that outlives the machine.
        unsafe { &*core::ptr::with_exposed_provenance(address) }
    }
}

/// A function of the host that hears of much memory, for the core.
pub(crate) fn soft_limit(
    told: unsafe extern "C" fn(*mut c_void, usize, usize),
    user: *mut c_void,
) -> Box<dyn FnMut(usize, usize) + Send> {
    let user = SendUser(user);
    Box::new(move |used, limit| {
        let user = user;
        // SAFETY: a function of the host, called as it was promised.
        unsafe { told(user.0, used, limit) }
    })
}

#[derive(Clone, Copy)]
struct SendUser(*mut c_void);

// SAFETY: a VM may move between threads, and whoever brings the pointer knows that.
unsafe impl Send for SendUser {}

/// Output of a script to the host.
pub(crate) struct COutput {
    pub(crate) write: unsafe extern "C" fn(*mut c_void, brisk_stream, *const c_char, usize, i32),
    pub(crate) user: *mut c_void,
}

// SAFETY: a VM may move between threads, and whoever brings the function knows that.
unsafe impl Send for COutput {}

impl Output for COutput {
    fn write(&mut self, stream: OutputStream, text: &str, line_break: bool) {
        let stream = match stream {
            OutputStream::Standard => BRISK_STREAM_OUTPUT,
            OutputStream::Error => BRISK_STREAM_ERROR,
        };
        let (data, len) = (text.as_ptr().cast(), text.len());
        // SAFETY: a function of the host, called as it was promised.
        unsafe { (self.write)(self.user, stream, data, len, i32::from(line_break)) }
    }
}

/// Time that the host sets; shared between a VM and its clock.
pub(crate) struct VirtualTime(AtomicU64);

impl VirtualTime {
    /// Not set.
    pub(crate) fn new() -> Arc<VirtualTime> {
        Arc::new(VirtualTime(AtomicU64::new(f64::NAN.to_bits())))
    }

    /// What it was set to.
    fn get(&self) -> Option<f64> {
        let seconds = f64::from_bits(self.0.load(Ordering::Relaxed));
        (!seconds.is_nan()).then_some(seconds)
    }

    /// Sets it; false when it would go back.
    pub(crate) fn set(&self, seconds: f64) -> bool {
        let forward = self.get().is_none_or(|now| seconds >= now) && seconds.is_finite();
        if forward {
            self.0.store(seconds.to_bits(), Ordering::Relaxed);
        }
        forward
    }
}

/// The clock of a VM: the time that was set, else that of the host's function, else the system's.
pub(crate) struct CClock {
    pub(crate) time: Arc<VirtualTime>,
    pub(crate) function: brisk_clock_fn,
    pub(crate) user: *mut c_void,
    pub(crate) started: Instant,
}

// SAFETY: as for `COutput`.
unsafe impl Send for CClock {}

impl Clock for CClock {
    fn now(&mut self) -> f64 {
        match (self.time.get(), self.function) {
            (Some(seconds), _) => seconds,
            // SAFETY: a function of the host, called as it was promised.
            (None, Some(function)) => unsafe { function(self.user) },
            (None, None) => self.started.now(),
        }
    }
}
