//! The facade: programs and machines as a host uses them.
//!
//! A [`Program`] is compiled once and can run in any number of [`Machine`]s, on any threads. A
//! machine runs one program at a time, a slice at a time: [`Machine::run`] takes a [`Budget`] and
//! returns an [`Outcome`] that says how the slice ended. Globals stay when another program is
//! loaded.
#![allow(unsafe_code)] // Machines may move between threads.

use crate::bytecode::{self, DebugInfo};
use crate::compile::{self, CompileOptions};
use crate::error::{Diagnostic, DiagnosticKind, Error, ErrorKind, TraceFrame};
use crate::heap::HostAllocator;
use crate::host::values::{from_data, to_data};
use crate::host::{Context, Data, Handle, NativeResult, Signature, Values};
use crate::interp::{self, gc, link};
use crate::intrinsics::type_maps;
use crate::limits::SOURCE_BYTES_MAX;
use crate::native::{NativeCompiler, NativeStats, NativeStatus};
use crate::semantics::refused;
use crate::span::Span;
use crate::syntax::{self, Dialect};
use crate::value::globals::Globals;
use crate::value::math::Rng;
use crate::value::{Store, Value, digest};
use crate::vm::pauses::timed;
use crate::vm::scopes::Scopes;
use crate::vm::{
    Clock, Exit, Handles, NoOutput, Output, PAUSE_CLASSES, Pauses, SoftLimit, Stack, TypeMap, Vm,
};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Slots of stack one level of calls is allowed, on average.
const SLOTS_PER_CALL: usize = 32;
/// Levels of native functions that call scripts that call native functions.
pub(crate) const NESTED_RUNS_MAX: u32 = 200;

/// A compiled program: immutable, cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct Program(Arc<bytecode::Program>);

impl Program {
    /// Compiles a source text.
    ///
    /// # Errors
    ///
    /// An error of kind [`ErrorKind::Compile`] whose [`Error::diagnostics`] lists everything that
    /// is wrong.
    pub fn compile(source: &str, dialect: Dialect) -> Result<Program, Error> {
        Self::compile_with(source, dialect, &CompileOptions::default())
    }

    /// Compiles a source text with options.
    ///
    /// # Errors
    ///
    /// As [`Program::compile`].
    pub fn compile_with(
        source: &str,
        dialect: Dialect,
        options: &CompileOptions,
    ) -> Result<Program, Error> {
        compile_source(source, dialect, options).map(|program| Program(Arc::new(program)))
    }

    /// A program made elsewhere, such as read from a file, after verification.
    ///
    /// # Errors
    ///
    /// When it is not safe to run.
    pub fn from_bytecode(program: bytecode::Program) -> Result<Program, Error> {
        match bytecode::verify(&program) {
            Ok(()) => Ok(Program(Arc::new(program))),
            Err(error) => {
                Err(Error::new(ErrorKind::Host, alloc::format!("invalid bytecode: {error:?}")))
            }
        }
    }

    pub(crate) fn shared(&self) -> Arc<bytecode::Program> {
        self.0.clone()
    }

    /// The program as a bytecode file, for [`Program::from_bytes`].
    ///
    /// The file belongs to this version of Brisk: another one may refuse it, so the source should
    /// be kept. It is the same on every platform, and for the same program always the same bytes.
    ///
    /// With [`DebugInfo::Strip`], lines and the names of functions are left out. The program then
    /// does and prints the same, except where it shows lines: an error has no line
    /// ([`Error::line`] is `None`, and the report ends behind the message, or with the name of the
    /// source if it has one), frames of a trace have line 0 and no function name, and `stackTrace`
    /// and warnings say no line either.
    pub fn to_bytes(&self, debug: DebugInfo) -> Vec<u8> {
        bytecode::file::encode(&self.0, debug)
    }

    /// Loads a bytecode file made by [`Program::to_bytes`], and verifies that it is safe to run.
    ///
    /// The bytes may come from anywhere: whatever they are, this neither panics nor takes more time
    /// and memory than in proportion to their number, and a program that is returned can do no more
    /// than one that was compiled.
    ///
    /// # Errors
    ///
    /// An error of kind [`ErrorKind::Host`] whose message says what is wrong: no bytecode file,
    /// made by another version (and which), truncated, damaged, malformed, or not safe to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Program, Error> {
        let program = bytecode::file::decode(bytes)
            .map_err(|error| Error::new(ErrorKind::Host, error.to_string()))?;
        match bytecode::verify(&program) {
            Ok(()) => Ok(Program(Arc::new(program))),
            Err(error) => {
                let message = alloc::format!("the bytecode file is not safe to run: {error}");
                Err(Error::new(ErrorKind::Host, message))
            }
        }
    }

    /// Whether bytes begin like a bytecode file, and not like a source text.
    pub fn is_bytecode(bytes: &[u8]) -> bool {
        bytecode::file::is_file(bytes)
    }

    /// Its bytecode.
    pub fn bytecode(&self) -> &bytecode::Program {
        &self.0
    }

    /// Its instructions as text.
    pub fn disassemble(&self) -> String {
        bytecode::disassemble(&self.0)
    }
}

