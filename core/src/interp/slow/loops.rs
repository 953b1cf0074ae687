//! Loops over sequences.

use super::*;

slow! {
    /// Starts a counting loop, or calls what `range` means.
    RangeInit(pc, base, vm) {
        let word = *pc;
        let cell = (*pc.add(1) & 0xFFFF_FFFF) as usize;
        let callee = (*vm.globals.cell_ptr(cell)).value;
        let (a, b, argc) = (usize::from(a_of(word)), usize::from(b_of(word)), usize::from(x_of(word)));
        let is_range = crate::intrinsics::index_of("range").and_then(|i| vm.intrinsics.get(i).copied()) == Some(callee);
        if is_range
            && argc <= 3
            && let Some((from, to, step)) = counting(core::slice::from_raw_parts(base.add(b), argc))
        {
            base.add(a).write(Value::RANGE_MARK);
            base.add(a + 1).write(Value::number(from));
            base.add(a + 2).write(Value::number(to));
            base.add(a + 3).write(Value::number(step));
            return next(pc, base, 2);
        }
        if callee.is_unassigned() {
            let name = cell_name(vm, cell);
            return unwind::raise(vm, pc, base, undefined(&name));
        }
        let site = Site { pc, ret: pc.wrapping_add(2), base, dst: a };
        call::begin(vm, site, callee, base.add(b), argc, None)
    }
}

/// From, to and step of a range whose elements need no list: whole numbers that addition reaches
/// exactly. Everything else is left to the intrinsic, errors included.
pub(super) fn counting(args: &[Value]) -> Option<(f64, f64, f64)> {
    const EXACT_MAX: f64 = 4_503_599_627_370_496.0;
    let number = |i: usize| args.get(i).map_or(0.0, |v| v.as_number().unwrap_or(0.0));
    let (from, to) = (number(0), number(1));
    let default = if from <= to { 1.0 } else { -1.0 };
    let step = args.get(2).and_then(|v| v.as_number()).unwrap_or(default);
    let whole = math::is_whole(from) && math::is_whole(step);
    let exact = from.abs() < EXACT_MAX && to.abs() < EXACT_MAX && step.abs() < EXACT_MAX;
    let count = (to - from) / step;
    (whole && exact && step != 0.0 && count >= 0.0 && count < LIST_LEN_MAX as f64)
        .then_some((from, to, step))
}

/// Element number `index` of the sequence of a loop, with what the loop must remember: the index,
/// and for strings the byte behind the character.
pub(super) unsafe fn element(
    vm: &mut Vm,
    state: *mut Value,
    index: usize,
) -> Result<Option<Value>, Error> {
    // SAFETY: four registers of loop state.
    let sequence = unsafe { *state };
    if let Some(list) = sequence.as_list() {
        return Ok(list.get(index));
    }
    if let Some(text) = sequence.text() {
        let bytes = text.bytes();
        // SAFETY: as above. Registers 2 and 3 hold the index and byte of the character after the
        // last one given out, once there was a first.
        let (known, byte) = unsafe { (*state.add(2), *state.add(3)) };
        let at = match (known.as_number(), byte.as_number()) {
            _ if index == 0 => 0,
            (Some(k), Some(b)) if k == index as f64 => b as usize,
            _ if is_ascii(&text) => index.min(bytes.len()),
            _ => vm.store.char_offset(bytes, index),
        };
        if at >= bytes.len() {
            return Ok(None);
        }
        let end = at + char_width(bytes[at]);
        // SAFETY: as above.
        unsafe {
            state.add(2).write(Value::number((index + 1) as f64));
            state.add(3).write(Value::number(end as f64));
        }
        return Ok(Some(Value::short(&bytes[at..end])));
    }
    let Some(map) = sequence.as_map() else { return Ok(None) };
    let Some((key, value)) = vm.store.map_entry(map, index) else { return Ok(None) };
    let pair = refused(vm.store.new_map())?;
    refused(vm.store.map_set(pair, Value::short(b"key"), key, KeyOrigin::Literal))?;
    refused(vm.store.map_set(pair, Value::short(b"value"), value, KeyOrigin::Literal))?;
    Ok(Some(Value::map(pair)))
}

