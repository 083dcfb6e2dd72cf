//! Columns of whole numbers, and columns stored as whole steps.

use std::ops::RangeInclusive;

use ng_arrow::Column;
use ng_token::TokenId;

use super::join;
use crate::bound::{Bound, Condition, Kind, Number, Stepped};
use crate::filter::decimal::Decimal;
use crate::filter::tree::Comparison;
use crate::ordered::steps_per_unit;

/// Steps from the first to the second, inclusive; none if the first is greater.
pub(crate) type Steps = (i128, i128);

/// Every comparison except `!=`, the complement of `=`.
pub(super) fn compare(column: Column, comparison: Comparison, value: Decimal) -> Bound {
    let (least, greatest) = (Decimal::NEG_INFINITY, Decimal::INFINITY);
    let scale = scale(column);
    let steps = value.steps(scale);
    let beyond = steps.floor.saturating_add(1);
    match comparison {
        Comparison::Equal | Comparison::NotEqual => between(column, value, value),
        Comparison::LessOrEqual => between(column, least, value),
        Comparison::GreaterOrEqual => between(column, value, greatest),
        Comparison::Greater => in_steps(column, (beyond, i128::MAX)),
        Comparison::Less if steps.is_whole => {
            in_steps(column, (i128::MIN, steps.floor.saturating_sub(1)))
        }
        Comparison::Less => in_steps(column, (i128::MIN, steps.floor)),
    }
}

pub(super) fn between(column: Column, low: Decimal, high: Decimal) -> Bound {
    let scale = scale(column);
    let least = low.steps(scale);
    let least = match least.is_whole {
        true => least.floor,
        false => least.floor.saturating_add(1),
    };
    in_steps(column, (least, high.steps(scale).floor))
}

pub(super) fn one_of(column: Column, values: &[Decimal]) -> Bound {
    let steps = values.iter().map(|value| value.steps(scale(column)));
    let whole = steps.filter(|steps| steps.is_whole);
    let (min, max) = limits(column);
    let stored = whole
        .map(|steps| steps.floor)
        .filter(|step| (min..=max).contains(step));
    let mut stored: Vec<i128> = stored.collect();
    stored.sort_unstable();
    stored.dedup();
    let runs = runs(&stored);
    match number(column) {
        Some(number) if runs.len() > 1 => {
            let stored: Vec<u32> = stored.into_iter().map(|step| step as u32).collect();
            Bound::Is(Condition::OneOf(number, stored.into()))
        }
        _ => match stepped(column).filter(|_| runs.len() > FEW_RUNS) {
            Some(stepped) => {
                let runs = runs.into_iter().map(|(low, high)| low..=high);
                Bound::Is(Condition::Runs(stepped, runs.collect()))
            }
            None => join::or(runs.into_iter().map(|run| in_steps(column, run))),
        },
    }
}

/// Up to this many ranges of a column are tested one by one, which vectorizes.
pub(super) const FEW_RUNS: usize = 8;

/// Merges adjacent ranges.
fn runs(ascending: &[i128]) -> Vec<Steps> {
    let runs = ascending.chunk_by(|&step, &next| next == step + 1);
    runs.filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect()
}

/// Returns the steps of a unit.
fn scale(column: Column) -> u16 {
    steps_per_unit(column).unwrap_or(1)
}

/// Returns the least and the greatest step that can be stored.
pub(crate) fn limits(column: Column) -> Steps {
    match column {
        Column::Position => (0, u64::MAX.into()),
        Column::Id | Column::Timestamp => (0, u32::MAX.into()),
        Column::Domain | Column::EntityType | Column::FlagsEntityType => (0, 15),
        Column::LocalId => (0, TokenId::LOCAL_MAX.into()),
        Column::Flags => (0, u16::MAX.into()),
        Column::Radius | Column::Strength => (0, u8::MAX.into()),
        Column::Coordinate(..) => (i16::MIN.into(), i16::MAX.into()),
        // Not stored in steps.
        Column::Weight => (0, -1),
    }
}

const fn number(column: Column) -> Option<Number> {
    match column {
        Column::Id => Some(Number::Id),
        Column::LocalId => Some(Number::LocalId),
        Column::Timestamp => Some(Number::Timestamp),
        _ => None,
    }
}

const fn stepped(column: Column) -> Option<Stepped> {
    match column {
        Column::Position => Some(Stepped::Position),
        Column::Flags => Some(Stepped::Flags),
        Column::Radius => Some(Stepped::Radius),
        Column::Strength => Some(Stepped::Strength),
        Column::Coordinate(space, axis) => Some(Stepped::Coordinate(space, axis)),
        _ => None,
    }
}

fn in_steps(column: Column, (low, high): Steps) -> Bound {
    let (min, max) = limits(column);
    let (low, high) = (low.max(min), high.min(max));
    if low > high {
        Bound::Nothing
    } else if (low, high) == (min, max) {
        Bound::All
    } else {
        Bound::Is(condition(column, low, high))
    }
}

/// The ends are within the column's limits, so the casts are lossless.
fn condition(column: Column, low: i128, high: i128) -> Condition {
    let kind = |kind| Condition::Kind(kind, mask(low as u32..=high as u32));
    match column {
        Column::Position => Condition::Position(low as u64..=high as u64),
        Column::Id => Condition::Id(low as u32..=high as u32),
        Column::Domain => kind(Kind::Domain),
        Column::EntityType => kind(Kind::EntityType),
        Column::FlagsEntityType => kind(Kind::FlagsEntityType),
        Column::LocalId => Condition::LocalId(low as u32..=high as u32),
        Column::Flags => Condition::Flags(low as u16..=high as u16),
        Column::Weight => unreachable!("weights have no steps"),
        Column::Radius => Condition::Radius(low as u8..=high as u8),
        Column::Strength => Condition::Strength(low as u8..=high as u8),
        Column::Timestamp => Condition::Timestamp(low as u32..=high as u32),
        Column::Coordinate(space, axis) => {
            Condition::Coordinate(space, axis, low as i16..=high as i16)
        }
    }
}

/// Returns one bit for each value below 16.
fn mask(values: RangeInclusive<u32>) -> u16 {
    values.fold(0, |mask, value| mask | 1 << value)
}
