use std::convert::Infallible;

use ng_parallel::{ingest_batches, load_watched};
use ng_store::{TokenSink, TokenStore, VecStore};
use ng_token::Token;

use super::progress::Counter;
use super::sort_file::Sort;
use super::{Permutation, SortError, SortPhase, sort_positions};

/// Sorts what fits in memory.
pub(super) fn sort_in_memory<S: TokenSink<Error: Into<SortError>>>(
    sort: &Sort<'_>,
    sink: &mut S,
) -> Result<(), SortError> {
    let store = load(sort)?;
    let counter = sort.phase(SortPhase::Sorting);
    let sorted = sort_positions(sort.workers, store.tokens(), sort.order)?;
    counter.add(sort.total);
    let counter = sort.phase(SortPhase::Writing);
    write_gathered(sort, store.tokens(), &sorted, sink, &counter)
}

fn load(sort: &Sort<'_>) -> Result<VecStore, SortError> {
    let counter = sort.phase(SortPhase::Loading);
    if let Some(reader) = sort.only_file()? {
        let store = load_watched(sort.workers, &reader, |tokens| counter.add(tokens))?;
        return Ok(store);
    }
    let mut store = VecStore::new();
    store.reserve_exact(usize::try_from(sort.total).unwrap_or(usize::MAX))?;
    sort.for_each_part(|part| {
        ingest_batches(sort.workers, &mut store, part.len(), |range, batch| {
            part.read(range, batch)?;
            counter.add(batch.len() as u64);
            Ok::<_, SortError>(())
        })?;
        Ok(())
    })?;
    Ok(store)
}

/// Sorts tokens and appends them in the order.
pub(super) fn write_sorted<S: TokenSink<Error: Into<SortError>>>(
    sort: &Sort<'_>,
    tokens: &[Token],
    sink: &mut S,
    counter: &Counter<'_>,
) -> Result<(), SortError> {
    let sorted = sort_positions(sort.workers, tokens, sort.order)?;
    write_gathered(sort, tokens, &sorted, sink, counter)
}

/// Gathers tokens straight into the buffer that is hashed and written, so they are copied once.
fn write_gathered<S: TokenSink<Error: Into<SortError>>>(
    sort: &Sort<'_>,
    tokens: &[Token],
    sorted: &Permutation,
    sink: &mut S,
    counter: &Counter<'_>,
) -> Result<(), SortError> {
    ingest_batches(sort.workers, sink, tokens.len(), |ranks, batch| {
        let count = ranks.len() as u64;
        sorted.gather(tokens, ranks, batch);
        counter.add(count);
        Ok::<_, Infallible>(())
    })?;
    Ok(())
}
