//! Functions of the host, and their calls.

use crate::pending::{self, Completion};
use crate::status::{
    BRISK_ARGUMENT, BRISK_EXIT, BRISK_NOT_FOUND, BRISK_NULL, BRISK_OK, BRISK_PENDING, BRISK_SCRIPT,
    BRISK_YIELD, Check, brisk_status, guard, guard_or, put, text,
};
use crate::value::{
    BRISK_KIND_NULL, BRISK_KIND_NUMBER, BRISK_KIND_STRING, brisk_text, brisk_value, give,
    give_kept, take,
};
use crate::vm::{brisk_vm, enter};
use crate::world::brisk_destructor_fn;
use brisk_core::Error;
use brisk_core::host::{Context, ParamDefault, Signature, raw};
use brisk_core::semantics::{logic, refused, text as texts};
use brisk_core::value::{Value, math};
use brisk_core::vm::{Trap, Vm};
use core::ffi::{c_char, c_void};
use core::ptr::{NonNull, null_mut};

/// A function of the host. Returns `BRISK_OK` after `brisk_return_number` or one of its like (null
/// without), or what `brisk_call_error`, `brisk_call_exit`, `brisk_call_pending` or
/// `brisk_call_suspend` give, or `BRISK_YIELD`. Any other code becomes an error of the script; after a
/// failed `brisk_call_value` that error. It may call everything of its VM but what starts, loads, runs
/// or stops programs (`BRISK_BUSY`). No exception may leave it.
pub type brisk_native_fn = Option<
    unsafe extern "C" fn(
        vm: *mut brisk_vm,
        call: *mut brisk_call,
        user: *mut c_void,
    ) -> brisk_status,
>;
/// A function from a number to a number: the fast way. Must not call anything of its VM.
pub type brisk_number_fn1 = Option<unsafe extern "C" fn(x: f64, user: *mut c_void) -> f64>;
/// The same for two numbers.
pub type brisk_number_fn2 = Option<unsafe extern "C" fn(x: f64, y: f64, user: *mut c_void) -> f64>;

/// A parameter of a native.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_param {
    /// Its name; `self` for a first one that receives the object of a call through a dot.
    pub name: brisk_text,
    /// Value of a missing argument: null, a number, or a string of the VM.
    pub default_value: brisk_value,
}

/// A `brisk_native_fn` that is one.
pub(crate) type NativeCode =
    unsafe extern "C" fn(*mut brisk_vm, *mut brisk_call, *mut c_void) -> brisk_status;

/// What a native does.
enum Code {
    General(NativeCode),
    Number1(unsafe extern "C" fn(f64, *mut c_void) -> f64),
    Number2(unsafe extern "C" fn(f64, f64, *mut c_void) -> f64),
}

/// A registered function. Its address is the data of the function in the core.
pub(crate) struct Native {
    vm: NonNull<brisk_vm>,
    code: Code,
    user: User,
}

/// Data of the host, given back when it is not needed any more.
pub(crate) struct User {
    pub(crate) data: *mut c_void,
    pub(crate) destructor: brisk_destructor_fn,
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(destructor) = self.destructor {
            // SAFETY: a function of the host, called once, as it was promised.
            unsafe { destructor(self.data) };
        }
    }
}

/// One call of a native; it lives until the native returns.
pub struct brisk_call {
    pub(crate) host: NonNull<brisk_vm>,
    state: *mut Vm,
    /// Stack slot of the first argument.
    first: usize,
    count: usize,
    /// Its value when that is a number: the common case costs no more.
    number: Option<f64>,
    /// How it ends when that is not with a number, or null.
    other: Option<Box<CallResult>>,
    /// The state of the call that was not finished.
    partial: Option<Value>,
    /// Texts that arguments were made into.
    texts: Vec<Box<str>>,
}

/// How a call ends.
pub(crate) enum CallResult {
    /// With what this kept handle holds.
    Kept(brisk_value),
    /// With an error.
    Error(String),
    /// With the program.
    Exit(i32),
    /// Later.
    Pending {
        /// Given back then: a kept handle.
        state: brisk_value,
        /// When that makes sense.
        wake: Option<f64>,
    },
}

impl brisk_call {
    fn arg(&self, index: usize) -> Value {
        if index >= self.count {
            return Value::NULL;
        }
        // SAFETY: the core lent its state to the native of this call.
        unsafe { (*self.state).stack.get(self.first + index) }
    }
}

