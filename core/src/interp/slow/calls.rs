//! Calls: everything but a known script function with the right number of arguments.

use super::*;

slow! {
    /// A call of the function in a register.
    Call(pc, base, vm) {
        let word = *pc;
        let callee = *base.add(usize::from(c_of(word)));
        if callee.is_unassigned()
            && let Some(state) = cold(pc, base)
        {
            return state;
        }
        let site = Site { pc, ret: pc.wrapping_add(1), base, dst: usize::from(a_of(word)) };
        call::begin(vm, site, callee, base.add(usize::from(b_of(word))), usize::from(x_of(word)), None)
    }
}

slow! {
    /// A call of the function in a global.
    CallGlobal(pc, base, vm) {
        let word = *pc;
        let cell = (*pc.add(1) & 0xFFFF_FFFF) as usize;
        let callee = (*vm.globals.cell_ptr(cell)).value;
        if callee.is_unassigned() {
            let name = cell_name(vm, cell);
            return unwind::raise(vm, pc, base, undefined(&name));
        }
        let argc = usize::from(x_of(word));
        if vm.quicken && let Some(f) = callee.as_func() {
            let code = &*f.code.get();
            if code.is_native() {
                rewrite(pc, Op::CallGlobalNative);
            } else if code.call_key == argc as u32 {
                rewrite(pc, Op::CallGlobalScript);
            }
        }
        let site = Site { pc, ret: pc.wrapping_add(3), base, dst: usize::from(a_of(word)) };
        call::begin(vm, site, callee, base.add(usize::from(b_of(word))), argc, None)
    }
}

slow! {
    /// A call through a dot.
    CallMethod(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let receiver = *base.add(usize::from(c_of(word)));
        attend!(pc, base, receiver);
        let key = Value::from_bits(*pc.add(1));
        let hit =
            look_up!(vm, pc, base, receiver, key, find_member(vm, receiver, key), hit_of);
        specialize_call(vm, pc, receiver, hit, false);
        let site = Site { pc, ret: pc.wrapping_add(5), base, dst: usize::from(a_of(word)) };
        let nb = base.add(usize::from(b_of(word)));
        call::begin(vm, site, hit.value, nb, usize::from(x_of(word)), Some((receiver, hit.parent)))
    }
}

pub(super) unsafe fn specialize_call(
    vm: &Vm,
    pc: *const u64,
    receiver: Value,
    hit: Hit,
    is_super: bool,
) {
    let Some(f) = hit.value.as_func() else { return };
    if !vm.quicken || hit.place == 0 {
        return;
    }
    // SAFETY: a call site with three cache words; functions hold code that outlives them.
    unsafe {
        let native = (*f.code.get()).is_native();
        let op = op_at(pc);
        if !hit.fresh && !matches!(op, Op::CallMethod | Op::CallSuper) {
            // Several kinds of receivers: those the site does not know go through the machine's
            // cache.
            return;
        }
        if receiver.as_map().is_none() && !native || native && hit.place < 0x1_0000 {
            return;
        }
        patch_word(pc, 2, guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32);
        patch_word(pc, 3, hit.place);
        patch_word(pc, 4, hit.parent.bits());
        rewrite(
            pc,
            match (native, is_super) {
                (true, _) => Op::CallMethodNative,
                (false, true) => Op::CallSuperCached,
                (false, false) => Op::CallMethodCached,
            },
        );
    }
}

slow! {
    /// A call through `super`.
    CallSuper(pc, base, vm) {
        let word = *pc;
        let start = *base.add(usize::from(c_of(word)));
        attend!(pc, base, start);
        let this = *base.add(usize::from(c_of(word)) - 1);
        let key = Value::from_bits(*pc.add(1));
        let hit = attempt!(vm, pc, base, find_member(vm, start, key));
        if start.as_map().is_some() && hit.value.as_func().is_some_and(|f| !(*f.code.get()).is_native()) {
            specialize_call(vm, pc, start, hit, true);
        }
        let site = Site { pc, ret: pc.wrapping_add(5), base, dst: usize::from(a_of(word)) };
        let nb = base.add(usize::from(b_of(word)));
        call::begin(vm, site, hit.value, nb, usize::from(x_of(word)), Some((this, hit.parent)))
    }
}

slow! {
    /// A call of an element at the start of a statement.
    CallIndex(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let container = *base.add(usize::from(c_of(word)));
        let index = *base.add(*pc.add(1) as usize);
        attend!(pc, base, container, index);
        let found = look_up!(
            vm, pc, base, container, index, property::get_index(vm, container, index), as_found
        );
        let parent = parent_of(vm, found.holder);
        let site = Site { pc, ret: pc.wrapping_add(2), base, dst: usize::from(a_of(word)) };
        let nb = base.add(usize::from(b_of(word)));
        call::begin(vm, site, found.value, nb, usize::from(x_of(word)), Some((container, parent)))
    }
}

