//! What the tests of machine code share: functions written by hand, and a machine to run them.
#![allow(dead_code)] // Each test uses a part.

pub(crate) mod build;
#[cfg(target_arch = "x86_64")]
pub(crate) mod machine;
#[cfg(target_arch = "x86_64")]
pub(crate) mod host;

/// A sequence of words that looks random (xorshift64*).
pub(crate) struct Random(pub u64);

impl Random {
    /// The next one.
    pub(crate) fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A double: often one that matters to comparisons and remainders.
    pub(crate) fn double(&mut self) -> f64 {
        let word = self.word();
        match word % 8 {
            0 => SPECIAL[(word >> 8) as usize % SPECIAL.len()],
            1 => f64::from_bits(self.word()),
            2 | 3 => (self.word() % 100) as f64,
            4 => (self.word() as i64 >> (word >> 8 & 63)) as f64,
            5 => (self.word() % (1 << 34)) as f64,
            _ => (self.word() >> 11) as f64 / (1u64 << 40) as f64 - 4096.0,
        }
    }
}

/// Doubles at the edges.
pub(crate) const SPECIAL: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MIN_POSITIVE,
    5e-324,
    f64::MAX,
    f64::MIN,
    2147483647.0,
    2147483648.0,
    2147483649.0,
    4294967295.0,
    4294967296.0,
    4294967297.0,
    9223372036854775807.0,
    -9223372036854775808.0,
];
