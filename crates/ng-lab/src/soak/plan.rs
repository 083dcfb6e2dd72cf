//! How a soak is to be run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many operations a second are due.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// So many.
    PerSecond(f64),
    /// A share of what can be done, which is found out first: for a while each
    /// operation follows the one before it at once.
    OfCapacity {
        /// The share, above 0.
        share: f64,
        /// How long the capacity is looked for.
        calibration: Duration,
    },
}

/// How long, how often, in which order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakPlan {
    /// Time of the schedule: what is aside does not count.
    pub time: Duration,
    /// Time of a row.
    pub row: Duration,
    /// Operations a second.
    pub rate: Rate,
    /// Time from one full verification to the next.
    pub verify_every: Duration,
    /// Seed of the order of kinds, and of what operations choose at random.
    pub seed: u64,
}

impl SoakPlan {
    /// A row a second, a verification a minute, at half of the capacity, which a
    /// tenth of the time is spent on, five seconds at most.
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
