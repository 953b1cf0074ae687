//! The functions a script has only in this shell (INTRINSICS.md §9, v1).
//!
//! | File | Owns |
//! |---|---|
//! | `table` | rows of functions, and maps made of them |
//! | `environment` | `exit`, `shellArgs`, `env` |
//! | `import` | `import`: where modules are found |
//! | `input`, `exec` | the person and other programs |
//! | `file/` | the module `file`, and open files |
//! | `raw_data` | `RawData`: bytes |
//! | `key/` | the module `key` |
//! | `date/` | `_dateVal`, `_dateStr` |
//! | `slab` | what belongs to native objects, by number |
//!
//! They use only what any host can use. Registering is cheap: the maps are made when a script first
//! asks for them.

mod date;
mod environment;
mod exec;
mod file;
mod import;
mod input;
mod key;
mod raw_data;
mod slab;
mod table;

use crate::options::Options;
use brisk_core::host::{Context, Data, Handle, NativeError, NativeResult};
use brisk_core::{Error, Machine, MachineOptions};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use table::{Param, Row, row};

pub(crate) use key::restore_terminal;

/// The functions.
const ROWS: &[Row] = &[
    row("exit", &[Param::Null("resultCode")], environment::exit),
    row("shellArgs", &[], environment::shell_args),
    row("env", &[], environment::env),
    row("input", &[Param::Text("prompt", "")], input::input),
    row("exec", &[Param::Null("cmd"), Param::Number("timeout", 30.0)], exec::exec),
    row("import", &[Param::Text("libname", "")], import::import),
    row("file", &[], file::module),
    row("RawData", &[], raw_data::class),
    row("key", &[], key::module),
    row("_dateVal", &[Param::Null("dateStr")], date::date_val),
    row(
        "_dateStr",
        &[Param::Null("date"), Param::Text("format", date::DEFAULT_FORMAT)],
        date::date_str,
    ),
];

/// What the functions of one machine share.
pub(crate) struct Shell {
    /// The script as the command line names it.
    script: Option<String>,
    /// The script's file.
    script_path: Option<PathBuf>,
    /// What follows the script on the command line.
    args: Vec<String>,
    /// Most bytes all `RawData` may hold together.
    raw_bytes_max: usize,
    /// Files of the modules that were imported, by the names that error locations show.
    modules: Mutex<Vec<(String, PathBuf)>>,
    /// Keys that `key.put` put.
    keys: Mutex<key::Keys>,
    args_list: Slot,
    env_map: Slot,
    file_module: Slot,
    file_class: Slot,
    raw_class: Slot,
    key_module: Slot,
}

impl Shell {
    /// The shell of a script, or of none.
    pub(crate) fn new(
        script: Option<String>,
        script_path: Option<PathBuf>,
        options: &Options,
    ) -> Shell {
        Shell {
            script,
            script_path,
            args: options.args.clone(),
            raw_bytes_max: options
                .memory_bytes_max
                .unwrap_or(MachineOptions::default().memory_bytes_max),
            modules: Mutex::default(),
            keys: Mutex::default(),
            args_list: Slot::default(),
            env_map: Slot::default(),
            file_module: Slot::default(),
            file_class: Slot::default(),
            raw_class: Slot::default(),
            key_module: Slot::default(),
        }
    }

    /// The file of a module that was imported.
    pub(crate) fn module(&self, name: &str) -> Option<PathBuf> {
        let modules = lock(&self.modules);
        modules.iter().rev().find(|(known, _)| known == name).map(|(_, path)| path.clone())
    }
}

/// An object that is made when it is first needed.
#[derive(Default)]
struct Slot(Mutex<Option<Handle>>);

impl Slot {
    /// The object if it was made.
    fn get(&self) -> Option<Handle> {
        lock(&self.0).clone()
    }

    /// The object.
    fn get_or(
        &self,
        context: &mut Context<'_>,
        make: impl FnOnce(&mut Context<'_>) -> Result<Handle, NativeError>,
    ) -> Result<Handle, NativeError> {
        if let Some(handle) = self.get() {
            return Ok(handle);
        }
        let handle = make(context)?;
        *lock(&self.0) = Some(handle.clone());
        Ok(handle)
    }

    /// The map, as the result of a function.
    fn map(
        &self,
        context: &mut Context<'_>,
        make: impl FnOnce(&mut Context<'_>) -> Result<Handle, NativeError>,
    ) -> NativeResult {
        self.get_or(context, make).map(Data::Map)
    }
}

/// Registers the functions with a machine.
///
/// # Errors
///
/// When memory is refused.
pub(crate) fn register(machine: &mut Machine, shell: &Arc<Shell>) -> Result<(), Error> {
    for row in ROWS {
        let shell = Arc::clone(shell);
        machine.register(&row.signature(), move |context| (row.body)(context, &shell))?;
    }
    Ok(())
}

/// Names of the functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name)
}

/// What must not be left undone when the process ends.
pub(crate) fn at_exit() {
    file::flush_all();
    restore_terminal();
}

/// Locks; a panic elsewhere does not matter, since every state is valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
