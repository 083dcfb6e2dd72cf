//! The parameters of a soak.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many operations per second are due.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// A fixed number.
    PerSecond(f64),
    /// A share of the capacity, which is measured first with back-to-back operations.
    OfCapacity {
        /// The share, above 0.
        share: f64,
        /// How long the capacity is measured.
        calibration: Duration,
    },
}

/// Duration, rates and seed of a soak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakPlan {
    /// Time of the schedule, without time set aside.
    pub time: Duration,
    /// Time of a row.
    pub row: Duration,
    /// Operations per second.
    pub rate: Rate,
    /// Time from one full verification to the next.
    pub verify_every: Duration,
    /// Seed of the order of kinds, and of the operations' random choices.
    pub seed: u64,
}

impl SoakPlan {
    /// A row per second, a verification per minute, at half the capacity, which is
    /// measured for a tenth of the time but at most five seconds.
    #[must_use]
    pub fn lasting(time: Duration) -> Self {
        Self {
            time,
            row: Duration::from_secs(1),
            rate: Rate::OfCapacity {
                share: 0.5,
                calibration: (time / 10).min(Duration::from_secs(5)),
            },
            verify_every: Duration::from_secs(60),
            seed: 0,
        }
    }
}
