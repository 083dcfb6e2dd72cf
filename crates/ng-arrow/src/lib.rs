//! NeuroGraph tokens as Arrow columns: the schema, tokens to record batches and back, and
//! Arrow IPC, Parquet (feature `parquet`), CSV and JSON lines in and out.
//!
//! ```
//! use ng_arrow::{Column, Form, Import, batch_of};
//! use ng_token::{Space, Token};
//!
//! let token = Token::builder(7)
//!     .coordinate(Space::Physical, [1.5, -2.25, 0.0])
//!     .weight(0.5)
//!     .build()?;
//! let batch = batch_of(&[token], 0, &Column::DEFAULT, Form::Units);
//! assert_eq!(batch.num_columns(), 33);
//!
//! let mut back = Vec::new();
//! Import::of_schema(&batch.schema())?.read(&batch, 0, &mut back)?;
//! assert_eq!(back, [token]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It runs no queries, knows no token file, and starts no thread. Where many threads can
//! work on one file, it hands out the parts:
//! [`ParquetWriter::encoders`](crate::ParquetWriter::encoders), [`TextRows`].
//!
//! Start reading at `column.rs` and `form.rs`: the names and the types. Then `batch.rs` and
//! `import/` convert in both directions, `out/` and `read/` handle the formats, `text/` the
//! text form of numbers.
//!
//! Input is untrusted: whatever is in a file, reading it yields tokens or a [`ReadError`].

#![forbid(unsafe_code)]

mod batch;
mod column;
mod compression;
mod error;
mod form;
mod format;
mod import;
mod layout;
mod nearest;
mod out;
mod read;
mod text;
mod value;

// The version that these arrays and batches come from.
pub use {arrow_array, arrow_ipc, arrow_schema, ng_token};

pub use batch::{Positions, batch_of, batch_with};
pub use column::{Column, ColumnsError, UnknownColumn};
pub use compression::{Compression, UnknownCompression};
pub use error::{LineError, ReadError, WriteError};
pub use form::{FORM_KEY, Form, NAMES_KEY, STEPS_KEY, schema};
pub use format::{Format, UnknownFormat};
pub use import::{Import, NoFit, Number};
pub use layout::Layout;
pub use nearest::nearest_name;
pub use out::{BatchWriter, TableWriter};
#[cfg(feature = "parquet")]
pub use out::{ColumnEncoder, EncodedColumn, ParquetWriter, ROW_GROUP_ROWS};
pub use read::{TableReader, is_decoding};
pub use text::{ArrayCell, TextRows};
pub use value::{Expected, Value};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
