//! Weights are compared as floats: a range holds what `>=` and `<=` hold for, never NaN.

use super::steps::FEW_RUNS;
use crate::bound::{Bound, Condition, Number};
use crate::filter::decimal::Decimal;
use crate::filter::tree::Comparison;
use crate::ordered::key_of_weight;

/// Every comparison except `!=`, the complement of `=`.
pub(super) fn compare(comparison: Comparison, value: f32) -> Bound {
    let (least, greatest) = (f32::NEG_INFINITY, f32::INFINITY);
    match comparison {
        Comparison::Equal | Comparison::NotEqual => between(value, value),
        Comparison::LessOrEqual => between(least, value),
        Comparison::GreaterOrEqual => between(value, greatest),
        // Nothing is beyond an infinity, and `next_down` of it is itself.
        Comparison::Less if value == least => Bound::Nothing,
        Comparison::Less => between(least, value.next_down()),
        Comparison::Greater if value == greatest => Bound::Nothing,
        Comparison::Greater => between(value.next_up(), greatest),
    }
}

pub(super) fn between(low: f32, high: f32) -> Bound {
    match low <= high {
        true => Bound::Is(Condition::Weight(low..=high)),
        false => Bound::Nothing,
    }
}

pub(super) fn one_of(values: &[Decimal]) -> Bound {
    // Keys order like floats: -0.0 has the key of 0.0.
    let mut values: Vec<f32> = values.iter().map(|value| value.nearest_f32()).collect();
    values.sort_by_key(|value| key_of_weight(*value));
    values.dedup();
    match values.len() > FEW_RUNS {
        true => {
            let keys: Vec<u32> = values.into_iter().map(key_of_weight).collect();
            Bound::Is(Condition::OneOf(Number::Weight, keys.into()))
        }
        false => super::join::or(values.into_iter().map(|value| between(value, value))),
    }
}
