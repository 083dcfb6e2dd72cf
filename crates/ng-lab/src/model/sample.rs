//! Samples with their positions in the run.

use serde::{Deserialize, Serialize};

use crate::model::{CellReport, PhaseReport};

/// Where in a run one worker of a cell ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlace {
    /// The round; 0 is the cold one.
    pub round: u32,
    /// Which task of its round it was, from 0.
    pub position: u32,
    /// Whether the worker failed, and left no sample.
    pub failed: bool,
}

/// One time of one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The round; 0 is the cold one.
    pub round: u32,
    /// Which task of its round it was; none in an older program's report.
    pub position: Option<u32>,
    /// Wall time in nanoseconds.
    pub elapsed_ns: u64,
}

impl CellReport {
    /// All samples of `phase` in the order of the rounds, the cold one first.
    ///
    /// An older program's report does not say where its samples were taken: they are
    /// counted from round 1, as in a run without failures.
    #[must_use]
    pub fn samples(&self, phase: &PhaseReport) -> Vec<Sample> {
        let cold = phase.cold_ns.map(|elapsed_ns| Sample {
            round: 0,
            position: self.cold_position(),
            elapsed_ns,
        });
        let places = self.warm_places();
        let known = places.len() == phase.samples_ns.len();
        let warm = phase.samples_ns.iter().enumerate();
        let warm = warm.map(|(index, elapsed_ns)| Sample {
            round: if known {
                places[index].round
            } else {
                index as u32 + 1
            },
            position: known.then(|| places[index].position),
            elapsed_ns: *elapsed_ns,
        });
        cold.into_iter().chain(warm).collect()
    }

    fn cold_position(&self) -> Option<u32> {
        let cold = self.runs.iter().find(|run| run.round == 0)?;
        Some(cold.position)
    }

    /// The positions of the samples after round 0.
    fn warm_places(&self) -> Vec<RunPlace> {
        let runs = self.runs.iter().copied();
        runs.filter(|run| run.round > 0 && !run.failed).collect()
    }
}