/// What a function of the host gave back.
pub(crate) struct Returned {
    pub(crate) status: brisk_status,
    number: Option<f64>,
    other: Option<Box<CallResult>>,
    /// Height of the scopes before.
    height: usize,
    /// Failures of the VM before.
    failures: u32,
}

/// Calls a function of the host, which may use its VM meanwhile.
#[inline]
pub(crate) fn invoke(
    host: NonNull<brisk_vm>,
    function: NativeCode,
    user: *mut c_void,
    context: &mut Context<'_>,
) -> Returned {
    // SAFETY: a VM outlives its natives.
    let vm = unsafe { host.as_ref() };
    let partial = context.raw_state();
    let (first, count) = context.raw_frame();
    let state = context.raw_machine();
    let height = state.scopes.height();
    let state: *mut Vm = state;
    let failures = vm.failures.get();
    let mut call = brisk_call {
        host,
        state,
        first,
        count,
        number: None,
        other: None,
        partial,
        texts: Vec::new(),
    };
    // SAFETY: a function of the host, called as it was promised.
    let status = vm.lend(state, || unsafe { function(host.as_ptr(), &raw mut call, user) });
    Returned { status, number: call.number, other: call.other.take(), height, failures }
}

impl Returned {
    /// What that means for the script.
    #[inline]
    pub(crate) fn finish(self, host: &brisk_vm, context: &mut Context<'_>) -> Result<Value, Trap> {
        let state = context.raw_machine();
        if host.doomed.get() {
            // Nothing is to run any more: the VM is freed when the outermost call returns.
            return Err(Trap::Exit(0));
        }
        if self.status == BRISK_OK && self.other.is_none() {
            state.scopes.close(self.height);
            return Ok(self.number.map_or(Value::NULL, Value::number));
        }
        let failed = host.failures.get() != self.failures;
        let ended = finish(host, state, self.other.map(|other| *other), self.status, failed);
        state.scopes.close(self.height);
        ended
    }
}

/// What the core calls for every general native.
fn call_general(context: &mut Context<'_>) -> Result<Value, Trap> {
    let native = core::ptr::with_exposed_provenance::<Native>(context.data());
    // SAFETY: the data is the address of a native, which lives as long as the VM.
    let native = unsafe { &*native };
    let Code::General(function) = native.code else { return Ok(Value::NULL) };
    // SAFETY: a VM outlives its natives.
    let host = unsafe { native.vm.as_ref() };
    if context.raw_state().is_some()
        && let Some(completion) = pending::completed(host)
    {
        return match completion {
            Completion::Null => Ok(Value::NULL),
            Completion::Number(x) => Ok(Value::number(x)),
            Completion::Text(text) => Ok(context.raw_machine().store.new_str(&text)?),
            Completion::Error(message) => Err(Error::runtime(message).into()),
        };
    }
    invoke(native.vm, function, native.user.data, context).finish(host, context)
}

/// What a native's code and the call say together.
#[cold]
fn finish(
    host: &brisk_vm,
    state: &mut Vm,
    result: Option<CallResult>,
    status: brisk_status,
    failed: bool,
) -> Result<Value, Trap> {
    // What is held for the call is held no more, however it ends.
    let held = match result {
        Some(CallResult::Kept(kept) | CallResult::Pending { state: kept, .. }) => {
            let value = take(state, host.owner, &kept).unwrap_or(Value::NULL);
            if let Ok(ticket) = kept.ticket(host.owner) {
                state.scopes.release(ticket);
            }
            value
        }
        _ => Value::NULL,
    };
    match (status, result) {
        (BRISK_OK, _) => Ok(held),
        (BRISK_SCRIPT, Some(CallResult::Error(message))) => Err(Error::runtime(message).into()),
        (BRISK_EXIT, Some(CallResult::Exit(code))) => Err(Trap::Exit(code)),
        (BRISK_PENDING, Some(CallResult::Pending { wake, .. })) => {
            Err(Trap::Pending { state: held, wake })
        }
        (BRISK_YIELD, _) => Err(Trap::Yield),
        _ => Err(failure(host, status, failed).into()),
    }
}

/// The error of a native that returned a code without saying more: that of what it called, when
/// something `failed` there and the code says of it.
fn failure(host: &brisk_vm, status: brisk_status, failed: bool) -> Error {
    let error = host.error.borrow();
    let inner = error.as_ref().filter(|error| failed && error.status() == status);
    let inner = inner.and_then(|error| error.original.clone());
    inner.unwrap_or_else(|| Error::runtime(format!("a native function failed with code {status}")))
}

