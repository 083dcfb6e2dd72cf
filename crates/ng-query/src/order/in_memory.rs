use std::convert::Infallible;

use ng_parallel::{ingest_batches, load_watched};
use ng_store::{BlockReader, FileWriter, TokenStore};
use ng_token::Token;

use super::progress::Counter;
use super::sort_file::Sort;
use super::{Permutation, SortError, SortPhase, sort_positions};

/// Sorts a file that fits in memory.
pub(super) fn sort_in_memory(
    sort: &Sort<'_>,
    reader: &BlockReader,
    writer: &mut FileWriter,
) -> Result<(), SortError> {
    let counter = sort.phase(SortPhase::Loading);
    let store = load_watched(sort.workers, reader, |tokens| counter.add(tokens))?;
    let counter = sort.phase(SortPhase::Sorting);
    let sorted = sort_positions(sort.workers, store.tokens(), sort.order)?;
    counter.add(sort.total);
    let counter = sort.phase(SortPhase::Writing);
    write_gathered(sort, store.tokens(), &sorted, writer, &counter)
}

/// Sorts tokens and appends them in the order.
pub(super) fn write_sorted(
    sort: &Sort<'_>,
    tokens: &[Token],
    writer: &mut FileWriter,
    counter: &Counter<'_>,
) -> Result<(), SortError> {
    let sorted = sort_positions(sort.workers, tokens, sort.order)?;
    write_gathered(sort, tokens, &sorted, writer, counter)
}

/// Gathers tokens straight into the buffer that is hashed and written, so they are copied once.
fn write_gathered(
    sort: &Sort<'_>,
    tokens: &[Token],
    sorted: &Permutation,
    writer: &mut FileWriter,
    counter: &Counter<'_>,
) -> Result<(), SortError> {
    ingest_batches(sort.workers, writer, tokens.len(), |ranks, batch| {
        let count = ranks.len() as u64;
        sorted.gather(tokens, ranks, batch);
        counter.add(count);
        Ok::<_, Infallible>(())
    })?;
    Ok(())
}
