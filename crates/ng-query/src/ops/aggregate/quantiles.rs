use std::collections::HashMap;
use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::Measure;
use super::assemble::Whole;
use super::grouping::Grouping;
use super::needs::Needs;
use super::value_counts::ValueCounts;
use crate::ordered::{NAN_KEY, key_bits, keys_of};
use crate::pool::Pool;
use crate::scan::Stage;
use crate::{Query, QueryError, Stats};

/// The keys at the quantiles that are asked for.
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

/// A quantile of which the upper 16 bits are known.
struct Half {
    code: u64,
    column: Column,
    share: f64,
    high: u16,
    /// The index among the values that have these upper bits.
    index: u64,
}

/// How often the lower 16 bits occur below upper ones: by code, column and upper bits.
type Lower = HashMap<(u64, Column, u16), ValueCounts>;

impl Query<'_> {
    /// Finds the quantiles: of columns of no more than 16 bits in what was counted, of the
    /// others their upper 16 bits, and the lower ones in a second pass.
    pub(super) fn quantiles(
        &self,
        whole: &mut Whole<'_>,
        measures: &[Measure],
        needs: &Needs,
        stats: &mut Stats,
    ) -> Result<Quantiles, QueryError> {
        let mut quantiles = Quantiles::default();
        let mut halves = Vec::new();
        for measure in measures {
            if let Measure::Quantile(column, share) = *measure {
                let found = uppers(whole, needs, column, share);
                for half in found {
                    match key_bits(column) > 16 {
                        true => halves.push(half),
                        false => quantiles.add(&half, half.high.into()),
                    }
                }
            }
        }
        if !halves.is_empty() {
            let lower = self.lower_halves(&halves, needs, stats)?;
            for half in &halves {
                let counts = lower.get(&(half.code, half.column, half.high));
                if let Some((low, _)) = counts.and_then(|counts| counts.at(half.index)) {
                    quantiles.add(half, u32::from(half.high) << 16 | u32::from(low));
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
        let mut wanted = Lower::new();
        for half in halves {
            let key = (half.code, half.column, half.high);
            wanted.entry(key).or_insert_with(ValueCounts::new);
        }
        let mut columns: Vec<Column> = halves.iter().map(|half| half.column).collect();
        columns.sort_by_key(|column| column.index());
        columns.dedup();
        let pool = Pool::new();
        let second = self.scan().run(
            || (),
            |(), stage| {
                stage.load(&needs.loads)?;
                pool.with(
                    || wanted.clone(),
                    |counts| count_lower(counts, &columns, needs, stage),
                );
                Ok(())
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        stats.add_pass(&second);
        for counts in pool.into_inner() {
            for (key, counts) in counts {
                if let Some(all) = wanted.get_mut(&key) {
                    all.merge(&counts);
                }
            }
        }
        Ok(wanted)
    }
}

impl Quantiles {
    fn add(&mut self, half: &Half, key: u32) {
        let place = (half.code, half.column, half.share.to_bits());
        self.found.insert(place, key);
    }
}

/// The upper bits of a quantile of each group that has values.
fn uppers(whole: &mut Whole<'_>, needs: &Needs, column: Column, share: f64) -> Vec<Half> {
    let Some(place) = needs.place_of(column) else {
        return Vec::new();
    };
    let groups = whole.groups.iter();
    let halves = groups.filter_map(|(&code, group)| {
        let values = group.columns[place].values.as_ref()?;
        let count: u64 = values.iter().map(|(_, count)| count).sum();
        let (high, index) = values.at(index_of(share, count))?;
        Some(Half {
            code,
            column,
            share,
            high,
            index,
        })
    });
    halves.collect()
}

/// The index of a quantile among `count` values in order.
fn index_of(share: f64, count: u64) -> u64 {
    (share * (count - 1) as f64).round() as u64
}

fn count_lower(counts: &mut Lower, columns: &[Column], needs: &Needs, stage: &Stage<'_>) {
    let mut grouping = Grouping::new(&needs.group_by);
    grouping.find(stage);
    let mut keys = Box::new([0; BLOCK_TOKENS]);
    for &column in columns {
        keys_of(&stage.lanes, column, &mut keys);
        stage.for_each_selected(|place| {
            let key = keys[place];
            if column == Column::Weight && key == NAN_KEY {
                return;
            }
            let code = grouping.group_codes[grouping.groups[place] as usize];
            if let Some(counts) = counts.get_mut(&(code, column, (key >> 16) as u16)) {
                counts.add(key as u16);
            }
        });
    }
}
