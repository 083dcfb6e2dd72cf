//! Many threads fill, one of them writes.
//!
//! - `options` says how much is in flight, `cut` which shards an append has;
//! - `buffer` holds a shard's tokens and their hashes;
//! - `job` is a shard on its way to a worker and back, `filler` the worker;
//! - `writer` is the calling thread: it hands jobs out, restores the order, and
//!   fills a shard where it would have to wait;
//! - `error` says what can go wrong.
//!
//! A worker only gets a shard together with the buffer it goes into. So the
//! shard that is written next is always being filled or has been, and the
//! pipeline cannot fill up behind it. A worker may leave between two shards: the
//! writer fills what nobody takes.

mod buffer;
mod cut;
mod error;
mod filler;
mod job;
mod options;
mod writer;

use ng_store::TokenSink;
use ng_token::Token;

use crate::{Workers, serial};
use writer::OrderedWriter;

pub(crate) use buffer::Buffer;
pub(crate) use cut::Cut;
pub use error::IngestError;
pub(crate) use job::{FillTask, Job, append};
pub use options::{DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH, IngestOptions};

/// Appends `f(0)`, `f(1)`, up to `f(count - 1)` to any sink, and does not commit.
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
/// some words, at most one in 16 buffers.
///
/// The sink is called on the calling thread, outside of `f`. One that works in
/// parallel itself, on the same workers, gets those that are idle.
///
/// What is in memory anyway is better filled in place, with [`fill`](crate::fill()).
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

/// Does what [`ingest`] does, with other buffers.
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
    sink.reserve(count).map_err(IngestError::Sink)?;
    let task = FillTask::new(workers.stop(), sink, f);
    let shards = Cut::new(sink.appended_tokens(), count, options.tokens_a_buffer());
    let buffers = options.buffers(pool.threads);
    let (writer, filler) = OrderedWriter::start(sink, &task, shards, buffers);
    let team = pool.team(writer.handed_out());
    pool.run_beside(&team, |turn| filler.help(turn), |call| writer.run(call))
}
