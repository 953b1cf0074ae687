//! Rows of functions, and maps made of them.

use super::Shell;
use brisk_core::host::{
    Context, Data, Handle, NativeError, NativeResult, ParamDefault, Signature, Values,
};
use std::sync::Arc;

/// Most steps from a map to the parent that holds a member; the engine's own limit is about the
/// same.
const ISA_STEPS_MAX: usize = 256;

/// A parameter and its default.
pub(super) enum Param {
    /// `null`.
    Null(&'static str),
    /// A number.
    Number(&'static str, f64),
    /// A string.
    Text(&'static str, &'static str),
}

/// What a function does.
pub(super) type Body = fn(&mut Context<'_>, &Arc<Shell>) -> NativeResult;

/// A function.
pub(super) struct Row {
    /// Its name.
    pub(super) name: &'static str,
    /// Its parameters.
    params: &'static [Param],
    /// What it does.
    pub(super) body: Body,
}

/// A row of a table.
pub(super) const fn row(name: &'static str, params: &'static [Param], body: Body) -> Row {
    Row { name, params, body }
}

impl Row {
    /// Name and parameters.
    pub(super) fn signature(&self) -> Signature {
        let mut signature = Signature::new(self.name);
        for param in self.params {
            signature = match param {
                Param::Null(name) => signature.param(name),
                Param::Number(name, x) => signature.param_or(name, ParamDefault::Number(*x)),
                Param::Text(name, text) => {
                    signature.param_or(name, ParamDefault::Text((*text).into()))
                }
            };
        }
        signature
    }
}

/// A map that holds these functions.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn map_of(
    context: &mut Context<'_>,
    shell: &Arc<Shell>,
    rows: &'static [Row],
) -> Result<Handle, NativeError> {
    let map = context.new_map()?;
    for row in rows {
        let shell = Arc::clone(shell);
        let body = move |context: &mut Context<'_>| (row.body)(context, &shell);
        let function = context.new_function(&row.signature(), body)?;
        context.map_set(&map, &row.name.into(), &Data::Function(function))?;
    }
    Ok(map)
}

/// Sets an entry of a map.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn set(
    context: &mut Context<'_>,
    map: &Handle,
    key: &str,
    value: impl Into<Data>,
) -> Result<(), NativeError> {
    Ok(context.map_set(map, &key.into(), &value.into())?)
}

/// A member of an object or of its parents.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn member(
    context: &mut Context<'_>,
    object: &Handle,
    key: &str,
) -> Result<Option<Data>, NativeError> {
    let mut object = object.clone();
    for _ in 0..ISA_STEPS_MAX {
        if let Some(value) = context.map_get(&object, &key.into())? {
            return Ok(Some(value));
        }
        match context.map_get(&object, &"__isa".into())? {
            Some(Data::Map(parent)) => object = parent,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The number of the native object that `self`, the first argument, hides as `_handle`.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn hidden(
    context: &mut Context<'_>,
    index: usize,
    type_tag: u64,
) -> Result<Option<usize>, NativeError> {
    let Data::Map(object) = context.value(index)? else {
        return Ok(None);
    };
    match member(context, &object, "_handle")? {
        Some(Data::Object(handle)) => Ok(context.object_data(&handle, type_tag)),
        _ => Ok(None),
    }
}
