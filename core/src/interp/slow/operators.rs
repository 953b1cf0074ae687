//! Operators and conditions on what is no number.

use super::*;

/// Notes the types of operands in the feedback byte of an arithmetic instruction.
pub(super) unsafe fn note_types(pc: *const u64, lhs: Value, rhs: Value) {
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
                Op::Add | Op::AddK | Op::KAdd | Op::AccAdd | Op::AddAcc | Op::AccAddK => arith::add(s, d, lhs, rhs),
                Op::Sub | Op::SubK | Op::KSub | Op::AccSub | Op::SubAcc | Op::AccSubK => arith::sub(s, d, lhs, rhs),
                Op::Mul | Op::MulK | Op::KMul | Op::AccMul | Op::MulAcc | Op::AccMulK => arith::mul(s, d, lhs, rhs),
                Op::Div | Op::DivK | Op::KDiv | Op::AccDiv | Op::DivAcc | Op::AccDivK => arith::div(s, d, lhs, rhs),
                Op::Mod | Op::ModK => arith::modulo(s, d, lhs, rhs),
                _ => arith::pow(s, d, lhs, rhs),
            }
        });
        note_made(vm, value);
        base.add(usize::from(a_of(word))).write(value);
        next(pc, base, 1)
    }
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
pub(super) fn comparison(vm: &Vm, op: Op, lhs: Value, rhs: Value) -> Value {
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

/// An operator of two numbers that the fast path leaves out; what is no number goes on to [`Arith`].
unsafe fn of_numbers(
    pc: *const u64,
    base: *mut Value,
    vm: &mut Vm,
    operator: fn(f64, f64) -> f64,
) -> State {
    // SAFETY: the contract of slow paths, for an instruction with two operands.
    unsafe {
        let word = *pc;
        let x = *base.add(usize::from(b_of(word)));
        let y = operand(pc, base, op_at(pc).operands()[2], c_of(word));
        if !x.is_number() || !y.is_number() {
            return Arith::run(pc, base, vm);
        }
        let value = Value::number(operator(x.raw_f64(), y.raw_f64()));
        base.add(usize::from(a_of(word))).write(value);
        next(pc, base, 1)
    }
}

slow! {
    /// `%`.
    Modulo(pc, base, vm) { of_numbers(pc, base, vm, math::fmod) }
}

slow! {
    /// `^`.
    Power(pc, base, vm) { of_numbers(pc, base, vm, math::pow) }
}
