//! Linking: from an immutable compiled function to the copy a machine runs.
//!
//! Words are copied; names become numbers of the machine's global cells, keys become atoms, and the
//! pool behind the words gets the machine's values. The copy can be specialized in place; the
//! program stays shared.

use crate::bytecode::{
    Const, Extra, Kind, Op, Program, Proto, a_of, b_of, bc_of, c_of, jump_of, op_of,
};
use crate::heap::AllocError;
use crate::intrinsics;
use crate::value::code::{CALL_NATIVE, CALL_SELF_PARAM, CALL_USES_SELF, CodeParam};
use crate::value::{Code, Refusal, Value};
use crate::vm::{NativeFn, Unit, Vm};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;

const REFUSED: Refusal = Refusal::Memory(AllocError::Refused);

fn reserve<T>(v: &mut Vec<T>, more: usize) -> Result<(), Refusal> {
    v.try_reserve(more).map_err(|_| REFUSED)
}

/// Adds a program to a machine and returns its number.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn add_program(vm: &mut Vm, program: Arc<Program>) -> Result<u32, Refusal> {
    if let Some(at) = vm.units.iter().position(|u| Arc::ptr_eq(&u.program, &program)) {
        return Ok(at as u32);
    }
    let mut cells = Vec::new();
    reserve(&mut cells, program.names.len())?;
    for name in &program.names {
        cells.push(global_cell(vm, name)? as u32);
    }
    let mut codes = Vec::new();
    reserve(&mut codes, program.protos.len())?;
    codes.resize_with(program.protos.len(), || None);
    reserve(&mut vm.units, 1)?;
    vm.store.heap.memory.charge(cells.len() * 4 + codes.len() * 8 + size_of::<Unit>())?;
    vm.units.push(Unit { program, codes, cells });
    Ok((vm.units.len() - 1) as u32)
}

/// Number of the global cell of a name, with what the name means when the script has no variable of
/// it.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn global_cell(vm: &mut Vm, name: &str) -> Result<usize, Refusal> {
    let key = vm.store.atom_from(name)?;
    let cell = vm.globals.find_or_add(&mut vm.store.heap, &vm.store.shapes, key)?;
    if vm.globals.cells()[cell].fallback.is_unassigned() {
        let host = vm.host_functions.iter().find(|(n, _)| *n == key).map(|&(_, f)| f);
        let fallback = match host {
            Some(function) => Some(function),
            None => match intrinsics::index_of(name) {
                Some(index) => Some(intrinsic_value(vm, index)?),
                None => None,
            },
        };
        if let Some(fallback) = fallback {
            vm.globals.set_fallback(cell, fallback);
        }
    }
    Ok(cell)
}

/// The function value of an intrinsic: always the same one.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn intrinsic_value(vm: &mut Vm, index: usize) -> Result<Value, Refusal> {
    if vm.intrinsics.is_empty() {
        reserve(&mut vm.intrinsics, intrinsics::TABLE.len())?;
        vm.intrinsics.resize(intrinsics::TABLE.len(), Value::UNASSIGNED);
    }
    if !vm.intrinsics[index].is_unassigned() {
        return Ok(vm.intrinsics[index]);
    }
    let intrinsic = &intrinsics::TABLE[index];
    let mut params = Vec::new();
    params.try_reserve_exact(intrinsic.params.len()).map_err(|_| REFUSED)?;
    for (name, default) in intrinsic.params {
        let default = match default {
            intrinsics::Default::Null => Value::NULL,
            intrinsics::Default::Number(x) => Value::number(*x),
            intrinsics::Default::Str(s) => vm.store.atom_from(s)?,
        };
        params.push(CodeParam { name: Cow::Borrowed(*name), default });
    }
    let value = new_native(vm, Cow::Borrowed(intrinsic.name), params, intrinsic.function, 0)?;
    vm.intrinsics[index] = value;
    Ok(value)
}

