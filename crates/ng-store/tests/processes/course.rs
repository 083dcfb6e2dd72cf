//! A file's content, derived from a seed: the tokens, and where each commit ends.

use std::ops::Range;

use ng_store::BLOCK_TOKENS;
use ng_store::ng_token::{Token, as_bytes, as_bytes_mut};

use crate::workload::Random;

/// How many tokens a commit has.
#[derive(Clone, Copy)]
pub(crate) enum Sizes {
    /// Few or many, about a page, a block, or more than a mebibyte.
    Mixed,
    /// Mostly very few, so that a hundred thousand commits stay small.
    Small,
}

/// The commits of one file, and their tokens.
pub(crate) struct Course {
    seed: u64,
    sizes: Sizes,
    /// By commit: how many tokens are committed.
    ends: Vec<u64>,
    tokens: Vec<Token>,
}

impl Course {
    pub(crate) fn new(seed: u64, sizes: Sizes) -> Self {
        Self {
            seed,
            sizes,
            ends: vec![0],
            tokens: Vec::new(),
        }
    }

    /// The total number of tokens after a commit.
    pub(crate) fn end(&mut self, commit: u64) -> u64 {
        while self.ends.len() as u64 <= commit {
            let end = self.ends[self.ends.len() - 1];
            let mut random = Random::new(self.seed ^ (self.ends.len() as u64) << 32);
            self.ends.push(end + self.sizes.size(&mut random) as u64);
        }
        self.ends[commit as usize]
    }

    /// The tokens of a range.
    pub(crate) fn tokens(&mut self, range: Range<u64>) -> &[Token] {
        let have = self.tokens.len();
        if have < range.end as usize {
            self.tokens.resize(range.end as usize, Token::ZERO);
            write(self.seed, have, &mut self.tokens[have..]);
        }
        &self.tokens[range.start as usize..range.end as usize]
    }

    /// Compares tokens with those of a range, bit for bit.
    pub(crate) fn check(&mut self, tokens: &[Token], start: u64) {
        let expected = self.tokens(start..start + tokens.len() as u64);
        // As bytes, because tokens compare slowly without optimisation.
        if as_bytes(tokens) != as_bytes(expected) {
            let same = tokens.iter().zip(expected).take_while(|(a, b)| a == b);
            panic!("token {} is another", start + same.count() as u64);
        }
    }
}

/// Writes the tokens from `start` on: each 8 bytes of a file are their own.
fn write(seed: u64, start: usize, tokens: &mut [Token]) {
    const WORDS: usize = Token::SIZE / 8;
    let bytes = as_bytes_mut(tokens);
    for (word, index) in bytes.chunks_exact_mut(8).zip(start * WORDS..) {
        let value = Random::new(seed.wrapping_add(index as u64)).next();
        word.copy_from_slice(&value.to_le_bytes());
    }
}

impl Sizes {
    fn size(self, random: &mut Random) -> usize {
        match (self, random.below(256)) {
            (Self::Mixed, 0..4) => 4 * BLOCK_TOKENS + random.below(100),
            (Self::Mixed, 4..16) => BLOCK_TOKENS - 1 + random.below(3),
            (Self::Mixed, 16..64) => 62 + random.below(5),
            (Self::Mixed, _) => 1 + random.below(300),
            (Self::Small, 0) if random.below(8) == 0 => BLOCK_TOKENS - 1 + random.below(3),
            (Self::Small, 0..4) => 62 + random.below(5),
            (Self::Small, _) => 1 + random.below(4),
        }
    }
}
