//! How each instruction is compiled: inline, on the strength of what the interpreter saw there, or
//! as a step of the interpreter.

use crate::view::{Insn, View};
use brisk_core::bytecode::{Op, bc_of};
use brisk_core::native::helpers;
use brisk_core::value::globals::ASSIGNED;
use brisk_core::value::{Type, Value};
use brisk_core::vm::Vm;
use rustc_hash::FxHashMap;

/// What compiled code got wrong at an instruction of a function: how often code left there and was
/// made again, more careful each time.
pub type Failures = FxHashMap<usize, u8>;

/// A function of numbers that is compiled inline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numeric {
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// Floor.
    Floor,
    /// Ceiling.
    Ceil,
    /// A call of a function that neither allocates nor fails.
    Leaf(u8),
}

/// How one instruction is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Inline.
    Inline,
    /// As the interpreter does it.
    Step,
    /// A call of this script function.
    Call(Value),
    /// The body of this script function, which has no effects, in place of a call.
    Inlined(Value),
    /// A function of one number.
    Numeric(Numeric, Value),
}

impl Plan {
    /// Whether other code runs, which may use every register and change all memory.
    pub fn is_call(self) -> bool {
        matches!(self, Plan::Step | Plan::Call(_))
    }
}

/// Arithmetic with which no operand but numbers was seen.
fn only_numbers(insn: &Insn) -> bool {
    insn.x() & !(1 << Type::Number as u8) == 0
}

/// The plan for an instruction.
pub fn plan(vm: &Vm, view: &View<'_>, insn: &Insn, failures: &Failures) -> Plan {
    let level = failures.get(&insn.at).copied().unwrap_or(0);
    let inline = |allowed: u8| if level <= allowed { Plan::Inline } else { Plan::Step };
    match insn.op {
        Op::Nop
        | Op::Move
        | Op::LoadK
        | Op::LoadNull
        | Op::LoadUnassigned
        | Op::Jump
        | Op::Loop
        | Op::Return
        | Op::ReturnNull => Plan::Inline,
        Op::Eval => inline(1),
        Op::GetGlobal => {
            let cell = vm.globals.cells()[bc_of(insn.word) as usize];
            if cell.value.needs_attention() { Plan::Step } else { inline(1) }
        }
        Op::SetGlobal => {
            let cell = vm.globals.cells()[bc_of(insn.word) as usize];
            if cell.state & ASSIGNED != 0 { inline(0) } else { Plan::Step }
        }
        Op::Add
        | Op::Sub
        | Op::Mul
        | Op::Div
        | Op::AddK
        | Op::SubK
        | Op::MulK
        | Op::DivK
        | Op::KAdd
        | Op::KSub
        | Op::KMul
        | Op::KDiv
        | Op::AccAdd
        | Op::AccSub
        | Op::AccMul
        | Op::AccDiv
        | Op::AddAcc
        | Op::SubAcc
        | Op::MulAcc
        | Op::DivAcc
        | Op::AccAddK
        | Op::AccSubK
        | Op::AccMulK
        | Op::AccDivK
        | Op::Pow
        | Op::PowK
        | Op::Neg
        | Op::Not => {
            if only_numbers(insn) {
                inline(0)
            } else {
                Plan::Step
            }
        }
        // First whole numbers, then any.
        Op::Mod | Op::ModK => {
            if only_numbers(insn) {
                inline(1)
            } else {
                Plan::Step
            }
        }
        Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne => inline(0),
        Op::JumpIf | Op::JumpIfNot | Op::LoopIf => inline(0),
        // First a step forward, then backward.
        Op::ForNextRange => inline(1),
        Op::ForNextList => inline(0),
        Op::ForPrep => match loop_end(view, insn) {
            Some(Op::ForNextRange) => inline(0),
            _ => Plan::Step,
        },
        Op::IterGet if counts(view, insn) => inline(0),
        // First with numbers in it.
        Op::GetIndexList => inline(1),
        Op::SetIndexList => inline(0),
        // First with numbers in them.
        Op::GetPropOwn => inline(1),
        Op::SetPropOwn => inline(0),
        Op::GetPropParent => inline(1),
        Op::CallGlobalNative => numeric(vm, insn, level),
        Op::CallGlobalScript => {
            let callee = vm.globals.cells()[(insn.extra & 0xFFFF_FFFF) as usize].value;
            match callee.as_func() {
                // First perhaps inlined.
                Some(f) if f.code().call_key == u32::from(insn.x()) && level <= 1 => {
                    Plan::Call(callee)
                }
                _ => Plan::Step,
            }
        }
        op => match compare_jump(op) {
            Some(jump) if !jump.constant || comparable(view.pool(insn, insn.b())) => inline(0),
            _ => Plan::Step,
        },
    }
}

