//! Constants that code reads from memory: they lie behind the function's code.
//!
//! Each is there once. Wide ones are read by operations on whole registers.

use crate::asm::{Assembler, asm};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};
use std::collections::BTreeMap;

/// The constants of a function.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    doubles: BTreeMap<u64, DynamicLabel>,
    wides: BTreeMap<[u64; 2], DynamicLabel>,
}

impl Constants {
    /// Label of a double with these bits.
    pub(crate) fn double(&mut self, asm: &mut Assembler, bits: u64) -> DynamicLabel {
        *self.doubles.entry(bits).or_insert_with(|| asm.new_dynamic_label())
    }

    /// Label of 16 bytes, the lower eight first.
    pub(crate) fn wide(&mut self, asm: &mut Assembler, bits: [u64; 2]) -> DynamicLabel {
        *self.wides.entry(bits).or_insert_with(|| asm.new_dynamic_label())
    }

    /// Writes them all, aligned as far as the code's start is.
    pub(crate) fn emit(&self, asm: &mut Assembler) {
        if !self.wides.is_empty() {
            asm!(asm; .align 16, 0xCC);
        }
        for (bits, label) in &self.wides {
            asm!(asm; =>*label; .u64 bits[0]; .u64 bits[1]);
        }
        if !self.doubles.is_empty() {
            asm!(asm; .align 8, 0xCC);
        }
        for (bits, label) in &self.doubles {
            asm!(asm; =>*label; .u64 *bits);
        }
    }
}
