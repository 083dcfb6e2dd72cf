use std::io;
use std::ops::Range;

use ng_arrow::{Column, UnknownColumn};
use ng_parallel::{Forked, ParallelError};
use ng_store::ReadError;
use ng_token::{Axis, Space};

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A block cannot be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// Mapped tokens cannot be brought into memory.
    #[error("tokens {}..{} of the map cannot be read: {source}", tokens.start, tokens.end)]
    Map {
        /// The positions.
        tokens: Range<u64>,
        /// The system's error.
        source: io::Error,
    },

    /// A part cannot be opened.
    #[error("part {part} cannot be opened: {source}")]
    Part {
        /// Its number.
        part: usize,
        /// What was found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// A part has another number of tokens than was said before it was opened.
    #[error("part {part} has {tokens} tokens, expected {expected}")]
    PartTokens {
        /// Its number.
        part: usize,
        /// How many it has.
        tokens: u64,
        /// How many it was to have.
        expected: u64,
    },

    /// The query was stopped, something panicked, or the workers belong to another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),

    /// The question makes no sense.
    #[error(transparent)]
    Question(#[from] QuestionError),

    /// The tokens fall into more groups than can be kept.
    #[error("more than {most} groups, expected fewer: larger buckets or cubes, or a filter")]
    TooManyGroups {
        /// The limit; lower where quantiles or distinct values are asked for.
        most: usize,
    },

    /// The system refused memory that grows with the tokens or the answer.
    #[error("out of memory: {size_bytes} bytes for {what} refused")]
    OutOfMemory {
        /// The bytes asked for.
        size_bytes: usize,
        /// Their purpose.
        what: &'static str,
    },
}

impl From<Forked> for QueryError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

/// What is wrong with a question, independent of the tokens.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// The answer would have no tokens.
    #[error("k is 0, expected 1 or more")]
    NoneWanted,

    /// No space to measure distances in.
    #[error("no space, expected 1 to 8 to measure distances in")]
    NoSpace,

    /// A space is named twice.
    #[error("space {space} is named twice, expected each once")]
    SpaceTwice {
        /// The space.
        space: Space,
    },

    /// The weight of a space is invalid.
    #[error("weight {weight} of space {space}, expected 0 or more, and finite")]
    SpaceWeight {
        /// The space.
        space: Space,
        /// Its weight.
        weight: f64,
    },

    /// A point does not have one place for each space.
    #[error("a point of {places} places, expected {spaces}, one for each space")]
    Places {
        /// How many places it has.
        places: usize,
        /// How many spaces there are.
        spaces: usize,
    },

    /// A coordinate of a point is not finite.
    #[error("{axis} {value} of a point in space {space}, expected a finite number")]
    Coordinate {
        /// The space.
        space: Space,
        /// The axis.
        axis: Axis,
        /// The coordinate.
        value: f64,
    },

    /// The radius of a ball is invalid.
    #[error("radius {radius}, expected {expected}")]
    Radius {
        /// The radius.
        radius: f64,
        /// What is allowed.
        expected: &'static str,
    },

    /// No column has this name.
    #[error(transparent)]
    Column(#[from] UnknownColumn),

    /// Not a measure, or not one that its column has.
    #[error("measure {text:?}, expected {expected}")]
    Measure {
        /// The measure.
        text: String,
        /// What is allowed.
        expected: &'static str,
    },

    /// An index was opened for another commit than the one queried.
    #[error("the index was opened for another commit than the one that is asked")]
    OtherIndex,

    /// A column whose values are counted, not stored.
    #[error("column {column}, expected one that is stored")]
    NotStored {
        /// The column.
        column: Column,
    },

    /// A measure that partial answers cannot have.
    #[error(
        "{measure} of a part, expected no quantile of a column of 32 bits: it takes two passes"
    )]
    TwoPasses {
        /// The measure.
        measure: String,
    },

    /// There are no bins, or too many.
    #[error("{count} bins, expected 1 to {most}")]
    Bins {
        /// How many.
        count: usize,
        /// The limit.
        most: usize,
    },

    /// The range of the bins is invalid.
    #[error(
        "bins from {low} to {high}, expected a finite range that does not end before it begins"
    )]
    BinRange {
        /// Where the first bin begins.
        low: f64,
        /// Where the last bin ends.
        high: f64,
    },

    /// A quantile is invalid.
    #[error("quantile {share}, expected 0.0 to 1.0")]
    Quantile {
        /// The share of values below it.
        share: f64,
    },

    /// Not something to group by.
    #[error(
        "group by {text:?}, expected entity_type, flags_entity_type, domain, a flag such as \
         active or user_0, time(seconds) or cell(space, size), the size in units and as many steps as \
         the space has, or fewer"
    )]
    GroupBy {
        /// The text.
        text: String,
    },

    /// A key or a measure occurs twice.
    #[error("{what} is asked for twice, expected once")]
    Twice {
        /// The key or the measure.
        what: String,
    },

    /// The keys of the groups are too long.
    #[error("groups whose keys have {bits} bits, expected at most {most}")]
    GroupKeys {
        /// Their length in bits.
        bits: u32,
        /// The limit in bits.
        most: u32,
    },
}
