//! What the machine asks of the world: somewhere to write, and the time.

use alloc::string::String;

/// Where a text belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputStream {
    /// What the script prints.
    Standard,
    /// Reports about the script.
    Error,
}

/// Receives what scripts write.
pub trait Output: Send {
    /// Writes a text, followed by a line break if `line_break` says so.
    fn write(&mut self, stream: OutputStream, text: &str, line_break: bool);
}

impl Output for String {
    fn write(&mut self, _: OutputStream, text: &str, line_break: bool) {
        self.push_str(text);
        if line_break {
            self.push('\n');
        }
    }
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOutput;

impl Output for NoOutput {
    fn write(&mut self, _: OutputStream, _: &str, _: bool) {}
}

/// Tells the time.
pub trait Clock: Send {
    /// Seconds since some fixed moment; never goes back.
    fn now(&mut self) -> f64;
}

/// A clock that stands still: scripts that wait, wait until the host moves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&mut self) -> f64 {
        0.0
    }
}

#[cfg(feature = "std")]
impl Clock for std::time::Instant {
    fn now(&mut self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}
