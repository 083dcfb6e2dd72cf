use std::fmt;
use std::io;

use arrow_schema::{ArrowError, DataType};
use thiserror::Error;

use crate::value::Escaped;
use crate::{Column, Expected, Format, UnknownColumn, Value};

/// Why tokens cannot be taken from columns.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input cannot be read.
    #[error("cannot read: {0}")]
    Io(#[source] io::Error),

    /// The bytes are no Arrow data, damaged, or compressed.
    #[error("cannot decode Arrow data: {}", FirstLine(.0))]
    Arrow(ArrowError),

    /// The bytes are no Parquet file, a damaged one, or one of another compression than
    /// Snappy.
    #[cfg(feature = "parquet")]
    #[error("cannot decode Parquet: {}", FirstLine(.0))]
    Parquet(parquet::errors::ParquetError),

    /// The bytes made the library panic that decodes them.
    #[error("not sound {format} data: its decoder gave up")]
    Undecodable {
        /// What the bytes should have been.
        format: Format,
    },

    /// The file ends before it says that it does.
    #[error("ends after {rows} rows, before the end of an Arrow stream or file")]
    Cut {
        /// The rows that are there.
        rows: u64,
    },

    /// An Arrow file has no end as such files have.
    #[error("no footer, expected one at the end of an Arrow file")]
    NoFooter,

    /// The footer of an Arrow file is of another number of batches than there are.
    #[error("{found} record batches, expected {expected} as the footer has it")]
    Batches {
        /// How many there are.
        found: usize,
        /// How many the footer has.
        expected: usize,
    },

    /// A Parquet file has not the rows that it says it has.
    #[error("{found} rows, expected {expected} as the footer has it")]
    Rows {
        /// How many there are.
        found: u64,
        /// How many the footer has.
        expected: u64,
    },

    /// A line is no line of the format.
    #[error("line {line}: {cause}")]
    Line {
        /// The line, from 1 on.
        line: u64,
        /// What is wrong with it.
        #[source]
        cause: LineError,
    },

    /// A column has a name that is none.
    #[error(transparent)]
    UnknownColumn(#[from] UnknownColumn),

    /// A column is there twice.
    #[error("column {column} is there twice")]
    Twice {
        /// The column.
        column: Column,
    },

    /// There is no id.
    #[error("no column id, expected that or local_id")]
    NoId,

    /// A column has a type that its values cannot have.
    #[error("column {column} is {found}, expected {expected}")]
    Type {
        /// The column.
        column: Column,
        /// Its type.
        found: DataType,
        /// The types that it may have.
        expected: &'static str,
    },

    /// There is no value.
    #[error("row {row}{}, column {column}: null, expected a value", AtLine(*line))]
    Null {
        /// The row, from 0 on.
        row: u64,
        /// The line of a text, from 1 on.
        line: Option<u64>,
        /// The column.
        column: Column,
    },

    /// A value is not one that the column can have.
    #[error("row {row}{}, column {column}: {value}, expected {expected}", AtLine(*line))]
    Value {
        /// The row, from 0 on.
        row: u64,
        /// The line of a text, from 1 on.
        line: Option<u64>,
        /// The column.
        column: Column,
        /// The value.
        value: Value,
        /// What was expected.
        expected: Expected,
    },

    /// A format was asked for that this build does not have, or that cannot be read from
    /// what is no file.
    #[error("{format} cannot be read here: {reason}")]
    Unsupported {
        /// The format.
        format: Format,
        /// Why not.
        reason: &'static str,
    },
}

/// What a library says, without the places that it went through, and with nothing that could
/// control a terminal.
struct FirstLine<'a, E>(&'a E);

impl<E: fmt::Display> fmt::Display for FirstLine<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.to_string();
        Escaped(told.lines().next().unwrap_or_default()).fmt(f)
    }
}

struct AtLine(Option<u64>);

impl fmt::Display for AtLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a line of text.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is too long.
    #[error("longer than {most} bytes")]
    Long {
        /// How long a line may be.
        most: usize,
    },

    /// It has another number of cells than the first one.
    #[error("{found} cell{}, expected {expected}", if *found == 1 { "" } else { "s" })]
    Cells {
        /// How many it has.
        found: usize,
        /// How many the first line has.
        expected: usize,
    },

    /// A cell begins with a quote, and has no closing one.
    #[error("a quote that is not closed, or not within {most} bytes")]
    OpenQuote {
        /// How long a record may be.
        most: usize,
    },

    /// A cell goes on behind its closing quote.
    #[error("text behind a closing quote, expected a comma or the end of the line")]
    BehindQuote,

    /// A cell without quotes has one in it.
    #[error("a quote in a cell that begins without one")]
    StrayQuote,

    /// A name is no text.
    #[error("a column name that is not UTF-8")]
    Name,

    /// It has no value of a column that the first line has.
    #[error("no {column}, which the first line has")]
    Missing {
        /// The column.
        column: Column,
    },

    /// It has a value of a column that the first line has not, or has it twice.
    #[error("{column} is there, which the first line has not, or there twice")]
    Extra {
        /// The column.
        column: Column,
    },

    /// It is no JSON object of numbers and texts.
    #[error("no JSON object: {0}")]
    Json(#[source] serde_json::Error),
}

/// Why columns cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),

    /// Arrow refuses.
    #[error("cannot write Arrow data: {0}")]
    Arrow(#[source] ArrowError),

    /// Parquet refuses.
    #[cfg(feature = "parquet")]
    #[error("cannot write Parquet: {0}")]
    Parquet(#[source] parquet::errors::ParquetError),

    /// A column of an answer has values that no line of text has.
    #[error("column {column:?} of type {data_type}, expected numbers, booleans, texts or seconds")]
    Type {
        /// The name of the column.
        column: String,
        /// Its type.
        data_type: Box<DataType>,
    },

    /// A format that this build does not have.
    #[error("{format} cannot be written: built without the feature of that name")]
    Unsupported {
        /// The format.
        format: Format,
    },
}

impl From<ArrowError> for WriteError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, source) => Self::Io(source),
            error => Self::Arrow(error),
        }
    }
}

impl From<ArrowError> for ReadError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, source) if source.kind() != io::ErrorKind::UnexpectedEof => {
                Self::Io(source)
            }
            error => Self::Arrow(error),
        }
    }
}

#[cfg(feature = "parquet")]
impl From<parquet::errors::ParquetError> for WriteError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError;
        match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Self::Io(*source),
                Err(source) => Self::Parquet(ParquetError::External(source)),
            },
            error => Self::Parquet(error),
        }
    }
}
