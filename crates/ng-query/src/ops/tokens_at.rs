use std::time::Instant;

use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::memory::{collected, push, with_capacity};
use crate::scan::Opened;
use crate::{Answer, QueryError, Source, Stats};

impl Source<'_> {
    /// Copies the tokens at some positions, in the given order. If the positions ascend, each block
    /// of a file is read and verified once.
    ///
    /// Add what was looked at to the answer that the positions are from: [`Stats::add_pass`].
    ///
    /// # Errors
    ///
    /// [`QueryError::Read`].
    ///
    /// # Panics
    ///
    /// If a position is not within the source.
    pub fn tokens_at(&self, positions: &[u64]) -> Result<Answer<Vec<Token>>, QueryError> {
        let started = Instant::now();
        let len = self.len();
        if let Some(position) = positions.iter().find(|position| **position >= len) {
            panic!("position {position} of {len} tokens");
        }
        let opened = Opened::few(*self);
        let (value, bytes_read) = match opened.tokens() {
            Some(tokens) => {
                let token = |&position: &u64| tokens[position as usize];
                let tokens = collected(positions.iter().map(token), "tokens")?;
                let bytes = size_of_val(&tokens[..]) as u64;
                (tokens, bytes)
            }
            None => read(&opened, positions)?,
        };
        let blocks = len.div_ceil(BLOCK_TOKENS as u64);
        let blocks_looked_at = count_blocks(positions)?;
        let stats = Stats {
            blocks,
            blocks_looked_at,
            blocks_skipped: blocks - blocks_looked_at,
            bytes_read,
            records: !positions.is_empty(),
            elapsed: started.elapsed(),
            ..Stats::default()
        };
        Ok(Answer { value, stats })
    }
}

/// The number of blocks of the positions; ascending positions need no copy.
fn count_blocks(positions: &[u64]) -> Result<u64, QueryError> {
    let mut blocks = Vec::new();
    let mut last = None;
    for block in positions.iter().map(block_of) {
        if last != Some(block) {
            push(&mut blocks, block, "the blocks of positions")?;
            last = Some(block);
        }
    }
    blocks.sort_unstable();
    blocks.dedup();
    Ok(blocks.len() as u64)
}

fn block_of(position: &u64) -> u64 {
    position / BLOCK_TOKENS as u64
}

/// Reads the tokens, and returns the bytes of the blocks read for that.
fn read(opened: &Opened<'_>, positions: &[u64]) -> Result<(Vec<Token>, u64), QueryError> {
    let (mut read, mut block_tokens, mut bytes) = (None, Vec::new(), 0);
    let mut tokens = with_capacity(positions.len(), "tokens")?;
    for position in positions {
        let block = block_of(position);
        if read != Some(block) {
            opened.read_block(block, &mut block_tokens)?;
            bytes += size_of_val(&block_tokens[..]) as u64;
            read = Some(block);
        }
        tokens.push(block_tokens[*position as usize % BLOCK_TOKENS]);
    }
    Ok((tokens, bytes))
}
