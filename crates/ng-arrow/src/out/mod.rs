//! Columns out: one writer for every format, and the parts of it that many threads can do.

#[cfg(feature = "parquet")]
mod parquet;
mod table_writer;

#[cfg(feature = "parquet")]
pub use parquet::{ColumnEncoder, EncodedColumn, ParquetWriter, ROW_GROUP_ROWS};
pub use table_writer::TableWriter;