fn call_number1(context: &mut Context<'_>) -> Result<Value, Trap> {
    let native = core::ptr::with_exposed_provenance::<Native>(context.data());
    let x = context.number(0);
    // SAFETY: as in `call_general`.
    let native = unsafe { &*native };
    let Code::Number1(function) = native.code else { return Ok(Value::NULL) };
    // SAFETY: a function of the host, called as it was promised.
    Ok(Value::number(unsafe { function(x, native.user.data) }))
}

fn call_number2(context: &mut Context<'_>) -> Result<Value, Trap> {
    let native = core::ptr::with_exposed_provenance::<Native>(context.data());
    let (x, y) = (context.number(0), context.number(1));
    // SAFETY: as in `call_general`.
    let native = unsafe { &*native };
    let Code::Number2(function) = native.code else { return Ok(Value::NULL) };
    // SAFETY: a function of the host, called as it was promised.
    Ok(Value::number(unsafe { function(x, y, native.user.data) }))
}

/// Registers a native; its value.
fn register(
    host: NonNull<brisk_vm>,
    vm: &brisk_vm,
    signature: &Signature,
    code: Code,
    user: User,
) -> Check<Value> {
    let function = match code {
        Code::General(_) => call_general,
        Code::Number1(_) => call_number1,
        Code::Number2(_) => call_number2,
    };
    let native = Box::new(Native { vm: host, code, user });
    let data = core::ptr::from_ref(&*native).expose_provenance();
    // Before the core can know of it, and as long as the VM lives.
    vm.natives.borrow_mut().push(native);
    vm.with(|state| raw::register(state, signature, function, data).map_err(|error| vm.fail(error)))
}

/// The default of a parameter.
fn default_of(vm: &brisk_vm, value: &brisk_value) -> Check<ParamDefault> {
    match value.kind {
        BRISK_KIND_NULL => Ok(ParamDefault::Null),
        // SAFETY: any bits are a number.
        BRISK_KIND_NUMBER => Ok(ParamDefault::Number(unsafe { value.r#as.number })),
        BRISK_KIND_STRING => vm.with(|state| {
            let text = take(state, vm.owner, value)?.text().ok_or(BRISK_ARGUMENT)?;
            Ok(ParamDefault::Text(text.as_str().to_string()))
        }),
        _ => Err(BRISK_ARGUMENT),
    }
}

/// Registers a native for the scripts of a VM: a function `name(params)`, which hides an intrinsic of
/// that name; with an empty name it is reached only as the value in `*value`, such as a member of a
/// map. `value` may be NULL. `user` is passed to the function, and to `destructor`, if there is one,
/// when the VM is freed or when registering fails.
///
/// # Safety
///
/// NULL or live; `params` of `count`; texts as long as they say; `function` and `user` usable as long
/// as the VM lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_register(
    vm: *mut brisk_vm,
    name: brisk_text,
    params: *const brisk_param,
    count: usize,
    function: brisk_native_fn,
    user: *mut c_void,
    destructor: brisk_destructor_fn,
    value: *mut brisk_value,
) -> brisk_status {
    let user = User { data: user, destructor };
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, move |this| {
            let function = function.ok_or(BRISK_NULL)?;
            if params.is_null() && count > 0 {
                return Err(BRISK_NULL);
            }
            let mut signature = Signature::new(text(name.data, name.len)?);
            for i in 0..count {
                let param = params.add(i).read();
                let default = default_of(this, &param.default_value)?;
                signature = signature.param_or(text(param.name.data, param.name.len)?, default);
            }
            let host = NonNull::new(vm).ok_or(BRISK_NULL)?;
            let made = register(host, this, &signature, Code::General(function), user)?;
            if value.is_null() {
                return Ok(());
            }
            put(value, this.with(|state| give(state, this.owner, made))?)
        })
    }
}

/// Registers a function from a number to a number: quicker to call. Arguments of other kinds count as
/// 0.
///
/// # Safety
///
/// As `brisk_register`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_register_number1(
    vm: *mut brisk_vm,
    name: brisk_text,
    param: brisk_text,
    function: brisk_number_fn1,
    user: *mut c_void,
    destructor: brisk_destructor_fn,
) -> brisk_status {
    let user = User { data: user, destructor };
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, move |this| {
            let code = Code::Number1(function.ok_or(BRISK_NULL)?);
            let signature =
                Signature::new(text(name.data, name.len)?).param(text(param.data, param.len)?);
            let host = NonNull::new(vm).ok_or(BRISK_NULL)?;
            register(host, this, &signature, code, user).map(|_| ())
        })
    }
}

