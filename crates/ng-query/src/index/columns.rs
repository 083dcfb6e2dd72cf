//! The columns as they are stored: their numbers, types and values.

use ng_arrow::Column;
use ng_token::{Space, Token};

use super::sheet::{ColumnSpec, Values};

/// How many columns there are, the position among them.
pub(super) const COUNT: usize = Column::ALL.len();

/// Returns the type that a column is stored in, or `None` for the position.
pub(super) fn values_of(column: Column) -> Option<Values> {
    Some(match column {
        Column::Position => return None,
        Column::Id | Column::LocalId | Column::Timestamp => Values::U32,
        Column::Domain | Column::EntityType | Column::FlagsEntityType => Values::U8,
        Column::Flags => Values::U16,
        Column::Weight => Values::F32,
        Column::Radius | Column::Strength => Values::U8,
        Column::Coordinate(..) => Values::I16,
    })
}

/// Returns how a column stands in a sheet.
pub(super) fn spec(column: Column) -> Option<ColumnSpec> {
    values_of(column).map(|values| ColumnSpec::new(column.name(), values))
}

/// The columns of the boxes of a space, the least values first.
pub(super) fn box_specs(space: Space) -> impl Iterator<Item = ColumnSpec> {
    ["min", "max"].into_iter().flat_map(move |end| {
        ["x", "y", "z"].map(|axis| ColumnSpec::new(format!("{space}_{axis}_{end}"), Values::I16))
    })
}

/// Appends the stored values of a column.
pub(super) fn extend(column: Column, tokens: &[Token], bytes: &mut Vec<u8>) {
    match column {
        Column::Position => (),
        Column::Id => put(tokens, bytes, |token| token.id().raw().to_le_bytes()),
        Column::Domain => put(tokens, bytes, |token| [token.id().domain()]),
        Column::EntityType => put(tokens, bytes, |token| [token.id().entity_type() as u8]),
        Column::LocalId => put(tokens, bytes, |token| token.id().local().to_le_bytes()),
        Column::Flags => put(tokens, bytes, |token| token.flags().bits().to_le_bytes()),
        Column::FlagsEntityType => put(tokens, bytes, |token| [token.flags().entity_type() as u8]),
        Column::Weight => put(tokens, bytes, |token| token.weight().to_le_bytes()),
        Column::Radius => put(tokens, bytes, |token| [token.radius_raw()]),
        Column::Strength => put(tokens, bytes, |token| [token.strength_raw()]),
        Column::Timestamp => put(tokens, bytes, |token| token.timestamp().to_le_bytes()),
        Column::Coordinate(space, axis) => put(tokens, bytes, |token| {
            token.steps(space)[axis as usize].to_le_bytes()
        }),
    }
}

fn put<const N: usize>(tokens: &[Token], bytes: &mut Vec<u8>, value: impl Fn(&Token) -> [u8; N]) {
    let start = bytes.len();
    bytes.resize(start + N * tokens.len(), 0);
    let (places, _) = bytes[start..].as_chunks_mut();
    for (place, token) in places.iter_mut().zip(tokens) {
        *place = value(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_as_many_bytes_as_its_type() {
        for (place, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column.index(), place, "{column}");
            let mut bytes = Vec::new();
            extend(column, &[Token::ZERO; 3], &mut bytes);
            let width = values_of(column).map_or(0, Values::width);
            assert_eq!(bytes.len() as u64, 3 * width, "{column}");
        }
    }
}
