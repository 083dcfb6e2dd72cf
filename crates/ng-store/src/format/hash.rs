use ng_token::Token;
use twox_hash::XxHash3_64;

use super::fields::get_u64;
use crate::{BLOCK_TOKENS, BlockHasher};

/// XXH3-64 of `bytes`.
pub(super) fn xxh3(seed: u64, bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, bytes)
}

/// Hashes the blocks of one file: XXH3-64, seeded with the file's id and the
/// block's index.
///
/// A block in the wrong place, or from another file, has another hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileBlockHasher {
    seed: u64,
}

impl FileBlockHasher {
    pub(crate) fn new(file_id: [u8; 16]) -> Self {
        Self {
            seed: file_seed(file_id),
        }
    }
}

impl BlockHasher for FileBlockHasher {
    fn hash_block(&self, block_index: u64, tokens: &[Token]) -> u64 {
        let seed = self.seed.wrapping_add(block_index);
        xxh3(seed, ng_token::as_bytes(tokens))
    }
}

/// The seed that binds a hash to one file.
pub(super) fn file_seed(file_id: [u8; 16]) -> u64 {
    get_u64(&file_id, 0) ^ get_u64(&file_id, 8)
}

/// The hash of the last block while it is not full; 0 when there is none.
pub(crate) fn hash_partial(hasher: FileBlockHasher, block_index: u64, tokens: &[Token]) -> u64 {
    debug_assert!(tokens.len() < BLOCK_TOKENS);
    if tokens.is_empty() {
        return 0;
    }
    hasher.hash_block(block_index, tokens)
}

/// The hash of a tail image; 0 when there is none.
pub(crate) fn hash_tail(generation: u64, image: &[u8]) -> u64 {
    if image.is_empty() {
        return 0;
    }
    xxh3(generation, image)
}

/// Adds table entries to the chain.
pub(crate) fn chain(chain: u64, entries: &[[u8; 8]]) -> u64 {
    entries
        .iter()
        .fold(chain, |chain, entry| xxh3(chain, entry))
}
