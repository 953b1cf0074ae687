//! What a native function sees: its arguments, makers of values, output, the clock; and how the
//! host speaks of values.
//!
//! Intrinsics and functions of the host get the same [`Context`]. Values cross the border as
//! [`Data`]: plain data, or a [`Handle`] that keeps an object alive.

mod context;
pub(crate) mod native;
mod object;
pub(crate) mod values;
#[doc(hidden)]
pub mod raw;

pub use crate::vm::{Handle, Weak};
pub use context::Context;
pub(crate) use context::text_of;
pub use native::{HostFunction, NativeError, NativeResult, ParamDefault, Signature};
pub use object::{Finalizer, ObjectType};
pub use values::{Data, Values};
