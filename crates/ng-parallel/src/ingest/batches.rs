use std::ops::Range;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Workers, serial};

/// Appends `count` tokens to any sink, produced in batches by the fallible `make`; commits
/// only if [configured to](IngestOptions::commit_every).
///
/// `make` gets the positions of a buffer's tokens within this append, and an empty vector
/// with capacity for them, which it must fill exactly. Buffers end at the sink's buffer
/// boundaries, so they start at different positions for different sinks: tokens may depend
/// on their positions, but not on how they are grouped.
///
/// Everything else is as in [`ingest`](crate::ingest()): `make` runs on all threads of the
/// operation, which also hash its tokens; the calling thread appends in order; memory is
/// bounded by the number of buffers.
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
/// [`Failed`](IngestError::Failed) if `make` fails, [`WrongCount`](IngestError::WrongCount)
/// if it makes too many or too few tokens, and those of [`ingest`](crate::ingest()).
/// Everything before the named shard was appended.
///
/// # Panics
///
/// If the sink panics.
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

/// Makes the tokens of a buffer in one call.
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
