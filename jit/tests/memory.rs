//! Memory for code: when the system refuses something, when chunks come and go, and at its limits.
#![allow(unsafe_code)] // Looks at the bytes of chunks.

use brisk_jit::memory::{CodeMemory, FailingPages, PageSource, Protection};
use brisk_jit::target::Refused;
use std::ptr::with_exposed_provenance;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Limit of memories whose limit does not matter.
const BYTES_MAX: usize = 1 << 20;

fn page() -> usize {
    region::page::size()
}

/// Where pages come from in most tests: the heap, and only those that are used. What may be done with
/// them is noted, and how it changes is checked.
#[derive(Default)]
struct HeapPages {
    memory: Vec<u128>,
    /// Larger ranges are refused.
    range_max: usize,
    /// Of each page.
    noted: Arc<Mutex<Vec<Protection>>>,
}

/// The smallest range that is asked for.
const RANGE: usize = 4 << 20;
/// How many larger ones are asked for before it.
const TOO_LARGE: u64 = 2;

fn heap() -> HeapPages {
    HeapPages { range_max: RANGE, ..HeapPages::default() }
}

impl PageSource for HeapPages {
    fn reserve(&mut self, bytes: usize) -> Result<*mut u8, Refused> {
        assert!(self.memory.is_empty() && bytes.is_multiple_of(page()));
        if bytes > self.range_max {
            return Err(Refused);
        }
        let used = bytes.min(2 * BYTES_MAX);
        self.memory = vec![0; used / 16];
        *self.noted.lock().expect("no panic in between") = vec![Protection::None; used / page()];
        Ok(self.memory.as_mut_ptr().cast())
    }

    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused> {
        let start = at - self.memory.as_ptr().addr();
        assert!(start.is_multiple_of(page()) && bytes.is_multiple_of(page()) && bytes > 0);
        let pages = start / page()..(start + bytes) / page();
        for noted in &mut self.noted.lock().expect("no panic in between")[pages] {
            let from = core::mem::replace(noted, to);
            // What nobody has written to is not executed.
            assert!((from, to) != (Protection::None, Protection::ReadExecute));
        }
        Ok(())
    }
}

fn memory(pages: HeapPages, bytes_max: usize) -> CodeMemory {
    CodeMemory::new(Box::new(pages), bytes_max).expect("a range")
}

/// Counts what is refused.
struct Counted<S>(S, Arc<AtomicU64>);

impl<S: PageSource> Counted<S> {
    fn note<T>(&self, result: Result<T, Refused>) -> Result<T, Refused> {
        self.1.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        result
    }
}

impl<S: PageSource> PageSource for Counted<S> {
    fn reserve(&mut self, bytes: usize) -> Result<*mut u8, Refused> {
        let result = self.0.reserve(bytes);
        self.note(result)
    }

    fn protect(&mut self, at: usize, bytes: usize, to: Protection) -> Result<(), Refused> {
        let result = self.0.protect(at, bytes, to);
        self.note(result)
    }
}

fn bytes_at(address: u64, len: usize) -> &'static [u8] {
    // SAFETY: a published chunk that is not freed while the bytes are looked at.
    unsafe { std::slice::from_raw_parts(with_exposed_provenance(address as usize), len) }
}

/// Makes and frees code, and tries again what was refused.
fn make_code(pages: Box<dyn PageSource>, always: bool) {
    let Ok(mut memory) = CodeMemory::new(pages, BYTES_MAX) else {
        assert!(always, "a smaller range was there");
        return;
    };
    let mut chunks: Vec<(u64, Vec<u8>)> = Vec::new();
    for round in 0..8 {
        let code = vec![round; 1 + usize::from(round % 3) * page()];
        let room = code.len() + page();
        let at = memory.allocate(room).expect("nothing is asked of the system");
        memory.trim(at, code.len());
        let used = memory.bytes_in_use();
        let first = memory.publish(at, &code);
        assert_eq!(memory.bytes_in_use(), used, "publishing takes nothing");
        if first.is_ok() || memory.publish(at, &code).is_ok() {
            chunks.push((at, code));
        } else {
            assert!(always, "what was refused once was refused again");
            memory.free(at);
        }
        for (at, code) in &chunks {
            assert_eq!(bytes_at(*at, code.len()), code, "other code is as it was");
        }
        if round % 2 == 1 && !chunks.is_empty() {
            memory.free(chunks.remove(0).0);
        }
    }
    chunks.into_iter().for_each(|(at, _)| memory.free(at));
    assert_eq!(memory.bytes_in_use(), 0);
    let all = memory.allocate(BYTES_MAX);
    assert_eq!(all, Ok(memory.start()), "it is one piece again");
}

