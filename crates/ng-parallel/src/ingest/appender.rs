use ng_store::TokenSink;

use super::job::{Job, Reply};
use super::{Buffer, IngestError, IngestOptions, Make, Unmade};

/// Appends shards to a sink in order, on the calling thread, and commits on the way if
/// configured to.
pub(crate) struct Appender<'run, S> {
    sink: &'run mut S,
    /// The total number of tokens.
    count: usize,
    commit_every: Option<usize>,
    /// How many tokens were appended since the last commit.
    uncommitted: usize,
    /// How many were still uncommitted then.
    left: usize,
}

impl<'run, S: TokenSink> Appender<'run, S> {
    /// Reserves space for `count` tokens in the sink.
    pub(crate) fn begin<M>(
        sink: &'run mut S,
        count: usize,
        options: &IngestOptions,
    ) -> Result<Self, IngestError<S::Error, M>> {
        sink.reserve(count).map_err(IngestError::Sink)?;
        Ok(Self {
            sink,
            count,
            commit_every: options.tokens_a_commit(),
            uncommitted: 0,
            left: count,
        })
    }

    /// Appends a reply's tokens, and returns the buffer.
    pub(crate) fn append<K: Make>(
        &mut self,
        make: &K,
        reply: Reply<K::Error>,
    ) -> Result<Buffer, IngestError<S::Error, K::Error>> {
        let Job { shard, buffer } = reply.job;
        match reply.outcome {
            Ok(()) => {
                let tokens = make.tokens(&shard, &buffer);
                let appended = self.sink.append_hashed(tokens, buffer.hashes());
                appended.map_err(IngestError::Sink)?;
                self.uncommitted += tokens.len();
                Ok(buffer)
            }
            Err(Unmade::Stopped) => Err(IngestError::Stopped {
                appended: shard.range.start,
                count: self.count,
            }),
            Err(Unmade::Panicked(message)) => Err(IngestError::Panicked { shard, message }),
            Err(Unmade::Count(found)) => Err(IngestError::WrongCount { shard, found }),
            Err(Unmade::Failed(source)) => Err(IngestError::Failed { shard, source }),
        }
    }

    /// Commits if enough was appended since the last commit.
    pub(crate) fn commit_if_due<M>(&mut self) -> Result<(), IngestError<S::Error, M>> {
        let is_due = |every| self.uncommitted >= every;
        if self.commit_every.is_some_and(is_due) {
            self.sink.commit().map_err(IngestError::Sink)?;
            self.left -= self.uncommitted;
            self.uncommitted = 0;
            // The space exists already, but this announces it: the total size of the coming
            // commits decides whether they bypass the page cache.
            self.sink.reserve(self.left).map_err(IngestError::Sink)?;
        }
        Ok(())
    }
}
