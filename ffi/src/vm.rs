//! The machine: making, running, stopping.

use crate::config::{
    BRISK_JIT_AUTO, BRISK_JIT_EAGER, BRISK_JIT_OFF, BRISK_JIT_REQUIRE, brisk_config, brisk_jit,
};
use crate::error::brisk_error;
use crate::module::Importer;
use crate::native::Native;
use crate::object::Types;
use crate::pending::Parked;
use crate::program::{brisk_program, dialect_of};
use crate::scope::OpenScopes;
use crate::status::{
    BRISK_ARGUMENT, BRISK_BUSY, BRISK_LIMIT, BRISK_NOT_FOUND, BRISK_NULL, BRISK_OK, BRISK_PANIC,
    BRISK_UNSUPPORTED, Check, brisk_status, guard, guard_or, put, refer,
};
use crate::value::{brisk_value, give, give_kept, take};
use crate::world::{CAllocator, CClock, COutput, VirtualTime, soft_limit};
use brisk_core::host::Data;
use brisk_core::native::{NativeCompiler, NativeStatus};
use brisk_core::vm::Vm;
use brisk_core::{Budget, Error, Machine, MachineOptions, Outcome};
use core::cell::{Cell, RefCell, UnsafeCell};
use core::ffi::c_void;
use core::mem::ManuallyDrop;
use core::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// Why there is no machine code, or that there is.
pub type brisk_jit_status = i32;

/// This build has no compiler for this processor.
pub const BRISK_JIT_NOT_BUILT: brisk_jit_status = 0;
/// The processor lacks something that the code needs.
pub const BRISK_JIT_CPU_UNSUPPORTED: brisk_jit_status = 1;
/// The system refuses executable memory.
pub const BRISK_JIT_DENIED: brisk_jit_status = 2;
/// Switched off by the configuration.
pub const BRISK_JIT_DISABLED: brisk_jit_status = 3;
/// Scripts run as machine code when they are hot.
pub const BRISK_JIT_AVAILABLE: brisk_jit_status = 4;

/// How a run ended.
pub type brisk_outcome_kind = i32;

/// The program, or the function that was started, is finished; also when there is nothing to run.
pub const BRISK_FINISHED: brisk_outcome_kind = 0;
/// The budget is spent; run again to go on.
pub const BRISK_BUDGET_SPENT: brisk_outcome_kind = 1;
/// The script called `yield`; run again to go on.
pub const BRISK_YIELDED: brisk_outcome_kind = 2;
/// The script waits, until `wake` on the VM's clock; run again to go on.
pub const BRISK_WAITING: brisk_outcome_kind = 3;
/// The script waits for a token (`brisk_call_suspend`). Running again before it is completed costs
/// nothing and gives this again.
pub const BRISK_WAITING_NATIVE: brisk_outcome_kind = 4;
/// The script failed: see `brisk_vm_error`. The VM can run other programs.
pub const BRISK_FAILED: brisk_outcome_kind = 5;
/// The script ended the program with `exit_code`.
pub const BRISK_EXITED: brisk_outcome_kind = 6;

/// How much a run may use.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_budget {
    /// Units of work, the same for the same program everywhere; `UINT64_MAX` for unlimited.
    pub fuel: u64,
    /// Seconds on the VM's clock; infinite, NaN, zero or less for unlimited.
    pub seconds: f64,
}

/// How a run ended.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct brisk_outcome {
    /// What happened.
    pub kind: brisk_outcome_kind,
    /// Of `BRISK_EXITED`.
    pub exit_code: i32,
    /// Of `BRISK_WAITING`: when it makes sense to run again; NaN for any time.
    pub wake: f64,
    /// Fuel that this run used.
    pub fuel_used: u64,
}

/// Who holds the machine's state; one word, because every call of a native changes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loan(*mut Vm);

impl Loan {
    /// Nobody.
    pub(crate) const IDLE: Loan = Loan(null_mut());
    /// The core; a callback that may not use the VM can be running.
    pub(crate) const CORE: Loan = Loan(core::ptr::without_provenance_mut(1));

    /// The core lends it to a native function.
    fn native(state: *mut Vm) -> Loan {
        Loan(state)
    }

    /// Whether a native function has it.
    fn is_native(self) -> bool {
        self != Loan::IDLE && self != Loan::CORE
    }
}

