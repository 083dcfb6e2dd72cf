use std::io;
use std::ops::Range;

use ng_store::MapPass;
use ng_token::Token;

use crate::error::guard;
use crate::for_each_shard::slices;
use crate::{Forked, ParallelError, Shard, Shards, Workers, serial};

/// Maps each shard of `tokens` to a result, then reduces the results from left
/// to right in the order of the shards.
///
/// `Ok(None)` if there are no tokens. The shards are mapped by several threads;
/// the reduction runs on the calling one, when all are mapped, so the answer is
/// the same to the last bit for any number of threads, also where `reduce` is
/// not associative. One `R` a shard is kept: 30,518 for 1B tokens.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) when a closure does,
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
/// policy each shard is brought in before it is mapped, and leaves the memory behind.
///
/// It is for files that the memory does not hold, and costs a look at what is there.
///
/// # Errors
///
/// As `map_reduce`, and [`Io`](PassError::Io) with the first shard that cannot be
/// brought in.
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

/// What a pass over a mapped file can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// Tokens cannot be brought in: the disk fails, or the file has lost its end.
    #[error("tokens {}..{} of the map cannot be read: {source}", tokens.start, tokens.end)]
    Io {
        /// Which tokens.
        tokens: Range<usize>,
        /// What the system says.
        source: io::Error,
    },

    /// It was stopped, or a closure panicked, or the workers are those of another
    /// process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<Forked> for PassError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

/// Reduces `results`, one a shard, from left to right.
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
