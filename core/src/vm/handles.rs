//! Values that the host holds: a handle keeps what it refers to alive until it is dropped, a weak
//! reference does not.

use crate::heap::AllocError;
use crate::value::Value;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A value of a machine, held by the host. Dropping it releases the value.
///
/// Cheap to clone; usable only with the machine it came from, which is checked.
#[derive(Clone, Debug)]
pub struct Handle(Arc<u32>);

/// A reference of the host to an object that it does not keep alive: it leads nowhere once the
/// collector has found that nothing else refers to the object.
///
/// Cheap to clone; usable only with the machine it came from, which is checked.
#[derive(Clone, Debug)]
pub struct Weak(pub(crate) Handle);

/// The table of held values.
#[derive(Default)]
pub struct Handles {
    slots: Vec<Option<(Arc<u32>, Value)>>,
    free: Vec<u32>,
}

impl Handles {
    /// Holds a value.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn hold(&mut self, value: Value) -> Result<Handle, AllocError> {
        if self.free.is_empty() && self.slots.len() == self.slots.capacity() {
            self.sweep();
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.try_reserve(1).map_err(|_| AllocError::Refused)?;
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).map_err(|_| AllocError::Limit)?
            }
        };
        let token = Arc::new(index);
        self.slots[index as usize] = Some((token.clone(), value));
        Ok(Handle(token))
    }

    /// The value of a handle; `None` when it belongs to another machine.
    pub fn get(&self, handle: &Handle) -> Option<Value> {
        let (token, value) = self.slots.get(*handle.0 as usize)?.as_ref()?;
        Arc::ptr_eq(token, &handle.0).then_some(*value)
    }

    /// Forgets values whose handles were dropped.
    pub fn sweep(&mut self) {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.as_ref().is_some_and(|(token, _)| Arc::strong_count(token) == 1) {
                *slot = None;
                if self.free.try_reserve(1).is_ok() {
                    self.free.push(index as u32);
                }
            }
        }
    }

    /// In a table of weak references: lets those lead nowhere that `is_dead` is true of.
    pub fn clear_dead(&mut self, mut is_dead: impl FnMut(Value) -> bool) {
        self.sweep();
        for (_, value) in self.slots.iter_mut().flatten() {
            if is_dead(*value) {
                *value = Value::UNASSIGNED;
            }
        }
    }

    /// Visits every held value.
    pub fn for_each(&mut self, mut visit: impl FnMut(Value)) {
        self.sweep();
        for (_, value) in self.slots.iter().flatten() {
            visit(*value);
        }
    }
}
