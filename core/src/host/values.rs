//! Values as the host speaks of them.
//!
//! [`Values`] is what a machine and the context of a native function have in common: making,
//! reading and changing script values. No raw value leaves the machine: numbers and texts are
//! copied, objects are held by handles.

use super::{Handle, ObjectType, Weak};
use crate::error::{Error, ErrorKind};
use crate::semantics::{self, text::Form};
use crate::value::map::KeyOrigin;
use crate::value::{Gc, List, Map, Type, Value};
use crate::vm::Vm;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A script value outside the machine.
#[derive(Clone, Debug, Default)]
pub enum Data {
    /// `null`.
    #[default]
    Null,
    /// A number; `true` and `false` are 1 and 0.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Handle),
    /// A map.
    Map(Handle),
    /// A function.
    Function(Handle),
    /// A native object of the host.
    Object(Handle),
}

impl Data {
    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Data::Number(x) = self { Some(*x) } else { None }
    }

    /// The text of a string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Data::Text(text) = self { Some(text) } else { None }
    }

    /// The handle of an object, if it is one.
    pub fn as_handle(&self) -> Option<&Handle> {
        match self {
            Data::List(handle)
            | Data::Map(handle)
            | Data::Function(handle)
            | Data::Object(handle) => Some(handle),
            _ => None,
        }
    }
}

impl From<f64> for Data {
    fn from(x: f64) -> Self {
        Data::Number(x)
    }
}
impl From<i32> for Data {
    fn from(x: i32) -> Self {
        Data::Number(f64::from(x))
    }
}
impl From<bool> for Data {
    fn from(x: bool) -> Self {
        Data::Number(f64::from(u8::from(x)))
    }
}
impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Data::Text(text.to_string())
    }
}
impl From<String> for Data {
    fn from(text: String) -> Self {
        Data::Text(text)
    }
}
impl From<()> for Data {
    fn from((): ()) -> Self {
        Data::Null
    }
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::Host, what)
}

pub(crate) fn to_data(vm: &mut Vm, value: Value) -> Result<Data, Error> {
    if let Some(x) = value.as_number() {
        return Ok(Data::Number(x));
    }
    if let Some(text) = value.text() {
        return Ok(Data::Text(text.as_str().to_string()));
    }
    if value.is_null() || value.is_unassigned() {
        return Ok(Data::Null);
    }
    let handle = vm.handles.hold(value).map_err(|e| semantics::refused(e.into()))?;
    Ok(match value.type_of() {
        Type::List => Data::List(handle),
        Type::Map => Data::Map(handle),
        Type::Func => Data::Function(handle),
        _ => Data::Object(handle),
    })
}

pub(crate) fn from_data(vm: &mut Vm, data: &Data) -> Result<Value, Error> {
    match data {
        Data::Null => Ok(Value::NULL),
        Data::Number(x) => Ok(Value::number(*x)),
        Data::Text(text) => vm.store.new_str(text).map_err(semantics::refused),
        Data::List(h) | Data::Map(h) | Data::Function(h) | Data::Object(h) => held(vm, h),
    }
}

pub(crate) fn held(vm: &Vm, handle: &Handle) -> Result<Value, Error> {
    vm.handles.get(handle).ok_or_else(|| wrong("the handle belongs to another machine"))
}

fn list(vm: &Vm, handle: &Handle) -> Result<Gc<List>, Error> {
    held(vm, handle)?.as_list().ok_or_else(|| wrong("not a list"))
}

fn map(vm: &Vm, handle: &Handle) -> Result<Gc<Map>, Error> {
    held(vm, handle)?.as_map().ok_or_else(|| wrong("not a map"))
}

/// Making, reading and changing script values. Implemented by machines and by the context of native
/// functions.
///
/// # Errors
///
/// Every function that can fail returns a host error for a handle of another machine or of the
/// wrong type, and a limit error when memory is refused.
pub trait Values {
    /// The machine. Not for hosts.
    #[doc(hidden)]
    fn machine_state(&mut self) -> &mut Vm;

    /// An empty list.
    #[allow(clippy::missing_errors_doc)]
    fn new_list(&mut self) -> Result<Handle, Error> {
        let vm = self.machine_state();
        let list = vm.store.new_list(0).map_err(semantics::refused)?;
        vm.handles.hold(Value::list(list)).map_err(|e| semantics::refused(e.into()))
    }

    /// An empty map.
    #[allow(clippy::missing_errors_doc)]
    fn new_map(&mut self) -> Result<Handle, Error> {
        let vm = self.machine_state();
        let map = vm.store.new_map().map_err(semantics::refused)?;
        vm.handles.hold(Value::map(map)).map_err(|e| semantics::refused(e.into()))
    }

