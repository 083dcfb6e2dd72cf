//! From columns to tokens.
//!
//! [`Import`] is built from a schema, whose columns it finds by name, and then fed batches.
//! `numbers.rs` converts an array of any accepted type into stored values.

mod numbers;
mod parts;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};
use ng_token::{Flags, Space, Token};

use crate::{Column, Expected, ReadError, Value};
use numbers::{Refused, numbers};

pub use numbers::Number;
use parts::Parts;

/// Makes tokens from batches whose columns have the names of [`Column`].
///
/// The type of a column decides its meaning: coordinates, radius and strength of a
/// floating-point type are units, those of an integer type stored steps. Whole numbers may
/// have any integer type, or a floating-point one if they are whole. The `id` may be given
/// whole, as `local_id` with `domain` and `entity_type` (0 if missing), or both, and then
/// they must agree. Without `flags` a token has those of [`Token::new`], with the
/// `flags_entity_type` if there is one; with both, they must agree. Other missing
/// columns are 0. `position` is ignored: a token's position is its row.
///
/// ```
/// use ng_arrow::{Column, Form, Import, batch_of};
/// use ng_token::Token;
///
/// let tokens = [Token::new(7).with_weight(f32::NAN), Token::new(8)];
/// let batch = batch_of(&tokens, 0, &Column::DEFAULT, Form::Raw);
/// let mut back = Vec::new();
/// Import::of_schema(&batch.schema())?.read(&batch, 0, &mut back)?;
/// assert_eq!(back, tokens);
/// # Ok::<(), ng_arrow::ReadError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The columns, each with its index in a batch, the id first.
    columns: Vec<(Column, usize)>,
    has_id: bool,
    has_flags: bool,
}

/// How many rows are converted at once: what fits in a core's own cache.
const ROWS: usize = 4096;

impl Import {
    /// Finds the columns of a schema.
    ///
    /// # Errors
    ///
    /// [`ReadError::UnknownColumn`], [`ReadError::Twice`], [`ReadError::Type`] or
    /// [`ReadError::NoId`].
    pub fn of_schema(schema: &Schema) -> Result<Self, ReadError> {
        let mut columns: Vec<(Column, usize)> = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            let column: Column = field.name().parse()?;
            if columns.iter().any(|(other, _)| *other == column) {
                return Err(ReadError::Twice { column });
            }
            check_type(column, field.data_type())?;
            columns.push((column, place));
        }
        let has = |column| columns.iter().any(|(other, _)| *other == column);
        let (has_id, has_flags) = (has(Column::Id), has(Column::Flags));
        if !has_id && !has(Column::LocalId) {
            return Err(ReadError::NoId);
        }
        columns.retain(|(column, _)| *column != Column::Position);
        columns.sort_by_key(|(column, _)| order(*column));
        Ok(Self {
            columns,
            has_id,
            has_flags,
        })
    }

    /// Appends the tokens of a batch, the first row of which is `first_row`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Null`] or [`ReadError::Value`]: among the first 4096 rows with an
    /// error, that of the first column, and its first row; [`ReadError::Type`] if the batch
    /// does not match the schema.
    pub fn read(
        &self,
        batch: &RecordBatch,
        first_row: u64,
        tokens: &mut Vec<Token>,
    ) -> Result<(), ReadError> {
        for start in (0..batch.num_rows()).step_by(ROWS) {
            let rows = ROWS.min(batch.num_rows() - start);
            let row = first_row + start as u64;
            let begin = tokens.len();
            tokens.resize(begin + rows, Token::ZERO);
            let part = batch.slice(start, rows);
            if let Err(error) = self.fill(&part, row, &mut tokens[begin..]) {
                tokens.truncate(begin);
                return Err(error);
            }
        }
        Ok(())
    }

    fn fill(&self, batch: &RecordBatch, row: u64, tokens: &mut [Token]) -> Result<(), ReadError> {
        let mut parts = Parts::new(self.has_id, self.has_flags);
        let mut has_flags_yet = false;
        for (column, place) in &self.columns {
            if !has_flags_yet && order(*column) >= order(Column::Flags) {
                has_flags_yet = true;
                default_flags(tokens);
            }
            let array = batch.column(*place);
            refuse_null(*column, array, row)?;
            let filled = fill_column(*column, array, tokens, &mut parts);
            filled.map_err(|refused| refused.at(*column, row))?;
        }
        if !has_flags_yet {
            default_flags(tokens);
        }
        Ok(())
    }
}

