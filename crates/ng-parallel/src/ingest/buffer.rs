use std::ops::Range;

use ng_store::{BLOCK_TOKENS, BlockHasher};
use ng_token::Token;

const BLOCK: u64 = BLOCK_TOKENS as u64;

/// The tokens of a shard, with the hashes of their full blocks.
pub(crate) struct Buffer {
    tokens: Vec<Token>,
    hashes: Vec<u64>,
}

impl Buffer {
    /// Allocates space for `tokens` tokens, and for the hashes of `hashed`.
    pub(crate) fn with_capacity(tokens: usize, hashed: usize) -> Self {
        Self {
            tokens: Vec::with_capacity(tokens),
            hashes: Vec::with_capacity(hashed / BLOCK_TOKENS),
        }
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Clears the buffer, and returns the empty vector to fill.
    pub(crate) fn begin(&mut self) -> &mut Vec<Token> {
        self.tokens.clear();
        &mut self.tokens
    }

    /// Hashes the whole blocks of its tokens; `position` is where the first of them
    /// will stand in the sink.
    pub(crate) fn hash(&mut self, position: u64, hasher: &impl BlockHasher) {
        hash_whole_blocks(&self.tokens, position, hasher, &mut self.hashes);
    }

    /// Hashes the whole blocks of tokens that may be elsewhere.
    pub(crate) fn hash_of(&mut self, tokens: &[Token], position: u64, hasher: &impl BlockHasher) {
        hash_whole_blocks(tokens, position, hasher, &mut self.hashes);
    }

    /// Replaces its content by `f` of each index in `range`; `position` is where the first
    /// will be in the sink.
    ///
    /// Block by block, so that each is hashed while it is in the inner caches.
    pub(crate) fn refill(
        &mut self,
        range: Range<usize>,
        mut position: u64,
        hasher: &impl BlockHasher,
        f: impl Fn(usize) -> Token,
    ) {
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

/// Replaces `hashes` by those of the whole blocks of `tokens`.
fn hash_whole_blocks(
    tokens: &[Token],
    position: u64,
    hasher: &impl BlockHasher,
    hashes: &mut Vec<u64>,
) {
    let to_block = (position.wrapping_neg() % BLOCK) as usize;
    let blocks = tokens.get(to_block..).unwrap_or_default();
    let blocks = blocks.chunks_exact(BLOCK_TOKENS);
    let numbered = blocks.zip(position.div_ceil(BLOCK)..);
    hashes.clear();
    hashes.extend(numbered.map(|(tokens, block)| hasher.hash_block(block, tokens)));
}
