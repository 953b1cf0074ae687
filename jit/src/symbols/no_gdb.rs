//! Units in GDB, where its interface is not supported: nothing happens.

/// Units that debuggers know: none here.
#[derive(Debug, Default)]
pub struct GdbUnits;

impl GdbUnits {
    /// Does nothing.
    pub fn add(&mut self, _address: u64, _bytes: usize, _name: &str) {}

    /// Does nothing.
    pub fn remove(&mut self, _address: u64) {}
}
