//! Variables that are functions, unassigned, or seen through maps.

use super::*;

pub(super) fn undefined(name: &str) -> Error {
    Error::runtime(format!("Undefined Identifier: '{name}' is unknown in this context"))
}

/// Name of a global by the number of its cell.
pub(super) fn cell_name(vm: &Vm, cell: usize) -> alloc::string::String {
    let key = vm.globals.cells().get(cell).map_or(Value::NULL, |c| c.key);
    property::plain(vm, key).unwrap_or_default()
}

pub(super) fn warn(vm: &mut Vm, pc: *const u64, base: *mut Value, name: &str) {
    vm.pc = pc;
    vm.base = base;
    let trace = unwind::frames(vm, 1);
    let place = match trace.first() {
        Some(frame) if frame.location.is_known() => format!(" [{}]", frame.location),
        _ => alloc::string::String::new(),
    };
    let message = format!(
        "Warning: assignment of unqualified local '{name}' based on nonlocal is deprecated{place}"
    );
    vm.output.write(OutputStream::Standard, &message, true);
}

/// Finishes a read of a variable: calls a function, or stores the value.
pub(super) unsafe fn deliver(vm: &mut Vm, site: Site, value: Value, raw: bool) -> State {
    if value.as_func().is_some() && !raw {
        // SAFETY: the caller's frame.
        return unsafe { call::invoke(vm, site, value, None) };
    }
    // SAFETY: a register of the frame.
    unsafe { site.base.add(site.dst).write(value) };
    State { pc: site.ret, base: site.base }
}

/// Where the variable of an instruction is looked up when it is unassigned.
pub(super) unsafe fn fallback_at(pc: *const u64, base: *mut Value) -> Option<Fallback> {
    // SAFETY: a script frame.
    let code = unsafe { code_of(base) };
    unwind::side(&unwind::proto(code)?.fallbacks, unwind::word_index(code, pc))
}

/// A variable found unassigned: looked up further out, as the side table says.
pub(super) unsafe fn fall_back(vm: &mut Vm, pc: *const u64, base: *mut Value) -> State {
    // SAFETY: the caller's frame and instruction.
    unsafe {
        let code = code_of(base);
        let words = op_at(pc).words();
        let site = Site { pc, ret: pc.wrapping_add(words), base, dst: usize::from(a_of(*pc)) };
        let Some(fallback) = fallback_at(pc, base) else {
            return unwind::raise(vm, pc, base, undefined("?"));
        };
        let cell = vm.units[code.unit as usize]
            .cells
            .get(fallback.name as usize)
            .map_or(0, |&c| c as usize);
        if fallback.warn {
            let name = cell_name(vm, cell);
            warn(vm, pc, base, &name);
        }
        let value = outer_variable(vm, base, fallback.outer, cell);
        if value.is_unassigned() {
            let name = cell_name(vm, cell);
            return unwind::raise(vm, pc, base, undefined(&name));
        }
        deliver(vm, site, value, fallback.raw)
    }
}

/// A variable as seen beyond the frame: captured scope, global, intrinsic; *unassigned* when
/// nowhere.
pub(super) unsafe fn outer_variable(
    vm: &mut Vm,
    base: *mut Value,
    outer: Outer,
    cell: usize,
) -> Value {
    // SAFETY: a script frame.
    let scope = unsafe { captured(base) };
    let global = vm.globals.cells().get(cell).copied();
    let found = match outer {
        Outer::None => None,
        Outer::Slot(slot) => {
            scope.as_env().map(|env| env.get(usize::from(slot))).filter(|v| !v.is_unassigned())
        }
        Outer::Map => match (scope.as_map(), global) {
            (Some(map), Some(cell)) => map.get_own(&vm.store.shapes, cell.key),
            _ => None,
        },
    };
    found.unwrap_or_else(|| global.map_or(Value::UNASSIGNED, |cell| cell.value))
}

/// What the running function captured.
pub(super) unsafe fn captured(base: *mut Value) -> Value {
    // SAFETY: a script frame holds its function.
    unsafe { (*base.sub(3)).as_func().map_or(Value::NULL, |f| f.scope.get()) }
}

