//! The keys of some tokens, which represent all.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use ng_parallel::{Shards, map_shards};
use ng_store::BLOCK_TOKENS;
use ng_token::{Token, as_bytes_mut};

use super::Partition;
use crate::QueryError;
use crate::order::SortError;
use crate::order::sort_file::Sort;
use crate::parts::open_part;
use crate::reader_rows::LastBlock;
use crate::scan::Opened;

/// How many places are sampled for each wanted partition: adjacent tokens may be alike.
const PLACES_A_PARTITION: usize = 8;

/// The least number of places sampled.
const LEAST_PLACES: usize = 64;

/// How many tokens are taken at each place.
const TOKENS_A_PLACE: usize = 128;

/// Returns keys of verified blocks, spread as far apart as possible over all parts.
pub(super) fn of_parts(sort: &Sort<'_>) -> Result<Vec<u64>, SortError> {
    let blocks_of = |part| sort.parts.part_tokens(part).div_ceil(BLOCK_TOKENS as u64);
    let parts = 0..sort.parts.part_count();
    let blocks: u64 = parts.clone().map(blocks_of).sum();
    let places = places(sort, sort.total).min(blocks as usize);
    let (mut keys, mut first, mut place) = (Vec::new(), 0, 0);
    for part in parts {
        let end = first + blocks_of(part);
        let mut chosen = Vec::new();
        while place < places && spread(place, places, blocks) < end {
            chosen.push(spread(place, places, blocks) - first);
            place += 1;
        }
        if !chosen.is_empty() {
            of_blocks(sort, part, &chosen, &mut keys)?;
        }
        first = end;
    }
    Ok(keys)
}

/// Appends keys of some blocks of a part.
fn of_blocks(
    sort: &Sort<'_>,
    part: usize,
    blocks: &[u64],
    keys: &mut Vec<u64>,
) -> Result<(), SortError> {
    let part = open_part(sort.parts, part)?;
    let opened = Opened::few(part.source());
    let tasks = Shards::with_shard_tokens(blocks.len() * BLOCK_TOKENS, BLOCK_TOKENS);
    let of_blocks = map_shards(sort.workers, tasks, |shard| -> Result<_, QueryError> {
        let block = blocks[shard.number];
        if let Some(tokens) = opened.tokens() {
            let first = block as usize * BLOCK_TOKENS;
            let end = tokens.len().min(first + BLOCK_TOKENS);
            return Ok(keys_of_some(sort, &tokens[first..end]));
        }
        let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
        opened.read_block(block, &mut tokens, &mut LastBlock::default())?;
        Ok(keys_of_some(sort, &tokens))
    })?;
    for of_block in of_blocks {
        keys.extend(of_block?);
    }
    Ok(())
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
