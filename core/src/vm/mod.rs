//! The machine: plain state. What happens to it is decided in `interp/`.

pub mod handles;
pub mod lookups;
pub mod output;
pub mod scopes;
pub mod pauses;
pub mod stack;

use crate::bytecode::Program;
use crate::error::Error;
use crate::native::{Enter, NativeCompiler};
use crate::syntax::Dialect;
use crate::value::globals::Globals;
use crate::value::math::Rng;
use crate::value::{Code, Gc, Map, Store, Value};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use handles::{Handle, Handles, Weak};
pub use output::{Clock, NoOutput, Output, OutputStream, StoppedClock};
pub use pauses::{PAUSE_CLASSES, Pauses};
pub use stack::Stack;

/// What ends a native function without a value.
pub enum Trap {
    /// An error of the script; the place is added by the interpreter.
    Error(Error),
    /// Not finished: the machine suspends, and the function is called again with the same arguments
    /// and this value as [`Vm::partial`] (spec §22). `wake` is when that is worth trying, on the
    /// machine's clock; `None` means any time.
    Pending {
        /// Given back on the next call.
        state: Value,
        /// Earliest time that makes sense, in seconds of the machine's clock.
        wake: Option<f64>,
    },
    /// Not finished, for a reason of its own: the slice ends, and unless the budget is spent, the
    /// function is called again as when it is pending. So a budget can end what takes long.
    Unfinished {
        /// Given back on the next call.
        state: Value,
    },
    /// The call is finished with null, and the slice ends.
    Yield,
    /// The program ends at once.
    Exit(i32),
    /// The call continues as a call of this function, without arguments: the body of a module,
    /// whose scope is then stored in the calling function under `name` (spec §20.2).
    Import {
        /// The body.
        module: Value,
        /// Variable that receives the module.
        name: Value,
    },
}

impl From<Error> for Trap {
    fn from(error: Error) -> Self {
        Trap::Error(error)
    }
}

/// A function of the engine or the host. Arguments are those of `context`; missing ones have their
/// defaults.
pub type NativeFn = fn(context: &mut crate::host::Context<'_>) -> Result<Value, Trap>;

/// The maps that hold the methods of a type (spec §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum TypeMap {
    /// `number`.
    Number = 0,
    /// `string`.
    String = 1,
    /// `list`.
    List = 2,
    /// `map`.
    Map = 3,
    /// `funcRef`.
    FuncRef = 4,
}

impl TypeMap {
    /// All of them.
    pub const ALL: [TypeMap; 5] =
        [TypeMap::Number, TypeMap::String, TypeMap::List, TypeMap::Map, TypeMap::FuncRef];
}

/// A program in a machine: its functions, linked when they are first needed.
pub struct Unit {
    /// The program.
    pub program: Arc<Program>,
    /// Its functions; `None` until linked.
    pub codes: Vec<Option<Box<Code>>>,
    /// Cell of each of `program.names`.
    pub cells: Vec<u32>,
}

/// Why the interpreter returned to its caller.
#[derive(Debug, Default)]
pub enum Exit {
    /// It did not.
    #[default]
    None,
    /// The bottom frame returned this value.
    Finished(Value),
    /// The fuel or the time of this run is spent.
    Budget,
    /// The script called `yield`.
    Yield,
    /// A native function is pending.
    Pending(Option<f64>),
    /// The script called `exit`.
    Code(i32),
    /// An error, with its place.
    Error(Error),
}

/// Where a function lies that the interpreter called for a module.
pub struct ImportReturn {
    /// Where the importer continues.
    pub pc: *const u64,
    /// Register of the importer that receives the value of the call.
    pub dst: u16,
    /// Variable of the importer that receives the module.
    pub name: Value,
}

/// A number of bytes, and who is told, with the bytes in use and that number, when more are in use.
pub type SoftLimit = (usize, Box<dyn FnMut(usize, usize) + Send>);

