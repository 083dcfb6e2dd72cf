use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;
use ng_token::TokenId;

use crate::bound::{Bound, Condition, Number};
use crate::index::Index;
use crate::memory::{collected, copied, push, reserve, room_for_one, with_capacity};
use crate::scan::{Candidate, Scan};
use crate::zone::Zone;
use crate::{Answer, Query, QueryError};

/// Where the tokens of an id are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The id.
    pub id: TokenId,
    /// The positions of the selected tokens with this id, ascending.
    pub positions: Vec<u64>,
}

impl Query<'_> {
    /// Finds the positions of tokens by id: all ids in one pass, or without a pass if there is no
    /// filter and an index has sorted ids, or zones of blocks whose ids ascend by one. Where
    /// damaged blocks are skipped, the blocks of the tokens found are read.
    ///
    /// The answer has one entry for each id, in the order given, including ids that no token has.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn find(&self, ids: &[TokenId]) -> Result<Answer<Vec<Found>>, QueryError> {
        let wanted = sorted(collected(ids.iter().map(|id| id.raw()), IDS)?);
        let query = self.and(one_of(&wanted));
        let scan = query.streaming_scan();
        let (mut positions, mut searched) = (Positions::new(), Positions::new());
        let mut sorted_bytes = 0;
        let mut stats = scan.run_over(
            |scan| {
                let known = Known::of(scan, &wanted, self.is_unfiltered())?;
                sorted_bytes += known.sorted_bytes;
                known.give(&mut positions, scan.base)
            },
            Vec::new,
            |found, stage| {
                stage.load(&[Column::Id])?;
                reserve(found, stage.selected_count(), POSITIONS)?;
                let (ids, first) = (stage.lanes.u32(Column::Id), stage.first());
                stage.for_each_selected(|place| found.push((ids[place], first + place as u64)));
                Ok(())
            },
            |found| {
                for (id, position) in found {
                    add(&mut searched, id, position)?;
                }
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        stats.bytes_read += sorted_bytes;
        stats.columns |= sorted_bytes > 0;
        merge(&mut positions, searched, 0)?;
        for positions in positions.values_mut() {
            positions.sort_unstable();
        }
        let mut value = with_capacity(ids.len(), IDS)?;
        for &id in ids {
            let positions = positions.get(&id.raw()).map_or(&[][..], Vec::as_slice);
            let positions = copied(positions, POSITIONS)?;
            value.push(Found { id, positions });
        }
        Ok(Answer { value, stats })
    }
}

/// What memory that grows with the answer is for.
const POSITIONS: &str = "the positions of ids";
/// What memory that grows with the question is for.
const IDS: &str = "the ids to find";

/// The positions of ids found so far.
type Positions = HashMap<u32, Vec<u64>>;

fn add(positions: &mut Positions, id: u32, position: u64) -> Result<(), QueryError> {
    room_for_one(positions, POSITIONS)?;
    push(positions.entry(id).or_default(), position, POSITIONS)
}

/// Adds positions, counted from `base`.
fn merge(positions: &mut Positions, more: Positions, base: u64) -> Result<(), QueryError> {
    if positions.is_empty() && base == 0 {
        *positions = more;
        return Ok(());
    }
    for (id, more) in more.into_iter().filter(|(_, more)| !more.is_empty()) {
        room_for_one(positions, POSITIONS)?;
        let positions = positions.entry(id).or_default();
        reserve(positions, more.len(), POSITIONS)?;
        positions.extend(more.into_iter().map(|position| base + position));
    }
    Ok(())
}

/// The ids, distinct and ascending.
pub(crate) fn sorted(mut ids: Vec<u32>) -> Arc<Vec<u32>> {
    ids.sort_unstable();
    ids.dedup();
    Arc::new(ids)
}

pub(crate) fn one_of(ids: &Arc<Vec<u32>>) -> Bound {
    match ids[..] {
        [] => Bound::Nothing,
        [id] => Bound::Is(Condition::Id(id..=id)),
        _ => Bound::Is(Condition::OneOf(Number::Id, ids.clone())),
    }
}

/// What is known about the positions of ids in one source before any block is looked at.
struct Known {
    /// From the first token of the source on.
    positions: Positions,
    /// The blocks that have to be looked at.
    candidates: Vec<Candidate>,
    /// How many bytes of sorted ids were looked at.
    sorted_bytes: u64,
}

impl Known {
    /// Looks ids up in the sorted ids of the index, for the blocks it covers, and in the zones of
    /// blocks whose ids ascend by one. A filter has to see the tokens instead.
    fn of(scan: &Scan<'_>, wanted: &[u32], is_unfiltered: bool) -> Result<Self, QueryError> {
        let index = scan.index.filter(|_| is_unfiltered);
        let found = index.map_or(Ok(None), |index| look_up(index, wanted))?;
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
                Way::Zone(zone) => known.count(zone, block, wanted)?,
                Way::Search => known.candidates.push(candidate),
            }
        }
        if scan.skips_damaged {
            known.look_again(scan)?;
        }
        Ok(known)
    }

    /// Adds the positions to others, and returns the blocks that have to be looked at.
    fn give(self, positions: &mut Positions, base: u64) -> Result<Vec<Candidate>, QueryError> {
        merge(positions, self.positions, base)?;
        Ok(self.candidates)
    }

    /// Has the blocks of the ids found looked at, so that damaged ones are left out.
    fn look_again(&mut self, scan: &Scan<'_>) -> Result<(), QueryError> {
        let known = self.positions.values().flatten();
        let known = known.map(|position| position / BLOCK_TOKENS as u64);
        let mut blocks = Vec::new();
        for block in known.chain(self.candidates.iter().map(|candidate| candidate.block)) {
            push(&mut blocks, block, POSITIONS)?;
        }
        self.positions.clear();
        blocks.sort_unstable();
        blocks.dedup();
        let mut candidates = scan.candidates();
        candidates.retain(|candidate| blocks.binary_search(&candidate.block).is_ok());
        self.candidates = candidates;
        Ok(())
    }

    /// Computes positions from the first id of a block.
    fn count(&mut self, zone: &Zone, block: u64, wanted: &[u32]) -> Result<(), QueryError> {
        let start = wanted.partition_point(|id| *id < zone.id.min());
        let within = wanted[start..]
            .iter()
            .take_while(|id| **id <= zone.id.max());
        for &id in within {
            if let Some(place) = zone.position_of(id) {
                let position = block * BLOCK_TOKENS as u64 + place as u64;
                add(&mut self.positions, id, position)?;
            }
        }
        Ok(())
    }
}

/// How ids are found in a block.
pub(crate) enum Way<'i> {
    SortedIds,
    /// Computed from the first: they ascend by one.
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

/// The positions of ids in the indexed blocks. `None` if there are no sorted ids, or rotten ones.
fn look_up(index: &Index, wanted: &[u32]) -> Result<Option<Positions>, QueryError> {
    let mut found = Positions::new();
    for &id in wanted {
        let mut positions = Vec::new();
        let mut done = Ok(());
        let known = index.for_each_position(id, |position| {
            if done.is_ok() {
                done = push(&mut positions, position, POSITIONS);
            }
        });
        done?;
        if known.is_none() {
            return Ok(None);
        }
        room_for_one(&mut found, POSITIONS)?;
        found.insert(id, positions);
    }
    Ok(Some(found))
}
