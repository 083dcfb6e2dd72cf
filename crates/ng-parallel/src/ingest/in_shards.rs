use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Shards, Workers, serial};

/// Appends the tokens of a plan to any sink, made by `f` one shard at a time; commits only
/// if [configured to](IngestOptions::commit_every).
///
/// `f` gets a shard and a slice for its tokens, all zero at first. The shards are the
/// plan's, independent of the sink and the buffers: a random number generator seeded with
/// the shard's number gives the same tokens each time.
///
/// Everything else is as in [`ingest`](crate::ingest()); a buffer holds one shard, 2 MiB
/// unless the plan says otherwise.
///
/// ```
/// use ng_parallel::{Shards, Workers, ingest_shards};
/// use ng_store::{TokenStore, VecStore};
/// use ng_token::Token;
///
/// let mut store = VecStore::new();
/// ingest_shards(&Workers::new(2)?, &mut store, Shards::new(100_000), |shard, room| {
///     // A generator of your own, such as `SmallRng::seed_from_u64`.
///     let mut state = shard.number as u64;
///     for token in room {
///         state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
///         *token = Token::new((state >> 40) as u32);
///     }
/// })?;
/// assert_eq!(store.len(), 100_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// If the sink panics.
pub fn ingest_shards<S: TokenSink>(
    workers: &Workers,
    sink: &mut S,
    shards: Shards,
    f: impl Fn(Shard, &mut [Token]) + Sync,
) -> Result<(), IngestError<S::Error>> {
    ingest_shards_with(workers, &IngestOptions::new(), sink, shards, f)
}

/// Does what [`ingest_shards`] does, with another depth, or commits on the way. The plan,
/// not an option, sets the buffer size.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// If the sink panics.
pub fn ingest_shards_with<S: TokenSink>(
    workers: &Workers,
    options: &IngestOptions,
    sink: &mut S,
    shards: Shards,
    f: impl Fn(Shard, &mut [Token]) + Sync,
) -> Result<(), IngestError<S::Error>> {
    let Some(pool) = workers.pool()? else {
        return serial::ingest_shards_with(workers.stop(), options, sink, shards, f);
    };
    let place = Place::of(sink);
    let cut = Cut::of_plan(shards);
    ingest_on(pool, options, sink, cut, &InShards { place, f })
}

/// Makes the tokens of a plan's shard together, in place.
pub(crate) struct InShards<H, F> {
    pub(crate) place: Place<H>,
    pub(crate) f: F,
}

impl<H: BlockHasher, F: Fn(Shard, &mut [Token])> Make for InShards<H, F> {
    type Error = Infallible;

    fn make(&self, shard: &Shard, buffer: &mut Buffer) -> Result<(), Unmade<Infallible>> {
        let tokens = buffer.begin();
        // Tokens that a closure leaves out must not show another shard's.
        tokens.resize(shard.range.len(), Token::ZERO);
        (self.f)(shard.clone(), tokens);
        buffer.hash(self.place.position(shard), &self.place.hasher);
        Ok(())
    }
}
