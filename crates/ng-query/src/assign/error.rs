use std::fmt;
use std::ops::Range;

use ng_arrow::{Column, Expected};

use super::tree::Assignments;
use crate::FilterError;
use crate::filter::Excerpt;

/// What is wrong with assignments.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentsError {
    /// A word, a number or a time is wrong, as it could be in a filter.
    #[error(transparent)]
    Text(#[from] FilterError),

    /// A column is not stored in tokens.
    #[error("{column} cannot be assigned: it is not stored in the token")]
    NotStored {
        /// The column.
        column: Column,
    },

    /// A column or flag is assigned twice, or is a part of another one that is.
    #[error("{}", Overlap(.name, .earlier))]
    Twice {
        /// The later column or flag.
        name: &'static str,
        /// The earlier column or flag.
        earlier: &'static str,
    },

    /// A value is the same for all tokens, and its column cannot store it.
    #[error(transparent)]
    Value(#[from] AssignedValueError),

    /// An expression is nested too deeply.
    #[error(
        "more than {} levels of brackets, functions and signs",
        Assignments::DEPTH_MAX
    )]
    TooDeep,

    /// The expressions are too long.
    #[error("more than {} numbers and columns", Assignments::OPERANDS_MAX)]
    TooMany,
}

struct Overlap<'a>(&'a str, &'a str);

impl fmt::Display for Overlap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, earlier) = self;
        match name == earlier {
            true => write!(f, "{name} is assigned twice"),
            false => write!(f, "{name} overlaps {earlier}, which is assigned already"),
        }
    }
}

/// A result that its column cannot store.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignedValueError {
    /// A weight is less than 0, NaN, or finite but beyond every `f32`.
    #[error("weight {value:?}, expected 0.0 to {:?}, or inf", f32::MAX)]
    Weight {
        /// The result.
        value: f64,
    },

    /// The value of another column is out of range, NaN, or not whole where it must be.
    #[error("{column} {value:?}, expected {expected}")]
    Range {
        /// The column.
        column: Column,
        /// The result, in units.
        value: f64,
        /// What the column stores.
        expected: Expected,
    },
}

/// Why assignments cannot be applied to tokens.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignError {
    /// The column of a token cannot store the result.
    #[error("position {position}: {cause}")]
    Value {
        /// The token's position.
        position: u64,
        /// The column, the result, and what was expected.
        #[source]
        cause: AssignedValueError,
    },
}

/// What is wrong with the text of assignments, and where.
///
/// It shows the cause, the line, and carets below the error:
///
/// ```
/// use ng_query::Assignments;
///
/// let error = "weight = wieght * 0.5".parse::<Assignments>().unwrap_err();
/// assert_eq!(error.span(), 9..15);
/// assert_eq!(
///     error.to_string(),
///     "unknown column or function `wieght`, the nearest is `weight`
///   weight = wieght * 0.5
///            ^^^^^^"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ParseAssignmentsError {
    cause: AssignmentsError,
    excerpt: Excerpt,
}

impl ParseAssignmentsError {
    /// Keeps the excerpt. The span lies within the text, between characters.
    pub(super) fn new(text: &str, span: Range<usize>, cause: AssignmentsError) -> Self {
        let excerpt = Excerpt::new(text, span);
        Self { cause, excerpt }
    }

    /// Returns the cause.
    #[must_use]
    pub const fn cause(&self) -> &AssignmentsError {
        &self.cause
    }

    /// Returns the byte range of the error in the text; an empty range at the end if something is
    /// missing there.
    #[must_use]
    pub const fn span(&self) -> Range<usize> {
        self.excerpt.span()
    }
}

impl fmt::Display for ParseAssignmentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.cause, self.excerpt)
    }
}

impl std::error::Error for ParseAssignmentsError {}
