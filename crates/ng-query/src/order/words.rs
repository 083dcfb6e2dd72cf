use ng_parallel::{ParallelError, Workers, fill};
use ng_store::{TokenStore, VecStore};
use ng_token::Token;

/// The words of a row: the bytes of a token.
pub(super) const ROW_WORDS: usize = Token::SIZE / size_of::<u64>();

/// An array of numbers on the pages of a [`VecStore`]: huge pages if possible, which scattered
/// writes need.
///
/// To the store its rows are tokens, so that the workers' operations over tokens work for numbers.
pub(super) struct Words {
    rows: VecStore,
    len: usize,
}

impl Words {
    /// Returns `len` zeros, first touched by all workers.
    pub(super) fn zeroed(workers: &Workers, len: usize) -> Result<Self, ParallelError> {
        let count = len.div_ceil(ROW_WORDS);
        let mut rows = VecStore::new();
        rows.reserve_exact(count)?;
        fill(workers, &mut rows, count, |_| Token::ZERO)?;
        Ok(Self { rows, len })
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        &words_of(self.rows.tokens())[..self.len]
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u64] {
        &mut words_of_mut(self.rows.tokens_mut())[..self.len]
    }

    /// Returns the rows; the last one may extend beyond the numbers.
    pub(super) fn rows_mut(&mut self) -> &mut [Token] {
        self.rows.tokens_mut()
    }
}

fn words_of(rows: &[Token]) -> &[u64] {
    bytemuck::cast_slice(rows)
}

pub(super) fn words_of_mut(rows: &mut [Token]) -> &mut [u64] {
    bytemuck::cast_slice_mut(rows)
}
