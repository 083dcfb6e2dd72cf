use std::num::NonZeroUsize;

use ng_store::BLOCK_TOKENS;

/// How many tokens a buffer holds unless told otherwise: 1 MiB, four blocks.
///
/// What a token file writes at once, and few enough to be hashed and written
/// from a core's cache.
pub const DEFAULT_BUFFER_TOKENS: usize = 4 * BLOCK_TOKENS;

/// How many buffers are in flight besides two for each thread, unless told
/// otherwise.
pub const DEFAULT_DEPTH: usize = 4;

/// How much an [`ingest`](crate::ingest()) has in flight, and whether it commits on
/// the way.
///
/// Buffers have no say in what is written, only in how fast.
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
    /// When that is not a multiple of [`BLOCK_TOKENS`], or 0.
    #[must_use]
    pub fn buffer_tokens(mut self, buffer_tokens: usize) -> Self {
        assert!(
            buffer_tokens > 0 && buffer_tokens.is_multiple_of(BLOCK_TOKENS),
            "buffers of {buffer_tokens} tokens, expected a multiple of {BLOCK_TOKENS} above 0"
        );
        self.buffer_tokens = buffer_tokens;
        self
    }

    /// Sets how many buffers are in flight besides two for each thread.
    ///
    /// They lie filled when the sink is slow for a moment, and keep it busy when
    /// the workers are.
    #[must_use]
    pub const fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Has the sink commit on the way, each time that so many tokens were appended
    /// since, at the end of a buffer. Without it nothing is committed.
    ///
    /// The calling thread commits, while the workers fill what comes next. What was
    /// committed stays, whatever ends the ingest: after an error, a stop flag or a
    /// kill the store has the tokens up to one of the commits, and of a sink that is
    /// still there, [`appended_tokens`](ng_store::TokenSink::appended_tokens) tells
    /// where to go on. The tokens after the last such commit are the caller's to
    /// commit, as ever. Room is reserved for all of them at the start: of a file, what an
    /// ingest that ends early did not come to use stays with it, since it was committed
    /// with that, until [`shrink_to_fit`](ng_store::FileWriter::shrink_to_fit).
    ///
    /// # Panics
    ///
    /// When `tokens` is 0.
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

    /// Returns how many buffers there are for so many threads.
    pub(crate) fn buffers(&self, threads: usize) -> usize {
        threads.saturating_mul(2).saturating_add(self.depth)
    }
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self::new()
    }
}
