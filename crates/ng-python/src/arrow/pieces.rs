use std::sync::{Mutex, PoisonError};

use ng_arrow::Import;
use ng_arrow::arrow_array::RecordBatch;
use ng_token::Token;
use pyo3::prelude::*;

use super::c_stream::{Batches, CStream};
use crate::columns::owned;
use crate::error::{Error, FORKED};
use crate::lock::Lock;
use crate::work::short;

/// The most tokens of an array.
const ROWS: usize = 1 << 16;

/// Iterates over the tokens of a stream of columns, in arrays; an error about a value names its row
/// and column.
#[pyclass(frozen, name = "_ArrowPieces", module = "ngtoken._core")]
pub(crate) struct ArrowPieces {
    /// Another library's stream is for one thread at a time, even to look at; the mutex ensures it.
    reading: Lock<Mutex<Reading>>,
}

struct Reading {
    stream: Batches,
    import: Import,
    /// A batch with rows left to give, and the first of them.
    batch: Option<(RecordBatch, usize)>,
    rows: u64,
}

#[pymethods]
impl ArrowPieces {
    /// Takes the stream of an object with ``__arrow_c_stream__``.
    #[new]
    fn new(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let stream = CStream::of(given)?;
        let reading = short(py, || {
            let stream = stream.begun()?;
            Ok(Reading {
                import: Import::of_schema(stream.schema())?,
                stream,
                batch: None,
                rows: 0,
            })
        })?;
        Ok(Self {
            reading: Lock::new(Mutex::new(reading)),
        })
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let text = "a stream that was in use when its process was forked";
        let tokens = short(py, || match self.reading.lock() {
            Some(mut reading) => {
                let reading = reading.get_mut();
                reading.unwrap_or_else(PoisonError::into_inner).next()
            }
            None => Err(Error::new(FORKED, text)),
        })?;
        tokens.map(|tokens| owned(py, tokens)).transpose()
    }
}

impl Reading {
    fn next(&mut self) -> Result<Option<Vec<Token>>, Error> {
        let (batch, start) = match self.batch.take() {
            Some(rest) => rest,
            None => match self.next_batch()? {
                Some(batch) => (batch, 0),
                None => return Ok(None),
            },
        };
        let rows = ROWS.min(batch.num_rows() - start);
        let mut tokens = Vec::with_capacity(rows);
        self.import
            .read(&batch.slice(start, rows), self.rows, &mut tokens)?;
        self.rows += rows as u64;
        if start + rows < batch.num_rows() {
            self.batch = Some((batch, start + rows));
        }
        Ok(Some(tokens))
    }

    /// The next batch that has rows.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            match self.stream.next_batch()? {
                Some(batch) if batch.num_rows() == 0 => {}
                batch => return Ok(batch),
            }
        }
    }
}
