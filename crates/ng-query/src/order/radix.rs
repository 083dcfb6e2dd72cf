//! Sorts numbers of a few bits together with their positions, stably, on all workers.
//!
//! An entry is a number and its position in one word: the position in the low bits, so that all
//! entries differ, and the rest above. The upper bits of a number select one of many buckets;
//! within a bucket they are known and may fall off at the top. Then one thread sorts each bucket,
//! small ones in its cache.
//!
//! Each chunk of the input has its own room in each bucket, in order: so threads write side by
//! side, and the result is the same for any number of them.

use std::sync::{Mutex, PoisonError};

use ng_parallel::{ParallelError, Shard, Shards, Workers, map_shards};
use ng_store::BLOCK_TOKENS;

use super::words::Words;

/// The bits of a digit within a bucket.
const DIGIT_BITS: u32 = 8;

const DIGITS: usize = 1 << DIGIT_BITS;

/// The most bits that select a bucket: there are as many buckets as a core's second-level TLB has
/// entries, and a line of each fits its L2 cache.
const MOST_BUCKET_BITS: u32 = 12;

/// About how many bits of position a bucket should have: 2^14 entries and as many words of scratch,
/// 256 KiB, fit a core's L2 cache.
const BUCKET_LEN_BITS: u32 = 14;

/// A bucket of at least this many entries is cut once more before it is sorted: with its scratch it
/// exceeds an L2 cache.
const CUT_LEN: usize = 1 << 17;

/// Up to this many entries comparing is no slower than counting.
const COMPARED_LEN: usize = 512;

/// The most chunks of an input: each has room in each bucket.
const MOST_CHUNKS: usize = 64;

/// The layout of an entry's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The bits of a number.
    bits: u32,
    /// How many of them select the bucket.
    bucket_bits: u32,
    position_bits: u32,
}

impl Layout {
    /// Returns the layout of `len` numbers of some bits; `None` if an entry has no room for them.
    pub(super) fn of(bits: u32, len: usize) -> Option<Self> {
        let position_bits = usize::BITS - len.saturating_sub(1).leading_zeros();
        let too_many = (bits + position_bits).saturating_sub(u64::BITS);
        let wanted = position_bits.saturating_sub(BUCKET_LEN_BITS);
        let wanted = wanted.min(MOST_BUCKET_BITS - 1).max(too_many);
        (too_many <= MOST_BUCKET_BITS).then_some(Self {
            bits,
            bucket_bits: wanted.min(bits),
            position_bits,
        })
    }

    /// Returns the bits of an entry that are the position.
    pub(super) fn position_mask(self) -> u64 {
        u64::MAX
            .checked_shl(self.position_bits)
            .map_or(u64::MAX, |above| !above)
    }

    /// Returns the number and the position of an entry, for numbers of 32 bits whose upper bits did
    /// not fall off.
    pub(super) fn parts(self, entry: u64) -> (u32, usize) {
        let number = entry.checked_shr(self.position_bits).unwrap_or(0);
        (number as u32, (entry & self.position_mask()) as usize)
    }

    fn buckets(self) -> usize {
        1 << self.bucket_bits
    }

    /// The bits that remain to be sorted within a bucket.
    fn rest_bits(self) -> u32 {
        self.bits - self.bucket_bits
    }

    #[inline(always)]
    fn bucket(self, number: u64) -> usize {
        (number >> self.rest_bits()) as usize
    }

    #[inline(always)]
    fn entry(self, number: u64, position: usize) -> u64 {
        number << self.position_bits | position as u64
    }
}

/// Sorts `number(word)` of all words by value, then by position, and returns the entries.
///
/// The words are consumed: they become the scratch in which buckets are sorted.
pub(super) fn sort(
    workers: &Workers,
    mut words: Words,
    layout: Layout,
    number: impl Fn(u64) -> u64 + Sync,
) -> Result<Words, ParallelError> {
    let mut entries = Words::zeroed(workers, words.as_slice().len())?;
    let bounds = scatter(workers, words.as_slice(), &mut entries, layout, number)?;
    let buckets = pieces(entries.as_mut_slice(), &bounds);
    let rooms = pieces(words.as_mut_slice(), &bounds);
    let tasks: Vec<_> = buckets.into_iter().zip(rooms).map(Task::new).collect();
    let low = layout.position_bits;
    each(workers, &tasks, |(bucket, room)| {
        sort_bucket(bucket, room, low, layout.rest_bits());
    })?;
    drop(tasks);
    Ok(entries)
}

/// Moves the entry of each word into its bucket, and returns the bucket sizes.
fn scatter(
    workers: &Workers,
    words: &[u64],
    entries: &mut Words,
    layout: Layout,
    number: impl Fn(u64) -> u64 + Sync,
) -> Result<Vec<usize>, ParallelError> {
    let shards = chunks(words.len());
    let counts = map_shards(workers, shards, |shard| {
        let mut counts = vec![0; layout.buckets()];
        for &word in &words[shard.range] {
            counts[layout.bucket(number(word))] += 1;
        }
        counts
    })?;
    let rooms: Vec<_> = rooms(entries.as_mut_slice(), &counts)
        .into_iter()
        .map(Task::new)
        .collect();
    map_shards(workers, shards, |shard| {
        let Shard {
            number: chunk,
            range,
            ..
        } = shard;
        let Some(mut rooms) = rooms[chunk].take() else {
            return;
        };
        for (position, &word) in range.clone().zip(&words[range]) {
            let number = number(word);
            if let Some(place) = rooms[layout.bucket(number)].next() {
                *place = layout.entry(number, position);
            }
        }
    })?;
    let of_bucket = |bucket| {
        counts
            .iter()
            .map(|counts: &Vec<usize>| counts[bucket])
            .sum()
    };
    Ok((0..layout.buckets()).map(of_bucket).collect())
}

