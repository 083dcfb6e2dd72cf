//! From a token to its stored value in a column.

use bytemuck::NoUninit;
use ng_arrow::Column;
use ng_token::Token;

use crate::ordered::{key_of_steps, key_of_weight};

/// A stored value: a number of 8 to 32 bits.
pub(crate) trait Stored: NoUninit {
    /// The key by which values are ordered.
    fn key(self) -> u32;
}

/// Work on the values of a column, whatever their type.
pub(crate) trait EachValue {
    /// Receives a function that takes the value of a token.
    fn take<T: Stored>(self, value: impl Fn(&Token) -> T);
}

/// Calls `each` with the function for a column; not for positions, which are counted.
#[inline(always)]
pub(crate) fn each_value(column: Column, each: impl EachValue) {
    match column {
        Column::Position => {}
        Column::Id => each.take(|token| token.id().raw()),
        Column::Domain => each.take(|token| token.id().domain()),
        Column::EntityType => each.take(|token| (token.id().raw() >> 24) as u8 & 0xF),
        Column::LocalId => each.take(|token| token.id().local()),
        Column::Flags => each.take(|token| token.flags().bits()),
        Column::FlagsEntityType => each.take(|token| (token.flags().bits() >> 8) as u8 & 0xF),
        Column::Weight => each.take(Token::weight),
        Column::Radius => each.take(Token::radius_raw),
        Column::Strength => each.take(Token::strength_raw),
        Column::Timestamp => each.take(Token::timestamp),
        Column::Coordinate(space, axis) => {
            each.take(|token| token.steps(space)[axis as usize]);
        }
    }
}

macro_rules! stored {
    ($($type:ty => $key:expr;)*) => {
        $(impl Stored for $type {
            #[inline(always)]
            fn key(self) -> u32 {
                $key(self)
            }
        })*
    };
}

stored! {
    u8 => u32::from;
    u16 => u32::from;
    u32 => u32::from;
    i16 => key_of_steps;
    f32 => key_of_weight;
}
