//! The operations, by kind: each function writes one.

mod arith;
mod compare;
mod memory;
mod control;
mod call;
pub(crate) use call::land_value;

use crate::emit::{Emitter, Site};
use brisk_jit::op::Op;

/// Writes one operation.
pub(crate) fn lower(e: &mut Emitter<'_>, site: &Site<'_>, op: Op) {
    match op {
        Op::Word(bits) => arith::word(e, site, bits),
        Op::F64(bits) => arith::double(e, site, bits),
        Op::ToF64 => arith::to_f64(e, site),
        Op::ToValue => arith::to_value(e, site),
        Op::ToBits => arith::to_bits(e, site),
        Op::Binary(function) => arith::binary(e, site, function),
        Op::BinaryConst(function, bits) => arith::binary_const(e, site, function, bits),
        Op::Unary(function) => arith::unary(e, site, function),
        Op::Truncate => arith::truncate(e, site),
        Op::IntToF64 => arith::int_to_f64(e, site),
        Op::Modulo => arith::modulo(e, site),

        Op::Test(compare) => compare::test(e, site, compare),
        Op::Number => compare::number(e, site),
        Op::Untag(tag) => compare::untag(e, site, tag),
        Op::CheckBelow(bits) => compare::check_below(e, site, bits),
        Op::CheckBits(bits) => compare::check_bits(e, site, bits),
        Op::Slot(entries) => compare::slot(e, site, entries),
        Op::CheckIndex => compare::check_index(e, site),
        Op::CheckCompare(compare) => compare::check_compare(e, site, compare),

        Op::Load(address, width) => memory::load(e, site, address, width),
        Op::LoadF64(address) => memory::load_f64(e, site, address),
        Op::LoadNumber(address) => memory::load_number(e, site, address),
        Op::Store(address) => memory::store(e, site, address),
        Op::StoreF64(address) => memory::store_f64(e, site, address),
        Op::StoreNumber(address) => memory::store_number(e, site, address),
        Op::StoreBits(address, bits) => memory::store_bits(e, site, address, bits),
        Op::Barrier => memory::barrier(e, site),

        Op::Pay(fuel) => control::pay_for_call(e, site, fuel),
        Op::CheckWindow(registers) => control::check_window(e, site, registers),
        Op::Fuel(fuel) => control::fuel(e, site, fuel),
        Op::Jump => e.go(site, site.succs[0]),
        Op::Branch(compare) => control::branch(e, site, compare),
        Op::BranchBits(bits) => control::branch_bits(e, site, bits),
        Op::Leave => crate::cold::emit_exit(e, site.index),

        Op::Leaf(index, _) => call::leaf(e, index),
        Op::Step { pc, next } => call::step(e, pc, next),
        Op::StepBranch { pc, target, next } => call::step_branch(e, site, pc, target, next),
        Op::Call(call) | Op::CallNumber(call) => call::call(e, site, call),
        Op::Return => call::return_value(e, site),
        Op::ReturnNumber => call::return_number(e),
    }
}
