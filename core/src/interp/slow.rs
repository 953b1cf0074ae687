//! Slow paths of instructions: everything that is not the common case.
//!
//! A slow path does the whole work of its instruction from the registers, rewrites the site to a
//! specialized variant when that pays, and returns where to go on. It may collect and may fail.

use super::call::{self, Site, code_of};
use super::{State, gc, link, property, suspend, unwind};
use crate::bytecode::{Fallback, Kind, Op, Outer, a_of, b_of, bc_of, c_of, op_of, x_of};
use crate::error::{Error, ErrorKind};
use crate::limits::LIST_LEN_MAX;
use crate::semantics::{self, arith, compare, logic};
use crate::value::code::{CALL_NATIVE, CALL_SELF_PARAM};
use crate::value::map::KeyOrigin;
use crate::value::math;
use crate::value::shape::{EMPTY_SHAPE, ISA, NO_SHAPE, is_shape};
use crate::value::string::char_width;
use crate::value::{Gc, Map, Refusal, Type, Value};
use crate::vm::lookups::Hit;
use crate::vm::{Exit, OutputStream, Vm};
use alloc::format;

/// A slow path.
pub(super) trait Slow {
    /// Does the work of the instruction at `pc`.
    ///
    /// # Safety
    ///
    /// `pc` must be an instruction this path is for, in the function of the frame at `base`.
    unsafe fn run(pc: *const u64, base: *mut Value, vm: &mut Vm) -> State;
}

