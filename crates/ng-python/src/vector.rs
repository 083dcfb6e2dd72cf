//! `TokenVec`: tokens in memory.

use std::sync::Arc;

use ng_store::{TokenSink, TokenStore, VecStore};
use pyo3::prelude::*;

use crate::array::over;
use crate::buf::Buf;
use crate::error::{Class, Error, FORKED};
use crate::given::Whole;
use crate::lock::Lock;
use crate::memory::{Memory, counted};
use crate::records::{Piece, Pieces};
use crate::shown::Shown;
use crate::token::PyToken;
use crate::tokens::{Origin, Tokens, position};
use crate::whole::{count_of, index_of};
use crate::work::{long, short};

/// The tokens of a vector, which do not move while they are looked at.
pub(crate) struct Vector {
    memory: Lock<Arc<Memory>>,
}

impl Vector {
    pub(crate) fn of(store: VecStore) -> Self {
        Self {
            memory: Lock::new(Arc::new(Memory::of(store))),
        }
    }

    /// # Errors
    ///
    /// `ForkedError` if it was being changed when this process was forked.
    pub(crate) fn memory(&self) -> Result<Arc<Memory>, Error> {
        self.look(|memory| Ok(Arc::clone(memory)))
    }

    pub(crate) fn shown(&self) -> Result<Shown, Error> {
        Ok(Shown::of_memory(self.memory()?))
    }

    /// Looks at the tokens for a moment, in which they do not change: this does not count as a
    /// view, which would refuse changes. It may wait for a lock: without the GIL.
    ///
    /// # Errors
    ///
    /// `ForkedError` if it was being changed when this process was forked.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&Arc<Memory>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        look(&*self.memory.look().ok_or_else(changed_in_parent)?)
    }

    /// Does what [`look`](Self::look) does, unless they are being changed.
    pub(crate) fn look_at_once<T>(&self, look: impl FnOnce(&Arc<Memory>) -> T) -> Option<T> {
        Some(look(&*self.memory.look_at_once()?))
    }

    /// What it shows, unless it is being changed.
    pub(crate) fn shown_at_once(&self) -> Option<Shown> {
        self.look_at_once(Arc::clone).map(Shown::of_memory)
    }

    /// Changes the tokens, which must have no views. It may wait for a lock: without the GIL.
    ///
    /// # Errors
    ///
    /// `BufferError` if there are views.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut VecStore) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let held = self.memory.lock();
        changed(&mut *held.ok_or_else(changed_in_parent)?, change)
    }

    /// Changes the tokens in a moment.
    fn change_a_little(
        &self,
        py: Python<'_>,
        change: impl FnOnce(&mut VecStore) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        match self.memory.lock_at_once() {
            Some(mut held) => Ok(changed(&mut held, change)?),
            None => short(py, || self.change(change)),
        }
    }
}

fn changed_in_parent() -> Error {
    let text = "a TokenVec that was being changed when its process was forked";
    Error::new(FORKED, text)
}

fn changed<T>(
    held: &mut Arc<Memory>,
    change: impl FnOnce(&mut VecStore) -> Result<T, Error>,
) -> Result<T, Error> {
    let views = Arc::strong_count(held) - 1;
    let Some(memory) = Arc::get_mut(held) else {
        let text = format!(
            "a TokenVec cannot be changed while it has {}: delete the arrays and snapshots first",
            counted(views, "view")
        );
        return Err(Error::new(Class::Buffer, text));
    };
    let nothing = Memory::of(VecStore::new());
    let store = std::mem::replace(memory, nothing).into_store();
    change(&mut Taken { memory, store }.store)
}

/// The tokens taken out of a memory, which gets them back even after a panic.
struct Taken<'a> {
    memory: &'a mut Memory,
    store: VecStore,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let store = std::mem::replace(&mut self.store, VecStore::new());
        *self.memory = Memory::of(store);
    }
}

/// Tokens in memory: 64 bytes each, one after the other.
///
/// ``v[a:b]`` and ``view()`` are read-only numpy arrays over the vector's own memory; while there
/// are any, it cannot grow (``BufferError``, as for `bytearray`).
#[pyclass(frozen, extends = Tokens, module = "ngtoken")]
pub(crate) struct TokenVec {
    vector: Arc<Vector>,
}

impl TokenVec {
    pub(crate) fn made_of(store: VecStore) -> PyClassInitializer<Self> {
        let vector = Arc::new(Vector::of(store));
        let origin = Origin::Vector(Arc::clone(&vector));
        PyClassInitializer::from(Tokens::new(origin)).add_subclass(Self { vector })
    }

    fn append_piece(&self, py: Python<'_>, piece: &Piece) -> PyResult<usize> {
        long(py, piece.len(), None, |workers| {
            self.vector
                .change(|store| piece.append_to(store, workers))?;
            Ok(piece.len())
        })
    }
}

