//! The folder of a dataset: the names in it, how the newest generation is found, and how the next
//! one is published.
//!
//! ```text
//! tokens.ngd/
//!   manifest-000000000042.json   a generation; the highest one present counts
//!   shards/<file id>.ngt         token files, each with its index if it has one
//! ```

mod held;
mod identity;
mod names;
mod pinned;
mod publish;
mod removal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_query::Zone;
use ng_query::sealed::FileId;
use ng_store::Commit;
use ng_store::disk::Dir;

pub(crate) use names::{generation_of, manifest_name, shard_name, shard_of};
pub(crate) use pinned::Pinned;
pub(crate) use removal::Removal;

use crate::DatasetError;

/// The name of the folder of shards.
pub(crate) const SHARDS: &str = "shards";

/// Writes the zones of a shard's blocks beside it, and returns the commit that it has found, and the
/// zone of all its tokens; `None` if there are none, or the file is damaged.
pub(crate) type Index = fn(&Path) -> Result<(Commit, Option<Zone>), DatasetError>;

/// The folder of a dataset, on a real or a simulated disk.
#[derive(Debug)]
pub(crate) struct Place<R: Dir> {
    root: Arc<R>,
    path: PathBuf,
    /// How shards get zones; `None` on a disk that only this program can open.
    index: Option<Index>,
    /// The dataset, once it is known: the manifest of another one is as good as damaged.
    dataset: Option<FileId>,
}

impl<R: Dir> Place<R> {
    /// `path` is the folder's name in errors.
    pub(crate) fn new(root: R, path: PathBuf, index: Option<Index>) -> Self {
        Self {
            root: Arc::new(root),
            path,
            index,
            dataset: None,
        }
    }

    /// From now on it is the folder of this dataset.
    pub(crate) fn of_dataset(self, dataset: FileId) -> Self {
        Self {
            dataset: Some(dataset),
            ..self
        }
    }

    pub(crate) fn root(&self) -> &Arc<R> {
        &self.root
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder of shards.
    pub(crate) fn shards(&self) -> Result<R, DatasetError> {
        let shards = R::folder(&self.root, SHARDS);
        shards.map_err(DatasetError::io(self.path.join(SHARDS), "open the folder"))
    }

    /// The path of a shard, in errors and for those who open it by its path.
    pub(crate) fn shard_path(&self, file: FileId) -> PathBuf {
        self.path.join(SHARDS).join(shard_name(file))
    }

    /// How shards get zones.
    pub(crate) fn index(&self) -> Option<Index> {
        self.index
    }

    /// Tells whether its paths are those of the operating system's files.
    pub(crate) fn is_real(&self) -> bool {
        self.index.is_some()
    }

    pub(crate) fn manifest_path(&self, generation: u64) -> PathBuf {
        self.path.join(manifest_name(generation))
    }

    /// The numbers of the generations that are there, ascending.
    pub(crate) fn generations(&self) -> Result<Vec<u64>, DatasetError> {
        let names = self.root.names();
        let names = names.map_err(DatasetError::io(&self.path, "list"))?;
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| generation_of(name))
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
