//! What came of a gate, as a report has it.

use serde::{Deserialize, Serialize};

use crate::model::named::named;
use crate::model::{Interval95, PhaseKey};

named! {
    /// What a gate says of a phase.
    Outcome {
        /// Slower, beyond the floor.
        Regressed = "regressed",
        /// One of the two sides cannot be used.
        Invalid = "invalid",
        /// Too few samples for the smallest p to count.
        Insufficient = "insufficient",
        /// The interval is too wide to say, or the phase differs from itself.
        Noise = "noise",
        /// Faster, beyond the floor.
        Improved = "improved",
        /// The interval lies within the gate's per cent.
        Same = "same",
    }
}

/// What came of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Per cent that was allowed.
    pub percent: f64,
    /// Comparisons that were tested together; each p is adjusted for them.
    pub tests: usize,
    /// Samples that each of them needs to be told from nothing.
    pub samples_needed: u32,
    /// One entry a phase, in the plan's order.
    pub outcomes: Vec<PhaseOutcome>,
    /// What only one side has, and why.
    pub skipped: Vec<SkippedPhase>,
}

/// A phase with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseOutcome {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// What the gate says.
    pub outcome: Outcome,
    /// Its time over that of the other side; none where they cannot be compared.
    pub time_ratio: Option<f64>,
    /// Interval of the ratio.
    pub ci95: Option<Interval95>,
    /// The ratio that the whole interval must be above to count as slower, and
    /// below one over it to count as faster.
    pub floor_ratio: Option<f64>,
    /// The p of "the ratio is 1", adjusted for all tests.
    pub p_adjusted: Option<f64>,
    /// Why, where it is neither the same nor different.
    pub reason: Option<String>,
}

/// A phase that was not tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedPhase {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// Why.
    pub reason: String,
}

impl GateReport {
    /// How many phases have an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let all = self.outcomes.iter();
        all.filter(|found| found.outcome == outcome).count()
    }

    /// How many phases have which outcome, worst first, such as `1 regressed, 8 same`,
    /// and how many were not compared.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = Outcome::ALL.map(|outcome| (outcome.name(), self.count(outcome)));
        tally(&counts, self.skipped.len(), "compared")
    }
}

/// Phases by their outcomes, such as `1 regressed, 8 same; 2 not compared`.
pub(super) fn tally(counts: &[(&str, usize)], skipped: usize, done: &str) -> String {
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut tally = match counts.is_empty() {
        true => format!("no phase was {done}"),
        false => counts.join(", "),
    };
    if skipped > 0 {
        tally.push_str(&format!("; {skipped} not {done}"));
    }
    tally
}
