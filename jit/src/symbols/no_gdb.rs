//! Units in a debugger, where its interface is not supported: nothing happens.

/// A unit that debuggers would know, elsewhere.
#[derive(Debug)]
pub struct GdbRegistration;

impl GdbRegistration {
    /// Does nothing.
    pub fn new(_address: u64, _bytes: usize, _name: &str) -> GdbRegistration {
        GdbRegistration
    }
}
