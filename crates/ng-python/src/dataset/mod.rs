//! `Dataset`: many files as one.
//!
//! - `shards` are the tokens of a dataset at a moment, for everything that looks at tokens;
//! - `view` is what they are read from: a folder of the file system, or `remote`, which file systems
//!   of Python's read, or the rows of a `task`, which engines ask for;
//! - `state` is what a `Dataset` object shows at the moment;
//! - `writer` appends, `follow` reads what comes, `change` has the verbs that make a generation, and
//!   `upkeep` those that look after them;
//! - `engines` cuts questions into tasks, for Ray and others, and `task` does them;
//! - `errors` maps errors, `facts` makes Python objects of what generations say.

mod change;
mod engines;
mod errors;
mod facts;
mod follow;
mod remote;
mod shards;
#[expect(
    unsafe_code,
    reason = "maps of shards, whose promise `Dataset` hands on to its user"
)]
mod state;
mod task;
mod upkeep;
mod view;
mod writer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ng_dataset::ng_store::Commit;
use ng_dataset::{CreateOptions, FileId};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Error;
use crate::given::{Whole, path_of};
use crate::tokens::{Origin, Pinned, Tokens};
use crate::whole::of_64_bits;
use crate::work::short;
use errors::other_dataset;
pub(crate) use follow::Follower;
pub(crate) use shards::ShardSet;
use state::At;
pub(crate) use state::{DatasetState, Place};
pub(crate) use task::run_task;
pub(crate) use writer::Writer;

/// Tokens in many files, as one sequence: a folder of shards, with generations.
///
/// It shows a generation, and of each open tail what was committed when it looked; ``refresh``
/// shows the newest. All questions and exports of a `TokenFile` are those of a dataset. What is
/// looked at as an array is read into memory, unless it is within one shard of a mapped dataset.
///
/// ``mapped=False``, the default, reads and verifies block by block. ``mapped=True`` assumes what
/// ``mode="map"`` of a `TokenFile` does, of all shards.
#[pyclass(frozen, extends = Tokens, module = "ngtoken.dataset")]
pub(crate) struct Dataset {
    state: Arc<DatasetState>,
}

impl Dataset {
    fn state(&self) -> &DatasetState {
        &self.state
    }

    fn made(py: Python<'_>, state: DatasetState) -> PyResult<Py<Self>> {
        let state = Arc::new(state);
        state.warn(py)?;
        let origin = Origin::Dataset(Arc::clone(&state));
        let base = PyClassInitializer::from(Tokens::new(origin));
        Py::new(py, base.add_subclass(Self { state }))
    }
}

#[pymethods]
impl Dataset {
    /// Creates a dataset in a new or an empty folder. ``tags`` are names and texts, which all
    /// generations take over until they are changed.
    #[staticmethod]
    #[pyo3(signature = (path, tags = None))]
    fn create(
        py: Python<'_>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        tags: Option<BTreeMap<String, String>>,
    ) -> PyResult<Py<Self>> {
        let state = short(py, || {
            let tags = tags.unwrap_or_default().into_iter();
            let options = tags.fold(CreateOptions::new(), |options, (name, text)| {
                options.tag(name, text)
            });
            DatasetState::of(Place::create(&path, &options)?, &At::Newest, false)
        })?;
        Self::made(py, state)
    }

    /// Opens a dataset: its newest generation, or another one that is kept.
    ///
    /// If the newest is damaged, an older one is shown, with a ``DatasetWarning``; and so if an
    /// open tail cannot be read.
    #[staticmethod]
    #[pyo3(signature = (path, generation = None, mapped = false))]
    fn open(
        py: Python<'_>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        generation: Option<Whole<'_>>,
        mapped: bool,
    ) -> PyResult<Py<Self>> {
        let at = at_of(generation)?;
        let state = short(py, || DatasetState::of(Place::local(&path)?, &at, mapped))?;
        Self::made(py, state)
    }

    /// For ``ngtoken.dataset.open``: one that a file system of Python's reads.
    #[staticmethod]
    #[pyo3(signature = (folder, generation = None))]
    fn _open_remote(
        folder: &Bound<'_, PyAny>,
        generation: Option<Whole<'_>>,
    ) -> PyResult<Py<Self>> {
        let (py, at) = (folder.py(), at_of(generation)?);
        let place = Place::remote(folder)?;
        let state = short(py, || DatasetState::of(place, &at, false))?;
        Self::made(py, state)
    }

