//! A slowdown on purpose, so that anybody can see a gate close.

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
