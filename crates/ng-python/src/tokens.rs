//! `Tokens`: what vectors, files and snapshots have in common.

use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::Arc;

use ng_token::Token;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice};

use crate::array::over;
use crate::buf::{Buf, Export, address, clear, release};
use crate::dataset::DatasetState;
use crate::error::Error;
use crate::file::FileState;
use crate::given::Whole;
use crate::iter::{Chunks, TokenIter};
use crate::memory::Slice;
use crate::shown::Shown;
use crate::token::PyToken;
use crate::vector::Vector;
use crate::whole;
use crate::work::{long, short};

/// A sequence of tokens: a vector, a file, or a snapshot of either.
///
/// ``tokens[i]`` is a `Token`, ``tokens[a:b]`` a numpy array of ``TOKEN_DTYPE`` over the tokens'
/// own memory, without a copy. Arrays keep alive what they show.
#[pyclass(frozen, subclass, weakref, module = "ngtoken")]
pub(crate) struct Tokens {
    origin: Origin,
}

/// Where an object's tokens come from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// What a vector has at the moment.
    Vector(Arc<Vector>),
    /// What a file shows at the moment.
    File(Arc<FileState>),
    /// What a dataset shows at the moment.
    Dataset(Arc<DatasetState>),
    /// What never changes.
    Pinned(Pinned),
}

/// Tokens that never change.
#[derive(Clone)]
pub(crate) struct Pinned {
    shown: Shown,
    /// The path of their file, if any.
    path: Option<Arc<PathBuf>>,
    /// Their dataset, if any.
    dataset: Option<Arc<DatasetState>>,
    /// Prevents writable views of a vector.
    _unwritten: Option<Arc<Slice>>,
}

impl Pinned {
    /// Some tokens of a dataset.
    pub(crate) fn of_dataset(shown: Shown, dataset: Arc<DatasetState>) -> Self {
        Self {
            shown,
            path: Some(Arc::new(dataset.path().to_owned())),
            dataset: Some(dataset),
            _unwritten: None,
        }
    }

    /// The rows of a task.
    pub(crate) fn of_task(shown: Shown) -> Self {
        Self {
            shown,
            path: None,
            dataset: None,
            _unwritten: None,
        }
    }
}

impl Origin {
    /// What is shown at this moment. It may wait for a lock: without the GIL.
    pub(crate) fn shown(&self) -> Result<Shown, Error> {
        match self {
            Self::Vector(vector) => vector.shown(),
            Self::File(file) => file.shown(),
            Self::Dataset(dataset) => dataset.shown(),
            Self::Pinned(pinned) => Ok(pinned.shown.clone()),
        }
    }

    /// The dataset of the tokens.
    pub(crate) fn dataset(&self) -> Option<&Arc<DatasetState>> {
        match self {
            Self::Vector(_) | Self::File(_) => None,
            Self::Dataset(dataset) => Some(dataset),
            Self::Pinned(pinned) => pinned.dataset.as_ref(),
        }
    }

