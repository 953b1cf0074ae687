//! Calls: frames for script functions, native functions, and everything that is not the common
//! case.

use super::{State, suspend, unwind};
use crate::error::{Error, ErrorKind, text};
use crate::host::Context;
use crate::value::code::{CALL_SELF_PARAM, CALL_USES_SELF};
use crate::value::{Code, Value};
use crate::vm::stack::HEADER;
use crate::vm::{Exit, ImportReturn, NativeFn, Trap, Vm};

/// Registers a read reserves above the frame's own for the call it makes: a header and a receiver.
pub(crate) const READ_WINDOW: usize = HEADER + 1;

/// Where a call is made.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The calling instruction.
    pub(crate) pc: *const u64,
    /// Where the caller goes on.
    pub(crate) ret: *const u64,
    /// Window of the caller.
    pub(crate) base: *mut Value,
    /// Register of the caller that receives the result.
    pub(crate) dst: usize,
}

/// `self` and `super` of a call through a dot.
pub(crate) type Receiver = (Value, Value);

/// The code of the frame at `base`.
///
/// # Safety
///
/// `base` must be the window of a script frame.
#[inline(always)]
pub(crate) unsafe fn code_of<'a>(base: *mut Value) -> &'a Code {
    // SAFETY: the header of a frame holds its function, and functions hold code that outlives them.
    unsafe { &*(*base.sub(3)).as_func().unwrap_unchecked().code.get() }
}

/// Writes a frame header.
///
/// # Safety
///
/// `nb` must lie above `base` on the machine's stack, with room for a header below it.
#[inline(always)]
pub(crate) unsafe fn write_header(
    base: *mut Value,
    nb: *mut Value,
    callee: Value,
    ret: *const u64,
    dst: usize,
) {
    // SAFETY: the caller's promise; every write is within the four slots below `nb`.
    unsafe {
        let depth = *base.sub(4).cast::<u32>() + 1;
        let distance = (nb as usize - base as usize) as u64;
        nb.sub(4).write(Value::from_bits(u64::from(depth)));
        nb.sub(3).write(callee);
        nb.sub(2).write(Value::from_bits(ret as u64));
        nb.sub(1).write(Value::from_bits(distance | (dst as u64) << 32));
    }
}

/// Calls `callee` with the `argc` arguments at `nb`.
///
/// # Safety
///
/// `site` must describe the innermost frame, and `nb` lie above its live registers with the
/// header's room below (one slot more when there is a receiver).
pub(crate) unsafe fn begin(
    vm: &mut Vm,
    site: Site,
    callee: Value,
    nb: *mut Value,
    argc: usize,
    receiver: Option<Receiver>,
) -> State {
    let Some(func) = callee.as_func() else {
        if argc > 0 {
            return unwind::raise(vm, site.pc, site.base, Error::runtime(text::TOO_MANY_ARGUMENTS));
        }
        // SAFETY: a register of the caller.
        unsafe { site.base.add(site.dst).write(callee) };
        return State { pc: site.ret, base: site.base };
    };
    // SAFETY: functions hold code that outlives them.
    let code = unsafe { &*func.code.get() };
    let (mut nb, mut argc) = (nb, argc);
    if code.call_key & CALL_SELF_PARAM != 0
        && let Some((receiver, _)) = receiver
    {
        // SAFETY: the caller reserved this slot.
        unsafe {
            nb = nb.sub(1);
            nb.write(receiver);
        }
        argc += 1;
    }
    let params = code.param_count();
    if argc > params {
        return unwind::raise(vm, site.pc, site.base, Error::runtime(text::TOO_MANY_ARGUMENTS));
    }
    for (i, param) in code.params.iter().enumerate().skip(argc) {
        // SAFETY: a window's slack holds the most parameters there can be.
        unsafe { nb.add(i).write(param.default) };
    }
    if code.is_native() {
        // SAFETY: the arguments are complete.
        return unsafe { call_native(vm, site, code, nb) };
    }
    if code.call_key & CALL_USES_SELF != 0 {
        let (this, parent) = receiver.unwrap_or((Value::UNASSIGNED, Value::UNASSIGNED));
        // SAFETY: as above.
        unsafe {
            nb.add(params).write(this);
            nb.add(params + 1).write(parent);
        }
    }
    // SAFETY: the window's slack covers header and parameters.
    unsafe { enter(vm, site, callee, code, nb) }
}

