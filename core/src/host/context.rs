//! The context of one call of a native function.
//!
//! Arguments lie on the machine's stack; the caller has filled in defaults, so there are always as
//! many as parameters. A native function runs between two instructions of the script: nothing is
//! collected while it runs, so values it makes need no protection.
//!
//! Coercions are those of dialect v1 (INTRINSICS.md §1.3).

use crate::error::{Error, TraceFrame};
use crate::interp;
use crate::intrinsics::type_maps;
use crate::semantics::{logic, text};
use crate::value::string::Text;
use crate::value::{Gc, List, Map, Refusal, Value, math};
use crate::vm::{OutputStream, Trap, TypeMap, Vm};
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes that are searched or copied in the time of an instruction.
const BYTES_PER_FUEL: u64 = 16;
/// Steps of work, some 20 ms, after which a call is left to go on in the next slice.
const PART_STEPS: usize = 1 << 22;

/// One call of a native function.
pub struct Context<'a> {
    /// The machine.
    pub(crate) vm: &'a mut Vm,
    /// Slot of the first argument.
    pub(super) first: usize,
    /// Number of parameters.
    pub(super) count: usize,
    /// See [`Context::data`].
    data: usize,
}

impl From<Refusal> for Trap {
    fn from(refusal: Refusal) -> Self {
        Trap::Error(refusal.into())
    }
}

impl<'a> Context<'a> {
    /// A call whose `count` arguments begin at stack slot `first`.
    #[inline(always)]
    pub(crate) fn new(vm: &'a mut Vm, first: usize, count: usize, data: usize) -> Self {
        Context { vm, first, count, data }
    }

    /// Number of parameters; every one has an argument or its default.
    #[inline]
    pub fn arg_count(&self) -> usize {
        self.count
    }

    /// What the function was registered with.
    #[inline]
    pub fn data(&self) -> usize {
        self.data
    }

    /// Argument `index`, null when there is no such parameter.
    #[inline(always)]
    pub(crate) fn arg(&self, index: usize) -> Value {
        if index >= self.count {
            return Value::NULL;
        }
        self.vm.stack.get(self.first + index)
    }

    /// Argument `index` as a number; other types count as 0.
    #[inline(always)]
    pub fn number(&self, index: usize) -> f64 {
        self.arg(index).as_number().unwrap_or(0.0)
    }

    /// Argument `index` as an integer: truncated, out of range the nearest one, NaN 0.
    #[inline]
    pub fn int(&self, index: usize) -> i32 {
        math::to_i32_saturating(self.number(index))
    }

    /// Argument `index` as `if` takes it.
    #[inline]
    pub fn truth(&self, index: usize) -> bool {
        logic::is_true(&self.vm.store, self.arg(index))
    }

    /// Argument `index` as a string value; null is the empty string.
    ///
    /// # Errors
    ///
    /// A text that is too large; no memory.
    #[inline]
    pub(crate) fn string(&mut self, index: usize) -> Result<Value, Trap> {
        let arg = self.arg(index);
        Ok(text::to_string_value(&mut self.vm.store, arg)?)
    }

    /// The text of argument `index`; null is the empty string.
    ///
    /// # Errors
    ///
    /// As [`Context::string`].
    #[inline]
    pub(crate) fn text(&mut self, index: usize) -> Result<Text, Trap> {
        match self.arg(index).text() {
            Some(text) => Ok(text),
            None => self.converted_text(index),
        }
    }

    #[cold]
    fn converted_text(&mut self, index: usize) -> Result<Text, Trap> {
        Ok(text_of(self.string(index)?))
    }

    /// A string value.
    ///
    /// # Errors
    ///
    /// A text that is too large; no memory.
    #[inline]
    pub(crate) fn make_str(&mut self, text: &str) -> Result<Value, Trap> {
        Ok(self.vm.store.new_str(text)?)
    }

    /// An empty list with room for `capacity` elements.
    ///
    /// # Errors
    ///
    /// A list that is too large; no memory.
    #[inline]
    pub(crate) fn make_list(&mut self, capacity: usize) -> Result<Gc<List>, Trap> {
        Ok(self.vm.store.new_list(capacity)?)
    }

    /// An empty map.
    ///
    /// # Errors
    ///
    /// No memory.
    #[inline]
    pub(crate) fn make_map(&mut self) -> Result<Gc<Map>, Trap> {
        Ok(self.vm.store.new_map()?)
    }

    /// A run-time error; the place is added by the interpreter.
    #[cold]
    pub fn error(&self, message: impl Into<String>) -> Trap {
        Trap::Error(Error::runtime(message))
    }

    /// Pays for having handled `bytes` bytes, so that budgets hold inside long calls.
    #[inline]
    pub fn charge_bytes(&mut self, bytes: usize) {
        let fuel = bytes as u64 / BYTES_PER_FUEL;
        self.vm.fuel = self.vm.fuel.saturating_sub_unsigned(fuel);
    }

    /// Pays for having handled `count` elements one by one.
    #[inline]
    pub fn charge_items(&mut self, count: usize) {
        self.vm.fuel = self.vm.fuel.saturating_sub_unsigned(count as u64);
    }

    /// Whether the call has done so much work that it should go on in the next slice (see
    /// [`Trap::Unfinished`]): for what compares values of any size any number of times. Never when
    /// the host called: there is no instruction to run again.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        self.vm.store.shapes.work() >= PART_STEPS && self.vm.pc != interp::halt_stub()
    }

    /// Writes to the script's output.
    #[inline]
    pub fn print(&mut self, text: &str, line_break: bool) {
        self.vm.output.write(OutputStream::Standard, text, line_break);
    }

    /// The time on the machine's clock, in seconds.
    #[inline]
    pub fn now(&mut self) -> f64 {
        self.vm.clock.now()
    }

    /// The active calls, innermost first.
    pub fn stack_trace(&self) -> Vec<TraceFrame> {
        interp::stack_trace(self.vm)
    }

    /// The state given with [`Trap::Pending`] when the call was not finished last time.
    #[inline]
    pub(crate) fn partial(&self) -> Option<Value> {
        self.vm.partial
    }

    /// The map that holds the methods of a type.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn type_map(&mut self, which: TypeMap) -> Result<Gc<Map>, Trap> {
        Ok(type_maps::type_map(self.vm, which)?)
    }
}

/// The text of a string value; nothing for another type.
#[inline]
pub(crate) fn text_of(v: Value) -> Text {
    v.text().unwrap_or(Text::Short([0; 8], 0))
}