/// A function value for a native function.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn new_native(
    vm: &mut Vm,
    name: Cow<'static, str>,
    params: Vec<CodeParam>,
    function: NativeFn,
    data: usize,
) -> Result<Value, Refusal> {
    reserve(&mut vm.native_codes, 1)?;
    let self_param = params.first().is_some_and(|p| p.name == "self");
    let call_key = params.len() as u32 | CALL_NATIVE | if self_param { CALL_SELF_PARAM } else { 0 };
    vm.store.heap.memory.charge(size_of::<Code>() + params.len() * size_of::<CodeParam>())?;
    let code = Box::new(Code {
        entry: Cell::new(core::ptr::null()),
        native_entry: Cell::new(core::ptr::null()),
        call_key,
        register_count: 0,
        cost: 0,
        heat: Cell::new(0),
        native: function as *const (),
        native_data: data,
        params,
        name,
        words: Box::default(),
        word_count: 0,
        program: None,
        unit: u32::MAX,
    });
    let value = vm.store.new_func(&raw const *code, Value::NULL)?;
    vm.native_codes.push(code);
    Ok(value)
}

/// The code of function `index` of a loaded program.
///
/// # Errors
///
/// [`Refusal`] when memory is refused.
pub fn code(vm: &mut Vm, unit: u32, index: u32) -> Result<*const Code, Refusal> {
    if let Some(code) = &vm.units[unit as usize].codes[index as usize] {
        return Ok(&raw const **code);
    }
    let code = Box::new(link(vm, unit, index)?);
    let pointer = &raw const *code;
    vm.units[unit as usize].codes[index as usize] = Some(code);
    Ok(pointer)
}

fn link(vm: &mut Vm, unit: u32, index: u32) -> Result<Code, Refusal> {
    let program = vm.units[unit as usize].program.clone();
    let proto = &program.protos[index as usize];
    let total = proto.code.len() + proto.consts.len();
    vm.store.heap.memory.charge(size_of::<Code>() + total * 8)?;
    let mut words: Vec<u64> = Vec::new();
    words.try_reserve_exact(total).map_err(|_| REFUSED)?;
    words.extend_from_slice(&proto.code);
    for constant in &proto.consts {
        words.push(constant_value(vm, constant)?.bits());
    }
    patch(vm, unit, &mut words, proto.code.len());
    if vm.quicken {
        chain_arithmetic(&mut words[..proto.code.len()], proto)?;
    }
    let mut params = Vec::new();
    params.try_reserve_exact(proto.params.len()).map_err(|_| REFUSED)?;
    for param in &proto.params {
        let default = constant_value(vm, &param.default)?;
        params.push(CodeParam { name: Cow::Owned(param.name.clone()), default });
    }
    let flags = proto.flags;
    let call_key = params.len() as u32
        | if flags.uses_self { CALL_USES_SELF } else { 0 }
        | if flags.self_param { CALL_SELF_PARAM } else { 0 };
    let words = words.into_boxed_slice();
    Ok(Code {
        entry: Cell::new(words.as_ptr()),
        native_entry: Cell::new(vm.native_no_code),
        call_key,
        register_count: proto.register_count,
        cost: (proto.code.len() as u32).min(64),
        heat: Cell::new(0),
        native: core::ptr::null(),
        native_data: 0,
        params,
        name: Cow::Owned(proto.name.clone()),
        word_count: proto.code.len() as u32,
        words,
        program: Some((program.clone(), index)),
        unit,
    })
}

fn constant_value(vm: &mut Vm, constant: &Const) -> Result<Value, Refusal> {
    match constant {
        Const::Null => Ok(Value::NULL),
        Const::Number(x) => Ok(Value::number(*x)),
        Const::Str(s) => vm.store.atom_from(s),
    }
}

/// Puts cell numbers and keys into the words; `words[code_len..]` is the pool.
fn patch(vm: &Vm, unit: u32, words: &mut [u64], code_len: usize) {
    let cells = &vm.units[unit as usize].cells;
    let cell_of = |name: u64| cells.get(name as usize).copied().unwrap_or(0);
    let mut at = 0;
    while at < code_len {
        let op = op_of(words[at]).unwrap_or(Op::Nop);
        if op.operands()[1] == Kind::Name32 {
            let name = words[at] >> 32;
            words[at] = words[at] & 0xFFFF_FFFF | u64::from(cell_of(name)) << 32;
        }
        for (i, extra) in op.extra().iter().enumerate() {
            let word = at + 1 + i;
            match extra {
                Extra::Key => words[word] = words[code_len + words[word] as usize],
                Extra::Name => words[word] = u64::from(cell_of(words[word])),
                Extra::Cache | Extra::Target | Extra::Index => {}
            }
        }
        at += op.words();
    }
}

