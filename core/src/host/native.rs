//! Functions of the host that scripts can call.

use super::values::{from_data, to_data};
use super::{Context, Data, Values};
use crate::compile::CompileOptions;
use crate::engine::Program;
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use crate::vm::{Trap, Vm};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Value of a parameter without an argument.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ParamDefault {
    /// `null`.
    #[default]
    Null,
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
}

/// Name and parameters of a native function.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Its name; an empty one is only reachable as a value.
    pub name: String,
    /// Parameters with their defaults. A first parameter named `self` receives the object of a call
    /// through a dot.
    pub params: Vec<(String, ParamDefault)>,
}

impl Signature {
    /// A function without parameters.
    pub fn new(name: &str) -> Self {
        Signature { name: name.to_string(), params: Vec::new() }
    }

    /// Adds a parameter that is null when it is missing.
    #[must_use]
    pub fn param(self, name: &str) -> Self {
        self.param_or(name, ParamDefault::Null)
    }

    /// Adds a parameter with a default.
    #[must_use]
    pub fn param_or(mut self, name: &str, default: ParamDefault) -> Self {
        self.params.push((name.to_string(), default));
        self
    }
}

/// What ends a native function without a value.
#[derive(Debug)]
pub enum NativeError {
    /// A run-time error of the script; the place is added.
    Error(Error),
    /// Not finished: the machine suspends, and the function is called again with the same
    /// arguments, `state` being [`Context::state`] then. `wake` is when that makes sense, in
    /// seconds of the machine's clock.
    Pending {
        /// Given back on the next call.
        state: Data,
        /// Earliest time that makes sense; any time when `None`.
        wake: Option<f64>,
    },
    /// Finished with null, and the current run ends as at `yield`.
    Yield,
    /// The program ends.
    Exit(i32),
    /// The call continues as an `import`: the source is compiled and run as a module, and its value
    /// stored in the calling function under `variable` (spec §20.2).
    Import {
        /// Text of the module.
        source: String,
        /// Name for error locations, such as `util.ms`.
        name: String,
        /// Variable of the importer.
        variable: String,
    },
    /// Said by the hooks of an [`ObjectType`](super::ObjectType): there is no such member.
    NotFound,
}

impl From<Error> for NativeError {
    fn from(error: Error) -> Self {
        NativeError::Error(error)
    }
}

impl NativeError {
    /// A run-time error with this message.
    pub fn message(message: impl Into<String>) -> Self {
        NativeError::Error(Error::runtime(message))
    }
}

/// What a native function returns.
pub type NativeResult = Result<Data, NativeError>;

/// A function of the host.
pub type HostFunction = Arc<dyn Fn(&mut Context<'_>) -> NativeResult + Send + Sync>;

impl Values for Context<'_> {
    fn machine_state(&mut self) -> &mut Vm {
        self.vm
    }
}

impl Context<'_> {
    /// Argument `index`; null when there is no such parameter.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn value(&mut self, index: usize) -> Result<Data, Error> {
        let value = self.arg(index);
        to_data(self.vm, value)
    }

    /// Argument `index` as text, as `str` converts it.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn text_arg(&mut self, index: usize) -> Result<String, NativeError> {
        let text = self.text(index).map_err(|trap| match trap {
            Trap::Error(error) => NativeError::Error(error),
            _ => NativeError::Yield,
        })?;
        Ok(text.as_str().to_string())
    }

    /// Makes a function that scripts reach only as a value, such as a member of a map: its name is
    /// ignored.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn new_function(
        &mut self,
        signature: &Signature,
        function: impl Fn(&mut Context<'_>) -> NativeResult + Send + Sync + 'static,
    ) -> Result<super::Handle, Error> {
        let unnamed = Signature { name: String::new(), params: signature.params.clone() };
        let value = register(self.vm, &unnamed, Arc::new(function))?;
        self.vm.handles.hold(value).map_err(|e| crate::semantics::refused(e.into()))
    }

    /// The state given with [`NativeError::Pending`] when the call was not finished last time.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn state(&mut self) -> Result<Option<Data>, Error> {
        match self.vm.partial {
            Some(value) => to_data(self.vm, value).map(Some),
            None => Ok(None),
        }
    }
}

/// Registers a function; returns its value.
pub(crate) fn register(
    vm: &mut Vm,
    signature: &Signature,
    function: HostFunction,
) -> Result<Value, Error> {
    let index = vm.host_natives.len();
    vm.host_natives.push(function);
    super::raw::register(vm, signature, call_host_function, index)
}

fn call_host_function(context: &mut Context<'_>) -> Result<Value, Trap> {
    let Some(function) = context.vm.host_natives.get(context.data()).cloned() else {
        return Ok(Value::NULL);
    };
    match function(context) {
        Ok(data) => Ok(from_data(context.vm, &data)?),
        Err(NativeError::Error(error)) => Err(Trap::Error(error)),
        Err(NativeError::Pending { state, wake }) => {
            let state = from_data(context.vm, &state)?;
            Err(Trap::Pending { state, wake })
        }
        Err(NativeError::Yield) => Err(Trap::Yield),
        Err(NativeError::Exit(code)) => Err(Trap::Exit(code)),
        Err(NativeError::Import { source, name, variable }) => {
            import(context.vm, &source, name, &variable)
        }
        Err(NativeError::NotFound) => {
            let message = "a native function that is no hook answered \"not found\"";
            Err(Trap::Error(Error::new(ErrorKind::Host, message)))
        }
    }
}

fn import(vm: &mut Vm, source: &str, name: String, variable: &str) -> Result<Value, Trap> {
    let options = CompileOptions { name: Some(name), module: true, ..CompileOptions::default() };
    let program = Program::compile_with(source, vm.dialect, &options)?;
    Err(super::raw::import(vm, &program, variable)?)
}