/// A machine: runs scripts. Used by one thread at a time; may move between threads.
pub struct brisk_vm {
    machine: UnsafeCell<ManuallyDrop<Machine>>,
    loan: Cell<Loan>,
    /// Number of the VM, in its handles.
    pub(crate) owner: u32,
    /// A panic was caught.
    dead: Cell<bool>,
    /// To be freed when the run returns.
    pub(crate) doomed: Cell<bool>,
    pub(crate) scopes: RefCell<OpenScopes>,
    /// A function that the host called runs to its end: what it calls cannot suspend.
    pub(crate) to_its_end: Cell<bool>,
    /// Times that something failed.
    pub(crate) failures: Cell<u32>,
    pub(crate) error: RefCell<Option<Box<brisk_error>>>,
    /// Value of what finished last.
    result: RefCell<Data>,
    /// Bytes of a short string, of the last text that was asked for.
    pub(crate) short: Cell<[u8; 8]>,
    /// The last text that had to be made.
    pub(crate) text: RefCell<String>,
    #[allow(clippy::vec_box)] // The core knows them by address.
    pub(crate) natives: RefCell<Vec<Box<Native>>>,
    pub(crate) importer: RefCell<Option<Box<Importer>>>,
    pub(crate) types: RefCell<Types>,
    pub(crate) parked: RefCell<Option<Parked>>,
    pub(crate) repl: RefCell<String>,
    time: Arc<VirtualTime>,
    host_data: *mut c_void,
    jit_off: bool,
    _allocator: Option<Box<CAllocator>>,
}

impl brisk_vm {
    /// Lends the machine's state to `body`.
    pub(crate) fn with<T>(&self, body: impl FnOnce(&mut Vm) -> Check<T>) -> Check<T> {
        if self.dead.get() {
            return Err(BRISK_PANIC);
        }
        let loan = self.loan.replace(Loan::CORE);
        let result = if loan == Loan::IDLE {
            // SAFETY: nobody holds the state, as the loan says; `Loan::CORE` keeps others from it
            // until `body` is done.
            body(unsafe { machine_of(self) }.raw_state())
        } else if loan.is_native() {
            // SAFETY: the core holds it, and lent it to the native function that calls here.
            body(unsafe { &mut *loan.0 })
        } else {
            Err(BRISK_BUSY)
        };
        self.loan.set(loan);
        result
    }

    /// Lends the whole machine, which must not be running.
    pub(crate) fn with_machine<T>(&self, body: impl FnOnce(&mut Machine) -> Check<T>) -> Check<T> {
        if self.dead.get() {
            return Err(BRISK_PANIC);
        }
        if self.loan.get() != Loan::IDLE {
            return Err(BRISK_BUSY);
        }
        self.loan.set(Loan::CORE);
        // SAFETY: as in `with`.
        let result = body(unsafe { machine_of(self) });
        self.loan.set(Loan::IDLE);
        result
    }

    /// Lends the state to a function of the host while `call` runs it, with scopes of its own.
    #[inline]
    pub(crate) fn lend<T>(&self, state: *mut Vm, call: impl FnOnce() -> T) -> T {
        let loan = self.loan.replace(Loan::native(state));
        let floor = self.scopes.borrow_mut().enter();
        let result = call();
        self.scopes.borrow_mut().leave(floor);
        self.loan.set(loan);
        result
    }

    /// Another handle of a value of the host, which stays until it is released.
    pub(crate) fn keep(&self, value: &brisk_value) -> Check<brisk_value> {
        self.with(|state| {
            let value = take(state, self.owner, value)?;
            give_kept(state, self.owner, value)
        })
    }

    /// Whether a native function of this VM is running.
    pub(crate) fn is_inside(&self) -> bool {
        self.loan.get().is_native()
    }

    /// Remembers why something failed; its code.
    pub(crate) fn fail(&self, error: Error) -> brisk_status {
        self.fail_in(error, "")
    }

    /// The same for an error in a source text.
    pub(crate) fn fail_in(&self, error: Error, text: &str) -> brisk_status {
        let made = brisk_error::new(error, text);
        let status = made.status();
        *self.error.borrow_mut() = Some(made);
        self.failures.set(self.failures.get().wrapping_add(1));
        status
    }

    /// What a finished run left.
    fn note(&self, outcome: Outcome) -> brisk_outcome {
        let mut noted =
            brisk_outcome { kind: BRISK_FINISHED, exit_code: 0, wake: f64::NAN, fuel_used: 0 };
        match outcome {
            Outcome::Finished(value) => *self.result.borrow_mut() = value,
            Outcome::BudgetSpent => noted.kind = BRISK_BUDGET_SPENT,
            Outcome::Yielded => noted.kind = BRISK_YIELDED,
            Outcome::Waiting { .. } if self.parked.borrow().is_some() => {
                noted.kind = BRISK_WAITING_NATIVE;
            }
            Outcome::Waiting { until } => {
                noted.kind = BRISK_WAITING;
                noted.wake = until.unwrap_or(f64::NAN);
            }
            Outcome::Exited(code) => {
                noted.kind = BRISK_EXITED;
                noted.exit_code = code;
            }
            Outcome::Failed(error) => {
                noted.kind = BRISK_FAILED;
                self.fail(error);
            }
        }
        noted
    }