/// Everything that is wrong with a source text; empty when nothing is.
pub fn check(source: &str, dialect: Dialect) -> Vec<Diagnostic> {
    match compile_source(source, dialect, &CompileOptions::default()) {
        Ok(_) => Vec::new(),
        Err(error) => error.diagnostics().to_vec(),
    }
}

/// From text to bytecode.
pub(crate) fn compile_source(
    source: &str,
    dialect: Dialect,
    options: &CompileOptions,
) -> Result<bytecode::Program, Error> {
    if source.len() > SOURCE_BYTES_MAX {
        let diagnostic = Diagnostic {
            kind: DiagnosticKind::Compiler,
            message: "source text is too long".to_string(),
            line: None,
            span: Span::default(),
            help: None,
            incomplete: false,
        };
        return Err(Error::compile(alloc::vec![diagnostic]));
    }
    let (ast, diagnostics) = syntax::parse(source, dialect);
    let result = if diagnostics.is_empty() {
        compile::compile(&ast, source, dialect, options)
    } else {
        Err(diagnostics)
    };
    let program = result.map_err(|diagnostics| {
        let error = Error::compile(diagnostics);
        match &options.name {
            Some(name) => error.in_source(name),
            None => error,
        }
    })?;
    debug_assert_eq!(bytecode::verify(&program), Ok(()), "the compiler made bad bytecode");
    Ok(program)
}

/// How a machine is made.
pub struct MachineOptions {
    /// Most bytes the machine may use; a script that needs more gets an error.
    pub memory_bytes_max: usize,
    /// A number of bytes and a function that is called when more are in use, with the bytes in use and
    /// that number; again only after less were in use. Between instructions: when the collector works
    /// and when a slice ends, so more may be in use by then.
    pub soft_limit: Option<SoftLimit>,
    /// Deepest nesting of calls.
    pub call_depth_max: u32,
    /// Start of the random numbers.
    pub seed: u64,
    /// Rules of the language.
    pub dialect: Dialect,
    /// Rewrite hot sites to specialized variants. Off only to measure what that gains.
    pub quicken: bool,
    /// Compiler of machine code; without one, everything is interpreted.
    pub native: Option<Box<dyn NativeCompiler>>,
    /// Where texts go.
    pub output: Box<dyn Output>,
    /// What time it is. The default is the system's clock; without the feature `std`, one that
    /// stands still.
    pub clock: Box<dyn Clock>,
    /// Where memory comes from.
    pub allocator: HostAllocator,
}

impl Default for MachineOptions {
    fn default() -> Self {
        MachineOptions {
            memory_bytes_max: 1 << 30,
            soft_limit: None,
            call_depth_max: 100_000,
            seed: 0x5EED,
            dialect: Dialect::V1,
            quicken: true,
            native: None,
            output: Box::new(NoOutput),
            clock: default_clock(),
            allocator: HostAllocator::default(),
        }
    }
}

#[cfg(feature = "std")]
fn default_clock() -> Box<dyn Clock> {
    Box::new(std::time::Instant::now())
}

#[cfg(not(feature = "std"))]
fn default_clock() -> Box<dyn Clock> {
    Box::new(crate::vm::StoppedClock)
}

/// How much a run may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Fuel; unlimited when `None`. Backward jumps and calls pay for the words of code they lead to,
    /// library functions for what they look at. The same program uses the same fuel everywhere.
    pub fuel: Option<u64>,
    /// Seconds on the machine's clock; unlimited when `None`.
    pub seconds: Option<f64>,
}

impl Budget {
    /// No limits.
    pub const UNLIMITED: Budget = Budget { fuel: None, seconds: None };

    /// Only fuel.
    pub fn fuel(units: u64) -> Self {
        Budget { fuel: Some(units), seconds: None }
    }

