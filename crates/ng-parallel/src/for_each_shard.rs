use ng_token::Token;

use crate::{ParallelError, Shard, Shards, Workers, serial};

/// Calls `f` once for each shard of `tokens`, with the slice of its tokens.
///
/// Calls run in any order and concurrently. The cost is that of `f`, and a lock per shard.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) if `f` panics,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked). Some shards
/// may then be done.
pub fn for_each_shard(
    workers: &Workers,
    tokens: &[Token],
    f: impl Fn(Shard, &[Token]) + Sync,
) -> Result<(), ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::for_each_shard(workers.stop(), tokens, f);
    };
    pool.run(slices(tokens), |(shard, slice)| {
        f(shard, slice);
        Ok(())
    })
    .map(|_: Vec<()>| ())
}

/// Returns the shards of `tokens`, each with its slice.
pub(crate) fn slices(tokens: &[Token]) -> impl ExactSizeIterator<Item = (Shard, &[Token])> + Send {
    Shards::new(tokens.len()).iter().map(|shard| {
        let slice = &tokens[shard.range.clone()];
        (shard, slice)
    })
}
