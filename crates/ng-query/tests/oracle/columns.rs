//! What a token has in each column, decoded in the simplest way.

use ng_query::Column;
use ng_query::ng_token::Token;

/// The columns that are stored.
pub(crate) fn stored() -> impl Iterator<Item = Column> {
    Column::ALL
        .into_iter()
        .filter(|column| *column != Column::Position)
}

/// The stored whole number, for any column but the weight.
pub(crate) fn steps(column: Column, token: &Token) -> i64 {
    let (id, flags) = (token.id().raw(), token.flags().bits());
    match column {
        Column::Position | Column::Weight => unreachable!("{column} has no steps"),
        Column::Id => id.into(),
        Column::Domain => (id >> 28).into(),
        Column::EntityType => (id >> 24 & 15).into(),
        Column::LocalId => (id & 0xFF_FFFF).into(),
        Column::Flags => flags.into(),
        Column::FlagsEntityType => (flags >> 8 & 15).into(),
        Column::Radius => token.radius_raw().into(),
        Column::Strength => token.strength_raw().into(),
        Column::Timestamp => token.timestamp().into(),
        Column::Coordinate(space, axis) => {
            token.coordinates()[space as usize][axis as usize].into()
        }
    }
}

/// How many of them make one unit.
pub(crate) fn scale(column: Column) -> f64 {
    match column {
        Column::Coordinate(space, _) => space.scale().into(),
        Column::Radius => 100.0,
        Column::Strength => 255.0,
        _ => 1.0,
    }
}

/// The value in units; NaN weights have none, and -0.0 is 0.0.
pub(crate) fn value(column: Column, token: &Token) -> Option<f64> {
    match column {
        Column::Weight => Some(f64::from(token.weight()) + 0.0).filter(|weight| !weight.is_nan()),
        _ => Some(steps(column, token) as f64 / scale(column)),
    }
}
