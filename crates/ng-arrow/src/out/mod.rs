//! Export: one writer for every format, and the parts of it that threads can share.

mod batch_writer;
#[cfg(feature = "parquet")]
mod lent;
#[cfg(feature = "parquet")]
mod parquet;
mod table_writer;

pub use batch_writer::BatchWriter;
#[cfg(feature = "parquet")]
pub use parquet::{ColumnEncoder, EncodedColumn, ParquetWriter, ROW_GROUP_ROWS};
pub use table_writer::TableWriter;
