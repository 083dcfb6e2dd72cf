//! Many threads fill, one writes.
//!
//! - `options` says how much is in flight, `cut` which shards an append has;
//! - `buffer` holds a shard's tokens and their hashes;
//! - `job` is a shard on its way to a worker and back, `filler` the worker;
//! - `writer` is the calling thread: it hands jobs out and restores the order;
//! - `error` says what can go wrong.
//!
//! A worker only gets a shard together with the buffer it goes into. So the
//! shard that is written next is always being filled or has been, and the
//! pipeline cannot fill up behind it.

mod buffer;
mod cut;
mod error;
mod filler;
mod job;
mod options;
mod writer;

use std::iter::repeat_n;

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
/// `f` gets the position within this append. The workers fill buffers of 1 MiB
/// and hash their whole blocks while they are in cache; the calling thread
/// appends them in order, nothing hashed twice. `threads` of [`Workers`] are
/// those that fill, the writer comes on top. With one worker, the calling thread
/// does both in turn; and so it does when it is one of the workers itself, where
/// waiting for the others could be for ever.
///
/// Room for `count` tokens is reserved first, so that a full disk shows before
/// `f` is called. After that, memory is (threads x 2 +
/// [depth](IngestOptions::depth)) buffers whatever the count, one with one
/// worker, and neither a token nor a buffer allocates anything.
///
/// Meanwhile the workers are taken, so a sink that works in parallel itself
/// needs workers of its own.
///
/// What is in memory anyway is better filled in place, with [`fill`](crate::fill()).
///
/// # Errors
///
/// [`Panicked`](IngestError::Panicked) when `f` does,
/// [`Stopped`](IngestError::Stopped), and [`Sink`](IngestError::Sink). What was
/// appended then, `f(0)` up to some shard's end, stands and is not committed:
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
    let Some(pool) = workers.pool().filter(|pool| !pool.is_caller()) else {
        return serial::ingest_with(workers.stop(), options, sink, count, f);
    };
    sink.reserve(count).map_err(IngestError::Sink)?;
    let task = FillTask::new(workers.stop(), sink, f);
    let shards = Cut::new(sink.appended_tokens(), count, options.tokens_a_buffer());
    let buffers = options.buffers(pool.threads());
    let (writer, filler) = OrderedWriter::start(sink, &task, shards, buffers);
    let fillers = repeat_n(filler, pool.threads().min(writer.handed_out()));
    pool.run_beside(fillers.map(|filler| || filler.run()), || writer.run())
}
