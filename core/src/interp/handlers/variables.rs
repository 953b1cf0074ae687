//! Registers, constants, globals and captured variables.

use crate::value::globals::ASSIGNED;

use super::{
    Engine, Value, Vm, field_a, field_b, field_c, handler, pool, slow, slow_handlers, wide_bc,
};

handler! {
    nop(E, pc, base, vm, acc) { E::next(pc.add(1), base, vm, acc) }
}

handler! {
    mov(E, pc, base, vm, acc) {
        let value = *base.add(field_b(pc));
        base.add(field_a(pc)).write(value);
        E::next(pc.add(1), base, vm, value.raw_f64())
    }
}

handler! {
    eval(E, pc, base, vm, acc) {
        let value = *base.add(field_b(pc));
        if value.needs_attention() {
            return E::slow::<slow::Variable>(pc, base, vm);
        }
        base.add(field_a(pc)).write(value);
        E::next(pc.add(1), base, vm, value.raw_f64())
    }
}

handler! {
    load_k(E, pc, base, vm, acc) {
        let value = pool(pc, wide_bc(pc));
        base.add(field_a(pc)).write(value);
        E::next(pc.add(1), base, vm, value.raw_f64())
    }
}

handler! {
    load_null(E, pc, base, vm, acc) {
        base.add(field_a(pc)).write(Value::NULL);
        E::next(pc.add(1), base, vm, acc)
    }
}

handler! {
    load_unassigned(E, pc, base, vm, acc) {
        let first = base.add(field_a(pc));
        for i in 0..field_b(pc) {
            first.add(i).write(Value::UNASSIGNED);
        }
        E::next(pc.add(1), base, vm, acc)
    }
}

handler! {
    get_global(E, pc, base, vm, acc) {
        let value = (*(*vm).globals.cell_ptr(wide_bc(pc) as usize)).value;
        if value.needs_attention() {
            return E::slow::<slow::Global>(pc, base, vm);
        }
        base.add(field_a(pc)).write(value);
        E::next(pc.add(1), base, vm, value.raw_f64())
    }
}

handler! {
    set_global(E, pc, base, vm, acc) {
        let cell = (*vm).globals.cell_ptr(wide_bc(pc) as usize);
        if (*cell).state != ASSIGNED {
            return E::slow::<slow::GlobalStore>(pc, base, vm);
        }
        (*cell).value = *base.add(field_a(pc));
        E::next(pc.add(1), base, vm, acc)
    }
}

handler! {
    get_up(E, pc, base, vm, acc) {
        if let Some(f) = (*base.sub(3)).as_func()
            && let Some(env) = f.scope.get().as_env()
        {
            let value = env.get(field_b(pc));
            if !value.needs_attention() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::Variable>(pc, base, vm)
    }
}

handler! {
    get_up_raw(E, pc, base, vm, acc) {
        if let Some(f) = (*base.sub(3)).as_func()
            && let Some(env) = f.scope.get().as_env()
        {
            let value = env.get(field_b(pc));
            if !value.is_unassigned() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::Variable>(pc, base, vm)
    }
}

handler! {
    set_up(E, pc, base, vm, acc) {
        if let Some(f) = (*base.sub(3)).as_func()
            && let Some(env) = f.scope.get().as_env()
        {
            (*vm).store.env_set(env, field_b(pc), *base.add(field_a(pc)));
        }
        E::next(pc.add(1), base, vm, acc)
    }
}

handler! {
    get_env(E, pc, base, vm, acc) {
        if let Some(env) = (*base.add(field_b(pc))).as_env() {
            let value = env.get(field_c(pc));
            if !value.needs_attention() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::Variable>(pc, base, vm)
    }
}

handler! {
    get_env_raw(E, pc, base, vm, acc) {
        if let Some(env) = (*base.add(field_b(pc))).as_env() {
            let value = env.get(field_c(pc));
            if !value.is_unassigned() {
                base.add(field_a(pc)).write(value);
                return E::next(pc.add(1), base, vm, value.raw_f64());
            }
        }
        E::slow::<slow::Variable>(pc, base, vm)
    }
}

handler! {
    set_env(E, pc, base, vm, acc) {
        if let Some(env) = (*base.add(field_b(pc))).as_env() {
            (*vm).store.env_set(env, field_c(pc), *base.add(field_a(pc)));
        }
        E::next(pc.add(1), base, vm, acc)
    }
}

slow_handlers! {
    get_global_raw => Global;
    check_global => Check;
    check_local => Check;
    check_scope => Check;
    load_globals => Scope;
    load_outer => Scope;
    new_env => Scope;
    new_scope => Scope;
    get_scope => ScopeVariable;
    set_scope => ScopeVariable;
    get_outer => ScopeVariable;
    up_member => UpMember;
    store_result => StoreResult;
    fail => Fail;
}
