use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_dataset::{Dataset as Folder, FileId, Snapshot};
use pyo3::prelude::*;

use super::ShardSet;
use crate::error::{Error, FORKED};
use crate::lock::{Held, Lock};
use crate::shown::Shown;
use crate::work::short;

/// A dataset, and what is shown of it.
///
/// Its locks are taken without the GIL.
pub(crate) struct DatasetState {
    path: PathBuf,
    folder: Folder,
    is_mapped: bool,
    shown: Lock<Arc<ShardSet>>,
    /// Held while it moves on, so that it never moves back.
    moving: Lock<()>,
    /// The damage that was told.
    told: Lock<Vec<String>>,
}

impl DatasetState {
    /// What the newest generation shows, or another one.
    pub(crate) fn of(
        path: &Path,
        folder: Folder,
        generation: Option<u64>,
        is_mapped: bool,
    ) -> Result<Self, Error> {
        let snapshot = match generation {
            Some(generation) => folder.snapshot_of(generation)?,
            None => folder.snapshot()?,
        };
        Self::of_snapshot(path, folder, snapshot, is_mapped)
    }

    pub(crate) fn of_snapshot(
        path: &Path,
        folder: Folder,
        snapshot: Snapshot,
        is_mapped: bool,
    ) -> Result<Self, Error> {
        let snapshot = match is_mapped {
            // SAFETY: (1) `mapped=True` of `Dataset.open` assumes that nobody truncates a shard or
            // changes what is committed, nor the files of its index; no code of this package does.
            true => unsafe { snapshot.mapped() },
            false => snapshot,
        };
        Ok(Self {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            folder,
            is_mapped,
            shown: Lock::new(Arc::new(ShardSet::new(snapshot))),
            moving: Lock::new(()),
            told: Lock::new(Vec::new()),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The dataset, for its verbs.
    pub(crate) fn folder(&self) -> Result<&Folder, Error> {
        Ok(&self.folder)
    }

    pub(crate) fn id(&self) -> FileId {
        self.folder.id()
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
    pub(crate) fn refresh(&self) -> Result<bool, Error> {
        let _moving = self.lock(&self.moving)?;
        let mut snapshot = self.set()?.snapshot().clone();
        let is_new = snapshot.refresh()?;
        if is_new {
            *self.lock(&self.shown)? = Arc::new(ShardSet::new(snapshot));
        }
        Ok(is_new)
    }

    /// Does what [`refresh`](Self::refresh) does, without the GIL, and warns of damage.
    pub(crate) fn refresh_in(&self, py: Python<'_>) -> PyResult<bool> {
        let is_new = short(py, || self.refresh())?;
        self.warn(py)?;
        Ok(is_new)
    }

    /// Shows the same again, with its shards to be opened anew: their indexes may be others.
    pub(crate) fn reopen_in(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || {
            let _moving = self.lock(&self.moving)?;
            let set = self.set()?.reopened();
            *self.lock(&self.shown)? = Arc::new(set);
            Ok(())
        })
    }

    /// Warns once of each damage of what is shown.
    pub(crate) fn warn(&self, py: Python<'_>) -> PyResult<()> {
        let new = short(py, || {
            let set = self.set()?;
            let now: Vec<String> = set
                .snapshot()
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
            warning.setattr("path", self.path.as_os_str())?;
            py.import("warnings")?.call_method1("warn", (warning,))?;
        }
        Ok(())
    }

    fn lock<'a, T>(&self, lock: &'a Lock<T>) -> Result<Held<'a, T>, Error> {
        lock.lock().ok_or_else(|| self.in_use())
    }

    fn in_use(&self) -> Error {
        let path = self.path.display();
        let text = format!("{path}: in use when its process was forked; open it again here");
        Error::new(FORKED, text).at(&self.path)
    }
}
