//! Lists, maps, functions, instances, slices.

use super::*;

slow! {
    /// Lists, maps, slices, functions, `new`, `isa`.
    Make(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let (b, c) = (usize::from(b_of(word)), usize::from(c_of(word)));
        if matches!(op, Op::Isa | Op::Slice) {
            let rhs = if op == Op::Isa { *base.add(c) } else { Value::NULL };
            attend!(pc, base, *base.add(b), rhs);
        } else if op == Op::New {
            attend!(pc, base, *base.add(b));
        }
        poll(vm, base);
        let value = attempt!(vm, pc, base, make(vm, pc, base, op));
        if op != Op::ListAppend {
            base.add(usize::from(a_of(word))).write(value);
        }
        next(pc, base, op.words())
    }
}

pub(super) unsafe fn make(
    vm: &mut Vm,
    pc: *const u64,
    base: *mut Value,
    op: Op,
) -> Result<Value, Error> {
    // SAFETY: the contract of slow paths; the operands of each operation are as the table says.
    unsafe {
        let word = *pc;
        let (b, c) = (usize::from(b_of(word)), usize::from(c_of(word)));
        match op {
            Op::NewList => refused(
                vm.store.list_from(core::slice::from_raw_parts(base.add(b), c)).map(Value::list),
            ),
            Op::ListAppend => {
                let Some(list) = (*base.add(usize::from(a_of(word)))).as_list() else {
                    return Ok(Value::NULL);
                };
                refused(vm.store.list_reserve(list, c))?;
                for i in 0..c {
                    refused(vm.store.list_push(list, *base.add(b + i)))?;
                }
                Ok(Value::NULL)
            }
            Op::NewMapEmpty => refused(vm.store.new_map().map(Value::map)),
            Op::NewMap | Op::NewMapShaped => new_map(vm, pc, base, b, c),
            Op::Slice => {
                let (from, to) = (*base.add(c), *base.add(c + 1));
                let dialect = vm.dialect;
                semantics::slice::slice(&mut vm.store, dialect, *base.add(b), from, to)
            }
            Op::Isa => property::isa(vm, *base.add(b), *base.add(c)),
            Op::New => property::new_instance(vm, *base.add(b)),
            _ => {
                let code = code_of(base);
                let child =
                    unwind::proto(code).and_then(|p| p.children.get(b).copied()).unwrap_or(0);
                let inner = refused(link::code(vm, code.unit, child))?;
                let scope = if x_of(word) != 0 { Value::NULL } else { *base.add(c) };
                refused(vm.store.new_func(inner, scope))
            }
        }
    }
}

pub(super) unsafe fn new_map(
    vm: &mut Vm,
    pc: *const u64,
    base: *mut Value,
    b: usize,
    c: usize,
) -> Result<Value, Error> {
    // SAFETY: as `make`; the keys are constants of the function, which the pool holds as atoms.
    unsafe {
        let code = code_of(base);
        let Some(keys) = unwind::proto(code).and_then(|p| p.map_keys.get(c)) else {
            return Ok(Value::NULL);
        };
        let pool = &code.words[code.word_count as usize..];
        let key_at = |i: usize| Value::from_bits(pool[usize::from(keys[i])]);
        let mut shape = Some(EMPTY_SHAPE);
        for i in 0..keys.len() {
            shape = shape
                .and_then(|s| vm.store.shapes.add(&mut vm.store.heap.memory, s, key_at(i), None));
        }
        if let Some(shape) = shape {
            if vm.quicken {
                patch_word(pc, 1, u64::from(shape) | (keys.len() as u64) << 32);
                rewrite(pc, Op::NewMapShaped);
            }
            let values = core::slice::from_raw_parts(base.add(b), keys.len());
            return refused(vm.store.new_map_shaped(shape, values).map(Value::map));
        }
        let map = refused(vm.store.new_map())?;
        for i in 0..keys.len() {
            refused(vm.store.map_set(map, key_at(i), *base.add(b + i), KeyOrigin::Literal))?;
        }
        Ok(Value::map(map))
    }
}
