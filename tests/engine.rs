//! Everything that judges the engine and is not a script of the corpus, a module per subject.

mod alloc_fail;
mod api;
mod code_limits;
mod exits;
mod files;
mod fuel;
mod generated;
mod hostile;
mod leaks;
mod memory;
mod objects;
mod state;
