//! Indexes: opened beside a file, built, and made after a sort.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::SystemTime;

use ng_parallel::Workers;
use ng_query::Column;
use ng_query::index::{BuildOptions, BuildReport, Index, build, index_folder, remove};
use ng_query::order::{Order, SortOptions, SortReport, sort_file};
use ng_store::{BlockReader, Commit, CreateOptions, ProcessMark};
use ng_token::{Axis, Space};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::answers::{made, warn_of_index};
use super::measures::names_of;
use super::question::Question;
use super::subject::Subject;
use crate::columns::{order_of, space_of};
use crate::error::{Class, Error, Value};
use crate::file::TokenFile;
use crate::given::{Whole, path_of};
use crate::own_output::refuse_index;
use crate::shown::Shown;
use crate::whole::{self, threads_of};
use crate::work::long;

/// How many indexes are kept open: those of the most recently queried files.
const MOST_OPEN: usize = 4;

/// The open indexes, latest last: zones are read once for a commit.
static OPEN: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

struct Opened {
    path: PathBuf,
    commit: Commit,
    manifest: Stamp,
    is_mapped: bool,
    /// In a fork, what an index initialises on first use may stay half initialised for ever.
    process: ProcessMark,
    index: Arc<Index>,
}

/// Which manifest was read.
#[derive(PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    inode: u64,
}

impl Stamp {
    /// The manifest beside a file; `None` if there is none.
    fn of(path: &Path) -> Option<Self> {
        let manifest = index_folder(path).join("index.json").metadata().ok()?;
        Some(Self {
            modified: manifest.modified().ok(),
            len: manifest.len(),
            inode: manifest.ino(),
        })
    }
}

/// Closes the open index of a file.
pub(crate) fn forget(path: &Path) {
    if let Some(mut open) = open_indexes() {
        open.retain(|opened| opened.path != path);
    }
}

/// The open indexes, unless another thread holds them: rather than wait, a thread opens its own. In
/// a fork, the lock may never be released.
fn open_indexes() -> Option<MutexGuard<'static, Vec<Opened>>> {
    match OPEN.try_lock() {
        Ok(open) => Some(open),
        Err(TryLockError::Poisoned(open)) => Some(open.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Question {
    /// The index of the queried tokens: for a file's whole commit, if there is one and it may be
    /// used.
    pub(crate) fn index_of(&self, subject: &Subject) -> Option<Arc<Index>> {
        let path = self.how.index.then(|| self.path()).flatten()?;
        let stamp = Stamp::of(&path)?;
        // Maps are only for mapped files.
        let is_mapped = self.origin.is_mapped();
        match subject.shown() {
            // Each shard has its own.
            Shown::Memory(..) | Shown::Shards(..) => None,
            Shown::Map(snapshot) => {
                let commit = *snapshot.commit();
                let is_whole = snapshot.start() == 0 && snapshot.len() as u64 == commit.tokens;
                let reader = || {
                    BlockReader::open(&path)
                        .ok()
                        .filter(|it| it.commit() == commit)
                };
                is_whole.then(|| opened(&path, commit, stamp, is_mapped, reader))?
            }
            Shown::File(file, range) => {
                let reader = file.reader();
                let is_whole = range.len() as u64 == reader.len();
                let reader_of = || Some(reader.clone());
                let commit = reader.commit();
                is_whole.then(|| opened(&path, commit, stamp, is_mapped, reader_of))?
            }
        }
    }
}

/// The index of a commit, opened before or now.
fn opened(
    path: &Path,
    commit: Commit,
    manifest: Stamp,
    is_mapped: bool,
    reader: impl FnOnce() -> Option<BlockReader>,
) -> Option<Arc<Index>> {
    let is_it = |it: &Opened| {
        it.path == path
            && it.commit == commit
            && it.manifest == manifest
            && it.is_mapped == is_mapped
            && it.process.is_this_process()
    };
    if let Some(open) = open_indexes()
        && let Some(known) = open.iter().find(|it| is_it(it))
    {
        return Some(Arc::clone(&known.index));
    }
    let reader = reader()?;
    let index = match is_mapped {
        // SAFETY: (1) `mode="map"` of `TokenFile` assumes that nobody changes the files of the
        // index while they are mapped; builders write new ones.
        true => unsafe { Index::open(&reader) },
        false => Index::load(&reader),
    }?;
    let index = Arc::new(index);
    keep(Opened {
        path: path.to_owned(),
        commit,
        manifest,
        is_mapped,
        process: ProcessMark::of_this_process(),
        index: Arc::clone(&index),
    });
    Some(index)
}

/// Keeps an index open, in place of that of another commit of its file.
fn keep(opened: Opened) {
    let Some(mut open) = open_indexes() else {
        return;
    };
    open.retain(|it| it.path != opened.path || it.is_mapped != opened.is_mapped);
    if open.len() == MOST_OPEN {
        open.remove(0);
    }
    open.push(opened);
}

#[pymethods]
impl TokenFile {
    /// Builds the index beside the file, or brings it up to date with the newest commit: zones, and
    /// the requested columns, sorted ids and boxes of spaces. Existing parts are kept up as well,
    /// unless ``only=True``; ``rebuild=True`` builds everything again.
    ///
    /// Columns are names, or a string separated by commas; a space means its three columns.
    #[pyo3(signature = (
        columns = None, *, ids = false, boxes = None, only = false, rebuild = false,
        num_threads = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn index<'py>(
        &self,
        py: Python<'py>,
        columns: Option<&Bound<'py, PyAny>>,
        ids: bool,
        boxes: Option<&Bound<'py, PyAny>>,
        only: bool,
        rebuild: bool,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = BuildOptions::new()
            .columns(columns_of(columns)?)
            .boxes(spaces_of(boxes)?)
            .ids(ids)
            .only(only)
            .rebuild(rebuild);
        let report = long(py, usize::MAX, threads_of(num_threads)?, |workers| {
            let reader = self.state().reader()?;
            Ok(build(workers, &reader, &options, |_, _| ())?)
        })?;
        index_info(py, self.state().path(), &report)
    }

    /// Removes the index beside the file, and returns whether there was one.
    fn drop_index(&self, py: Python<'_>) -> PyResult<bool> {
        let path = self.path_if_open(py)?;
        forget(&path);
        crate::work::short(py, || Ok(remove(&path)?))
    }

    /// Writes the tokens of the newest commit in another order to a new file, which gets its name
    /// once it is complete and durable. Also builds its zones and, in the order of a space, the
    /// columns and boxes of that space.
    ///
    /// ``by`` is a space, a column, or several in a string separated by commas or in a list. What
    /// does not fit in ``memory`` bytes is sorted by way of temporary files beside the new one.
    ///
    /// If the index cannot be made, there is an `IndexWarning`: the sorted file is complete.
    #[pyo3(signature = (path, by, *, replace = false, memory = None, num_threads = None))]
    fn sort_to<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = path_of)] path: PathBuf,
        by: &Bound<'py, PyAny>,
        replace: bool,
        memory: Option<Whole<'py>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let order = order_of(by)?;
        let threads = threads_of(num_threads)?;
        let memory = memory
            .map(|bytes| whole::of_64_bits("memory", &bytes))
            .transpose()?;
        let (sorted, indexed) = long(py, usize::MAX, threads, |workers| {
            let options = SortOptions::new();
            let options = memory.map_or(options.clone(), |bytes| options.memory_bytes(bytes));
            refuse_index(self.state().path(), &path)?;
            let from = self.state().reader()?;
            let sorted = sorted(workers, &from, (&path, replace), &order, &options)?;
            Ok((sorted, indexed(workers, &path, &order)))
        })?;
        let blocks = match indexed {
            Ok(blocks) => blocks,
            Err(error) => {
                // The tokens are sorted; queries read the records.
                let path = path.display();
                let told = format!("{path}: sorted, and has no index: {}", error.text());
                warn_of_index(py, vec![told])?;
                0
            }
        };
        let counts = (sorted.tokens, sorted.temporary_files, blocks);
        made(py, "Sorted", (path.into_os_string(), counts))
    }
}

