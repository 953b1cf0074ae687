//! Functions of the host that are not finished: a token stands for what they wait for, and any
//! thread may complete it.

use crate::native::{CallResult, brisk_call, set_result};
use crate::status::{
    BRISK_BUSY, BRISK_DONE, BRISK_NULL, BRISK_OK, BRISK_PENDING, BRISK_TYPE, Check, brisk_status,
    guard, put, text,
};
use crate::value::{BRISK_KIND_NULL, BRISK_KIND_NUMBER, brisk_value};
use crate::vm::brisk_vm;
use core::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Told that nobody waits for a token any more.
pub type brisk_cancel_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// What a suspended native waits for. Any thread may complete it.
pub struct brisk_token(Arc<Shared>);

/// What a token was completed with.
pub(crate) enum Completion {
    Null,
    Number(f64),
    Text(String),
    Error(String),
}

/// Shared by the token and the VM that waits.
struct Shared {
    /// Looked at by each run while the VM waits.
    completed: AtomicBool,
    state: Mutex<State>,
    /// The host was told.
    told: Condvar,
}

struct State {
    completion: Option<Completion>,
    /// Nobody waits any more.
    cancelled: bool,
    cancel: Cancel,
    /// The thread that tells the host so.
    cancelling: Option<usize>,
}

struct Cancel(brisk_cancel_fn, *mut c_void);

// SAFETY: the host knows that its function is called by the thread that uses the VM.
unsafe impl Send for Cancel {}

impl Shared {
    /// Completes; false when nobody waits.
    fn complete(&self, completion: Completion) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let this = this_thread();
        // Whoever completes may free what the cancelling function uses.
        while state.cancelling.is_some_and(|other| other != this) {
            state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.cancelled {
            return false;
        }
        state.completion = Some(completion);
        self.completed.store(true, Ordering::Release);
        true
    }
}

/// A number that no other thread has while this one lives. Threads of the host are not asked for more:
/// the library's own numbers would be memory that nobody gives back.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| core::ptr::from_ref(here).addr())
}

/// A VM's side of a token.
pub(crate) struct Parked(Arc<Shared>);

impl Parked {
    /// Whether the native can be finished.
    pub(crate) fn is_completed(&self) -> bool {
        self.0.completed.load(Ordering::Acquire)
    }

    fn take(&self) -> Option<Completion> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).completion.take()
    }

    /// Nobody waits any more: tells the host, unless it was completed.
    pub(crate) fn cancel(&self) {
        let cancel = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = !state.cancelled && state.completion.is_none();
            state.cancelled = true;
            if waiting {
                state.cancelling = Some(this_thread());
            }
            waiting.then_some((state.cancel.0, state.cancel.1))
        };
        if let Some((Some(function), user)) = cancel {
            // SAFETY: a function of the host, called once, as it was promised.
            unsafe { function(user) };
        }
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).cancelling = None;
        self.0.told.notify_all();
    }
}

/// What the native that a VM waits for was completed with.
pub(crate) fn completed(vm: &brisk_vm) -> Option<Completion> {
    let mut parked = vm.parked.borrow_mut();
    let completion = parked.as_ref()?.take()?;
    *parked = None;
    Some(completion)
}

/// Not finished: the run ends with `BRISK_WAITING_NATIVE` when the native returns what this returns,
/// `BRISK_PENDING`. `*token` belongs to the caller, who completes or frees it exactly once, on any
/// thread; its value is then that of the native, which is not called again. Until then running the VM
/// costs nothing.
///
/// `cancel`, unless it is NULL, is called with `user` when the VM is freed or stopped, or loads
/// something else, before the token is completed; on the thread that does so. It must not use the VM.
/// The token must still be completed or freed, which waits on other threads until `cancel` returned.
///
/// `BRISK_BUSY` in a script that a native called: it cannot suspend.
///
/// # Safety
///
/// NULL or the call of the running native, `token` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_call_suspend(
    call: *mut brisk_call,
    cancel: brisk_cancel_fn,
    user: *mut c_void,
    token: *mut *mut brisk_token,
) -> brisk_status {
    let status = guard(|| {
        // SAFETY: the caller's promise.
        let call = unsafe { call.as_mut() }.ok_or(BRISK_NULL)?;
        if token.is_null() {
            return Err(BRISK_NULL);
        }
        // SAFETY: a VM outlives its calls.
        let host = unsafe { call.host.as_ref() };
        let nested = host.with(|state| Ok(state.nested_runs > 0))?;
        if nested || host.to_its_end.get() || host.parked.borrow().is_some() {
            return Err(BRISK_BUSY);
        }
        let shared = Arc::new(Shared {
            completed: AtomicBool::new(false),
            state: Mutex::new(State {
                completion: None,
                cancelled: false,
                cancel: Cancel(cancel, user),
                cancelling: None,
            }),
            told: Condvar::new(),
        });
        *host.parked.borrow_mut() = Some(Parked(shared.clone()));
        set_result(call, Some(CallResult::Pending { state: brisk_value::NULL, wake: None }));
        // SAFETY: the caller's promise.
        unsafe { put(token, Box::into_raw(Box::new(brisk_token(shared)))) }
    });
    if status == BRISK_OK { BRISK_PENDING } else { status }
}

/// Completes a token, and frees it.
///
/// # Safety
///
/// NULL or a live token, which is not used again.
unsafe fn complete(
    token: *mut brisk_token,
    completion: impl FnOnce() -> Check<Completion>,
) -> brisk_status {
    guard(|| {
        if token.is_null() {
            return Err(BRISK_NULL);
        }
        let completion = completion()?;
        // SAFETY: the caller's promise: it came out of a box.
        let token = unsafe { Box::from_raw(token) };
        if token.0.complete(completion) { Ok(()) } else { Err(BRISK_DONE) }
    })
}

/// Completes a token with null or a number, and frees it; from any thread. `BRISK_DONE` when nobody
/// waits any more (it is freed). `BRISK_TYPE` for other kinds of values (it is not freed).
///
/// # Safety
///
/// NULL or a live token, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_token_complete(
    token: *mut brisk_token,
    value: brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise; any bits are a number.
    unsafe {
        complete(token, || match value.kind {
            BRISK_KIND_NULL => Ok(Completion::Null),
            BRISK_KIND_NUMBER => Ok(Completion::Number(value.r#as.number)),
            _ => Err(BRISK_TYPE),
        })
    }
}

/// Completes a token with a string, and frees it; from any thread. `BRISK_DONE` when nobody waits any
/// more (it is freed). `BRISK_UTF8` for what is no text (it is not freed).
///
/// # Safety
///
/// NULL or a live token, which is not used again; `data` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_token_complete_text(
    token: *mut brisk_token,
    data: *const c_char,
    len: usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { complete(token, || Ok(Completion::Text(text(data, len)?.to_string()))) }
}

/// Completes a token with an error, and frees it; from any thread. As `brisk_token_complete_text`.
///
/// # Safety
///
/// NULL or a live token, which is not used again; `message` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_token_fail(
    token: *mut brisk_token,
    message: *const c_char,
    len: usize,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { complete(token, || Ok(Completion::Error(text(message, len)?.to_string()))) }
}

/// Gives a token up and frees it: the script gets an error. NULL does nothing.
///
/// # Safety
///
/// NULL or a live token, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_token_free(token: *mut brisk_token) {
    let given_up = || Ok(Completion::Error("a native function was given up".to_string()));
    // Nobody may wait any more. SAFETY: the caller's promise.
    let _ = unsafe { complete(token, given_up) };
}
