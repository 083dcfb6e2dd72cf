use std::fmt;
use std::io;

use arrow_schema::{ArrowError, DataType};
use thiserror::Error;

use crate::value::Escaped;
use crate::{Column, Expected, Format, UnknownColumn, Value};

/// Why tokens cannot be read from columns.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input cannot be read.
    #[error("cannot read: {0}")]
    Io(#[source] io::Error),

    /// The bytes are not Arrow data, or are damaged or compressed.
    #[error("cannot decode Arrow data: {}", FirstLine(.0))]
    Arrow(ArrowError),

    /// The bytes are not a Parquet file, or are damaged or compressed other than by Snappy.
    #[cfg(feature = "parquet")]
    #[error("cannot decode Parquet: {}", FirstLine(.0))]
    Parquet(parquet::errors::ParquetError),

    /// The decoding library panicked on the bytes.
    #[error("invalid {format} data: the decoder panicked")]
    Undecodable {
        /// What the bytes should have been.
        format: Format,
    },

    /// The file ends early.
    #[error("ends after {rows} rows, before the end of an Arrow stream or file")]
    Cut {
        /// The rows found.
        rows: u64,
    },

    /// An Arrow file lacks its footer.
    #[error("no footer, expected one at the end of an Arrow file")]
    NoFooter,

    /// The footer of an Arrow file gives another number of batches than there are.
    #[error("{found} record batches, expected {expected} by the footer")]
    Batches {
        /// How many there are.
        found: usize,
        /// How many the footer has.
        expected: usize,
    },

    /// A Parquet file has another number of rows than its footer says.
    #[error("{found} rows, expected {expected} by the footer")]
    Rows {
        /// How many there are.
        found: u64,
        /// How many the footer has.
        expected: u64,
    },

    /// A line is invalid.
    #[error("line {line}: {cause}")]
    Line {
        /// The line, from 1 on.
        line: u64,
        /// What is wrong with it.
        #[source]
        cause: LineError,
    },

    /// A column has an unknown name.
    #[error(transparent)]
    UnknownColumn(#[from] UnknownColumn),

    /// A column is duplicated.
    #[error("duplicate column {column}")]
    Twice {
        /// The column.
        column: Column,
    },

    /// The id is missing.
    #[error("no column id, expected id or local_id")]
    NoId,

    /// A column has a type that does not fit its values.
    #[error("column {column} is {found}, expected {expected}")]
    Type {
        /// The column.
        column: Column,
        /// Its type.
        found: DataType,
        /// The accepted types.
        expected: &'static str,
    },

    /// A value is null.
    #[error("row {row}{}, column {column}: null, expected a value", AtLine(*line))]
    Null {
        /// The row, from 0 on.
        row: u64,
        /// The line of a text, from 1 on.
        line: Option<u64>,
        /// The column.
        column: Column,
    },

    /// A value does not fit its column.
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

    /// The format is not in this build, or can only be read from a file.
    #[error("{format} cannot be read here: {reason}")]
    Unsupported {
        /// The format.
        format: Format,
        /// Why not.
        reason: &'static str,
    },
}

/// The first line of a library's message, with control characters escaped.
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
    /// The line is too long.
    #[error("longer than {most} bytes")]
    Long {
        /// How long a line may be.
        most: usize,
    },

    /// It has another number of cells than the first line.
    #[error("{found} cell{}, expected {expected}", if *found == 1 { "" } else { "s" })]
    Cells {
        /// How many it has.
        found: usize,
        /// How many the first line has.
        expected: usize,
    },

    /// A quoted cell is not closed.
    #[error("an unclosed quote, or one longer than {most} bytes")]
    OpenQuote {
        /// How long a record may be.
        most: usize,
    },

    /// A cell continues after its closing quote.
    #[error("text after a closing quote, expected a comma or the end of the line")]
    BehindQuote,

    /// An unquoted cell contains a quote.
    #[error("a quote inside an unquoted cell")]
    StrayQuote,

    /// A column name is not UTF-8.
    #[error("a column name that is not UTF-8")]
    Name,

    /// It lacks a column of the first line.
    #[error("no {column}, which the first line has")]
    Missing {
        /// The column.
        column: Column,
    },

    /// It has a column that the first line lacks, or has it twice.
    #[error("{column} is duplicated, or missing from the first line")]
    Extra {
        /// The column.
        column: Column,
    },

    /// It is not a JSON object of numbers and strings.
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

    /// A column of an answer has values without a text form.
    #[error("column {column:?} of type {data_type}, expected numbers, booleans, texts or seconds")]
    Type {
        /// The name of the column.
        column: String,
        /// Its type.
        data_type: Box<DataType>,
    },

    /// The format is not in this build.
    #[error("{format} cannot be written: built without that feature")]
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
