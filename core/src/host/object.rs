//! Types of native objects: what the host says about all objects of a kind.
//!
//! An object is one word of the host's data with a type. Its members are the entries of the map that
//! is its class, then what the type's hook `get` answers. Hooks are native functions, with one
//! restriction: an instruction waits for them, so they can neither suspend nor end the program.

use super::native::HostFunction;
use super::{Context, NativeResult};
use crate::value::NativeType;
use alloc::sync::Arc;
use core::fmt;

/// Called with the data of an object that is gone or closed.
pub type Finalizer = Arc<dyn Fn(usize) + Send + Sync>;

/// What native objects of one kind have in common. A machine keeps it as long as it has such
/// objects; one type can serve any number of machines.
#[derive(Clone, Default)]
pub struct ObjectType {
    /// Tells objects of this type from others.
    pub tag: u64,
    /// Called once with the data of each object: when it is closed, at a safe point after it became
    /// unreachable, or when its machine goes away.
    pub finalizer: Option<Finalizer>,
    /// Asked for a member, under a name or any other key, that the class does not have: the arguments
    /// are the object and the key. [`NativeError::NotFound`](super::NativeError::NotFound) means that
    /// there is none. A function that it answers with is called as a method. Called again for a
    /// method that was not finished.
    pub get: Option<HostFunction>,
    /// Told of every member that is stored: the arguments are the object, the key and the value. With
    /// `NotFound`, or without this hook, storing is an error.
    pub set: Option<HostFunction>,
}

impl ObjectType {
    /// A type of objects that only have the members of their class.
    pub fn new(tag: u64) -> Self {
        ObjectType { tag, ..ObjectType::default() }
    }

    /// With a finalizer.
    #[must_use]
    pub fn with_finalizer(mut self, finalizer: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.finalizer = Some(Arc::new(finalizer));
        self
    }

    /// With a hook for reading.
    #[must_use]
    pub fn with_get(
        mut self,
        get: impl Fn(&mut Context<'_>) -> NativeResult + Send + Sync + 'static,
    ) -> Self {
        self.get = Some(Arc::new(get));
        self
    }

    /// With a hook for storing.
    #[must_use]
    pub fn with_set(
        mut self,
        set: impl Fn(&mut Context<'_>) -> NativeResult + Send + Sync + 'static,
    ) -> Self {
        self.set = Some(Arc::new(set));
        self
    }
}

impl fmt::Debug for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectType")
            .field("tag", &self.tag)
            .field("finalizer", &self.finalizer.is_some())
            .field("get", &self.get.is_some())
            .field("set", &self.set.is_some())
            .finish()
    }
}

impl NativeType for ObjectType {
    fn tag(&self) -> u64 {
        self.tag
    }

    fn has_finalizer(&self) -> bool {
        self.finalizer.is_some()
    }

    fn finalize(&self, data: usize) {
        if let Some(finalizer) = &self.finalizer {
            finalizer(data);
        }
    }
}
