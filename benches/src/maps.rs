//! Files in memory: all `unsafe` of this crate.

use std::fs::File;
use std::path::Path;

use anyhow::Result;
use memmap2::MmapMut;
use ng_store::{CreateOptions, MmapStore};

/// Creates a token file, and maps it.
pub(crate) fn create_store(path: &Path) -> Result<MmapStore> {
    // SAFETY: (1) The file is in a folder of our own, which nobody else knows,
    // and nothing here shrinks or changes it while the store lives.
    Ok(unsafe { MmapStore::create(path, &CreateOptions::new()) }?)
}

/// Maps all of a file, to be written.
pub(crate) fn map(file: &File) -> Result<MmapMut> {
    // SAFETY: (1) The file is in a folder of our own, which nobody else knows,
    // and nothing here shrinks it or writes to it but through this map.
    Ok(unsafe { MmapMut::map_mut(file) }?)
}
