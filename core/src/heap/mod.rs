//! The heap: cells of one size in blocks, an incremental collector, and the accounts of memory.
//!
//! Every object is a 48-byte cell that begins with a [`Header`]; what does not fit (long
//! strings, long lists, dictionaries) is a *buffer* owned by its cell. Cells never move. Marking
//! runs in slices between instructions and sweeping happens block by block, mostly when a cell is
//! needed. What one slice cannot split is the end of marking, which looks at the roots and at what was
//! written last.
//!
//! *Colours.* `live` is the colour of objects known to be reachable; the other of two values is
//! what the sweep frees. A cycle flips them, so nothing has to be cleared. Objects made while
//! marking start unmarked (the roots are looked at again at its end), those made while sweeping are
//! kept. Gray objects are marked but not yet scanned. The barrier is the backward one (Lua's
//! `luaC_barrierback`): a scanned object that is written to turns gray again. `barrier_color`
//! equals the scanned colour only while marking, so the check is one compare of a byte.
//!
//! *Large objects* are scanned in parts, from the end to the start: when elements are removed, the
//! others move towards the start, never past what is yet to be scanned. To scan one again because of
//! one element would take as long, so for them the barrier is the forward one: what is stored is
//! marked, and the object stays scanned. Only changes of many elements at once turn it gray.
//!
//! *When.* Allocation only counts debt. The machine works on a collection at safepoints
//! (`interp/gc.rs`), where every live value is in a root, so code between safepoints may hold plain pointers.
//!
//! Not here: what the objects mean. `value/` tells the heap how to trace and free them
//! ([`Objects`]).
#![allow(unsafe_code)] // Cells are raw memory.

mod memory;

pub use memory::{AllocError, HostAllocator, Memory};

use core::cell::Cell as Field;
use core::ptr::{self, NonNull};

/// Size of every heap object, in bytes.
pub const CELL_SIZE: usize = 48;
/// Size of the first block of a heap, in bytes: small, because many machines stay small.
const FIRST_BLOCK_SIZE: usize = 21 * CELL_SIZE;
/// Size of the largest block, in bytes.
const BLOCK_SIZE_MAX: usize = 64 * 1024;
/// Bytes allocated before the first collection, or half the limit when that is less.
const FIRST_THRESHOLD: isize = 64 * 1024;
/// Bytes allocated between two slices of a running collection.
const SLICE_BYTES: isize = 16 * 1024;
/// Cells and list elements marked, or cells swept, for each byte allocated while a collection runs,
/// times 16.
const WORK_PER_16_BYTES: isize = 3;
/// Most work of a slice: about a millisecond. What is left is due at the next safepoint.
pub const SLICE_WORK_MAX: isize = 32 * 1024;
/// Values of an object that are scanned in one piece.
const PART: usize = 1024;
/// Written objects that are left to the end of marking.
const WRITTEN_MAX: usize = 1000;
/// Times in a cycle that written objects are scanned before the end of marking. Each time takes a part
/// of the time that the one before took, unless scripts write more than the collector can scan.
const WRITTEN_ROUNDS_MAX: u32 = 6;
/// Least work of a slice that scans written objects, so that scripts do not write more meanwhile.
const WRITTEN_WORK: isize = 16 * 1024;
/// Blocks that are swept for one cell before a new block is made.
const SWEPT_FOR_CELL_MAX: usize = 8;
/// The same that each byte allocated pays for. More than a collection takes when the heap has doubled
/// since the last one.
const CREDIT_PER_16_BYTES: isize = 8;

/// First word of every object.
#[repr(C)]
pub struct Header {
    /// Maps: shape. Strings: hash. Environments: number of slots. Others: unused.
    pub info: Field<u32>,
    /// What the cell holds; 0 is a free cell.
    pub kind: Field<u8>,
    /// Colour for the collector.
    pub color: Field<u8>,
    /// Flags of the kind; the highest is the heap's.
    pub flags: Field<u8>,
    /// Maps: capacity of the slots.
    pub aux: Field<u8>,
}

/// A cell that is not in use.
#[repr(C)]
struct FreeCell {
    header: Header,
    next: *mut FreeCell,
}

const KIND_FREE: u8 = 0;
const GRAY: u8 = 3;
/// Flag of objects that are scanned in parts; kept in the flags of their kind.
const LARGE: u8 = 0x80;
/// A colour no object has: the barrier never fires.
const NO_COLOR: u8 = 0xFF;

