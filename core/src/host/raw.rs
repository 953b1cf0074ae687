//! The ground that interfaces for other languages stand on: values as they are, held in numbered
//! slots ([`Scopes`](crate::vm::scopes::Scopes)) instead of by Rust's handles. Not for hosts.
//!
//! Between two calls of what is here nothing is collected, so a value just made or looked up needs
//! no protection until the next call that runs a script.

use super::{Context, Data, ParamDefault, Signature, Values};
use crate::engine::{Budget, Machine, NESTED_RUNS_MAX, Program};
use crate::error::{Error, ErrorKind, text};
use crate::interp::{self, link};
use crate::semantics::refused;
use crate::value::Value;
use crate::value::code::CodeParam;
use crate::vm::{Exit, NativeFn, Trap, Vm};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// What stands between a function called by the host and its value.
#[derive(Debug)]
pub enum CallError {
    /// The script failed, or the machine refused.
    Failed(Error),
    /// The script called `exit`.
    Exited(i32),
}

/// Calls a function to its end. `inside` says that a native function is running: the script runs
/// above its caller then, with what is left of that run's budget. It cannot suspend.
///
/// # Errors
///
/// What the script raised; a budget that was spent; a suspension.
pub fn call(
    vm: &mut Vm,
    callee: Value,
    args: &[Value],
    budget: Budget,
    inside: bool,
) -> Result<Value, CallError> {
    if inside {
        if vm.nested_runs >= NESTED_RUNS_MAX {
            let error = Error::new(ErrorKind::Limit, text::CALL_STACK_OVERFLOW);
            return Err(CallError::Failed(error));
        }
        vm.nested_runs += 1;
        let result = interp::run_nested(vm, callee, args);
        vm.nested_runs -= 1;
        return result.map_err(CallError::Failed);
    }
    let fuel = budget.fuel.unwrap_or(u64::MAX);
    let deadline = budget.seconds.map(|seconds| vm.clock.now() + seconds);
    if !vm.pc.is_null() {
        return interp::run_above(vm, callee, args, fuel, deadline).map_err(CallError::Failed);
    }
    interp::start_with(vm, callee, args);
    if matches!(vm.exit, Exit::None) {
        interp::run(vm, fuel, deadline);
    }
    let exit = core::mem::take(&mut vm.exit);
    vm.pc = core::ptr::null();
    let error = match exit {
        Exit::Finished(value) => return Ok(value),
        Exit::Code(code) => return Err(CallError::Exited(code)),
        Exit::Error(error) => error,
        Exit::None | Exit::Budget => {
            Error::new(ErrorKind::Limit, "the budget was spent before the function ended")
        }
        Exit::Yield | Exit::Pending(_) => {
            vm.partial = None;
            Error::new(ErrorKind::Host, "a function called to its end cannot suspend")
        }
    };
    Err(CallError::Failed(error))
}

/// Makes a function what the machine runs next.
///
/// # Errors
///
/// When it cannot be entered.
pub fn start(vm: &mut Vm, callee: Value, args: &[Value]) -> Result<(), Error> {
    interp::start_with(vm, callee, args);
    match core::mem::take(&mut vm.exit) {
        Exit::Error(error) => {
            vm.pc = core::ptr::null();
            Err(error)
        }
        exit => {
            // A native function is finished at once.
            vm.exit = exit;
            Ok(())
        }
    }
}

/// Registers a native function that is given its context as it is; `data` is [`Context::data`].
///
/// # Errors
///
/// When memory is refused.
pub fn register(
    vm: &mut Vm,
    signature: &Signature,
    function: NativeFn,
    data: usize,
) -> Result<Value, Error> {
    let mut params = Vec::new();
    for (name, default) in &signature.params {
        let default = match default {
            ParamDefault::Null => Value::NULL,
            ParamDefault::Number(x) => Value::number(*x),
            ParamDefault::Text(text) => vm.store.atom_from(text).map_err(refused)?,
        };
        params.push(CodeParam { name: Cow::Owned(name.clone()), default });
    }
    let name = Cow::Owned(signature.name.clone());
    let value = link::new_native(vm, name, params, function, data).map_err(refused)?;
    if !signature.name.is_empty() {
        let key = vm.store.atom_from(&signature.name).map_err(refused)?;
        vm.host_functions.push((key, value));
        let cell =
            vm.globals.find_or_add(&mut vm.store.heap, &vm.store.shapes, key).map_err(refused)?;
        vm.globals.set_fallback(cell, value);
    }
    Ok(value)
}

/// How a native function goes on as an `import` of a program compiled as a module (spec §20.2).
///
/// # Errors
///
/// When memory is refused, or the program is of another dialect.
pub fn import(vm: &mut Vm, program: &Program, variable: &str) -> Result<Trap, Error> {
    if program.bytecode().dialect != vm.dialect {
        return Err(Error::new(ErrorKind::Host, "the module is of another dialect"));
    }
    let unit = link::add_program(vm, program.shared()).map_err(refused)?;
    let code = link::code(vm, unit, 0).map_err(refused)?;
    let module = vm.store.new_func(code, Value::NULL).map_err(refused)?;
    let name = vm.store.atom_from(variable).map_err(refused)?;
    Ok(Trap::Import { module, name })
}

/// A value that crossed the border as data.
///
/// # Errors
///
/// When memory is refused, or a handle belongs to another machine.
pub fn from_data(vm: &mut Vm, data: &Data) -> Result<Value, Error> {
    super::values::from_data(vm, data)
}

/// A value as data.
///
/// # Errors
///
/// When memory is refused.
pub fn to_data(vm: &mut Vm, value: Value) -> Result<Data, Error> {
    super::values::to_data(vm, value)
}

impl Machine {
    /// The machine's state.
    pub fn raw_state(&mut self) -> &mut Vm {
        self.machine_state()
    }
}

impl Context<'_> {
    /// Stack slot of the first argument, and how many there are.
    pub fn raw_frame(&self) -> (usize, usize) {
        (self.first, self.count)
    }

    /// The machine's state.
    pub fn raw_machine(&mut self) -> &mut Vm {
        self.vm
    }

    /// Argument `index`, null when there is no such parameter.
    pub fn raw_arg(&self, index: usize) -> Value {
        self.arg(index)
    }

    /// The state given with [`Trap::Pending`] when the call was not finished last time.
    pub fn raw_state(&self) -> Option<Value> {
        self.partial()
    }
}
