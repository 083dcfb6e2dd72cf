//! Token files for scenarios that measure something other than creating them.

use ng_lab::{Failure, Run};
use ng_store::{CreateOptions, MmapStore, TokenSink};

use crate::own_file::OwnFile;
use crate::scenarios::fill::{bytes_of, token};

/// What a token file has besides tokens: header, slots, tail images, and the block table
/// of up to 2^31 tokens.
const HEAD_BYTES: u64 = 4 << 20;
/// The most memory warmed for a file's page cache: for a larger one the kernel recycles
/// pages as it is written or read.
const WARM_MOST_BYTES: u64 = 1 << 30;

/// The most disk space that a token file of `count` tokens takes, created at its size.
pub(crate) fn disk_bytes_of(count: u64) -> u64 {
    bytes_of(count) + bytes_of(count) / 1024 + HEAD_BYTES
}

/// The page cache used by writing or reading `count` tokens in order.
pub(super) fn cache_bytes_of(count: u64) -> u64 {
    bytes_of(count).min(WARM_MOST_BYTES)
}

/// Creates a token file with the first `count` tokens, durable.
pub(super) fn create(file: &OwnFile, count: u64) -> Result<MmapStore, Failure> {
    let mut store = file.create(&CreateOptions::new())?;
    store.reserve_exact(count)?;
    store.append_with(count as usize, token)?;
    store.commit()?;
    Ok(store)
}

/// The file `tokens` with the first `count` tokens, in the folder of `run`.
pub(super) fn created(run: &Run, count: u64) -> Result<OwnFile, Failure> {
    let file = OwnFile::new(run, "tokens")?;
    create(&file, count)?;
    Ok(file)
}
