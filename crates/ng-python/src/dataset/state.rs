use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_dataset::ng_store::Commit;
use ng_dataset::{Dataset as Folder, FileId, Snapshot};
use pyo3::prelude::*;

use super::ShardSet;
use super::errors::read_only;
use super::remote::{RemoteFolder, name_of};
use super::view::View;
use crate::error::{Error, FORKED};
use crate::lock::{Held, Lock};
use crate::shown::Shown;
use crate::work::short;

/// A dataset, and what is shown of it.
///
/// Its locks are taken without the GIL.
pub(crate) struct DatasetState {
    place: Place,
    is_mapped: bool,
    shown: Lock<Arc<ShardSet>>,
    /// Held while it moves on, so that it never moves back.
    moving: Lock<()>,
    /// The damage that was told.
    told: Lock<Vec<String>>,
}

/// Where a dataset is.
pub(crate) enum Place {
    /// A folder of the file system.
    Local(PathBuf, Folder),
    /// A folder that a file system of Python's reads.
    Remote(Remote),
}

/// A dataset on an object store.
pub(crate) struct Remote {
    name: PathBuf,
    dataset: ng_dataset::Dataset<RemoteFolder>,
    root: RemoteFolder,
    /// What Python knows it by.
    pub(super) folder: Py<PyAny>,
}

/// What of a dataset is shown at first.
pub(super) enum At {
    Newest,
    Generation(u64),
    /// The snapshot that another process took.
    Tails(u64, Vec<Commit>),
}

impl Place {
    pub(super) fn local(path: &Path) -> Result<Self, Error> {
        let path = absolute(path);
        let folder = Folder::open(&path)?;
        Ok(Self::Local(path, folder))
    }

    pub(super) fn create(path: &Path, options: &ng_dataset::CreateOptions) -> Result<Self, Error> {
        let path = absolute(path);
        let folder = Folder::create(&path, options)?;
        Ok(Self::Local(path, folder))
    }

    pub(super) fn remote(folder: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (name, root) = (name_of(folder)?, RemoteFolder::new(folder));
        let dataset = short(folder.py(), || {
            Ok(ng_dataset::Dataset::open_in(root.clone(), &name)?)
        })?;
        Ok(Self::Remote(Remote {
            name,
            dataset,
            root,
            folder: folder.clone().unbind(),
        }))
    }

