use ng_query::order::Order;
use ng_store::BLOCK_TOKENS;

/// The tokens of a shard unless others are asked for: 1 GiB.
const SHARD_TOKENS: u64 = 16 << 20;

/// Rounds up to whole blocks, and to at least one.
fn whole_blocks(tokens: u64) -> u64 {
    let block = BLOCK_TOKENS as u64;
    tokens
        .max(1)
        .checked_next_multiple_of(block)
        .unwrap_or(u64::MAX - u64::MAX % block)
}

/// Which shards are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactOptions {
    target: u64,
    smaller_than: Option<u64>,
}

impl CompactOptions {
    /// Puts shards of fewer than 8 Mi (8,388,608) tokens together, into shards of at most twice as
    /// many.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            target: SHARD_TOKENS,
            smaller_than: None,
        }
    }

    /// Sets the most tokens of a new shard, rounded up to whole blocks.
    #[must_use]
    pub const fn target(mut self, tokens: u64) -> Self {
        self.target = tokens;
        self
    }

    /// Sets below how many tokens a shard is small; by default half of the target.
    #[must_use]
    pub const fn smaller_than(mut self, tokens: u64) -> Self {
        self.smaller_than = Some(tokens);
        self
    }

    pub(super) fn target_tokens(&self) -> u64 {
        whole_blocks(self.target)
    }

    pub(super) fn is_small(&self, tokens: u64) -> bool {
        let half = self.target_tokens() / 2;
        tokens < self.smaller_than.unwrap_or(half)
    }
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// How long the new shards are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReshardOptions(Lengths);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lengths {
    Tokens(u64),
    Shards(u64),
}

impl ReshardOptions {
    /// Cuts shards of so many tokens, rounded up to whole blocks; the last may have fewer.
    #[must_use]
    pub const fn tokens(tokens: u64) -> Self {
        Self(Lengths::Tokens(tokens))
    }

    /// Cuts so many shards, or fewer if they would have less than a block each.
    #[must_use]
    pub const fn shards(shards: u64) -> Self {
        Self(Lengths::Shards(shards))
    }

    /// Returns the tokens of a shard if there are so many tokens in all.
    pub(super) fn shard_tokens(&self, total: u64) -> u64 {
        whole_blocks(match self.0 {
            Lengths::Tokens(tokens) => tokens,
            Lengths::Shards(shards) => total.div_ceil(shards.max(1)),
        })
    }
}

/// Cuts shards of 16 Mi (16,777,216) tokens.
impl Default for ReshardOptions {
    fn default() -> Self {
        Self::tokens(SHARD_TOKENS)
    }
}

/// How tokens are put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortOptions {
    pub(super) by: Order,
    pub(super) memory_bytes: Option<u64>,
    shard_tokens: u64,
}

impl SortOptions {
    /// Sorts by an order, in half of the available memory, into shards of 16 Mi (16,777,216) tokens.
    #[must_use]
    pub const fn by(order: Order) -> Self {
        Self {
            by: order,
            memory_bytes: None,
            shard_tokens: SHARD_TOKENS,
        }
    }

    /// Sets the most bytes of memory that sorting takes: tokens, keys and buffers.
    #[must_use]
    pub const fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    /// Sets the tokens of a shard, rounded up to whole blocks; the last may have fewer.
    #[must_use]
    pub const fn shard_tokens(mut self, tokens: u64) -> Self {
        self.shard_tokens = tokens;
        self
    }

    pub(super) fn tokens_of_a_shard(&self) -> u64 {
        whole_blocks(self.shard_tokens)
    }
}