/// The chunks in which `len` words are processed.
fn chunks(len: usize) -> Shards {
    let blocks = len.div_ceil(BLOCK_TOKENS).div_ceil(MOST_CHUNKS).max(1);
    Shards::with_shard_tokens(len, blocks * BLOCK_TOKENS)
}

/// Cuts entries into a room for each chunk in each bucket, bucket by bucket, and returns the rooms
/// by chunk.
fn rooms<'e>(
    mut rest: &'e mut [u64],
    counts: &[Vec<usize>],
) -> Vec<Vec<std::slice::IterMut<'e, u64>>> {
    let buckets = counts.first().map_or(0, Vec::len);
    let mut rooms: Vec<_> = counts.iter().map(|_| Vec::with_capacity(buckets)).collect();
    for bucket in 0..buckets {
        for (rooms, counts) in rooms.iter_mut().zip(counts) {
            let (room, behind) = rest.split_at_mut(counts[bucket]);
            rooms.push(room.iter_mut());
            rest = behind;
        }
    }
    rooms
}

/// Cuts words into pieces of these lengths.
fn pieces<'w>(mut rest: &'w mut [u64], lengths: &[usize]) -> Vec<&'w mut [u64]> {
    let cut = |&length: &usize| {
        let (piece, behind) = std::mem::take(&mut rest).split_at_mut(length);
        rest = behind;
        piece
    };
    lengths.iter().map(cut).collect()
}

/// What one thread works on.
struct Task<T>(Mutex<Option<T>>);

impl<T> Task<T> {
    fn new(work: T) -> Self {
        Self(Mutex::new(Some(work)))
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs each task on some worker.
fn each<T: Send>(
    workers: &Workers,
    tasks: &[Task<T>],
    work: impl Fn(T) + Sync,
) -> Result<(), ParallelError> {
    let shards = Shards::with_shard_tokens(tasks.len() * BLOCK_TOKENS, BLOCK_TOKENS);
    map_shards(workers, shards, |shard| {
        if let Some(task) = tasks[shard.number].take() {
            work(task);
        }
    })?;
    Ok(())
}

/// Sorts entries that differ in `bits` bits from bit `low` on, and below.
fn sort_bucket(entries: &mut [u64], room: &mut [u64], low: u32, bits: u32) {
    if entries.len() <= COMPARED_LEN {
        entries.sort_unstable();
    } else if entries.len() > CUT_LEN && bits > DIGIT_BITS {
        cut_bucket(entries, room, low, bits);
    } else {
        sort_by_digits(entries, room, low, bits);
    }
}

/// Cuts a large bucket by its uppermost digit, and sorts the pieces.
fn cut_bucket(entries: &mut [u64], room: &mut [u64], low: u32, bits: u32) {
    let rest_bits = bits - DIGIT_BITS;
    let mut counts = [0; DIGITS];
    for &entry in &*entries {
        counts[digit(entry, low + rest_bits)] += 1;
    }
    if !counts.contains(&entries.len()) {
        move_by_digit(entries, room, &counts, low + rest_bits);
        entries.copy_from_slice(room);
    }
    let pieces_of = |words| pieces(words, &counts);
    for (entries, room) in pieces_of(entries).into_iter().zip(pieces_of(room)) {
        sort_bucket(entries, room, low, rest_bits);
    }
}

/// Sorts by one digit after the other, lowest first, skipping digits that all entries share.
fn sort_by_digits(entries: &mut [u64], room: &mut [u64], low: u32, bits: u32) {
    let digits = bits.div_ceil(DIGIT_BITS);
    let mut counts = [[0; DIGITS]; u64::BITS.div_ceil(DIGIT_BITS) as usize];
    for &entry in &*entries {
        for (number, counts) in (0..digits).zip(&mut counts) {
            counts[digit(entry, low + number * DIGIT_BITS)] += 1;
        }
    }
    let (mut from, mut to) = (&mut *entries, &mut *room);
    let mut is_in_room = false;
    for (number, counts) in (0..digits).zip(&counts) {
        if !counts.contains(&from.len()) {
            move_by_digit(from, to, counts, low + number * DIGIT_BITS);
            (from, to) = (to, from);
            is_in_room = !is_in_room;
        }
    }
    if is_in_room {
        to.copy_from_slice(from);
    }
}

/// Moves entries into the order of one digit, given the counts of its values.
fn move_by_digit(from: &[u64], to: &mut [u64], counts: &[usize; DIGITS], shift: u32) {
    let mut next = [0; DIGITS];
    let mut sum = 0;
    for (next, count) in next.iter_mut().zip(counts) {
        *next = sum;
        sum += count;
    }
    for &entry in from {
        let next = &mut next[digit(entry, shift)];
        to[*next] = entry;
        *next += 1;
    }
}

/// Returns a digit. The uppermost one may have bits that all entries share.
#[inline(always)]
fn digit(entry: u64, shift: u32) -> usize {
    (entry >> shift) as usize % DIGITS
}
