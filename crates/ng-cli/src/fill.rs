use std::ops::Range;

use anyhow::Result;
use ng_parallel::Workers;
use ng_store::{BLOCK_TOKENS, BlockHasher, FileWriter, TokenSink};
use ng_token::Token;

use crate::in_order::in_order;

/// Fills an empty file with what `make` puts into a buffer for each piece of
/// `tokens`. Made and hashed on all workers; `before_write` is told how many
/// tokens each write has.
pub(crate) fn fill(
    writer: &mut FileWriter,
    workers: &Workers,
    tokens: Range<u64>,
    make: impl Fn(Range<u64>, &mut Vec<Token>) -> Result<()> + Sync,
    mut before_write: impl FnMut(u64) -> Result<()>,
) -> Result<()> {
    let hasher = writer.block_hasher();
    let first = tokens.start;
    let make_hashed = |piece: Range<u64>, tokens: &mut Vec<Token>| {
        let block = (piece.start - first) / BLOCK_TOKENS as u64;
        make(piece, tokens)?;
        let blocks = tokens.chunks_exact(BLOCK_TOKENS).zip(block..);
        let hashes = blocks.map(|(tokens, block)| hasher.hash_block(block, tokens));
        Ok(hashes.collect::<Vec<_>>())
    };
    in_order(workers, tokens, make_hashed, |tokens, hashes| {
        before_write(tokens.len() as u64)?;
        Ok(writer.append_hashed(tokens, &hashes)?)
    })
}