/// Enters a script function whose parameters are in place.
///
/// # Safety
///
/// As [`begin`].
pub(crate) unsafe fn enter(
    vm: &mut Vm,
    site: Site,
    callee: Value,
    code: &Code,
    nb: *mut Value,
) -> State {
    let (mut base, mut nb) = (site.base, nb);
    // SAFETY: the header of the calling frame (or the ground below the bottom frame).
    let depth = unsafe { *base.sub(4).cast::<u32>() };
    if depth >= vm.call_depth_max {
        let error = Error::new(ErrorKind::Limit, text::CALL_STACK_OVERFLOW);
        return unwind::raise(vm, site.pc, site.base, error);
    }
    if nb.wrapping_add(code.register_count as usize) > vm.stack_limit {
        let start = vm.stack.start;
        let (base_at, nb_at) = (slot(start, base), slot(start, nb));
        let needed = nb_at + code.register_count as usize;
        if vm.stack.grow(&mut vm.store.heap.memory, needed).is_err() {
            let error = Error::new(ErrorKind::Limit, text::CALL_STACK_OVERFLOW);
            return unwind::raise(vm, site.pc, site.base, error);
        }
        vm.stack_limit = vm.stack.limit();
        base = vm.stack.start.wrapping_add(base_at);
        nb = vm.stack.start.wrapping_add(nb_at);
    }
    // SAFETY: the window fits.
    unsafe { write_header(base, nb, callee, site.ret, site.dst) };
    vm.fuel -= i64::from(code.cost);
    if vm.fuel < 0 {
        return suspend(vm, code.first_word(), nb, Exit::None);
    }
    State { pc: code.entry.get(), base: nb }
}

/// Index of a slot of the stack.
#[inline(always)]
pub(crate) fn slot(start: *mut Value, at: *mut Value) -> usize {
    (at as usize - start as usize) / size_of::<Value>()
}

/// Calls a native function whose arguments are complete.
///
/// # Safety
///
/// As [`begin`]; `code` must be native.
#[inline]
pub(crate) unsafe fn call_native(vm: &mut Vm, site: Site, code: &Code, nb: *mut Value) -> State {
    if vm.store.heap.debt >= 0 {
        // The arguments can lie above the caller's registers. What lies between was live after the
        // last collection ended, or is null (see `vm/stack.rs`). SAFETY: the caller's frame.
        let top = unsafe { super::gc::top_of(vm, site.base) };
        super::gc::safepoint_below(vm, top.max(nb.wrapping_add(code.param_count())));
    }
    // SAFETY: native code holds a function of this type (`link::new_native_code` is the only place
    // that stores one).
    let function: NativeFn = unsafe { core::mem::transmute(code.native) };
    let first = slot(vm.stack.start, nb);
    let base_at = slot(vm.stack.start, site.base);
    // For stack traces, and for runs inside this one.
    vm.pc = site.pc;
    vm.base = site.base;
    let mut context = Context::new(vm, first, code.param_count(), code.native_data);
    let result = function(&mut context);
    if vm.partial.is_some() {
        vm.partial = None;
    }
    // The function may have run scripts, and the stack may have moved.
    let site = Site { base: vm.stack.start.wrapping_add(base_at), ..site };
    match result {
        Ok(value) => {
            // SAFETY: a register of the caller.
            unsafe { site.base.add(site.dst).write(value) };
            State { pc: site.ret, base: site.base }
        }
        // SAFETY: as above.
        Err(trap) => unsafe { native_trap(vm, site, trap) },
    }
}

#[cold]
#[inline(never)]
unsafe fn native_trap(vm: &mut Vm, site: Site, trap: Trap) -> State {
    match trap {
        Trap::Error(error) => unwind::raise(vm, site.pc, site.base, error),
        Trap::Pending { .. } | Trap::Unfinished { .. } if site.pc == super::halt_stub() => {
            let message = "a native function called by the host cannot suspend";
            unwind::raise(vm, site.pc, site.base, Error::new(ErrorKind::Host, message))
        }
        Trap::Pending { state, wake } => {
            vm.partial = Some(state);
            suspend(vm, site.pc, site.base, Exit::Pending(wake))
        }
        Trap::Unfinished { state } => {
            vm.partial = Some(state);
            suspend(vm, site.pc, site.base, Exit::None)
        }
        Trap::Yield => {
            // SAFETY: a register of the caller.
            unsafe { site.base.add(site.dst).write(Value::NULL) };
            suspend(vm, site.ret, site.base, Exit::Yield)
        }
        Trap::Exit(code) => suspend(vm, site.ret, site.base, Exit::Code(code)),
        Trap::Import { module, name } => {
            // SAFETY: as the caller of `begin`.
            unsafe {
                let scratch = if site.pc == super::halt_stub() {
                    0
                } else {
                    code_of(site.base).register_count as usize
                };
                vm.imports.push(ImportReturn { pc: site.ret, dst: site.dst as u16, name });
                let nb = site.base.add(scratch + READ_WINDOW + 1);
                let inner = Site { ret: super::import_stub(), dst: scratch, ..site };
                begin(vm, inner, module, nb, 0, None)
            }
        }
    }
}

/// Calls a function because it was read, with no arguments.
///
/// # Safety
///
/// `site` must describe the innermost frame.
pub(crate) unsafe fn invoke(
    vm: &mut Vm,
    site: Site,
    callee: Value,
    receiver: Option<Receiver>,
) -> State {
    // SAFETY: the window's slack has room above the registers.
    unsafe {
        let nb = site.base.add(code_of(site.base).register_count as usize + READ_WINDOW);
        begin(vm, site, callee, nb, 0, receiver)
    }
}
