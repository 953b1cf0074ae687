//! `exit`, `shellArgs`, `env`: the process the script runs in (INTRINSICS.md §9.1).

use super::Shell;
use super::table::set;
use brisk_core::host::{Context, Data, Handle, NativeError, NativeResult, Values};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// Where modules are looked for, unless the environment says otherwise.
const IMPORT_PATH: &str = "$MS_SCRIPT_DIR:$MS_SCRIPT_DIR/lib:$MS_EXE_DIR/lib";

/// Ends the program. What is no number counts as 0.
pub(super) fn exit(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Err(NativeError::Exit(context.int(0)))
}

/// The script and its arguments; the same list every time.
pub(super) fn shell_args(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let list = shell.args_list.get_or(context, |context| {
        let list = context.new_list()?;
        for arg in shell.script.iter().chain(&shell.args) {
            context.list_push(&list, &arg.as_str().into())?;
        }
        Ok(list)
    })?;
    Ok(Data::List(list))
}

/// The environment, as a map that scripts may change; other programs see the changes (`exec`).
pub(super) fn env(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    env_map(context, shell).map(Data::Map)
}

/// The map `env`.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn env_map(context: &mut Context<'_>, shell: &Shell) -> Result<Handle, NativeError> {
    shell.env_map.get_or(context, |context| {
        let map = context.new_map()?;
        for (name, value) in std::env::vars_os() {
            set(context, &map, &name.to_string_lossy(), value.to_string_lossy().into_owned())?;
        }
        if std::env::var_os("MS_IMPORT_PATH").is_none() {
            set(context, &map, "MS_IMPORT_PATH", IMPORT_PATH)?;
        }
        set(context, &map, "MS_SCRIPT_DIR", script_dir(shell).to_string_lossy().into_owned())?;
        set(context, &map, "MS_EXE_DIR", exe_dir().to_string_lossy().into_owned())?;
        Ok(map)
    })
}

/// The directory of the script, or the current one.
fn script_dir(shell: &Shell) -> PathBuf {
    let real = shell.script_path.as_ref().and_then(|path| path.canonicalize().ok());
    match real.as_ref().and_then(|path| path.parent()) {
        Some(parent) => parent.into(),
        None => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
    }
}

/// The directory of the executable.
fn exe_dir() -> PathBuf {
    let exe = std::env::current_exe().ok();
    exe.as_ref().and_then(|exe| exe.parent()).map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Gives a program the environment that the script sees. Variables that the script left alone keep
/// their bytes, even those that are no text.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn apply(
    context: &mut Context<'_>,
    shell: &Shell,
    command: &mut Command,
) -> Result<(), NativeError> {
    let map = env_map(context, shell)?;
    let mut wanted: Vec<(String, String)> = Vec::new();
    for (name, value) in context.map_entries(&map)? {
        wanted.push((context.text_of(&name)?, context.text_of(&value)?));
    }
    command.env_clear();
    let inherited: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    for (name, value) in &wanted {
        let same = inherited
            .iter()
            .find(|(n, v)| n.to_string_lossy() == *name && v.to_string_lossy() == *value);
        match same {
            Some((name, value)) => _ = command.env(name, value),
            None if is_valid(name, value) => _ = command.env(name, value),
            None => {}
        }
    }
    Ok(())
}

/// Whether a variable can be in an environment.
fn is_valid(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}