    /// Forgets errors and results of what ran before, and a native function that is not finished.
    pub(crate) fn forget(&self) {
        *self.error.borrow_mut() = None;
        *self.result.borrow_mut() = Data::Null;
        let parked = self.parked.borrow_mut().take();
        if let Some(parked) = parked {
            parked.cancel();
        }
    }

    fn is_parked(&self) -> bool {
        self.parked.borrow().as_ref().is_some_and(|parked| !parked.is_completed())
    }
}

/// The machine itself.
///
/// # Safety
///
/// Nobody else may hold it, or its state.
#[allow(clippy::mut_from_ref)] // It lies in a cell, and the loan says who holds it.
unsafe fn machine_of(vm: &brisk_vm) -> &mut Machine {
    // SAFETY: the caller's promise.
    unsafe { &mut *vm.machine.get() }
}

/// Runs the body of an exported function of a VM.
///
/// # Safety
///
/// NULL or a live VM, which no other thread uses.
pub(crate) unsafe fn enter(
    vm: *const brisk_vm,
    body: impl FnOnce(&brisk_vm) -> Check<()>,
) -> brisk_status {
    // SAFETY: the caller's promise.
    let Some(this) = (unsafe { vm.as_ref() }) else { return BRISK_NULL };
    let status = guard(|| body(this));
    if status == BRISK_PANIC {
        this.dead.set(true);
    }
    if this.doomed.get() && this.loan.get() == Loan::IDLE {
        // SAFETY: freed by a native function of its own; the outermost call is done with it.
        guard_or((), || unsafe { destroy(vm.cast_mut()) });
    }
    status
}

/// Numbers of VMs: all that a process has in common, so that handles of one VM are not taken for
/// those of another.
static OWNERS: AtomicU32 = AtomicU32::new(1);

fn next_owner() -> u32 {
    loop {
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        if owner != 0 {
            return owner;
        }
    }
}

/// Makes a VM. `config` NULL means defaults. On success `*vm` belongs to the caller.
///
/// `BRISK_ARGUMENT` for a configuration that was not initialized or makes no sense,
/// `BRISK_UNSUPPORTED` for a dialect that there is not yet, or required machine code that there is
/// not.
///
/// # Safety
///
/// `config` NULL or live; what it points to must outlive the VM. `vm` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_new(
    config: *const brisk_config,
    vm: *mut *mut brisk_vm,
) -> brisk_status {
    guard(|| {
        if vm.is_null() {
            return Err(BRISK_NULL);
        }
        // SAFETY: the caller's promise.
        let config = unsafe { config.as_ref() }.copied().unwrap_or_else(brisk_config::default);
        let made = make(&config)?;
        // SAFETY: the caller's promise.
        unsafe { put(vm, Box::into_raw(made)) }
    })
}

fn make(config: &brisk_config) -> Check<Box<brisk_vm>> {
    let both = config.allocate.is_some() == config.release.is_some();
    if config.struct_size != size_of::<brisk_config>() || config.reserved != 0 || !both {
        return Err(BRISK_ARGUMENT);
    }
    let dialect = dialect_of(config.dialect)?;
    let time = VirtualTime::new();
    let mut options = MachineOptions {
        memory_bytes_max: config.memory_bytes_max,
        call_depth_max: config.call_depth_max,
        seed: config.seed,
        dialect,
        native: compiler(config.jit, config.code_bytes_max)?,
        clock: Box::new(CClock {
            time: time.clone(),
            function: config.clock,
            user: config.clock_user,
            started: Instant::now(),
        }),
        ..MachineOptions::default()
    };
    if let Some(write) = config.output {
        options.output = Box::new(COutput { write, user: config.output_user });
    }
    if let (Some(told), limit @ 1..) = (config.soft_limit, config.memory_bytes_soft) {
        options.soft_limit = Some((limit, soft_limit(told, config.soft_limit_user)));
    }
    let allocator = config.allocate.zip(config.release).map(|(allocate, release)| {
        Box::new(CAllocator { allocate, release, user: config.allocator_user })
    });
    if let Some(allocator) = &allocator {
        options.allocator = allocator.for_core();
    }
    let mut machine = Machine::new(options);
    if config.jit == BRISK_JIT_REQUIRE && machine.native_status() != NativeStatus::Available {
        return Err(BRISK_UNSUPPORTED);
    }
    Ok(Box::new(brisk_vm {
        machine: UnsafeCell::new(ManuallyDrop::new(machine)),
        loan: Cell::new(Loan::IDLE),
        owner: next_owner(),
        dead: Cell::new(false),
        doomed: Cell::new(false),
        scopes: RefCell::default(),
        to_its_end: Cell::new(false),
        failures: Cell::new(0),
        error: RefCell::default(),
        result: RefCell::default(),
        short: Cell::default(),
        text: RefCell::default(),
        natives: RefCell::default(),
        importer: RefCell::default(),
        types: RefCell::default(),
        parked: RefCell::default(),
        repl: RefCell::default(),
        time,
        host_data: config.host_data,
        jit_off: config.jit == BRISK_JIT_OFF,
        _allocator: allocator,
    }))
}