slow! {
    /// A variable register or slot that needs attention.
    Variable(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        if op == Op::Eval
            && let Some(state) = cold(pc, base)
        {
            return state;
        }
        let value = match op {
            Op::Eval => *base.add(usize::from(b_of(word))),
            Op::GetUp | Op::GetUpRaw => match captured(base).as_env() {
                Some(env) => env.get(usize::from(b_of(word))),
                None => Value::UNASSIGNED,
            },
            _ => match (*base.add(usize::from(b_of(word)))).as_env() {
                Some(env) => env.get(usize::from(c_of(word))),
                None => Value::UNASSIGNED,
            },
        };
        if value.is_unassigned() {
            return fall_back(vm, pc, base);
        }
        let raw = match op {
            Op::GetUpRaw | Op::GetEnvRaw => true,
            Op::Eval => fallback_at(pc, base).is_some_and(|f| f.raw),
            _ => false,
        };
        deliver(vm, Site { pc, ret: pc.wrapping_add(1), base, dst: usize::from(a_of(word)) }, value, raw)
    }
}

slow! {
    /// A global that is a function, an intrinsic, or nothing.
    Global(pc, base, vm) {
        let word = *pc;
        let cell = bc_of(word) as usize;
        let state = *vm.globals.cell_ptr(cell);
        if x_of(word) & 1 != 0 && !state.is_assigned() {
            let name = cell_name(vm, cell);
            warn(vm, pc, base, &name);
        }
        if state.value.is_unassigned() {
            let name = cell_name(vm, cell);
            return unwind::raise(vm, pc, base, undefined(&name));
        }
        let raw = op_at(pc) == Op::GetGlobalRaw;
        deliver(vm, Site { pc, ret: pc.wrapping_add(1), base, dst: usize::from(a_of(word)) }, state.value, raw)
    }
}

slow! {
    /// The first assignment of a global.
    GlobalStore(pc, base, vm) {
        vm.globals.set(bc_of(*pc) as usize, *base.add(usize::from(a_of(*pc))));
        next(pc, base, 1)
    }
}

pub(super) fn undefined_local(name: &str) -> Error {
    Error::runtime(format!("Undefined Local Identifier: '{name}' is unknown in this context"))
}

slow! {
    /// Checks before `x op= …`.
    Check(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let (missing, name) = match op {
            Op::CheckGlobal => {
                let cell = bc_of(word) as usize;
                (!(*vm.globals.cell_ptr(cell)).is_assigned(), cell_name(vm, cell))
            }
            Op::CheckScope => {
                let key = Value::from_bits(*pc.add(1));
                let map = (*base.add(usize::from(a_of(word)))).as_map();
                let found = map.and_then(|m| m.get_own(&vm.store.shapes, key));
                (found.is_none(), property::plain(vm, key).unwrap_or_default())
            }
            _ => {
                let fallback = fallback_at(pc, base);
                let names = &vm.units[code_of(base).unit as usize].cells;
                let cell = fallback.and_then(|f| names.get(f.name as usize)).map_or(0, |&c| c as usize);
                let value = *base.add(usize::from(a_of(word)));
                (value.is_unassigned(), cell_name(vm, cell))
            }
        };
        if missing {
            return unwind::raise(vm, pc, base, undefined_local(&name));
        }
        next(pc, base, op.words())
    }
}

slow! {
    /// Scopes as maps and environments.
    Scope(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let dst = base.add(usize::from(a_of(word)));
        poll(vm, base);
        match op {
            Op::LoadGlobals => dst.write(Value::map(attempt!(vm, pc, base, refused(vm.globals_map())))),
            Op::LoadOuter => {
                let outer = captured(base);
                // An outer scope without variables counts as none (spec §12.4, v1).
                if outer.as_map().is_some_and(|map| vm.store.map_len(map) > 0) {
                    dst.write(outer);
                } else {
                    dst.write(Value::map(attempt!(vm, pc, base, refused(vm.globals_map()))));
                }
            }
            Op::NewEnv => {
                let count = usize::from(b_of(word));
                dst.write(Value::env(attempt!(vm, pc, base, refused(vm.store.new_env(count)))));
            }
            _ => {
                let map = attempt!(vm, pc, base, new_scope(vm, base));
                dst.write(Value::map(map));
            }
        }
        next(pc, base, 1)
    }
}