    /// Shows the newest generation, and what is committed of its open tails; returns whether
    /// anything has changed. Arrays and snapshots do not change.
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        self.state.refresh_in(py)
    }

    /// The absolute path it was opened by; of one on an object store its URI or its path there, as
    /// a text.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.state.place().folder(py) {
            None => Ok(self.state.path().into_pyobject(py)?.into_any()),
            Some(folder) => folder.bind(py).getattr("name"),
        }
    }

    /// Its random number, in hexadecimal.
    #[getter]
    fn id(&self) -> String {
        self.state.place().id().to_string()
    }

    /// The number of the generation that is shown.
    #[getter]
    fn generation(&self, py: Python<'_>) -> PyResult<u64> {
        let set = self.state.set_in(py)?;
        Ok(set.generation()?.manifest().generation)
    }

    /// The names and texts that the generation notes.
    #[getter]
    fn tags(&self, py: Python<'_>) -> PyResult<BTreeMap<String, String>> {
        let set = self.state.set_in(py)?;
        Ok(set.generation()?.manifest().tags.clone())
    }

    /// Whether shards are mapped.
    #[getter]
    fn mapped(&self) -> bool {
        self.state.is_mapped()
    }

    /// The numbers of the generations that are kept, ascending.
    fn generations(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        short(py, || self.state.generations())
    }

    /// The shards that are shown, in the order of their tokens.
    fn shards<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let set = self.state.set_in(py)?;
        set.generation()?.shard_infos(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let set = self.state.set_in(py)?;
        let (path, generation) = (
            self.state.path().display(),
            set.generation()?.manifest().generation,
        );
        Ok(format!(
            "<ngtoken.Dataset {path} of {} tokens, generation {generation}>",
            set.len()
        ))
    }
}

fn at_of(generation: Option<Whole<'_>>) -> Result<At, Error> {
    let generation = generation.map(|number| of_64_bits("generation", &number));
    Ok(generation.transpose()?.map_or(At::Newest, At::Generation))
}

/// Opens a pickled dataset as it was shown, or some of its tokens, which never change. Its place is
/// a path, or a folder of `ngtoken._remote`.
#[pyfunction]
#[pyo3(name = "_reopen_dataset")]
pub(crate) fn reopen_dataset(
    place: &Bound<'_, PyAny>,
    id: [u8; 16],
    generation: u64,
    tails: Vec<[u8; 64]>,
    mapped: bool,
    range: Option<(usize, usize)>,
) -> PyResult<Py<PyAny>> {
    let py = place.py();
    let place = match place.extract::<PathBuf>() {
        Ok(path) => short(py, || Place::local(&path))?,
        Err(_) => Place::remote(place)?,
    };
    if place.id() != FileId(id) {
        return Err(other_dataset(place.path(), place.id(), FileId(id)).into());
    }
    let at = At::Tails(generation, tails.iter().map(Commit::from_bytes).collect());
    let state = short(py, || DatasetState::of(place, &at, mapped))?;
    let Some((start, end)) = range else {
        return Ok(Dataset::made(py, state)?.into_any());
    };
    let all = short(py, || state.shown())?;
    if start > end || end > all.len() {
        return Err(Error::index(end as i128, all.len()).into());
    }
    let some = Pinned::of_dataset(all.slice(start..end), Arc::new(state));
    Ok(Py::new(py, Tokens::new(Origin::Pinned(some)))?.into_any())
}

/// What a pickle of a dataset has besides the range: its place, and what is shown.
pub(crate) type Pickled<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyBytes>,
    u64,
    Vec<Bound<'py, PyBytes>>,
    bool,
);

pub(crate) fn pickled<'py>(
    py: Python<'py>,
    state: &DatasetState,
    set: &ShardSet,
) -> PyResult<Pickled<'py>> {
    let place = match state.place() {
        Place::Local(path, _) => path.as_os_str().into_pyobject(py)?.into_any(),
        Place::Remote(remote) => remote.folder.bind(py).clone(),
    };
    let shown = set.generation()?;
    let tails = shown.tails();
    let tails = tails.iter().map(|tail| PyBytes::new(py, &tail.to_bytes()));
    let manifest = shown.manifest();
    let id = PyBytes::new(py, &manifest.dataset.0);
    Ok((
        place,
        id,
        manifest.generation,
        tails.collect(),
        set.is_mapped(),
    ))
}
