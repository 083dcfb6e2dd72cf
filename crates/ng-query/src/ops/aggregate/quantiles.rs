use std::collections::HashMap;
use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::Measure;
use super::assemble::Whole;
use super::grouping::Grouping;
use super::needs::Needs;
use super::value_counts::ValueCounts;
use super::{GROUPS, VALUES};
use crate::memory::{push, refused, reserve, room_for_one};
use crate::ordered::{Keys, NAN_KEY, keys_of};
use crate::pool::Pool;
use crate::scan::Stage;
use crate::{Query, QueryError, Stats};

/// The keys at the requested quantiles.
#[derive(Default)]
pub(super) struct Quantiles {
    /// By the code of the group, the column and the bits of the share.
    found: HashMap<(u64, Column, u64), u32>,
}

impl Quantiles {
    pub(super) fn key(&self, code: u64, column: Column, share: f64) -> Option<u32> {
        self.found.get(&(code, column, share.to_bits())).copied()
    }
}

/// A quantile whose upper 16 bits are known.
pub(super) struct Half {
    code: u64,
    column: Column,
    share: f64,
    high: u16,
    /// The index among the values that have these upper bits.
    index: u64,
}

/// How often the lower 16 bits occur, for the upper ones that are wanted.
#[derive(Default)]
struct Lower {
    /// By column, one for each group.
    columns: Vec<(Column, HashMap<u64, Wanted>)>,
}

/// The few upper bits wanted of a group, and the counts below each.
type Wanted = Vec<(u16, ValueCounts)>;

impl Query<'_> {
    /// Finds the quantiles: for columns of at most 16 bits from the counts; for the others first
    /// their upper 16 bits, and the lower ones in a second pass.
    pub(super) fn quantiles(
        &self,
        whole: &Whole<'_>,
        measures: &[Measure],
        needs: &Needs,
        stats: &mut Stats,
    ) -> Result<Quantiles, QueryError> {
        let (mut quantiles, halves) = Quantiles::of_first_pass(whole, measures, needs)?;
        if !halves.is_empty() {
            let lower = self.lower_halves(&halves, needs, stats)?;
            for half in &halves {
                if let Some(low) = lower.low_of(half) {
                    quantiles.add(half, u32::from(half.high) << 16 | u32::from(low))?;
                }
            }
        }
        Ok(quantiles)
    }

    fn lower_halves(
        &self,
        halves: &[Half],
        needs: &Needs,
        stats: &mut Stats,
    ) -> Result<Lower, QueryError> {
        let mut lower = Lower::of(halves)?;
        let loads: Vec<Column> = needs.grouped().chain(lower.columns()).collect();
        let scan = self.scan();
        let each = halves.len().saturating_mul(scan.workers.threads());
        let pool = match each <= needs.most_groups() {
            true => Pool::new(),
            false => Pool::of_one(),
        };
        let second = scan.run(
            || (),
            |(), stage| {
                stage.load(&loads)?;
                pool.with(
                    || LowerCounter::new(needs),
                    |counter| counter.add(stage, halves),
                )
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        stats.add_pass(&second);
        for counter in pool.into_inner() {
            lower.merge(counter.into_lower())?;
        }
        Ok(lower)
    }
}

impl Quantiles {
    /// Those that the counts tell, and the halves of the others.
    pub(super) fn of_first_pass(
        whole: &Whole<'_>,
        measures: &[Measure],
        needs: &Needs,
    ) -> Result<(Self, Vec<Half>), QueryError> {
        let mut quantiles = Self::default();
        let mut halves = Vec::new();
        for measure in measures {
            if let Measure::Quantile(column, share) = *measure {
                let found = uppers(whole, needs, column, share);
                reserve(&mut halves, whole.groups.len(), GROUPS)?;
                for half in found {
                    match measure.takes_two_passes() {
                        true => halves.push(half),
                        false => quantiles.add(&half, half.high.into())?,
                    }
                }
            }
        }
        Ok((quantiles, halves))
    }

    fn add(&mut self, half: &Half, key: u32) -> Result<(), QueryError> {
        let place = (half.code, half.column, half.share.to_bits());
        room_for_one(&mut self.found, GROUPS)?;
        self.found.insert(place, key);
        Ok(())
    }
}

/// The upper bits of a quantile, for each group that has values.
fn uppers(
    whole: &Whole<'_>,
    needs: &Needs,
    column: Column,
    share: f64,
) -> impl Iterator<Item = Half> {
    let place = needs.place_of(column);
    whole.groups.iter().filter_map(move |group| {
        let values = group.columns[place?].values.as_ref()?;
        let count: u64 = values.iter().map(|(_, count)| count).sum();
        let (high, index) = values.at(index_of(share, count.checked_sub(1)?))?;
        Some(Half {
            code: group.code,
            column,
            share,
            high,
            index,
        })
    })
}

/// The index of a quantile among sorted values, the last of which has the index `last`.
fn index_of(share: f64, last: u64) -> u64 {
    (share * last as f64).round() as u64
}

impl Lower {
    fn of(halves: &[Half]) -> Result<Self, QueryError> {
        let mut lower = Self::default();
        for half in halves {
            let place = lower
                .columns
                .iter()
                .position(|(column, _)| *column == half.column);
            let place = place.unwrap_or_else(|| {
                lower.columns.push((half.column, HashMap::new()));
                lower.columns.len() - 1
            });
            let groups = &mut lower.columns[place].1;
            room_for_one(groups, GROUPS)?;
            let wanted = groups.entry(half.code).or_default();
            if wanted.iter().all(|(high, _)| *high != half.high) {
                let counts = ValueCounts::new();
                let counts = counts.map_err(|_| refused::<u64>(1, VALUES))?;
                push(wanted, (half.high, counts), GROUPS)?;
            }
        }
        Ok(lower)
    }

    fn columns(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().map(|(column, _)| *column)
    }

    fn low_of(&self, half: &Half) -> Option<u16> {
        let (_, groups) = self
            .columns
            .iter()
            .find(|(column, _)| *column == half.column)?;
        let wanted = groups.get(&half.code)?;
        let (_, counts) = wanted.iter().find(|(high, _)| *high == half.high)?;
        counts.at(half.index).map(|(low, _)| low)
    }

    fn merge(&mut self, other: Self) -> Result<(), QueryError> {
        let columns = self.columns.iter_mut().zip(other.columns);
        for ((_, groups), (_, other)) in columns {
            for (code, other) in other {
                // Groups that nobody asks for are here as well.
                let Some(wanted) = groups.get_mut(&code) else {
                    continue;
                };
                for ((_, counts), (_, other)) in wanted.iter_mut().zip(other) {
                    let merged = counts.merge(other);
                    merged.map_err(|_| refused::<u64>(1, VALUES))?;
                }
            }
        }
        Ok(())
    }
}

/// What one worker counts in the second pass.
struct LowerCounter<'n> {
    grouping: Grouping<'n>,
    keys: Box<Keys>,
    lower: Lower,
    /// What is wanted of each group of this worker, by column; taken out of `lower`.
    wanted: Vec<Vec<Wanted>>,
}

