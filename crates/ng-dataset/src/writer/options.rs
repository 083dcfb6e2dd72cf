use std::time::Duration;

use ng_store::{BLOCK_TOKENS, CachePolicy, DEFAULT_MAX_TOKENS};
use ng_token::Token;

const BLOCK: u64 = BLOCK_TOKENS as u64;

/// When a writer ends its tail, which becomes a shard, and goes on in a new one.
///
/// The first limit that is reached counts. A number of tokens or bytes is rounded up to whole
/// blocks of 4096 tokens, so that the shards have whole blocks; a shard that ends by time has as
/// many tokens as there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roll {
    /// At this many tokens.
    pub tokens: Option<u64>,
    /// At this many bytes, 64 a token.
    pub bytes: Option<u64>,
    /// This long after its first token.
    pub after: Option<Duration>,
}

impl Default for Roll {
    /// At 16,777,216 tokens: 1 GiB.
    fn default() -> Self {
        Self {
            tokens: Some(1 << 24),
            bytes: None,
            after: None,
        }
    }
}

impl Roll {
    /// The most tokens of a tail, whole blocks.
    pub(super) fn limit(&self) -> u64 {
        let of_bytes = self.bytes.map(|bytes| bytes.div_ceil(Token::SIZE as u64));
        let limits = self.tokens.into_iter().chain(of_bytes);
        let least = limits.min().unwrap_or(DEFAULT_MAX_TOKENS);
        least.clamp(1, DEFAULT_MAX_TOKENS).next_multiple_of(BLOCK)
    }
}

/// When a writer commits without being asked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitEvery {
    /// When this many tokens are not committed.
    pub tokens: Option<u64>,
    /// When the first token that is not committed was appended this long ago.
    pub after: Option<Duration>,
}

/// What a stream keeps; the oldest shards beyond that go in whole. Open tails stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retention {
    /// Shards whose last token was committed at most this long ago.
    Age(Duration),
    /// As many of the newest shards as have this many bytes, 64 a token.
    Bytes(u64),
    /// This many of the newest shards.
    Shards(u64),
}

/// How a dataset is appended to.
///
/// ```
/// use std::time::Duration;
///
/// use ng_dataset::{CommitEvery, Retention, Roll, WriterOptions};
///
/// let options = WriterOptions::new()
///     .roll(Roll { tokens: Some(4_000_000), ..Roll::default() })
///     .commit_every(CommitEvery { after: Some(Duration::from_secs(1)), tokens: None })
///     .retain(Retention::Shards(5))
///     .retain(Retention::Age(Duration::from_secs(7 * 86_400)));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriterOptions {
    pub(super) roll: Roll,
    pub(super) commit_every: CommitEvery,
    pub(super) retention: Vec<Retention>,
    pub(super) cache: CachePolicy,
    pub(super) takes_over: bool,
}

impl WriterOptions {
    /// Rolls at 16M tokens, commits when asked and at a roll, keeps everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets when a tail is ended.
    #[must_use]
    pub fn roll(mut self, roll: Roll) -> Self {
        self.roll = roll;
        self
    }

    /// Sets when to commit without being asked.
    #[must_use]
    pub fn commit_every(mut self, every: CommitEvery) -> Self {
        self.commit_every = every;
        self
    }

    /// Adds a limit to what is kept: of several, each holds.
    #[must_use]
    pub fn retain(mut self, retention: Retention) -> Self {
        self.retention.push(retention);
        self
    }

    /// Sets whether written pages stay cached.
    #[must_use]
    pub fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }

    /// First seals the tails that dead writers left, as
    /// [`close_tails`](crate::Dataset::close_tails) does. Otherwise they stay as they are.
    #[must_use]
    pub fn take_over(mut self, takes_over: bool) -> Self {
        self.takes_over = takes_over;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_rounded_up_to_whole_blocks() {
        let limit = |tokens, bytes| {
            let after = None;
            let roll = Roll {
                tokens,
                bytes,
                after,
            };
            roll.limit()
        };
        assert_eq!(limit(Some(0), None), BLOCK);
        assert_eq!(limit(Some(1), None), BLOCK);
        assert_eq!(limit(Some(BLOCK), None), BLOCK);
        assert_eq!(limit(Some(BLOCK + 1), None), 2 * BLOCK);
        assert_eq!(limit(None, Some(BLOCK * 64 + 1)), 2 * BLOCK);
        assert_eq!(limit(Some(3 * BLOCK), Some(64)), BLOCK);
        assert_eq!(limit(Some(u64::MAX), Some(u64::MAX)), DEFAULT_MAX_TOKENS);
        assert_eq!(limit(None, None), DEFAULT_MAX_TOKENS);
    }
}