    /// The path of the tokens' file.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Vector(_) => None,
            Self::File(file) => Some(file.path().to_owned()),
            Self::Dataset(dataset) => Some(dataset.path().to_owned()),
            Self::Pinned(pinned) => pinned.path.as_deref().cloned(),
        }
    }

    /// What is shown at this moment, fixed. It may wait for a lock: without the GIL.
    ///
    /// # Errors
    ///
    /// `BufferError` if the vector has a writable view.
    pub(crate) fn pinned(&self) -> Result<Pinned, Error> {
        if let Self::Pinned(pinned) = self {
            return Ok(pinned.clone());
        }
        let shown = self.shown()?;
        Ok(Pinned {
            _unwritten: shown.unwritten()?.map(Arc::new),
            path: self.path().map(Arc::new),
            dataset: self.dataset().cloned(),
            shown,
        })
    }

    /// Looks at what is shown at this moment, without preventing later changes of a vector. It may
    /// wait for a lock: without the GIL.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&Shown) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Self::Vector(vector) => {
                vector.look(|memory| look(&Shown::of_memory(Arc::clone(memory))))
            }
            other => look(&other.shown()?),
        }
    }

    /// Does what [`look`](Self::look) does, if the lock is free.
    fn look_at_once<T>(
        &self,
        look: impl FnOnce(&Shown) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        match self {
            Self::Vector(vector) => {
                vector.look_at_once(|memory| look(&Shown::of_memory(Arc::clone(memory))))
            }
            other => Some(other.shown_at_once()?.and_then(|shown| look(&shown))),
        }
    }

    /// Tells whether it is a file, or from one, that is mapped.
    pub(crate) fn is_mapped(&self) -> bool {
        match self {
            Self::Vector(_) => false,
            Self::File(file) => file.is_mapped(),
            Self::Dataset(dataset) => dataset.is_mapped(),
            Self::Pinned(pinned) => match &pinned.shown {
                Shown::Memory(..) | Shown::File(..) => false,
                Shown::Map(_) => true,
                Shown::Shards(shards, _) => shards.is_mapped(),
            },
        }
    }

    /// What is shown at this moment, if the lock is free.
    pub(crate) fn shown_at_once(&self) -> Option<Result<Shown, Error>> {
        match self {
            Self::Vector(vector) => vector.shown_at_once().map(Ok),
            Self::File(file) => file.shown_at_once(),
            Self::Dataset(dataset) => dataset.shown_at_once(),
            Self::Pinned(pinned) => Some(Ok(pinned.shown.clone())),
        }
    }
}

impl Tokens {
    pub(crate) fn new(origin: Origin) -> Self {
        Self { origin }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What is shown at this moment.
    pub(crate) fn shown(&self, py: Python<'_>) -> PyResult<Shown> {
        match self.origin.shown_at_once() {
            Some(shown) => Ok(shown?),
            None => short(py, || self.origin.shown()),
        }
    }

    /// Looks for a moment at what is shown.
    fn look<T: Send>(
        &self,
        py: Python<'_>,
        look: impl Fn(&Shown) -> Result<T, Error> + Send + Sync,
    ) -> PyResult<T> {
        match self.origin.look_at_once(&look) {
            Some(outcome) => Ok(outcome?),
            None => short(py, || self.origin.look(&look)),
        }
    }

    /// Copies a token, by a Python index.
    fn token(&self, py: Python<'_>, index: i128) -> PyResult<Token> {
        let token = |shown: &Shown| shown.token(position(index, shown.len())?);
        match &self.origin {
            Origin::Vector(_) => self.look(py, token),
            _ => match self.shown(py)? {
                shown @ (Shown::File(..) | Shown::Shards(..)) => short(py, || token(&shown)),
                at_hand => Ok(token(&at_hand)?),
            },
        }
    }

    /// The tokens shown at this moment, ready to be looked at.
    pub(crate) fn at_hand(&self, py: Python<'_>) -> PyResult<Shown> {
        at_hand(py, &self.shown(py)?)
    }
}

/// Loads tokens that are still in a file.
pub(crate) fn at_hand(py: Python<'_>, shown: &Shown) -> PyResult<Shown> {
    match shown {
        Shown::Memory(..) | Shown::Map(_) => Ok(shown.clone()),
        Shown::File(..) | Shown::Shards(..) => {
            long(py, shown.len(), None, |workers| shown.at_hand(workers))
        }
    }
}

/// An array of some tokens, loading no more than from the first to the last.
fn sliced<'py>(
    py: Python<'py>,
    shown: &Shown,
    slice: &Bound<'py, PySlice>,
) -> PyResult<Bound<'py, PyAny>> {
    let indices = slice.indices(shown.len() as isize)?;
    let (step, count) = (indices.step, indices.slicelength);
    let some = match count.checked_sub(1) {
        None => 0..0,
        Some(steps) => {
            let last = indices.start + steps as isize * step;
            indices.start.min(last) as usize..indices.start.max(last) as usize + 1
        }
    };
    let array = over(py, Buf::of(at_hand(py, &shown.slice(some))?))?;
    match step {
        1 => Ok(array),
        // Backwards, the last loaded one is the first one.
        ..=-1 => array.get_item(PySlice::new(py, -1, isize::MIN, step)),
        0.. => array.get_item(PySlice::new(py, 0, isize::MAX, step)),
    }
}

