//! Into a token file: two syncs, a hash for every block, space allocated first.

use std::path::Path;

use anyhow::Result;
use ng_parallel::{IngestOptions, Workers, ingest, ingest_with};
use ng_store::{MmapStore, NoHash, TokenSink, WriteError};
use ng_token::Token;

use crate::fill::token;
use crate::maps;

/// Fills, hashes and writes on the calling thread, through the store's buffer.
pub(super) fn appended(path: &Path, count: usize) -> Result<MmapStore> {
    let mut store = maps::create_store(path)?;
    store.append_with(count, token)?;
    store.commit()?;
    Ok(store)
}

/// Fills and hashes on the workers, writes on the calling thread.
pub(super) fn ingested(
    workers: &Workers,
    options: &IngestOptions,
    path: &Path,
    count: usize,
) -> Result<MmapStore> {
    let mut store = maps::create_store(path)?;
    ingest_with(workers, options, &mut store, count, token)?;
    store.commit()?;
    Ok(store)
}

/// Fills on the workers, hashes and writes on the calling thread.
pub(super) fn hashed_by_writer(workers: &Workers, path: &Path, count: usize) -> Result<MmapStore> {
    let mut sink = HashesItself(maps::create_store(path)?);
    ingest(workers, &mut sink, count, token)?;
    sink.commit()?;
    Ok(sink.0)
}

/// A store without a hasher to give away.
struct HashesItself(MmapStore);

impl TokenSink for HashesItself {
    type Error = WriteError;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.0.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), WriteError> {
        self.0.reserve(additional)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.0.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), WriteError> {
        self.0.append_with(count, f)
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), WriteError> {
        self.0.append(tokens)
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.0.commit()
    }
}

#[cfg(test)]
mod tests {
    use ng_store::{BlockReader, VerifyBlocks};

    use super::*;

    /// Creates the file at a path, for a number of tokens.
    type Way<'a> = &'a dyn Fn(&Path, usize) -> Result<MmapStore>;

    #[test]
    fn every_way_makes_a_clean_file() {
        let folder = tempfile::tempdir().unwrap();
        let workers = Workers::new(2).unwrap();
        let ways: [Way<'_>; 3] = [
            &appended,
            &|path, count| ingested(&workers, &IngestOptions::new(), path, count),
            &|path, count| hashed_by_writer(&workers, path, count),
        ];
        for (way, number) in ways.iter().zip(0..) {
            let path = folder.path().join(format!("{number}.ngt"));
            drop(way(&path, 40_000).unwrap());
            let report = BlockReader::open(&path).unwrap().verify().unwrap();
            assert!(report.is_clean() && report.blocks == 10, "{report:?}");
        }
    }
}
