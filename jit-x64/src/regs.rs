//! Registers, by the processor's own numbers, and what operations do to them.
//!
//! ```text
//! rbx  window of the running frame      rsp  spill slots; constant while code runs
//! r12  machine                          r11  scratch, never allocated
//! r13  FIRST_BOXED                      xmm15  scratch, never allocated
//! r14  start of the code region         all others are allocated
//! r15  fuel
//! ```

/// Bits below these are numbers: what `r13` holds.
pub(crate) use brisk_core::value::value::FIRST_BOXED;
use brisk_core::value::value::Value;
use brisk_jit::backend::{Clobbers, Registers};
use brisk_jit::op::Op;

/// Bits of the one NaN that values may be (`Value::NAN`).
pub(crate) const NAN: u64 = Value::NAN.bits();

/// `rax`, where `Return` takes its value and `Call` leaves it.
pub(crate) const RESULT: u8 = RAX;
/// `r11`.
pub(crate) const WORD_SCRATCH: u8 = 11;
/// `xmm15`.
pub(crate) const FLOAT_SCRATCH: u8 = 15;
/// `rbx`, the window, where it is an operand like others.
pub(crate) const WINDOW: u8 = 3;
/// `r12`, the machine.
pub(crate) const VM: u8 = 12;
/// `rsp`, the start of the spill slots.
pub(crate) const SPILLS: u8 = 4;

const RAX: u8 = 0;
const RCX: u8 = 1;
const RDX: u8 = 2;
const RBP: u8 = 5;
const RSI: u8 = 6;
const RDI: u8 = 7;

/// General registers to allocate. The last one survives functions of the host.
pub(crate) const WORDS: [u8; 9] = [RAX, RCX, RDX, RSI, RDI, 8, 9, 10, RBP];
/// Float registers to allocate; none survives functions of the host.
pub(crate) const FLOATS: [u8; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/// Spill slots there are.
pub(crate) const SPILLS_MAX: u32 = 500;

/// What the allocator is told.
pub(crate) fn registers() -> Registers {
    Registers {
        word: WORDS.to_vec(),
        float: FLOATS.to_vec(),
        word_scratch: WORD_SCRATCH,
        float_scratch: FLOAT_SCRATCH,
        result: RESULT,
        leaf: vec![0, 1],
    }
}

/// Bytes between the two ways into a native return address: for a value, and for a number.
pub(crate) const NUMBER_ENTRY: usize = 16;

/// What an operation clobbers besides the register of its result.
pub(crate) fn clobbers(op: Op) -> Clobbers {
    match op {
        Op::Modulo => Clobbers { word: vec![RAX, RCX, RDX], float: Vec::new() },
        Op::Leaf(..) => Clobbers {
            word: WORDS.into_iter().filter(|&r| r != RBP).collect(),
            float: FLOATS.into_iter().filter(|&r| r != 0).collect(),
        },
        Op::Call(_) => Clobbers {
            word: WORDS.into_iter().filter(|&r| r != RESULT).collect(),
            float: FLOATS.to_vec(),
        },
        Op::CallNumber(_) => Clobbers {
            word: WORDS.to_vec(),
            float: FLOATS.into_iter().filter(|&r| r != 0).collect(),
        },
        _ if op.is_call() => Clobbers { word: WORDS.to_vec(), float: FLOATS.to_vec() },
        _ => Clobbers::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brisk_jit::op::ScriptCall;
    use std::collections::BTreeSet;

    #[test]
    fn each_register_has_one_role() {
        const FIXED: [u8; 7] = [WINDOW, SPILLS, WORD_SCRATCH, VM, 13, 14, 15];
        let words: BTreeSet<u8> = WORDS.into_iter().chain(FIXED).collect();
        assert!(words.into_iter().eq(0..16));
        let floats: BTreeSet<u8> = FLOATS.into_iter().chain([FLOAT_SCRATCH]).collect();
        assert!(floats.into_iter().eq(0..16));
    }

    #[test]
    fn what_runs_other_code_keeps_nothing_but_its_result() {
        let registers = registers();
        let count = |op| {
            let clobbers = clobbers(op);
            (clobbers.word.len(), clobbers.float.len())
        };
        assert_eq!(count(Op::Step { pc: 0, next: 0 }), (9, 15));
        assert_eq!(count(Op::StepBranch { pc: 0, target: 0, next: 0 }), (9, 15));
        assert_eq!(count(Op::Leaf(0, 1)), (8, 14));
        assert_eq!(count(Op::Barrier), (0, 0));
        let call = ScriptCall {
            pc: 0,
            ret: 0,
            callee: 0,
            code: 0,
            window: 0,
            dst: 0,
            register_count: 0,
            cost: 0,
        };
        assert!(!clobbers(Op::Call(call)).word.contains(&registers.result));
        assert!(!clobbers(Op::Leaf(0, 1)).float.contains(&registers.leaf[0]));
    }
}
