//! Many threads fill; one of them writes.
//!
//! - `each`, `batches`, `in_shards` and `slice` are the operations: what a closure
//!   provides, and how it fills a shard (`make`);
//! - `options` sets how much is in flight, `cut` the shards of an append;
//! - `buffer` holds a shard's tokens and their hashes;
//! - `job` is a shard on its way to a worker and back, `filler` the worker;
//! - `writer` is the calling thread: it hands jobs out, restores the order, and fills a
//!   shard where it would have to wait; `appender` appends to the sink;
//! - `error` has the errors.
//!
//! A worker gets a shard only together with its buffer. So the next shard to write is
//! always filled or being filled, and the pipeline cannot block behind it. A worker may
//! leave between two shards: the writer fills shards that nobody takes.

mod appender;
mod batches;
mod buffer;
mod cut;
mod each;
mod error;
mod filler;
mod in_shards;
mod job;
mod make;
mod options;
mod slice;
mod writer;

use ng_store::TokenSink;

use crate::StopFlag;
use crate::pool::Pool;
use writer::OrderedWriter;

pub(crate) use appender::Appender;
pub(crate) use batches::Batches;
pub use batches::{ingest_batches, ingest_batches_with};
pub(crate) use buffer::Buffer;
pub(crate) use cut::Cut;
pub(crate) use each::Each;
pub use each::{ingest, ingest_with};
pub use error::IngestError;
pub(crate) use in_shards::InShards;
pub use in_shards::{ingest_shards, ingest_shards_with};
pub(crate) use job::{Job, fill};
pub(crate) use make::{Make, Place, Unmade};
pub use options::{DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH, IngestOptions};
pub(crate) use slice::{Slice, ingest_slice};

/// Appends the shards of `cut`, made by all threads of an operation.
pub(crate) fn ingest_on<S, K>(
    pool: Pool<'_>,
    options: &IngestOptions,
    sink: &mut S,
    cut: Cut,
    make: &K,
) -> Result<(), IngestError<S::Error, K::Error>>
where
    S: TokenSink,
    K: Make<Error: Send> + Sync,
{
    let appender = Appender::begin(sink, cut.token_count(), options)?;
    let buffers = options.buffers(pool.threads);
    let (writer, filler) = OrderedWriter::start(appender, make, pool.stop, cut, buffers);
    let team = pool.team(writer.handed_out());
    pool.run_beside(&team, |turn| filler.help(turn), |call| writer.run(call))
}

/// Appends the shards of `cut`, made by the calling thread.
pub(crate) fn ingest_alone<S: TokenSink, K: Make>(
    stop: &StopFlag,
    options: &IngestOptions,
    sink: &mut S,
    cut: Cut,
    make: &K,
) -> Result<(), IngestError<S::Error, K::Error>> {
    let mut appender = Appender::begin(sink, cut.token_count(), options)?;
    let mut buffer = make.buffer(cut.longest());
    for shard in cut {
        let reply = fill(make, stop, Job { shard, buffer });
        buffer = appender.append(make, reply)?;
        appender.commit_if_due()?;
    }
    Ok(())
}
