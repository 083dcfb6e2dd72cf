use std::hint::black_box;

use ng_store::{Filled, Vacant, VecStore};
use ng_token::Token;

use crate::pieces::fill_pieces;
use crate::{ParallelError, Workers, serial};

/// Appends the token at each of `indices` to `out`, in the order of `indices`.
///
/// Costs about a cache miss an index, of which a core keeps many in flight: it
/// loads a word of each of 64 tokens, none waiting for another, before it copies
/// the first of them. `out` grows as a
/// [`VecStore`] does, onto huge pages where it is large. Reuse it, cleared, and
/// nothing is allocated.
///
/// # Errors
///
/// [`IndexOutOfBounds`](ParallelError::IndexOutOfBounds) with the first position
/// that is, [`Stopped`](ParallelError::Stopped), and
/// [`Store`](ParallelError::Store) when there is no memory. Nothing was appended
/// then.
pub fn gather(
    workers: &Workers,
    tokens: &[Token],
    indices: &[usize],
    out: &mut Vec<Token>,
) -> Result<(), ParallelError> {
    let Some(pool) = workers.pool() else {
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
    let mut store = VecStore::from_vec(std::mem::take(out));
    let appended = store.append_in_place(count, filler);
    *out = store.into_vec();
    appended
}

/// How many tokens are asked for before the first of them is copied. More than
/// a core can wait for at once, and few enough to stay in its first cache.
const BATCH: usize = 64;

/// Fills `piece` with the tokens that the indices at its positions name.
pub(crate) fn gather_piece<'room>(
    tokens: &[Token],
    indices: &[usize],
    piece: Vacant<'room>,
) -> Result<Filled<'room>, ParallelError> {
    let copy = |vacant: Vacant<'room>| vacant.fill(|position| tokens[indices[position]]);
    let (empty, mut rest) = piece.split_at(0);
    let mut filled = copy(empty);
    while !rest.is_empty() {
        let mid = rest.len().min(BATCH);
        touch(tokens, indices, rest.first_index(), mid)?;
        let (batch, tail) = rest.split_at(mid);
        filled = filled.join(copy(batch))?;
        rest = tail;
    }
    Ok(filled)
}

/// Checks `count` indices from position `first` on, and loads a word of each
/// token.
///
/// A copy takes so many instructions that few misses are in flight, above all in
/// a debug build; the loads of a whole batch are short enough to overlap.
fn touch(
    tokens: &[Token],
    indices: &[usize],
    first: usize,
    count: usize,
) -> Result<(), ParallelError> {
    let batch = &indices[first..first + count];
    let mut loaded = 0;
    for &index in batch {
        if index >= tokens.len() {
            return Err(out_of_bounds(batch, first, tokens.len()));
        }
        loaded ^= tokens[index].timestamp();
    }
    black_box(loaded);
    Ok(())
}

#[cold]
fn out_of_bounds(batch: &[usize], first: usize, len: usize) -> ParallelError {
    let offset = batch.iter().take_while(|&&index| index < len).count();
    ParallelError::IndexOutOfBounds {
        position: first + offset,
        index: batch[offset],
        len,
    }
}
