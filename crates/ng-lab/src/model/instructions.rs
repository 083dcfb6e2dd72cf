//! What came of counting instructions, as a report has it.

use serde::{Deserialize, Serialize};

use crate::model::gate::tally;
use crate::model::named::named;
use crate::model::{PhaseKey, SkippedPhase};

named! {
    /// What the counts say of a phase.
    CountOutcome {
        /// More instructions than the other side, beyond the gate, whichever counts are taken.
        More = "more",
        /// The worker of this side failed.
        Failed = "failed",
        /// The other side failed, or does other work.
        Invalid = "invalid",
        /// Two counts of one program are too far apart to say.
        Noise = "noise",
        /// Fewer instructions, by the same rule.
        Fewer = "fewer",
        /// Within the gate.
        Same = "same",
    }
}

/// What came of counting the instructions of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstructionsReport {
    /// Per cent more that was allowed.
    pub percent: f64,
    /// The program that counted, such as `valgrind-3.19.0`.
    pub counted_by: String,
    /// Whether nothing was timed beside.
    pub alone: bool,
    /// One entry a phase that was counted, in the plan's order.
    pub outcomes: Vec<CountedPhase>,
    /// What was not counted, and why.
    pub skipped: Vec<SkippedPhase>,
    /// Why the other side cannot be counted at all, if so.
    pub not_comparable: Option<String>,
}

/// A phase with its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedPhase {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// What the counts say.
    pub outcome: CountOutcome,
    /// Instructions of this side, the fewer of its two counts.
    pub instructions: Option<u64>,
    /// Instructions of the other side, the fewer of its two counts.
    pub against: Option<u64>,
    /// How far two counts of one side are apart, the larger of both sides'.
    pub spread: Option<u64>,
    /// This side's over the other side's.
    pub ratio: Option<f64>,
    /// Why there is no better answer, where there is none.
    pub reason: Option<String>,
}

impl InstructionsReport {
    /// How many phases have an outcome.
    #[must_use]
    pub fn count(&self, outcome: CountOutcome) -> usize {
        let all = self.outcomes.iter();
        all.filter(|found| found.outcome == outcome).count()
    }

    /// How many phases have which outcome, worst first, such as `1 more, 8 same`, and
    /// how many were not counted.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = CountOutcome::ALL.map(|outcome| (outcome.name(), self.count(outcome)));
        tally(&counts, self.skipped.len(), "counted")
    }
}