/// A Python index, which counts from the end if negative.
pub(crate) fn position(index: i128, len: usize) -> Result<usize, Error> {
    let from_start = match index < 0 {
        true => index.saturating_add(len as i128),
        false => index,
    };
    match usize::try_from(from_start) {
        Ok(position) if position < len => Ok(position),
        _ => Err(Error::index(index, len)),
    }
}

#[pymethods]
impl Tokens {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.look(py, |shown| Ok(shown.len()))
    }

    fn __getitem__<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = index.py();
        if let Ok(slice) = index.cast::<PySlice>() {
            return sliced(py, &self.shown(py)?, slice);
        }
        let index = whole::index_of(&Whole::As(index.clone()), || self.__len__(py))?;
        let token = self.token(py, index)?;
        Ok(Bound::new(py, PyToken::from(token))?.into_any())
    }

    fn __iter__(&self) -> TokenIter {
        TokenIter::of(self.origin.clone())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let class = slf.get_type().name()?;
        let len = slf.get().__len__(slf.py())?;
        Ok(format!("<ngtoken.{class} of {len} tokens>"))
    }

    /// The tokens as a read-only array over their own memory.
    ///
    /// Those of a file opened with ``mode="read"`` are read and verified, once for a commit.
    fn view<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        over(py, Buf::of(self.at_hand(py)?))
    }

    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let view = self.view(py)?;
        py.import("ngtoken._records")?
            .getattr("as_array")?
            .call1((view, dtype, copy))
    }

    /// The records as bytes, copied.
    pub(crate) fn tobytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.view(py)?.call_method0("tobytes")?;
        Ok(bytes.cast_into::<PyBytes>()?)
    }

    /// The tokens of this moment, however the vector or the file changes. A vector cannot have
    /// snapshots and writable views at the same time (``BufferError``).
    fn snapshot(&self, py: Python<'_>) -> PyResult<Self> {
        let pinned = short(py, || self.origin.pinned())?;
        Ok(Self::new(Origin::Pinned(pinned)))
    }

    /// A snapshot of some of the tokens, with start and stop as in a slice.
    #[pyo3(signature = (start = None, stop = None))]
    fn slice(
        &self,
        py: Python<'_>,
        start: Option<Whole<'_>>,
        stop: Option<Whole<'_>>,
    ) -> PyResult<Self> {
        let mut pinned = short(py, || self.origin.pinned())?;
        let len = pinned.shown.len();
        let start = start.map_or(Ok(0), |start| whole::bound_of("start", &start, len))?;
        let stop = stop.map_or(Ok(len), |stop| whole::bound_of("stop", &stop, len))?;
        pinned.shown = pinned.shown.slice(start..stop.max(start));
        Ok(Self::new(Origin::Pinned(pinned)))
    }

    /// Whether the tokens are still in a file, to be read and verified.
    #[getter]
    fn _in_file(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.shown(py)?.is_in_file())
    }

    /// The tokens as arrays of `size` each, one after the other, the last one shorter.
    ///
    /// Arrays of memory and of mapped files are views; for a file opened with ``mode="read"``, each
    /// is read and verified when its turn comes, and only one is held.
    #[pyo3(
        signature = (size = Whole::Default(65536)),
        text_signature = "($self, size=65536)"
    )]
    fn iter_chunks(&self, py: Python<'_>, size: Whole<'_>) -> PyResult<Chunks> {
        let size = whole::at_least_one("size", &size)?;
        Ok(Chunks::of(self.shown(py)?, size))
    }

    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: (1) The interpreter passes a view to fill.
        unsafe { clear(view) };
        let shown = slf.get().at_hand(slf.py())?;
        let export = Export {
            start: address(&shown)?,
            len: shown.len(),
            is_readonly: true,
            keeps: Some(shown),
        };
        // SAFETY: (1) The interpreter passes a view to fill. (2) The view keeps what `start` points
        // to.
        unsafe { export.fill(slf.as_any(), view, flags) }
    }

    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: (1) The view is one that `__getbuffer__` filled, and is released once.
        unsafe { release(view) };
    }
}
