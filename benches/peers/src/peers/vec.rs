//! A plain vector.

use anyhow::{Context, Result};
use ng_token::Token;

use crate::reader::{self, Reader};
use crate::records::{Sum, token};

/// Pushes `count` tokens into a vector with room for them.
pub(crate) fn create(count: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(count);
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}

impl Reader for Vec<Token> {
    fn len(&self) -> Result<u64> {
        Ok(self.as_slice().len() as u64)
    }

    fn first(&self) -> Result<Token> {
        self.as_slice().first().copied().context("no token")
    }

    fn sum_ids(&self) -> Result<u64> {
        Ok(reader::sum_ids(self))
    }

    fn filter(&self) -> Result<Sum> {
        Ok(reader::filter(self))
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        reader::copy_out(self, positions, out);
        Ok(())
    }
}
