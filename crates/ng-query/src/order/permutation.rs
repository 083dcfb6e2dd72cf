use std::fmt;
use std::ops::Range;

use ng_parallel::{ParallelError, Shards, Workers, for_each_shard_mut, map_shards};
use ng_store::{PREFETCHES, prefetch};
use ng_token::Token;

use super::Order;
use super::key::keys_of;
use super::radix::{Layout, sort};
use super::squeeze::Squeeze;
use super::words::{ROW_WORDS, Words, words_of_mut};

/// Positions of tokens in some order.
///
/// Takes 8 bytes for each token.
pub struct Permutation {
    /// Positions, in the low bits.
    entries: Words,
    mask: u64,
}

/// Returns the positions of `tokens` in an order, ties by position.
///
/// All workers radix-sort keys and positions. It takes 16 bytes of memory for each token, and 32 if
/// keys differ in more bits than a word holds beside a position; an order of a space or of 32 bits
/// never does.
///
/// ```
/// use ng_query::order::{Order, sort_positions};
/// use ng_query::ng_parallel::Workers;
/// use ng_query::ng_token::Token;
///
/// let tokens = [3.0, 1.0, 2.0, 1.0].map(|weight| Token::new(0).with_weight(weight));
/// let by_weight: Order = "weight".parse()?;
/// let sorted = sort_positions(&Workers::new(2)?, &tokens, &by_weight)?;
/// assert_eq!(sorted.iter(0..sorted.len()).collect::<Vec<_>>(), [1, 3, 2, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ParallelError::Stopped`], [`Forked`](ParallelError::Forked), and
/// [`Store`](ParallelError::Store) if there is no memory.
pub fn sort_positions(
    workers: &Workers,
    tokens: &[Token],
    order: &Order,
) -> Result<Permutation, ParallelError> {
    sort_keys(workers, keys_of(workers, tokens, order)?)
}

/// Sorts the positions of keys.
fn sort_keys(workers: &Workers, keys: Words) -> Result<Permutation, ParallelError> {
    let len = keys.as_slice().len();
    let squeeze = Squeeze::of(varying(workers, keys.as_slice())?);
    let number = move |key| squeeze.apply(key);
    match Layout::of(squeeze.bits(), len) {
        Some(layout) => Ok(Permutation {
            entries: sort(workers, keys, layout, number)?,
            mask: layout.position_mask(),
        }),
        None => sort_wide(workers, &keys, number),
    }
}

/// Returns the bits in which any two keys differ.
fn varying(workers: &Workers, keys: &[u64]) -> Result<u64, ParallelError> {
    let Some(&first) = keys.first() else {
        return Ok(0);
    };
    let of_shards = map_shards(workers, Shards::new(keys.len()), |shard| {
        let keys = &keys[shard.range];
        keys.iter().fold(0, |varying, key| varying | key ^ first)
    })?;
    Ok(of_shards
        .into_iter()
        .fold(0, |varying, of_shard| varying | of_shard))
}

/// The bits of half a key.
const HALF: u32 = u64::BITS / 2;

/// Sorts by the lower half of the differing bits, then by the upper half, whose sort is stable.
fn sort_wide(
    workers: &Workers,
    keys: &Words,
    number: impl Fn(u64) -> u64 + Sync + Copy,
) -> Result<Permutation, ParallelError> {
    let keys = keys.as_slice();
    let lower = |key| u64::from(number(key) as u32);
    let by_lower = sort_half(
        workers,
        filled(workers, keys.len(), |rank| lower(keys[rank]))?,
    )?;
    let upper = |rank| number(keys[by_lower.position(rank)]) >> HALF;
    let mut by_both = sort_half(workers, filled(workers, keys.len(), upper)?)?;
    let mask = by_both.mask;
    for_each_shard_mut(workers, by_both.entries.rows_mut(), |_, rows| {
        for entry in words_of_mut(rows) {
            *entry = by_lower
                .entries
                .as_slice()
                .get((*entry & mask) as usize)
                .map_or(0, |at| at & by_lower.mask);
        }
    })?;
    Ok(by_both)
}

fn sort_half(workers: &Workers, halves: Words) -> Result<Permutation, ParallelError> {
    let layout = Layout::of(HALF, halves.as_slice().len());
    let layout = layout.expect("half a word, and positions of what is in memory");
    Ok(Permutation {
        entries: sort(workers, halves, layout, |half| half)?,
        mask: layout.position_mask(),
    })
}

/// Returns `len` words, by their indices.
fn filled(
    workers: &Workers,
    len: usize,
    word: impl Fn(usize) -> u64 + Sync,
) -> Result<Words, ParallelError> {
    let mut words = Words::zeroed(workers, len)?;
    for_each_shard_mut(workers, words.rows_mut(), |shard, rows| {
        let first = shard.range.start * ROW_WORDS;
        for (index, place) in (first..len).zip(words_of_mut(rows)) {
            *place = word(index);
        }
    })?;
    Ok(words)
}

impl Permutation {
    /// Returns how many positions there are.
    pub fn len(&self) -> usize {
        self.entries.as_slice().len()
    }

    /// Tells whether there is no position.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the position of the token at `rank` in the order.
    ///
    /// # Panics
    ///
    /// If there is no such rank.
    #[inline]
    pub fn position(&self, rank: usize) -> usize {
        self.to_position(self.entries.as_slice()[rank])
    }

