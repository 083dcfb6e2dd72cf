use ng_token::Token;

use crate::{DEFAULT_SHARD_TOKENS, ParallelError, Shard, Shards, Workers, serial};

/// Calls `f` once for each shard of `tokens`, with the slice of its tokens to change.
///
/// In any order, several at a time. Costs what `f` costs, and a lock a shard. What `f`
/// makes of a shard may depend on its number and its tokens, and the result then on
/// nothing else; a generator of random numbers is seeded with the number.
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
/// [`Panicked`](ParallelError::Panicked) when `f` does,
/// [`Stopped`](ParallelError::Stopped), and [`Forked`](ParallelError::Forked). Some
/// shards may be changed then, that of a panic in part.
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

/// Returns the shards of `tokens` with the slice of each.
pub(crate) fn slices_mut(
    tokens: &mut [Token],
) -> impl ExactSizeIterator<Item = (Shard, &mut [Token])> + Send {
    let shards = Shards::new(tokens.len());
    shards.iter().zip(tokens.chunks_mut(DEFAULT_SHARD_TOKENS))
}
