use std::fmt;
use std::str::FromStr;

use ng_arrow::Column;

use super::call::{Call, parse_list};
use crate::QuestionError;
use crate::ordered::key_bits;

/// What is measured of the tokens of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Measure {
    /// `count`: how many there are.
    Count,
    /// `min(column)`: the least value, NaN left out.
    Min(Column),
    /// `max(column)`: the greatest value, NaN left out.
    Max(Column),
    /// `sum(column)`: exact, except for the weight, whose blocks of 4096 tokens are summed in `f64`
    /// and added in order; NaN if one of them is NaN.
    Sum(Column),
    /// `mean(column)`: the sum divided by the number of tokens.
    Mean(Column),
    /// `stddev(column)`: the sample standard deviation (divided by n - 1).
    StdDev(Column),
    /// `quantile(column, p)`: the value at index `round(p (n - 1))` of the n sorted values, NaN
    /// left out; ties round up. `median(column)` is the quantile at 0.5.
    Quantile(Column, f64),
    /// `distinct(column)`: how many different values there are.
    Distinct(Column),
}

impl Measure {
    /// Whether it is a quantile of a column of 32 bits.
    pub(super) fn takes_two_passes(&self) -> bool {
        matches!(self, Self::Quantile(column, _) if key_bits(*column) > 16)
    }

    /// Parses measures with commas between them.
    ///
    /// # Errors
    ///
    /// [`QuestionError`] of the first that is invalid.
    pub fn list(measures: &str) -> Result<Vec<Self>, QuestionError> {
        parse_list(measures)
    }

    /// The column that is measured.
    pub(super) fn column(self) -> Option<Column> {
        match self {
            Self::Count => None,
            Self::Min(column)
            | Self::Max(column)
            | Self::Sum(column)
            | Self::Mean(column)
            | Self::StdDev(column)
            | Self::Quantile(column, _)
            | Self::Distinct(column) => Some(column),
        }
    }

    /// Whether NaN weights are left out, as for extremes and quantiles.
    pub(super) fn leaves_nan_out(self) -> bool {
        matches!(
            self,
            Self::Min(Column::Weight)
                | Self::Max(Column::Weight)
                | Self::Quantile(Column::Weight, _)
        )
    }

    /// Refuses a measure that its column cannot have.
    pub(super) fn check(self) -> Result<(), QuestionError> {
        match self {
            Self::Quantile(_, share) if !(0.0..=1.0).contains(&share) => {
                Err(QuestionError::Quantile { share })
            }
            Self::Distinct(Column::Weight) | Self::Distinct(Column::Position) => {
                Err(QuestionError::Measure {
                    text: self.to_string(),
                    expected: "a column of whole numbers that is stored",
                })
            }
            _ if self.column() == Some(Column::Position) => Err(QuestionError::Measure {
                text: self.to_string(),
                expected: "a column that is stored",
            }),
            _ => Ok(()),
        }
    }
}

impl FromStr for Measure {
    type Err = QuestionError;

    fn from_str(text: &str) -> Result<Self, QuestionError> {
        let unknown = || QuestionError::Measure {
            text: text.to_owned(),
            expected: "count, or min, max, sum, mean, stddev, median, distinct or quantile of a \
                       column, such as mean(weight) or quantile(weight, 0.9)",
        };
        let call = Call::parse(text).ok_or_else(unknown)?;
        let column = |name: &str| name.parse::<Column>();
        let measure = match (call.name, call.arguments.as_slice()) {
            ("count", []) => Self::Count,
            ("min", [name]) => Self::Min(column(name)?),
            ("max", [name]) => Self::Max(column(name)?),
            ("sum", [name]) => Self::Sum(column(name)?),
            ("mean", [name]) => Self::Mean(column(name)?),
            ("stddev", [name]) => Self::StdDev(column(name)?),
            ("median", [name]) => Self::Quantile(column(name)?, 0.5),
            ("distinct", [name]) => Self::Distinct(column(name)?),
            ("quantile", [name, share]) => {
                Self::Quantile(column(name)?, share.parse().map_err(|_| unknown())?)
            }
            _ => return Err(unknown()),
        };
        measure.check()?;
        Ok(measure)
    }
}

/// Shows it as it is parsed.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count"),
            Self::Min(column) => write!(f, "min({column})"),
            Self::Max(column) => write!(f, "max({column})"),
            Self::Sum(column) => write!(f, "sum({column})"),
            Self::Mean(column) => write!(f, "mean({column})"),
            Self::StdDev(column) => write!(f, "stddev({column})"),
            Self::Quantile(column, share) => write!(f, "quantile({column}, {share})"),
            Self::Distinct(column) => write!(f, "distinct({column})"),
        }
    }
}
