//! What a host can say about when code is made, and how much.

/// When code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Fuel seen in a function before it is compiled.
    pub hot: i64,
    /// Fuel of a slice of the interpreter, after which it is looked whether something is hot.
    pub slice: i64,
    /// Times an exit is taken before its function is compiled anew.
    pub exits_max: u32,
    /// Words of bytecode that may be compiled at a time, see [`Budget`].
    pub burst: i64,
    /// Bytes of machine code, in whole pages, that one machine may have at a time. More functions
    /// are interpreted.
    pub code_bytes_max: usize,
    /// Innermost loops are peeled.
    pub peeling: bool,
    /// Small functions without effects are inlined.
    pub inlining: bool,
    /// Tests: every so many checks, code leaves although nothing is wrong; 0: never.
    pub false_alarms: u32,
    /// Tests: one time in so many when code is looked for, all code of the function is thrown away
    /// first; 0: never.
    pub retirements: u32,
}

impl Policy {
    /// What scripts run with.
    pub const AUTO: Policy = Policy {
        hot: 60_000,
        slice: 20_000,
        exits_max: 10,
        burst: 1_000,
        code_bytes_max: 16 << 20,
        peeling: true,
        inlining: true,
        false_alarms: 0,
        retirements: 0,
    };
    /// Everything is compiled at once: for tests.
    pub const EAGER: Policy =
        Policy { hot: 0, slice: 1, exits_max: 3, burst: i64::MAX, ..Policy::AUTO };
}

/// Fuel used by a machine that allows it one word more.
const FUEL_PER_WORD: i64 = 100;

/// How many words of bytecode may be compiled now, so that a frame of a game that gives its scripts
/// a slice each never waits for the compiler: [`Policy::burst`] at first and at most, and one for
/// every hundred units of fuel used since. Counted in words and fuel and not in seconds, so that the
/// same program is compiled the same way every time.
///
/// A function is compiled when there is anything left, and may take more: its size is bounded
/// elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    words: i64,
    burst: i64,
    /// Fuel that has not yet made a word.
    fuel: i64,
}

impl Budget {
    /// All of a burst.
    pub fn new(burst: i64) -> Budget {
        Budget { words: burst, burst, fuel: 0 }
    }

    /// Fuel was used.
    pub fn earn(&mut self, fuel: i64) {
        self.fuel = self.fuel.saturating_add(fuel);
        self.words = self.words.saturating_add(self.fuel / FUEL_PER_WORD).min(self.burst);
        self.fuel %= FUEL_PER_WORD;
    }

    /// Whether another function may be compiled.
    pub fn allows(&self) -> bool {
        self.words > 0
    }

    /// Words were compiled.
    pub fn pay(&mut self, words: usize) {
        self.words = self.words.saturating_sub(i64::try_from(words).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuel_buys_words_up_to_a_burst() {
        let mut budget = Budget::new(10);
        budget.pay(25);
        assert!(!budget.allows());
        budget.earn(15 * FUEL_PER_WORD + 60);
        assert!(!budget.allows(), "nothing is left of what it bought");
        budget.earn(40);
        assert!(budget.allows());
        budget.earn(i64::MAX);
        budget.pay(9);
        assert!(budget.allows());
        budget.pay(1);
        assert!(!budget.allows(), "no more than a burst is kept");
    }
}
