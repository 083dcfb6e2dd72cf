//! Iterators: over tokens, and over arrays of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_token::Token;
use pyo3::prelude::*;

use crate::array::over;
use crate::buf::Buf;
use crate::error::{Error, FORKED};
use crate::lock::Lock;
use crate::shown::Shown;
use crate::token::PyToken;
use crate::tokens::Origin;
use crate::work::{long, short};

/// How many tokens are copied at a time: those of a page.
const BATCH: usize = 64;

/// The most tokens copied from a file at a time: those of a block.
const FILE_BATCH: usize = 4096;

/// Iterates over tokens one by one, including those that a vector gets meanwhile.
///
/// It copies some tokens at a time, and holds nothing in between: a vector can grow meanwhile.
#[pyclass(frozen, module = "ngtoken._core")]
pub(crate) struct TokenIter {
    origin: Origin,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    batch: Vec<Token>,
    /// How many of the batch were given.
    given: usize,
    /// Where the next batch begins.
    position: usize,
}

impl TokenIter {
    pub(crate) fn of(origin: Origin) -> Self {
        Self {
            origin,
            state: Lock::new(State::default()),
        }
    }

    /// Copies the next batch of a vector, unless it is being changed. Holds the GIL, which a fork
    /// needs: otherwise a fork could keep the vector's lock forever.
    fn refill_at_once(&self, state: &mut State) -> Option<Result<(), Error>> {
        let Origin::Vector(vector) = &self.origin else {
            return None;
        };
        vector.look_at_once(|memory| state.refill(&Shown::of_memory(Arc::clone(memory))))
    }

    /// Copies the next batch, without the GIL.
    fn fetch(&self) -> Result<Option<Token>, Error> {
        let text = "an iterator that was in use when its process was forked";
        let state = self.state.lock();
        let mut state = state.ok_or_else(|| Error::new(FORKED, text))?;
        if state.given == state.batch.len() {
            self.origin.look(|shown| state.refill(shown))?;
        }
        Ok(next_of(&mut state))
    }
}

impl State {
    fn refill(&mut self, shown: &Shown) -> Result<(), Error> {
        if self.position >= shown.len() {
            return Ok(());
        }
        let most = match shown {
            Shown::File(..) | Shown::Shards(..) => FILE_BATCH,
            Shown::Memory(..) | Shown::Map(_) => BATCH,
        };
        self.batch.clear();
        self.given = 0;
        shown.copy_from(self.position, most, &mut self.batch)?;
        self.position += self.batch.len();
        Ok(())
    }
}

/// The next token of a batch.
fn next_of(state: &mut State) -> Option<Token> {
    let token = state.batch.get(state.given).copied();
    state.given += usize::from(token.is_some());
    token
}

#[pymethods]
impl TokenIter {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyToken>> {
        // No holder of the lock waits for the GIL.
        if let Some(mut state) = self.state.lock_at_once() {
            if let Some(token) = next_of(&mut state) {
                return Ok(Some(token.into()));
            }
            if let Some(filled) = self.refill_at_once(&mut state) {
                filled?;
                return Ok(next_of(&mut state).map(PyToken::from));
            }
        }
        Ok(short(py, || self.fetch())?.map(PyToken::from))
    }
}

/// Iterates over tokens in arrays of a size.
#[pyclass(frozen, module = "ngtoken._core")]
pub(crate) struct Chunks {
    shown: Shown,
    size: usize,
    position: AtomicUsize,
}

impl Chunks {
    pub(crate) fn of(shown: Shown, size: usize) -> Self {
        Self {
            shown,
            size,
            position: AtomicUsize::new(0),
        }
    }
}

#[pymethods]
impl Chunks {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __len__(&self) -> usize {
        let left = self
            .shown
            .len()
            .saturating_sub(self.position.load(Ordering::Relaxed));
        left.div_ceil(self.size)
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let len = self.shown.len();
        let take = |at: usize| (at < len).then(|| at.saturating_add(self.size).min(len));
        let position = &self.position;
        let Ok(start) = position.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) else {
            return Ok(None);
        };
        let end = start.saturating_add(self.size).min(len);
        let mut some = self.shown.slice(start..end);
        if some.is_of_files() {
            some = long(py, some.len(), None, |workers| some.passing(workers))?;
        }
        over(py, Buf::of(some)).map(Some)
    }
}
