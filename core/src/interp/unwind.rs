//! Errors: where they happened, and how the interpreter stops for them.

use super::State;
use super::call::code_of;
use crate::bytecode::Proto;
use crate::error::{Error, Location, TraceFrame};
use crate::value::{Code, Value};
use crate::vm::{Exit, Vm};
use alloc::vec::Vec;

/// Most frames of a stack trace, counted from the innermost.
const TRACE_MAX: usize = 200;

/// Stops with an error at the instruction `pc` of the frame at `base`.
#[cold]
#[inline(never)]
pub(crate) fn raise(vm: &mut Vm, pc: *const u64, base: *mut Value, mut error: Error) -> State {
    vm.pc = pc;
    vm.base = base;
    let trace = frames(vm, TRACE_MAX);
    if error.trace().is_empty() {
        error.place(trace);
    } else {
        // It comes out of a script that a native function called.
        error.extend_trace(trace, TRACE_MAX);
    }
    vm.exit = Exit::Error(error);
    State::STOP
}

/// The compiled function that code was linked from.
pub(crate) fn proto(code: &Code) -> Option<&Proto> {
    let (program, index) = code.program.as_ref()?;
    program.protos.get(*index as usize)
}

/// Index of an instruction in its function.
pub(crate) fn word_index(code: &Code, pc: *const u64) -> u32 {
    let index = (pc as usize).wrapping_sub(code.first_word() as usize) / size_of::<u64>();
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Entry of a side table under a word.
pub(crate) fn side<T: Copy>(table: &[(u32, T)], word: u32) -> Option<T> {
    table.binary_search_by_key(&word, |entry| entry.0).ok().map(|at| table[at].1)
}

/// Line of an instruction; 0 when nobody knows.
fn line(code: &Code, pc: *const u64) -> u32 {
    let Some(proto) = proto(code) else { return 0 };
    let word = word_index(code, pc);
    let after = proto.lines.partition_point(|&(first, _)| first <= word);
    proto.lines[..after].last().map_or(0, |&(_, line)| line)
}

/// The active calls of a machine that stands at `vm.pc`, innermost first.
pub fn stack_trace(vm: &Vm) -> Vec<TraceFrame> {
    frames(vm, TRACE_MAX)
}

/// At most `max` of the active calls.
pub(super) fn frames(vm: &Vm, max: usize) -> Vec<TraceFrame> {
    let mut frames = Vec::new();
    if vm.pc.is_null() || vm.base.is_null() {
        return frames;
    }
    let (mut pc, mut base) = (vm.pc, vm.base);
    let bottom = vm.stack.start.wrapping_add(2 * crate::vm::stack::HEADER);
    let mut imports = vm.imports.iter().rev();
    while base >= bottom && frames.len() < max {
        // SAFETY: from the innermost frame, headers lead down to the bottom one.
        unsafe {
            if (*base.sub(3)).as_func().is_none() {
                break;
            }
            let code = code_of(base);
            let source = code.program.as_ref().and_then(|(program, _)| program.name.clone());
            let location = Location { source, line: line(code, pc) };
            frames.push(TraceFrame { function: code.name.clone().into_owned(), location });
            let ret = (*base.sub(2)).bits() as *const u64;
            pc = if ret == super::import_stub() {
                imports.next().map_or(ret, |i| i.pc).wrapping_sub(1)
            } else {
                ret.wrapping_sub(1)
            };
            let distance = *base.sub(1).cast::<u32>() as usize;
            base = base.wrapping_byte_sub(distance);
        }
    }
    frames
}
