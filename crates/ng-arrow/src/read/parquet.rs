use std::error::Error;
use std::fs::File;
use std::io;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;

use super::chunks::Chunks;
use crate::ReadError;

/// How many rows are decoded at once.
const BATCH_ROWS: usize = 1 << 13;

/// A Parquet file. An embedded Arrow schema is ignored: the types of Parquet suffice.
pub(super) struct Parquet {
    reader: ParquetRecordBatchReader,
    rows: u64,
    seen: u64,
}

impl Parquet {
    pub(super) fn open(file: File) -> Result<Self, ReadError> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let chunks = Chunks::new(file).map_err(ReadError::Io)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(chunks, options);
        let builder = builder.map_err(of_parquet)?;
        let rows = builder.metadata().file_metadata().num_rows();
        let rows = u64::try_from(rows).unwrap_or(0);
        let reader = builder.with_batch_size(BATCH_ROWS).build();
        Ok(Self {
            reader: reader.map_err(of_parquet)?,
            rows,
            seen: 0,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    /// How many rows the file claims to have.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let batch = self.reader.next().transpose().map_err(of_arrow)?;
        match &batch {
            Some(batch) => self.seen += batch.num_rows() as u64,
            None if self.seen != self.rows => {
                return Err(ReadError::Rows {
                    found: self.seen,
                    expected: self.rows,
                });
            }
            None => {}
        }
        Ok(batch)
    }
}

/// Recovers an I/O error from whatever wraps it.
fn of_parquet(error: ParquetError) -> ReadError {
    match error {
        ParquetError::External(source) => match io_error(source) {
            Ok(source) => ReadError::Io(source),
            Err(source) => ReadError::Parquet(ParquetError::External(source)),
        },
        error => ReadError::Parquet(error),
    }
}

fn of_arrow(error: ArrowError) -> ReadError {
    match error {
        ArrowError::ParquetError(told) => ReadError::Parquet(ParquetError::General(told)),
        ArrowError::ExternalError(source) => match source.downcast::<ParquetError>() {
            Ok(error) => of_parquet(*error),
            Err(source) => ReadError::Arrow(ArrowError::ExternalError(source)),
        },
        error => error.into(),
    }
}

fn io_error(
    source: Box<dyn Error + Send + Sync>,
) -> Result<io::Error, Box<dyn Error + Send + Sync>> {
    source.downcast::<io::Error>().map(|error| *error)
}
