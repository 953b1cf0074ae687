//! Compiled programs: plain immutable data, shared by any number of machines and threads.
//!
//! A [`Program`] is the unit of compilation; its [`Proto`]s are its functions, the main program
//! first. Nothing here knows the heap: constants are text and numbers, globals are indices into a
//! table of names. A machine that runs a program *links* each function once: it copies the words,
//! puts its own values in the pool behind them and its own cell numbers in place of names
//! (`interp/link.rs`), so that the copy can be specialized while the program stays shared.

use crate::syntax::Dialect;
use alloc::string::String;
use alloc::vec::Vec;

/// A compiled program.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The dialect it was compiled for.
    pub dialect: Dialect,
    /// Name of the source as error locations show it (`file.ms`); `None` for the main program of
    /// v1.
    pub name: Option<String>,
    /// Its functions; the main program is `protos[0]`.
    pub protos: Vec<Proto>,
    /// Names of the globals and intrinsics it mentions; words refer to them by index.
    pub names: Vec<String>,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `null`.
    Null,
    /// A number. NaN has one form only.
    Number(f64),
    /// A string.
    Str(String),
}

/// A compiled function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proto {
    /// What it was assigned to, for listings; empty for an unnamed literal, `@main` for a main
    /// program.
    pub name: String,
    /// Parameters with their defaults.
    pub params: Vec<ParamInfo>,
    /// Instruction words. A pool reference points behind the last word: word `code.len() + k`
    /// stands for `consts[k]`.
    pub code: Vec<u64>,
    /// The pool.
    pub consts: Vec<Const>,
    /// For each `new_map`: indices into `consts` of its keys, all different strings.
    pub map_keys: Vec<Vec<u16>>,
    /// Registers used, windows of outgoing calls included; at most 65 000.
    pub register_count: u32,
    /// Properties of the function that calls must know.
    pub flags: ProtoFlags,
    /// Indices into `Program::protos` of the literals inside, by the operand of `closure`.
    pub children: Vec<u32>,
    /// Names of the slots of the environment made by `new_env`.
    pub env_names: Vec<String>,
    /// Line of each stretch of words: `(first word, line)`, ascending.
    pub lines: Vec<(u32, u32)>,
    /// Where an instruction goes when an operand is a function or unassigned: `(word, word of the
    /// cold copy)`, ascending.
    pub cold: Vec<(u32, u32)>,
    /// Where a variable is looked up when it is unassigned: `(word, how)`, ascending.
    pub fallbacks: Vec<(u32, Fallback)>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// Its name.
    pub name: String,
    /// Value when the argument is missing.
    pub default: Const,
}

/// Properties of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtoFlags {
    /// Calls store `self` and `super` (or *unassigned*) in the two registers after the parameters.
    pub uses_self: bool,
    /// The first parameter is named `self`: a call through a dot passes the receiver there (spec
    /// §13.2).
    pub self_param: bool,
    /// Register that holds the scope map, when there is one.
    pub scope_register: Option<u16>,
    /// The function is the body of an imported module: it returns its scope.
    pub module: bool,
}

/// Where an unassigned variable is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Index into `Program::names`.
    pub name: u32,
    /// What the function captured.
    pub outer: Outer,
    /// Warn that a local is assigned from a nonlocal (spec §12.6, v1).
    pub warn: bool,
    /// The value is not called when it is a function.
    pub raw: bool,
}

/// The scope a function captured, as one variable sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outer {
    /// Nothing that could hold the variable.
    None,
    /// An environment, with the variable in this slot.
    Slot(u16),
    /// A scope map.
    Map,
}