slow! {
    /// The body of a module returned to its importer.
    ImportDone(pc, base, vm) {
        let Some(import) = vm.imports.pop() else {
            return suspend(vm, core::ptr::null(), base, Exit::Finished(Value::NULL));
        };
        let code = code_of(base);
        let value = *base.add(code.register_count as usize);
        let scope = unwind::proto(code).and_then(|p| p.flags.scope_register);
        let scope = scope.and_then(|r| (*base.add(usize::from(r))).as_map());
        let map = match scope {
            Some(map) => map,
            None => attempt!(vm, pc, base, refused(vm.globals_map())),
        };
        attempt!(vm, pc, base, refused(vm.store.map_set(map, import.name, value, KeyOrigin::Literal)));
        base.add(usize::from(import.dst)).write(Value::NULL);
        State { pc: import.pc, base }
    }
}

slow! {
    /// Enters a function where the stack, the depth or the fuel needs a look; the window is
    /// complete but for its header.
    Enter(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let callee = match op {
            Op::CallGlobalScript => (*vm.globals.cell_ptr((*pc.add(1) & 0xFFFF_FFFF) as usize)).value,
            _ => *base.add(usize::from(c_of(word))),
        };
        let site = Site { pc, ret: pc.wrapping_add(op.words()), base, dst: usize::from(a_of(word)) };
        let code = &*callee.as_func().map_or(core::ptr::null(), |f| f.code.get());
        call::enter(vm, site, callee, code, base.add(usize::from(b_of(word))))
    }
}

slow! {
    /// A cached method call whose callee needs a look at stack, depth or fuel.
    Method(pc, base, vm) {
        match op_at(pc) {
            Op::CallSuperCached => CallSuper::run(pc, base, vm),
            _ => CallMethod::run(pc, base, vm),
        }
    }
}

slow! {
    /// A call of a native function in a global.
    CallNative(pc, base, vm) {
        let word = *pc;
        let callee = (*vm.globals.cell_ptr((*pc.add(1) & 0xFFFF_FFFF) as usize)).value;
        let argc = usize::from(x_of(word));
        if let Some(f) = callee.as_func() {
            let code = &*f.code.get();
            if code.is_native() && code.param_count() == argc {
                let site = Site { pc, ret: pc.wrapping_add(3), base, dst: usize::from(a_of(word)) };
                return call::call_native(vm, site, code, base.add(usize::from(b_of(word))));
            }
        }
        CallGlobal::run(pc, base, vm)
    }
}

/// The native function of a type map that a cached look-up leads to.
pub(super) unsafe fn cached_native(pc: *const u64, receiver: Value, vm: &Vm) -> Option<Value> {
    // SAFETY: a site with cache words; while guard and epoch are those of the cache, the address is
    // where the function is kept.
    unsafe {
        let guard = guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32;
        if *pc.add(2) != guard || receiver.is_number() {
            return None;
        }
        let callee = *core::ptr::with_exposed_provenance::<Value>(*pc.add(3) as usize);
        let code = &*callee.as_func()?.code.get();
        code.is_native().then_some(callee)
    }
}

slow! {
    /// A method call on a list or string.
    MethodNative(pc, base, vm) {
        let word = *pc;
        let receiver = *base.add(usize::from(c_of(word)));
        match cached_native(pc, receiver, vm) {
            Some(callee) => {
                let site = Site { pc, ret: pc.wrapping_add(5), base, dst: usize::from(a_of(word)) };
                let nb = base.add(usize::from(b_of(word)));
                let code = callee.as_func().map_or(core::ptr::null(), |f| f.code.get());
                if (*code).call_key == (u32::from(x_of(word)) + 1) | CALL_NATIVE | CALL_SELF_PARAM {
                    nb.sub(1).write(receiver);
                    return call::call_native(vm, site, &*code, nb.sub(1));
                }
                call::begin(vm, site, callee, nb, usize::from(x_of(word)), Some((receiver, Value::NULL)))
            }
            None => CallMethod::run(pc, base, vm),
        }
    }
}

slow! {
    /// A member read on a list or string that calls a native function.
    PropNative(pc, base, vm) {
        let word = *pc;
        let receiver = *base.add(usize::from(b_of(word)));
        match cached_native(pc, receiver, vm) {
            Some(callee) => {
                let site = Site { pc, ret: pc.wrapping_add(4), base, dst: usize::from(a_of(word)) };
                call::invoke(vm, site, callee, Some((receiver, Value::NULL)))
            }
            None => GetProp::run(pc, base, vm),
        }
    }
}
