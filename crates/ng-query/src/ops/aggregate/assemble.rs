use ng_arrow::Column;

use super::needs::Needs;
use super::quantiles::Quantiles;
use super::tally::{ColumnTally, Tally};
use super::weights::Totals;
use super::{GROUPS, VALUES};
use super::{Group, GroupBy, Groups, Key, Measure, Value};
use crate::QueryError;
use crate::memory::{Refused, refused, reserve, with_capacity};
use crate::ordered::{steps_per_unit, value_of};

/// What all workers counted, by the code of the group.
pub(super) struct Whole<'g> {
    /// Ascending by code.
    pub(super) groups: Vec<Counted>,
    totals: Totals,
    needs: &'g Needs,
}

/// What was counted of a group.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) code: u64,
    pub(super) count: u64,
    pub(super) columns: Vec<ColumnTally>,
}

/// Adds up what the workers counted, ascending by code.
///
/// # Errors
///
/// [`QueryError::TooManyGroups`] and [`QueryError::OutOfMemory`].
pub(super) fn added_up<'t>(
    tallies: impl Iterator<Item = Tally<'t>>,
    needs: &Needs,
) -> Result<Vec<Counted>, QueryError> {
    let mut groups = Vec::new();
    for tally in tallies {
        gather(tally, &mut groups)?;
    }
    merged(groups, needs)
}

/// Merges groups of the same code, and sorts them by it.
///
/// # Errors
///
/// As [`added_up`].
pub(super) fn merged(mut groups: Vec<Counted>, needs: &Needs) -> Result<Vec<Counted>, QueryError> {
    groups.sort_unstable_by_key(|group| group.code);
    merge_alike(&mut groups).map_err(|_| refused::<Counted>(groups.len(), GROUPS))?;
    let most = needs.most_groups();
    match groups.len() > most {
        true => Err(QueryError::TooManyGroups { most }),
        false => Ok(groups),
    }
}

impl<'g> Whole<'g> {
    /// Completes the groups of all tokens.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`].
    pub(super) fn new(
        mut groups: Vec<Counted>,
        totals: Totals,
        needs: &'g Needs,
    ) -> Result<Self, QueryError> {
        if needs.group_by.is_empty() {
            if groups.is_empty() {
                let columns = needs.columns.iter().map(|_| ColumnTally::default());
                groups.push(Counted {
                    columns: columns.collect(),
                    ..Counted::default()
                });
            }
            let columns = groups.iter_mut().flat_map(|group| &mut group.columns);
            for (tally, (column, _)) in columns.zip(&needs.columns) {
                let derived = tally.derive(*column);
                derived.map_err(|_| refused::<u32>(1, VALUES))?;
            }
        }
        Ok(Self {
            groups,
            totals,
            needs,
        })
    }

    pub(super) fn assemble(
        mut self,
        measures: &[Measure],
        quantiles: &Quantiles,
    ) -> Result<Groups, QueryError> {
        let mut groups = with_capacity(self.groups.len(), GROUPS)?;
        for place in 0..self.groups.len() {
            let code = self.groups[place].code;
            let mut values = with_capacity(measures.len(), GROUPS)?;
            for &measure in measures {
                values.push(self.value(place, measure, quantiles));
            }
            groups.push(Group {
                key: self.key(code)?,
                nan_weights: self.nan_weights(place),
                values,
            });
        }
        // Unstable: no key occurs twice, and a stable sort allocates.
        groups.sort_unstable_by(|left, right| left.key.cmp(&right.key));
        Ok(Groups {
            group_by: self.needs.group_by.clone(),
            measures: measures.to_vec(),
            groups,
        })
    }

    fn key(&self, mut code: u64) -> Result<Vec<Key>, QueryError> {
        let mut keys = with_capacity(self.needs.group_by.len(), GROUPS)?;
        for by in self.needs.group_by.iter().rev() {
            keys.push(by.key(take_number(*by, &mut code)));
        }
        keys.reverse();
        Ok(keys)
    }

    fn nan_weights(&self, group: usize) -> u64 {
        let place = self.needs.place_of(Column::Weight);
        place.map_or(0, |place| self.groups[group].columns[place].nan)
    }

    fn value(&mut self, group: usize, measure: Measure, quantiles: &Quantiles) -> Value {
        let group = &mut self.groups[group];
        let code = group.code;
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

/// Appends the counts of one worker, for the groups that have tokens.
fn gather(tally: Tally<'_>, groups: &mut Vec<Counted>) -> Result<(), QueryError> {
    reserve(groups, tally.counts.len(), GROUPS)?;
    let mut columns: Vec<_> = tally.columns.into_iter().map(Vec::into_iter).collect();
    for (&code, count) in tally.grouping.group_codes.iter().zip(tally.counts) {
        let of_group = columns.iter_mut().filter_map(Iterator::next);
        if count == 0 {
            of_group.for_each(drop);
            continue;
        }
        let mut columns = with_capacity(tally.needs.columns.len(), GROUPS)?;
        columns.extend(of_group);
        groups.push(Counted {
            code,
            count,
            columns,
        });
    }
    Ok(())
}

/// Merges the counts of several workers.
fn merge_alike(groups: &mut Vec<Counted>) -> Result<(), Refused> {
    let mut all = Ok(());
    groups.dedup_by(|group, kept| {
        let is_alike = group.code == kept.code;
        if is_alike && all.is_ok() {
            all = kept.merge(std::mem::take(group));
        }
        is_alike
    });
    all
}

impl Counted {
    fn merge(&mut self, other: Self) -> Result<(), Refused> {
        self.count += other.count;
        let mut columns = self.columns.iter_mut().zip(other.columns);
        columns.try_for_each(|(column, other)| column.merge(other))
    }
}

/// Takes the number of the last grouping off a code.
pub(super) fn take_number(by: GroupBy, code: &mut u64) -> u64 {
    let bits = by.bits();
    let number = *code & low_bits(bits);
    *code = code.checked_shr(bits).unwrap_or(0);
    number
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

/// From exact sums: (n sum(x^2) - sum(x)^2) / (n (n - 1)).
///
/// For 2^32 values of 32 bits all of them are less than 2^128.
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
