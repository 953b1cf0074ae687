//! The C interface: what `include/brisk.h` declares.
//!
//! Nothing here decides what a script does; functions check what they are given, speak to
//! `brisk-core`, and turn results into codes. Every function is an ordinary `extern "C"` function, so
//! that the header and the bindings of other languages can be made from this text (`cargo xtask
//! header`). Its documentation is that of the header.
//!
//! | File | Owns |
//! |---|---|
//! | `status` | codes, and the wall that no panic crosses |
//! | `value` | `brisk_value` and how it becomes a value of the core, and back |
//! | `config` | how a machine is made |
//! | `vm` | the machine: making, running, stopping |
//! | `program` | programs: compiling, loading, saving |
//! | `error` | errors as data |
//! | `world` | memory, output and clock of the host, as the core wants them |
//! | `scope`, `string`, `list`, `map`, `global` | values |
//! | `call` | calls of script functions |
//! | `native` | functions of the host, and their calls |
//! | `pending` | functions of the host that are not finished |
//! | `object` | objects of the host, weak references |
//! | `module` | `import` |
//! | `repl` | lines of a conversation |
//! | `figures` | memory, collection, figures, the state's hash |
//! | `version` | versions |
//!
//! # Pointers
//!
//! A machine is a heap allocation that the host knows by address. While a native function runs, the
//! interpreter holds the machine's state exclusively and lends it to the function; what the function
//! calls here goes through that loan (`vm::brisk_vm::state`). Fields that are needed meanwhile are
//! cells.
#![allow(non_camel_case_types)] // Types have the names that C knows them by.
#![allow(unsafe_code)] // Pointers come from C.

mod status;
mod value;
mod config;
mod world;
mod error;
mod program;
mod vm;
mod scope;
mod string;
mod list;
mod map;
mod global;
mod call;
mod native;
mod pending;
mod object;
mod module;
mod repl;
mod figures;
mod version;

pub use call::*;
pub use config::*;
pub use error::*;
pub use figures::*;
pub use global::*;
pub use list::*;
pub use map::*;
pub use module::*;
pub use native::*;
pub use object::*;
pub use pending::*;
pub use program::*;
pub use repl::*;
pub use scope::*;
pub use status::*;
pub use string::*;
pub use value::*;
pub use version::*;
pub use vm::*;
pub use world::*;
