//! Calls and returns.

use super::{Engine, Value, Vm, field_a, field_b, field_c, field_x, handler, slow, slow_handlers};
use crate::interp::call;
use crate::value::Code;
use crate::value::code::CALL_USES_SELF;

/// Enters a script function whose window is complete but for its header; the call takes `WORDS`.
#[inline(always)]
unsafe fn enter<E: Engine, const WORDS: usize>(
    pc: *const u64,
    base: *mut Value,
    nb: *mut Value,
    vm: *mut Vm,
    callee: Value,
    code: *const Code,
    acc: f64,
) -> E::Result {
    // SAFETY: the contract of handlers; the code is that of the callee.
    unsafe {
        let depth = *base.sub(4).cast::<u32>();
        let end = nb.add((*code).register_count as usize);
        let fuel = (*vm).fuel - i64::from((*code).cost);
        if end > (*vm).stack_limit || depth >= (*vm).call_depth_max || fuel < 0 {
            return E::slow::<slow::Enter>(pc, base, vm);
        }
        (*vm).fuel = fuel;
        call::write_header(base, nb, callee, pc.add(WORDS), field_a(pc));
        E::next((*code).entry.get(), nb, vm, acc)
    }
}

handler! {
    call(E, pc, base, vm, acc) {
        let callee = *base.add(field_c(pc));
        if let Some(f) = callee.as_func() {
            let code = f.code.get();
            if (*code).call_key == field_x(pc) as u32 {
                return enter::<E, 1>(pc, base, base.add(field_b(pc)), vm, callee, code, acc);
            }
        }
        E::slow::<slow::Call>(pc, base, vm)
    }
}

handler! {
    call_global_script(E, pc, base, vm, acc) {
        let callee = (*(*vm).globals.cell_ptr(*pc.add(1).cast::<u32>() as usize)).value;
        if let Some(f) = callee.as_func() {
            let code = f.code.get();
            if (*code).call_key == field_x(pc) as u32 {
                return enter::<E, 3>(pc, base, base.add(field_b(pc)), vm, callee, code, acc);
            }
        }
        E::slow::<slow::CallGlobal>(pc, base, vm)
    }
}

/// The function a cached look-up leads to, if its guard holds for a map.
#[inline(always)]
unsafe fn cached_function(
    pc: *const u64,
    receiver: Value,
    vm: *mut Vm,
) -> Option<(Value, *const Code)> {
    // SAFETY: a call site with cache words; while shape and epoch are those of the cache, the slot
    // or address in it is where the function is kept.
    unsafe {
        let map = receiver.as_map()?;
        let guard = pc.add(2).cast::<u32>();
        if map.shape() != *guard || (*vm).store.shapes.epoch != *guard.add(1) {
            return None;
        }
        let place = *pc.add(3) as usize;
        let callee = if place < 0x1_0000 {
            *map.slots.get().add(place - 1)
        } else {
            *core::ptr::with_exposed_provenance::<Value>(place)
        };
        let f = callee.as_func()?;
        Some((callee, f.code.get()))
    }
}

handler! {
    call_method_cached(E, pc, base, vm, acc) {
        let receiver = *base.add(field_c(pc));
        if let Some((callee, code)) = cached_function(pc, receiver, vm) {
            let argc = field_x(pc);
            let nb = base.add(field_b(pc));
            let key = (*code).call_key;
            if key == argc as u32 | CALL_USES_SELF {
                // The registers after the parameters; the stack's slack covers them before the
                // limit is checked.
                nb.add(argc).write(receiver);
                nb.add(argc + 1).write(Value::from_bits(*pc.add(4)));
                return enter_method::<E>(pc, base, nb, vm, callee, code, acc);
            }
            if key == argc as u32 {
                return enter_method::<E>(pc, base, nb, vm, callee, code, acc);
            }
        }
        E::slow::<slow::CallMethod>(pc, base, vm)
    }
}

handler! {
    call_super_cached(E, pc, base, vm, acc) {
        let start = *base.add(field_c(pc));
        if let Some((callee, code)) = cached_function(pc, start, vm) {
            let argc = field_x(pc);
            let nb = base.add(field_b(pc));
            let key = (*code).call_key;
            if key == argc as u32 | CALL_USES_SELF {
                nb.add(argc).write(*base.add(field_c(pc) - 1));
                nb.add(argc + 1).write(Value::from_bits(*pc.add(4)));
                return enter_method::<E>(pc, base, nb, vm, callee, code, acc);
            }
            if key == argc as u32 {
                return enter_method::<E>(pc, base, nb, vm, callee, code, acc);
            }
        }
        E::slow::<slow::CallSuper>(pc, base, vm)
    }
}

/// As `enter`, for calls whose slow path looks the function up again.
#[inline(always)]
unsafe fn enter_method<E: Engine>(
    pc: *const u64,
    base: *mut Value,
    nb: *mut Value,
    vm: *mut Vm,
    callee: Value,
    code: *const Code,
    acc: f64,
) -> E::Result {
    // SAFETY: as `enter`.
    unsafe {
        let depth = *base.sub(4).cast::<u32>();
        let end = nb.add((*code).register_count as usize);
        let fuel = (*vm).fuel - i64::from((*code).cost);
        if end > (*vm).stack_limit || depth >= (*vm).call_depth_max || fuel < 0 {
            return E::slow::<slow::Method>(pc, base, vm);
        }
        (*vm).fuel = fuel;
        call::write_header(base, nb, callee, pc.add(5), field_a(pc));
        E::next((*code).entry.get(), nb, vm, acc)
    }
}

handler! {
    ret(E, pc, base, vm, acc) { leave::<E>(*base.add(field_a(pc)), base, vm) }
}

handler! {
    ret_null(E, _pc, base, vm, acc) { leave::<E>(Value::NULL, base, vm) }
}

/// Gives the result to the caller and goes on there.
#[inline(always)]
unsafe fn leave<E: Engine>(value: Value, base: *mut Value, vm: *mut Vm) -> E::Result {
    // SAFETY: the header of a frame says where the caller is.
    unsafe {
        let distance = *base.sub(1).cast::<u32>() as usize;
        let dst = *base.sub(1).cast::<u16>().add(2) as usize;
        let pc = (*base.sub(2)).bits() as *const u64;
        let caller = base.byte_sub(distance);
        caller.add(dst).write(value);
        E::next(pc, caller, vm, value.raw_f64())
    }
}

slow_handlers! {
    call_global => CallGlobal;
    call_global_native => CallNative;
    call_method => CallMethod;
    call_method_native => MethodNative;
    get_prop_native => PropNative;
    call_super => CallSuper;
    call_index => CallIndex;
    halt => Halt;
    import_done => ImportDone;
    enter_native => EnterNative;
}
