use crate::{ParallelError, Shard, Shards, Workers, serial};

/// Maps each shard of a plan to a result, and returns the results in shard order.
///
/// Meant for tokens that are not a slice, such as those in a file: `map` knows where to
/// find a shard's. Shards are mapped in any order and concurrently.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) if `map` panics,
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
