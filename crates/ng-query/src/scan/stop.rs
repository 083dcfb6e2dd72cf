use ng_parallel::{ParallelError, StopFlag};

use crate::QueryError;

/// Whether a query is to go on: checked between blocks, and between the points or balls compared
/// with a block, as those may be many.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    flag: StopFlag,
    #[cfg(test)]
    countdown: Option<testing::Countdown>,
}

impl Stop {
    pub(crate) fn new(flag: StopFlag) -> Self {
        Self {
            flag,
            #[cfg(test)]
            countdown: None,
        }
    }

    /// Fails once the query is to stop.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        #[cfg(test)]
        if let Some(countdown) = &self.countdown {
            countdown.count(&self.flag);
        }
        match self.flag.is_stopped() {
            true => Err(stopped()),
            false => Ok(()),
        }
    }
}

/// What was done of the shard is discarded.
#[cold]
fn stopped() -> QueryError {
    let (shards_done, shards) = (0, 1);
    ParallelError::Stopped {
        shards_done,
        shards,
    }
    .into()
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use ng_parallel::Workers;

    use super::*;
    use crate::Query;

    /// Stops a query at many of its checks: it ends there, and checks no more. Returns how many
    /// checks there are.
    pub(crate) fn check_every_look<'q, T: std::fmt::Debug>(
        query: impl Fn(&Workers) -> Query<'q>,
        ask: impl Fn(&Query<'q>) -> Result<T, QueryError>,
    ) -> u64 {
        let ask_until = |stop_at| {
            // Each time with a flag of its own.
            let workers = Workers::new(1).unwrap();
            let countdown = Countdown::new(stop_at);
            let outcome = ask(&query(&workers).stopping_at(&countdown));
            (outcome, countdown.looks())
        };
        let (outcome, looks) = ask_until(u64::MAX);
        outcome.unwrap();
        for stop_at in (1..=looks).step_by(1 + looks as usize / 12) {
            let (outcome, looked) = ask_until(stop_at);
            let stopped = outcome.unwrap_err();
            assert!(
                matches!(stopped, QueryError::Parallel(ParallelError::Stopped { .. })),
                "{stopped}"
            );
            assert_eq!(looked, stop_at);
        }
        looks
    }

    /// Sets the flag after it was checked a number of times.
    #[derive(Clone, Debug)]
    pub(crate) struct Countdown {
        looks: Arc<AtomicU64>,
        stop_at: u64,
    }

    impl Countdown {
        pub(crate) fn new(stop_at: u64) -> Self {
            Self {
                looks: Arc::default(),
                stop_at,
            }
        }

        /// How many times it was checked.
        pub(crate) fn looks(&self) -> u64 {
            self.looks.load(Ordering::Relaxed)
        }

        pub(super) fn count(&self, flag: &StopFlag) {
            if self.looks.fetch_add(1, Ordering::Relaxed) + 1 == self.stop_at {
                flag.stop();
            }
        }
    }

    impl Stop {
        pub(crate) fn counted(mut self, countdown: Option<Countdown>) -> Self {
            self.countdown = countdown;
            self
        }
    }
}
