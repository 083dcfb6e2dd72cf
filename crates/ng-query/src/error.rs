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
        /// What the system says.
        source: io::Error,
    },

    /// It was stopped, or something panicked, or the workers are those of another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),

    /// What is asked for makes no sense.
    #[error(transparent)]
    Question(#[from] QuestionError),

    /// The tokens are in more groups than can be kept.
    #[error("more than {most} groups, expected fewer: larger buckets or cubes, or a filter")]
    TooManyGroups {
        /// How many there may be; fewer where quantiles or distinct values are asked for.
        most: usize,
    },

    /// The system refused the memory for what grows with the tokens or the answer.
    #[error("out of memory: {size_bytes} bytes for {what} refused")]
    OutOfMemory {
        /// The bytes that were asked for.
        size_bytes: usize,
        /// What they were for.
        what: &'static str,
    },
}

impl From<Forked> for QueryError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

/// What is wrong with a question, whatever the tokens are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// The answer would have no tokens.
    #[error("k is 0, expected 1 or more")]
    NoneWanted,

    /// Distances are to be measured in no space.
    #[error("no space, expected 1 to 8 to measure distances in")]
    NoSpace,

    /// Distances are to be measured in a space twice.
    #[error("space {space} is named twice, expected each once")]
    SpaceTwice {
        /// The space.
        space: Space,
    },

    /// The weight of a space is none.
    #[error("weight {weight} of space {space}, expected 0 or more, and finite")]
    SpaceWeight {
        /// The space.
        space: Space,
        /// Its weight.
        weight: f64,
    },

    /// A point has not one place in each space.
    #[error("a point of {places} places, expected {spaces}, one for each space")]
    Places {
        /// How many it has.
        places: usize,
        /// How many spaces there are.
        spaces: usize,
    },

    /// A coordinate of a point is no number.
    #[error("{axis} {value} of a point in space {space}, expected a finite number")]
    Coordinate {
        /// The space.
        space: Space,
        /// The axis.
        axis: Axis,
        /// The coordinate.
        value: f64,
    },

    /// The radius of a ball is none.
    #[error("radius {radius}, expected {expected}")]
    Radius {
        /// The radius.
        radius: f64,
        /// What it may be.
        expected: &'static str,
    },

    /// A name is that of no column.
    #[error(transparent)]
    Column(#[from] UnknownColumn),

    /// A measure is none, or not one of its column.
    #[error("measure {text:?}, expected {expected}")]
    Measure {
        /// The measure.
        text: String,
        /// What it may be.
        expected: &'static str,
    },

    /// An index is not one of the tokens that are asked.
    #[error("the index was opened for another commit than the one that is asked")]
    OtherIndex,

    /// A column is asked for whose values are counted, not stored.
    #[error("column {column}, expected one that is stored")]
    NotStored {
        /// The column.
        column: Column,
    },

    /// There are no bins, or too many.
    #[error("{count} bins, expected 1 to {most}")]
    Bins {
        /// How many.
        count: usize,
        /// How many there may be.
        most: usize,
    },

    /// The range of bins is none.
    #[error(
        "bins from {low} to {high}, expected a finite range that does not end before it begins"
    )]
    BinRange {
        /// Where the first one begins.
        low: f64,
        /// Where the last one ends.
        high: f64,
    },

    /// A quantile is none.
    #[error("quantile {share}, expected 0.0 to 1.0")]
    Quantile {
        /// Its share of the values.
        share: f64,
    },

    /// Something is nothing to group by.
    #[error(
        "group by {text:?}, expected entity_type, flags_entity_type, domain, a flag such as \
         active or user_0, time(seconds) or cell(space, size), the size in units and as many steps as \
         the space has, or fewer"
    )]
    GroupBy {
        /// What it was.
        text: String,
    },

    /// A key or a measure is asked for twice.
    #[error("{what} is asked for twice, expected once")]
    Twice {
        /// The key or the measure.
        what: String,
    },

    /// The keys of the groups are too long.
    #[error("groups whose keys have {bits} bits, expected at most {most}")]
    GroupKeys {
        /// How many bits they have.
        bits: u32,
        /// How many they may have.
        most: u32,
    },
}