    /// Returns the positions of the tokens at these ranks.
    ///
    /// # Panics
    ///
    /// If there are no such ranks.
    pub fn iter(&self, ranks: Range<usize>) -> impl ExactSizeIterator<Item = usize> + '_ {
        let entries = &self.entries.as_slice()[ranks];
        entries.iter().map(|&entry| self.to_position(entry))
    }

    /// Appends the tokens at these ranks to `out`.
    ///
    /// # Panics
    ///
    /// If there are no such ranks, or `tokens` has fewer tokens than were sorted.
    pub fn gather(&self, tokens: &[Token], ranks: Range<usize>, out: &mut Vec<Token>) {
        let entries = self.entries.as_slice();
        let ahead = &entries[entries.len().min(ranks.start + AHEAD)..];
        if PREFETCHES {
            let first = entries.len().min(ranks.start)..entries.len() - ahead.len();
            entries[first]
                .iter()
                .for_each(|&entry| prefetch(&tokens[self.to_position(entry)]));
        }
        let mut ahead = ahead.iter();
        out.extend(entries[ranks].iter().map(|&entry| {
            if PREFETCHES && let Some(&entry) = ahead.next() {
                prefetch(&tokens[self.to_position(entry)]);
            }
            tokens[self.to_position(entry)]
        }));
    }

    #[inline(always)]
    fn to_position(&self, entry: u64) -> usize {
        (entry & self.mask) as usize
    }
}

/// How far prefetching runs ahead of copying, in tokens, as measured for `ng_parallel::gather`.
const AHEAD: usize = 96;

/// Shows the length, not the positions: there may be millions.
impl fmt::Debug for Permutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.len();
        f.debug_struct("Permutation")
            .field("len", &len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(workers: &Workers, keys: &[u64]) -> Words {
        filled(workers, keys.len(), |index| keys[index]).unwrap()
    }

    fn oracle(keys: &[u64]) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..keys.len()).collect();
        positions.sort_by_key(|&position| keys[position]);
        positions
    }

    fn check(keys: &[u64]) {
        let oracle = oracle(keys);
        for threads in [1, 2, 7] {
            let workers = Workers::new(threads).unwrap();
            let sorted = sort_keys(&workers, words(&workers, keys)).unwrap();
            assert_eq!(sorted.len(), keys.len());
            assert!(
                sorted.iter(0..keys.len()).eq(oracle.iter().copied()),
                "{threads} threads"
            );
        }
    }

    /// Pseudo-random numbers.
    fn random(len: usize) -> Vec<u64> {
        let mut seed = len as u64 | 1;
        let next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    /// From a bucket that is sorted by comparison to many that are cut, with keys of all widths:
    /// those that fit beside a position, those whose upper bits fall off, and those that do not
    /// fit.
    #[test]
    fn positions_are_those_of_a_stable_sort() {
        for len in [0, 1, 2, 3, 511, 513, 5_000, 40_000, 150_000] {
            let random = random(len);
            for mask in [
                0,
                1,
                0xff,
                0xffff_ffff,
                0xffff_ffff_ffff,
                u64::MAX,
                0x8000_0000_0000_0001,
                0xf0f0_f0f0_f0f0_f0f0,
            ] {
                let keys: Vec<u64> = random.iter().map(|key| key & mask).collect();
                check(&keys);
            }
        }
    }

    /// All but one are in one bucket, which is larger than what is sorted at once.
    #[test]
    fn skewed_keys_are_sorted_too() {
        let mut keys: Vec<u64> = random(200_000).iter().map(|key| key & 0xff_ffff).collect();
        keys[7] = 0x1f << 40;
        check(&keys);
        let steps: Vec<u64> = keys.iter().map(|key| key & 0x1f00_0010_001f).collect();
        check(&steps);
    }

    #[test]
    fn wide_keys_are_sorted_in_two_rounds() {
        for len in [2, 1_000, 20_000] {
            let keys = random(len);
            let bits = Squeeze::of(u64::MAX).bits();
            assert_eq!(Layout::of(bits, len).is_none(), len == 20_000);
            let workers = Workers::new(2).unwrap();
            let sorted = sort_wide(&workers, &words(&workers, &keys), |key| key).unwrap();
            assert!(sorted.iter(0..len).eq(oracle(&keys)));
        }
    }

    #[test]
    fn a_gather_has_the_tokens_of_its_ranks() {
        let tokens: Vec<Token> = (0..2_000).map(|id| Token::new(id * 7919 % 2_000)).collect();
        let order: Order = "id".parse().unwrap();
        let workers = Workers::new(2).unwrap();
        let sorted = sort_positions(&workers, &tokens, &order).unwrap();
        for ranks in [
            0..0,
            0..1,
            0..2_000,
            1_000..1_990,
            1_995..2_000,
            2_000..2_000,
        ] {
            let mut out = vec![Token::new(9)];
            sorted.gather(&tokens, ranks.clone(), &mut out);
            let expected = ranks.map(|rank| Token::new(rank as u32));
            assert!(out[1..].iter().copied().eq(expected));
        }
    }

    proptest! {
        #[test]
        fn any_keys_are_sorted(
            keys in prop::collection::vec(any::<u64>(), 0..600),
            mask: u64,
            more: u64,
        ) {
            let keys: Vec<u64> = keys.iter().map(|key| key & mask & more).collect();
            check(&keys);
        }
    }
}
