//! What Python gives to append: arrays, records of 64 bytes, tokens, iterables of them.

use std::ops::Range;

use ng_parallel::{Workers, fill, ingest_batches};
use ng_store::{TokenSink, VecStore};
use ng_token::Token;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple};

use crate::error::Error;
use crate::memory::copied;

/// Pieces of records, one after the other. `ngtoken._records` makes arrays of the argument.
pub(crate) struct Pieces {
    arrays: Py<PyIterator>,
    is_whole: bool,
}

impl Pieces {
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let records = given.py().import("ngtoken._records")?;
        let arrays = records.getattr("pieces")?.call1((given,))?;
        Ok(Self {
            is_whole: arrays.is_instance_of::<PyTuple>(),
            arrays: arrays.try_iter()?.unbind(),
        })
    }

    /// Whether all tokens are at hand, in one piece or none. Otherwise making the next piece may
    /// overwrite this one, and may raise.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The next one; `None` after the last.
    pub(crate) fn next_piece(&mut self, py: Python<'_>) -> PyResult<Option<Piece>> {
        let array = self.arrays.bind(py).clone().next().transpose()?;
        array.map(|array| Piece::of(&array)).transpose()
    }
}

/// Records in contiguous memory of another object, which is kept alive.
pub(crate) struct Piece {
    buffer: PyUntypedBuffer,
}

impl Piece {
    fn of(array: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = PyUntypedBuffer::get(array)?;
        let is_whole = buffer.len_bytes().is_multiple_of(Token::SIZE);
        match buffer.is_c_contiguous() && is_whole {
            true => Ok(Self { buffer }),
            false => {
                let found = format!("of {} bytes", buffer.len_bytes());
                Err(Error::wrong_type("tokens", found, "contiguous records of 64 bytes").into())
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len_bytes() / Token::SIZE
    }

    /// Appends all to a vector, by workers.
    pub(crate) fn append_to(&self, store: &mut VecStore, workers: &Workers) -> Result<(), Error> {
        Ok(fill(workers, store, self.len(), |index| self.token(index))?)
    }

    /// Appends all by workers, which copy each token once before it is hashed and written: so
    /// concurrent writes to the array cannot separate a block from its hash.
    pub(crate) fn ingest_into<S>(&self, workers: &Workers, sink: &mut S) -> Result<(), Error>
    where
        S: TokenSink<Error: Into<Error>>,
    {
        let copy = |range: Range<usize>, tokens: &mut Vec<Token>| {
            tokens.extend(range.map(|index| self.token(index)));
            Ok::<_, Error>(())
        };
        Ok(ingest_batches(workers, sink, self.len(), copy)?)
    }

    #[expect(unsafe_code, reason = "the memory of others is known by a pointer")]
    /// Copies a record.
    pub(crate) fn token(&self, index: usize) -> Token {
        assert!(index < self.len(), "record {index} of {}", self.len());
        let start = self.buffer.buf_ptr().cast::<[u8; Token::SIZE]>();
        // SAFETY: (1) The buffer is contiguous, `index` is within it, and it is kept alive. (2) The
        // memory belongs to a Python object, which is responsible for its own threads' writes.
        unsafe { copied(start.wrapping_add(index).cast()) }
    }
}
