//! The tokens that every store keeps, and what is known of them without looking at any.

use ng_lab::rng::SplitMix64;
use ng_token::Token;

/// The most tokens: up to here an id is its token's position.
pub(crate) const MAX_TOKENS: u64 = 4_000_000_000;

/// The filter: at least this weight, and a radius below this.
const WEIGHT_FROM: f32 = 0.5;
const RADIUS_BELOW: u8 = 64;

/// The most positions that are read at random; otherwise one in this many tokens.
const MOST_READS: usize = 1_000_000;
const READ_OF: usize = 10;
const POSITIONS_SEED: u64 = 0x9052_7105;

/// 53 years after 1970: a second within the range of a timestamp.
const TIME_ORIGIN_S: u32 = 1_700_000_000;

/// Makes the token at `index`.
///
/// Every field differs from token to token, at the cost of one multiplication: the comparison is of
/// keeping tokens, not of making them.
#[inline]
pub(crate) fn token(index: usize) -> Token {
    let spread = spread(index);
    let mut coordinates = [[0; 3]; 8];
    coordinates[0] = [spread as i16, (spread >> 16) as i16, 1];
    Token::new(index as u32)
        .with_coordinates(coordinates)
        .with_weight((spread >> 24) as f32 / 256.0)
        .with_radius_raw((spread >> 16) as u8)
        .with_strength_raw((spread >> 8) as u8)
        .with_timestamp(TIME_ORIGIN_S + (index as u32 >> 10))
}

/// Tells whether the filter matches `token`: one in eight.
#[inline]
pub(crate) fn matches(token: &Token) -> bool {
    token.weight() >= WEIGHT_FROM && token.radius_raw() < RADIUS_BELOW
}

/// Spreads the index over 32 bits (Knuth's multiplicative hashing).
#[inline]
fn spread(index: usize) -> u32 {
    (index as u32).wrapping_mul(0x9E37_79B1)
}

/// How many tokens, and the sum of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    pub(crate) ids: u64,
}

impl Sum {
    #[inline]
    pub(crate) fn add(&mut self, id: u32) {
        self.count += 1;
        self.ids += u64::from(id);
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            ids: self.ids + other.ids,
        }
    }
}

/// Returns the sum over all of `count` tokens.
pub(crate) fn sum_of_all(count: u64) -> Sum {
    let ids = u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
    Sum {
        count,
        ids: ids as u64,
    }
}

/// Returns the sum over those of `count` tokens that match the filter, from the bits that weight
/// and radius are made of: the highest one set, two others not.
pub(crate) fn sum_of_matching(count: u64) -> Sum {
    let mut sum = Sum::default();
    for index in 0..count as u32 {
        let spread = spread(index as usize);
        if spread >> 31 == 1 && (spread >> 22) & 3 == 0 {
            sum.add(index);
        }
    }
    sum
}

/// Returns the positions that are read at random, the same for all.
pub(crate) fn positions(count: u64) -> Vec<usize> {
    let reads = (count as usize / READ_OF).clamp(1, MOST_READS);
    let mut rng = SplitMix64::new(POSITIONS_SEED);
    (0..reads).map(|_| rng.below(count) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 100_000;

    #[test]
    fn the_oracles_say_what_a_look_at_every_token_says() {
        let mut all = Sum::default();
        let mut matching = Sum::default();
        for token in (0..COUNT as usize).map(token) {
            all.add(token.id().raw());
            if matches(&token) {
                matching.add(token.id().raw());
            }
        }
        assert_eq!(all, sum_of_all(COUNT));
        assert_eq!(matching, sum_of_matching(COUNT));
        assert_eq!(sum_of_all(0), Sum::default());
    }

    #[test]
    fn one_token_in_eight_matches() {
        let share = sum_of_matching(COUNT).count as f64 / COUNT as f64;
        assert!((0.12..0.13).contains(&share), "{share}");
    }

    #[test]
    fn tokens_are_valid_and_differ() {
        let last = TIME_ORIGIN_S + (MAX_TOKENS as u32 >> 10);
        for index in [0, 1, 4096, MAX_TOKENS as usize - 1] {
            let made = token(index);
            assert_eq!(made.validate(last), Ok(()), "token {index}");
            assert_ne!(made.weight(), token(index + 1).weight(), "token {index}");
        }
    }

    #[test]
    fn positions_are_as_many_as_said_and_below_the_count() {
        for (count, reads) in [(1, 1), (1_000, 100), (20_000_000, MOST_READS)] {
            let positions = positions(count);
            assert_eq!(positions.len(), reads);
            assert!(positions.iter().all(|position| (*position as u64) < count));
        }
    }
}
