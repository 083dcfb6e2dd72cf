use std::io;
use std::ops::Range;

use ng_store::MapPass;
use ng_token::Token;

use crate::error::guard;
use crate::for_each_shard::slices;
use crate::{Forked, ParallelError, Shard, Shards, Workers, serial};

/// Maps each shard of `tokens` to a result, then reduces the results from left to right in
/// shard order.
///
/// `Ok(None)` if there are no tokens. Several threads map the shards; the calling one
/// reduces when all are mapped, so the answer is bit-identical for any number of threads,
/// even if `reduce` is not associative. One `R` per shard is kept: 30,518 for 1B tokens.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) if a closure panics,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked).
pub fn map_reduce<R: Send>(
    workers: &Workers,
    tokens: &[Token],
    map: impl Fn(Shard, &[Token]) -> R + Sync,
    reduce: impl Fn(R, R) -> R,
) -> Result<Option<R>, ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::map_reduce(workers.stop(), tokens, map, reduce);
    };
    pool.run(slices(tokens), |(shard, slice)| Ok(map(shard, slice)))
        .and_then(|mapped| reduce_in_order(mapped, reduce))
}

/// Does what [`map_reduce`] does with the tokens of a mapped file, in one pass: by its
/// policy, each shard is loaded before `map` runs and dropped from memory afterwards.
///
/// Meant for files larger than memory; costs a residency check.
///
/// # Errors
///
/// As `map_reduce`, and [`Io`](PassError::Io) with the first shard that cannot be loaded.
pub fn map_reduce_pass<R: Send>(
    workers: &Workers,
    pass: &MapPass<'_>,
    map: impl Fn(Shard, &[Token]) -> R + Sync,
    reduce: impl Fn(R, R) -> R,
) -> Result<Option<R>, PassError> {
    let Some(pool) = workers.pool()? else {
        return serial::map_reduce_pass(workers.stop(), pass, map, reduce);
    };
    let shards = Shards::new(pass.snapshot().len());
    let mapped = pool.run(shards.iter(), |shard| map_window(pass, shard, &map))?;
    Ok(reduce_in_order(mapped, reduce)?)
}

/// Maps a shard while it is in memory.
pub(crate) fn map_window<R>(
    pass: &MapPass<'_>,
    shard: Shard,
    map: impl Fn(Shard, &[Token]) -> R,
) -> Result<R, PassError> {
    let window = pass.window(shard.range.clone());
    let window = window.map_err(|source| PassError::Io {
        tokens: shard.range.clone(),
        source,
    })?;
    Ok(map(shard, &window))
}

/// Why a pass over a mapped file failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// Tokens cannot be loaded: the disk failed, or the file was truncated.
    #[error("tokens {}..{} of the map cannot be read: {source}", tokens.start, tokens.end)]
    Io {
        /// Which tokens.
        tokens: Range<usize>,
        /// The system's error.
        source: io::Error,
    },

    /// It was stopped, or a closure panicked, or the workers belong to another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<Forked> for PassError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

/// Reduces `results`, one per shard, from left to right.
pub(crate) fn reduce_in_order<R>(
    results: Vec<R>,
    reduce: impl Fn(R, R) -> R,
) -> Result<Option<R>, ParallelError> {
    let mut results = results.into_iter().enumerate();
    let Some((_, first)) = results.next() else {
        return Ok(None);
    };
    results
        .try_fold(first, |left, (shard, right)| {
            guard(shard, || reduce(left, right))
        })
        .map(Some)
}
