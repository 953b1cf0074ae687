//! Every limit of the engine, with its unit and its reason.

/// Deepest nesting in source text, in levels: of brackets, operators and single-line `if`s within
/// one statement, and, counted apart, of blocks and functions.
///
/// Bounds the recursion of the parser, so that hostile input cannot overflow the native stack: 200
/// levels take 210 KiB at most, in a debug build 740 KiB (x86-64). Without an operating system stacks
/// are small: 40 levels there.
pub const NESTING_MAX: usize = if cfg!(target_os = "none") { 40 } else { 200 };

/// Greatest depth of the syntax tree, in statements and expressions from the root to a leaf.
///
/// Bounds the recursion of every walk over the tree. It is greater than [`NESTING_MAX`] since
/// chains such as `"a" + "b" + …` and `a.b.c…` make deep trees without nesting: 1000 links are
/// possible in any block.
pub const TREE_DEPTH_MAX: usize = if cfg!(target_os = "none") { 200 } else { 1400 };

/// How far the parser looks for closing brackets after an error, in tokens.
pub const RECOVERY_TOKENS_MAX: usize = 1000;

/// Longest source text, in bytes. Positions are 32-bit.
pub const SOURCE_BYTES_MAX: usize = 1 << 30;

/// Most diagnostics one compilation reports.
pub const DIAGNOSTICS_MAX: usize = 100;

/// Largest string, in bytes (spec §7.9, v1).
pub const STRING_BYTES_MAX: usize = 16_777_215;

/// Longest list, in elements (spec §7.9, v1).
pub const LIST_LEN_MAX: usize = 16_777_215;

/// Most arguments of one call (spec §13.4: `Argument limit exceeded`).
pub const ARGS_MAX: usize = 255;

/// Most steps from a map to the parent that holds a key (spec §14.1).
pub const ISA_STEPS_MAX: usize = 257;

/// Levels of nested containers that are shown as text (spec §10).
pub const TEXT_DEPTH: usize = 3;