/// The scope map of a function that was just entered.
pub(super) unsafe fn new_scope(vm: &mut Vm, base: *mut Value) -> Result<Gc<Map>, Error> {
    // SAFETY: a script frame.
    let code = unsafe { code_of(base) };
    let map = refused(vm.store.new_map())?;
    for (i, param) in code.params.iter().enumerate() {
        let key = refused(vm.store.atom_from(&param.name))?;
        // Of two parameters with one name the first one counts (spec §13.1, v1).
        if map.get_own(&vm.store.shapes, key).is_none() {
            // SAFETY: a parameter's register.
            let value = unsafe { *base.add(i) };
            refused(vm.store.map_set(map, key, value, KeyOrigin::Literal))?;
        }
    }
    if code.call_key & crate::value::code::CALL_USES_SELF != 0 {
        for (i, name) in ["self", "super"].into_iter().enumerate() {
            // SAFETY: the registers after the parameters.
            let value = unsafe { *base.add(code.params.len() + i) };
            if !value.is_unassigned() {
                refused(vm.store.map_set(
                    map,
                    Value::short(name.as_bytes()),
                    value,
                    KeyOrigin::Literal,
                ))?;
            }
        }
    }
    Ok(map)
}

slow! {
    /// Variables of functions with a scope map, and of functions that captured one.
    ScopeVariable(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let key = Value::from_bits(*pc.add(1));
        let register = base.add(usize::from(a_of(word)));
        let scope = if op == Op::GetOuter { captured(base) } else { *base.add(usize::from(b_of(word))) };
        if op == Op::SetScope {
            let value = *register;
            if let Some(map) = scope.as_map() {
                attempt!(vm, pc, base, refused(vm.store.map_set(map, key, value, KeyOrigin::Literal)));
            }
            return next(pc, base, op.words());
        }
        let cell = *pc.add(2) as usize;
        let own = scope.as_map().and_then(|map| map.get_own(&vm.store.shapes, key));
        let flags = x_of(word);
        let value = match own {
            Some(value) => value,
            None => {
                if flags & 2 != 0 {
                    let name = cell_name(vm, cell);
                    warn(vm, pc, base, &name);
                }
                let fallback = fallback_at(pc, base);
                let outer = if op == Op::GetOuter { Outer::None } else { fallback.map_or(Outer::Map, |f| f.outer) };
                outer_variable(vm, base, outer, cell)
            }
        };
        if value.is_unassigned() {
            let name = cell_name(vm, cell);
            return unwind::raise(vm, pc, base, undefined(&name));
        }
        let site = Site { pc, ret: pc.wrapping_add(op.words()), base, dst: usize::from(a_of(word)) };
        deliver(vm, site, value, flags & 1 != 0)
    }
}

slow! {
    /// `outer.name` of a captured environment.
    UpMember(pc, base, vm) {
        let word = *pc;
        let value = captured(base).as_env().map_or(Value::UNASSIGNED, |env| env.get(usize::from(b_of(word))));
        let site = Site { pc, ret: pc.wrapping_add(2), base, dst: usize::from(a_of(word)) };
        if !value.is_unassigned() {
            return deliver(vm, site, value, x_of(word) & 1 != 0);
        }
        // A missing key of the map that the environment stands for: the methods of maps are still
        // found.
        let key = Value::from_bits(*pc.add(1));
        let empty = Value::map(attempt!(vm, pc, base, refused(vm.store.new_map())));
        let found = attempt!(vm, pc, base, property::get_member(vm, empty, key));
        deliver(vm, site, found.value, x_of(word) & 1 != 0)
    }
}
