use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Workers, serial};

/// Appends `f(0)`, `f(1)`, up to `f(count - 1)` to any sink; commits only if [configured
/// to](IngestOptions::commit_every).
///
/// `f` gets the position within this append. All threads of the operation fill buffers of 1
/// MiB and hash their whole blocks while they are in cache. The calling thread, one of
/// them, appends the buffers in order without hashing again, and fills while the next one
/// is not ready.
///
/// Space for `count` tokens is reserved first, so that a full disk shows before `f` is
/// called. After that, memory is (threads x 2 + [depth](IngestOptions::depth)) buffers for
/// any count, or one if the calling thread is alone, and nothing is allocated per token or
/// buffer. If another operation wants the workers, each switch of a worker allocates a few
/// words, at most once in 16 buffers; threads of an [adopted](Workers) pool leave more
/// often, when they wait for the sink.
///
/// The sink is called on the calling thread, outside of `f`. A sink that itself works in
/// parallel on the same workers gets the idle ones.
///
/// To make tokens in batches or fallibly, use [`ingest_batches`](crate::ingest_batches());
/// with state, such as a random number generator,
/// [`ingest_shards`](crate::ingest_shards()); to fill memory in place,
/// [`fill`](crate::fill()).
///
/// # Errors
///
/// [`Panicked`](IngestError::Panicked) if `f` panics, [`Stopped`](IngestError::Stopped),
/// [`Forked`](IngestError::Forked), and [`Sink`](IngestError::Sink). The tokens appended by
/// then, `f(0)` up to some shard's end, stay and are not committed:
/// [`appended_tokens`](TokenSink::appended_tokens) gives their number. After a panic they
/// end where the named shard begins.
///
/// # Panics
///
/// If the sink panics.
pub fn ingest<S: TokenSink>(
    workers: &Workers,
    sink: &mut S,
    count: usize,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<(), IngestError<S::Error>> {
    ingest_with(workers, &IngestOptions::new(), sink, count, f)
}

/// Does what [`ingest`] does, with other buffers, or commits on the way.
///
/// # Errors
///
/// As [`ingest`].
///
/// # Panics
///
/// As [`ingest`].
pub fn ingest_with<S: TokenSink>(
    workers: &Workers,
    options: &IngestOptions,
    sink: &mut S,
    count: usize,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<(), IngestError<S::Error>> {
    let Some(pool) = workers.pool()? else {
        return serial::ingest_with(workers.stop(), options, sink, count, f);
    };
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, count, options);
    ingest_on(pool, options, sink, cut, &Each { place, f })
}

/// Makes each token by itself.
pub(crate) struct Each<H, F> {
    pub(crate) place: Place<H>,
    pub(crate) f: F,
}

impl<H: BlockHasher, F: Fn(usize) -> Token> Make for Each<H, F> {
    type Error = Infallible;

    fn make(&self, shard: &Shard, buffer: &mut Buffer) -> Result<(), Unmade<Infallible>> {
        let position = self.place.position(shard);
        buffer.refill(shard.range.clone(), position, &self.place.hasher, &self.f);
        Ok(())
    }
}
