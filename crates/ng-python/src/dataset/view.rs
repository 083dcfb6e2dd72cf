//! The ways in which the tokens of a dataset are read.

use ng_dataset::ng_store::Commit;
use ng_dataset::ng_store::disk::Dir;
use ng_dataset::{Finding, Manifest, Passes, Piece, Shard, Snapshot};
use ng_query::Source;
use ng_query::index::IndexWarning;
use pyo3::prelude::*;

use super::facts;
use super::remote::RemoteFolder;
use crate::error::Error;

/// What is read, and from where.
pub(crate) enum View {
    /// A dataset on the file system.
    Local(Snapshot),
    /// A dataset on an object store.
    Remote(Passes<RemoteFolder>, RemoteFolder),
    /// The rows of a task.
    Piece(Piece),
}

impl View {
    /// A snapshot of a dataset on an object store, with the zones of its shards.
    pub(super) fn remote(snapshot: &Snapshot<RemoteFolder>, root: RemoteFolder) -> Self {
        Self::Remote(snapshot.passes(Some(root.index_of())), root)
    }

    /// The newest generation, if it differs.
    pub(super) fn newer(&self) -> Result<Option<Self>, Error> {
        Ok(match self {
            Self::Local(snapshot) => {
                let mut snapshot = snapshot.clone();
                snapshot.refresh()?.then_some(Self::Local(snapshot))
            }
            Self::Remote(passes, root) => {
                let mut snapshot = passes.snapshot().clone();
                let is_new = snapshot.refresh()?;
                is_new.then(|| Self::remote(&snapshot, root.clone()))
            }
            Self::Piece(_) => None,
        })
    }

    pub(super) fn source(&self) -> Source<'_> {
        match self {
            Self::Local(snapshot) => snapshot.source(),
            Self::Remote(passes, _) => passes.source(),
            Self::Piece(piece) => piece.source(),
        }
    }

    /// What was put aside of the indexes of shards.
    pub(super) fn warnings(&self) -> Vec<IndexWarning> {
        match self {
            Self::Local(snapshot) => snapshot.index_warnings(),
            Self::Remote(passes, _) => passes.index_warnings(),
            Self::Piece(piece) => piece.index_warnings(),
        }
    }

    /// What the generation says; `None` for a task.
    pub(super) fn shown(&self) -> Option<&dyn Generation> {
        match self {
            Self::Local(snapshot) => Some(snapshot),
            Self::Remote(passes, _) => Some(passes.snapshot()),
            Self::Piece(_) => None,
        }
    }
}

/// What a snapshot says, on whatever disk.
pub(crate) trait Generation: Sync {
    fn manifest(&self) -> &Manifest;

    fn tails(&self) -> Vec<Commit>;

    fn findings(&self) -> &[Finding];

    /// How many tokens each shard has.
    fn shard_infos<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>>;
}

impl<R: Dir + Send + Sync> Generation for Snapshot<R> {
    fn manifest(&self) -> &Manifest {
        Self::manifest(self)
    }

    fn tails(&self) -> Vec<Commit> {
        Self::tails(self)
    }

    fn findings(&self) -> &[Finding] {
        Self::findings(self)
    }

    fn shard_infos<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let shards = self.shards().iter();
        shards
            .map(|shard: &Shard<R::File>| facts::shard(py, shard))
            .collect()
    }
}
