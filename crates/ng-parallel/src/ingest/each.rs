use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Workers, serial};

/// Appends `f(0)`, `f(1)`, up to `f(count - 1)` to any sink, and does not commit,
/// unless it is [told to](IngestOptions::commit_every).
///
/// `f` gets the position within this append. Buffers of 1 MiB are filled by all
/// threads of the operation, and their whole blocks hashed while they are in
/// cache; the calling thread, one of them, appends them in order, nothing hashed
/// twice, and fills when the next one is not there yet.
///
/// Room for `count` tokens is reserved first, so that a full disk shows before
/// `f` is called. After that, memory is (threads x 2 +
/// [depth](IngestOptions::depth)) buffers whatever the count, one where the calling
/// thread is alone, and neither a token nor a buffer allocates anything. Where
/// another operation wants the workers, each change of one costs an allocation of
/// some words, at most one in 16 buffers; threads of a pool that was
/// [adopted](Workers) leave more often, where they wait for the sink.
///
/// The sink is called on the calling thread, outside of `f`. One that works in
/// parallel itself, on the same workers, gets those that are idle.
///
/// What is made many at a time, or can fail, is for
/// [`ingest_batches`](crate::ingest_batches()); what has a state, such as a generator of
/// random numbers, for [`ingest_shards`](crate::ingest_shards()). What is in memory
/// anyway is better filled in place, with [`fill`](crate::fill()).
///
/// # Errors
///
/// [`Panicked`](IngestError::Panicked) when `f` does,
/// [`Stopped`](IngestError::Stopped), [`Forked`](IngestError::Forked), and
/// [`Sink`](IngestError::Sink). What was appended then, `f(0)` up to some shard's
/// end, stands and is not committed:
/// [`appended_tokens`](TokenSink::appended_tokens) tells how far it is. After a
/// panic it ends where the shard begins that is named.
///
/// # Panics
///
/// When the sink does.
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
