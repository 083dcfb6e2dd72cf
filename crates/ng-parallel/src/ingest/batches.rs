use std::ops::Range;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Workers, serial};

/// Appends `count` tokens to any sink, which `make` makes many at a time and may fail
/// to, and does not commit, unless it is [told to](IngestOptions::commit_every).
///
/// `make` gets the positions of a buffer's tokens within this append, and an empty
/// vector with room for them, into which it puts exactly as many. Buffers end where
/// those of the sink do, so where they begin depends on what it has: tokens may depend
/// on their positions, and not on how they come together.
///
/// All else is as [`ingest`](crate::ingest()) does it: `make` runs on all threads of
/// the operation, which hash what it made; the calling thread appends in order; memory
/// is bounded by the number of buffers.
///
/// ```
/// use std::ops::Range;
///
/// use ng_parallel::{Workers, ingest_batches};
/// use ng_store::{BlockReader, CreateOptions, ReadError, TokenSink, TokenStore, VecStore};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tokens.ngt");
/// let mut store = VecStore::new();
/// store.append_with(100_000, |index| Token::new(index as u32))?;
/// store.save(&path, &CreateOptions::new())?;
///
/// // Verified as they are read, by all workers.
/// let reader = BlockReader::open(&path)?;
/// let read = |range: Range<usize>, tokens: &mut Vec<Token>| {
///     reader.for_each(range.start as u64..range.end as u64, |verified| {
///         tokens.extend_from_slice(verified);
///         Ok::<_, ReadError>(())
///     })
/// };
/// let mut copy = VecStore::new();
/// ingest_batches(&Workers::new(2)?, &mut copy, store.len(), read)?;
/// assert_eq!(copy.tokens(), store.tokens());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Failed`](IngestError::Failed) when `make` does,
/// [`WrongCount`](IngestError::WrongCount) when it makes more or fewer tokens, and those
/// of [`ingest`](crate::ingest()). Everything before the shard that is named was appended.
///
/// # Panics
///
/// When the sink does.
pub fn ingest_batches<S: TokenSink, M: Send>(
    workers: &Workers,
    sink: &mut S,
    count: usize,
    make: impl Fn(Range<usize>, &mut Vec<Token>) -> Result<(), M> + Sync,
) -> Result<(), IngestError<S::Error, M>> {
    ingest_batches_with(workers, &IngestOptions::new(), sink, count, make)
}

/// Does what [`ingest_batches`] does, with other buffers, or commits on the way.
///
/// # Errors
///
/// As [`ingest_batches`].
///
/// # Panics
///
/// As [`ingest_batches`].
pub fn ingest_batches_with<S: TokenSink, M: Send>(
    workers: &Workers,
    options: &IngestOptions,
    sink: &mut S,
    count: usize,
    make: impl Fn(Range<usize>, &mut Vec<Token>) -> Result<(), M> + Sync,
) -> Result<(), IngestError<S::Error, M>> {
    let Some(pool) = workers.pool()? else {
        return serial::ingest_batches_with(workers.stop(), options, sink, count, make);
    };
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, count, options);
    ingest_on(pool, options, sink, cut, &Batches { place, make })
}

/// Makes the tokens of a buffer together.
pub(crate) struct Batches<H, F> {
    pub(crate) place: Place<H>,
    pub(crate) make: F,
}

impl<H, F, M> Make for Batches<H, F>
where
    H: BlockHasher,
    F: Fn(Range<usize>, &mut Vec<Token>) -> Result<(), M>,
{
    type Error = M;

    fn make(&self, shard: &Shard, buffer: &mut Buffer) -> Result<(), Unmade<M>> {
        (self.make)(shard.range.clone(), buffer.begin()).map_err(Unmade::Failed)?;
        let found = buffer.tokens().len();
        if found != shard.range.len() {
            return Err(Unmade::Count(found));
        }
        buffer.hash(self.place.position(shard), &self.place.hasher);
        Ok(())
    }
}
