//! What is where: directories and the things in them.

use super::flush_all;
use crate::shell::table::set;
use crate::shell::{Shell, date};
use brisk_core::host::{Context, Data, NativeError, NativeResult, Values};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The current directory.
pub(super) fn curdir(_: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Ok(std::env::current_dir()
        .map_or(Data::Null, |path| path.to_string_lossy().into_owned().into()))
}

/// Changes the current directory.
pub(super) fn setdir(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    Ok(std::env::set_current_dir(path).is_ok().into())
}

/// Names of what a directory holds, in no particular order.
pub(super) fn children(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = here_or(context.text_arg(0)?);
    let list = context.new_list()?;
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        context.list_push(&list, &entry.file_name().to_string_lossy().into_owned().into())?;
    }
    Ok(Data::List(list))
}

/// Whether there is something at a path; null for null.
pub(super) fn exists(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    match context.value(0)? {
        Data::Null => Ok(Data::Null),
        _ => Ok(Path::new(&context.text_arg(0)?).exists().into()),
    }
}

/// Path, kind, size and date of what is at a path; null when there is nothing.
pub(super) fn info(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = here_or(context.text_arg(0)?);
    flush_all();
    let Ok(metadata) = fs::metadata(&path) else {
        return Ok(Data::Null);
    };
    let full = fs::canonicalize(&path).unwrap_or_else(|_| path.into());
    let map = context.new_map()?;
    set(context, &map, "path", full.to_string_lossy().into_owned())?;
    set(context, &map, "isDirectory", metadata.is_dir())?;
    // Sizes beyond 2^53 would be rounded.
    #[allow(clippy::cast_precision_loss)]
    set(context, &map, "size", metadata.len() as f64)?;
    let date = metadata.modified().map(date::format_system_time).unwrap_or_default();
    set(context, &map, "date", date)?;
    Ok(Data::Map(map))
}

/// Makes a directory in one that exists.
pub(super) fn makedir(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Ok(fs::create_dir(context.text_arg(0)?).is_ok().into())
}

/// Renames; what was at the new path is replaced.
pub(super) fn move_to(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let (from, to) = two_paths(context)?;
    Ok(fs::rename(from, to).is_ok().into())
}

/// Copies a file; what was at the new path is replaced. A file is not copied over itself, which
/// would empty it.
pub(super) fn copy(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let (from, to) = two_paths(context)?;
    let is_same =
        matches!((fs::canonicalize(&from), fs::canonicalize(&to)), (Ok(a), Ok(b)) if a == b);
    Ok((!is_same && fs::copy(from, to).is_ok()).into())
}

/// Removes a file or an empty directory.
pub(super) fn delete(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let path = context.text_arg(0)?;
    Ok((fs::remove_file(&path).is_ok() || fs::remove_dir(&path).is_ok()).into())
}

fn two_paths(context: &mut Context<'_>) -> Result<(String, String), NativeError> {
    flush_all();
    Ok((context.text_arg(0)?, context.text_arg(1)?))
}

/// The current directory for an empty path.
fn here_or(path: String) -> String {
    if path.is_empty() { ".".into() } else { path }
}
