use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::scan::Opened;
use crate::{QueryError, Source};

impl Source<'_> {
    /// Copies the tokens at some positions, in the order in which those are given. Blocks of
    /// a file are read and verified once, if the positions ascend.
    ///
    /// # Errors
    ///
    /// [`QueryError::Read`].
    ///
    /// # Panics
    ///
    /// When a position is not within the source.
    pub fn tokens_at(&self, positions: &[u64]) -> Result<Vec<Token>, QueryError> {
        let len = self.len();
        if let Some(position) = positions.iter().find(|position| **position >= len) {
            panic!("position {position} of {len} tokens");
        }
        let opened = Opened::few(*self);
        if let Some(tokens) = opened.tokens() {
            let token = |&position: &u64| tokens[position as usize];
            return Ok(positions.iter().map(token).collect());
        }
        let (mut read, mut block_tokens) = (None, Vec::new());
        let mut tokens = Vec::with_capacity(positions.len());
        for &position in positions {
            let block = position / BLOCK_TOKENS as u64;
            if read != Some(block) {
                opened.read_block(block, &mut block_tokens)?;
                read = Some(block);
            }
            tokens.push(block_tokens[position as usize % BLOCK_TOKENS]);
        }
        Ok(tokens)
    }
}
