use std::ops::Range;

use ng_store::{BLOCK_TOKENS, BadBlock, IoError, VerifyBlocks, VerifyReport};

use crate::{DEFAULT_SHARD_TOKENS, Forked, ParallelError, Workers, serial};

/// How many blocks a shard has, unless that makes too many shards: 2 MiB.
const SHARD_BLOCKS: u64 = (DEFAULT_SHARD_TOKENS / BLOCK_TOKENS) as u64;

/// The maximum number of shards: the results kept for each must stay small, whatever length
/// a file claims.
const MOST_SHARDS: u64 = 1 << 16;

/// Checks every block of a file against its hash, and the table against its chain, like
/// [`VerifyBlocks::verify`] and with the same report: the blocks of a [`BlockReader`], or
/// of a map ([`MappedBlocks`]), which is faster.
///
/// Each worker holds a page of the table, and for a reader also a block. Shards are 2 MiB,
/// larger in a file of more than 128 GiB. A file is read in one
/// [pass][`BlockReader::pass`], which bypasses the page cache by the reader's policy.
///
/// [`BlockReader`]: ng_store::BlockReader
/// [`BlockReader::pass`]: ng_store::BlockReader::pass
/// [`MappedBlocks`]: ng_store::MappedBlocks
///
/// ```
/// use ng_parallel::{Workers, verify};
/// use ng_store::{BlockReader, CreateOptions, TokenSink, VecStore};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tokens.ngt");
/// let mut store = VecStore::new();
/// store.append_with(10_000, |index| Token::new(index as u32))?;
/// store.save(&path, &CreateOptions::new())?;
///
/// let workers = Workers::new(2)?;
/// let report = verify(&workers, &BlockReader::open(&path)?)?;
/// assert!(report.is_clean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Io`](VerifyError::Io) if the blocks are not accessible at all (a single unreadable
/// block is a bad one), from the first failing shard, and
/// [`Parallel`](VerifyError::Parallel) if it was stopped, or called in a fork.
pub fn verify<B: VerifyBlocks + Sync>(
    workers: &Workers,
    blocks: &B,
) -> Result<VerifyReport, VerifyError> {
    verify_watched(workers, blocks, |_| ())
}

/// Verifies like [`verify`], and calls `watch` after each shard with the number of tokens
/// checked, on the thread that checked them.
///
/// # Errors
///
/// As [`verify`]; a panic in `watch` counts as one in reading the file.
pub fn verify_watched<B: VerifyBlocks + Sync>(
    workers: &Workers,
    blocks: &B,
    watch: impl Fn(u64) + Sync,
) -> Result<VerifyReport, VerifyError> {
    let Some(pool) = workers.pool()? else {
        return serial::verify_watched(workers.stop(), blocks, watch);
    };
    let verify = |blocks: &(dyn VerifyBlocks + Sync)| {
        let bad = pool.run(shards(blocks.block_count()), |shard| {
            verify_shard(blocks, shard, &watch)
        })?;
        Ok(blocks.conclude(bad.concat())?)
    };
    match blocks.verifying_pass() {
        Some(pass) => verify(&*pass),
        None => verify(blocks),
    }
}

pub(crate) fn verify_shard(
    blocks: &(impl VerifyBlocks + ?Sized),
    shard: Range<u64>,
    watch: impl Fn(u64),
) -> Result<Vec<BadBlock>, VerifyError> {
    let bad = blocks.verify_blocks(shard.clone())?;
    watch(blocks.tokens_of(shard.end).start - blocks.tokens_of(shard.start).start);
    Ok(bad)
}

/// Why a verification failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] IoError),

    /// It was stopped, or reading the file panicked, or the workers belong to another
    /// process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<Forked> for VerifyError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

/// Cuts `blocks` blocks into shards.
pub(crate) fn shards(blocks: u64) -> impl ExactSizeIterator<Item = Range<u64>> + Send {
    // Multiples, because a pass reads that many blocks at once.
    let length = blocks
        .div_ceil(MOST_SHARDS)
        .max(1)
        .next_multiple_of(SHARD_BLOCKS);
    let count = blocks.div_ceil(length) as u32;
    (0..count).map(move |number| {
        let start = u64::from(number) * length;
        start..blocks.min(start + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_all_blocks_once_and_not_too_many() {
        let most = SHARD_BLOCKS * MOST_SHARDS;
        for blocks in [0, 1, 7, 8, 9, 100, most - 1, most, most + 1, u64::MAX >> 18] {
            assert!(shards(blocks).all(|shard| shard.start % SHARD_BLOCKS == 0));
            let mut covered = 0;
            for shard in shards(blocks) {
                assert_eq!(shard.start, covered);
                assert!(shard.start < shard.end, "{shard:?} of {blocks}");
                covered = shard.end;
            }
            assert_eq!(covered, blocks);
            assert!(shards(blocks).len() as u64 <= MOST_SHARDS);
        }
        assert_eq!(shards(9).collect::<Vec<_>>(), [0..8, 8..9]);
    }
}
