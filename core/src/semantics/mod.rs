//! What each operator means, once, for every tier: the whole tables of LANGUAGE.md §5–§11.
//!
//! The interpreter and machine code do the common cases themselves (number with number, element of
//! a list) and come here for everything else, so these functions are complete: they accept operands
//! of every type, numbers included. They take the dialect where its rules differ.
//!
//! [`arith`] is `+ - * / % ^`, [`compare`] is `< <= > >= == !=`, [`logic`] is truth and `not and
//! or`, [`slice`] is `a[i:j]`, [`text`] is values as text.
//!
//! Not here: calls, variables and properties (`interp/`), because those can run code.

pub mod arith;
pub mod compare;
pub mod logic;
pub mod slice;
pub mod text;

#[cfg(test)]
mod tests;

use crate::error::{self, Error, ErrorKind};
use crate::limits::ISA_STEPS_MAX;
use crate::value::shape::ISA;
use crate::value::{Gc, Map, Refusal, Store, Type, Value};

/// The error of a script that asked for more than there is.
#[cold]
pub fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Memory(_) => Error::new(ErrorKind::Limit, error::text::OUT_OF_MEMORY),
        Refusal::StringTooLarge => Error::runtime(error::text::STRING_TOO_LARGE),
        Refusal::ListTooLarge => Error::runtime(error::text::LIST_TOO_LARGE),
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refused(refusal)
    }
}

/// The name of a value's type in error messages (LANGUAGE.md §7.1).
pub fn type_name(v: Value) -> &'static str {
    match v.type_of() {
        Type::Null => "Null",
        Type::Number => "Number",
        Type::Str => "String",
        Type::List => "List",
        Type::Map => "Map",
        Type::Func => "Function",
        Type::Object => "Handle",
    }
}

/// The value under `key` in a map or the maps it inherits from; type maps are not searched.
///
/// Gives up after [`ISA_STEPS_MAX`] parents (LANGUAGE.md §14.1).
pub fn lookup_chain(store: &mut Store, map: Gc<Map>, key: Value) -> Option<Value> {
    /// Steps of work that a map is.
    const STEPS_MAP: usize = 4;
    let key = store.find_key(key)?;
    let mut map = map;
    for _ in 0..=ISA_STEPS_MAX {
        store.shapes.note_work(STEPS_MAP);
        if let Some(value) = map.get_own(&store.shapes, key) {
            return Some(value);
        }
        map = map.get_own(&store.shapes, ISA)?.as_map()?;
    }
    None
}
