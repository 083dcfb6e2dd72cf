//! Values as 32-bit keys in the order of the values.

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use crate::Value;
use crate::scan::{Lanes, width};

/// The key of every NaN. Infinity's is less.
pub(crate) const NAN_KEY: u32 = u32::MAX;

const SIGN: u32 = 1 << 31;
const ORIGIN: i32 = -(i16::MIN as i32);

/// The keys of a block's values of one column.
pub(crate) type Keys = [u32; BLOCK_TOKENS];

/// The key of a weight: -0.0 has the key of 0.0.
#[inline(always)]
pub(crate) fn key_of_weight(weight: f32) -> u32 {
    // Adding 0.0 turns -0.0 into 0.0.
    let bits = (weight + 0.0).to_bits();
    let flip = ((bits as i32 >> 31) as u32) | SIGN;
    match weight.is_nan() {
        true => NAN_KEY,
        false => bits ^ flip,
    }
}

fn weight_of(key: u32) -> f32 {
    let flip = if key & SIGN != 0 { SIGN } else { u32::MAX };
    f32::from_bits(key ^ flip)
}

/// The key of a coordinate.
#[inline(always)]
pub(crate) fn key_of_steps(steps: i16) -> u32 {
    (i32::from(steps) + ORIGIN) as u32
}

/// Writes the keys of a loaded column.
pub(crate) fn keys_of(lanes: &Lanes<'_>, column: Column, keys: &mut Keys) {
    match column {
        Column::Position => unreachable!("positions have no keys"),
        Column::Id | Column::LocalId | Column::Timestamp => each(lanes.u32(column), keys, |id| id),
        Column::Weight => each(lanes.f32(column), keys, key_of_weight),
        Column::Flags => each(lanes.u16(column), keys, u32::from),
        Column::Coordinate(..) => each(lanes.i16(column), keys, key_of_steps),
        Column::Domain
        | Column::EntityType
        | Column::FlagsEntityType
        | Column::Radius
        | Column::Strength => each(lanes.u8(column), keys, u32::from),
    }
}

fn each<T: Copy>(values: &[T], keys: &mut Keys, key: impl Fn(T) -> u32) {
    for (place, &value) in keys.iter_mut().zip(values) {
        *place = key(value);
    }
}

/// How many bits the keys of a column have.
pub(crate) fn key_bits(column: Column) -> u32 {
    // Positions have no keys.
    u32::BITS.min(8 * width(column) as u32)
}

/// The stored whole number, for any column but the weight.
pub(crate) fn stored_of(column: Column, key: u32) -> i64 {
    match column {
        Column::Coordinate(..) => i64::from(key) - i64::from(ORIGIN),
        _ => i64::from(key),
    }
}

/// How many stored steps make one unit; `None` if the stored number is the value.
pub(crate) fn steps_per_unit(column: Column) -> Option<u16> {
    match column {
        Column::Coordinate(space, _) => Some(space.scale()),
        Column::Radius => Some(100),
        Column::Strength => Some(255),
        _ => None,
    }
}

/// The value of a key, in the units of its column.
pub(crate) fn value_of(column: Column, key: u32) -> Value {
    match column == Column::Weight || steps_per_unit(column).is_some() {
        true => Value::Number(number_of(column, key)),
        false => Value::Integer(stored_of(column, key).into()),
    }
}

/// The value of a key in the units of its column, as the nearest `f64`.
pub(crate) fn number_of(column: Column, key: u32) -> f64 {
    if column == Column::Weight {
        return weight_of(key).into();
    }
    let stored = stored_of(column, key) as f64;
    steps_per_unit(column).map_or(stored, |scale| stored / f64::from(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_the_weights() {
        let weights = [
            f32::NEG_INFINITY,
            f32::MIN,
            -1.0,
            -f32::MIN_POSITIVE,
            -f32::from_bits(1),
            0.0,
            f32::from_bits(1),
            0.5,
            f32::MAX,
            f32::INFINITY,
        ];
        for pair in weights.windows(2) {
            assert!(key_of_weight(pair[0]) < key_of_weight(pair[1]), "{pair:?}");
        }
        for weight in weights {
            assert_eq!(weight_of(key_of_weight(weight)), weight);
        }
        assert_eq!(key_of_weight(-0.0), key_of_weight(0.0));
        for nan in [f32::NAN, -f32::NAN, f32::from_bits(0xFF80_0001)] {
            assert_eq!(key_of_weight(nan), NAN_KEY);
        }
        assert!(key_of_weight(f32::INFINITY) < NAN_KEY);
    }
}