    /// Only time.
    pub fn seconds(seconds: f64) -> Self {
        Budget { fuel: None, seconds: Some(seconds) }
    }
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// The program, or the function called, is finished.
    Finished(Data),
    /// The budget is spent; run again to go on.
    BudgetSpent,
    /// The script called `yield`; run again to go on.
    Yielded,
    /// A native function is not finished; run again to go on. `until` is when that makes sense, on
    /// the machine's clock.
    Waiting {
        /// Earliest time that makes sense; any time when `None`.
        until: Option<f64>,
    },
    /// The script ended the program with a status.
    Exited(i32),
    /// The script failed. The machine can run other programs, and its globals can be looked at.
    Failed(Error),
}

/// Figures of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Fuel used by all runs.
    pub fuel_used: u64,
    /// Bytes in use.
    pub bytes_used: usize,
    /// Most bytes that were in use at once.
    pub bytes_peak: usize,
    /// Collections finished.
    pub collections: u64,
    /// Slices of collection run.
    pub collection_slices: u64,
    /// Longest time a slice of collection took, or a whole collection that the host or a lack of memory
    /// asked for, in seconds of the machine's clock.
    pub pause_longest: f64,
    /// How many of them took `2^i` up to `2^(i+1)` microseconds; the first counts all shorter ones, the
    /// last all longer ones.
    pub pauses: [u64; PAUSE_CLASSES],
}

/// A machine that runs scripts. Usable by one thread at a time; may move between threads.
pub struct Machine {
    vm: Box<Vm>,
}

// SAFETY: the machine owns everything its pointers lead to, and the host's parts are `Send`.
unsafe impl Send for Machine {}

impl Values for Machine {
    fn machine_state(&mut self) -> &mut Vm {
        &mut self.vm
    }
}

impl Machine {
    /// Makes a machine.
    pub fn new(options: MachineOptions) -> Machine {
        let slots_max = (options.call_depth_max as usize).saturating_mul(SLOTS_PER_CALL).max(4096);
        let vm = Box::new(Vm {
            fuel: 0,
            stack_limit: core::ptr::null_mut(),
            store: Store::new(options.memory_bytes_max, options.allocator),
            globals: Globals::new(),
            stack: Stack::new(slots_max),
            pc: core::ptr::null(),
            base: core::ptr::null_mut(),
            fuel_reserve: 0,
            slice: 0,
            fuel_held: 0,
            fuel_used: 0,
            fuel_unseen: 0,
            entered: false,
            deadline: None,
            exit: Exit::None,
            partial: None,
            native: options.native,
            native_enter: None,
            native_stub: core::ptr::null(),
            native_no_code: core::ptr::null(),
            global_changes: 0,
            native_leaves: 0,
            native_exit: 0,
            quicken: options.quicken,
            dialect: options.dialect,
            call_depth_max: options.call_depth_max,
            lookups: Default::default(),
            units: Vec::new(),
            native_codes: Vec::new(),
            intrinsics: Vec::new(),
            host_functions: Vec::new(),
            type_maps: [Value::NULL; 5],
            globals_map: Value::NULL,
            intrinsics_map: Value::NULL,
            version_map: Value::NULL,
            imports: Vec::new(),
            handles: Handles::default(),
            scopes: Scopes::default(),
            weak: Handles::default(),
            host_natives: Vec::new(),
            implicit_result: None,
            rng: Rng::from_seed(options.seed),
            output: options.output,
            clock: options.clock,
            started: None,
            pauses: Pauses::default(),
            soft_limit: options.soft_limit,
            over_soft_limit: false,
            nested_runs: 0,
            host_data: 0,
        });
        Machine { vm }
    }

    /// Whether scripts run as machine code, or why not.
    pub fn native_status(&mut self) -> NativeStatus {
        self.vm.native.as_mut().map_or(NativeStatus::NotBuilt, |compiler| compiler.status())
    }

    /// Figures of the compiler of machine code; zero without one.
    pub fn native_stats(&self) -> NativeStats {
        self.vm.native.as_ref().map_or_else(NativeStats::default, |compiler| compiler.stats())
    }

    /// Makes `program` the one that [`Machine::run`] runs, from its beginning. Globals stay.
    ///
    /// # Errors
    ///
    /// When memory is refused, or the program was compiled for another dialect.
    pub fn load(&mut self, program: &Program) -> Result<(), Error> {
        self.idle()?;
        if program.0.dialect != self.vm.dialect {
            return Err(Error::new(
                ErrorKind::Host,
                "the program is of another dialect than the machine",
            ));
        }
        self.stop();
        match self.try_load(program) {
            // An earlier program may have filled the memory with garbage.
            Err(error) if error.kind() == ErrorKind::Limit => {
                self.collect();
                self.try_load(program)
            }
            result => result,
        }
    }

