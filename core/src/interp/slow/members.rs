//! Members and elements, and the caches of where they are.

use super::*;

/// `self` of a method found in `holder` is the receiver; `super` is the parent of the holder.
pub(super) fn parent_of(vm: &Vm, holder: Option<Gc<Map>>) -> Value {
    holder.and_then(|map| map.get_own(&vm.store.shapes, ISA)).unwrap_or(Value::NULL)
}

/// The class of receivers that share a type map, for caches.
#[inline(always)]
pub(in crate::interp) fn receiver_class(receiver: Value) -> u64 {
    let tag = receiver.bits() >> 48;
    if tag == 0xFFFA { 0xFFFB } else { tag }
}

/// What guards a cached look-up through a receiver: the shape of a map (or the number of a
/// dictionary), the class of anything else; never the same for two receivers whose look-ups may
/// differ while the epoch stands.
#[inline(always)]
pub(in crate::interp) fn guard_of(receiver: Value) -> u64 {
    match receiver.as_map() {
        Some(map) => u64::from(map.shape()),
        None => receiver_class(receiver),
    }
}

/// Looks a member up through the machine's cache of look-ups.
pub(super) fn find_member(vm: &mut Vm, receiver: Value, key: Value) -> Result<Hit, Error> {
    let guard = guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32;
    if let Some(hit) = vm.lookups.find(guard, key, receiver) {
        return Ok(hit);
    }
    let found = property::get_member(vm, receiver, key)?;
    let parent = parent_of(vm, found.holder);
    // Classes of native objects differ, and nothing in the object's own word says how.
    let place = match receiver.type_of() {
        Type::Object => 0,
        _ => found.holder.map_or(0, |holder| place_of(vm, receiver, key, holder)),
    };
    if place != 0 {
        // Sites that remember the place do no such work: nobody pays for it.
        vm.store.shapes.take_work();
    }
    // The epoch may have changed: looking up makes type maps.
    let guard = guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32;
    if place != 0 && vm.quicken {
        vm.lookups.remember(guard, key, place, parent);
    }
    Ok(Hit { value: found.value, place, parent, fresh: true })
}

/// What a look-up for which there is no cache found.
pub(super) fn hit_of(vm: &mut Vm, found: Found) -> Hit {
    Hit { value: found.value, place: 0, parent: parent_of(vm, found.holder), fresh: true }
}

pub(super) fn as_found(_: &mut Vm, found: Found) -> Found {
    found
}

/// Where a cache finds what was found in `holder`: `slot + 1` of the receiver itself (below 65536),
/// or an address; 0 when it cannot be cached.
pub(super) fn place_of(vm: &Vm, receiver: Value, key: Value, holder: Gc<Map>) -> u64 {
    let shapes = &vm.store.shapes;
    if let Some(map) = receiver.as_map() {
        if map.shape() == NO_SHAPE {
            return 0;
        }
        if map == holder {
            let own = if is_shape(map.shape()) { shapes.find(map.shape(), key) } else { None };
            return own.map_or(0, |slot| slot as u64 + 1);
        }
    }
    if holder.is_prototype() {
        holder.slot_of(shapes, key).map_or(0, |place| place as u64)
    } else {
        0
    }
}

slow! {
    /// A member read.
    GetProp(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let receiver = *base.add(usize::from(b_of(word)));
        attend!(pc, base, receiver);
        let key = Value::from_bits(*pc.add(1));
        let hit =
            look_up!(vm, pc, base, receiver, key, find_member(vm, receiver, key), hit_of);
        let raw = op_at(pc) == Op::GetPropRaw;
        if !raw {
            specialize_get(vm, pc, receiver, hit);
        }
        let site = Site { pc, ret: pc.wrapping_add(4), base, dst: usize::from(a_of(word)) };
        if !raw && hit.value.as_func().is_some() {
            return call::invoke(vm, site, hit.value, Some((receiver, hit.parent)));
        }
        base.add(site.dst).write(hit.value);
        State { pc: site.ret, base }
    }
}

pub(super) unsafe fn specialize_get(vm: &Vm, pc: *const u64, receiver: Value, hit: Hit) {
    if !vm.quicken || hit.place == 0 {
        return;
    }
    // SAFETY: a `get_prop` site, with two cache words.
    unsafe {
        let op = op_at(pc);
        if hit.place < 0x1_0000 {
            if op == Op::GetProp {
                clear_shapes(pc);
                rewrite(pc, Op::GetPropOwn);
            }
            if matches!(op, Op::GetProp | Op::GetPropOwn) {
                add_shape(pc, guard_of(receiver), hit.place - 1);
            }
            return;
        }
        let native = hit.value.as_func().is_some_and(|f| (*f.code.get()).is_native());
        if (op == Op::GetProp || hit.fresh && op != Op::GetPropOwn)
            && (native || receiver.as_map().is_some())
        {
            patch_word(pc, 2, guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32);
            patch_word(pc, 3, hit.place);
            rewrite(pc, if native { Op::GetPropNative } else { Op::GetPropParent });
        }
    }
}

