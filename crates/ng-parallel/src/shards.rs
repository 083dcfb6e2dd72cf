use std::ops::Range;

use ng_store::BLOCK_TOKENS;

/// The default number of tokens in a shard: 2 MiB, 8 blocks.
///
/// 2 MiB is a huge page on x86-64, so two threads that fill neighbouring shards of an
/// aligned buffer never contend for the first touch of a page. It is also large enough that
/// handing out a shard costs little compared with its work, and small enough to stop soon.
pub const DEFAULT_SHARD_TOKENS: usize = 8 * BLOCK_TOKENS;

/// A contiguous range of tokens, and its number in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Shard {
    /// The position of the shard in the plan, from 0.
    pub number: usize,
    /// The indices of its tokens.
    pub range: Range<usize>,
}

impl Shard {
    /// Creates a shard of a custom plan.
    pub const fn new(number: usize, range: Range<usize>) -> Self {
        Self { number, range }
    }
}

/// A plan that cuts a number of tokens into shards.
///
/// Pure arithmetic. The shards are contiguous, in order, not empty, and cover all tokens.
/// Each begins at a multiple of [`BLOCK_TOKENS`], and all but the last have the same
/// length. The number of threads does not matter.
///
/// ```
/// use ng_parallel::{DEFAULT_SHARD_TOKENS, Shards};
///
/// let shards = Shards::new(100_000);
/// assert_eq!(shards.len(), 4);
/// assert_eq!(shards.get(3).unwrap().range, 3 * DEFAULT_SHARD_TOKENS..100_000);
/// assert_eq!(shards.iter().map(|shard| shard.range.len()).sum::<usize>(), 100_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    token_count: usize,
    shard_tokens: usize,
}

impl Shards {
    /// Plans `token_count` tokens in shards of [`DEFAULT_SHARD_TOKENS`].
    pub const fn new(token_count: usize) -> Self {
        Self {
            token_count,
            shard_tokens: DEFAULT_SHARD_TOKENS,
        }
    }

    /// Plans `token_count` tokens in shards of `shard_tokens`.
    ///
    /// # Panics
    ///
    /// If `shard_tokens` is not a multiple of [`BLOCK_TOKENS`], or 0.
    pub fn with_shard_tokens(token_count: usize, shard_tokens: usize) -> Self {
        assert!(
            shard_tokens > 0 && shard_tokens.is_multiple_of(BLOCK_TOKENS),
            "shards of {shard_tokens} tokens, expected a multiple of {BLOCK_TOKENS} above 0"
        );
        Self {
            token_count,
            shard_tokens,
        }
    }

    /// Returns how many tokens are planned.
    pub const fn token_count(&self) -> usize {
        self.token_count
    }

    /// Returns how many tokens all shards but the last have.
    pub const fn shard_tokens(&self) -> usize {
        self.shard_tokens
    }

    /// Returns how many shards there are; none if there are no tokens.
    pub const fn len(&self) -> usize {
        self.token_count.div_ceil(self.shard_tokens)
    }

    /// Tells whether there is no shard.
    pub const fn is_empty(&self) -> bool {
        self.token_count == 0
    }

    /// Returns the shard with this number, or `None` from `len` on.
    pub fn get(&self, number: usize) -> Option<Shard> {
        let start = number.checked_mul(self.shard_tokens)?;
        let rest = self.token_count.checked_sub(start)?;
        (rest > 0).then(|| Shard {
            number,
            range: start..start + rest.min(self.shard_tokens),
        })
    }

    /// Returns the shards in order.
    pub const fn iter(&self) -> ShardsIter {
        ShardsIter {
            shards: *self,
            next: 0,
        }
    }
}

impl IntoIterator for Shards {
    type Item = Shard;
    type IntoIter = ShardsIter;

    fn into_iter(self) -> ShardsIter {
        self.iter()
    }
}

impl IntoIterator for &Shards {
    type Item = Shard;
    type IntoIter = ShardsIter;

    fn into_iter(self) -> ShardsIter {
        self.iter()
    }
}

/// Iterates over the shards of a plan; see [`Shards::iter`].
#[derive(Clone, Debug)]
pub struct ShardsIter {
    shards: Shards,
    next: usize,
}

impl Iterator for ShardsIter {
    type Item = Shard;

    fn next(&mut self) -> Option<Shard> {
        let shard = self.shards.get(self.next)?;
        self.next += 1;
        Some(shard)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.shards.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for ShardsIter {}
