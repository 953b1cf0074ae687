//! Safepoints: what is reachable, and when the collector works.
//!
//! Instructions that allocate come here first when the heap says that a slice is due. At that
//! moment every live value of the running function is in a register, so the roots are exact: the
//! stack up to the end of the innermost window, and the tables of the machine.

use super::call::code_of;
use crate::heap::{Phase, SLICE_WORK_MAX, mark_some, sweep_some};
use crate::value::Value;
use crate::vm::Vm;
use crate::vm::pauses::timed;

/// Work that finishes anything.
const ALL: isize = isize::MAX;
/// So much work at once is due to a large buffer that was made: then phases follow one another in one
/// slice, because there may be few others before the next such buffer.
const LARGE: isize = SLICE_WORK_MAX;

/// Lets the collector do the slice that is due.
///
/// # Safety
///
/// `base` must be the window of the innermost frame.
#[cold]
#[inline(never)]
pub(crate) unsafe fn safepoint(vm: &mut Vm, base: *mut Value) {
    // SAFETY: the caller's promise.
    let top = unsafe { top_of(vm, base) };
    safepoint_below(vm, top);
}

/// The same with the end of the live part of the stack.
pub(crate) fn safepoint_below(vm: &mut Vm, top: *mut Value) {
    timed(vm, |vm| {
        if vm.store.heap.stress {
            collect_all(vm, top);
            vm.store.heap.debt = 0;
        } else {
            let before = vm.store.heap.work_done();
            let work = vm.store.heap.next_slice();
            step(vm, top, work);
            pay(vm, before);
        }
    });
    look_at_use(vm);
}

/// Pays for the work since `before` that allocation has not paid for. So a script that keeps its
/// memory nearly full, where each collection gives little back, spends its budget too.
fn pay(vm: &mut Vm, before: isize) {
    let steps = vm.store.heap.take_unpaid_work(before);
    vm.pay_for_steps(steps);
}

/// Tells the host when more memory is in use than it wanted to hear of. Not inside an allocation.
pub(crate) fn look_at_use(vm: &mut Vm) {
    let Some((bytes, tell)) = &mut vm.soft_limit else { return };
    let used = vm.store.heap.memory.used;
    let is_over = used > *bytes;
    if is_over && !vm.over_soft_limit {
        tell(used, *bytes);
    }
    vm.over_soft_limit = is_over;
}

/// End of the window at `base`.
///
/// # Safety
///
/// As [`safepoint`].
pub(crate) unsafe fn top_of(vm: &Vm, base: *mut Value) -> *mut Value {
    let bottom = vm.stack.start.wrapping_add(2 * crate::vm::stack::HEADER);
    if base < bottom {
        return base;
    }
    // SAFETY: the caller's promise.
    unsafe { base.add(code_of(base).register_count as usize) }
}

/// Collects completely.
///
/// # Safety
///
/// As [`safepoint`].
pub(crate) unsafe fn full(vm: &mut Vm, base: *mut Value) {
    // SAFETY: the caller's promise.
    let top = unsafe { top_of(vm, base) };
    timed(vm, |vm| {
        let before = vm.store.heap.work_done();
        collect_all(vm, top);
        pay(vm, before);
    });
}

/// Collects completely; `top` is the end of the innermost window.
pub(crate) fn collect_all(vm: &mut Vm, top: *mut Value) {
    // A cycle under way may hold garbage that died after it began: finish it, then run a whole one.
    if vm.store.heap.phase() != Phase::Idle {
        step(vm, top, ALL);
    }
    step(vm, top, ALL);
}

/// Does `work` units of collection; a whole cycle when that is enough.
pub(crate) fn step(vm: &mut Vm, top: *mut Value, work: isize) {
    if vm.store.heap.phase() == Phase::Idle {
        vm.store.heap.start_cycle();
        mark_roots(vm, top);
        if work < LARGE {
            return;
        }
    }
    if vm.store.heap.phase() == Phase::Mark {
        loop {
            if !mark_some(&mut vm.store, work) {
                return;
            }
            if work == ALL || !vm.store.heap.should_mark_written() {
                break;
            }
            vm.store.heap.mark_written();
            if work <= LARGE {
                return;
            }
        }
        // Roots may have changed since they were marked, without a barrier.
        mark_roots(vm, top);
        vm.store.heap.mark_written();
        while !mark_some(&mut vm.store, ALL) {}
        vm.stack.clear_above(top);
        // Before anything is swept: from here on, nobody gets at what is dead.
        let heap = &vm.store.heap;
        vm.weak.clear_dead(|value| value.as_cell().is_some_and(|cell| heap.is_dead(cell)));
        vm.store.heap.start_sweep();
        if work < LARGE {
            return;
        }
    }
    if sweep_some(&mut vm.store, work) {
        vm.store.heap.finish_cycle();
    }
}

fn mark_roots(vm: &mut Vm, top: *mut Value) {
    /// Values in a cell of a global.
    const VALUES_IN_CELL: usize = 3;
    let Vm { store, stack, globals, .. } = vm;
    store.heap.note_work(stack.below(top).len() + globals.cells().len() * VALUES_IN_CELL);
    for &value in stack.below(top) {
        store.mark_value(value);
    }
    crate::value::globals::mark(globals, store);
    for &value in &vm.intrinsics {
        store.mark_value(value);
    }
    vm.handles.for_each(|value| store.mark_value(value));
    vm.scopes.for_each(|value| store.mark_value(value));
    for &(name, function) in &vm.host_functions {
        store.mark_value(name);
        store.mark_value(function);
    }
    for value in vm.type_maps.into_iter().chain([vm.globals_map, vm.intrinsics_map, vm.version_map])
    {
        store.mark_value(value);
    }
    for value in vm.partial.into_iter().chain(vm.implicit_result) {
        store.mark_value(value);
    }
    for import in &vm.imports {
        store.mark_value(import.name);
    }
    if let crate::vm::Exit::Finished(value) = vm.exit {
        store.mark_value(value);
    }
    if let Some(compiler) = &vm.native {
        compiler.for_each_root(&mut |value| store.mark_value(value));
    }
    let codes =
        vm.units.iter().flat_map(|unit| unit.codes.iter().flatten()).chain(&vm.native_codes);
    for code in codes {
        for &bits in &code.words[code.word_count as usize..] {
            // SAFETY: the pool holds values of this machine.
            store.mark_value(unsafe { Value::from_bits(bits) });
        }
        for param in &code.params {
            store.mark_value(param.default);
        }
    }
    let heap = &mut store.heap;
    store.shapes.for_each_key(|key| {
        if let Some(cell) = key.as_cell() {
            heap.mark(cell);
        }
    });
}