/// Lets arithmetic take an operand from the processor register in which the instruction before left
/// it, instead of from the stack: the latency of a store and a load less for each link of a chain
/// such as `a + b * c`.
///
/// Not where a jump may lead: there, another instruction came before.
fn chain_arithmetic(words: &mut [u64], proto: &Proto) -> Result<(), Refusal> {
    let mut targets: Vec<bool> = Vec::new();
    targets.try_reserve_exact(words.len()).map_err(|_| REFUSED)?;
    targets.resize(words.len(), false);
    let mut note = |at: usize, distance: isize| {
        if let Some(target) = at.checked_add_signed(distance).and_then(|t| targets.get_mut(t)) {
            *target = true;
        }
    };
    for &(_, target) in &proto.cold {
        note(target as usize, 0);
    }
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        let op = op_of(word).unwrap_or(Op::Nop);
        let [_, b, c, _] = op.operands();
        if c == Kind::Jump {
            note(at, isize::from(jump_of(word)));
        }
        if b == Kind::Jump32 {
            note(at, bc_of(word) as isize);
        }
        for (i, extra) in op.extra().iter().enumerate() {
            if *extra == Extra::Target {
                note(at + 1 + i, words[at + 1 + i] as i64 as isize);
            }
        }
        at += op.words();
    }
    let mut computed = None;
    at = 0;
    while at < words.len() {
        let word = words[at];
        let op = op_of(word).unwrap_or(Op::Nop);
        if let Some(register) = computed
            && !targets[at]
            && let Some(chained) = chained(op, b_of(word) == register, c_of(word) == register)
        {
            words[at] = word & !0xFF | chained as u64;
        }
        computed = leaves_number(op).then(|| a_of(word));
        at += op.words();
    }
    Ok(())
}

/// Whether the handlers of an operation pass on what they store in `a`, as a double.
fn leaves_number(op: Op) -> bool {
    matches!(
        op,
        Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Mod
            | Op::Pow
            | Op::Neg
            | Op::Not
            | Op::AddK
            | Op::SubK
            | Op::MulK
            | Op::DivK
            | Op::ModK
            | Op::PowK
            | Op::KAdd
            | Op::KSub
            | Op::KMul
            | Op::KDiv
            | Op::Lt
            | Op::Le
            | Op::Gt
            | Op::Ge
            | Op::Eq
            | Op::Ne
            | Op::Move
            | Op::Eval
            | Op::LoadK
            | Op::GetGlobal
            | Op::GetUp
            | Op::GetEnv
            | Op::GetIndex
            | Op::GetProp
            | Op::Call
            | Op::CallGlobal
            | Op::CallMethod
            | Op::CallSuper
    )
}

/// The form of an operation that takes its left or right operand from the instruction before.
fn chained(op: Op, left: bool, right: bool) -> Option<Op> {
    Some(match (op, left, right) {
        (Op::Add, true, _) => Op::AccAdd,
        (Op::Sub, true, _) => Op::AccSub,
        (Op::Mul, true, _) => Op::AccMul,
        (Op::Div, true, _) => Op::AccDiv,
        (Op::Add, false, true) => Op::AddAcc,
        (Op::Sub, false, true) => Op::SubAcc,
        (Op::Mul, false, true) => Op::MulAcc,
        (Op::Div, false, true) => Op::DivAcc,
        (Op::AddK, true, _) => Op::AccAddK,
        (Op::SubK, true, _) => Op::AccSubK,
        (Op::MulK, true, _) => Op::AccMulK,
        (Op::DivK, true, _) => Op::AccDivK,
        _ => return None,
    })
}
