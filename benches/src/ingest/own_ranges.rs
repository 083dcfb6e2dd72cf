//! Workers that write what they fill, each into its own ranges of the file.
//!
//! A store without an ordered writer: the same space allocated, the same hashes, a table of them
//! and as many syncs. Not a token file: tokens begin at its first byte, with the table behind them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, anyhow};
use ng_parallel::{DEFAULT_BUFFER_TOKENS, Shard, Shards, Workers};
use ng_store::disk::{Disk, RealFile};
use ng_store::{BLOCK_TOKENS, BlockHasher};
use ng_token::Token;

use super::raw::{create, write_all_at, write_early};
use crate::fill::token;
use crate::size::bytes_of;

/// The bytes that stand in for a commit.
const COMMIT: [u8; 4096] = [1; 4096];

pub(super) fn written(
    workers: &Workers,
    hasher: impl BlockHasher,
    path: &Path,
    count: usize,
) -> Result<RealFile> {
    let file = create(path)?;
    let table_offset = bytes_of(count) as u64;
    file.allocate(0, table_offset)?;
    let table = write_ranges(workers, &hasher, &file, count)?;
    write_all_at(&file, table.as_flattened(), table_offset)?;
    file.sync()?;
    let end = table_offset + table.as_flattened().len() as u64;
    write_all_at(&file, &COMMIT, end)?;
    file.sync()?;
    Ok(file)
}

/// Has one thread fill, hash and write every shard, and returns the hashes of all whole blocks.
fn write_ranges(
    workers: &Workers,
    hasher: &impl BlockHasher,
    file: &RealFile,
    count: usize,
) -> Result<Vec<[u8; 8]>> {
    let shards = Shards::with_shard_tokens(count, DEFAULT_BUFFER_TOKENS);
    let next = AtomicUsize::new(0);
    let parts = thread::scope(|scope| {
        let work = || write_shards(shards, &next, hasher, file);
        let threads = (0..workers.threads()).map(|_| scope.spawn(work));
        let threads: Vec<_> = threads.collect();
        let joined = threads.into_iter().map(|thread| {
            let outcome = thread.join();
            outcome.unwrap_or_else(|_| Err(anyhow!("a writing thread panicked")))
        });
        joined.collect::<Result<Vec<_>>>()
    })?;
    let mut table = vec![[0; 8]; count / BLOCK_TOKENS];
    for (block, hash) in parts.concat() {
        table[block] = hash.to_le_bytes();
    }
    Ok(table)
}

/// Processes shards, and returns their blocks with their hashes.
fn write_shards(
    shards: Shards,
    next: &AtomicUsize,
    hasher: &impl BlockHasher,
    file: &RealFile,
) -> Result<Vec<(usize, u64)>> {
    let mut buffer: Vec<Token> = Vec::with_capacity(DEFAULT_BUFFER_TOKENS);
    let mut hashes = Vec::new();
    while let Some(Shard { range, .. }) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
        buffer.clear();
        for start in range.clone().step_by(BLOCK_TOKENS) {
            let end = range.end.min(start + BLOCK_TOKENS);
            buffer.extend((start..end).map(token));
            if end - start == BLOCK_TOKENS {
                let (block, tokens) = (start / BLOCK_TOKENS, &buffer[start - range.start..]);
                hashes.push((block, hasher.hash_block(block as u64, tokens)));
            }
        }
        write_early(file, &buffer, range.start)?;
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use ng_store::TokenSink;

    use super::*;
    use crate::fill::pushed;
    use crate::maps;

    #[test]
    fn the_table_has_the_hash_of_every_whole_block() {
        let count = 2 * DEFAULT_BUFFER_TOKENS + BLOCK_TOKENS + 9;
        let folder = tempfile::tempdir().unwrap();
        let store = maps::create_store(&folder.path().join("a.ngt")).unwrap();
        let hasher = store.block_hasher();
        let tokens = pushed(count);
        let blocks = tokens.chunks_exact(BLOCK_TOKENS).zip(0..);
        let expected: Vec<u8> = blocks
            .flat_map(|(block, index)| hasher.hash_block(index, block).to_le_bytes())
            .collect();
        for threads in 1..4 {
            let workers = Workers::new(threads).unwrap();
            let path = folder.path().join(threads.to_string());
            let file = written(&workers, hasher, &path, count).unwrap();
            let mut table = vec![0; expected.len()];
            let read = file.read_at(&mut table, bytes_of(count) as u64).unwrap();
            assert_eq!((read, &table), (expected.len(), &expected));
        }
    }
}
