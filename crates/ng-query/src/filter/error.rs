use std::fmt;
use std::ops::Range;

use ng_arrow::Column;
use ng_token::{Axis, Space};

use super::decimal::Decimal;
use super::excerpt::{Excerpt, shortened};
use super::lexeme::Lexeme;
use super::tree::Filter;

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A value is NaN, which satisfies no comparison but `!=`.
    #[error("value nan, expected a number")]
    Nan,

    /// A weight is compared with NaN. Weights can be NaN, and another filter finds them.
    #[error("value nan, expected a number; `not weight <= inf` holds where the weight is nan")]
    NanWeight,

    /// A number cannot be read.
    #[error("number `{found}`, expected one such as -0.5, 1e3, 1_000, 0x101 or inf")]
    Number {
        /// The text found, shortened.
        found: String,
    },

    /// A number has more digits than are kept exactly.
    #[error("number of {digits} digits, expected at most {}", Decimal::DIGITS_MAX)]
    Digits {
        /// How many digits it has without leading and trailing zeros.
        digits: usize,
    },

    /// A number is too large or too small.
    #[error(
        "exponent {exponent} behind the last digit, expected -{max} to {max}",
        max = Decimal::EXPONENT_MAX
    )]
    Exponent {
        /// The exponent of ten of the last nonzero digit.
        exponent: i64,
    },

    /// A time cannot be read.
    #[error(
        "time `{found}`, expected one in UTC such as 2023-11-14 or 2023-11-14T22:13:20Z, \
         1970 to 9999, of at most nine decimals"
    )]
    Time {
        /// The text found, shortened.
        found: String,
    },

    /// The centre of a ball is not a point.
    #[error("{space} ball with centre {axis} {value}, expected a finite number")]
    Centre {
        /// The ball's space.
        space: Space,
        /// The first axis that is wrong.
        axis: Axis,
        /// The coordinate there.
        value: Decimal,
    },

    /// The radius of a ball is less than 0.
    #[error("{space} ball with radius {radius}, expected 0 or greater")]
    Radius {
        /// The ball's space.
        space: Space,
        /// The radius.
        radius: Decimal,
    },

    /// A value does not fit its column.
    #[error("{found} is not a value of {column}, expected {expected}")]
    Value {
        /// The column.
        column: Column,
        /// The text found, shortened.
        found: String,
        /// What the column takes.
        expected: &'static str,
    },

    /// An unknown name.
    #[error("unknown {kind} `{found}`{}", Nearest(*.nearest))]
    Unknown {
        /// What was expected.
        kind: &'static str,
        /// The text found, shortened.
        found: String,
        /// The most similar name, if there is one.
        nearest: Option<&'static str>,
    },

    /// Something else is expected here.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// The text found, shortened.
        found: String,
        /// What is expected.
        expected: &'static str,
    },

    /// A filter is nested too deeply.
    #[error(
        "more than {} levels of brackets, `and`, `or` and `not`",
        Filter::DEPTH_MAX
    )]
    TooDeep,

    /// A filter has too many conditions.
    #[error("more than {} conditions", Filter::CONDITIONS_MAX)]
    TooMany,

    /// A filter's text is too long.
    #[error("text of {bytes} bytes, expected at most {}", Filter::TEXT_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl FilterError {
    pub(crate) fn unexpected(found: Lexeme<'_>, expected: &'static str) -> Self {
        let found = found.to_string();
        Self::Unexpected { found, expected }
    }

    pub(crate) fn unknown(kind: &'static str, word: &str, nearest: Option<&'static str>) -> Self {
        Self::Unknown {
            kind,
            found: shortened(word),
            nearest,
        }
    }
}

struct Nearest(Option<&'static str>);

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, ", the nearest is `{name}`"),
            None => Ok(()),
        }
    }
}

/// What is wrong with the text of a filter, and where.
///
/// It shows the cause, the line, and carets below the error:
///
/// ```
/// use ng_query::Filter;
///
/// let error = "wieght >= 0.5 and active".parse::<Filter>().unwrap_err();
/// assert_eq!(error.span(), 0..6);
/// assert_eq!(
///     error.to_string(),
///     "unknown column, flag or entity type `wieght`, the nearest is `weight`
///   wieght >= 0.5 and active
///   ^^^^^^"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFilterError {
    cause: FilterError,
    excerpt: Excerpt,
}

impl ParseFilterError {
    /// Keeps the excerpt. The span lies within the text, between characters.
    pub(super) fn new(text: &str, span: Range<usize>, cause: FilterError) -> Self {
        let excerpt = Excerpt::new(text, span);
        Self { cause, excerpt }
    }

    /// Returns the cause.
    #[must_use]
    pub const fn cause(&self) -> &FilterError {
        &self.cause
    }

    /// Returns the byte range of the error in the text; an empty range at the end if something is
    /// missing there.
    #[must_use]
    pub const fn span(&self) -> Range<usize> {
        self.excerpt.span()
    }
}

impl fmt::Display for ParseFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.cause, self.excerpt)
    }
}

impl std::error::Error for ParseFilterError {}
