//! Instruction counts in a report.

use serde::{Deserialize, Serialize};

use crate::model::gate::tally;
use crate::model::named::named;
use crate::model::{PhaseKey, SkippedPhase};

named! {
    /// The outcome of a phase's counts.
    CountOutcome {
        /// The whole interval of the ratio is above the gate.
        More = "more",
        /// The worker of this side failed.
        Failed = "failed",
        /// The other side failed, or does different work.
        Invalid = "invalid",
        /// The two counts of one program are too far apart.
        Noise = "noise",
        /// The whole interval is below one over the gate.
        Fewer = "fewer",
        /// The whole interval is within the gate.
        Same = "same",
    }
}

/// The instructions of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstructionsReport {
    /// The gate: per cent more that is allowed.
    pub percent: f64,
    /// The program that counted, such as `valgrind-3.19.0`.
    pub counted_by: String,
    /// Whether nothing was timed.
    pub alone: bool,
    /// One entry per phase, in the plan's order.
    pub outcomes: Vec<CountedPhase>,
    /// Cells and phases that were not counted, and why.
    pub skipped: Vec<SkippedPhase>,
    /// Why the other side cannot be counted.
    pub not_comparable: Option<String>,
}

/// A phase with its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedPhase {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// The outcome.
    pub outcome: CountOutcome,
    /// Instructions of this side, the lower of its two counts.
    pub instructions: Option<u64>,
    /// Instructions of the other side, the lower of its two counts.
    pub against: Option<u64>,
    /// The difference between the two counts of a side, the larger of both sides.
    pub spread: Option<u64>,
    /// This side's instructions over the other's.
    pub ratio: Option<f64>,
    /// The reason for `failed`, `invalid` or `noise`.
    pub reason: Option<String>,
}

impl InstructionsReport {
    /// Returns the number of phases with an outcome.
    #[must_use]
    pub fn count(&self, outcome: CountOutcome) -> usize {
        let all = self.outcomes.iter();
        all.filter(|found| found.outcome == outcome).count()
    }

    /// Returns the number of phases by outcome, worst first, and of those not counted, such
    /// as `1 more, 8 same; 2 not counted`.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = CountOutcome::ALL.map(|outcome| (outcome.name(), self.count(outcome)));
        tally(&counts, self.skipped.len(), "counted")
    }
}