/// A machine.
#[repr(C)]
pub struct Vm {
    /// Fuel left in this slice; below zero, the next backward jump or call looks up.
    pub fuel: i64,
    /// Windows must end below this slot.
    pub stack_limit: *mut Value,
    /// Heap and tables of values.
    pub store: Store,
    /// Global variables.
    pub globals: Globals,
    /// Values of running functions.
    pub stack: Stack,
    /// Next instruction, while the machine is not running.
    pub pc: *const u64,
    /// Window of the innermost frame, while the machine is not running.
    pub base: *mut Value,
    /// Fuel of this run beyond the current slice.
    pub fuel_reserve: u64,
    /// Fuel the current slice began with.
    pub slice: i64,
    /// Fuel of the slice that the interpreter does not get, because machine code is to be looked for
    /// soon.
    pub fuel_held: i64,
    /// Fuel used since the machine was made.
    pub fuel_used: u64,
    /// Fuel used since the compiler of machine code was asked last.
    pub fuel_unseen: i64,
    /// The run that follows begins at the start of a function.
    pub entered: bool,
    /// When this run must end, on the machine's clock.
    pub deadline: Option<f64>,
    /// Why the interpreter returned.
    pub exit: Exit,
    /// State of the pending native function that is called again.
    pub partial: Option<Value>,
    /// Compiler of machine code, if the host registered one.
    pub native: Option<Box<dyn NativeCompiler>>,
    /// How machine code is entered.
    pub native_enter: Option<Enter>,
    /// What [`Vm::native_enter`] needs to know.
    pub native_stub: *const u8,
    /// What functions without machine code have instead.
    pub native_no_code: *const u8,
    /// Times the compiler was told that globals changed.
    pub global_changes: u32,
    /// Times machine code was left.
    pub native_leaves: u32,
    /// Number of the exit through which machine code left; 0 when it left otherwise.
    pub native_exit: u32,
    /// Rewrite hot sites to specialized variants.
    pub quicken: bool,
    /// Rules of the language.
    pub dialect: Dialect,
    /// Deepest nesting of calls.
    pub call_depth_max: u32,
    /// Members that were looked up.
    pub lookups: lookups::Lookups,
    /// Programs that were loaded.
    pub units: Vec<Unit>,
    /// Code of native functions.
    pub native_codes: Vec<Box<Code>>,
    /// Function value of each intrinsic, *unassigned* until needed; by index into
    /// `intrinsics::TABLE`.
    pub intrinsics: Vec<Value>,
    /// Functions the host registered: name and function value.
    pub host_functions: Vec<(Value, Value)>,
    /// Type maps, null until needed; by [`TypeMap`].
    pub type_maps: [Value; 5],
    /// The map `globals`, null until needed.
    pub globals_map: Value,
    /// Maps made once: `intrinsics` and `version`, null until needed.
    pub intrinsics_map: Value,
    /// See `intrinsics_map`.
    pub version_map: Value,
    /// Modules being imported, innermost last.
    pub imports: Vec<ImportReturn>,
    /// Values the host holds.
    pub handles: Handles,
    /// The same for hosts in other languages.
    pub scopes: scopes::Scopes,
    /// Objects the host has weak references to; *unassigned* in place of those that are gone.
    pub weak: Handles,
    /// Native functions of the host, by the data of their code.
    pub host_natives: Vec<crate::host::HostFunction>,
    /// REPL: value of the last expression statement.
    pub implicit_result: Option<Value>,
    /// Random numbers.
    pub rng: Rng,
    /// Where text goes.
    pub output: Box<dyn Output>,
    /// What time it is.
    pub clock: Box<dyn Clock>,
    /// Time of the first instruction, on the clock.
    pub started: Option<f64>,
    /// How long scripts waited for the collector.
    pub pauses: Pauses,
    /// What the host wants to be told of memory.
    pub soft_limit: Option<SoftLimit>,
    /// The host was told, and less has not been in use since.
    pub over_soft_limit: bool,
    /// Depth of native functions that run scripts.
    pub nested_runs: u32,
    /// Data of the host.
    pub host_data: usize,
}

/// Steps of work (see `Shapes::note_work`) that cost a unit of fuel.
pub const STEPS_PER_FUEL: usize = 16;

impl Vm {
    /// Pays for the work that values noted, so that budgets hold where one instruction or call does
    /// much.
    #[inline(always)]
    pub fn pay_for_work(&mut self) {
        if self.store.shapes.work() != 0 {
            let steps = self.store.shapes.take_work();
            self.pay_for_steps(steps);
        }
    }

    /// Pays for so many steps of work.
    #[inline]
    pub fn pay_for_steps(&mut self, steps: usize) {
        self.fuel -= (steps / STEPS_PER_FUEL) as i64;
    }

    /// The map `globals`.
    ///
    /// # Errors
    ///
    /// When memory is refused.
    pub fn globals_map(&mut self) -> Result<Gc<Map>, crate::value::Refusal> {
        if let Some(map) = self.globals_map.as_map() {
            return Ok(map);
        }
        let map = self.store.new_globals_map(&raw mut self.globals)?;
        self.globals_map = Value::map(map);
        Ok(map)
    }

    /// Seconds since the first instruction.
    pub fn run_time(&mut self) -> f64 {
        let now = self.clock.now();
        now - *self.started.get_or_insert(now)
    }
}
