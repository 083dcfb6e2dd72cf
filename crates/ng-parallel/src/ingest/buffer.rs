use std::ops::Range;

use ng_store::{BLOCK_TOKENS, BlockHasher};
use ng_token::Token;

/// The tokens of a shard, with the hashes of the blocks that they fill.
pub(crate) struct Buffer {
    tokens: Vec<Token>,
    hashes: Vec<u64>,
}

impl Buffer {
    /// Allocates room for `capacity` tokens and their hashes.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            tokens: Vec::with_capacity(capacity),
            hashes: Vec::with_capacity(capacity / BLOCK_TOKENS),
        }
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Holds `f` of each index in `range` from here on, instead of what it held;
    /// `position` is where the first of them will stand in the sink.
    ///
    /// Block by block, so that each is hashed while it is in the first caches.
    pub(crate) fn refill(
        &mut self,
        range: Range<usize>,
        mut position: u64,
        hasher: &impl BlockHasher,
        f: impl Fn(usize) -> Token,
    ) {
        const BLOCK: u64 = BLOCK_TOKENS as u64;

        self.tokens.clear();
        self.hashes.clear();
        let mut index = range.start;
        while index < range.end {
            let to_block_end = BLOCK_TOKENS - (position % BLOCK) as usize;
            let end = index + to_block_end.min(range.end - index);
            let first = self.tokens.len();
            self.tokens.extend((index..end).map(&f));
            if end - index == BLOCK_TOKENS {
                let block = &self.tokens[first..];
                self.hashes.push(hasher.hash_block(position / BLOCK, block));
            }
            position += (end - index) as u64;
            index = end;
        }
    }
}
