use super::{GroupBy, Key, Measure};

/// What was measured, by group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Groups {
    /// What the tokens are grouped by; empty for one group of all.
    pub group_by: Vec<GroupBy>,
    /// The measures.
    pub measures: Vec<Measure>,
    /// The groups that have tokens, ascending by their keys. Without grouping there is always one,
    /// even if no token is selected.
    pub groups: Vec<Group>,
}

/// The tokens that have a key in common.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// One for each [`GroupBy`].
    pub key: Vec<Key>,
    /// One for each [`Measure`].
    pub values: Vec<Value>,
    /// How many NaN weights were left out of extremes and quantiles of the weight; 0 without such
    /// measures. A sum or mean that includes NaN is NaN.
    pub nan_weights: u64,
}

/// The value of a measure.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No token has a value that counts.
    Missing,
    /// A whole number, exact.
    Integer(i128),
    /// A number in the units of the column: the `f64` nearest to the exact value, or computed from
    /// the sum of the weights.
    Number(f64),
}

impl Value {
    /// Returns the nearest number; `None` if it is missing.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Missing => None,
            Self::Integer(number) => Some(number as f64),
            Self::Number(number) => Some(number),
        }
    }
}
