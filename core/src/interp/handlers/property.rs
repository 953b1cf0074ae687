//! Members, elements, lists and maps.

use super::{Engine, Value, Vm, field_a, field_b, field_c, handler, slow, slow_handlers, truncate};
use crate::value::shape::ISA;

/// Low half of a cache word.
#[inline(always)]
unsafe fn low(pc: *const u64, at: usize) -> u32 {
    // SAFETY: an extra word of the instruction.
    unsafe { *pc.add(at).cast::<u32>() }
}

/// High half of a cache word.
#[inline(always)]
unsafe fn high(pc: *const u64, at: usize) -> u32 {
    // SAFETY: an extra word of the instruction.
    unsafe { *pc.add(at).cast::<u32>().add(1) }
}

/// The slot of a property in a map of this shape, if it is one of the four that the site has seen.
#[inline(always)]
unsafe fn own_slot(pc: *const u64, shape: u32) -> Option<usize> {
    // SAFETY: a site with two cache words behind its key.
    unsafe {
        let wanted = u64::from(shape) << 6;
        let entries = pc.add(2).cast::<u32>();
        let first = u64::from(*entries) ^ wanted;
        if first < 64 {
            return Some(first as usize);
        }
        for i in 1..4 {
            let slot = u64::from(*entries.add(i)) ^ wanted;
            if slot < 64 {
                return Some(slot as usize);
            }
        }
        None
    }
}

handler! {
    get_prop_own(E, pc, base, vm, acc) {
        if let Some(map) = (*base.add(field_b(pc))).as_map()
            && let Some(slot) = own_slot(pc, map.shape())
        {
            let value = *map.slots.get().add(slot);
            if !value.needs_attention() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(4), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::GetProp>(pc, base, vm)
    }
}

handler! {
    get_prop_parent(E, pc, base, vm, acc) {
        if let Some(map) = (*base.add(field_b(pc))).as_map()
            && map.shape() == low(pc, 2)
            && (*vm).store.shapes.epoch == high(pc, 2)
        {
            let value = **pc.add(3).cast::<*const Value>();
            if !value.needs_attention() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(4), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::GetProp>(pc, base, vm)
    }
}

handler! {
    set_prop_own(E, pc, base, vm, acc) {
        if let Some(map) = (*base.add(field_a(pc))).as_map()
            && let Some(slot) = own_slot(pc, map.shape())
        {
            map.slots.get().add(slot).write(*base.add(field_b(pc)));
            (*vm).store.heap.barrier(map.cell());
            return E::next(pc.add(4), base, vm, acc);
        }
        E::slow::<slow::SetProp>(pc, base, vm)
    }
}

handler! {
    set_prop_add(E, pc, base, vm, acc) {
        if let Some(map) = (*base.add(field_a(pc))).as_map()
            && map.shape() == low(pc, 2)
            && map.header.flags.get() == 0
            && low(pc, 3) < u32::from(map.header.aux.get())
        {
            map.slots.get().add(low(pc, 3) as usize).write(*base.add(field_b(pc)));
            map.header.info.set(high(pc, 2));
            (*vm).store.heap.barrier(map.cell());
            return E::next(pc.add(4), base, vm, acc);
        }
        E::slow::<slow::SetProp>(pc, base, vm)
    }
}

handler! {
    get_index_list(E, pc, base, vm, acc) {
        if let Some(list) = (*base.add(field_b(pc))).as_list() {
            let index = truncate((*base.add(field_c(pc))).raw_f64());
            if let Some(value) = list.get(index as usize) {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::GetIndex>(pc, base, vm)
    }
}

handler! {
    get_index_str(E, pc, base, vm, acc) {
        if let Some(s) = (*base.add(field_b(pc))).as_str()
            && s.is_ascii()
        {
            let index = truncate((*base.add(field_c(pc))).raw_f64());
            if let Some(&byte) = s.bytes().get(index as usize) {
                let value = Value::ascii_char(byte);
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::GetIndex>(pc, base, vm)
    }
}

handler! {
    set_index_list(E, pc, base, vm, acc) {
        if let Some(list) = (*base.add(field_a(pc))).as_list() {
            let index = truncate((*base.add(field_b(pc))).raw_f64());
            if (index as u64) < list.len() as u64 {
                let value = *base.add(field_c(pc));
                list.elems.get().add(index as usize).write(value);
                (*vm).store.barrier(list.cell(), value);
                return E::next(pc.add(1), base, vm, acc);
            }
        }
        E::slow::<slow::SetIndex>(pc, base, vm)
    }
}

handler! {
    get_index_map(E, pc, base, vm, acc) {
        if let Some(map) = (*base.add(field_b(pc))).as_map()
            && let Some(place) = map.hinted_slot(*base.add(field_c(pc)))
        {
            let value = *place;
            base.add(field_a(pc)).write(value);
            return E::next(pc.add(1), base, vm, value.raw_f64());
        }
        E::slow::<slow::GetIndexMap>(pc, base, vm)
    }
}

handler! {
    set_index_map(E, pc, base, vm, acc) {
        // A new parent changes more than one entry.
        if let Some(map) = (*base.add(field_a(pc))).as_map()
            && let Some(place) = map.hinted_slot(*base.add(field_b(pc)))
            && *base.add(field_b(pc)) != ISA
        {
            let value = *base.add(field_c(pc));
            place.write(value);
            (*vm).store.barrier(map.cell(), value);
            return E::next(pc.add(1), base, vm, acc);
        }
        E::slow::<slow::SetIndex>(pc, base, vm)
    }
}

handler! {
    new_map_shaped(E, pc, base, vm, acc) {
        if (*vm).store.heap.debt < 0 {
            let count = high(pc, 1) as usize;
            let values = core::slice::from_raw_parts(base.add(field_b(pc)), count);
            if let Ok(map) = (*vm).store.new_map_shaped(low(pc, 1), values) {
                base.add(field_a(pc)).write(Value::map(map));
                return E::next(pc.add(2), base, vm, acc);
            }
        }
        E::slow::<slow::Make>(pc, base, vm)
    }
}

handler! {
    new_list(E, pc, base, vm, acc) {
        if (*vm).store.heap.debt < 0 {
            let values = core::slice::from_raw_parts(base.add(field_b(pc)), field_c(pc));
            if let Ok(list) = (*vm).store.list_from(values) {
                base.add(field_a(pc)).write(Value::list(list));
                return E::next(pc.add(1), base, vm, acc);
            }
        }
        E::slow::<slow::Make>(pc, base, vm)
    }
}

slow_handlers! {
    get_prop => GetProp;
    get_prop_raw => GetProp;
    set_prop => SetProp;
    get_index => GetIndex;
    set_index => SetIndex;
    slice => Make;
    list_append => Make;
    new_map => Make;
    new_map_empty => Make;
    closure => Make;
}
