//! When operations are due.

use std::time::Duration;

/// Operations at equal intervals, from time 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    per_second: f64,
}

impl Schedule {
    /// # Panics
    /// Panics if `per_second` is not a positive finite number.
    pub(super) fn new(per_second: f64) -> Self {
        assert!(
            per_second.is_finite() && per_second > 0.0,
            "{per_second} operations per second, expected a positive number"
        );
        Self { per_second }
    }

    pub(super) fn per_second(self) -> f64 {
        self.per_second
    }

    /// When operation `number`, counted from 0, is due. Computed from scratch, so that
    /// rounding errors do not accumulate.
    pub(super) fn due(self, number: u64) -> Duration {
        // Saturates at 584 years.
        Duration::from_nanos((number as f64 * 1e9 / self.per_second) as u64)
    }

    /// How many operations are due before `elapsed`.
    pub(super) fn due_before(self, elapsed: Duration) -> u64 {
        (elapsed.as_secs_f64() * self.per_second).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_due_at_equal_distances_for_days() {
        let schedule = Schedule::new(3.0);
        let due: Vec<u128> = (0..4).map(|i| schedule.due(i).as_nanos()).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000]);
        let days = 3 * 86_400;
        assert_eq!(schedule.due(3 * days).as_secs(), days);
    }

    #[test]
    fn what_is_due_is_counted_up_to_a_moment() {
        let schedule = Schedule::new(10.0);
        for (millis, due) in [(0, 0), (1, 1), (99, 1), (101, 2), (1000, 10), (1001, 11)] {
            let elapsed = Duration::from_millis(millis);
            assert_eq!(schedule.due_before(elapsed), due, "{millis} ms");
        }
    }

    #[test]
    #[should_panic(expected = "0 operations per second")]
    fn no_rate_is_refused() {
        Schedule::new(0.0);
    }
}
