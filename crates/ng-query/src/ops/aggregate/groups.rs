use super::{GroupBy, Key, Measure};

/// What was measured, group by group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Groups {
    /// By what the tokens were put into groups; empty if they were not.
    pub group_by: Vec<GroupBy>,
    /// What was measured of each.
    pub measures: Vec<Measure>,
    /// The groups that have tokens, ascending by their keys. One if the tokens were not
    /// put into groups, also where none is selected.
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
    /// How many weights are NaN and were left out, of extremes and quantiles of the weight;
    /// 0 where there are none of those. A sum or a mean with NaN is NaN.
    pub nan_weights: u64,
}

/// What a measure comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No token has a value that counts.
    Missing,
    /// A whole number, exact.
    Integer(i128),
    /// A number in the units of the column: the `f64` that is nearest to an exact value, or
    /// what the weights sum up to.
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
