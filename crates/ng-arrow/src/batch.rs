use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Int16Type, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use ng_token::{Axis, Space, Token};

use crate::{Column, Form, schema};

/// The positions of some tokens.
#[derive(Clone, Copy, Debug)]
pub enum Positions<'a> {
    /// Consecutive, starting here.
    From(u64),
    /// One position for each token.
    Each(&'a [u64]),
}

impl Positions<'_> {
    /// Returns the positions of `count` tokens from index `first` on.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    #[must_use]
    pub fn part(&self, first: usize, count: usize) -> Self {
        match *self {
            Self::From(start) => Self::From(start + first as u64),
            Self::Each(positions) => Self::Each(&positions[first..first + count]),
        }
    }

    pub(crate) fn get(&self, index: usize) -> u64 {
        match *self {
            Self::From(start) => start + index as u64,
            Self::Each(positions) => positions[index],
        }
    }

    #[track_caller]
    fn check(&self, tokens: usize) {
        if let Self::Each(positions) = self {
            assert_eq!(positions.len(), tokens, "one position per token");
        }
    }
}

/// Returns some columns of consecutive tokens, the first at `first_position`.
///
/// ```
/// use arrow_array::cast::AsArray;
/// use arrow_array::types::Int16Type;
/// use ng_arrow::{Column, Form, batch_of};
/// use ng_token::{Space, Token};
///
/// let tokens = [Token::new(7), Token::new(8).with_coordinate(Space::Physical, [150, 0, 0])];
/// let batch = batch_of(&tokens, 0, &Column::list("id,physical")?, Form::Raw);
/// assert_eq!(batch.column(1).as_primitive::<Int16Type>().values(), &[0, 150]);
/// # Ok::<(), ng_arrow::ColumnsError>(())
/// ```
#[must_use]
pub fn batch_of(
    tokens: &[Token],
    first_position: u64,
    columns: &[Column],
    form: Form,
) -> RecordBatch {
    let positions = Positions::From(first_position);
    batch_with(tokens, positions, columns, form, &schema(columns, form))
}

/// Does what [`batch_of`] does, for tokens at any positions, given the schema of the same
/// columns and form.
///
/// # Panics
///
/// If the numbers of positions and tokens differ, or the schema does not match.
#[must_use]
pub fn batch_with(
    tokens: &[Token],
    positions: Positions<'_>,
    columns: &[Column],
    form: Form,
    schema: &SchemaRef,
) -> RecordBatch {
    positions.check(tokens.len());
    let arrays = columns.iter();
    let arrays = arrays.map(|column| column.array_of(tokens, positions, form));
    let options = RecordBatchOptions::new().with_row_count(Some(tokens.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), arrays.collect(), &options);
    batch.expect("arrays of equal length, with the schema's types")
}

/// An array with one value per token.
fn array<T: ArrowPrimitiveType>(tokens: &[Token], value: impl Fn(&Token) -> T::Native) -> ArrayRef {
    let values: Vec<T::Native> = tokens.iter().map(value).collect();
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

impl Column {
    /// Returns the column of some tokens.
    ///
    /// # Panics
    ///
    /// If the numbers of positions and tokens differ.
    #[must_use]
    pub fn array_of(self, tokens: &[Token], positions: Positions<'_>, form: Form) -> ArrayRef {
        match (self, form) {
            (Self::Position, _) => positions_of(tokens, positions),
            (Self::Id, _) => array::<UInt32Type>(tokens, |token| token.id().raw()),
            (Self::Domain, _) => array::<UInt8Type>(tokens, |token| token.id().domain()),
            (Self::EntityType, _) => {
                array::<UInt8Type>(tokens, |token| token.id().entity_type().bits())
            }
            (Self::LocalId, _) => array::<UInt32Type>(tokens, |token| token.id().local()),
            (Self::Flags, _) => array::<UInt16Type>(tokens, |token| token.flags().bits()),
            (Self::FlagsEntityType, _) => {
                array::<UInt8Type>(tokens, |token| token.flags().entity_type().bits())
            }
            (Self::Weight, _) => array::<Float32Type>(tokens, Token::weight),
            (Self::Radius, Form::Units) => array::<Float32Type>(tokens, Token::radius),
            (Self::Radius, Form::Raw) => array::<UInt8Type>(tokens, Token::radius_raw),
            (Self::Strength, Form::Units) => array::<Float32Type>(tokens, Token::strength),
            (Self::Strength, Form::Raw) => array::<UInt8Type>(tokens, Token::strength_raw),
            (Self::Timestamp, Form::Units) => seconds(tokens),
            (Self::Timestamp, Form::Raw) => array::<UInt32Type>(tokens, Token::timestamp),
            (Self::Coordinate(space, axis), Form::Units) => {
                array::<Float32Type>(tokens, |token| token.coordinate(space)[axis as usize])
            }
            (Self::Coordinate(space, axis), Form::Raw) => steps(tokens, space, axis),
        }
    }
}

fn positions_of(tokens: &[Token], positions: Positions<'_>) -> ArrayRef {
    positions.check(tokens.len());
    let values: Vec<u64> = (0..tokens.len())
        .map(|index| positions.get(index))
        .collect();
    Arc::new(PrimitiveArray::<UInt64Type>::new(values.into(), None))
}

fn seconds(tokens: &[Token]) -> ArrayRef {
    let values: Vec<i64> = tokens
        .iter()
        .map(|token| token.timestamp().into())
        .collect();
    let array = PrimitiveArray::<TimestampSecondType>::new(values.into(), None);
    Arc::new(array.with_data_type(Column::Timestamp.data_type(Form::Units)))
}

fn steps(tokens: &[Token], space: Space, axis: Axis) -> ArrayRef {
    array::<Int16Type>(tokens, |token| token.steps(space)[axis as usize])
}
