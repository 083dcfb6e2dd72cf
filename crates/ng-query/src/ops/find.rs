use std::collections::HashMap;
use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;
use ng_token::TokenId;

use crate::bound::{Bound, Condition, Number};
use crate::index::Index;
use crate::scan::{Candidate, Scan};
use crate::zone::Zone;
use crate::{Answer, Query, QueryError};

/// Where the tokens of an id are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The id.
    pub id: TokenId,
    /// The positions of the selected tokens that have it, ascending.
    pub positions: Vec<u64>,
}

impl Query<'_> {
    /// Finds the positions of tokens by id, all ids in one pass, or in none where an index
    /// has sorted ids, or zones of blocks whose ids ascend by one, and there is no filter.
    /// Where damaged blocks are skipped, those of the tokens that were found so are read.
    ///
    /// The answer has one entry for each id, in the order in which they are given, those
    /// that no token has as well.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn find(&self, ids: &[TokenId]) -> Result<Answer<Vec<Found>>, QueryError> {
        let wanted = sorted(ids);
        let query = self.and(one_of(&wanted));
        let scan = query.streaming_scan();
        let known = Known::of(&scan, &wanted, self.is_unfiltered());
        let mut positions = known.positions;
        let mut stats = scan.run_over(
            &known.candidates,
            Vec::new,
            |found, stage| {
                stage.load(&[Column::Id])?;
                let (ids, first) = (stage.lanes.u32(Column::Id), stage.first());
                stage.for_each_selected(|place| found.push((ids[place], first + place as u64)));
                Ok(())
            },
            |found| {
                for (id, position) in found {
                    positions.entry(id).or_default().push(position);
                }
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        stats.bytes_read += known.sorted_bytes;
        stats.columns |= known.sorted_bytes > 0;
        for positions in positions.values_mut() {
            positions.sort_unstable();
        }
        let value = ids.iter().map(|&id| Found {
            id,
            positions: positions.get(&id.raw()).cloned().unwrap_or_default(),
        });
        Ok(Answer {
            value: value.collect(),
            stats,
        })
    }
}

/// The ids without repetition, ascending.
pub(crate) fn sorted(ids: &[TokenId]) -> Vec<u32> {
    let mut ids: Vec<u32> = ids.iter().map(|id| id.raw()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

pub(crate) fn one_of(ids: &[u32]) -> Bound {
    match ids {
        [] => Bound::Nothing,
        [id] => Bound::Is(Condition::Id(*id..=*id)),
        _ => Bound::Is(Condition::OneOf(Number::Id, ids.to_vec())),
    }
}

/// What is known of where ids are, before any block is looked at.
struct Known {
    positions: HashMap<u32, Vec<u64>>,
    /// The blocks that have to be looked at.
    candidates: Vec<Candidate>,
    /// How many bytes of sorted ids were looked at.
    sorted_bytes: u64,
}

impl Known {
    /// Asks the sorted ids of the index for the blocks that it covers, and the zones of
    /// blocks whose ids ascend by one. A filter has to look at the tokens.
    fn of(scan: &Scan<'_>, wanted: &[u32], is_unfiltered: bool) -> Self {
        let index = scan.index.filter(|_| is_unfiltered);
        let found = index.and_then(|index| look_up(index, wanted));
        let (has_ids, positions) = (found.is_some(), found.unwrap_or_default());
        let mut known = Self {
            positions,
            candidates: Vec::new(),
            sorted_bytes: index.map_or(0, |index| index.sorted_bytes_of(wanted)),
        };
        for candidate in scan.candidates() {
            let block = candidate.block;
            match Way::of(index, has_ids, block) {
                Way::SortedIds => {}
                Way::Zone(zone) => known.count(zone, block, wanted),
                Way::Search => known.candidates.push(candidate),
            }
        }
        if scan.skips_damaged {
            known.look_again(scan);
        }
        known
    }

    /// Has the blocks looked at where ids are known to be: a damaged one is to be left out.
    fn look_again(&mut self, scan: &Scan<'_>) {
        let positions = self.positions.drain().flat_map(|(_, positions)| positions);
        let mut blocks: Vec<u64> = positions
            .map(|position| position / BLOCK_TOKENS as u64)
            .chain(self.candidates.iter().map(|candidate| candidate.block))
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        let mut candidates = scan.candidates();
        candidates.retain(|candidate| blocks.binary_search(&candidate.block).is_ok());
        self.candidates = candidates;
    }

    /// Counts the ids off from the first of a block.
    fn count(&mut self, zone: &Zone, block: u64, wanted: &[u32]) {
        let start = wanted.partition_point(|id| *id < zone.id.min());
        let within = wanted[start..]
            .iter()
            .take_while(|id| **id <= zone.id.max());
        for &id in within {
            if let Some(place) = zone.position_of(id) {
                let position = block * BLOCK_TOKENS as u64 + place as u64;
                self.positions.entry(id).or_default().push(position);
            }
        }
    }
}

/// How ids are found in a block.
pub(crate) enum Way<'i> {
    SortedIds,
    /// Counted off from the first: they ascend by one.
    Zone(&'i Zone),
    Search,
}

impl<'i> Way<'i> {
    pub(crate) fn of(index: Option<&'i Index>, has_ids: bool, block: u64) -> Self {
        if has_ids && index.is_some_and(|index| index.has_ids_of(block)) {
            return Self::SortedIds;
        }
        match index.and_then(|index| index.zone(block)) {
            Some(zone) if zone.ids_ascend() => Self::Zone(zone),
            _ => Self::Search,
        }
    }
}

/// The positions of ids in the blocks whose ids an index has. `None` where it has no sorted ids, or they are rotten.
fn look_up(index: &Index, wanted: &[u32]) -> Option<HashMap<u32, Vec<u64>>> {
    let found = wanted.iter().map(|&id| Some((id, index.positions(id)?)));
    found.collect()
}
