use ng_store::VecStore;
use ng_token::Token;

use crate::pieces::fill_pieces;
use crate::{ParallelError, Workers, serial};

/// Appends `f(0)`, `f(1)`, up to `f(count - 1)` to `store`, each shard by one
/// thread, in place.
///
/// `f` gets the position within this append. The filling threads make the first touch, and
/// nothing is copied: the cost is that of `f` and of writing. Shards start at the append,
/// not at the store.
///
/// # Errors
///
/// [`Panicked`](ParallelError::Panicked) if `f` panics,
/// [`Stopped`](ParallelError::Stopped), [`Forked`](ParallelError::Forked), and
/// [`Store`](ParallelError::Store) if memory runs out. Then no token was appended; the
/// reservation stays.
pub fn fill(
    workers: &Workers,
    store: &mut VecStore,
    count: usize,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<(), ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::fill(workers.stop(), store, count, f);
    };
    store.append_in_place(count, |vacant| {
        fill_pieces(pool, vacant, |piece| Ok(piece.fill(&f)))
    })
}
