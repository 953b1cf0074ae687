//! The module `file`: paths, directories, whole files; and open files (INTRINSICS.md §9.5).
//!
//! | File | Owns |
//! |---|---|
//! | `paths` | `name`, `parent`, `child`: text only |
//! | `tree` | what is where: `curdir`, `children`, `info`, `move`, … |
//! | `whole` | `readLines`, `writeLines`, `loadRaw`, `saveRaw` |
//! | `handle` | `open`, and the methods of a `FileHandle` |
//! | `stream` | an open file: one buffer for both directions |
//!
//! Success is 1, failure 0 or null: version 1 of the language has no other way to tell. What a
//! script wrote is in the file before anything else of the script looks at it.

mod handle;
mod paths;
mod stream;
mod tree;
mod whole;

use super::Shell;
use super::table::{Param, Row, map_of, row};
use brisk_core::host::{Context, NativeResult};
use std::sync::Arc;

pub(super) use handle::flush_all;

/// The functions of the module.
const ROWS: &[Row] = &[
    row("curdir", &[], tree::curdir),
    row("setdir", &[Param::Text("path", "")], tree::setdir),
    row("children", &[Param::Text("path", "")], tree::children),
    row("name", &[Param::Null("path")], paths::name),
    row("parent", &[Param::Null("path")], paths::parent),
    row("child", &[Param::Text("parentPath", ""), Param::Text("childName", "")], paths::child),
    row("exists", &[Param::Null("path")], tree::exists),
    row("info", &[Param::Text("path", "")], tree::info),
    row("makedir", &[Param::Text("path", "")], tree::makedir),
    row("move", &[Param::Text("oldPath", ""), Param::Text("newPath", "")], tree::move_to),
    row("copy", &[Param::Text("oldPath", ""), Param::Text("newPath", "")], tree::copy),
    row("delete", &[Param::Text("path", "")], tree::delete),
    row("readLines", &[Param::Text("path", "")], whole::read_lines),
    row("writeLines", &[Param::Text("path", ""), Param::Null("lines")], whole::write_lines),
    row("loadRaw", &[Param::Text("path", "")], whole::load_raw),
    row("saveRaw", &[Param::Text("path", ""), Param::Null("rawData")], whole::save_raw),
    row("open", &[Param::Text("path", ""), Param::Text("mode", "r+")], handle::open),
];

/// The map `file`.
pub(super) fn module(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    shell.file_module.map(context, |context| map_of(context, shell, ROWS))
}
