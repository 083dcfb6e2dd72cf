use std::io::{ErrorKind, Result, Write};

use crate::WriteError;

/// The output that the Parquet library writes to, taken back at the end: the library does
/// not report which error its last bytes met.
pub(super) struct Lent<W>(Option<W>);

impl<W: Write> Lent<W> {
    pub(super) fn new(out: W) -> Self {
        Self(Some(out))
    }

    pub(super) fn take(&mut self) -> std::result::Result<W, WriteError> {
        self.0.take().ok_or(WriteError::Io(GONE.into()))
    }

    fn out(&mut self) -> Result<&mut W> {
        self.0.as_mut().ok_or(GONE.into())
    }
}

/// Nothing is written after the end.
const GONE: ErrorKind = ErrorKind::NotConnected;

impl<W: Write> Write for Lent<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.out()?.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.out()?.flush()
    }
}