/// The owner of a heap: knows what its objects mean.
pub trait Objects {
    /// The heap.
    fn heap(&mut self) -> &mut Heap;

    /// Marks every object that this one refers to with [`Heap::mark`] and returns how many values it
    /// looked at; or marks nothing and returns the number of parts when there are more than `most`.
    ///
    /// # Errors
    ///
    /// The number of parts (elements, entries) of a large object.
    ///
    /// # Safety
    ///
    /// The object must be alive.
    unsafe fn trace(&mut self, object: NonNull<Header>, most: usize) -> Result<usize, usize>;

    /// Marks what the parts of an object refer to that lie between two positions, as far as there are
    /// such parts now.
    ///
    /// # Safety
    ///
    /// The object must be alive, and one that [`Objects::trace`] called large.
    unsafe fn trace_part(&mut self, object: NonNull<Header>, from: usize, to: usize) -> usize;

    /// Releases the buffers of an object that is about to be freed.
    ///
    /// # Safety
    ///
    /// The object must be alive, and nothing may use it afterwards.
    unsafe fn release(&mut self, object: NonNull<Header>);
}

/// What a collection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Idle,
    /// Finding what is reachable.
    Mark,
    /// Freeing the rest.
    Sweep,
}

/// Figures of the collector, since the heap was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct GcStats {
    /// Collections finished.
    pub collections: u64,
    /// Slices run.
    pub slices: u64,
}

struct Block {
    start: *mut u8,
    size: usize,
    /// Cells handed out by bumping; those above were never used.
    used: usize,
}

/// The heap of one machine.
#[repr(C)]
pub struct Heap {
    /// Objects of this colour have been scanned and must tell the collector when they are written
    /// to.
    pub barrier_color: u8,
    live: u8,
    /// Colour of new objects: while marking, not yet reachable, because what they refer to may not
    /// be marked either.
    fresh: u8,
    phase: Phase,
    /// Set by tests: every safepoint collects.
    pub stress: bool,
    /// Bytes allocated beyond what the collector allows before its next slice; negative while there
    /// is room.
    pub debt: isize,
    /// Value of `debt` up to which allocation has been turned into `credit`.
    debt_credited: isize,
    /// Work that allocation has paid for and the collector has not done.
    credit: isize,
    /// Work done: values looked at, and cells swept. Wraps, where words are short.
    work_done: isize,
    free: *mut FreeCell,
    bump: *mut u8,
    bump_end: *mut u8,
    /// Accounts of memory, and where it comes from.
    pub memory: Memory,
    blocks: alloc::vec::Vec<Block>,
    sweep_next: usize,
    gray: alloc::vec::Vec<NonNull<Header>>,
    /// Large objects that are being scanned, and where the part begins that was scanned.
    partly: alloc::vec::Vec<(NonNull<Header>, usize)>,
    /// Objects written to after they were scanned. They are scanned once more at the end of
    /// marking, not before: a list that grows all the time would be scanned in every slice.
    gray_again: alloc::vec::Vec<NonNull<Header>>,
    /// The gray list could not grow: gray objects must be looked for in the blocks.
    gray_lost: bool,
    /// A large object is among those to be scanned again.
    large_again: bool,
    /// Times in this cycle that written objects were taken up.
    rounds: u32,
    /// Bytes of the cells that the sweep kept.
    live_bytes: usize,
    /// Bytes of all blocks.
    block_bytes: usize,
    /// Figures.
    pub stats: GcStats,
}

impl Heap {
    /// Makes an empty heap; allocates nothing.
    pub fn new(memory: Memory) -> Self {
        let debt = -FIRST_THRESHOLD.min(isize::try_from(memory.limit / 2).unwrap_or(isize::MAX));
        Heap {
            barrier_color: NO_COLOR,
            live: 1,
            fresh: 1,
            phase: Phase::Idle,
            stress: false,
            debt,
            debt_credited: debt,
            credit: 0,
            work_done: 0,
            free: ptr::null_mut(),
            bump: ptr::null_mut(),
            bump_end: ptr::null_mut(),
            memory,
            blocks: alloc::vec::Vec::new(),
            sweep_next: 0,
            gray: alloc::vec::Vec::new(),
            partly: alloc::vec::Vec::new(),
            gray_again: alloc::vec::Vec::new(),
            gray_lost: false,
            large_again: false,
            rounds: 0,
            live_bytes: 0,
            block_bytes: 0,
            stats: GcStats::default(),
        }
    }

