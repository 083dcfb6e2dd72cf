//! Counts a column without groups: a short loop for each measure.

use ng_arrow::Column;

use super::distinct::Distinct;
use super::needs::Need;
use super::tally::ColumnTally;
use crate::memory::Refused;
use crate::ordered::{Keys, NAN_KEY, key_bits, stored_of};
use crate::scan::Stage;

/// Compacts the keys of the selected tokens, without those of NaN; returns how many NaN there were.
pub(super) fn pack(stage: &Stage<'_>, column: Column, keys: &mut Keys) -> usize {
    let is_weight = column == Column::Weight;
    if stage.selected().is_none() && !is_weight {
        return stage.len();
    }
    let mut packed = 0;
    stage.for_each_selected(|place| {
        let key = keys[place];
        keys[packed] = key;
        packed += usize::from(!is_weight || key != NAN_KEY);
    });
    packed
}

impl ColumnTally {
    /// Counts the values of one block. For a column of few values it counts only how often each
    /// occurs: all else follows from that, see [`derive`](Self::derive).
    pub(super) fn add_block(
        &mut self,
        column: Column,
        need: Need,
        keys: &[u32],
    ) -> Result<(), Refused> {
        let shift = key_bits(column).saturating_sub(16);
        if need.values || shift == 0 {
            let values = self.values()?;
            keys.iter()
                .try_for_each(|key| values.add((key >> shift) as u16))?;
        }
        match shift > 0 {
            true => self.add_wide(column, need, keys),
            false => Ok(()),
        }
    }

    fn add_wide(&mut self, column: Column, need: Need, keys: &[u32]) -> Result<(), Refused> {
        if need.extremes {
            let block = keys.iter().min().zip(keys.iter().max());
            self.widen(block.map(|(low, high)| (*low, *high)));
        }
        // Sums of weights are made elsewhere; for the others the key is the stored value.
        if need.sums && column != Column::Weight {
            let sum: u64 = keys.iter().map(|key| u64::from(*key)).sum();
            self.sum += i128::from(sum);
        }
        if need.squares && column != Column::Weight {
            let squares = keys.iter().map(|key| u64::from(*key) * u64::from(*key));
            self.squares += squares.map(u128::from).sum::<u128>();
        }
        if need.distinct {
            let distinct = self.distinct.get_or_insert_with(Distinct::new);
            keys.iter().try_for_each(|key| distinct.add(*key))?;
        }
        Ok(())
    }

    /// Derives the rest from how often each value of a column of few values occurs.
    pub(super) fn derive(&mut self, column: Column) -> Result<(), Refused> {
        let Some(values) = self.values.as_ref().filter(|_| key_bits(column) <= 16) else {
            return Ok(());
        };
        let mut extremes = None;
        let mut distinct = Distinct::new();
        for (value, times) in values.iter() {
            let key = u32::from(value);
            let stored = i128::from(stored_of(column, key));
            extremes = Some((extremes.map_or(key, |(low, _)| low), key));
            self.sum += stored * i128::from(times);
            self.squares += (stored * stored).unsigned_abs() * u128::from(times);
            distinct.add(key)?;
        }
        self.extremes = extremes;
        self.distinct = Some(distinct);
        Ok(())
    }
}