/// The same for two numbers.
///
/// # Safety
///
/// As `brisk_register`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_register_number2(
    vm: *mut brisk_vm,
    name: brisk_text,
    x: brisk_text,
    y: brisk_text,
    function: brisk_number_fn2,
    user: *mut c_void,
    destructor: brisk_destructor_fn,
) -> brisk_status {
    let user = User { data: user, destructor };
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, move |this| {
            let code = Code::Number2(function.ok_or(BRISK_NULL)?);
            let signature = Signature::new(text(name.data, name.len)?)
                .param(text(x.data, x.len)?)
                .param(text(y.data, y.len)?);
            let host = NonNull::new(vm).ok_or(BRISK_NULL)?;
            register(host, this, &signature, code, user).map(|_| ())
        })
    }
}

/// Reads something of a call; `otherwise` for NULL.
unsafe fn read<T>(call: *const brisk_call, otherwise: T, get: impl FnOnce(&brisk_call) -> T) -> T {
    // SAFETY: the caller's promise: NULL or the call of the running native.
    match unsafe { call.as_ref() } {
        Some(call) => get(call),
        None => otherwise,
    }
}

/// Number of parameters; each has its argument or its default.
///
/// # Safety
///
/// NULL or the call of the running native, as for all functions that take one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_count(call: *const brisk_call) -> usize {
    // SAFETY: the caller's promise.
    unsafe { read(call, 0, |call| call.count) }
}

/// Argument `index`, from 0, as a number; other kinds count as 0.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_number(call: *const brisk_call, index: usize) -> f64 {
    // SAFETY: the caller's promise.
    unsafe { read(call, 0.0, |call| call.arg(index).as_number().unwrap_or(0.0)) }
}

/// Argument `index` as an integer: truncated; out of range the nearest one; NaN and other kinds 0.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_int(call: *const brisk_call, index: usize) -> i32 {
    // SAFETY: the caller's promise.
    let x = unsafe { brisk_arg_number(call, index) };
    math::to_i32_saturating(x)
}

/// Whether `if` takes argument `index` for true: 1 or 0.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_truth(call: *const brisk_call, index: usize) -> i32 {
    // SAFETY: the caller's promise; the core lent its state.
    unsafe {
        read(call, 0, |call| {
            guard_or(0, || i32::from(logic::is_true(&(*call.state).store, call.arg(index))))
        })
    }
}

/// Argument `index`; null beyond the last. The handle lives until the native returns.
///
/// # Safety
///
/// NULL or the call of the running native, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_value(
    call: *mut brisk_call,
    index: usize,
    value: *mut brisk_value,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let call = call.as_ref().ok_or(BRISK_NULL)?;
            let host = call.host.as_ref();
            put(value, host.with(|state| give(state, host.owner, call.arg(index)))?)
        }
    })
}

/// Argument `index` as text, as `str` makes it; null is empty. It lives until the native returns.
///
/// # Safety
///
/// NULL or the call of the running native, `out` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_text(
    call: *mut brisk_call,
    index: usize,
    out: *mut brisk_text,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let call = call.as_mut().ok_or(BRISK_NULL)?;
            let value = call.arg(index);
            if let Some(text) = value.as_str() {
                // Held by the stack, and never moved.
                let bytes = text.bytes();
                return put(out, brisk_text { data: bytes.as_ptr().cast(), len: bytes.len() });
            }
            let host = call.host.as_ref();
            let made = host.with(|state| {
                let made = texts::to_string_value(&mut state.store, value)
                    .map_err(|why| host.fail(refused(why)))?;
                Ok(made.text().map_or(String::new(), |text| text.as_str().to_string()))
            })?;
            call.texts.push(made.into_boxed_str());
            let text = call.texts.last().map_or("", |text| text);
            put(out, brisk_text::of(text))
        }
    })
}

/// Data of argument `index` when it is an object of the host with this tag that has not been closed;
/// else NULL.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_arg_object(
    call: *const brisk_call,
    index: usize,
    type_tag: u64,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { read(call, null_mut(), |call| crate::object::data_of(call.arg(index), type_tag)) }
}

/// Makes a number the value of the call.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_return_number(call: *mut brisk_call, x: f64) {
    // SAFETY: the caller's promise.
    if let Some(call) = unsafe { call.as_mut() } {
        call.number = Some(x);
        if call.other.is_some() {
            set_result(call, None);
        }
    }
}

