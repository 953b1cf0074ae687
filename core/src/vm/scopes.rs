//! Values held for hosts in other languages: numbered slots instead of Rust's handles.
//!
//! *Scoped* slots form a stack: a scope begins at a height, and closing it forgets everything above
//! at once. *Kept* slots live until they are released. Every slot has a stamp that tells its values
//! apart over time, so a number that outlived its value is noticed.

use crate::value::Value;
use alloc::vec::Vec;

/// Names a value that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Number of the slot.
    pub index: u32,
    /// Stamp of the slot when the value was put there, below 2³¹.
    pub stamp: u32,
    /// Whether it is kept until it is released.
    pub kept: bool,
}

/// Stamps have this many bits.
const STAMP_MASK: u32 = (1 << 31) - 1;

#[derive(Clone, Copy)]
struct Slot {
    value: Value,
    stamp: u32,
}

/// The tables of held values.
#[derive(Default)]
pub struct Scopes {
    scoped: Vec<Slot>,
    /// Stamp of what is put into a scope now; another one after each close.
    stamp: u32,
    /// A slot that is free has no value: its stamp is that of the next one.
    kept: Vec<(Slot, bool)>,
    free: Vec<u32>,
}

impl Scopes {
    /// Holds a value until its scope is closed. `None` when memory is refused.
    #[inline]
    pub fn push(&mut self, value: Value) -> Option<Ticket> {
        let index = self.scoped.len();
        if index == self.scoped.capacity() {
            if index > u32::MAX as usize / 2 {
                return None;
            }
            self.scoped.try_reserve(1).ok()?;
        }
        self.scoped.push(Slot { value, stamp: self.stamp });
        Some(Ticket { index: index as u32, stamp: self.stamp, kept: false })
    }

    /// Height of the stack: what [`Scopes::close`] wants.
    #[inline]
    pub fn height(&self) -> usize {
        self.scoped.len()
    }

    /// Forgets everything put into scopes since the height was taken; false when the stack is lower
    /// already.
    #[inline]
    pub fn close(&mut self, height: usize) -> bool {
        if height > self.scoped.len() {
            return false;
        }
        if height < self.scoped.len() {
            self.scoped.truncate(height);
            self.stamp = (self.stamp + 1) & STAMP_MASK;
        }
        true
    }

    /// Holds a value until it is released. `None` when memory is refused.
    pub fn keep(&mut self, value: Value) -> Option<Ticket> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.kept.len()).ok()?;
                self.kept.try_reserve(1).ok()?;
                // Releasing must not need memory.
                self.free.try_reserve(self.kept.len() + 1).ok()?;
                self.kept.push((Slot { value: Value::NULL, stamp: 0 }, false));
                index
            }
        };
        let (slot, taken) = &mut self.kept[index as usize];
        slot.value = value;
        *taken = true;
        Some(Ticket { index, stamp: slot.stamp, kept: true })
    }

    /// Forgets a kept value; false when it is none.
    pub fn release(&mut self, ticket: Ticket) -> bool {
        if !ticket.kept || self.get(ticket).is_none() {
            return false;
        }
        let (slot, taken) = &mut self.kept[ticket.index as usize];
        *slot = Slot { value: Value::NULL, stamp: (slot.stamp + 1) & STAMP_MASK };
        *taken = false;
        self.free.push(ticket.index);
        true
    }

    /// The value of a ticket; `None` when it is held no more.
    #[inline]
    pub fn get(&self, ticket: Ticket) -> Option<Value> {
        let slot = if ticket.kept {
            let (slot, taken) = self.kept.get(ticket.index as usize)?;
            taken.then_some(slot)?
        } else {
            self.scoped.get(ticket.index as usize)?
        };
        (slot.stamp == ticket.stamp).then_some(slot.value)
    }

    /// Values that are held.
    pub fn len(&self) -> usize {
        self.scoped.len() + self.kept.len() - self.free.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Visits every held value.
    pub fn for_each(&self, mut visit: impl FnMut(Value)) {
        self.scoped.iter().for_each(|slot| visit(slot.value));
        self.kept.iter().for_each(|(slot, _)| visit(slot.value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_scope_forgets_in_bulk() {
        let mut scopes = Scopes::default();
        let outer = scopes.push(Value::number(1.0)).expect("memory");
        let height = scopes.height();
        let inner = scopes.push(Value::number(2.0)).expect("memory");
        assert!(scopes.close(height) && !scopes.close(height + 1));
        assert_eq!((scopes.get(outer), scopes.get(inner)), (Some(Value::number(1.0)), None));
        let again = scopes.push(Value::number(3.0)).expect("memory");
        assert_eq!((again.index, scopes.get(inner)), (inner.index, None));
        assert_eq!(scopes.len(), 2);
    }

    #[test]
    fn kept_values_are_released_once() {
        let mut scopes = Scopes::default();
        let first = scopes.keep(Value::number(1.0)).expect("memory");
        let second = scopes.keep(Value::number(2.0)).expect("memory");
        assert!(scopes.release(first) && !scopes.release(first));
        assert_eq!((scopes.get(first), scopes.get(second)), (None, Some(Value::number(2.0))));
        let third = scopes.keep(Value::number(3.0)).expect("memory");
        assert_eq!((third.index, scopes.get(first)), (first.index, None));
        assert_eq!(scopes.get(third), Some(Value::number(3.0)));
        assert!(!scopes.release(Ticket { kept: false, ..second }));
    }
}
