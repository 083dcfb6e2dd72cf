//! The tokens of a soak's files, determined by file and position.

use std::ops::Range;

use ng_lab::rng::mix;
use ng_token::Token;

use crate::oracle::id_sum;

/// The tokens of one file: different from those of any earlier file, so that its remains
/// on the disk are not mistaken for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequence {
    file: u32,
    first_id: u32,
}

impl Sequence {
    /// The sequence of file number `file`.
    pub(super) fn of_file(file: u64, seed: u64) -> Self {
        Self {
            file: file as u32,
            first_id: mix(seed ^ file) as u32,
        }
    }

    /// The token at `position`.
    #[inline]
    pub(super) fn token(self, position: usize) -> Token {
        let id = self.first_id.wrapping_add(position as u32);
        Token::new(id).with_timestamp(self.file)
    }

    /// The sum of the ids in `range`, wrapping at 2^64.
    pub(super) fn id_sum(self, range: Range<usize>) -> u64 {
        let before = |position: usize| id_sum(u64::from(self.first_id) + position as u64);
        before(range.end).wrapping_sub(before(range.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::sum_ids;

    #[test]
    fn sums_are_those_of_the_tokens_also_where_ids_wrap() {
        let wraps = Sequence {
            file: 3,
            first_id: u32::MAX - 500,
        };
        for sequence in [Sequence::of_file(0, 7), Sequence::of_file(9, 7), wraps] {
            for range in [0..1, 0..1000, 499..503, 700..700] {
                let tokens: Vec<Token> = range.clone().map(|at| sequence.token(at)).collect();
                assert_eq!(
                    sequence.id_sum(range.clone()),
                    sum_ids(&tokens),
                    "{range:?}"
                );
            }
        }
    }

    #[test]
    fn no_two_files_have_a_token_in_common() {
        let (first, second) = (Sequence::of_file(0, 7), Sequence::of_file(1, 7));
        assert!((0..1000).all(|at| first.token(at) != second.token(at)));
    }
}
