//! What somebody else said of the measured work, held against a run.

use serde::{Deserialize, Serialize};

use crate::model::Interval95;

/// One statement and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// A short name, unique in the report.
    pub id: String,
    /// Where the statement stands.
    pub source: String,
    /// What is said.
    pub statement: String,
    /// The figure that is said, with its unit; empty where there is none.
    pub said: String,
    /// The figure that was found here.
    pub measured: Option<ClaimFigure>,
    /// Whether the statement stands.
    pub verdict: ClaimVerdict,
    /// Why, in a sentence.
    pub reason: String,
}

/// A figure that a statement is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimFigure {
    /// The figure.
    pub value: f64,
    /// What it counts; a unit that begins with `x` is that of a ratio.
    pub unit: String,
    /// Its interval, where it has one.
    pub ci95: Option<Interval95>,
    /// Rounds that it was measured in; none for a figure that was computed.
    pub rounds: Option<usize>,
}

/// What a run has to say to a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimVerdict {
    /// What was found here agrees with it.
    Holds,
    /// What was found here contradicts it.
    DoesNotHold,
    /// Nothing was found here that decides it.
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