    /// What the collector is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// A cell nobody uses, if one is at hand.
    #[inline(always)]
    fn take_cell(&mut self) -> Option<*mut FreeCell> {
        let cell = self.free;
        if !cell.is_null() {
            // SAFETY: cells of the free list are unused cells of our blocks.
            self.free = unsafe { (*cell).next };
            return Some(cell);
        }
        if self.bump != self.bump_end {
            let cell = self.bump;
            // SAFETY: `bump` is below `bump_end` and both are whole cells of the newest block.
            self.bump = unsafe { cell.add(CELL_SIZE) };
            return Some(cell.cast());
        }
        None
    }

    fn add_block(&mut self) -> Result<(), AllocError> {
        self.blocks.try_reserve(1).map_err(|_| AllocError::Refused)?;
        let size = self.blocks.last().map_or(FIRST_BLOCK_SIZE, |b| {
            let doubled = (b.size * 2).min(BLOCK_SIZE_MAX);
            doubled - doubled % CELL_SIZE
        });
        let start = self.memory.allocate(size)?;
        if let Some(last) = self.blocks.last_mut() {
            last.used = last.size / CELL_SIZE;
        }
        self.blocks.push(Block { start, size, used: 0 });
        self.block_bytes += size;
        self.bump = start;
        // SAFETY: one past the end of the block that was just allocated.
        self.bump_end = unsafe { start.add(size) };
        Ok(())
    }

    /// Counts `bytes` of a buffer as allocated (or, when negative, freed) for pacing.
    #[inline]
    pub fn add_debt(&mut self, bytes: isize) {
        self.debt += bytes;
    }

    /// A buffer of `size` bytes, aligned to 8.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when the byte limit or the host's allocator refuses.
    pub fn new_buffer(&mut self, size: usize) -> Result<*mut u8, AllocError> {
        self.debt += isize::try_from(size).unwrap_or(isize::MAX / 2);
        self.memory.allocate(size)
    }

