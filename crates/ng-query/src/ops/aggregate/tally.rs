use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::distinct::Distinct;
use super::grouping::Grouping;
use super::needs::{Need, Needs};
use super::ungrouped::pack;
use super::value_counts::ValueCounts;
use super::weights::{BlockSum, WeightSums};
use super::{GROUPS, VALUES};
use crate::QueryError;
use crate::memory::{Refused, fill_up, refused};
use crate::ordered::{Keys, NAN_KEY, key_bits, keys_of, stored_of};
use crate::scan::Stage;

/// What one worker counted: whole numbers and extremes, in any order.
pub(super) struct Tally<'g> {
    pub(super) grouping: Grouping<'g>,
    pub(super) needs: &'g Needs,
    /// For each group.
    pub(super) counts: Vec<u64>,
    /// For each measured column, its groups.
    pub(super) columns: Vec<Vec<ColumnTally>>,
    sums: WeightSums,
    keys: Box<Keys>,
    /// The most groups it may have.
    most: usize,
    /// Whether a block had more; it takes no block after that.
    is_full: bool,
}

/// What is counted of a column in a group.
#[derive(Default)]
pub(super) struct ColumnTally {
    /// The least and the greatest key; `None` if no value counts.
    pub(super) extremes: Option<(u32, u32)>,
    /// How many values are NaN.
    pub(super) nan: u64,
    pub(super) sum: i128,
    pub(super) squares: u128,
    /// Of the keys' upper 16 bits, or of the whole keys if they have no more.
    pub(super) values: Option<ValueCounts>,
    pub(super) distinct: Option<Distinct>,
}

impl<'g> Tally<'g> {
    pub(super) fn new(needs: &'g Needs, most: usize) -> Self {
        Self {
            grouping: Grouping::new(&needs.group_by),
            needs,
            counts: Vec::new(),
            columns: needs.columns.iter().map(|_| Vec::new()).collect(),
            sums: WeightSums::default(),
            keys: Box::new([0; BLOCK_TOKENS]),
            most,
            is_full: false,
        }
    }

    /// Counts a block whose columns are loaded; the sums of its weights go to `sums`. Returns
    /// `false`, without counting, if there would be too many groups.
    pub(super) fn add(
        &mut self,
        stage: &Stage<'_>,
        sums: &mut Vec<BlockSum>,
    ) -> Result<bool, QueryError> {
        if self.is_full {
            return Ok(false);
        }
        self.grouping.find(stage)?;
        let groups = self.grouping.group_codes.len();
        if groups > self.most {
            self.is_full = true;
            return Ok(false);
        }
        self.make_room(groups)?;
        let needs = self.needs;
        if needs.weight_sums().is_none() {
            self.count(stage);
        }
        for (number, (column, need)) in needs.columns.iter().enumerate() {
            if *column == Column::Weight && need.sums {
                let first = sums.len();
                self.sums.add(stage, &self.grouping, need.squares, sums)?;
                for sum in &sums[first..] {
                    self.counts[sum.group as usize] += sum.count;
                }
            }
            if need.asks_for_keys(*column) {
                keys_of(&stage.lanes, *column, &mut self.keys);
                let done = match needs.group_by.is_empty() {
                    true => self.add_packed(number, *column, *need, stage),
                    false => self.add_keys(number, *column, *need, stage),
                };
                done.map_err(|_| refused::<u64>(1, VALUES))?;
            }
        }
        Ok(true)
    }

    fn make_room(&mut self, groups: usize) -> Result<(), QueryError> {
        fill_up(&mut self.counts, groups, GROUPS)?;
        let mut columns = self.columns.iter_mut();
        columns.try_for_each(|column| fill_up(column, groups, GROUPS))
    }

    fn count(&mut self, stage: &Stage<'_>) {
        if self.needs.group_by.is_empty() {
            self.counts[0] += stage.selected_count() as u64;
            return;
        }
        let (counts, groups) = (&mut self.counts, &self.grouping.groups);
        stage.for_each_selected(|place| counts[groups[place] as usize] += 1);
    }

    fn add_packed(
        &mut self,
        number: usize,
        column: Column,
        need: Need,
        stage: &Stage<'_>,
    ) -> Result<(), Refused> {
        let packed = pack(stage, column, &mut self.keys);
        let tally = &mut self.columns[number][0];
        tally.nan += (stage.selected_count() - packed) as u64;
        tally.add_block(column, need, &self.keys[..packed])
    }

    fn add_keys(
        &mut self,
        number: usize,
        column: Column,
        need: Need,
        stage: &Stage<'_>,
    ) -> Result<(), Refused> {
        let mut done = Ok(());
        let tallies = &mut self.columns[number];
        let (keys, groups) = (&self.keys, &self.grouping.groups);
        let shift = key_bits(column).saturating_sub(16);
        stage.for_each_selected(|place| {
            let (tally, key) = (&mut tallies[groups[place] as usize], keys[place]);
            if column == Column::Weight && key == NAN_KEY {
                tally.nan += 1;
                return;
            }
            if need.extremes {
                let (low, high) = tally.extremes.unwrap_or((key, key));
                tally.extremes = Some((low.min(key), high.max(key)));
            }
            if need.sums {
                tally.sum += i128::from(stored_of(column, key));
            }
            if need.squares {
                let stored = stored_of(column, key).unsigned_abs();
                tally.squares += u128::from(stored) * u128::from(stored);
            }
            if need.values {
                done = done.and(
                    tally
                        .values()
                        .and_then(|values| values.add((key >> shift) as u16)),
                );
            }
            if need.distinct {
                let distinct = tally.distinct.get_or_insert_with(Distinct::new);
                done = done.and(distinct.add(key));
            }
        });
        done
    }
}

impl ColumnTally {
    pub(super) fn widen(&mut self, extremes: Option<(u32, u32)>) {
        self.extremes = match (self.extremes, extremes) {
            (Some((low, high)), Some((other_low, other_high))) => {
                Some((low.min(other_low), high.max(other_high)))
            }
            (one, other) => one.or(other),
        };
    }

    pub(super) fn values(&mut self) -> Result<&mut ValueCounts, Refused> {
        match &mut self.values {
            Some(values) => Ok(values),
            none => Ok(none.insert(ValueCounts::new()?)),
        }
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<(), Refused> {
        self.widen(other.extremes);
        self.nan += other.nan;
        self.sum += other.sum;
        self.squares += other.squares;
        merge(&mut self.values, other.values, ValueCounts::merge)?;
        merge(&mut self.distinct, other.distinct, Distinct::merge)
    }
}

fn merge<T>(
    left: &mut Option<T>,
    right: Option<T>,
    merge: impl Fn(&mut T, T) -> Result<(), Refused>,
) -> Result<(), Refused> {
    match (left, right) {
        (Some(left), Some(right)) => merge(left, right),
        (left @ None, right) => {
            *left = right;
            Ok(())
        }
        (_, None) => Ok(()),
    }
}
