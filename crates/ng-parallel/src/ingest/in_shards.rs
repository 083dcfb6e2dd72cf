use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Shards, Workers, serial};

/// Appends the tokens of a plan to any sink, which `f` makes a shard at a time, and does
/// not commit, unless it is [told to](IngestOptions::commit_every).
///
/// `f` gets a shard and room for its tokens, all of them zero at first. Shards are those
/// of the plan, wherever the sink is and whatever the buffers are: a generator of random
/// numbers that is seeded with a shard's number gives the same tokens each time.
///
/// All else is as [`ingest`](crate::ingest()) does it; a buffer holds a shard, 2 MiB
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
/// When the sink does.
pub fn ingest_shards<S: TokenSink>(
    workers: &Workers,
    sink: &mut S,
    shards: Shards,
    f: impl Fn(Shard, &mut [Token]) + Sync,
) -> Result<(), IngestError<S::Error>> {
    ingest_shards_with(workers, &IngestOptions::new(), sink, shards, f)
}

/// Does what [`ingest_shards`] does, with another depth, or commits on the way. How many
/// tokens a buffer has is the plan's to say, and no option.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// When the sink does.
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
        // What a closure leaves out must not be what some other shard had there.
        tokens.resize(shard.range.len(), Token::ZERO);
        (self.f)(shard.clone(), tokens);
        buffer.hash(self.place.position(shard), &self.place.hasher);
        Ok(())
    }
}