    /// Frees a buffer of [`Heap::new_buffer`].
    ///
    /// # Safety
    ///
    /// `start` and `size` must be those of a live buffer of this heap.
    pub unsafe fn free_buffer(&mut self, start: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.memory.free(start, size) }
    }

    /// Whether the collector must hear of a write to `object`.
    #[inline(always)]
    pub fn needs_barrier(&self, object: NonNull<Header>) -> bool {
        // SAFETY: objects handed to the heap are live cells.
        unsafe { object.as_ref() }.color.get() == self.barrier_color
    }

    /// Tells the collector that `object` was written to in more than one place, or that it is never
    /// large.
    #[inline(always)]
    pub fn barrier(&mut self, object: NonNull<Header>) {
        if self.needs_barrier(object) {
            self.turn_gray(object);
        }
    }

    /// Tells the collector that `child`, if it is an object, was stored in `object`, which
    /// [needs the barrier](Heap::needs_barrier).
    pub fn stored(&mut self, object: NonNull<Header>, child: Option<NonNull<Header>>) {
        // SAFETY: as in `needs_barrier`.
        if unsafe { object.as_ref() }.flags.get() & LARGE == 0 {
            self.turn_gray(object);
        } else if let Some(child) = child {
            self.mark(child);
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_gray(&mut self, object: NonNull<Header>) {
        // SAFETY: as in `needs_barrier`.
        let header = unsafe { object.as_ref() };
        header.color.set(GRAY);
        self.large_again |= header.flags.get() & LARGE != 0;
        if self.gray_again.try_reserve(1).is_err() {
            self.gray_lost = true;
        } else {
            self.gray_again.push(object);
        }
    }

    fn nothing_gray(&self) -> bool {
        self.gray.is_empty() && self.partly.is_empty() && !self.gray_lost
    }

    fn push_gray(&mut self, object: NonNull<Header>) {
        if self.gray.try_reserve(1).is_err() {
            self.gray_lost = true;
        } else {
            self.gray.push(object);
        }
    }

    /// Marks `object` as reachable. Called for roots and by [`Objects::trace`].
    #[inline]
    pub fn mark(&mut self, object: NonNull<Header>) {
        // SAFETY: as in `needs_barrier`.
        let header = unsafe { object.as_ref() };
        debug_assert!(header.kind.get() != KIND_FREE, "a root refers to a freed object");
        if header.color.get() != self.live && header.color.get() != GRAY {
            header.color.set(GRAY);
            self.push_gray(object);
        }
    }

    /// Whether `object`, found in a weak table after marking, will be freed by the sweep under way.
    pub fn is_dead(&self, object: NonNull<Header>) -> bool {
        // SAFETY: as in `needs_barrier`.
        let color = unsafe { object.as_ref() }.color.get();
        color != self.live && color != GRAY
    }

    /// Begins a cycle; the caller marks its roots next.
    pub fn start_cycle(&mut self) {
        debug_assert!(self.phase == Phase::Idle);
        self.fresh = self.live;
        self.live = 3 - self.live;
        self.barrier_color = self.live;
        self.phase = Phase::Mark;
        self.rounds = 0;
    }

    /// Whether so much was written to scanned objects that it should be scanned in slices, too. Not
    /// for ever: scripts may write faster than that.
    pub fn should_mark_written(&self) -> bool {
        let is_much = self.gray_again.len() > WRITTEN_MAX || self.large_again;
        is_much && self.rounds < WRITTEN_ROUNDS_MAX
    }

    /// Takes up the objects that were written to after they were scanned.
    pub fn mark_written(&mut self) {
        self.rounds += 1;
        self.large_again = false;
        while let Some(object) = self.gray_again.pop() {
            self.push_gray(object);
        }
    }

    /// Puts gray objects back on the list after it overflowed.
    fn find_gray(&mut self) {
        for index in 0..self.blocks.len() {
            for at in 0..self.used_cells(index) {
                let object = self.cell_at(index, at);
                // SAFETY: cells below `used` were handed out at least once, so their header is
                // initialized.
                let header = unsafe { object.as_ref() };
                if header.kind.get() != KIND_FREE && header.color.get() == GRAY && !self.gray_lost {
                    self.push_gray(object);
                }
            }
        }
    }

    /// Ends marking: everything still of the old colour is garbage from here on.
    pub fn start_sweep(&mut self) {
        self.barrier_color = NO_COLOR;
        self.fresh = self.live;
        self.phase = Phase::Sweep;
        self.sweep_next = 0;
        self.live_bytes = 0;
    }

    fn used_cells(&self, block: usize) -> usize {
        let b = &self.blocks[block];
        if block + 1 == self.blocks.len() {
            (self.bump as usize - b.start as usize) / CELL_SIZE
        } else {
            b.used
        }
    }

    fn cell_at(&self, block: usize, index: usize) -> NonNull<Header> {
        let b = &self.blocks[block];
        debug_assert!(index * CELL_SIZE < b.size);
        // SAFETY: the index is below the number of cells of the block.
        unsafe { NonNull::new_unchecked(b.start.add(index * CELL_SIZE).cast()) }
    }

    /// Ends the cycle and sets when the next one begins: when the heap has doubled, or half the
    /// room is used up.
    pub fn finish_cycle(&mut self) {
        self.phase = Phase::Idle;
        self.stats.collections += 1;
        let buffers = self.memory.used.saturating_sub(self.block_bytes);
        let used = isize::try_from(self.live_bytes + buffers).unwrap_or(isize::MAX);
        self.credit_allocation();
        self.set_debt(-used.max(FIRST_THRESHOLD).min(self.room() / 2));
    }

    fn credit_allocation(&mut self) {
        let bytes = (self.debt - self.debt_credited).max(0);
        self.debt_credited = self.debt;
        self.credit = self.credit.saturating_add(bytes.saturating_mul(CREDIT_PER_16_BYTES) / 16);
    }

    fn set_debt(&mut self, debt: isize) {
        self.debt = debt;
        self.debt_credited = debt;
    }

    /// Notes work that is done outside: values looked at.
    pub fn note_work(&mut self, values: usize) {
        self.work_done = self.work_done.wrapping_add_unsigned(values);
    }

    /// Work done since the heap was made; wraps.
    pub fn work_done(&self) -> isize {
        self.work_done
    }

    /// Takes the work since `before` from what allocation has paid for, and returns how much was
    /// not. That happens where little room is left: then a collection comes long before the heap has
    /// doubled.
    pub fn take_unpaid_work(&mut self, before: isize) -> usize {
        self.credit_allocation();
        self.credit -= self.work_done.wrapping_sub(before);
        let unpaid = usize::try_from(-self.credit).unwrap_or(0);
        self.credit = self.credit.max(0);
        unpaid
    }

    /// Bytes that may still be allocated.
    fn room(&self) -> isize {
        let room = self.memory.limit.saturating_sub(self.memory.used);
        isize::try_from(room).unwrap_or(isize::MAX)
    }

    /// How much work the slice that is due should do, in values or cells; sets when the next one is
    /// due.
    pub fn next_slice(&mut self) -> isize {
        self.stats.slices += 1;
        self.credit_allocation();
        let bytes = self.debt.max(0).saturating_add(SLICE_BYTES);
        let work = bytes.saturating_mul(WORK_PER_16_BYTES) / 16;
        let least = if self.phase == Phase::Mark && self.rounds > 0 { WRITTEN_WORK } else { 0 };
        if work > SLICE_WORK_MAX {
            // A large buffer was made: several slices are due.
            self.set_debt(bytes - SLICE_WORK_MAX * 16 / WORK_PER_16_BYTES);
            return SLICE_WORK_MAX;
        }
        // Where little room is left, the cycle must end before it is used up.
        self.set_debt(-SLICE_BYTES.min(self.room() / 4));
        work.max(least)
    }

    /// Puts a cell on the free list.
    ///
    /// # Safety
    ///
    /// Nothing may use the object afterwards.
    unsafe fn free_cell(&mut self, object: NonNull<Header>) {
        let cell = object.as_ptr().cast::<FreeCell>();
        // SAFETY: the cell is unused from here on.
        unsafe {
            (*cell).header.kind.set(KIND_FREE);
            (*cell).next = self.free;
        }
        self.free = cell;
    }

    /// Visits every object that is in use.
    pub fn for_each_object(&self, mut visit: impl FnMut(NonNull<Header>)) {
        for block in 0..self.blocks.len() {
            for at in 0..self.used_cells(block) {
                let object = self.cell_at(block, at);
                // SAFETY: as in `find_gray`.
                if unsafe { object.as_ref() }.kind.get() != KIND_FREE {
                    visit(object);
                }
            }
        }
    }
}

/// A cell for a new object of `kind`; everything behind the header is undefined.
///
/// # Errors
///
/// [`AllocError`] when the byte limit or the host's allocator refuses.
#[inline(always)]
pub fn new_cell<O: Objects>(
    owner: &mut O,
    kind: u8,
    info: u32,
) -> Result<NonNull<Header>, AllocError> {
    debug_assert!(kind != KIND_FREE);
    let cell = match owner.heap().take_cell() {
        Some(cell) => cell,
        None => find_cell(owner)?,
    };
    let heap = owner.heap();
    heap.debt += CELL_SIZE as isize;
    // SAFETY: the cell is ours, unused, and large enough for a header.
    unsafe {
        cell.cast::<Header>().write(Header {
            info: Field::new(info),
            kind: Field::new(kind),
            color: Field::new(heap.fresh),
            flags: Field::new(0),
            aux: Field::new(0),
        });
        Ok(NonNull::new_unchecked(cell.cast()))
    }
}

/// Sweeps for a cell, or adds a block.
#[cold]
#[inline(never)]
fn find_cell<O: Objects>(owner: &mut O) -> Result<*mut FreeCell, AllocError> {
    owner.heap().memory.gate()?;
    if let Some(cell) = sweep_for_cell(owner, SWEPT_FOR_CELL_MAX) {
        return Ok(cell);
    }
    if let Err(refused) = owner.heap().add_block() {
        return sweep_for_cell(owner, usize::MAX).ok_or(refused);
    }
    owner.heap().take_cell().ok_or(AllocError::Refused)
}

/// A cell that is at hand after sweeping at most `most` blocks.
fn sweep_for_cell<O: Objects>(owner: &mut O, most: usize) -> Option<*mut FreeCell> {
    let mut swept = 0;
    while owner.heap().phase == Phase::Sweep
        && owner.heap().free.is_null()
        && owner.heap().sweep_next < owner.heap().blocks.len()
        && swept < most
    {
        sweep_block(owner);
        swept += 1;
    }
    owner.heap().take_cell()
}

/// Scans gray objects until `work` values were looked at; true when none is left.
///
/// Parts of large objects come last, so that the list of gray objects stays short.
pub fn mark_some<O: Objects>(owner: &mut O, work: isize) -> bool {
    let mut left = work;
    let all = mark_until(owner, &mut left);
    owner.heap().note_work(work.abs_diff(left));
    all
}

fn mark_until<O: Objects>(owner: &mut O, left: &mut isize) -> bool {
    loop {
        while let Some(object) = owner.heap().gray.pop() {
            *left -= scan(owner, object);
            if *left <= 0 {
                return owner.heap().nothing_gray();
            }
        }
        let heap = owner.heap();
        if let Some((object, end)) = heap.partly.pop() {
            let start = end.saturating_sub(PART);
            if start > 0 {
                // There is room: it was just popped.
                heap.partly.push((object, start));
            }
            // SAFETY: objects under scan are live cells.
            *left -= 1 + unsafe { owner.trace_part(object, start, end) } as isize;
            if *left <= 0 {
                return owner.heap().nothing_gray();
            }
            continue;
        }
        if !heap.gray_lost {
            return true;
        }
        heap.gray_lost = false;
        heap.find_gray();
    }
}

/// Scans a gray object, or begins to; returns how many values were looked at.
fn scan<O: Objects>(owner: &mut O, object: NonNull<Header>) -> isize {
    let live = owner.heap().live;
    // SAFETY: gray objects are live cells.
    unsafe {
        let header = object.as_ref();
        // From here on a write to it is told, also where it is not yet scanned.
        header.color.set(live);
        let parts = match owner.trace(object, PART) {
            Ok(looked_at) => return 1 + looked_at as isize,
            Err(parts) => parts,
        };
        header.flags.set(header.flags.get() | LARGE);
        let heap = owner.heap();
        if heap.partly.try_reserve(1).is_err() {
            return 1 + owner.trace_part(object, 0, parts) as isize;
        }
        heap.partly.push((object, parts));
        1
    }
}

/// Sweeps the next block; returns the cells looked at.
fn sweep_block<O: Objects>(owner: &mut O) -> usize {
    let heap = owner.heap();
    let index = heap.sweep_next;
    heap.sweep_next += 1;
    let (used, live) = (heap.used_cells(index), heap.live);
    heap.note_work(used);
    for at in (0..used).rev() {
        let object = owner.heap().cell_at(index, at);
        // SAFETY: as in `find_gray`; nothing refers to an object that marking did not reach.
        unsafe {
            let header = object.as_ref();
            if header.kind.get() == KIND_FREE {
                continue;
            }
            if header.color.get() == live {
                owner.heap().live_bytes += CELL_SIZE;
                continue;
            }
            owner.release(object);
            owner.heap().free_cell(object);
        }
    }
    used
}

/// Sweeps until `work` cells were looked at; true when the sweep is finished.
pub fn sweep_some<O: Objects>(owner: &mut O, mut work: isize) -> bool {
    while owner.heap().sweep_next < owner.heap().blocks.len() {
        work -= sweep_block(owner) as isize;
        if work <= 0 && owner.heap().sweep_next < owner.heap().blocks.len() {
            return false;
        }
    }
    true
}

/// Releases every object and gives all memory back. The heap is empty afterwards.
pub fn release_all<O: Objects>(owner: &mut O) {
    for block in 0..owner.heap().blocks.len() {
        for at in 0..owner.heap().used_cells(block) {
            let object = owner.heap().cell_at(block, at);
            // SAFETY: as in `find_gray`; the owner goes away, so nothing uses the object again.
            unsafe {
                if object.as_ref().kind.get() != KIND_FREE {
                    owner.release(object);
                }
            }
        }
    }
    let heap = owner.heap();
    for block in core::mem::take(&mut heap.blocks) {
        // SAFETY: the block came from `memory.allocate` with this size.
        unsafe { heap.memory.free(block.start, block.size) };
    }
    heap.free = ptr::null_mut();
    heap.bump = ptr::null_mut();
    heap.bump_end = ptr::null_mut();
}
