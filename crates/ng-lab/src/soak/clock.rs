//! The clock of a soak, and time that does not count.

use std::hint::spin_loop;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A clock that can be waited on.
pub trait Clock {
    /// The time since a fixed moment; never decreases.
    fn now(&self) -> Duration;

    /// Returns at `moment`, or at once if it is past.
    fn wait_until(&self, moment: Duration);
}

/// The last part of a wait is spun, not slept: a sleeper usually wakes about 50 us
/// late, and later if the processor sleeps as well.
const AWAKE: Duration = Duration::from_micros(200);

/// The system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Begins at 0.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait_until(&self, moment: Duration) {
        let left = moment.saturating_sub(self.now());
        if left > AWAKE {
            sleep(left - AWAKE);
        }
        while self.now() < moment {
            spin_loop();
        }
    }
}

/// The time since a start, without the time that was set aside.
pub(super) struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    start: Duration,
    aside: Duration,
}

impl<'a> Stopwatch<'a> {
    pub(super) fn start(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            start: clock.now(),
            aside: Duration::ZERO,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.clock.now() - self.start - self.aside
    }

    /// Returns when `elapsed` has passed.
    pub(super) fn wait_until(&self, elapsed: Duration) {
        self.clock.wait_until(self.start + self.aside + elapsed);
    }

    /// All time set aside.
    pub(super) fn aside(&self) -> Duration {
        self.aside
    }

    /// Stops the watch for something that must not count, until [`Self::step_back`].
    pub(super) fn step_aside(&self) -> Aside {
        Aside(self.clock.now())
    }

    /// Restarts the watch, and returns how long it stood still.
    pub(super) fn step_back(&mut self, since: Aside) -> Duration {
        let took = self.clock.now() - since.0;
        self.aside += took;
        took
    }
}

/// When the watch stopped.
#[must_use]
pub(super) struct Aside(Duration);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_does_not_return_before_the_moment() {
        let clock = SystemClock::start();
        for micros in [0, 50, 700] {
            let moment = clock.now() + Duration::from_micros(micros);
            clock.wait_until(moment);
            assert!(clock.now() >= moment);
        }
        clock.wait_until(Duration::ZERO);
    }
}