/// Empties the four entries of a cache of own slots. An entry is `shape << 6 | slot`.
pub(super) unsafe fn clear_shapes(pc: *const u64) {
    // SAFETY: a site with two cache words behind its key.
    unsafe {
        patch_word(pc, 2, u64::MAX);
        patch_word(pc, 3, u64::MAX);
    }
}

/// Adds a shape to a cache of own slots; when all are taken, the last one makes room.
pub(super) unsafe fn add_shape(pc: *const u64, shape: u64, slot: u64) {
    // SAFETY: as above.
    unsafe {
        let entries = pc.add(2).cast_mut().cast::<u32>();
        let new = (shape << 6 | slot) as u32;
        for i in 0..4 {
            if *entries.add(i) == u32::MAX || i == 3 {
                entries.add(i).write(new);
                return;
            }
        }
    }
}

slow! {
    /// A member store.
    SetProp(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let receiver = *base.add(usize::from(a_of(word)));
        attend!(pc, base, receiver);
        poll(vm, base);
        let key = Value::from_bits(*pc.add(1));
        let value = *base.add(usize::from(b_of(word)));
        let before = receiver.as_map().map_or(NO_SHAPE, |m| m.shape());
        store!(vm, pc, base, receiver, key, value, KeyOrigin::Literal);
        if vm.quicken
            && key != ISA
            && let Some(map) = receiver.as_map()
            && is_shape(map.shape())
            && let Some(slot) = vm.store.shapes.find(map.shape(), key)
        {
            specialize_set(pc, before, map.shape(), slot);
        }
        next(pc, base, 4)
    }
}

pub(super) unsafe fn specialize_set(pc: *const u64, before: u32, after: u32, slot: usize) {
    // SAFETY: a `set_prop` site, with two cache words.
    unsafe {
        let op = op_at(pc);
        if before == after {
            if op != Op::SetPropOwn {
                clear_shapes(pc);
                rewrite(pc, Op::SetPropOwn);
            }
            add_shape(pc, u64::from(after), slot as u64);
        } else if op != Op::SetPropOwn && is_shape(before) {
            patch_word(pc, 2, u64::from(before) | u64::from(after) << 32);
            patch_word(pc, 3, slot as u64);
            rewrite(pc, Op::SetPropAdd);
        }
    }
}

slow! {
    /// An element read.
    GetIndex(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let (container, index) = (*base.add(usize::from(b_of(word))), *base.add(usize::from(c_of(word))));
        attend!(pc, base, container, index);
        let found = look_up!(
            vm, pc, base, container, index, property::get_index(vm, container, index), as_found
        );
        if vm.quicken {
            let op = match container.type_of() {
                Type::List if index.is_number() => Op::GetIndexList,
                Type::Str if index.is_number() => Op::GetIndexStr,
                Type::Map => Op::GetIndexMap,
                _ => Op::GetIndex,
            };
            rewrite(pc, op);
        }
        base.add(usize::from(a_of(word))).write(found.value);
        next(pc, base, 1)
    }
}

slow! {
    /// An element of a map.
    GetIndexMap(pc, base, vm) {
        let word = *pc;
        let (container, index) = (*base.add(usize::from(b_of(word))), *base.add(usize::from(c_of(word))));
        if let Some(map) = container.as_map()
            && !index.needs_attention()
            && let Some(key) = vm.store.find_key(index)
            && let Some(value) = map.get_own(&vm.store.shapes, key)
        {
            base.add(usize::from(a_of(word))).write(value);
            return next(pc, base, 1);
        }
        // It looks the key up again, and pays as a site does that was not specialized.
        vm.store.shapes.take_work();
        GetIndex::run(pc, base, vm)
    }
}

slow! {
    /// An element store.
    SetIndex(pc, base, vm) {
        let mut base = base;
        let word = *pc;
        let (container, index) = (*base.add(usize::from(a_of(word))), *base.add(usize::from(b_of(word))));
        attend!(pc, base, container, index);
        poll(vm, base);
        let value = *base.add(usize::from(c_of(word)));
        store!(vm, pc, base, container, index, value, KeyOrigin::Computed);
        if vm.quicken {
            rewrite(pc, match container.type_of() {
                Type::List if index.is_number() => Op::SetIndexList,
                Type::Map => Op::SetIndexMap,
                _ => Op::SetIndex,
            });
        }
        next(pc, base, 1)
    }
}
