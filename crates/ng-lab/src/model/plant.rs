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
    /// Per cent of each of its phases.
    pub percent: f64,
    /// Of what it is a percentage.
    #[serde(default, skip_serializing_if = "PlantKind::is_time")]
    pub kind: PlantKind,
}

/// What is planted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlantKind {
    /// Waiting, by the clock.
    #[default]
    Time,
    /// Instructions, as a share of those of a first run. Only if instructions are counted.
    Instructions,
}

impl PlantKind {
    fn is_time(&self) -> bool {
        *self == Self::Time
    }
}

impl Plant {
    /// Returns the share of its time by which a cell of `scenario` is slowed down; 0 for
    /// others.
    pub(crate) fn share_of(plant: Option<&Self>, scenario: &str) -> f64 {
        Self::share(plant, scenario, PlantKind::Time)
    }

    /// Returns the share of extra instructions for a cell of `scenario`; 0 for others.
    pub(crate) fn work_of(plant: Option<&Self>, scenario: &str) -> f64 {
        Self::share(plant, scenario, PlantKind::Instructions)
    }

    fn share(plant: Option<&Self>, scenario: &str, kind: PlantKind) -> f64 {
        plant
            .filter(|plant| plant.scenario == scenario && plant.kind == kind)
            .map_or(0.0, |plant| plant.percent / 100.0)
    }

    /// Returns the warning that stands beside all figures.
    #[must_use]
    pub fn warning(&self) -> String {
        let Self {
            scenario, percent, ..
        } = self;
        let what = match self.kind {
            PlantKind::Time => format!("was made {percent} % slower"),
            PlantKind::Instructions => format!("was given {percent} % more instructions"),
        };
        format!("PLANTED: every phase of {scenario} {what} on purpose")
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
            kind: PlantKind::Time,
        };
        assert_eq!(Plant::share_of(Some(&plant), "create"), 0.2);
        assert_eq!(Plant::work_of(Some(&plant), "create"), 0.0);
        assert_eq!(Plant::share_of(Some(&plant), "access"), 0.0);
        assert_eq!(Plant::share_of(None, "create"), 0.0);
        let work = Plant {
            kind: PlantKind::Instructions,
            ..plant
        };
        assert_eq!(Plant::share_of(Some(&work), "create"), 0.0);
        assert_eq!(Plant::work_of(Some(&work), "create"), 0.2);
        assert_eq!(Plant::work_of(Some(&work), "access"), 0.0);
    }
}
