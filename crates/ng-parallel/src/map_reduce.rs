use ng_token::Token;

use crate::error::guard;
use crate::for_each_shard::slices;
use crate::{ParallelError, Shard, Workers, serial};

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
