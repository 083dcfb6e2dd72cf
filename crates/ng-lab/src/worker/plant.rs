//! A slowdown on purpose, so that anybody can see a gate close.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A share of a scenario's timed work that is done in vain.
///
/// The lab cannot do the work itself again: a phase is a closure that consumes
/// what it works on. So each phase of the scenario keeps its thread busy for the
/// share of its own time, on the clock. It costs time and no memory traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plant {
    /// The scenario.
    pub scenario: String,
    /// Per cent of the time of each of its phases.
    pub percent: f64,
}

impl Plant {
    /// The share that a cell of `scenario` is slowed down by; 0 for others.
    pub(crate) fn share_of(plant: Option<&Self>, scenario: &str) -> f64 {
        plant
            .filter(|plant| plant.scenario == scenario)
            .map_or(0.0, |plant| plant.percent / 100.0)
    }
}

/// The time since `start`, once `share` of it was spent in vain.
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

    #[test]
    fn only_the_scenario_that_is_named_is_slowed_down() {
        let plant = Plant {
            scenario: "create".to_owned(),
            percent: 20.0,
        };
        assert_eq!(Plant::share_of(Some(&plant), "create"), 0.2);
        assert_eq!(Plant::share_of(Some(&plant), "access"), 0.0);
        assert_eq!(Plant::share_of(None, "create"), 0.0);
    }
}