/// The compiler that a configuration asks for.
fn compiler(jit: brisk_jit, code_bytes_max: usize) -> Check<Option<Box<dyn NativeCompiler>>> {
    if !(BRISK_JIT_AUTO..=BRISK_JIT_EAGER).contains(&jit) {
        return Err(BRISK_ARGUMENT);
    }
    #[cfg(all(feature = "jit", target_arch = "x86_64"))]
    if jit != BRISK_JIT_OFF {
        use ::brisk_jit::policy::Policy;
        let policy = if jit == BRISK_JIT_EAGER { Policy::EAGER } else { Policy::AUTO };
        return Ok(Some(Box::new(brisk_jit_x64::jit(Policy { code_bytes_max, ..policy }))));
    }
    let _ = code_bytes_max;
    Ok(None)
}

/// Frees a VM and everything in it: finalizers run, destructors of natives are called, a token that
/// is waited for is cancelled. NULL does nothing. Called by a native of this very VM, it is freed when
/// the outermost call returns.
///
/// # Safety
///
/// NULL or a live VM, which no other thread uses, and which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_free(vm: *mut brisk_vm) {
    // SAFETY: the caller's promise.
    let Some(this) = (unsafe { vm.as_ref() }) else { return };
    if this.loan.get() == Loan::IDLE {
        // SAFETY: the caller's promise, and nothing of it runs.
        guard_or((), || unsafe { destroy(vm) });
    } else {
        this.doomed.set(true);
    }
}

/// Takes a VM apart.
///
/// # Safety
///
/// `vm` came out of a box, and nothing of it runs.
unsafe fn destroy(vm: *mut brisk_vm) {
    // SAFETY: the caller's promise.
    let mut this = unsafe { Box::from_raw(vm) };
    // Callbacks and finalizers run here, and must not find the VM in use by nobody.
    this.loan.set(Loan::CORE);
    this.forget();
    if !this.dead.get() {
        // SAFETY: dropped once. After a panic its state is not to be trusted, and it is leaked.
        unsafe { ManuallyDrop::drop(this.machine.get_mut()) };
    }
    // Destructors of natives, and then the allocator.
    this.natives.borrow_mut().clear();
    *this.importer.borrow_mut() = None;
}

/// What the configuration said. NULL for NULL.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_host_data(vm: *const brisk_vm) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { vm.as_ref() }.map_or(null_mut(), |vm| vm.host_data)
}

/// Whether scripts become machine code, or why not. Reserves memory for code when it was not needed
/// before.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_jit_status(vm: *mut brisk_vm) -> brisk_jit_status {
    let mut found = BRISK_JIT_NOT_BUILT;
    // SAFETY: the caller's promise.
    let _ = unsafe {
        enter(vm, |vm| {
            vm.with_machine(|machine| {
                found = match machine.native_status() {
                    _ if vm.jit_off => BRISK_JIT_DISABLED,
                    NativeStatus::NotBuilt => BRISK_JIT_NOT_BUILT,
                    NativeStatus::CpuUnsupported => BRISK_JIT_CPU_UNSUPPORTED,
                    NativeStatus::Denied => BRISK_JIT_DENIED,
                    NativeStatus::Disabled => BRISK_JIT_DISABLED,
                    NativeStatus::Available => BRISK_JIT_AVAILABLE,
                };
                Ok(())
            })
        })
    };
    found
}

/// From now on the VM's time is what this says, instead of a clock: `time`, `wait` and budgets in
/// seconds follow it. `BRISK_ARGUMENT` when it would go back.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_set_time(vm: *mut brisk_vm, seconds: f64) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { enter(vm, |vm| if vm.time.set(seconds) { Ok(()) } else { Err(BRISK_ARGUMENT) }) }
}