#[pymethods]
impl TokenVec {
    /// Makes an empty vector with room for `capacity` tokens.
    #[new]
    #[pyo3(signature = (capacity = Whole::Default(0)), text_signature = "(capacity=0)")]
    fn new(py: Python<'_>, capacity: Whole<'_>) -> PyResult<PyClassInitializer<Self>> {
        let capacity = count_of("capacity", &capacity)?;
        let store = short(py, || Ok(VecStore::try_with_capacity(capacity)?))?;
        Ok(Self::made_of(store))
    }

    /// How many tokens fit before it must grow.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        short(py, || self.vector.look(|memory| Ok(memory.capacity())))
    }

    /// Appends a token.
    fn append(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, token) = (token.py(), PyToken::of(token)?);
        self.vector
            .change_a_little(py, |store| Ok(store.append(&[token])?))
    }

    /// Appends all tokens of an array, of records of 64 bytes, or of an iterable of tokens, arrays
    /// and records; or nothing, if that raises.
    fn extend(&self, py: Python<'_>, tokens: &Bound<'_, PyAny>) -> PyResult<usize> {
        // Its own tokens are copied: nothing may look at them while it grows.
        let of_itself = match tokens.cast::<Self>() {
            Ok(other) => Arc::ptr_eq(&other.get().vector, &self.vector),
            Err(_) => false,
        };
        let tokens = match of_itself {
            true => &tokens.call_method0("tobytes")?,
            false => tokens,
        };
        let mut pieces = Pieces::of(tokens)?;
        if pieces.is_whole() {
            return match pieces.next_piece(py)? {
                Some(piece) => self.append_piece(py, &piece),
                None => Ok(0),
            };
        }
        // Nothing is appended before everything is there: the iterator may still raise.
        let mut all = VecStore::new();
        while let Some(piece) = pieces.next_piece(py)? {
            long(py, piece.len(), None, |workers| {
                piece.append_to(&mut all, workers)
            })?;
        }
        short(py, || {
            self.vector
                .change(|store| Ok(store.append(all.tokens())?))?;
            Ok(all.len())
        })
    }

    /// Makes room for `additional` more tokens.
    fn reserve(&self, py: Python<'_>, additional: Whole<'_>) -> PyResult<()> {
        let additional = count_of("additional", &additional)?;
        short(py, || {
            self.vector
                .change(|store| Ok(store.reserve_exact(additional)?))
        })
    }

    /// Removes the tokens from index `count` on, and keeps the room.
    fn truncate(&self, py: Python<'_>, count: Whole<'_>) -> PyResult<()> {
        let count = count_of("count", &count)?;
        short(py, || {
            self.vector.change(|store| {
                store.truncate(count);
                Ok(())
            })
        })
    }

    /// Removes all tokens, and keeps the room.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.truncate(py, Whole::Default(0))
    }

    /// The tokens as an array over the vector's own memory.
    ///
    /// A writable one changes the vector, which its other arrays show. While it exists, snapshots,
    /// streams and operations are refused, and vice versa (``BufferError``); single tokens can
    /// still be read.
    #[pyo3(signature = (*, writable = false))]
    fn view<'py>(&self, py: Python<'py>, writable: bool) -> PyResult<Bound<'py, PyAny>> {
        let memory = short(py, || self.vector.memory())?;
        let buf = match writable {
            true => {
                let all = 0..memory.len();
                Buf::writable(memory, all)?
            }
            false => Buf::of(Shown::of_memory(memory)),
        };
        over(py, buf)
    }

    /// Replaces a token.
    fn __setitem__(&self, index: Whole<'_>, token: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, token) = (token.py(), PyToken::of(token)?);
        let index = index_of(&index, || short(py, || Ok(self.vector.memory()?.len())))?;
        self.vector.change_a_little(py, |store| {
            let tokens = store.tokens_mut();
            let position = position(index, tokens.len())?;
            tokens[position] = token;
            Ok(())
        })
    }

    /// Panics during a change, for the tests.
    fn _panic(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || self.vector.change(|_| panic!("on purpose")))
    }

    /// Refuses to delete a token.
    fn __delitem__(&self, _index: &Bound<'_, PyAny>) -> PyResult<()> {
        let text = "a TokenVec does not support deletion of tokens";
        Err(Error::new(Class::Type, text).into())
    }

    /// The bytes, with protocol 5: out of band if the pickler accepts that.
    fn __reduce_ex__<'py>(
        slf: &Bound<'py, Self>,
        protocol: i32,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        let py = slf.py();
        let load = py.import("ngtoken._pickle")?.getattr("load_vector")?;
        let bytes = match protocol >= 5 {
            true => py
                .import("pickle")?
                .getattr("PickleBuffer")?
                .call1((slf,))?,
            false => slf.call_method0("tobytes")?,
        };
        Ok((load, (bytes,)))
    }
}
