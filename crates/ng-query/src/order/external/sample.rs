//! The keys of some tokens, which represent all.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use ng_parallel::{Shards, map_shards};
use ng_store::{BLOCK_TOKENS, BlockReader};
use ng_token::{Token, as_bytes_mut};

use super::Partition;
use crate::order::SortError;
use crate::order::sort_file::Sort;

/// How many places are sampled for each wanted partition: adjacent tokens may be alike.
const PLACES_A_PARTITION: usize = 8;

/// The least number of places sampled.
const LEAST_PLACES: usize = 64;

/// How many tokens are taken at each place.
const TOKENS_A_PLACE: usize = 128;

/// Returns keys of verified blocks, spread as far apart as possible.
pub(super) fn of_file(sort: &Sort<'_>, reader: &BlockReader) -> Result<Vec<u64>, SortError> {
    let places = places(sort, sort.total).min(reader.block_count() as usize);
    let tasks = Shards::with_shard_tokens(places * BLOCK_TOKENS, BLOCK_TOKENS);
    let keys = map_shards(sort.workers, tasks, |shard| {
        let block = spread(shard.number, places, reader.block_count());
        let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
        reader.read_block(block, &mut tokens)?;
        Ok(keys_of_some(sort, &tokens))
    })?;
    let keys: Result<Vec<_>, SortError> = keys.into_iter().collect();
    Ok(keys?.concat())
}

/// Returns keys of a temporary file.
pub(super) fn of_partition(sort: &Sort<'_>, from: &Partition) -> Result<Vec<u64>, SortError> {
    let failed = |source| SortError::Temporary {
        path: from.path.clone(),
        source,
    };
    let mut file = File::open(&from.path).map_err(failed)?;
    let count = places(sort, from.tokens);
    let mut keys = Vec::new();
    let most = from.tokens.min(TOKENS_A_PLACE as u64);
    for place in 0..count {
        sort.check_stop()?;
        let first = spread(place, count, from.tokens - most + 1);
        let mut tokens = vec![Token::ZERO; most as usize];
        let at = SeekFrom::Start(first * Token::SIZE as u64);
        file.seek(at).map_err(failed)?;
        file.read_exact(as_bytes_mut(&mut tokens)).map_err(failed)?;
        keys.extend(keys_of_some(sort, &tokens));
    }
    Ok(keys)
}

fn places(sort: &Sort<'_>, tokens: u64) -> usize {
    LEAST_PLACES.max(PLACES_A_PARTITION * sort.wanted(tokens))
}

/// Returns the index of place `number` of `places` among `count`.
fn spread(number: usize, places: usize, count: u64) -> u64 {
    let at = u128::from(count) * (2 * number as u128 + 1) / (2 * places as u128);
    (at as u64).min(count.saturating_sub(1))
}

fn keys_of_some(sort: &Sort<'_>, tokens: &[Token]) -> Vec<u64> {
    let step = tokens.len().div_ceil(TOKENS_A_PLACE).max(1);
    let some = tokens.iter().step_by(step);
    some.map(|token| sort.order.key(token)).collect()
}
