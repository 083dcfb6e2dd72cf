//! Files of a worker's own, which can be mapped: all `unsafe` of this crate.
//!
//! What a map rests on is that nobody shrinks its file or changes bytes that it
//! shows. The lab gives every worker an empty folder that no other process knows
//! of, and the scenarios below it touch a file through one store at a time, or
//! leave it to a writer process that appends with a store of its own.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::MmapMut;
use ng_lab::{Failure, Run};
use ng_query::index::Index;
use ng_store::{BlockReader, CreateError, CreateOptions, MmapStore, OpenError};

/// A file in the folder of this worker, or of the one that has started this process.
#[derive(Clone, Debug)]
pub(crate) struct OwnFile {
    path: PathBuf,
}

impl OwnFile {
    /// The file of that name in the folder of `run`.
    pub(crate) fn new(run: &Run, name: &str) -> Result<Self, Failure> {
        let path = run.dir()?.join(name);
        Ok(Self { path })
    }

    /// The file that a worker hands over to a process that it has started, and
    /// leaves alone until that has ended.
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

    /// The index that was built beside the file, mapped, as far as it is true of what
    /// `reader` reads; none if there is none.
    pub(crate) fn open_index(reader: &BlockReader) -> Option<Index> {
        // SAFETY: (1) Nobody changes or cuts the files of the index: they lie beside
        // this worker's own file, and `ng_query` alone writes there, new ones only.
        unsafe { Index::open(reader) }
    }

    /// A new file of `bytes`, all of it a hole, mapped to be written through.
    pub(crate) fn create_mapped(&self, bytes: u64) -> io::Result<MmapMut> {
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&self.path)?;
        file.set_len(bytes)?;
        // SAFETY: `map_mut` asks that nobody else changes or cuts the file while
        // the map lives. (1) It was just created in this worker's own folder, and
        // is opened a second time only when the map is gone.
        unsafe { MmapMut::map_mut(&file) }
    }
}