macro_rules! slow {
    ($(#[$doc:meta])* $name:ident($pc:ident, $base:ident, $vm:ident) $body:block) => {
        $(#[$doc])*
        pub(super) struct $name;
        impl Slow for $name {
            #[cold]
            #[inline(never)]
            unsafe fn run($pc: *const u64, $base: *mut Value, $vm: &mut Vm) -> State {
                // SAFETY: the trait's contract: operands name registers of this frame, constants of
                // its function, and cells of this machine, because the code was compiled or
                // verified, and linked for it.
                unsafe { $body }
            }
        }
    };
}

/// The value of a fallible expression; on an error the instruction fails. When memory is the
/// reason, everything unreachable is collected and the expression is tried once more: it must not
/// have changed anything when it fails.
macro_rules! attempt {
    ($vm:ident, $pc:ident, $base:ident, $value:expr) => {
        match $value {
            Ok(value) => value,
            Err(error) if error.kind() == ErrorKind::Limit => {
                gc::full($vm, $base);
                match $value {
                    Ok(value) => value,
                    Err(error) => return unwind::raise($vm, $pc, $base, error),
                }
            }
            Err(error) => return unwind::raise($vm, $pc, $base, error),
        }
    };
}

fn refused<T>(result: Result<T, Refusal>) -> Result<T, Error> {
    result.map_err(semantics::refused)
}

unsafe fn poll(vm: &mut Vm, base: *mut Value) {
    if vm.store.heap.debt >= 0 {
        // SAFETY: the caller's frame.
        unsafe { gc::safepoint(vm, base) };
    }
}

unsafe fn next(pc: *const u64, base: *mut Value, words: usize) -> State {
    State { pc: pc.wrapping_add(words), base }
}

unsafe fn jump(pc: *const u64, base: *mut Value) -> State {
    // SAFETY: `pc` is an instruction.
    let distance = unsafe { c_of(*pc) }.cast_signed();
    State { pc: pc.wrapping_offset(isize::from(distance)), base }
}

/// Goes back, paying for the words between.
fn go_back(vm: &mut Vm, pc: *const u64, distance: isize, base: *mut Value) -> State {
    let target = pc.wrapping_offset(distance);
    vm.fuel += distance as i64;
    if vm.fuel < 0 { suspend(vm, target, base, Exit::None) } else { State { pc: target, base } }
}

/// The cold copy of an instruction some of whose operands are variables that need attention.
unsafe fn cold(pc: *const u64, base: *mut Value) -> Option<State> {
    // SAFETY: the frame at `base` is a script frame.
    let code = unsafe { code_of(base) };
    let proto = unwind::proto(code)?;
    let target = unwind::side(&proto.cold, unwind::word_index(code, pc))?;
    Some(State { pc: code.entry.wrapping_add(target as usize), base })
}

/// Returns to the cold copy when an operand needs attention.
macro_rules! attend {
    ($pc:ident, $base:ident, $($value:expr),+) => {
        if ($($value.needs_attention())||+)
            && let Some(state) = cold($pc, $base)
        {
            return state;
        }
    };
}

/// Rewrites the operation of a site.
unsafe fn rewrite(pc: *const u64, op: Op) {
    // SAFETY: linked code is the machine's own and writable; only this thread runs it.
    unsafe { *pc.cast_mut().cast::<u8>() = op as u8 }
}

unsafe fn patch_word(pc: *const u64, at: usize, word: u64) {
    // SAFETY: as above; the instruction has that many words.
    unsafe { *pc.cast_mut().add(at) = word }
}

/// Value of a register or constant operand.
unsafe fn operand(pc: *const u64, base: *mut Value, kind: Kind, field: u16) -> Value {
    // SAFETY: the operand's kind says what the field names.
    unsafe {
        match kind {
            Kind::Pool => *pc.wrapping_offset(isize::from(field.cast_signed())).cast::<Value>(),
            _ => *base.add(usize::from(field)),
        }
    }
}

unsafe fn constant32(pc: *const u64) -> Value {
    // SAFETY: a pool reference.
    unsafe { *pc.wrapping_offset(bc_of(*pc) as isize).cast::<Value>() }
}

unsafe fn op_at(pc: *const u64) -> Op {
    // SAFETY: an instruction.
    op_of(unsafe { *pc }).unwrap_or(Op::Nop)
}

/// Notes the types of operands in the feedback byte of an arithmetic instruction.
unsafe fn note_types(pc: *const u64, lhs: Value, rhs: Value) {
    let bits = 1u8 << (lhs.type_of() as u8) | 1u8 << (rhs.type_of() as u8);
    // SAFETY: linked code is the machine's own.
    unsafe { *pc.cast_mut().cast::<u8>().add(1) |= bits };
}

slow! {
    /// Arithmetic that did not end in a number.
    Arith(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let kinds = op.operands();
        let lhs = operand(pc, base, kinds[1], b_of(word));
        let rhs = operand(pc, base, kinds[2], c_of(word));
        attend!(pc, base, lhs, rhs);
        poll(vm, base);
        note_types(pc, lhs, rhs);
        let d = vm.dialect;
        let value = attempt!(vm, pc, base, {
            let s = &mut vm.store;
            match op {
                Op::Add | Op::AddK | Op::KAdd => arith::add(s, d, lhs, rhs),
                Op::Sub | Op::SubK | Op::KSub => arith::sub(s, d, lhs, rhs),
                Op::Mul | Op::MulK | Op::KMul => arith::mul(s, d, lhs, rhs),
                Op::Div | Op::DivK | Op::KDiv => arith::div(s, d, lhs, rhs),
                Op::Mod | Op::ModK => arith::modulo(s, d, lhs, rhs),
                _ => arith::pow(s, d, lhs, rhs),
            }
        });
        pay_for(vm, value);
        base.add(usize::from(a_of(word))).write(value);
        next(pc, base, 1)
    }
}

/// Pays for making or looking at a value of this size, so that budgets hold where one instruction
/// does much work.
fn pay_for(vm: &mut Vm, value: Value) {
    const ITEMS_PER_FUEL: usize = 16;
    let size = match (value.as_list(), value.as_str()) {
        (Some(list), _) => list.len(),
        (_, Some(text)) => text.bytes().len() / 8,
        _ => return,
    };
    vm.fuel = vm.fuel.saturating_sub((size / ITEMS_PER_FUEL) as i64);
}

slow! {
    /// `-x`, `not x`.
    Unary(pc, base, vm) {
        let word = *pc;
        let value = *base.add(usize::from(b_of(word)));
        attend!(pc, base, value);
        let dialect = vm.dialect;
        let result = if op_at(pc) == Op::Neg {
            attempt!(vm, pc, base, arith::neg(&mut vm.store, dialect, value))
        } else {
            logic::not(&vm.store, value)
        };
        base.add(usize::from(a_of(word))).write(result);
        next(pc, base, 1)
    }
}

slow! {
    /// `and` and `or` of two values.
    Logic(pc, base, vm) {
        let word = *pc;
        let (lhs, rhs) = (*base.add(usize::from(b_of(word))), *base.add(usize::from(c_of(word))));
        attend!(pc, base, lhs, rhs);
        let result = if op_at(pc) == Op::And {
            logic::and(&vm.store, lhs, rhs)
        } else {
            logic::or(&vm.store, lhs, rhs)
        };
        base.add(usize::from(a_of(word))).write(result);
        next(pc, base, 1)
    }
}

/// The comparison an operation makes.
fn comparison(vm: &Vm, op: Op, lhs: Value, rhs: Value) -> Value {
    let (s, d) = (&vm.store, vm.dialect);
    match op {
        Op::Lt | Op::JLt | Op::JNotLt | Op::JLtK | Op::JNotLtK | Op::LoopLt | Op::LoopLtK => {
            compare::lt(s, d, lhs, rhs)
        }
        Op::Le | Op::JLe | Op::JNotLe | Op::JLeK | Op::JNotLeK | Op::LoopLe | Op::LoopLeK => {
            compare::le(s, d, lhs, rhs)
        }
        Op::Gt | Op::JGt | Op::JNotGt | Op::JGtK | Op::JNotGtK | Op::LoopGt | Op::LoopGtK => {
            compare::gt(s, d, lhs, rhs)
        }
        Op::Ge | Op::JGe | Op::JNotGe | Op::JGeK | Op::JNotGeK | Op::LoopGe | Op::LoopGeK => {
            compare::ge(s, d, lhs, rhs)
        }
        Op::Eq | Op::JEq | Op::JNotEq | Op::JEqK | Op::JNotEqK | Op::LoopEq | Op::LoopEqK => {
            compare::eq(s, d, lhs, rhs)
        }
        _ => compare::ne(s, d, lhs, rhs),
    }
}

slow! {
    /// A comparison as a value.
    Compare(pc, base, vm) {
        let word = *pc;
        let (lhs, rhs) = (*base.add(usize::from(b_of(word))), *base.add(usize::from(c_of(word))));
        attend!(pc, base, lhs, rhs);
        pay_for(vm, lhs);
        let value = comparison(vm, op_at(pc), lhs, rhs);
        base.add(usize::from(a_of(word))).write(value);
        next(pc, base, 1)
    }
}

slow! {
    /// A comparison with a jump.
    CompareJump(pc, base, vm) {
        let word = *pc;
        let op = op_at(pc);
        let lhs = *base.add(usize::from(a_of(word)));
        let rhs = operand(pc, base, op.operands()[1], b_of(word));
        attend!(pc, base, lhs, rhs);
        pay_for(vm, lhs);
        let holds = comparison(vm, op, lhs, rhs) == Value::ONE;
        let negated = matches!(
            op,
            Op::JNotLt | Op::JNotLe | Op::JNotGt | Op::JNotGe | Op::JNotEq | Op::JNotNe
                | Op::JNotLtK | Op::JNotLeK | Op::JNotGtK | Op::JNotGeK | Op::JNotEqK | Op::JNotNeK
        );
        if holds == negated {
            return next(pc, base, 1);
        }
        let distance = isize::from(c_of(word).cast_signed());
        let pays = op as u8 >= Op::LoopLt as u8 && op as u8 <= Op::LoopNeK as u8;
        if pays { go_back(vm, pc, distance, base) } else { jump(pc, base) }
    }
}

slow! {
    /// A jump on the truth of a value that is no number.
    Truth(pc, base, vm) {
        let word = *pc;
        let register = base.add(usize::from(a_of(word)));
        let value = *register;
        attend!(pc, base, value);
        let taken = match op_at(pc) {
            Op::JumpIf => logic::is_true(&vm.store, value),
            Op::JumpIfNot => !logic::is_true(&vm.store, value),
            Op::AndShort => {
                let short = !logic::is_true(&vm.store, value);
                if short {
                    register.write(Value::ZERO);
                }
                short
            }
            Op::OrShort => {
                let short = logic::or_short_circuits(value);
                if short {
                    register.write(Value::ONE);
                }
                short
            }
            _ => {
                if logic::is_true(&vm.store, value) {
                    return go_back(vm, pc, isize::from(c_of(word).cast_signed()), base);
                }
                false
            }
        };
        if taken { jump(pc, base) } else { next(pc, base, 1) }
    }
}

slow! {
    /// The fuel of a slice is used up at a backward jump, which was already paid.
    FuelJump(pc, base, vm) {
        let word = *pc;
        let long = op_at(pc) == Op::Loop;
        let distance = if long { bc_of(word) as isize } else { isize::from(c_of(word).cast_signed()) };
        suspend(vm, pc.wrapping_offset(distance), base, Exit::None)
    }
}

fn undefined(name: &str) -> Error {
    Error::runtime(format!("Undefined Identifier: '{name}' is unknown in this context"))
}

/// Name of a global by the number of its cell.
fn cell_name(vm: &Vm, cell: usize) -> alloc::string::String {
    let key = vm.globals.cells().get(cell).map_or(Value::NULL, |c| c.key);
    property::plain(vm, key).unwrap_or_default()
}

fn warn(vm: &mut Vm, pc: *const u64, base: *mut Value, name: &str) {
    vm.pc = pc;
    vm.base = base;
    let trace = unwind::stack_trace(vm);
    let place =
        trace.first().map_or_else(alloc::string::String::new, |f| match &f.location.source {
            Some(source) => format!("{source} line {}", f.location.line),
            None => format!("line {}", f.location.line),
        });
    let message = format!(
        "Warning: assignment of unqualified local '{name}' based on nonlocal is deprecated [{place}]"
    );
    vm.output.write(OutputStream::Standard, &message, true);
}

/// Finishes a read of a variable: calls a function, or stores the value.
unsafe fn deliver(vm: &mut Vm, site: Site, value: Value, raw: bool) -> State {
    if value.as_func().is_some() && !raw {
        // SAFETY: the caller's frame.
        return unsafe { call::invoke(vm, site, value, None) };
    }
    // SAFETY: a register of the frame.
    unsafe { site.base.add(site.dst).write(value) };
    State { pc: site.ret, base: site.base }
}

/// Where the variable of an instruction is looked up when it is unassigned.
unsafe fn fallback_at(pc: *const u64, base: *mut Value) -> Option<Fallback> {
    // SAFETY: a script frame.
    let code = unsafe { code_of(base) };
    unwind::side(&unwind::proto(code)?.fallbacks, unwind::word_index(code, pc))
}

/// A variable found unassigned: looked up further out, as the side table says.
unsafe fn fall_back(vm: &mut Vm, pc: *const u64, base: *mut Value) -> State {
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
unsafe fn outer_variable(vm: &mut Vm, base: *mut Value, outer: Outer, cell: usize) -> Value {
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
unsafe fn captured(base: *mut Value) -> Value {
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
        if x_of(word) & 1 != 0 && state.assigned == 0 {
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

fn undefined_local(name: &str) -> Error {
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
                ((*vm.globals.cell_ptr(cell)).assigned == 0, cell_name(vm, cell))
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
unsafe fn new_scope(vm: &mut Vm, base: *mut Value) -> Result<Gc<Map>, Error> {
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

/// `self` of a method found in `holder` is the receiver; `super` is the parent of the holder.
fn parent_of(vm: &Vm, holder: Option<Gc<Map>>) -> Value {
    holder.and_then(|map| map.get_own(&vm.store.shapes, ISA)).unwrap_or(Value::NULL)
}

/// The class of receivers that share a type map, for caches.
#[inline(always)]
pub(super) fn receiver_class(receiver: Value) -> u64 {
    let tag = receiver.bits() >> 48;
    if tag == 0xFFFA { 0xFFFB } else { tag }
}

/// What guards a cached look-up through a receiver: the shape of a map (or the number of a
/// dictionary), the class of anything else; never the same for two receivers whose look-ups may
/// differ while the epoch stands.
#[inline(always)]
pub(super) fn guard_of(receiver: Value) -> u64 {
    match receiver.as_map() {
        Some(map) => u64::from(map.shape()),
        None => receiver_class(receiver),
    }
}

/// Looks a member up through the machine's cache of look-ups.
fn find_member(vm: &mut Vm, receiver: Value, key: Value) -> Result<Hit, Error> {
    let guard = guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32;
    if let Some(hit) = vm.lookups.find(guard, key, receiver) {
        return Ok(hit);
    }
    let found = property::get_member(vm, receiver, key)?;
    let parent = parent_of(vm, found.holder);
    let place = found.holder.map_or(0, |holder| place_of(vm, receiver, key, holder));
    // The epoch may have changed: looking up makes type maps.
    let guard = guard_of(receiver) | u64::from(vm.store.shapes.epoch) << 32;
    if place != 0 && vm.quicken {
        vm.lookups.remember(guard, key, place, parent);
    }
    Ok(Hit { value: found.value, place, parent, fresh: true })
}

/// Where a cache finds what was found in `holder`: `slot + 1` of the receiver itself (below 65536),
/// or an address; 0 when it cannot be cached.
fn place_of(vm: &Vm, receiver: Value, key: Value, holder: Gc<Map>) -> u64 {
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
        let word = *pc;
        let receiver = *base.add(usize::from(b_of(word)));
        attend!(pc, base, receiver);
        let key = Value::from_bits(*pc.add(1));
        let hit = attempt!(vm, pc, base, find_member(vm, receiver, key));
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

unsafe fn specialize_get(vm: &Vm, pc: *const u64, receiver: Value, hit: Hit) {
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
unsafe fn clear_shapes(pc: *const u64) {
    // SAFETY: a site with two cache words behind its key.
    unsafe {
        patch_word(pc, 2, u64::MAX);
        patch_word(pc, 3, u64::MAX);
    }
}

/// Adds a shape to a cache of own slots; when all are taken, the last one makes room.
unsafe fn add_shape(pc: *const u64, shape: u64, slot: u64) {
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
        let word = *pc;
        let receiver = *base.add(usize::from(a_of(word)));
        attend!(pc, base, receiver);
        poll(vm, base);
        let key = Value::from_bits(*pc.add(1));
        let value = *base.add(usize::from(b_of(word)));
        let before = receiver.as_map().map_or(NO_SHAPE, |m| m.shape());
        attempt!(vm, pc, base, property::set_index(vm, receiver, key, value, KeyOrigin::Literal));
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

unsafe fn specialize_set(pc: *const u64, before: u32, after: u32, slot: usize) {
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
        let word = *pc;
        let (container, index) = (*base.add(usize::from(b_of(word))), *base.add(usize::from(c_of(word))));
        attend!(pc, base, container, index);
        let found = attempt!(vm, pc, base, property::get_index(vm, container, index));
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
        GetIndex::run(pc, base, vm)
    }
}

slow! {
    /// An element store.
    SetIndex(pc, base, vm) {
        let word = *pc;
        let (container, index) = (*base.add(usize::from(a_of(word))), *base.add(usize::from(b_of(word))));
        attend!(pc, base, container, index);
        poll(vm, base);
        let value = *base.add(usize::from(c_of(word)));
        attempt!(vm, pc, base, property::set_index(vm, container, index, value, KeyOrigin::Computed));
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
        let word = *pc;
        let receiver = *base.add(usize::from(c_of(word)));
        attend!(pc, base, receiver);
        let key = Value::from_bits(*pc.add(1));
        let hit = attempt!(vm, pc, base, find_member(vm, receiver, key));
        specialize_call(vm, pc, receiver, hit, false);
        let site = Site { pc, ret: pc.wrapping_add(5), base, dst: usize::from(a_of(word)) };
        let nb = base.add(usize::from(b_of(word)));
        call::begin(vm, site, hit.value, nb, usize::from(x_of(word)), Some((receiver, hit.parent)))
    }
}

unsafe fn specialize_call(vm: &Vm, pc: *const u64, receiver: Value, hit: Hit, is_super: bool) {
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
        let word = *pc;
        let container = *base.add(usize::from(c_of(word)));
        let index = *base.add(*pc.add(1) as usize);
        attend!(pc, base, container, index);
        let found = attempt!(vm, pc, base, property::get_index(vm, container, index));
        let parent = parent_of(vm, found.holder);
        let site = Site { pc, ret: pc.wrapping_add(2), base, dst: usize::from(a_of(word)) };
        let nb = base.add(usize::from(b_of(word)));
        call::begin(vm, site, found.value, nb, usize::from(x_of(word)), Some((container, parent)))
    }
}

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

unsafe fn make(vm: &mut Vm, pc: *const u64, base: *mut Value, op: Op) -> Result<Value, Error> {
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

unsafe fn new_map(
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

slow! {
    /// Raises an error that the compiler foresaw.
    Fail(pc, base, vm) {
        let message = property::plain(vm, constant32(pc)).unwrap_or_default();
        unwind::raise(vm, pc, base, Error::runtime(message))
    }
}

slow! {
    /// REPL: an expression statement's value.
    StoreResult(pc, base, vm) {
        let value = *base.add(usize::from(a_of(*pc)));
        vm.implicit_result = Some(value);
        let cell = attempt!(vm, pc, base, refused(link::global_cell(vm, "_")));
        vm.globals.set(cell, value);
        next(pc, base, 1)
    }
}

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
fn counting(args: &[Value]) -> Option<(f64, f64, f64)> {
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
unsafe fn element(vm: &mut Vm, state: *mut Value, index: usize) -> Result<Option<Value>, Error> {
    // SAFETY: four registers of loop state.
    let sequence = unsafe { *state };
    if let Some(list) = sequence.as_list() {
        return Ok(list.get(index));
    }
    if let Some(text) = sequence.text() {
        let bytes = text.bytes();
        // SAFETY: as above. Registers 2 and 3 hold the index and byte of the character after the
        // last one given out.
        let (known, byte) = unsafe { (*state.add(2), *state.add(3)) };
        let at = match (known.as_number(), byte.as_number()) {
            (Some(k), Some(b)) if k == index as f64 => b as usize,
            _ => crate::value::string::char_offset(bytes, index),
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
    let Some((key, value)) = map.entry(&vm.store.shapes, index) else { return Ok(None) };
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
        state.add(2).write(Value::ZERO);
        state.add(3).write(Value::ZERO);
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
            Some(at) if (*state).is_string() => dst.write(vm.store.char_at(*state, at).unwrap_or(Value::NULL)),
            Some(at) => {
                let value = attempt!(vm, pc, base, element(vm, state, at));
                dst.write(value.unwrap_or(Value::NULL));
            }
        }
        next(pc, base, 2)
    }
}

slow! {
    /// The bottom frame returned.
    Halt(_pc, base, vm) {
        let value = *base;
        suspend(vm, core::ptr::null(), base, Exit::Finished(value))
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
    /// `%` of numbers that the fast path leaves out.
    Modulo(pc, base, vm) {
        let word = *pc;
        let x = *base.add(usize::from(b_of(word)));
        let y = operand(pc, base, op_at(pc).operands()[2], c_of(word));
        if x.is_number() && y.is_number() {
            let value = Value::number(math::fmod(x.raw_f64(), y.raw_f64()));
            base.add(usize::from(a_of(word))).write(value);
            return next(pc, base, 1);
        }
        Arith::run(pc, base, vm)
    }
}

slow! {
    /// `^` of numbers.
    Power(pc, base, vm) {
        let word = *pc;
        let x = *base.add(usize::from(b_of(word)));
        let y = operand(pc, base, op_at(pc).operands()[2], c_of(word));
        if x.is_number() && y.is_number() {
            let value = Value::number(math::pow(x.raw_f64(), y.raw_f64()));
            base.add(usize::from(a_of(word))).write(value);
            return next(pc, base, 1);
        }
        Arith::run(pc, base, vm)
    }
}

slow! {
    /// A cached method call whose callee needs a look at stack, depth or fuel.
    Method(pc, base, vm) {
        if matches!(op_at(pc), Op::CallSuperCached) { CallSuper::run(pc, base, vm) } else { CallMethod::run(pc, base, vm) }
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
unsafe fn cached_native(pc: *const u64, receiver: Value, vm: &Vm) -> Option<Value> {
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
                if (*code).call_key == u32::from(x_of(word)) + 1 | CALL_NATIVE | CALL_SELF_PARAM {
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
