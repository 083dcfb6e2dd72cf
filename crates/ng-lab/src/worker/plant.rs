//! A deliberate slowdown, to show that a gate catches it.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// Busy-waits for `share` of the time since `start`, and returns the whole time.
pub(crate) fn prolonged(start: Instant, share: f64) -> Duration {
    let worked = start.elapsed();
    if share <= 0.0 {
        return worked;
    }
    let enough = worked.mul_f64(1.0 + share);
    loop {
        let elapsed = start.elapsed();
        if elapsed >= enough {
            return elapsed;
        }
        spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_time_is_added_to_it() {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(2) {
            spin_loop();
        }
        let before = start.elapsed();
        assert!(prolonged(start, 0.5) >= before.mul_f64(1.5));
    }
}
