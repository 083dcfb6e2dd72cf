//! From a token to its sort key.

use ng_arrow::Column;
use ng_parallel::{ParallelError, Workers, for_each_shard_mut};
use ng_token::{Space, Token};

use super::hilbert;
use super::words::{ROW_WORDS, Words, words_of_mut};
use super::{Order, OrderPart};
use crate::stored::{EachValue, Stored, each_value};

/// How many tokens are processed for one part after another: 16 KiB, in the L1 cache.
const BATCH_TOKENS: usize = 256;

impl Order {
    /// Returns the key of a token: keys order like tokens.
    #[must_use]
    pub fn key(&self, token: &Token) -> u64 {
        let mut key = [0];
        self.keys(std::slice::from_ref(token), &mut key);
        key[0]
    }

    /// Writes the keys of tokens.
    ///
    /// # Panics
    ///
    /// If the numbers of keys and tokens differ.
    pub fn keys(&self, tokens: &[Token], keys: &mut [u64]) {
        let (count, room) = (tokens.len(), keys.len());
        assert_eq!(count, room, "{room} keys for {count} tokens");
        let batches = tokens.chunks(BATCH_TOKENS);
        for (tokens, keys) in batches.zip(keys.chunks_mut(BATCH_TOKENS)) {
            keys.fill(0);
            for part in self.parts() {
                part.push(tokens, keys);
            }
        }
    }
}

/// Returns the keys of all tokens, made by all workers.
pub(super) fn keys_of(
    workers: &Workers,
    tokens: &[Token],
    order: &Order,
) -> Result<Words, ParallelError> {
    let mut keys = Words::zeroed(workers, tokens.len())?;
    for_each_shard_mut(workers, keys.rows_mut(), |shard, rows| {
        let words = words_of_mut(rows);
        let first = shard.range.start * ROW_WORDS;
        let end = tokens.len().min(first + words.len());
        order.keys(&tokens[first..end], &mut words[..end - first]);
    })?;
    Ok(keys)
}

impl OrderPart {
    /// Appends this part's bits of each token to its key.
    fn push(self, tokens: &[Token], keys: &mut [u64]) {
        match self {
            Self::Space(space) => push_places(space, tokens, keys),
            Self::Column(column) => push_column(column, self.bits(), tokens, keys),
        }
    }
}

fn push_places(space: Space, tokens: &[Token], keys: &mut [u64]) {
    let (groups, rest) = tokens.as_chunks::<{ hilbert::LANES }>();
    let (keys_of_groups, keys_of_rest) = keys.as_chunks_mut();
    for (tokens, keys) in groups.iter().zip(keys_of_groups) {
        push_group(tokens.each_ref().map(|token| token.steps(space)), keys);
    }
    if !rest.is_empty() {
        let mut points = [[0; 3]; hilbert::LANES];
        let mut room = [0; hilbert::LANES];
        for (point, token) in points.iter_mut().zip(rest) {
            *point = token.steps(space);
        }
        room[..rest.len()].copy_from_slice(keys_of_rest);
        push_group(points, &mut room);
        keys_of_rest.copy_from_slice(&room[..rest.len()]);
    }
}

fn push_group(points: [[i16; 3]; hilbert::LANES], keys: &mut [u64; hilbert::LANES]) {
    let places = hilbert::encode(points);
    for (key, place) in keys.iter_mut().zip(places) {
        *key = *key << hilbert::KEY_BITS | place;
    }
}

fn push_column(column: Column, bits: u32, tokens: &[Token], keys: &mut [u64]) {
    each_value(column, Push { bits, tokens, keys });
}

struct Push<'a> {
    bits: u32,
    tokens: &'a [Token],
    keys: &'a mut [u64],
}

impl EachValue for Push<'_> {
    #[inline(always)]
    fn take<T: Stored>(self, value: impl Fn(&Token) -> T) {
        for (key, token) in self.keys.iter_mut().zip(self.tokens) {
            *key = *key << self.bits | u64::from(value(token).key());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ordered::key_of_weight;

    /// Ascending; those in one row are equal.
    #[test]
    fn weights_go_by_ieee_and_nan_comes_last() {
        let rows: [&[f32]; 9] = [
            &[f32::NEG_INFINITY],
            &[f32::MIN],
            &[-1.0],
            &[-f32::from_bits(1)],
            &[0.0, -0.0],
            &[f32::from_bits(1)],
            &[f32::MAX],
            &[f32::INFINITY],
            &[
                f32::NAN,
                -f32::NAN,
                f32::from_bits(0x7f80_0001),
                f32::from_bits(u32::MAX),
            ],
        ];
        let keys: Vec<Vec<u32>> = rows
            .iter()
            .map(|row| row.iter().map(|&weight| key_of_weight(weight)).collect())
            .collect();
        assert!(keys.iter().flatten().is_sorted());
        for (row, keys) in rows.iter().zip(&keys) {
            assert!(keys.iter().all(|key| key == &keys[0]), "{row:?}");
        }
        assert!(keys.windows(2).all(|rows| rows[0][0] < rows[1][0]));
    }

    proptest! {
        #[test]
        fn keys_of_weights_compare_as_weights(left: f32, right: f32) {
            let expected = left.partial_cmp(&right);
            let expected = expected.unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()));
            prop_assert_eq!(key_of_weight(left).cmp(&key_of_weight(right)), expected);
        }

        /// A token's key is the same alone and among others, whatever the parts.
        #[test]
        fn parts_stand_behind_one_another(
            points in prop::collection::vec(any::<[i16; 3]>(), 1..600),
            ids: u32,
        ) {
            let token = |(index, point): (usize, &[i16; 3])| {
                Token::new(ids.wrapping_mul(index as u32)).with_coordinate(Space::Motor, *point)
            };
            let tokens: Vec<Token> = points.iter().enumerate().map(token).collect();
            let order: Order = "entity_type,motor,domain".parse().unwrap();
            let mut keys = vec![7; tokens.len()];
            order.keys(&tokens, &mut keys);
            let motor = Order::by_space(Space::Motor);
            for (token, key) in tokens.iter().zip(keys) {
                let id = u64::from(token.id().raw());
                let expected = (id >> 24 & 0xf) << 52 | motor.key(token) << 4 | id >> 28;
                prop_assert_eq!(key, expected);
                prop_assert_eq!(order.key(token), expected);
            }
        }
    }
}
