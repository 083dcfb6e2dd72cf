use ng_token::Token;

use crate::{DEFAULT_SHARD_TOKENS, ParallelError, Shard, Shards, Workers, serial};

/// Calls `f` once for each shard of `tokens`, with the mutable slice of its tokens.
///
/// Calls run in any order and concurrently. The cost is that of `f`, and a lock per shard.
/// If `f` depends only on a shard's number and tokens, the result is deterministic; seed a
/// random number generator with the number.
///
/// ```
/// use ng_parallel::{Workers, for_each_shard_mut};
/// use ng_token::Token;
///
/// let mut tokens = vec![Token::ZERO; 100_000];
/// for_each_shard_mut(&Workers::new(2)?, &mut tokens, |shard, slice| {
///     for (token, index) in slice.iter_mut().zip(shard.range) {
///         *token = Token::new(index as u32);
///     }
/// })?;
/// assert_eq!(tokens[77_777], Token::new(77_777));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) if `f` panics,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked). Some shards
/// may then be changed, the one that panicked in part.
pub fn for_each_shard_mut(
    workers: &Workers,
    tokens: &mut [Token],
    f: impl Fn(Shard, &mut [Token]) + Sync,
) -> Result<(), ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::for_each_shard_mut(workers.stop(), tokens, f);
    };
    pool.run(slices_mut(tokens), |(shard, slice)| {
        f(shard, slice);
        Ok(())
    })
    .map(|_: Vec<()>| ())
}

/// Returns the shards of `tokens`, each with its slice.
pub(crate) fn slices_mut(
    tokens: &mut [Token],
) -> impl ExactSizeIterator<Item = (Shard, &mut [Token])> + Send {
    let shards = Shards::new(tokens.len());
    shards.iter().zip(tokens.chunks_mut(DEFAULT_SHARD_TOKENS))
}
