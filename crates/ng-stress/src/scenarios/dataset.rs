//! Datasets for scenarios that measure something other than appending to them.

use ng_dataset::{CreateOptions, Dataset, WriterOptions};
use ng_lab::{Failure, Run};
use ng_store::{BLOCK_TOKENS, CachePolicy};
use ng_token::Token;

use crate::scenarios::fill::bytes_of;

/// What a shard has besides tokens: header, slots, tail images, block table, zones, and its
/// part of the manifests.
const SHARD_HEAD_BYTES: u64 = 512 << 10;
/// What a growing tail, and the one made ahead, have allocated beyond their tokens.
const TAIL_BYTES: u64 = 4 << 20;

/// The most disk space of a dataset of `count` tokens in `shards` shards.
pub(crate) fn disk_bytes_of(count: u64, shards: u64) -> u64 {
    let zones = bytes_of(count) / 512;
    bytes_of(count) + zones + shards * SHARD_HEAD_BYTES + TAIL_BYTES
}

/// How many tokens each of `shards` shards has, the last one fewer: whole blocks if it has
/// any, as a writer that rolls makes them.
pub(super) fn shard_tokens(count: u64, shards: u64) -> u64 {
    let tokens = count.div_ceil(shards);
    match tokens < BLOCK_TOKENS as u64 {
        true => tokens,
        false => tokens.next_multiple_of(BLOCK_TOKENS as u64),
    }
}

/// The dataset `tokens.ngd` in the folder of `run`, of `token(0)` to `token(count - 1)` in
/// shards of `shard` tokens.
pub(super) fn created(
    run: &Run,
    count: u64,
    shard: u64,
    token: impl Fn(usize) -> Token,
) -> Result<Dataset, Failure> {
    let path = run.dir()?.join("tokens.ngd");
    let dataset = Dataset::create(path, &CreateOptions::new())?;
    let options = WriterOptions::new().cache(CachePolicy::Keep);
    let mut writer = dataset.writer(&options)?;
    for first in (0..count).step_by(shard as usize) {
        let tokens = shard.min(count - first) as usize;
        writer.append_with(tokens, |index| token(first as usize + index))?;
        writer.roll()?;
    }
    writer.close()?;
    Ok(dataset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_whole_blocks_unless_they_have_none() {
        for (count, expected) in [(1, 1), (1000, 100), (40_959, 4096), (40_961, 8192)] {
            assert_eq!(shard_tokens(count, 10), expected, "{count}");
        }
    }
}
