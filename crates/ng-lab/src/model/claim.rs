//! Claims others published about the measured work, checked against a run.

use serde::{Deserialize, Serialize};

use crate::model::Interval95;

/// One statement and the verdict on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// A short name, unique in the report.
    pub id: String,
    /// Where the statement is published.
    pub source: String,
    /// The statement.
    pub statement: String,
    /// The claimed figure with its unit; empty if there is none.
    pub said: String,
    /// The figure measured here.
    pub measured: Option<ClaimFigure>,
    /// Whether the statement stands.
    pub verdict: ClaimVerdict,
    /// The reason, in a sentence.
    pub reason: String,
}

/// A figure that a statement is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimFigure {
    /// The figure.
    pub value: f64,
    /// What it counts; a unit that begins with `x` marks a ratio.
    pub unit: String,
    /// Its interval, if it has one.
    pub ci95: Option<Interval95>,
    /// Rounds it was measured in; none for a computed figure.
    pub rounds: Option<usize>,
}

/// What a run says about a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimVerdict {
    /// The figures here agree with it.
    Holds,
    /// The figures here contradict it.
    DoesNotHold,
    /// The figures here do not decide it.
    CannotBeTold,
}

impl ClaimVerdict {
    /// Every verdict, in the order of a summary.
    pub(crate) const ALL: [Self; 3] = [Self::Holds, Self::DoesNotHold, Self::CannotBeTold];

    /// The verdict in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::CannotBeTold => "cannot be told",
        }
    }
}