/// Makes a program the one that `brisk_vm_run` runs, from its start. What ran before is stopped;
/// globals stay. The VM keeps the program: the caller may free it.
///
/// # Safety
///
/// NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_load(
    vm: *mut brisk_vm,
    program: *const brisk_program,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let program = refer(program)?;
            vm.with_machine(|machine| {
                vm.forget();
                machine.load(&program.0).map_err(|error| vm.fail(error))
            })
        })
    }
}

/// Runs, or goes on, until the program ends, waits, fails, or the budget is spent. NULL for `budget`
/// means unlimited. `outcome` may be NULL. `BRISK_OK` whenever a script could run, also when it
/// failed.
///
/// # Safety
///
/// NULL or live, `outcome` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_run(
    vm: *mut brisk_vm,
    budget: *const brisk_budget,
    outcome: *mut brisk_outcome,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let budget = budget_of(budget);
            let noted = if vm.is_parked() {
                let wake = f64::NAN;
                brisk_outcome { kind: BRISK_WAITING_NATIVE, exit_code: 0, wake, fuel_used: 0 }
            } else {
                vm.with_machine(|machine| {
                    *vm.error.borrow_mut() = None;
                    let before = machine.stats().fuel_used;
                    let outcome = machine.run(budget);
                    let noted = vm.note(outcome);
                    let fuel_used = machine.stats().fuel_used - before;
                    Ok(brisk_outcome { fuel_used, ..noted })
                })?
            };
            if outcome.is_null() { Ok(()) } else { put(outcome, noted) }
        })
    }
}

/// The budget that a pointer leads to.
///
/// # Safety
///
/// NULL or live.
pub(crate) unsafe fn budget_of(budget: *const brisk_budget) -> Budget {
    // SAFETY: the caller's promise.
    unsafe { budget.as_ref() }.map_or(Budget::UNLIMITED, |budget| Budget {
        fuel: (budget.fuel != u64::MAX).then_some(budget.fuel),
        seconds: (budget.seconds > 0.0 && budget.seconds.is_finite()).then_some(budget.seconds),
    })
}

/// Forgets the program that is under way; globals stay. A token that is waited for is cancelled.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_stop(vm: *mut brisk_vm) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            vm.with_machine(|machine| {
                vm.forget();
                machine.stop();
                Ok(())
            })
        })
    }
}

/// 1 when there is nothing to go on with, else 0; 1 for NULL.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_is_finished(vm: *const brisk_vm) -> i32 {
    let mut finished = 1;
    // SAFETY: the caller's promise.
    let status = unsafe {
        enter(vm, |vm| {
            vm.with(|state| {
                finished = i32::from(state.pc.is_null());
                Ok(())
            })
        })
    };
    if status == BRISK_OK { finished } else { i32::from(status != BRISK_BUSY) }
}

/// Value of the program, or of the function that was started, that finished last; null for most
/// programs. `BRISK_NOT_FOUND` when none did since something was loaded.
///
/// # Safety
///
/// NULL or live, `value` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_result(
    vm: *mut brisk_vm,
    value: *mut brisk_value,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            let result = vm.result.borrow();
            let given = vm.with(|state| {
                if !state.pc.is_null() {
                    return Err(BRISK_NOT_FOUND);
                }
                let found =
                    brisk_core::host::raw::from_data(state, &result).map_err(|_| BRISK_LIMIT)?;
                give(state, vm.owner, found)
            })?;
            put(value, given)
        })
    }
}

/// Why something failed last: a run, a call, a load. NULL when nothing did since the last of them
/// began. It belongs to the VM, and lives until the next of them.
///
/// # Safety
///
/// NULL or a live VM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_error(vm: *const brisk_vm) -> *const brisk_error {
    let mut found = core::ptr::null();
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if let Some(error) = vm.error.borrow().as_deref() {
                found = core::ptr::from_ref(error);
            }
            Ok(())
        })
    };
    found
}

/// The active calls of a program that is suspended, or of the one that called a native: an error
/// without a message, which belongs to the caller.
///
/// # Safety
///
/// NULL or live, `stack` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_stack(
    vm: *const brisk_vm,
    stack: *mut *mut brisk_error,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, |vm| {
            if stack.is_null() {
                return Err(BRISK_NULL);
            }
            let frames = vm.with(|state| Ok(brisk_core::interp::stack_trace(state)))?;
            put(stack, Box::into_raw(brisk_error::of_stack(frames)))
        })
    }
}