/// Whether `==` with this constant is a compare of bits or of numbers.
fn comparable(constant: Value) -> bool {
    constant.is_number() || constant.is_null() || constant.is_short()
}

/// A call of an intrinsic that is compiled inline.
fn numeric(vm: &Vm, insn: &Insn, level: u8) -> Plan {
    let callee = vm.globals.cells()[(insn.extra & 0xFFFF_FFFF) as usize].value;
    if level > 0 || insn.x() != 1 {
        return Plan::Step;
    }
    let Some(index) = vm.intrinsics.iter().position(|&v| v == callee && !v.is_unassigned()) else {
        return Plan::Step;
    };
    let what = match brisk_core::intrinsics::TABLE[index].name {
        "sqrt" => Numeric::Sqrt,
        "abs" => Numeric::Abs,
        "floor" => Numeric::Floor,
        "ceil" => Numeric::Ceil,
        "sin" => Numeric::Leaf(helpers::LEAF_SIN),
        "cos" => Numeric::Leaf(helpers::LEAF_COS),
        "tan" => Numeric::Leaf(helpers::LEAF_TAN),
        "round" => Numeric::Leaf(helpers::LEAF_ROUND),
        _ => return Plan::Step,
    };
    Plan::Numeric(what, callee)
}

/// The operation at the end of the loop that a `ForPrep` starts: what the interpreter made of it.
fn loop_end(view: &View<'_>, prep: &Insn) -> Option<Op> {
    let exit = view.target(prep)?;
    let first = *view.index.get(prep.next())? as usize;
    view.insns[first..]
        .iter()
        .take_while(|insn| insn.at < exit)
        .find(|insn| {
            let next = matches!(insn.op, Op::ForNext | Op::ForNextRange | Op::ForNextList);
            next && insn.a() == prep.a()
        })
        .map(|insn| insn.op)
}

/// Whether the sequence of an `IterGet` is likely a counting range: what its loop made of the
/// arguments of `range`.
fn counts(view: &View<'_>, insn: &Insn) -> bool {
    let before = &view.insns[..view.index[insn.at] as usize];
    before.iter().rev().any(|i| i.op == Op::RangeInit && i.a() == insn.b())
}

/// A comparison that jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareJump {
    /// What is compared.
    pub compare: crate::op::Compare,
    /// Whether the right operand is a constant.
    pub constant: bool,
}

/// What a jump compares.
pub fn compare_jump(op: Op) -> Option<CompareJump> {
    use crate::op::Compare::{Eq, Ge, Gt, Le, Lt, Ne};
    let (compare, negated, constant) = match op {
        Op::JLt | Op::LoopLt => (Lt, false, false),
        Op::JLe | Op::LoopLe => (Le, false, false),
        Op::JGt | Op::LoopGt => (Gt, false, false),
        Op::JGe | Op::LoopGe => (Ge, false, false),
        Op::JEq | Op::LoopEq => (Eq, false, false),
        Op::JNe | Op::LoopNe => (Ne, false, false),
        Op::JNotLt => (Lt, true, false),
        Op::JNotLe => (Le, true, false),
        Op::JNotGt => (Gt, true, false),
        Op::JNotGe => (Ge, true, false),
        Op::JNotEq => (Eq, true, false),
        Op::JNotNe => (Ne, true, false),
        Op::JLtK | Op::LoopLtK => (Lt, false, true),
        Op::JLeK | Op::LoopLeK => (Le, false, true),
        Op::JGtK | Op::LoopGtK => (Gt, false, true),
        Op::JGeK | Op::LoopGeK => (Ge, false, true),
        Op::JEqK | Op::LoopEqK => (Eq, false, true),
        Op::JNeK | Op::LoopNeK => (Ne, false, true),
        Op::JNotLtK => (Lt, true, true),
        Op::JNotLeK => (Le, true, true),
        Op::JNotGtK => (Gt, true, true),
        Op::JNotGeK => (Ge, true, true),
        Op::JNotEqK => (Eq, true, true),
        Op::JNotNeK => (Ne, true, true),
        _ => return None,
    };
    Some(CompareJump { compare: if negated { compare.not() } else { compare }, constant })
}