fn sorted(
    workers: &Workers,
    from: &BlockReader,
    (path, replace): (&Path, bool),
    order: &Order,
    options: &SortOptions,
) -> Result<SortReport, Error> {
    let info = from.info();
    let create = CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag)
        .replace(replace);
    Ok(sort_file(
        workers,
        from,
        (path, create),
        order,
        options,
        |_| (),
    )?)
}

/// Makes the index that makes an order fast, and returns how many blocks it covers.
fn indexed(workers: &Workers, path: &Path, order: &Order) -> Result<u64, Error> {
    let reader = BlockReader::open(path)?;
    let built = build(workers, &reader, &options_of(order), |_, _| ())?;
    Ok(built.index.blocks)
}

/// The index that makes an order fast.
fn options_of(order: &Order) -> BuildOptions {
    match order.space() {
        None => BuildOptions::new(),
        Some(space) => {
            let axes = Axis::ALL.map(|axis| Column::Coordinate(space, axis));
            BuildOptions::new().columns(axes).boxes([space])
        }
    }
}

fn columns_of(given: Option<&Bound<'_, PyAny>>) -> Result<Vec<Column>, Error> {
    given.map_or(Ok(Vec::new()), |given| layout_columns("columns", given))
}

/// Columns by name; a space means its three.
pub(crate) fn layout_columns(field: &str, given: &Bound<'_, PyAny>) -> Result<Vec<Column>, Error> {
    let names = names_of(field, given)?;
    if names.trim().is_empty() && !given.is_instance_of::<PyString>() {
        return Ok(Vec::new());
    }
    Column::list(&names).map_err(|error| {
        let expected = "names of columns or spaces, each column once";
        Error::new(Class::Value, &error).of(field, Value::Text(names.clone()), expected)
    })
}

pub(crate) fn spaces_of(given: Option<&Bound<'_, PyAny>>) -> Result<Vec<Space>, Error> {
    let names = given.map_or(Ok(String::new()), |given| names_of("boxes", given))?;
    let names = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names
        .map(|name| space_of(name).map_err(|error| error.renamed("space", "boxes")))
        .collect()
}

pub(crate) fn index_info<'py>(
    py: Python<'py>,
    path: &Path,
    report: &BuildReport,
) -> PyResult<Bound<'py, PyAny>> {
    let index = &report.index;
    let columns: Vec<&str> = index.columns.iter().map(|column| column.name()).collect();
    let boxes: Vec<&str> = index.boxes.iter().map(|space| space.name()).collect();
    let warnings: Vec<String> = index.warnings.iter().map(ToString::to_string).collect();
    let folder = index_folder(path).into_os_string();
    let blocks = (index.blocks, report.read_blocks, index.damaged.clone());
    let has = (columns, index.ids, boxes);
    made(
        py,
        "IndexInfo",
        (folder, blocks, has, index.size_bytes, warnings),
    )
}
