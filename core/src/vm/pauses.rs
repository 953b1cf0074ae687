//! How long scripts waited for the collector.

use super::Vm;

/// Lengths that are told apart.
pub const PAUSE_CLASSES: usize = 24;

/// Lengths of the slices of collection, on the machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pauses {
    /// The longest, in seconds.
    pub longest: f64,
    /// How many took 2^i up to 2^(i+1) microseconds; the first counts all shorter ones, the last all
    /// longer ones.
    pub counts: [u64; PAUSE_CLASSES],
}

impl Pauses {
    fn add(&mut self, seconds: f64) {
        self.longest = self.longest.max(seconds);
        // Out of range the nearest: a clock may say anything.
        let micros = (seconds * 1e6) as u64;
        let class = micros.max(1).ilog2() as usize;
        self.counts[class.min(PAUSE_CLASSES - 1)] += 1;
    }
}

/// Does a slice of collection and takes its time.
pub(crate) fn timed(vm: &mut Vm, slice: impl FnOnce(&mut Vm)) {
    let start = vm.clock.now();
    slice(vm);
    let seconds = vm.clock.now() - start;
    vm.pauses.add(seconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_counted_by_its_length() {
        for (micros, class) in [
            (-1.0, 0),
            (0.0, 0),
            (0.5, 0),
            (1.5, 0),
            (2.5, 1),
            (1023.5, 9),
            (1024.5, 10),
            (1e8, 23),
            (f64::INFINITY, 23),
            (f64::NAN, 0),
        ] {
            let mut pauses = Pauses::default();
            pauses.add(micros / 1e6);
            let mut counts = [0; PAUSE_CLASSES];
            counts[class] = 1;
            assert_eq!(pauses.counts, counts, "{micros}");
            assert!(pauses.longest >= 0.0);
        }
    }
}
