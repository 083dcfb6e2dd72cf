use std::io::{self, ErrorKind, Stdout, Write};

use anyhow::{Error, Result};
use ng_arrow::WriteError;
use ng_store::{CreateError, RawDraft};

use crate::ending::Ending;

/// How much is written at once: what suits the page cache.
const CHUNK_BYTES: usize = 1 << 20;

/// A file or standard output, written in whole chunks, and counted.
pub(in crate::verb) struct Out<W> {
    inner: W,
    waiting: Vec<u8>,
    bytes: u64,
}

/// What takes chunks.
pub(in crate::verb) trait Take {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Take for RawDraft {
    /// The error passes through libraries that know only the system's errors: [`cause_of`] takes it
    /// out again.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append_bytes(bytes).map_err(io::Error::other)
    }
}

impl Take for Stdout {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

impl<W: Take> Out<W> {
    pub(in crate::verb) fn new(inner: W) -> Self {
        Self {
            inner,
            waiting: Vec::with_capacity(CHUNK_BYTES),
            bytes: 0,
        }
    }

    /// Writes what is buffered, and returns the destination and the total bytes.
    pub(in crate::verb) fn into_inner(mut self) -> Result<(W, u64)> {
        self.write_waiting().map_err(cause_of)?;
        Ok((self.inner, self.bytes))
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        self.bytes += self.waiting.len() as u64;
        let taken = self.inner.take(&self.waiting);
        self.waiting.clear();
        taken
    }
}

impl<W: Take> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_BYTES - self.waiting.len();
        let part = &bytes[..bytes.len().min(room)];
        self.waiting.extend_from_slice(part);
        if self.waiting.len() == CHUNK_BYTES {
            self.write_waiting()?;
        }
        Ok(part.len())
    }

    /// Chunks stay whole: the end writes what is buffered.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What kept columns from being written.
pub(in crate::verb) fn cause_of(error: impl Into<WriteError>) -> Error {
    let error = match error.into() {
        WriteError::Io(error) => error,
        error => return error.into(),
    };
    if error.kind() == ErrorKind::BrokenPipe {
        return Ending::ReaderGone.into();
    }
    match error.downcast::<CreateError>() {
        Ok(error) => error.into(),
        Err(error) => Error::new(error).context("standard output"),
    }
}