slow! {
    /// Starts a loop.
    ForPrep(pc, base, vm) {
        let word = *pc;
        let state = base.add(usize::from(a_of(word)));
        let dst = base.add(usize::from(b_of(word)));
        if *state == Value::RANGE_MARK {
            dst.write(*state.add(1));
            return next(pc, base, 1);
        }
        poll(vm, base);
        match attempt!(vm, pc, base, element(vm, state, 0)) {
            Some(value) => {
                state.add(1).write(Value::ZERO);
                dst.write(value);
                next(pc, base, 1)
            }
            None => jump(pc, base),
        }
    }
}

slow! {
    /// Next iteration of a loop.
    ForNext(pc, base, vm) {
        let word = *pc;
        let state = base.add(usize::from(a_of(word)));
        let dst = base.add(usize::from(b_of(word)));
        let distance = isize::from(c_of(word).cast_signed());
        if *state == Value::RANGE_MARK {
            let (at, to, step) = ((*state.add(1)).raw_f64(), (*state.add(2)).raw_f64(), (*state.add(3)).raw_f64());
            if vm.quicken {
                rewrite(pc, Op::ForNextRange);
            }
            let at = at + step;
            if if step > 0.0 { at > to } else { at < to } {
                return next(pc, base, 1);
            }
            state.add(1).write(Value::number(at));
            dst.write(Value::number(at));
            return go_back(vm, pc, distance, base);
        }
        poll(vm, base);
        if vm.quicken {
            let list = (*state).as_list().is_some();
            rewrite(pc, if list { Op::ForNextList } else { Op::ForNext });
        }
        let index = (*state.add(1)).as_number().unwrap_or(0.0) as usize + 1;
        match attempt!(vm, pc, base, element(vm, state, index)) {
            Some(value) => {
                state.add(1).write(Value::number(index as f64));
                dst.write(value);
                go_back(vm, pc, distance, base)
            }
            None => next(pc, base, 1),
        }
    }
}

slow! {
    /// An element by an index that the script can see.
    IterGet(pc, base, vm) {
        let word = *pc;
        let dst = base.add(usize::from(a_of(word)));
        let state = base.add(usize::from(b_of(word)));
        let index = (*base.add(usize::from(c_of(word)))).as_number().unwrap_or(0.0);
        let target = pc.wrapping_add(1).wrapping_offset(*pc.add(1) as i64 as isize);
        poll(vm, base);
        if *state == Value::RANGE_MARK {
            let (from, to, step) = ((*state.add(1)).raw_f64(), (*state.add(2)).raw_f64(), (*state.add(3)).raw_f64());
            let count = math::floor((to - from) / step) + 1.0;
            let index = math::trunc(if index < 0.0 { index + count } else { index });
            if index >= count {
                return State { pc: target, base };
            }
            dst.write(if index < 0.0 { Value::NULL } else { Value::number(from + step * index) });
            return next(pc, base, 2);
        }
        let len = match ((*state).as_list(), (*state).as_map()) {
            (Some(list), _) => list.len(),
            (_, Some(map)) => vm.store.map_len(map),
            _ => vm.store.char_count(*state),
        };
        if math::index_i32(index) >= 0 && math::trunc(index) >= len as f64 {
            return State { pc: target, base };
        }
        match property::position(index, len) {
            None => dst.write(Value::NULL),
            Some(at) => {
                // The first time, `at` is 0.
                let value = attempt!(vm, pc, base, element(vm, state, at));
                dst.write(value.unwrap_or(Value::NULL));
            }
        }
        next(pc, base, 2)
    }
}