    pub(super) fn id(&self) -> FileId {
        match self {
            Self::Local(_, folder) => folder.id(),
            Self::Remote(remote) => remote.dataset.id(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Local(path, _) => path,
            Self::Remote(remote) => &remote.name,
        }
    }

    /// The folder of `ngtoken._remote`, if it is one.
    pub(super) fn folder(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        match self {
            Self::Local(..) => None,
            Self::Remote(remote) => Some(remote.folder.clone_ref(py)),
        }
    }

    fn view(&self, at: &At, is_mapped: bool) -> Result<View, Error> {
        Ok(match self {
            Self::Local(_, folder) => View::Local(mapped(snapshot(folder, at)?, is_mapped)),
            Self::Remote(remote) => {
                View::remote(&snapshot(&remote.dataset, at)?, remote.root.clone())
            }
        })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn snapshot<R: ng_store::disk::Dir>(
    folder: &ng_dataset::Dataset<R>,
    at: &At,
) -> Result<Snapshot<R>, Error> {
    Ok(match at {
        At::Newest => folder.snapshot()?,
        At::Generation(generation) => folder.snapshot_of(*generation)?,
        At::Tails(generation, tails) => folder.snapshot_as(*generation, tails)?,
    })
}

fn mapped(snapshot: Snapshot, is_mapped: bool) -> Snapshot {
    match is_mapped {
        // SAFETY: (1) `mapped=True` of `Dataset.open` assumes that nobody truncates a shard or
        // changes what is committed, nor the files of its index; no code of this package does.
        true => unsafe { snapshot.mapped() },
        false => snapshot,
    }
}

impl DatasetState {
    pub(super) fn of(place: Place, at: &At, is_mapped: bool) -> Result<Self, Error> {
        let view = place.view(at, is_mapped)?;
        Ok(Self {
            place,
            is_mapped,
            shown: Lock::new(Arc::new(ShardSet::new(view))),
            moving: Lock::new(()),
            told: Lock::new(Vec::new()),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The dataset, for its verbs.
    ///
    /// # Errors
    ///
    /// `ReadOnlyError` for one on an object store.
    pub(crate) fn folder(&self) -> Result<&Folder, Error> {
        match &self.place {
            Place::Local(_, folder) => Ok(folder),
            Place::Remote(remote) => Err(read_only(&remote.name)),
        }
    }

    /// The numbers of the generations that are there.
    pub(super) fn generations(&self) -> Result<Vec<u64>, Error> {
        Ok(match &self.place {
            Place::Local(_, folder) => folder.generations()?,
            Place::Remote(remote) => remote.dataset.generations()?,
        })
    }

    pub(crate) fn is_mapped(&self) -> bool {
        self.is_mapped
    }

    /// The shards that are shown.
    pub(crate) fn set(&self) -> Result<Arc<ShardSet>, Error> {
        let shown = self.shown.look().ok_or_else(|| self.in_use())?;
        Ok(Arc::clone(&shown))
    }

    /// Does what [`set`](Self::set) does, without the GIL.
    pub(crate) fn set_in(&self, py: Python<'_>) -> PyResult<Arc<ShardSet>> {
        short(py, || self.set())
    }

    pub(crate) fn shown(&self) -> Result<Shown, Error> {
        Ok(Shown::of_shards(self.set()?))
    }

    /// What is shown, unless it is being changed.
    pub(crate) fn shown_at_once(&self) -> Option<Result<Shown, Error>> {
        let shown = self.shown.look_at_once()?;
        Some(Ok(Shown::of_shards(Arc::clone(&shown))))
    }

    /// Shows the newest generation, and tells whether anything has changed.
    fn refresh(&self) -> Result<bool, Error> {
        let _moving = self.lock(&self.moving)?;
        let Some(newer) = self.set()?.newer()? else {
            return Ok(false);
        };
        *self.lock(&self.shown)? = Arc::new(newer);
        Ok(true)
    }

    /// Shows the newest generation, without the GIL, and warns of damage; tells whether anything
    /// has changed.
    pub(crate) fn refresh_in(&self, py: Python<'_>) -> PyResult<bool> {
        let is_new = short(py, || self.refresh())?;
        self.warn(py)?;
        Ok(is_new)
    }

    /// Shows the same again, with its shards to be opened anew: their indexes may be others.
    pub(crate) fn reopen_in(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || {
            let _moving = self.lock(&self.moving)?;
            let set = self.set()?.reopened()?;
            *self.lock(&self.shown)? = Arc::new(set);
            Ok(())
        })
    }

    /// Warns once of each damage of what is shown.
    pub(crate) fn warn(&self, py: Python<'_>) -> PyResult<()> {
        let new = short(py, || {
            let set = self.set()?;
            let now: Vec<String> = set
                .generation()?
                .findings()
                .iter()
                .map(ToString::to_string)
                .collect();
            let before = std::mem::replace(&mut *self.lock(&self.told)?, now.clone());
            let is_new = |finding: &String| !before.contains(finding);
            Ok(now.into_iter().filter(is_new).collect::<Vec<_>>())
        })?;
        for text in new {
            let class = py.import("ngtoken._errors")?.getattr("DatasetWarning")?;
            let warning = class.call1((text,))?;
            warning.setattr("path", self.path().as_os_str())?;
            py.import("warnings")?.call_method1("warn", (warning,))?;
        }
        Ok(())
    }

    fn lock<'a, T>(&self, lock: &'a Lock<T>) -> Result<Held<'a, T>, Error> {
        lock.lock().ok_or_else(|| self.in_use())
    }

    fn in_use(&self) -> Error {
        let path = self.path().display();
        let text = format!("{path}: in use when its process was forked; open it again here");
        Error::new(FORKED, text).at(self.path())
    }
}
