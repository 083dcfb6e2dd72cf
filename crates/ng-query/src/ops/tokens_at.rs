use std::time::Instant;

use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::memory::{collected, push, with_capacity};
use crate::parts::open_part;
use crate::reader_rows::LastBlock;
use crate::scan::Opened;
use crate::{Answer, Parts, QueryError, Source, Stats};

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
        let mut answer = match self {
            Self::Parts(parts) => tokens_in_parts(*parts, positions)?,
            _ => tokens_in_one(*self, positions)?,
        };
        answer.stats.elapsed = started.elapsed();
        Ok(answer)
    }
}

/// What memory that grows with the positions is for.
const TOKENS: &str = "tokens";

fn tokens_in_one(source: Source<'_>, positions: &[u64]) -> Result<Answer<Vec<Token>>, QueryError> {
    let opened = Opened::few(source);
    let (value, bytes_read) = match opened.tokens() {
        Some(tokens) => {
            let token = |&position: &u64| tokens[position as usize];
            let tokens = collected(positions.iter().map(token), TOKENS)?;
            let bytes = size_of_val(&tokens[..]) as u64;
            (tokens, bytes)
        }
        None => read(&opened, positions)?,
    };
    let blocks_looked_at = count_blocks(positions)?;
    let stats = Stats {
        blocks: source.blocks(),
        blocks_looked_at,
        blocks_skipped: source.blocks() - blocks_looked_at,
        bytes_read,
        records: !positions.is_empty(),
        ..Stats::default()
    };
    Ok(Answer { value, stats })
}

/// Opens each part that has any of the positions once.
fn tokens_in_parts(parts: &dyn Parts, positions: &[u64]) -> Result<Answer<Vec<Token>>, QueryError> {
    let mut ends = Vec::new();
    let mut end = 0;
    for part in 0..parts.part_count() {
        end += parts.part_tokens(part);
        push(&mut ends, end, TOKENS)?;
    }
    let part_of = |position: u64| ends.partition_point(|end| *end <= position);
    let mut places = collected(0..positions.len(), TOKENS)?;
    places.sort_unstable_by_key(|&place| (part_of(positions[place]), place));
    let mut value = collected(positions.iter().map(|_| Token::new(0)), TOKENS)?;
    let mut stats = Stats {
        parts: parts.part_count() as u64,
        blocks: Source::Parts(parts).blocks(),
        ..Stats::default()
    };
    for places in
        places.chunk_by(|&one, &other| part_of(positions[one]) == part_of(positions[other]))
    {
        let part = part_of(positions[places[0]]);
        let base = ends[part] - parts.part_tokens(part);
        let own = places.iter().map(|&place| positions[place] - base);
        let own = collected(own, TOKENS)?;
        let opened = open_part(parts, part)?;
        let found = tokens_in_one(opened.source(), &own)?;
        for (&place, token) in places.iter().zip(found.value) {
            value[place] = token;
        }
        stats.add(&found.stats);
        stats.parts_opened += 1;
    }
    stats.blocks_skipped = stats.blocks - stats.blocks_looked_at;
    Ok(Answer { value, stats })
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
    let mut last = LastBlock::default();
    let mut tokens = with_capacity(positions.len(), TOKENS)?;
    for position in positions {
        let block = block_of(position);
        if read != Some(block) {
            opened.read_block(block, &mut block_tokens, &mut last)?;
            bytes += size_of_val(&block_tokens[..]) as u64;
            read = Some(block);
        }
        tokens.push(block_tokens[*position as usize % BLOCK_TOKENS]);
    }
    Ok((tokens, bytes))
}