/// Replaces the result of a call; what the earlier one held is held no more.
#[cold]
pub(crate) fn set_result(call: &mut brisk_call, result: Option<CallResult>) {
    let old = core::mem::replace(&mut call.other, result.map(Box::new));
    if let Some(CallResult::Kept(kept) | CallResult::Pending { state: kept, .. }) =
        old.map(|old| *old)
    {
        // SAFETY: a VM outlives its calls.
        let host = unsafe { call.host.as_ref() };
        if let Ok(ticket) = kept.ticket(host.owner) {
            // Refused only when nothing is held.
            let _ = host.with(|state| Ok(state.scopes.release(ticket)));
        }
    }
}

/// Makes a value the value of the call.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_return_value(
    call: *mut brisk_call,
    value: brisk_value,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let call = unsafe { call.as_mut() }.ok_or(BRISK_NULL)?;
        // SAFETY: a VM outlives its calls.
        let host = unsafe { call.host.as_ref() };
        let kept = host.keep(&value)?;
        set_result(call, Some(CallResult::Kept(kept)));
        Ok(())
    })
}

/// Makes a string with a copy of this text the value of the call.
///
/// # Safety
///
/// NULL or the call of the running native, `data` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_return_text(
    call: *mut brisk_call,
    data: *const c_char,
    len: usize,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let (call, text) = unsafe { (call.as_mut().ok_or(BRISK_NULL)?, text(data, len)?) };
        // SAFETY: a VM outlives its calls.
        let host = unsafe { call.host.as_ref() };
        let kept = host.with(|state| {
            let made = state.store.new_str(text).map_err(|why| host.fail(refused(why)))?;
            give_kept(state, host.owner, made)
        })?;
        set_result(call, Some(CallResult::Kept(kept)));
        Ok(())
    })
}

/// Raises an error of the script with this message when the native returns what this returns:
/// `BRISK_SCRIPT`.
///
/// # Safety
///
/// NULL or the call of the running native, `message` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_error(
    call: *mut brisk_call,
    message: *const c_char,
    len: usize,
) -> brisk_status {
    let status = guard(|| {
        // SAFETY: the caller's promise.
        let (call, text) = unsafe { (call.as_mut().ok_or(BRISK_NULL)?, text(message, len)?) };
        set_result(call, Some(CallResult::Error(text.to_string())));
        Ok(())
    });
    if status == BRISK_OK { BRISK_SCRIPT } else { status }
}

/// Ends the program with a status when the native returns what this returns: `BRISK_EXIT`.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_exit(call: *mut brisk_call, code: i32) -> brisk_status {
    // SAFETY: the caller's promise.
    match unsafe { call.as_mut() } {
        Some(call) => {
            set_result(call, Some(CallResult::Exit(code)));
            BRISK_EXIT
        }
        None => BRISK_NULL,
    }
}

/// Not finished: the run ends with `BRISK_WAITING` when the native returns what this returns,
/// `BRISK_PENDING`. The next run calls the native again with the same arguments; `state` is then
/// `brisk_call_state`. `wake` is when that makes sense, on the VM's clock; NaN for any time.
///
/// # Safety
///
/// NULL or the call of the running native.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_pending(
    call: *mut brisk_call,
    state: brisk_value,
    wake: f64,
) -> brisk_status {
    let status = guard(|| {
        // SAFETY: the caller's promise.
        let call = unsafe { call.as_mut() }.ok_or(BRISK_NULL)?;
        // SAFETY: a VM outlives its calls.
        let host = unsafe { call.host.as_ref() };
        let state = host.keep(&state)?;
        let wake = (!wake.is_nan()).then_some(wake);
        set_result(call, Some(CallResult::Pending { state, wake }));
        Ok(())
    });
    if status == BRISK_OK { BRISK_PENDING } else { status }
}

/// What `brisk_call_pending` was given when the call was not finished last time. `BRISK_NOT_FOUND`
/// on the first call.
///
/// # Safety
///
/// NULL or the call of the running native, `state` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_state(
    call: *mut brisk_call,
    state: *mut brisk_value,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let call = call.as_ref().ok_or(BRISK_NULL)?;
            let host = call.host.as_ref();
            let value = call.partial.ok_or(BRISK_NOT_FOUND)?;
            put(state, host.with(|vm| give(vm, host.owner, value))?)
        }
    })
}
