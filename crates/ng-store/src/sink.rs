use std::ops::Range;

use ng_token::Token;

/// How many tokens make a block, the unit of hashing: 256 KiB.
///
/// It is part of the formats. A program with another value refuses every token file written
/// with this one, since the header states it; the block table has one hash per block, the
/// commit chains them, and an index stores columns, zones and boxes by block. Other sizes
/// are multiples of it: a shard and an ingest buffer are several blocks; a page, a
/// fraction, is 64 tokens.
pub const BLOCK_TOKENS: usize = 4096;

/// Writes a sequence of tokens: append, then commit.
///
/// - **Before a commit** a reader of the store may see none, some or all of the tokens
///   appended since the last one, always a prefix.
/// - **After a commit** a reader sees everything. Committed tokens never change as long as
///   the store is only written through this trait.
/// - **After a failed append** (an error, or a panic of the caller's closure) the store is
///   unchanged; earlier appends stay.
pub trait TokenSink {
    /// The error of an append or a commit.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Hashes whole blocks for this sink, on any thread.
    type Hasher: BlockHasher;

    /// Returns how many tokens were appended, committed or not. O(1).
    ///
    /// The next append begins there, so this tells a worker which blocks the coming tokens
    /// will fill.
    fn appended_tokens(&self) -> u64;

    /// Reserves space for `additional` more tokens, and possibly more.
    ///
    /// # Errors
    ///
    /// There is not enough space. Nothing has changed.
    fn reserve(&mut self, additional: usize) -> Result<(), Self::Error>;

    /// Appends a copy of `tokens`.
    ///
    /// # Errors
    ///
    /// There is no space, or the tokens cannot be written. Nothing was appended.
    fn append(&mut self, tokens: &[Token]) -> Result<(), Self::Error>;

    /// Appends `f(0)`, `f(1)`, up to `f(count - 1)`.
    ///
    /// `f` gets the position within this append, not within the store. It is
    /// called once for each, in any order and possibly from several threads.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append); without space, `f` is never called.
    ///
    /// # Panics
    ///
    /// If `f` panics. Nothing was appended.
    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), Self::Error>;

    /// Returns the hasher of this sink's blocks, for the workers that fill them.
    fn block_hasher(&self) -> Self::Hasher;

    /// Appends `tokens` whose whole blocks are already hashed.
    ///
    /// With `start` tokens [appended](Self::appended_tokens) so far, `hashes` holds one
    /// hash for each block of [`whole_blocks(start, tokens.len())`](whole_blocks), in
    /// order, made by this sink's [`block_hasher`](Self::block_hasher). The sink trusts
    /// them: a wrong hash makes a sound block look damaged later.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    ///
    /// # Panics
    ///
    /// If the number of hashes differs from the number of whole blocks. Nothing was
    /// appended.
    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), Self::Error>;

    /// Makes all appended tokens visible, and as durable as the sink can.
    ///
    /// # Errors
    ///
    /// As documented by the sink; one in memory has none.
    fn commit(&mut self) -> Result<(), Self::Error>;
}

/// Hashes whole blocks of [`BLOCK_TOKENS`] tokens.
///
/// It is separate from the sink, so that the threads that fill a block can hash it while it
/// is in their cache. Clones hash identically.
pub trait BlockHasher: Clone + Send + Sync {
    /// Returns the hash of `tokens` as block `block_index` of the store.
    ///
    /// `block_index` is the position of the block's first token divided by
    /// [`BLOCK_TOKENS`]; the same tokens elsewhere may hash differently.
    fn hash_block(&self, block_index: u64, tokens: &[Token]) -> u64;
}

/// The hasher of a sink that keeps no hashes: always 0, at no cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoHash;

impl BlockHasher for NoHash {
    fn hash_block(&self, _block_index: u64, _tokens: &[Token]) -> u64 {
        0
    }
}

/// Returns the indices of the blocks that `count` tokens appended at `start`
/// fill from end to end.
///
/// Excludes a block begun before `start`, and one that the append leaves unfinished.
///
/// ```
/// use ng_store::{BLOCK_TOKENS, whole_blocks};
///
/// assert_eq!(whole_blocks(0, 2 * BLOCK_TOKENS), 0..2);
/// assert_eq!(whole_blocks(1, 2 * BLOCK_TOKENS), 1..2);
/// assert!(whole_blocks(1, BLOCK_TOKENS).is_empty());
/// ```
///
/// # Panics
///
/// If `start + count` overflows a `usize`.
pub fn whole_blocks(start: usize, count: usize) -> Range<usize> {
    let end = start
        .checked_add(count)
        .unwrap_or_else(|| panic!("{count} tokens at {start} end beyond usize::MAX"));
    let first = start.div_ceil(BLOCK_TOKENS);
    first..(end / BLOCK_TOKENS).max(first)
}
