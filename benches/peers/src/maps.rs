//! Maps of files that this program made for itself and no other knows.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use heed::{Env, EnvFlags, EnvOpenOptions};
use memmap2::{Mmap, MmapMut};
use ng_query::index::Index;
use ng_store::{BlockReader, CreateOptions, MmapStore};

/// Creates a store in a new file.
pub(crate) fn create_store(path: &Path) -> Result<MmapStore> {
    // SAFETY: (1) the file is in a folder of this run, where only this store writes it.
    Ok(unsafe { MmapStore::create(path, &CreateOptions::new()) }?)
}

/// Opens a store for reading.
pub(crate) fn open_store(path: &Path) -> Result<MmapStore> {
    // SAFETY: (1) the file is in a folder of this run, and nobody writes it any more.
    Ok(unsafe { MmapStore::open(path) }?)
}

/// Opens the index that was built beside a file.
pub(crate) fn open_index(reader: &BlockReader) -> Result<Index> {
    // SAFETY: (1) the index is in a folder of this run, where only `ng_query::index::build` writes,
    // which changes no file of an index.
    let index = unsafe { Index::open(reader) };
    index.with_context(|| format!("{}: no index", reader.path().display()))
}

/// Maps a whole file for reading.
pub(crate) fn map(file: &File) -> Result<Mmap> {
    // SAFETY: (1) nobody changes or truncates the file while the map lives: it is in a folder of
    // this run, and is removed only when no worker runs.
    Ok(unsafe { Mmap::map(file) }?)
}

/// Maps a whole file for writing.
pub(crate) fn map_mut(file: &File) -> Result<MmapMut> {
    // SAFETY: (1) as `map`, and the worker that holds the map is the only one.
    Ok(unsafe { MmapMut::map_mut(file) }?)
}

/// Opens or creates an LMDB environment with a map of `map_bytes`.
pub(crate) fn open_lmdb(folder: &Path, map_bytes: usize, write_map: bool) -> Result<Env> {
    let mut options = EnvOpenOptions::new();
    options.map_size(map_bytes);
    if write_map {
        // SAFETY: (1) nothing in this program writes to memory that is not its own, so no stray
        // pointer reaches the map.
        unsafe { options.flags(EnvFlags::WRITE_MAP) };
    }
    // SAFETY: (1) the environment's files are in a folder of this run, on a local disk; (2) they
    // are changed through LMDB alone, and by one process at a time.
    Ok(unsafe { options.open(folder) }?)
}
