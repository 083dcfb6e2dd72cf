//! Values in units become stored steps, once.

mod ball;
mod join;
mod steps;
#[cfg(test)]
mod tests;
mod weight;

use ng_arrow::Column;
use ng_token::{Axis, Flags, Space, Validation};

use super::decimal::Decimal;
use super::tree::{Comparison, Filter, FlagTest};
use crate::bound::{Bound, Condition};
pub(crate) use join::and;
pub(crate) use steps::limits;

impl Filter {
    /// Turns the values into stored steps and simplifies the result; `valid` means valid at `now`
    /// seconds since 1970 UTC.
    pub(crate) fn bind(&self, now: u32) -> Bound {
        match self {
            Self::All => Bound::All,
            Self::Nothing => Bound::Nothing,
            Self::Compare {
                column,
                comparison,
                value,
            } => compare(*column, *comparison, *value),
            Self::Between { column, low, high } => between(*column, *low, *high),
            Self::OneOf { column, values } => one_of(*column, values),
            Self::Flags { test, flags } => bits(*test, *flags),
            Self::InBox { space, low, high } => cuboid(*space, *low, *high),
            Self::InBall {
                space,
                centre,
                radius,
            } => ball::bind(*space, *centre, *radius),
            Self::Valid(Validation::Upstream) => upstream(now),
            Self::Valid(_) => strict(now),
            Self::Not { filter } => join::not(filter.bind(now)),
            Self::And { filters } => join::and(filters.iter().map(|filter| filter.bind(now))),
            Self::Or { filters } => join::or(filters.iter().map(|filter| filter.bind(now))),
        }
    }
}

fn compare(column: Column, comparison: Comparison, value: Decimal) -> Bound {
    if comparison == Comparison::NotEqual {
        return join::not(compare(column, Comparison::Equal, value));
    }
    match column {
        Column::Weight => weight::compare(comparison, value.nearest_f32()),
        _ => steps::compare(column, comparison, value),
    }
}

fn between(column: Column, low: Decimal, high: Decimal) -> Bound {
    match column {
        Column::Weight => weight::between(low.nearest_f32(), high.nearest_f32()),
        _ => steps::between(column, low, high),
    }
}

fn one_of(column: Column, values: &[Decimal]) -> Bound {
    match column {
        Column::Weight => weight::one_of(values),
        _ => steps::one_of(column, values),
    }
}

fn bits(test: FlagTest, flags: Flags) -> Bound {
    let mask = flags.bits();
    let are = |value| Bound::Is(Condition::FlagBits { mask, value });
    match test {
        FlagTest::All => are(mask),
        FlagTest::Any => join::not(are(0)),
        FlagTest::None => are(0),
    }
}

fn cuboid(space: Space, low: [Decimal; 3], high: [Decimal; 3]) -> Bound {
    join::and(Axis::ALL.into_iter().map(|axis| {
        let (low, high) = (low[axis as usize], high[axis as usize]);
        steps::between(Column::Coordinate(space, axis), low, high)
    }))
}

/// As in `Token::validate`.
fn strict(now: u32) -> Bound {
    join::and([
        weight::between(0.0, f32::INFINITY),
        Bound::Is(Condition::TypesAgree),
        until(now),
    ])
}

/// As in `Validation::Upstream`, which allows NaN weights.
fn upstream(now: u32) -> Bound {
    let max = Validation::UPSTREAM_WEIGHT_MAX;
    join::and([
        join::not(weight::compare(Comparison::Less, 0.0)),
        join::not(weight::compare(Comparison::Greater, max)),
        until(now.saturating_add(Validation::UPSTREAM_SKEW)),
    ])
}

fn until(latest: u32) -> Bound {
    steps::compare(
        Column::Timestamp,
        Comparison::LessOrEqual,
        Decimal::from(latest),
    )
}