    /// A native object: `data` is the host's, the entries of `class` are its members, and `bytes`
    /// count against the machine's limit until it is closed or gone. The finalizer of `kind` is called
    /// with `data` once: when the object is closed, or after it became unreachable, between
    /// instructions.
    #[allow(clippy::missing_errors_doc)]
    fn new_object(
        &mut self,
        kind: &Arc<ObjectType>,
        data: usize,
        class: Option<&Handle>,
        bytes: usize,
    ) -> Result<Handle, Error> {
        let vm = self.machine_state();
        let class = match class {
            Some(handle) => Value::map(map(vm, handle)?),
            None => Value::NULL,
        };
        let made = vm.store.new_native(kind.clone(), data, class, bytes);
        let object = made.map_err(semantics::refused)?;
        match vm.handles.hold(object) {
            Ok(handle) => Ok(handle),
            Err(error) => {
                // The host keeps the data of an object that it did not get.
                if let Some(object) = object.as_native() {
                    let _ = vm.store.close_native(object);
                }
                Err(semantics::refused(error.into()))
            }
        }
    }

    /// The host's data of a native object whose type has this tag; `None` for anything else, and for
    /// one that is closed.
    fn object_data(&mut self, handle: &Handle, tag: u64) -> Option<usize> {
        let vm = self.machine_state();
        let object = vm.handles.get(handle)?.as_native()?;
        (object.native_type().tag() == tag && !object.is_closed()).then(|| object.data.get())
    }

