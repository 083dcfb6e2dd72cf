//! How a verb may end early, apart from the errors of the libraries.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ng_store::{Counted, Shown};
use ng_token::Invalid;
use thiserror::Error;

/// Not an error: the reader does not want the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Ending {
    #[error("interrupted")]
    Interrupted,
    #[error("the reader of standard output has gone")]
    ReaderGone,
}

/// The work is done, but the report cannot be written.
#[derive(Debug, Error)]
#[error("done, but the report could not be written: {cause}")]
pub(crate) struct ReportNotWritten {
    pub(crate) cause: String,
}

/// More tokens are asked for than there are.
#[derive(Debug, Error)]
pub(crate) enum OutOfRange {
    #[error("{}: tokens {}..{} asked for, it has {len}", Shown(path), range.start, range.end)]
    Range {
        path: PathBuf,
        range: Range<u64>,
        len: u64,
    },
    #[error("{}: has {}, --from {from} is beyond its end", Shown(path), Counted(*len, "token"))]
    From { path: PathBuf, from: u64, len: u64 },
}

/// An option that does not fit what a path names.
#[derive(Debug, Error)]
pub(crate) enum Misplaced {
    #[error("{}: is not a dataset, {option} is for datasets only", Shown(path))]
    ExpectsDataset { path: PathBuf, option: &'static str },
}

impl Misplaced {
    pub(crate) fn expects_dataset(path: &Path, option: &'static str) -> Self {
        let path = path.to_owned();
        Self::ExpectsDataset { path, option }
    }
}

/// Why raw records or columns are refused.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    #[error("{name}: is a folder, expected a file or a pipe")]
    Folder { name: String },
    #[error("{name}: cannot read: {source}")]
    Read {
        name: String,
        source: std::io::Error,
    },
    #[error(
        "{name}: {}, expected a multiple of {}",
        Counted(*size_bytes, "byte"), ng_token::Token::SIZE
    )]
    Length { name: String, size_bytes: u64 },
    #[error("{name}: is a token file, expected raw records (`ng copy FILE - --raw` makes them)")]
    TokenFile { name: String },
    #[error("{name}: {source}")]
    Table {
        name: String,
        source: ng_arrow::ReadError,
    },
    #[error(
        "{name}: {}{}, expected {expected}",
        if *at_least { "at least " } else { "" }, Counted(*found, "record")
    )]
    Count {
        name: String,
        /// Whether there may be more, which were not read.
        at_least: bool,
        found: u64,
        expected: u64,
    },
    #[error("{name}: record {record}: {cause}")]
    Record {
        name: String,
        record: u64,
        #[source]
        cause: Invalid,
    },
}

impl InputError {
    /// For an input that was counted to its end.
    pub(crate) fn count(name: String, found: u64, expected: u64) -> Self {
        Self::Count {
            name,
            at_least: false,
            found,
            expected,
        }
    }
}
