//! Linked functions of a machine, as the compiler refers to them: what must be taken on trust, in
//! one place.
#![allow(unsafe_code)] // The machine's promises about code, frames and pools.

use crate::target::Installed;
use brisk_core::native::layout;
use brisk_core::value::{Code, Value};
use brisk_core::vm::Vm;

/// A function of the machine that owns the compiler. Code lives as long as its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionRef(*const Code);

// SAFETY: the code belongs to the machine that owns the compiler, and moves with it.
unsafe impl Send for FunctionRef {}

impl FunctionRef {
    /// The function that a value holds.
    pub fn of_value(value: Value) -> Option<FunctionRef> {
        Some(FunctionRef(value.as_func()?.code.get()))
    }

    /// The function of the frame where a machine stands.
    pub fn of_frame(vm: &Vm) -> Option<FunctionRef> {
        // SAFETY: the machine stands at a frame, whose header holds its function.
        FunctionRef::of_value(unsafe { *vm.base.sub(3) })
    }

    /// Its code.
    pub fn code<'a>(self) -> &'a Code {
        // SAFETY: see the type; the compiler goes before the machine's code does.
        unsafe { &*self.0 }
    }
}

// SAFETY: the address of code, which moves to another thread with the machine.
unsafe impl Send for Installed {}

/// Frames of a machine whose callers wait in machine code within these ranges (distances from the
/// start of the code region) return to the interpreter instead. The machine's innermost frame is at
/// `vm.base`; frames of runs around the innermost one are not looked at.
pub fn forget_returns(vm: &mut Vm, ranges: &[(u32, u32)]) {
    let bottom = vm.stack.start;
    let mut base = vm.base;
    while !base.is_null() && base > bottom {
        // SAFETY: from the innermost frame, headers lead down to the ground, which has no function.
        unsafe {
            if (*base.sub(3)).as_func().is_none() {
                break;
            }
            let native = base.cast::<u8>().offset(layout::FRAME_NATIVE_RETURN as isize);
            let native = native.cast::<u32>();
            if ranges.iter().any(|&(first, end)| (first..end).contains(&*native)) {
                native.write(0);
            }
            let distance = base.cast::<u8>().offset(layout::FRAME_DISTANCE as isize);
            base = base.wrapping_byte_sub(*distance.cast::<u32>() as usize);
        }
    }
}

/// The word of a function's pool at this index, as a value.
pub fn constant(code: &Code, at: usize) -> Value {
    // SAFETY: the pool holds values of the machine whose code this is.
    unsafe { Value::from_bits(code.words[at]) }
}

/// The machine code of a unit.
pub fn machine_code(installed: &Installed) -> &[u8] {
    if installed.entry.is_null() {
        return &[];
    }
    // SAFETY: the code of an installed unit begins at its entry, is readable, and has that many
    // bytes.
    unsafe { core::slice::from_raw_parts(installed.entry, installed.bytes) }
}
