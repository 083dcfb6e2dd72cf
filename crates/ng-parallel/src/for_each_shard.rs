use ng_token::Token;

use crate::{ParallelError, Shard, Shards, Workers, serial};

/// Calls `f` once for each shard of `tokens`, with the slice of its tokens.
///
/// In any order, several at a time. Costs what `f` costs, and a lock a shard.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) when `f` does,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked). Some
/// shards may be done then.
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

/// Returns the shards of `tokens` with the slice of each.
pub(crate) fn slices(tokens: &[Token]) -> impl ExactSizeIterator<Item = (Shard, &[Token])> + Send {
    Shards::new(tokens.len()).iter().map(|shard| {
        let slice = &tokens[shard.range.clone()];
        (shard, slice)
    })
}
