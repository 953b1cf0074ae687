//! Where the fields lie that machine code reads and writes.
//!
//! Offsets in bytes, taken from the types themselves, so that they cannot be wrong.

use crate::heap::{Header, Heap};
use crate::value::globals::{GlobalCell, Globals};
use crate::value::object::{Func, List, Map};
use crate::value::shape::Shapes;
use crate::value::{Code, Store};
use crate::vm::Vm;
use core::mem::offset_of;

/// Machine: fuel left, `i64`.
pub const VM_FUEL: usize = offset_of!(Vm, fuel);
/// Machine: end of the stack for windows, an address.
pub const VM_STACK_LIMIT: usize = offset_of!(Vm, stack_limit);
/// Machine: deepest nesting of calls, `u32`.
pub const VM_CALL_DEPTH_MAX: usize = offset_of!(Vm, call_depth_max);
/// Machine: number of the exit taken, `u32`.
pub const VM_NATIVE_EXIT: usize = offset_of!(Vm, native_exit);
/// Machine: next instruction, while it does not run.
pub const VM_PC: usize = offset_of!(Vm, pc);
/// Machine: window of the innermost frame, while it does not run.
pub const VM_BASE: usize = offset_of!(Vm, base);
/// Machine: address of the cells of globals.
pub const VM_CELLS: usize = offset_of!(Vm, globals) + Globals::CELLS_OFFSET;
/// Machine: colour of scanned objects while marking, `u8`.
pub const VM_BARRIER_COLOR: usize =
    offset_of!(Vm, store) + offset_of!(Store, heap) + offset_of!(Heap, barrier_color);
/// Machine: number that changes with the keys of parents, `u32`.
pub const VM_EPOCH: usize =
    offset_of!(Vm, store) + offset_of!(Store, shapes) + offset_of!(Shapes, epoch);

/// Global cell: size.
pub const CELL_SIZE: usize = size_of::<GlobalCell>();
/// Global cell: value.
pub const CELL_VALUE: usize = offset_of!(GlobalCell, value);
/// Global cell: 1 when it can be stored to directly, `u32`.
pub const CELL_STATE: usize = offset_of!(GlobalCell, state);

/// Object: colour for the collector, `u8`.
pub const OBJECT_COLOR: usize = offset_of!(Header, color);
/// List: address of the first element.
pub const LIST_ELEMS: usize = offset_of!(List, elems);
/// List: number of elements, `u32`.
pub const LIST_LEN: usize = offset_of!(List, len);
/// Map: shape, `u32`.
pub const MAP_SHAPE: usize = offset_of!(Map, header) + offset_of!(Header, info);
/// Map: address of the slots.
pub const MAP_SLOTS: usize = offset_of!(Map, slots);
/// Function: address of its code.
pub const FUNC_CODE: usize = offset_of!(Func, code);

/// Code: address of the first instruction to interpret.
pub const CODE_ENTRY: usize = offset_of!(Code, entry);
/// Code: address of machine code, or of what stands for it.
pub const CODE_NATIVE: usize = offset_of!(Code, native_entry);

/// Frame header, from the window: depth of calls, `u32`.
pub const FRAME_DEPTH: i32 = -32;
/// Frame header: native return address, as a distance from the start of the code region, `u32`;
/// 0 when the caller has none.
pub const FRAME_NATIVE_RETURN: i32 = -28;
/// Frame header: the function value.
pub const FRAME_FUNCTION: i32 = -24;
/// Frame header: the caller's next instruction.
pub const FRAME_RETURN: i32 = -16;
/// Frame header: bytes to the caller's window, `u32`.
pub const FRAME_DISTANCE: i32 = -8;
/// Frame header: the caller's register for the result, `u16`.
pub const FRAME_RESULT: i32 = -4;