    /// Closes a native object: its finalizer runs now, and it has no data afterwards. False when it was
    /// closed before.
    #[allow(clippy::missing_errors_doc)]
    fn object_close(&mut self, handle: &Handle) -> Result<bool, Error> {
        let vm = self.machine_state();
        let object = held(vm, handle)?.as_native().ok_or_else(|| wrong("not a native object"))?;
        match vm.store.close_native(object) {
            Some((kind, data)) => {
                kind.finalize(data);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// A reference to what the handle refers to that does not keep it alive.
    #[allow(clippy::missing_errors_doc)]
    fn new_weak(&mut self, handle: &Handle) -> Result<Weak, Error> {
        let vm = self.machine_state();
        let value = held(vm, handle)?;
        vm.weak.hold(value).map(Weak).map_err(|e| semantics::refused(e.into()))
    }

    /// What a weak reference refers to; `None` once that is gone. When the last other reference went
    /// away, it is gone with the next full collection at the latest.
    #[allow(clippy::missing_errors_doc)]
    fn upgrade(&mut self, weak: &Weak) -> Result<Option<Data>, Error> {
        let vm = self.machine_state();
        let found = vm.weak.get(&weak.0);
        let value = found.ok_or_else(|| wrong("the reference belongs to another machine"))?;
        if value.is_unassigned() {
            return Ok(None);
        }
        to_data(vm, value).map(Some)
    }

    /// Counts memory that the host holds for scripts against the machine's limit; a negative number
    /// takes back what was counted.
    ///
    /// # Errors
    ///
    /// A limit error when it does not fit; nothing is counted then.
    fn charge(&mut self, bytes: i64) -> Result<(), Error> {
        let bytes =
            isize::try_from(bytes).unwrap_or(if bytes < 0 { isize::MIN } else { isize::MAX });
        self.machine_state().store.charge_host(bytes).map_err(semantics::refused)
    }

    /// Number of elements or entries.
    #[allow(clippy::missing_errors_doc)]
    fn len_of(&mut self, handle: &Handle) -> Result<usize, Error> {
        let vm = self.machine_state();
        let value = held(vm, handle)?;
        match (value.as_list(), value.as_map()) {
            (Some(list), _) => Ok(list.len()),
            (_, Some(map)) => Ok(vm.store.map_len(map)),
            _ => Err(wrong("neither a list nor a map")),
        }
    }

    /// Element `index` of a list; `None` beyond its end.
    #[allow(clippy::missing_errors_doc)]
    fn list_get(&mut self, handle: &Handle, index: usize) -> Result<Option<Data>, Error> {
        let vm = self.machine_state();
        match list(vm, handle)?.get(index) {
            Some(value) => to_data(vm, value).map(Some),
            None => Ok(None),
        }
    }

    /// Replaces element `index` of a list; false beyond its end.
    #[allow(clippy::missing_errors_doc)]
    fn list_set(&mut self, handle: &Handle, index: usize, value: &Data) -> Result<bool, Error> {
        let vm = self.machine_state();
        let list = list(vm, handle)?;
        let value = from_data(vm, value)?;
        if index >= list.len() {
            return Ok(false);
        }
        vm.store.list_set(list, index, value);
        Ok(true)
    }

    /// Appends to a list.
    #[allow(clippy::missing_errors_doc)]
    fn list_push(&mut self, handle: &Handle, value: &Data) -> Result<(), Error> {
        let vm = self.machine_state();
        let list = list(vm, handle)?;
        let value = from_data(vm, value)?;
        vm.store.list_push(list, value).map_err(semantics::refused)
    }

    /// The numbers of a list; other elements count as 0.
    #[allow(clippy::missing_errors_doc)]
    fn list_numbers(&mut self, handle: &Handle) -> Result<Vec<f64>, Error> {
        let vm = self.machine_state();
        Ok(list(vm, handle)?.as_slice().iter().map(|v| v.as_number().unwrap_or(0.0)).collect())
    }

    /// The value under a key of this very map (parents are not asked).
    #[allow(clippy::missing_errors_doc)]
    fn map_get(&mut self, handle: &Handle, key: &Data) -> Result<Option<Data>, Error> {
        let vm = self.machine_state();
        let map = map(vm, handle)?;
        let key = from_data(vm, key)?;
        match vm.store.map_get(map, key) {
            Some(value) => to_data(vm, value).map(Some),
            None => Ok(None),
        }
    }

    /// Stores a value under a key of this very map.
    #[allow(clippy::missing_errors_doc)]
    fn map_set(&mut self, handle: &Handle, key: &Data, value: &Data) -> Result<(), Error> {
        let vm = self.machine_state();
        let map = map(vm, handle)?;
        let key = from_data(vm, key)?;
        let value = from_data(vm, value)?;
        vm.store.map_set(map, key, value, KeyOrigin::Literal).map_err(semantics::refused)
    }

    /// Removes an entry; false when there was none.
    #[allow(clippy::missing_errors_doc)]
    fn map_remove(&mut self, handle: &Handle, key: &Data) -> Result<bool, Error> {
        let vm = self.machine_state();
        let map = map(vm, handle)?;
        let key = from_data(vm, key)?;
        vm.store.map_remove(map, key).map_err(semantics::refused)
    }

    /// The entries of a map, in order.
    #[allow(clippy::missing_errors_doc)]
    fn map_entries(&mut self, handle: &Handle) -> Result<Vec<(Data, Data)>, Error> {
        let vm = self.machine_state();
        let map = map(vm, handle)?;
        let mut entries = Vec::new();
        let mut at = 0;
        while let Some((key, value, next)) = map.next_entry(&vm.store.shapes, at) {
            at = next;
            entries.push((to_data(vm, key)?, to_data(vm, value)?));
        }
        Ok(entries)
    }

    /// The text of a value as `print` writes it.
    #[allow(clippy::missing_errors_doc)]
    fn text_of(&mut self, value: &Data) -> Result<String, Error> {
        let vm = self.machine_state();
        let value = from_data(vm, value)?;
        let mut out = String::new();
        semantics::text::append(&vm.store, value, Form::Plain, &mut out)
            .map_err(semantics::refused)?;
        Ok(out)
    }

    /// A global variable; `None` when the script has none of that name.
    #[allow(clippy::missing_errors_doc)]
    fn global(&mut self, name: &str) -> Result<Option<Data>, Error> {
        let vm = self.machine_state();
        let key = vm.store.new_str(name).map_err(semantics::refused)?;
        let globals = vm.globals_map().map_err(semantics::refused)?;
        match vm.store.map_get(globals, key) {
            Some(value) => to_data(vm, value).map(Some),
            None => Ok(None),
        }
    }

    /// Sets a global variable.
    #[allow(clippy::missing_errors_doc)]
    fn set_global(&mut self, name: &str, value: &Data) -> Result<(), Error> {
        let vm = self.machine_state();
        let value = from_data(vm, value)?;
        let cell = crate::interp::link::global_cell(vm, name).map_err(semantics::refused)?;
        vm.globals.set(cell, value);
        Ok(())
    }

    /// The map `globals`.
    #[allow(clippy::missing_errors_doc)]
    fn globals(&mut self) -> Result<Handle, Error> {
        let vm = self.machine_state();
        let map = vm.globals_map().map_err(semantics::refused)?;
        vm.handles.hold(Value::map(map)).map_err(|e| semantics::refused(e.into()))
    }

    /// What the host attached to the machine.
    fn host_data(&mut self) -> usize {
        self.machine_state().host_data
    }
}
