use ng_arrow::{Column, Expected, NoFit, Number};
use ng_token::{EntityType, Flags, Token};

use super::error::AssignedValueError;
use super::tree::Logic;
use crate::filter::limits;

/// The lane of a result that cannot be stored, and why.
pub(super) type Refused = (usize, AssignedValueError);

/// Encodes the results, in units, into a column of the tokens, as far as it can store them.
///
/// Nothing else changes: not the entity type in the flags with that in the id.
pub(super) fn store(column: Column, values: &[f64], tokens: &mut [Token]) -> Result<(), Refused> {
    if column == Column::Weight {
        return store_weights(values, tokens);
    }
    encode(column, values, tokens).map_err(|(lane, expected)| {
        let value = values[lane];
        let cause = AssignedValueError::Range {
            column,
            value,
            expected,
        };
        (lane, cause)
    })
}

type Encoded = Result<(), (usize, Expected)>;

fn encode(column: Column, values: &[f64], tokens: &mut [Token]) -> Encoded {
    match column {
        Column::Position => unreachable!("not assignable"),
        Column::Weight => unreachable!("not encoded"),
        Column::Id | Column::LocalId => encode_in_id(column, 0, values, tokens),
        Column::EntityType => encode_in_id(column, 24, values, tokens),
        Column::Domain => encode_in_id(column, 28, values, tokens),
        Column::Flags => each(values, tokens, |token, value| {
            let bits = value.whole(most(column))? as u16;
            Ok(token.with_flags(Flags::from_bits(bits)))
        }),
        Column::FlagsEntityType => each(values, tokens, |token, value| {
            let entity_type = EntityType::ALL[value.whole(most(column))? as usize];
            Ok(token.with_flags(token.flags().with_entity_type(entity_type)))
        }),
        Column::Radius => each(values, tokens, |token, value| {
            Ok(token.with_radius_raw(value.radius()?))
        }),
        Column::Strength => each(values, tokens, |token, value| {
            Ok(token.with_strength_raw(value.strength()?))
        }),
        Column::Timestamp => each(values, tokens, |token, value| {
            Ok(token.with_timestamp(value.whole(most(column))?))
        }),
        Column::Coordinate(space, axis) => each(values, tokens, |token, value| {
            let mut steps = token.steps(space);
            steps[axis as usize] = value.steps(space)?;
            Ok(token.with_coordinate(space, steps))
        }),
    }
}

fn encode_in_id(column: Column, shift: u32, values: &[f64], tokens: &mut [Token]) -> Encoded {
    let most = most(column);
    each(values, tokens, |token, value| {
        let kept = token.id().raw() & !(most << shift);
        let id = kept | value.whole(most)? << shift;
        Ok(token.with_id(id).with_flags(token.flags()))
    })
}

/// The greatest value of a column of whole numbers, all of which fit.
fn most(column: Column) -> u32 {
    limits(column).1 as u32
}

fn each(
    values: &[f64],
    tokens: &mut [Token],
    changed: impl Fn(&Token, Number) -> Result<Token, NoFit>,
) -> Encoded {
    for (lane, (&value, token)) in values.iter().zip(tokens).enumerate() {
        match changed(token, value.into()) {
            Ok(changed) => *token = changed,
            Err((_, expected)) => return Err((lane, expected)),
        }
    }
    Ok(())
}

/// A NaN leaves a weight that is NaN as it is, to the bit.
fn store_weights(values: &[f64], tokens: &mut [Token]) -> Result<(), Refused> {
    for (lane, (&value, token)) in values.iter().zip(tokens).enumerate() {
        match Number::from(value).weight() {
            Ok(weight) if weight >= 0.0 => *token = token.with_weight(weight),
            Ok(weight) if weight.is_nan() && token.weight().is_nan() => {}
            _ => return Err((lane, AssignedValueError::Weight { value })),
        }
    }
    Ok(())
}

/// Sets or clears a flag in the tokens by what they were before.
pub(super) fn store_flag(bit: u16, logic: Logic, before: &[Token], tokens: &mut [Token]) {
    let set = |token: &mut Token, is_set: bool| {
        let others = token.flags().bits() & !bit;
        let own = if is_set { bit } else { 0 };
        *token = token.with_flags(Flags::from_bits(others | own));
    };
    match logic {
        Logic::Constant(is_set) => tokens.iter_mut().for_each(|token| set(token, is_set)),
        Logic::Of { flag, is_negated } => {
            for (token, before) in tokens.iter_mut().zip(before) {
                let is_set = before.flags().bits() & flag.bit != 0;
                set(token, is_set != is_negated);
            }
        }
    }
}