/// The order in which columns are processed: those that others are checked against come
/// first.
fn order(column: Column) -> u8 {
    match column {
        Column::Id => 0,
        Column::Domain | Column::EntityType | Column::LocalId => 1,
        Column::Flags => 2,
        Column::FlagsEntityType => 3,
        _ => 4,
    }
}

/// The flags of a fresh token.
fn default_flags(tokens: &mut [Token]) {
    for token in tokens {
        *token = token.with_flags(Token::new(token.id().raw()).flags());
    }
}

fn refuse_null(column: Column, array: &ArrayRef, row: u64) -> Result<(), ReadError> {
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    match nulls.and_then(|nulls| nulls.iter().position(|is_valid| !is_valid)) {
        Some(index) => Err(ReadError::Null {
            row: row + index as u64,
            line: None,
            column,
        }),
        None => Ok(()),
    }
}

const WHOLE: &str = "an integer type, or a floating-point type with whole numbers";
const UNITS: &str = "Float32 or Float64 in units, or an integer type of stored steps";
const TIME: &str = "a Timestamp, or an integer type of seconds since 1970 UTC";
const NUMBER: &str = "Float32, or another type of numbers";

/// Refuses a type that does not fit the column.
fn check_type(column: Column, found: &DataType) -> Result<(), ReadError> {
    let is_number = found.is_integer() || matches!(found, DataType::Float32 | DataType::Float64);
    let (fits, expected) = match column {
        Column::Position => (true, WHOLE),
        Column::Timestamp => {
            let is_time = matches!(found, DataType::Timestamp(..));
            (is_time || is_number, TIME)
        }
        Column::Weight => (is_number, NUMBER),
        Column::Radius | Column::Strength | Column::Coordinate(..) => (is_number, UNITS),
        _ => (is_number, WHOLE),
    };
    match fits {
        true => Ok(()),
        false => Err(ReadError::Type {
            column,
            found: found.clone(),
            expected,
        }),
    }
}

impl Refused {
    fn at(self, column: Column, first_row: u64) -> ReadError {
        ReadError::Value {
            row: first_row + self.index as u64,
            line: None,
            column,
            value: self.value,
            expected: self.expected,
        }
    }
}

/// Puts the values of a column into the tokens.
fn fill_column(
    column: Column,
    array: &ArrayRef,
    tokens: &mut [Token],
    parts: &mut Parts,
) -> Result<(), Refused> {
    match column {
        Column::Position => Ok(()),
        Column::Id => numbers(array, tokens, |token, value| {
            *token = token.with_id(value.whole(u32::MAX)?);
            Ok(())
        }),
        Column::Domain | Column::EntityType | Column::LocalId => parts.of_id(column, array, tokens),
        Column::Flags => numbers(array, tokens, |token, value| {
            let bits = value.whole(u16::MAX.into())? as u16;
            *token = token.with_flags(Flags::from_bits(bits));
            Ok(())
        }),
        Column::FlagsEntityType => parts.of_flags(array, tokens),
        Column::Weight => numbers(array, tokens, |token, value| {
            *token = token.with_weight(value.weight()?);
            Ok(())
        }),
        Column::Radius => numbers(array, tokens, |token, value| {
            *token = token.with_radius_raw(value.radius()?);
            Ok(())
        }),
        Column::Strength => numbers(array, tokens, |token, value| {
            *token = token.with_strength_raw(value.strength()?);
            Ok(())
        }),
        Column::Timestamp => fill_timestamp(array, tokens),
        Column::Coordinate(space, axis) => fill_coordinate(array, tokens, (space, axis as usize)),
    }
}

fn fill_coordinate(
    array: &ArrayRef,
    tokens: &mut [Token],
    (space, axis): (Space, usize),
) -> Result<(), Refused> {
    numbers(array, tokens, |token, value| {
        let mut steps = token.steps(space);
        steps[axis] = value.steps(space)?;
        *token = token.with_coordinate(space, steps);
        Ok(())
    })
}

fn fill_timestamp(array: &ArrayRef, tokens: &mut [Token]) -> Result<(), Refused> {
    let per_second = match array.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000_000,
        _ => 1,
    };
    numbers(array, tokens, |token, value| {
        *token = token.with_timestamp(value.seconds(per_second)?);
        Ok(())
    })
}

/// A value that does not fit, and what was expected.
pub type NoFit = (Value, Expected);