/// Runs with each request refused in turn, alone or with all behind it, until there are not so many.
fn at_every_request<S: PageSource + 'static>(
    source: impl Fn() -> S,
    run: impl Fn(Box<dyn PageSource>, bool),
) {
    for always in [false, true] {
        for n in 0.. {
            let refused = Arc::default();
            let pages = FailingPages::new(source(), n, always);
            run(Box::new(Counted(pages, Arc::clone(&refused))), always);
            match refused.load(Ordering::Relaxed) {
                0 => {
                    assert!(n > 10, "only {n} requests");
                    break;
                }
                count => assert!(always || count == 1),
            }
        }
    }
}

#[test]
fn every_request_may_be_refused() {
    let heap = || HeapPages { range_max: usize::MAX, ..HeapPages::default() };
    at_every_request(heap, make_code);
}

#[cfg(not(miri))]
#[test]
fn every_request_to_the_system_may_be_refused() {
    at_every_request(brisk_jit::memory::SystemPages::default, make_code);
}

#[test]
fn freed_chunks_are_used_again() {
    let mut memory = memory(heap(), BYTES_MAX);
    let start = memory.start();
    let at = |pages: usize| start + (pages * page()) as u64;
    let chunks = [1, 2, 1, 3].map(|pages| memory.allocate(pages * page()).expect("room"));
    assert_eq!(chunks, [at(0), at(1), at(3), at(4)]);
    assert_eq!(memory.bytes_in_use(), 7 * page());

    // The first hole that is large enough.
    memory.free(at(1));
    assert_eq!(memory.allocate(3 * page()), Ok(at(7)));
    assert_eq!(memory.allocate(page()), Ok(at(1)));
    assert_eq!(memory.allocate(2 * page()), Ok(at(10)));
    assert_eq!(memory.allocate(page()), Ok(at(2)));

    // Neighbours become one, in whatever order they are freed.
    for at in [at(3), at(1), at(2)] {
        memory.free(at);
    }
    assert_eq!(memory.allocate(3 * page()), Ok(at(1)));

    // What a chunk does not need is there for others.
    memory.free(at(4));
    let chunk = memory.allocate(2 * page() + 1).expect("room");
    assert_eq!(chunk, at(4));
    memory.trim(chunk, page());
    assert_eq!(memory.allocate(page()), Ok(at(5)));
    assert_eq!(memory.allocate(page()), Ok(at(6)));
    assert_eq!(memory.refusals(), TOO_LARGE);
}

#[test]
fn a_chunk_that_is_used_again_holds_the_new_code() {
    let pages = heap();
    let noted = Arc::clone(&pages.noted);
    let mut memory = memory(pages, BYTES_MAX);
    let at = memory.allocate(3).expect("room");
    let now = || noted.lock().expect("no panic in between")[0];
    assert_eq!(now(), Protection::None);
    for code in [b"one", b"two"] {
        assert_eq!(memory.publish(at, code), Ok(()));
        assert_eq!(bytes_at(at, 3), code);
        assert_eq!(now(), Protection::ReadExecute);
        memory.free(at);
        assert_eq!(now(), Protection::None);
        assert_eq!(memory.allocate(3), Ok(at));
    }
}

#[test]
fn at_the_limit_and_one_past() {
    let mut small = memory(heap(), 3 * page());
    let first = small.allocate(0).expect("even nothing takes a page");
    assert_eq!(small.allocate(2 * page() + 1), Err(Refused));
    assert!(small.allocate(2 * page()).is_ok());
    assert_eq!(small.allocate(1), Err(Refused));
    assert_eq!((small.bytes_in_use(), small.refusals()), (3 * page(), TOO_LARGE + 2));
    small.free(first);
    assert_eq!(small.allocate(1), Ok(first));

    // The range ends as well.
    let mut large = memory(heap(), usize::MAX);
    assert_eq!(large.allocate(RANGE + 1), Err(Refused));
    assert_eq!(large.allocate(usize::MAX), Err(Refused));
    let all = large.allocate(RANGE);
    assert_eq!(all, Ok(large.start()));
    assert_eq!(large.allocate(1), Err(Refused));
}
