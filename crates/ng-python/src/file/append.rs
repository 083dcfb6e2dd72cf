//! An append in pieces: all of it, or nothing.

use ng_store::Savepoint;
use pyo3::prelude::*;

use super::state::FileState;
use crate::records::Pieces;
use crate::work::{long, short};

/// Appends everything given, and returns the number of tokens.
pub(super) fn append(
    py: Python<'_>,
    state: &FileState,
    given: &Bound<'_, PyAny>,
    threads: Option<usize>,
) -> PyResult<u64> {
    let mut pieces = Pieces::of(given)?;
    let append = Append {
        savepoint: short(py, || state.begin_append())?,
        state,
        succeeded: false,
    };
    let mut appended = 0;
    while let Some(piece) = pieces.next_piece(py)? {
        long(py, piece.len(), threads, |workers| {
            state.with(|backend| backend.append(workers, &piece))
        })?;
        appended += piece.len() as u64;
    }
    append.succeed(py)?;
    Ok(appended)
}

/// An append in progress, which is taken back unless it succeeds.
struct Append<'a> {
    state: &'a FileState,
    savepoint: Savepoint,
    succeeded: bool,
}

impl Append<'_> {
    fn succeed(mut self, py: Python<'_>) -> PyResult<()> {
        self.succeeded = true;
        let state = self.state;
        short(py, || {
            state.end_append(None);
            Ok(())
        })
    }
}

impl Drop for Append<'_> {
    fn drop(&mut self) {
        if !self.succeeded {
            let (state, savepoint) = (self.state, &self.savepoint);
            Python::attach(|py| py.detach(|| state.end_append(Some(savepoint))));
        }
    }
}
