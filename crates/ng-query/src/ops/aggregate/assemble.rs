use std::collections::BTreeMap;

use ng_arrow::Column;

use super::needs::Needs;
use super::quantiles::Quantiles;
use super::tally::{ColumnTally, Tally};
use super::weights::Totals;
use super::{Group, Groups, Key, Measure, Value};
use crate::QueryError;
use crate::ordered::{steps_per_unit, value_of};

/// What all workers have counted, by the code of the group.
pub(super) struct Whole<'g> {
    pub(super) groups: BTreeMap<u64, Counted>,
    totals: Totals,
    needs: &'g Needs,
}

/// What was counted of a group.
#[derive(Clone)]
pub(super) struct Counted {
    count: u64,
    pub(super) columns: Vec<ColumnTally>,
}

impl<'g> Whole<'g> {
    /// Adds up what was counted.
    ///
    /// # Errors
    ///
    /// [`QueryError::TooManyGroups`].
    pub(super) fn new<'t>(
        tallies: impl Iterator<Item = Tally<'t>>,
        totals: Totals,
        needs: &'g Needs,
    ) -> Result<Self, QueryError> {
        let most = needs.most_groups();
        let nothing = Counted {
            count: 0,
            columns: vec![ColumnTally::default(); needs.columns.len()],
        };
        let mut groups = BTreeMap::new();
        if needs.group_by.is_empty() {
            groups.insert(0, nothing.clone());
        }
        for tally in tallies {
            let mut columns: Vec<_> = tally.columns.into_iter().map(Vec::into_iter).collect();
            for (&code, count) in tally.grouping.group_codes.iter().zip(tally.counts) {
                let of_group = columns.iter_mut().filter_map(Iterator::next).collect();
                let counted = Counted {
                    count,
                    columns: of_group,
                };
                if count > 0 {
                    let group = groups.entry(code).or_insert_with(|| nothing.clone());
                    group.merge(counted);
                    if groups.len() > most {
                        return Err(QueryError::TooManyGroups { most });
                    }
                }
            }
        }
        if needs.group_by.is_empty() {
            let columns = groups.values_mut().flat_map(|group| &mut group.columns);
            for (tally, (column, _)) in columns.zip(&needs.columns) {
                tally.derive(*column);
            }
        }
        Ok(Self {
            groups,
            totals,
            needs,
        })
    }

    pub(super) fn assemble(mut self, measures: &[Measure], quantiles: &Quantiles) -> Groups {
        let codes: Vec<u64> = self.groups.keys().copied().collect();
        let mut groups: Vec<Group> = codes
            .into_iter()
            .map(|code| Group {
                key: self.key(code),
                nan_weights: self.nan_weights(code),
                values: measures
                    .iter()
                    .map(|measure| self.value(code, *measure, quantiles))
                    .collect(),
            })
            .collect();
        groups.sort_by(|left, right| left.key.cmp(&right.key));
        Groups {
            group_by: self.needs.group_by.clone(),
            measures: measures.to_vec(),
            groups,
        }
    }

    fn key(&self, mut code: u64) -> Vec<Key> {
        let mut keys = Vec::with_capacity(self.needs.group_by.len());
        for by in self.needs.group_by.iter().rev() {
            let bits = by.bits();
            keys.push(by.key(code & low_bits(bits)));
            code = code.checked_shr(bits).unwrap_or(0);
        }
        keys.reverse();
        keys
    }

    fn nan_weights(&self, code: u64) -> u64 {
        let place = self.needs.place_of(Column::Weight);
        place.map_or(0, |place| self.groups[&code].columns[place].nan)
    }

    fn value(&mut self, code: u64, measure: Measure, quantiles: &Quantiles) -> Value {
        let Some(group) = self.groups.get_mut(&code) else {
            return Value::Missing;
        };
        let count = group.count;
        let column = measure.column();
        let place = column.and_then(|column| self.needs.place_of(column));
        let (Some(column), Some(place)) = (column, place) else {
            return Value::Integer(count.into());
        };
        let tally = &mut group.columns[place];
        let total = self.totals.get(code);
        let key_value = |key: Option<u32>| key.map_or(Value::Missing, |key| value_of(column, key));
        match measure {
            Measure::Count => Value::Integer(count.into()),
            Measure::Min(_) => key_value(tally.extremes.map(|(low, _)| low)),
            Measure::Max(_) => key_value(tally.extremes.map(|(_, high)| high)),
            Measure::Distinct(_) => {
                let distinct = tally
                    .distinct
                    .as_mut()
                    .map_or(0, super::distinct::Distinct::count);
                Value::Integer(distinct.into())
            }
            Measure::Quantile(_, share) => key_value(quantiles.key(code, column, share)),
            _ if count == 0 => Value::Missing,
            Measure::Sum(Column::Weight) => Value::Number(total.sum()),
            Measure::Mean(Column::Weight) => Value::Number(total.mean()),
            Measure::StdDev(Column::Weight) => {
                total.std_dev().map_or(Value::Missing, Value::Number)
            }
            Measure::Sum(_) => sum(column, tally.sum),
            Measure::Mean(_) => Value::Number(in_units(column, tally.sum as f64 / count as f64)),
            Measure::StdDev(_) => std_dev(column, tally, count),
        }
    }
}

impl Counted {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.merge(other);
        }
    }
}

fn low_bits(bits: u32) -> u64 {
    1_u64.checked_shl(bits).map_or(u64::MAX, |end| end - 1)
}

fn in_units(column: Column, steps: f64) -> f64 {
    steps_per_unit(column).map_or(steps, |scale| steps / f64::from(scale))
}

fn sum(column: Column, sum: i128) -> Value {
    match steps_per_unit(column) {
        None => Value::Integer(sum),
        Some(scale) => Value::Number(sum as f64 / f64::from(scale)),
    }
}

/// From exact sums: n sum(x^2) - sum(x)^2, by n (n - 1).
///
/// Of 2^32 values of 32 bits those are less than 2^128.
fn std_dev(column: Column, tally: &ColumnTally, count: u64) -> Value {
    if count < 2 {
        return Value::Missing;
    }
    let n = u128::from(count);
    let sum = tally.sum.unsigned_abs();
    let spread = match (n.checked_mul(tally.squares), sum.checked_mul(sum)) {
        (Some(left), Some(right)) => left.saturating_sub(right) as f64,
        _ => n as f64 * tally.squares as f64 - sum as f64 * sum as f64,
    };
    let variance = spread / (count as f64 * (count - 1) as f64);
    Value::Number(in_units(column, variance.max(0.0).sqrt()))
}
