//! The columns as they are stored: their numbers, types and values.

use ng_arrow::Column;
use ng_token::{Space, Token};

use super::sheet::{ColumnSpec, Values};
use crate::scan::width;
use crate::stored::{EachValue, Stored, each_value};

/// How many columns there are, including the position.
pub(super) const COUNT: usize = Column::ALL.len();

/// Returns the type that a column is stored in, or `None` for the position.
pub(super) fn values_of(column: Column) -> Option<Values> {
    Some(match (column, width(column)) {
        (Column::Position, _) => return None,
        (Column::Weight, _) => Values::F32,
        (Column::Coordinate(..), _) => Values::I16,
        (_, 4) => Values::U32,
        (_, 2) => Values::U16,
        _ => Values::U8,
    })
}

/// Returns a column's type in a sheet.
pub(super) fn spec(column: Column) -> Option<ColumnSpec> {
    values_of(column).map(|values| ColumnSpec::new(column.name(), values))
}

/// The columns of the boxes of a space, least values first.
pub(super) fn box_specs(space: Space) -> impl Iterator<Item = ColumnSpec> {
    ["min", "max"].into_iter().flat_map(move |end| {
        ["x", "y", "z"].map(|axis| ColumnSpec::new(format!("{space}_{axis}_{end}"), Values::I16))
    })
}

/// Appends the stored values of a column.
pub(super) fn extend(column: Column, tokens: &[Token], bytes: &mut Vec<u8>) {
    each_value(column, Append { tokens, bytes });
}

struct Append<'a> {
    tokens: &'a [Token],
    bytes: &'a mut Vec<u8>,
}

impl EachValue for Append<'_> {
    fn take<T: Stored>(self, value: impl Fn(&Token) -> T) {
        let start = self.bytes.len();
        self.bytes
            .resize(start + size_of::<T>() * self.tokens.len(), 0);
        let places = self.bytes[start..].chunks_exact_mut(size_of::<T>());
        for (place, token) in places.zip(self.tokens) {
            place.copy_from_slice(bytemuck::bytes_of(&value(token)));
        }
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
