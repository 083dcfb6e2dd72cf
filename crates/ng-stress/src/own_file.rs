//! A worker's own files, safe to map: all `unsafe` of this crate.
//!
//! A map requires that nobody shrinks its file or changes the mapped bytes. The lab gives
//! every worker an empty folder unknown to other processes, and scenarios access a file
//! there through one store at a time, or leave it to a writer process with its own store.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::MmapMut;
use ng_lab::{Failure, Run};
use ng_query::index::Index;
use ng_store::{BlockReader, CreateError, CreateOptions, MmapStore, OpenError};

/// A file in the folder of this worker, or of the worker that started this process.
#[derive(Clone, Debug)]
pub(crate) struct OwnFile {
    path: PathBuf,
}

impl OwnFile {
    /// The file `name` in the folder of `run`.
    pub(crate) fn new(run: &Run, name: &str) -> Result<Self, Failure> {
        let path = run.dir()?.join(name);
        Ok(Self { path })
    }

    /// A file that a worker hands over to a child process, and does not touch until that
    /// has ended.
    pub(crate) fn handed_over(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn create(&self, options: &CreateOptions) -> Result<MmapStore, CreateError> {
        // SAFETY: (1) Nobody shrinks the file or changes what is committed: it is
        // this worker's own, and written by stores only.
        unsafe { MmapStore::create(&self.path, options) }
    }

    pub(crate) fn open(&self) -> Result<MmapStore, OpenError> {
        // SAFETY: (1) As in `create`.
        unsafe { MmapStore::open(&self.path) }
    }

    pub(crate) fn open_append(&self) -> Result<MmapStore, OpenError> {
        // SAFETY: (1) As in `create`.
        unsafe { MmapStore::open_append(&self.path) }
    }

    /// The mapped index beside the file, as far as it matches what `reader` reads, if there
    /// is one.
    pub(crate) fn open_index(reader: &BlockReader) -> Option<Index> {
        // SAFETY: (1) Nobody changes or truncates the files of the index: they are beside
        // this worker's own file, and only `ng_query` writes there, new files only.
        unsafe { Index::open(reader) }
    }

    /// A new, sparse file of `bytes`, mapped for writing.
    pub(crate) fn create_mapped(&self, bytes: u64) -> io::Result<MmapMut> {
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&self.path)?;
        file.set_len(bytes)?;
        // SAFETY: `map_mut` requires that nobody else changes or truncates the file while
        // the map lives. (1) It was just created in this worker's own folder, and is
        // opened again only after the map is dropped.
        unsafe { MmapMut::map_mut(&file) }
    }
}

/// A snapshot of a dataset in the folder of a worker, whose queries map its shards.
pub(crate) fn mapped(snapshot: &ng_dataset::Snapshot) -> ng_dataset::Snapshot {
    // SAFETY: (1) Nobody truncates a shard, overwrites committed tokens or changes the files
    // of an index: they are in this worker's own folder, and only `ng_dataset` writes there.
    unsafe { snapshot.clone().mapped() }
}