impl<'n> LowerCounter<'n> {
    fn new(needs: &'n Needs) -> Self {
        Self {
            grouping: Grouping::new(&needs.group_by),
            keys: Box::new([0; BLOCK_TOKENS]),
            wanted: Vec::new(),
            lower: Lower::default(),
        }
    }

    /// Counts a block; on first use it takes what is wanted out of `lower`.
    fn add(&mut self, stage: &Stage<'_>, halves: &[Half]) -> Result<(), QueryError> {
        if self.wanted.is_empty() {
            self.lower = Lower::of(halves)?;
            self.wanted = self.lower.columns().map(|_| Vec::new()).collect();
        }
        self.grouping.find(stage)?;
        let mut done = Ok(());
        let groups = &self.grouping.groups;
        for ((column, known), wanted) in self.lower.columns.iter_mut().zip(&mut self.wanted) {
            for code in &self.grouping.group_codes[wanted.len()..] {
                push(wanted, known.remove(code).unwrap_or_default(), GROUPS)?;
            }
            keys_of(&stage.lanes, *column, &mut self.keys);
            let keys = &self.keys;
            stage.for_each_selected(|place| {
                let key = keys[place];
                let is_nan = *column == Column::Weight && key == NAN_KEY;
                let high = (key >> 16) as u16;
                for (wanted, counts) in &mut wanted[groups[place] as usize] {
                    if *wanted == high && !is_nan {
                        done = done.and(counts.add(key as u16));
                    }
                }
            });
        }
        done.map_err(|_| refused::<u64>(1, VALUES))
    }

    /// Puts what was taken back.
    fn into_lower(mut self) -> Lower {
        for ((_, known), wanted) in self.lower.columns.iter_mut().zip(self.wanted) {
            let taken = self.grouping.group_codes.iter().copied().zip(wanted);
            // There was room for them before.
            known.extend(taken.filter(|(_, wanted)| !wanted.is_empty()));
        }
        self.lower
    }
}
