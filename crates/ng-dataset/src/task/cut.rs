use std::ops::Range;

use ng_query::{Filter, Matcher};
use ng_store::BLOCK_TOKENS;
use ng_store::disk::{Dir, Disk};
use ng_token::Token;

use super::{Ask, Known, Task};
use crate::snapshot::{Shard, Snapshot};

impl<R: Dir> Snapshot<R> {
    /// Cuts the snapshot into tasks of at most `most_bytes` of tokens, in the order of positions:
    /// whole shards, or runs of whole blocks of them. Shards that their zones or positions rule out
    /// have none.
    ///
    /// `place` is how those who do them find the folder, `filter` that of the question.
    #[must_use]
    pub fn tasks(
        &self,
        place: &str,
        ask: &Ask,
        filter: Option<&Filter>,
        most_bytes: u64,
    ) -> Vec<Task> {
        let matcher = filter.map(|filter| Matcher::new(filter, ask.now));
        let can_match = |shard: &Shard<R::File>| {
            let can_match = |matcher: &Matcher| matcher.can_match(shard.zone(), shard.positions());
            matcher.as_ref().is_none_or(can_match)
        };
        let of_shard = |shard: &Shard<R::File>| {
            let known = known(shard)?;
            let task = |positions| Task {
                place: place.to_owned(),
                dataset: self.manifest().dataset,
                file: shard.file(),
                rows: shard.rows(),
                known,
                start: shard.positions().start,
                positions,
                ask: ask.clone(),
            };
            Some(
                runs(shard.positions(), most_bytes)
                    .map(task)
                    .collect::<Vec<_>>(),
            )
        };
        let shards = self.shards().iter();
        let shards = shards.filter(|shard| !shard.is_empty() && can_match(shard));
        shards.filter_map(of_shard).flatten().collect()
    }
}

fn known<D: Disk>(shard: &Shard<D>) -> Option<Known> {
    match shard.sealed() {
        Some(sealed) => Some(Known::Sealed {
            chain: sealed.chain.0,
            slot: sealed.slot.0,
        }),
        None => shard.tail().map(Known::Tail),
    }
}

/// Runs of positions of about one length, which are whole blocks, counted as queries count them: from
/// the first row that counts. So the sums of all runs have the bits of one over the shard.
fn runs(positions: Range<u64>, most_bytes: u64) -> impl Iterator<Item = Range<u64>> {
    let block = BLOCK_TOKENS as u64;
    let most = (most_bytes / Token::SIZE as u64 / block).max(1) * block;
    let Range { start, end } = positions;
    let count = (end - start).div_ceil(most);
    (0..count).map(move |number| {
        let first = start + number * most;
        first..end.min(first.saturating_add(most))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_all_positions_once_and_are_whole_blocks() {
        let block = BLOCK_TOKENS as u64;
        for (positions, most) in [
            (10..11, 0),
            (7..7 + 10 * block, 3 * block * 64),
            (7..7 + 10 * block + 5, 3 * block * 64),
            (0..3 * block, u64::MAX),
            (5..5, 64),
        ] {
            let runs: Vec<_> = runs(positions.clone(), most).collect();
            let mut at = positions.start;
            for run in &runs {
                assert_eq!(run.start, at);
                assert!(run.end > run.start && run.end - run.start <= (most / 64).max(block));
                at = run.end;
                assert!((at - positions.start).is_multiple_of(block) || at == positions.end);
            }
            assert_eq!(at, positions.end);
        }
    }
}
