use std::num::NonZeroUsize;

use ng_store::BLOCK_TOKENS;

/// The default number of tokens in a buffer: 1 MiB, four blocks.
///
/// A token file writes this much at once, and it is small enough to be hashed and written
/// from a core's cache.
pub const DEFAULT_BUFFER_TOKENS: usize = 4 * BLOCK_TOKENS;

/// The default number of buffers in flight beyond two per thread.
pub const DEFAULT_DEPTH: usize = 4;

/// How much an [`ingest`](crate::ingest()) has in flight, and whether it commits on the
/// way.
///
/// Buffers affect only the speed, not what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    buffer_tokens: usize,
    depth: usize,
    commit_every: Option<NonZeroUsize>,
}

impl IngestOptions {
    /// Buffers of [`DEFAULT_BUFFER_TOKENS`], and [`DEFAULT_DEPTH`].
    pub const fn new() -> Self {
        Self {
            buffer_tokens: DEFAULT_BUFFER_TOKENS,
            depth: DEFAULT_DEPTH,
            commit_every: None,
        }
    }

    /// Sets how many tokens a buffer holds.
    ///
    /// # Panics
    ///
    /// If that is not a multiple of [`BLOCK_TOKENS`], or 0.
    #[must_use]
    pub fn buffer_tokens(mut self, buffer_tokens: usize) -> Self {
        assert!(
            buffer_tokens > 0 && buffer_tokens.is_multiple_of(BLOCK_TOKENS),
            "buffers of {buffer_tokens} tokens, expected a multiple of {BLOCK_TOKENS} above 0"
        );
        self.buffer_tokens = buffer_tokens;
        self
    }

    /// Sets how many buffers are in flight beyond two per thread.
    ///
    /// They absorb short stalls of the sink, and of the workers.
    #[must_use]
    pub const fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Commits on the way, at the end of a buffer, whenever at least this many tokens were
    /// appended since the last commit. By default nothing is committed.
    ///
    /// The calling thread commits while the workers fill the next shards. Committed tokens
    /// stay however the ingest ends: after an error, a stop flag or a kill, the store has
    /// the tokens up to one of the commits, and if the sink still exists,
    /// [`appended_tokens`](ng_store::TokenSink::appended_tokens) tells where to continue.
    /// The caller commits the tokens after the last such commit. Space for all tokens is
    /// reserved at the start; if an ingest into a file ends early, the file keeps the
    /// unused space, since a commit covered it, until
    /// [`shrink_to_fit`](ng_store::FileWriter::shrink_to_fit).
    ///
    /// # Panics
    ///
    /// If `tokens` is 0.
    #[must_use]
    pub fn commit_every(mut self, tokens: usize) -> Self {
        let every = NonZeroUsize::new(tokens);
        assert!(
            every.is_some(),
            "a commit every 0 tokens, expected at least 1"
        );
        self.commit_every = every;
        self
    }

    pub(crate) fn tokens_a_commit(&self) -> Option<usize> {
        self.commit_every.map(NonZeroUsize::get)
    }

    pub(crate) fn tokens_a_buffer(&self) -> usize {
        self.buffer_tokens
    }

    /// Returns how many buffers there are for this many threads.
    pub(crate) fn buffers(&self, threads: usize) -> usize {
        threads.saturating_mul(2).saturating_add(self.depth)
    }
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self::new()
    }
}
