//! Values and objects: how they are represented, not what operators mean by them.

pub mod code;
pub mod content;
pub mod dict;
mod digest;
pub mod env;
pub mod globals;
pub mod list;
pub mod map;
pub mod math;
mod natives;
pub mod number;
pub mod object;
pub mod shape;
pub mod store;
pub mod string;
#[allow(clippy::module_inception)]
pub mod value;

pub use code::Code;
pub use digest::digest;
pub use object::{Env, Func, Gc, List, Map, NativeObject, NativeType, Str};
pub use store::Store;
pub use value::{Type, Value};

use crate::heap::AllocError;

/// Why a value could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Memory was refused.
    Memory(AllocError),
    /// Longer than `limits::STRING_BYTES_MAX`.
    StringTooLarge,
    /// Longer than `limits::LIST_LEN_MAX`.
    ListTooLarge,
}

impl From<AllocError> for Refusal {
    fn from(error: AllocError) -> Self {
        Refusal::Memory(error)
    }
}

/// The capacity of a growing buffer: half as much again, at least `needed`, at most `limit` unless
/// more is needed.
fn grow_capacity(capacity: usize, needed: usize, limit: usize) -> usize {
    (capacity + capacity / 2 + 4).min(limit).max(needed)
}
