use crate::{ParallelError, Shard, Shards, Workers, serial};

/// Maps each shard of a plan to a result, and returns the results in the order
/// of the shards.
///
/// It is for tokens that are no slice, as those in a file are not: `map` knows
/// where to find a shard's. Shards are mapped in any order, several at a time.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) when `map` does,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked).
pub fn map_shards<R: Send>(
    workers: &Workers,
    shards: Shards,
    map: impl Fn(Shard) -> R + Sync,
) -> Result<Vec<R>, ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::map_shards(workers.stop(), shards, map);
    };
    pool.run(shards.iter(), |shard| Ok(map(shard)))
}
