//! What is known of the frame's registers and of global variables at one point of the code.

use crate::ir::Val;
use rustc_hash::FxHashMap;

/// What is known of one register of the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slot {
    /// Its value; none when it is only in the window.
    pub(super) val: Option<Val>,
    /// The window holds something older.
    pub(super) dirty: bool,
    /// The window holds a number, when the value is there.
    pub(super) number: bool,
}

/// All registers, and the global variables whose values are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Vars {
    pub(super) slots: Vec<Slot>,
    pub(super) cells: FxHashMap<u32, Val>,
}

impl Vars {
    pub(super) fn new(registers: usize) -> Vars {
        Vars { slots: vec![Slot::default(); registers], cells: FxHashMap::default() }
    }

    /// A value turned out to be this number.
    pub(super) fn replace(&mut self, val: Val, number: Val) {
        for slot in &mut self.slots {
            if slot.val == Some(val) {
                slot.val = Some(number);
            }
        }
        for known in self.cells.values_mut() {
            if *known == val {
                *known = number;
            }
        }
    }
}
