//! Allocation under stress: few registers, and other ones than usual.

use super::{AllocFailed, Allocator, allocate};
use crate::backend::{Clobbers, Registers};
use crate::lir::{Allocated, Function};
use crate::op::Op;

/// For tests: [`Regalloc2`](super::Regalloc2) with registers chosen at random, as few as can be, so
/// that more is spilled and other ones are used. Debug builds prove each result, as
/// [`Checked`](super::Checked) does.
///
/// The choice depends on the seed and the function's size, not on what was allocated before.
#[derive(Clone, Copy, Debug)]
pub struct RandomRegisters {
    seed: u64,
}

impl RandomRegisters {
    /// The choice that belongs to a seed.
    pub fn new(seed: u64) -> RandomRegisters {
        RandomRegisters { seed }
    }
}

/// Fewest general registers: an address of two and a value, and one that `Return` wants.
const WORDS_MIN: usize = 4;
/// Fewest float registers: two operands that a check still needs, and a result.
const FLOATS_MIN: usize = 3;

impl Allocator for RandomRegisters {
    fn allocate(
        &self,
        f: &Function,
        registers: &Registers,
        clobbers: &dyn Fn(Op) -> Clobbers,
    ) -> Result<Allocated, AllocFailed> {
        let mut random = Random(self.seed ^ (f.insts.len() as u64) << 32);
        let few = Registers {
            word: random.choose(&registers.word, &[registers.result], WORDS_MIN),
            float: random.choose(&registers.float, &registers.leaf, FLOATS_MIN),
            ..registers.clone()
        };
        allocate(f, &few, clobbers, cfg!(debug_assertions))
    }
}

/// Numbers at random: Steele et al., "Fast splittable pseudorandom number generators", 2014.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ x >> 31) % end as u64) as usize
    }

    /// At least `min` of the registers in any order, among them `keep`. One time in four many.
    fn choose(&mut self, all: &[u8], keep: &[u8], min: usize) -> Vec<u8> {
        let spare = all.len().saturating_sub(min);
        let more = if self.below(4) == 0 { self.below(spare + 1) } else { 0 };
        let mut rest: Vec<u8> = all.iter().copied().filter(|r| !keep.contains(r)).collect();
        let mut chosen = keep.to_vec();
        while chosen.len() < min + more && !rest.is_empty() {
            chosen.push(rest.swap_remove(self.below(rest.len())));
        }
        for i in (1..chosen.len()).rev() {
            chosen.swap(i, self.below(i + 1));
        }
        chosen
    }
}
