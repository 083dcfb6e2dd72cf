//! `TokenFile`: tokens in a file that survives crashes.
//!
//! - `state` is the open file, shared by the object and its readers; `backend` is how it is open: a
//!   map, or verified reads;
//! - `losses` warns of commits that may be lost;
//! - `append` is an append in pieces, taken back if one of them fails;
//! - `reports` turns the store's reports into Python dataclasses.

mod append;
#[expect(
    unsafe_code,
    reason = "the constructors that map, whose promise `TokenFile` hands on to its user"
)]
mod backend;
mod losses;
mod reports;
mod state;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_parallel::verify;
use ng_query::index::remove;
use ng_store::{
    AppendOptions, CachePolicy, CreateOptions, DEFAULT_MAX_TOKENS, RepairOptions, repair,
};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{Error, Value};
use crate::given::{Real, Text, Whole, path_of};
use crate::own_output::refuse_index;
use crate::tokens::{Origin, Tokens};
use crate::whole::{count_of, of_64_bits, threads_of};
use crate::work::{long, short};
use backend::{Backend, Mode};
pub(crate) use state::FileState;

/// Tokens in a file: what is committed survives crashes, and is the same for all readers.
///
/// ``mode="map"``, the default, shows the mapped tokens directly, without a copy. It assumes that
/// no other program truncates the file or overwrites committed data: doing so may change tokens
/// under a reader, or end its process with SIGBUS. This package and the tool ``ng`` never do.
/// ``mode="read"`` assumes nothing: it reads and verifies block by block, and takes memory for what
/// is looked at.
///
/// One process appends; others read meanwhile and ``refresh``. A fork can go on reading what was
/// shown, but not append: open the file again there.
///
/// As a context manager, it commits at the end of the block and closes; if the block raises, it
/// commits nothing.
#[pyclass(frozen, extends = Tokens, module = "ngtoken")]
pub(crate) struct TokenFile {
    state: Arc<FileState>,
}

impl TokenFile {
    fn made(py: Python<'_>, state: FileState) -> PyResult<Py<Self>> {
        let state = Arc::new(state);
        let origin = Origin::File(Arc::clone(&state));
        let base = PyClassInitializer::from(Tokens::new(origin));
        Py::new(py, base.add_subclass(Self { state }))
    }

    pub(crate) fn state(&self) -> &FileState {
        &self.state
    }

    /// The path of the file, which must be open.
    pub(crate) fn path_if_open(&self, py: Python<'_>) -> PyResult<PathBuf> {
        short(py, || self.state.with(|_| Ok(self.state.path().to_owned())))
    }

    pub(crate) fn open_to_read(py: Python<'_>, path: PathBuf, mode: &str) -> PyResult<Py<Self>> {
        let mode = Mode::of(mode)?;
        let state = short(py, || {
            FileState::of(&path, mode, || Backend::open(&path, mode))
        })?;
        Self::made(py, state)
    }
}

fn cache_of(name: &str) -> Result<CachePolicy, Error> {
    match name {
        "auto" => Ok(CachePolicy::Auto),
        "keep" => Ok(CachePolicy::Keep),
        "bypass" => Ok(CachePolicy::Bypass),
        other => Err(Error::value(
            "cache",
            Value::Text(other.into()),
            "auto, keep or bypass",
        )),
    }
}

/// Removes the index of a file that was just replaced. While it is being built it stays, and
/// queries put it aside.
fn drop_index_of_another(path: &Path) {
    crate::query::forget(path);
    let _ = remove(path);
}

