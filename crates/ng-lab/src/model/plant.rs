//! A deliberate slowdown, to show that a gate catches it.

use serde::{Deserialize, Serialize};

/// A deliberate slowdown of a scenario's phases.
///
/// The lab cannot repeat the work: a phase is a closure that consumes its input. So
/// each phase of the scenario busy-waits for a share of its own time while the clock
/// runs. That costs time, but no memory traffic.
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

#[cfg(test)]
mod tests {
    use super::*;

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
