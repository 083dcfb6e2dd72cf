//! Maps of files that this program made for itself.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use memmap2::{Mmap, MmapMut, MmapOptions};
use ng_query::index::Index;
use ng_store::{BlockReader, CreateOptions, MapOptions, MmapStore};

/// Creates a store that nobody else knows.
pub(crate) fn create_store(path: &Path) -> Result<MmapStore> {
    create_store_with(path, &CreateOptions::new())
}

/// Creates a store that nobody else knows, with options.
pub(crate) fn create_store_with(path: &Path, options: &CreateOptions) -> Result<MmapStore> {
    // SAFETY: (1) the file is in a folder of this run, and only stores write it.
    Ok(unsafe { MmapStore::create(path, options) }?)
}

/// Opens a store of this run for reading.
pub(crate) fn open_store(path: &Path) -> Result<MmapStore> {
    // SAFETY: (1) the file is in a folder of this run, and only stores write it.
    Ok(unsafe { MmapStore::open(path) }?)
}

/// Opens a store of this run for reading, mapped with options.
pub(crate) fn open_store_with(path: &Path, options: &MapOptions) -> Result<MmapStore> {
    // SAFETY: (1) the file is in a folder of this run, and only stores write it.
    Ok(unsafe { MmapStore::open_with(path, options) }?)
}

/// Opens the index built beside a file of this run.
pub(crate) fn open_index(reader: &BlockReader) -> Result<Index> {
    // SAFETY: (1) the index is in a folder of this run, where only `ng_query::index::build` writes,
    // which changes no file of an index.
    let index = unsafe { Index::open(reader) };
    index.with_context(|| format!("{}: no index", reader.path().display()))
}

/// Maps `len` bytes of a file of this run from `offset` on, for reading.
pub(crate) fn map(file: &File, offset: u64, len: usize) -> Result<Mmap> {
    // SAFETY: (1) nobody changes or truncates the file while the map lives.
    Ok(unsafe { MmapOptions::new().offset(offset).len(len).map(file) }?)
}

/// Maps a whole file of this run for writing.
pub(crate) fn map_mut(file: &File) -> Result<MmapMut> {
    // SAFETY: (1) nobody else changes or truncates the file while the map lives.
    Ok(unsafe { MmapMut::map_mut(file) }?)
}

/// Has the queries of a snapshot of a dataset map its shards.
pub(crate) fn mapped_snapshot(snapshot: &ng_dataset::Snapshot) -> ng_dataset::Snapshot {
    // SAFETY: (1) the dataset is in a folder of this run, where only `ng_dataset` writes, which
    // truncates no shard and overwrites no committed token, nor a file of an index.
    unsafe { snapshot.clone().mapped() }
}