    fn try_load(&mut self, program: &Program) -> Result<(), Error> {
        let vm = &mut *self.vm;
        let unit = link::add_program(vm, program.0.clone()).map_err(refused)?;
        let code = link::code(vm, unit, 0).map_err(refused)?;
        let main = vm.store.new_func(code, Value::NULL).map_err(refused)?;
        interp::start(vm, main);
        match core::mem::take(&mut vm.exit) {
            Exit::Error(error) => {
                vm.pc = core::ptr::null();
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn idle(&self) -> Result<(), Error> {
        if self.vm.nested_runs > 0 {
            return Err(Error::new(ErrorKind::Host, "the machine is running"));
        }
        Ok(())
    }

    /// Runs until the program ends, waits, fails, or the budget is spent. The script keeps its
    /// place: call again to go on.
    ///
    /// After the end, `Finished(Data::Null)` again.
    pub fn run(&mut self, budget: Budget) -> Outcome {
        let vm = &mut *self.vm;
        if vm.pc.is_null() {
            return Outcome::Finished(Data::Null);
        }
        let deadline = budget.seconds.map(|s| vm.clock.now() + s);
        interp::run(vm, budget.fuel.unwrap_or(u64::MAX), deadline);
        outcome(vm)
    }

    /// Whether there is nothing to go on with.
    pub fn is_finished(&self) -> bool {
        self.vm.pc.is_null()
    }

    /// Forgets the running program: frames are gone, globals stay.
    pub fn stop(&mut self) {
        self.vm.pc = core::ptr::null();
        self.vm.partial = None;
        self.vm.imports.clear();
    }

    /// Calls a script function with these arguments.
    ///
    /// When no program is under way, it runs like one: an outcome that is not final is gone on with
    /// by [`Machine::run`]. When a program is suspended, the function runs above it, to its end: it
    /// cannot suspend, and the budget must suffice.
    ///
    /// # Errors
    ///
    /// Handles of another machine, what is no function, memory. Errors of the script are an
    /// outcome.
    pub fn call(
        &mut self,
        function: &Handle,
        args: &[Data],
        budget: Budget,
    ) -> Result<Outcome, Error> {
        self.idle()?;
        let vm = &mut *self.vm;
        let callee = crate::host::values::held(vm, function)?;
        if callee.as_func().is_none() {
            return Err(Error::new(ErrorKind::Host, "not a function"));
        }
        let mut values = Vec::new();
        for arg in args {
            values.push(from_data(vm, arg)?);
        }
        if !vm.pc.is_null() {
            let deadline = budget.seconds.map(|s| vm.clock.now() + s);
            return Ok(
                match interp::run_above(
                    vm,
                    callee,
                    &values,
                    budget.fuel.unwrap_or(u64::MAX),
                    deadline,
                ) {
                    Ok(value) => Outcome::Finished(to_data(vm, value)?),
                    Err(error) => Outcome::Failed(error),
                },
            );
        }
        interp::start_with(vm, callee, &values);
        if matches!(vm.exit, Exit::None) && !vm.pc.is_null() {
            return Ok(self.run(budget));
        }
        if matches!(vm.exit, Exit::Error(_)) {
            // The call did not begin: there is nothing to go on with.
            vm.pc = core::ptr::null();
        }
        Ok(outcome(vm))
    }

    /// Registers a native function for scripts of this machine; returns it as a value. It hides an
    /// intrinsic of that name.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn register(
        &mut self,
        signature: &Signature,
        function: impl Fn(&mut Context<'_>) -> NativeResult + Send + Sync + 'static,
    ) -> Result<Handle, Error> {
        let vm = &mut *self.vm;
        let value = crate::host::native::register(vm, signature, Arc::new(function))?;
        vm.handles.hold(value).map_err(|e| refused(e.into()))
    }

    /// REPL: the value of the last expression statement since the last call, for programs compiled
    /// with [`CompileOptions::repl`]; `None` when there was none.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn take_implicit_result(&mut self) -> Result<Option<Data>, Error> {
        match self.vm.implicit_result.take() {
            Some(value) => to_data(&mut self.vm, value).map(Some),
            None => Ok(None),
        }
    }

    /// The active calls of a program that is not finished, innermost first.
    pub fn stack_trace(&self) -> Vec<TraceFrame> {
        interp::stack_trace(&self.vm)
    }

    /// Collects everything unreachable.
    pub fn collect(&mut self) {
        let vm = &mut *self.vm;
        let top = stack_top(vm);
        timed(vm, |vm| gc::collect_all(vm, top));
        vm.store.run_finalizers();
        gc::look_at_use(vm);
    }

    /// Does a slice of collection: about `work` values are looked at. For idle time.
    pub fn collect_step(&mut self, work: usize) {
        let vm = &mut *self.vm;
        let top = stack_top(vm);
        let work = isize::try_from(work).unwrap_or(isize::MAX).min(isize::MAX - 1);
        timed(vm, |vm| gc::step(vm, top, work));
        vm.store.run_finalizers();
        gc::look_at_use(vm);
    }

    /// Figures.
    pub fn stats(&self) -> Stats {
        let heap = &self.vm.store.heap;
        Stats {
            fuel_used: self.vm.fuel_used,
            bytes_used: heap.memory.used,
            bytes_peak: heap.memory.peak,
            collections: heap.stats.collections,
            collection_slices: heap.stats.slices,
            pause_longest: self.vm.pauses.longest,
            pauses: self.vm.pauses.counts,
        }
    }

    /// A hash of the state that scripts can see between runs: the global variables and everything they
    /// lead to, the maps of the types, the random numbers. Equal for machines in the same state, on
    /// every platform and in every build of this version, with and without machine code; different,
    /// but for chance, after any change. Names, kinds, bits of numbers, texts, the order of entries, and
    /// which places hold the same object count; of native objects only the tag. Registers of a suspended
    /// program do not count.
    ///
    /// For machines that must stay in step. No protection against somebody who wants two states to have
    /// the same hash. Takes time in proportion to the state.
    pub fn state_hash(&self) -> u64 {
        let vm = &*self.vm;
        let types =
            TypeMap::ALL.map(|which| type_maps::changed(vm, which).map_or(Value::NULL, Value::map));
        digest(&vm.store, &vm.globals, &types, &vm.rng)
    }

    /// Changes the byte limit.
    pub fn set_memory_bytes_max(&mut self, bytes: usize) {
        self.vm.store.heap.memory.limit = bytes;
    }

    /// Attaches data of the host, for native functions.
    pub fn set_host_data(&mut self, data: usize) {
        self.vm.host_data = data;
    }

    /// For tests: every safepoint collects.
    #[doc(hidden)]
    pub fn stress_collector(&mut self) {
        self.vm.store.heap.stress = true;
        self.vm.store.heap.debt = 0;
    }

    /// For tests: memory is refused after this many more requests.
    #[doc(hidden)]
    pub fn fail_allocation_after(&mut self, requests: u64) {
        self.vm.store.heap.memory.fail_after = requests;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Vm { store, globals, stack, .. } = &mut *self.vm;
        globals.release(&mut store.heap);
        stack.release(&mut store.heap.memory);
    }
}

impl Context<'_> {
    /// Calls a script function from a native one and returns its value. The script cannot suspend
    /// inside.
    ///
    /// # Errors
    ///
    /// What the script raised; a suspension; too many calls within one another.
    pub fn call(&mut self, function: &Handle, args: &[Data]) -> Result<Data, Error> {
        let vm = &mut *self.vm;
        if vm.nested_runs >= NESTED_RUNS_MAX {
            return Err(Error::new(ErrorKind::Limit, crate::error::text::CALL_STACK_OVERFLOW));
        }
        let callee = crate::host::values::held(vm, function)?;
        let mut values = Vec::new();
        for arg in args {
            values.push(from_data(vm, arg)?);
        }
        vm.nested_runs += 1;
        let result = interp::run_nested(vm, callee, &values);
        vm.nested_runs -= 1;
        to_data(vm, result?)
    }
}

fn stack_top(vm: &Vm) -> *mut Value {
    if vm.pc.is_null() || vm.base.is_null() {
        return vm.stack.start;
    }
    // SAFETY: a machine that is not finished has a frame at `base`.
    unsafe { gc::top_of(vm, vm.base) }
}

fn outcome(vm: &mut Vm) -> Outcome {
    match core::mem::take(&mut vm.exit) {
        Exit::None | Exit::Budget => Outcome::BudgetSpent,
        Exit::Finished(value) => match to_data(vm, value) {
            Ok(data) => Outcome::Finished(data),
            Err(error) => Outcome::Failed(error),
        },
        Exit::Yield => Outcome::Yielded,
        Exit::Pending(until) => Outcome::Waiting { until },
        Exit::Code(code) => Outcome::Exited(code),
        Exit::Error(error) => Outcome::Failed(error),
    }
}
