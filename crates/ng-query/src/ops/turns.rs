//! What searches from box to box have in common: their limit, and their distribution to workers.

use std::ops::Range;

use ng_parallel::{ParallelError, Shard, Shards, map_shards, serial};
use ng_store::BLOCK_TOKENS;

use crate::scan::Scan;

/// How many points or balls a worker takes at a time.
const TURN: usize = 16;
/// If a search needs more than this share of all blocks, and more than a few, one pass is better.
const SHARE: u64 = 8;
const A_FEW: u64 = 2;

/// The most blocks that a search looks at.
pub(crate) fn most_blocks(scan: &Scan<'_>) -> usize {
    (scan.blocks() / SHARE).max(A_FEW) as usize
}

/// Calls `turn` with a few of `count` searches at a time; returns the results in order.
pub(super) fn in_turns<R: Send>(
    scan: &Scan<'_>,
    count: usize,
    turn: impl Fn(Range<usize>) -> R + Sync,
) -> Result<Vec<R>, ParallelError> {
    let of_shard =
        |shard: Shard| turn(shard.range.start / BLOCK_TOKENS..shard.range.end / BLOCK_TOKENS);
    let shards = Shards::with_shard_tokens(count * BLOCK_TOKENS, TURN * BLOCK_TOKENS);
    match shards.len() <= 1 {
        true => serial::map_shards(&scan.workers.stop_flag(), shards, of_shard),
        false => map_shards(&scan.workers, shards, of_shard),
    }
}