#[pymethods]
impl TokenFile {
    /// Creates a file, and opens it to append. It gets its name once it is complete and durable.
    ///
    /// The file is made for at most ``max_tokens``, with room for ``reserve`` at once; ``tag`` is a
    /// number of the caller's beside the commit. ``replace`` allows the file to exist, and removes
    /// its index. ``cache`` is the cache policy of written pages: "keep", "bypass", or "auto".
    #[staticmethod]
    #[pyo3(signature = (
        path, *, max_tokens = None, reserve = Whole::Default(0), tag = Whole::Default(0),
        replace = false, mode = Text::Default("map"), cache = Text::Default("auto")
    ), text_signature = "(path, *, max_tokens=None, reserve=0, tag=0, replace=False, \
        mode='map', cache='auto')")]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn create(
        py: Python<'_>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        max_tokens: Option<Whole<'_>>,
        reserve: Whole<'_>,
        tag: Whole<'_>,
        replace: bool,
        mode: Text<'_>,
        cache: Text<'_>,
    ) -> PyResult<Py<Self>> {
        let mode = Mode::of(&mode.text("mode")?)?;
        let max_tokens = max_tokens.map_or(Ok(DEFAULT_MAX_TOKENS), |most| {
            of_64_bits("max_tokens", &most)
        });
        let options = CreateOptions::new()
            .max_tokens(max_tokens?)
            .reserve(of_64_bits("reserve", &reserve)?)
            .tag(of_64_bits("tag", &tag)?)
            .replace(replace)
            .cache(cache_of(&cache.text("cache")?)?);
        let state = short(py, || {
            let state = FileState::of(&path, mode, || Backend::create(&path, mode, &options))?;
            if replace {
                drop_index_of_another(state.path());
            }
            Ok(state)
        })?;
        Self::made(py, state)
    }

    /// Opens a file: to read, unless ``append=True``.
    ///
    /// If the newest commit may be lost, an older one is shown, with a ``LostCommitWarning``, here
    /// or at ``refresh``, once for each finding. ``older_commit=True`` accepts it without a
    /// warning.
    ///
    /// To append, ``older_commit`` gives up a commit that may have been lost, and ``damaged_tail``
    /// continues behind a damaged last block; both are refused otherwise.
    #[staticmethod]
    #[pyo3(signature = (
        path, *, append = false, mode = Text::Default("map"), older_commit = false,
        damaged_tail = false, cache = Text::Default("auto")
    ), text_signature = "(path, *, append=False, mode='map', older_commit=False, \
        damaged_tail=False, cache='auto')")]
    fn open(
        py: Python<'_>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        append: bool,
        mode: Text<'_>,
        older_commit: bool,
        damaged_tail: bool,
        cache: Text<'_>,
    ) -> PyResult<Py<Self>> {
        let mode = Mode::of(&mode.text("mode")?)?;
        let options = AppendOptions::new()
            .older_commit(older_commit)
            .damaged_tail(damaged_tail)
            .cache(cache_of(&cache.text("cache")?)?);
        let mut state = short(py, || {
            FileState::of(&path, mode, || match append {
                true => Backend::open_append(&path, mode, &options),
                false => Backend::open(&path, mode),
            })
        })?;
        if !(append || older_commit) {
            state.look_for_losses();
            losses::warn(py, &state)?;
        }
        Self::made(py, state)
    }

    /// Appends all tokens of an array, of records of 64 bytes, or of an iterable of tokens, arrays
    /// and records, and returns how many. The next commit shows them and makes them durable.
    ///
    /// If the iterable raises, or Ctrl-C interrupts, nothing of this call is appended.
    #[pyo3(signature = (tokens, *, num_threads = None))]
    fn append(
        &self,
        py: Python<'_>,
        tokens: &Bound<'_, PyAny>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<u64> {
        append::append(py, &self.state, tokens, threads_of(num_threads)?)
    }

    /// Makes room for ``additional`` more tokens, if the disk has it.
    fn reserve(&self, py: Python<'_>, additional: Whole<'_>) -> PyResult<()> {
        let additional = count_of("additional", &additional)?;
        short(py, || {
            self.state.change(|backend| backend.reserve(additional))
        })
    }

    /// Makes everything appended durable, and shows it. A tag is a number of the caller's beside
    /// the commit; by default it stays unchanged.
    #[pyo3(signature = (tag = None))]
    fn commit(&self, py: Python<'_>, tag: Option<Whole<'_>>) -> PyResult<()> {
        let tag = tag.map(|tag| of_64_bits("tag", &tag)).transpose()?;
        short(py, || self.state.commit(tag))
    }

    /// Shows what others have committed since, and returns whether there was anything. Arrays and
    /// snapshots do not change. It warns as ``open`` does.
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        let is_new = short(py, || self.state.refresh())?;
        losses::warn(py, &self.state)?;
        Ok(is_new)
    }

    /// Commits what was appended, unless ``commit=False``, and closes the file. Arrays and
    /// snapshots stay valid. Closing twice does nothing.
    #[pyo3(signature = (*, commit = true))]
    fn close(&self, py: Python<'_>, commit: bool) -> PyResult<()> {
        short(py, || self.state.close(commit))
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        short(py, || self.state.is_closed())
    }

    /// The absolute path it was opened by.
    #[getter]
    fn path(&self) -> PathBuf {
        self.state.path().to_owned()
    }

    /// "map" or "read".
    #[getter]
    fn mode(&self) -> &'static str {
        self.state.mode().name()
    }

    /// Whether it was opened to append.
    #[getter]
    fn writable(&self) -> bool {
        self.state.is_appender()
    }

    /// How many tokens were appended, committed or not.
    #[getter]
    fn appended(&self, py: Python<'_>) -> PyResult<u64> {
        short(py, || {
            self.state.with(|backend| Ok(backend.appended_tokens()))
        })
    }

    /// What the file says about itself, as of the commit shown.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let info = short(py, || self.state.with(|backend| Ok(backend.info())))?;
        reports::info(py, self.state.path(), &info)
    }

    /// Checks every block of the newest commit against its hash, and the table of hashes against
    /// its own.
    #[pyo3(signature = (*, num_threads = None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let reader = short(py, || self.state.reader_to_verify())?;
        let tokens = usize::try_from(reader.len()).unwrap_or(usize::MAX);
        let report = long(py, tokens, threads_of(num_threads)?, |workers| {
            Ok(verify(workers, &reader)?)
        })?;
        reports::verification(py, &report)
    }

    /// Writes what is whole of a damaged file to a new one, and reports what is lost. The damaged
    /// file is unchanged.
    ///
    /// A bad block becomes zero tokens, unless ``compact`` leaves it out. ``replace`` allows
    /// ``out`` to exist; ``keep_unproven``, ``older_commit`` and ``salvage`` accept what is not
    /// proved, as ``ng repair`` does.
    #[staticmethod]
    #[pyo3(signature = (
        path, out, *, compact = false, replace = false, keep_unproven = false,
        older_commit = false, salvage = false
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn repair<'py>(
        py: Python<'py>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        #[pyo3(from_py_with = path_of)] out: PathBuf,
        compact: bool,
        replace: bool,
        keep_unproven: bool,
        older_commit: bool,
        salvage: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = RepairOptions::new()
            .compact(compact)
            .replace(replace)
            .keep_unproven(keep_unproven)
            .older_commit(older_commit)
            .salvage(salvage);
        let report = long(py, usize::MAX, None, |workers| {
            let stop = workers.stop_flag();
            let watch = |_| match stop.is_stopped() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            refuse_index(&path, &out).map_err(|error| error.renamed("path", "out"))?;
            let report = repair(&path, &out, &options, watch)?;
            if replace {
                drop_index_of_another(&out);
            }
            Ok(report)
        })?;
        reports::repair(py, &report)
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let state = &slf.get().state;
        short(slf.py(), || state.with(|_| Ok(())))?;
        Ok(slf)
    }

    #[pyo3(signature = (*raised))]
    fn __exit__(&self, py: Python<'_>, raised: &Bound<'_, PyTuple>) -> PyResult<()> {
        let succeeded = raised.iter().all(|part| part.is_none());
        self.close(py, succeeded)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.state.path().display();
        let tokens = short(py, || Ok(self.state.shown().map(|shown| shown.len()).ok()))?;
        Ok(match tokens {
            Some(tokens) => format!("<ngtoken.TokenFile {path} of {tokens} tokens>"),
            None => format!("<ngtoken.TokenFile {path}, closed>"),
        })
    }

    /// Yields what others commit from now on, or from token ``start`` on, as arrays. An array has
    /// at most 262,144 tokens; for a file that is read, only one is held at a time. It refreshes
    /// this file, which then shows those commits as well.
    ///
    /// It looks every ``interval`` seconds, and ends if nothing came for ``timeout`` seconds; by
    /// default it goes on until the file is closed.
    #[pyo3(
        signature = (interval = Real::Default(0.1), *, start = None, timeout = None),
        text_signature = "($self, interval=0.1, *, start=None, timeout=None)"
    )]
    fn follow<'py>(
        slf: &Bound<'py, Self>,
        interval: Real<'py>,
        start: Option<Whole<'py>>,
        timeout: Option<Real<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let interval = interval.number("interval")?;
        let timeout = timeout
            .map(|timeout| timeout.number("timeout"))
            .transpose()?;
        let start = start.map(|start| of_64_bits("start", &start)).transpose()?;
        let stream = slf.py().import("ngtoken._stream")?;
        stream
            .getattr("follow")?
            .call1((slf, interval, start, timeout))
    }
}
