use std::hint::black_box;
use std::mem;

use ng_store::{Filled, PREFETCHES, Vacant, VecStore, prefetch};
use ng_token::Token;

use crate::pieces::fill_pieces;
use crate::{ParallelError, Workers, serial};

/// Appends the token at each of `indices` to `out`, in the order of `indices`.
///
/// Costs about one cache miss per index, with as many in flight as a core can keep: tokens
/// are prefetched well before they are copied. `out` grows like a [`VecStore`], onto huge
/// pages if it is large. Clear and reuse it to avoid allocation.
///
/// # Errors
///
/// [`IndexOutOfBounds`](ParallelError::IndexOutOfBounds) with the first such position,
/// [`Stopped`](ParallelError::Stopped), [`Forked`](ParallelError::Forked), and
/// [`Store`](ParallelError::Store) if memory runs out. Then nothing was appended, and `out`
/// is unchanged.
pub fn gather(
    workers: &Workers,
    tokens: &[Token],
    indices: &[usize],
    out: &mut Vec<Token>,
) -> Result<(), ParallelError> {
    let Some(pool) = workers.pool()? else {
        return serial::gather(workers.stop(), tokens, indices, out);
    };
    append_to(out, indices.len(), |vacant| {
        fill_pieces(pool, vacant, |piece| gather_piece(tokens, indices, piece))
    })
}

/// Appends to `out` in place, as to a store.
pub(crate) fn append_to(
    out: &mut Vec<Token>,
    count: usize,
    filler: impl for<'room> FnOnce(Vacant<'room>) -> Result<Filled<'room>, ParallelError>,
) -> Result<(), ParallelError> {
    Lent::new(out).store.append_in_place(count, filler)
}

/// A vector used as a store until this is dropped, even by a panic.
struct Lent<'out> {
    out: &'out mut Vec<Token>,
    store: VecStore,
}

impl<'out> Lent<'out> {
    fn new(out: &'out mut Vec<Token>) -> Self {
        let store = VecStore::from_vec(mem::take(out));
        Self { out, store }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        *self.out = mem::take(&mut self.store).into_vec();
    }
}

/// The prefetch distance in tokens. A larger one gains nothing (AMD EPYC, ns per token for
/// 10M on huge pages: no prefetch 11.6, 16 tokens ahead 9.9, 32 7.0, 64 5.1, 96 4.7, 128
/// 4.7), and this many tokens are far from filling the L1 cache.
const AHEAD: usize = 96;

/// How many tokens are touched before the first is copied, on targets without prefetch.
/// More than a core can wait for at once, and few enough to stay in its L1 cache.
const BATCH: usize = 64;

/// Fills `piece` with the tokens at the indices for its positions.
pub(crate) fn gather_piece<'room>(
    tokens: &[Token],
    indices: &[usize],
    piece: Vacant<'room>,
) -> Result<Filled<'room>, ParallelError> {
    let first = piece.first_index();
    let end = first + piece.len();
    let wanted = &indices[first..end];
    // Checking all of them up front is cheaper than checking each in turn.
    let highest = wanted.iter().fold(0, |highest, &index| highest.max(index));
    if highest >= tokens.len() && !wanted.is_empty() {
        return Err(out_of_bounds(wanted, first, tokens.len()));
    }
    match PREFETCHES {
        true => Ok(copy_asked_for(tokens, &indices[..end], piece)),
        false => copy_looked_at(tokens, indices, piece),
    }
}

/// Copies, prefetching each token [`AHEAD`] of its turn; the last of `indices` are those of
/// `piece`.
fn copy_asked_for<'room>(
    tokens: &[Token],
    indices: &[usize],
    piece: Vacant<'room>,
) -> Filled<'room> {
    let ask_for = |&index: &usize| prefetch(&tokens[index]);
    indices[piece.first_index()..]
        .iter()
        .take(AHEAD)
        .for_each(ask_for);
    piece.fill(|position| {
        if let Some(index) = indices.get(position + AHEAD) {
            ask_for(index);
        }
        tokens[indices[position]]
    })
}

/// Copies in batches, after touching one word of each token in the batch.
///
/// A copy takes so many instructions that few misses are in flight, especially in a debug
/// build; the loads of a whole batch are short enough to overlap.
fn copy_looked_at<'room>(
    tokens: &[Token],
    indices: &[usize],
    piece: Vacant<'room>,
) -> Result<Filled<'room>, ParallelError> {
    let copy = |vacant: Vacant<'room>| vacant.fill(|position| tokens[indices[position]]);
    let (empty, mut rest) = piece.split_at(0);
    let mut filled = copy(empty);
    while !rest.is_empty() {
        let batch = rest.first_index()..rest.first_index() + rest.len().min(BATCH);
        let looked_at = indices[batch.clone()]
            .iter()
            .map(|&index| tokens[index].timestamp());
        black_box(looked_at.fold(0, |seen, timestamp| seen ^ timestamp));
        let (batch, tail) = rest.split_at(batch.len());
        filled = filled.join(copy(batch))?;
        rest = tail;
    }
    Ok(filled)
}

#[cold]
fn out_of_bounds(wanted: &[usize], first: usize, len: usize) -> ParallelError {
    let offset = wanted.iter().take_while(|&&index| index < len).count();
    ParallelError::IndexOutOfBounds {
        position: first + offset,
        index: wanted[offset],
        len,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// The path this target does not use is correct, too.
    #[test]
    fn both_ways_copy_the_same() {
        let tokens: Vec<Token> = (0..5_000).map(Token::new).collect();
        for count in [
            0,
            1,
            BATCH - 1,
            BATCH,
            BATCH + 1,
            AHEAD,
            2 * AHEAD + 7,
            3_000,
        ] {
            let indices: Vec<usize> = (0..count).map(|position| position * 7919 % 5_000).collect();
            let oracle: Vec<Token> = indices.iter().map(|&index| tokens[index]).collect();
            for asks in [true, false] {
                let mut out = vec![Token::new(9)];
                append_to(&mut out, count, |vacant| match asks {
                    true => Ok(copy_asked_for(&tokens, &indices, vacant)),
                    false => copy_looked_at(&tokens, &indices, vacant),
                })
                .unwrap();
                assert_eq!(out[1..], oracle, "{count} tokens, asks: {asks}");
            }
        }
    }

    #[test]
    fn a_panic_leaves_what_is_there() {
        let kept = vec![Token::new(7), Token::new(8)];
        let mut out = kept.clone();
        let panics = || append_to(&mut out, 5, |_| panic!("on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(out, kept);
    }
}
