use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};

use super::rows::weight_text;
use super::time::push_time;
use crate::Form;

/// One value of an array, as written in a line of text.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayCell<'a> {
    /// No value.
    Missing,
    /// A number that JSON can represent.
    Number(String),
    /// NaN or an infinity, for which JSON has no number.
    NotFinite(String),
    /// A boolean.
    Bool(bool),
    /// Text, or a time.
    Text(std::borrow::Cow<'a, str>),
}

impl<'a> ArrayCell<'a> {
    /// Takes the value of a row in a form: in raw form a single-precision NaN with unusual
    /// bits shows them. `None` for types that no answer has: all but whole and
    /// floating-point numbers, booleans, text, and times in seconds.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn of(array: &'a dyn Array, row: usize, form: Form) -> Option<Self> {
        if array.is_null(row) {
            return Some(Self::Missing);
        }
        Some(match array.data_type() {
            DataType::UInt8 => whole::<UInt8Type>(array, row),
            DataType::UInt16 => whole::<UInt16Type>(array, row),
            DataType::UInt32 => whole::<UInt32Type>(array, row),
            DataType::UInt64 => whole::<UInt64Type>(array, row),
            DataType::Int16 => whole::<Int16Type>(array, row),
            DataType::Int32 => whole::<Int32Type>(array, row),
            DataType::Int64 => whole::<Int64Type>(array, row),
            DataType::Float32 => {
                let value = array.as_primitive::<Float32Type>().value(row);
                float(weight_text(value, form), value.is_finite())
            }
            DataType::Float64 => {
                let value = array.as_primitive::<Float64Type>().value(row);
                float(format!("{value:?}"), value.is_finite())
            }
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).into()),
            DataType::Timestamp(TimeUnit::Second, _) => {
                let seconds = array.as_primitive::<TimestampSecondType>().value(row);
                time(seconds)?
            }
            _ => return None,
        })
    }
}

fn whole<'a, T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> ArrayCell<'a>
where
    T::Native: fmt::Display,
{
    ArrayCell::Number(array.as_primitive::<T>().value(row).to_string())
}

/// The fewest digits that read back as the same number, with a point.
fn float<'a>(text: String, is_finite: bool) -> ArrayCell<'a> {
    match is_finite {
        true => ArrayCell::Number(text),
        false => ArrayCell::NotFinite(text),
    }
}

fn time<'a>(seconds: i64) -> Option<ArrayCell<'a>> {
    let mut text = Vec::new();
    push_time(&mut text, u32::try_from(seconds).ok()?);
    Some(ArrayCell::Text(String::from_utf8(text).ok()?.into()))
}

/// Shows it as in CSV and tables: nothing if there is no value.
impl fmt::Display for ArrayCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Number(text) | Self::NotFinite(text) => f.pad(text),
            Self::Bool(value) => f.pad(if *value { "true" } else { "false" }),
            Self::Text(text) => f.pad(text),
        }
    }
}
