//! Where terminals are not Unix terminals: no keys are read.

/// Adds nothing.
pub(super) fn read(_echo: bool, _typed: &mut Vec<u8>) {}

/// Does nothing.
pub(crate) fn restore() {}
