//! The cells of a text, as stored values.

use std::str;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Int16Type, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use ng_token::{EntityType, TokenId};

use super::time::{is_date, parse_time};
use crate::import::{NoFit, Number};
use crate::{Column, Expected, Form, Value};

/// A column's cells, as stored values.
pub(crate) enum Cell {
    U32(Vec<u32>),
    U16(Vec<u16>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    F32(Vec<f32>),
}

/// Tells whether a cell means null.
pub(crate) fn is_missing(text: &[u8]) -> bool {
    text.is_empty() || text == b"null" || text == b"NULL"
}

impl Cell {
    /// Makes room for the values of a column.
    pub(crate) fn of_column(column: Column) -> Self {
        match column {
            Column::Position | Column::Id | Column::LocalId | Column::Timestamp => {
                Self::U32(Vec::new())
            }
            Column::Flags => Self::U16(Vec::new()),
            Column::Coordinate(..) => Self::I16(Vec::new()),
            Column::Weight => Self::F32(Vec::new()),
            Column::Domain
            | Column::EntityType
            | Column::FlagsEntityType
            | Column::Radius
            | Column::Strength => Self::U8(Vec::new()),
        }
    }

    /// Takes the text of another cell. Without a stated form, a whole number that may be
    /// units or steps is refused. Errors show the value as written.
    pub(crate) fn push(
        &mut self,
        column: Column,
        text: &[u8],
        form: Option<Form>,
    ) -> Result<(), NoFit> {
        let pushed = self.push_value(column, text, form);
        pushed.map_err(|(value, expected)| (value.written_as(text), expected))
    }

    fn push_value(&mut self, column: Column, text: &[u8], form: Option<Form>) -> Result<(), NoFit> {
        match self {
            Self::U32(values) => values.push(match column {
                Column::Timestamp => seconds(text)?,
                Column::LocalId => number(text)?.whole(TokenId::LOCAL_MAX)?,
                _ => number(text)?.whole(u32::MAX)?,
            }),
            Self::U16(values) => values.push(number(text)?.whole(u16::MAX.into())? as u16),
            Self::U8(values) => values.push(byte(column, text, form)?),
            Self::I16(values) => {
                if let Column::Coordinate(space, _) = column {
                    values.push(stepped(text, form, Expected::Steps)?.steps(space)?);
                }
            }
            Self::F32(values) => values.push(weight(text)?),
        }
        Ok(())
    }

    /// Takes all values out.
    pub(crate) fn take(&mut self) -> ArrayRef {
        match self {
            Self::U32(values) => array::<UInt32Type>(values),
            Self::U16(values) => array::<UInt16Type>(values),
            Self::U8(values) => array::<UInt8Type>(values),
            Self::I16(values) => array::<Int16Type>(values),
            Self::F32(values) => array::<Float32Type>(values),
        }
    }
}

fn array<T: ArrowPrimitiveType>(values: &mut Vec<T::Native>) -> ArrayRef {
    let values = std::mem::take(values);
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

fn refused<T>(text: &[u8], expected: Expected) -> Result<T, NoFit> {
    Err((Value::text(text), expected))
}

fn parse<T: str::FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// The number, if written with digits only, after an optional sign.
fn whole(text: &[u8]) -> Option<i64> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+"));
    let digits = digits.unwrap_or(text);
    digits.iter().all(is_digit).then(|| parse(text)).flatten()
}

fn number(text: &[u8]) -> Result<Number, NoFit> {
    if let Some(whole) = whole(text) {
        return Ok(Number::Whole(whole.into()));
    }
    match parse(text) {
        Some(value) => Ok(Number::Double(value)),
        None => refused(text, Expected::Number),
    }
}

/// A number in units, or in steps, which must be whole.
fn stepped(text: &[u8], form: Option<Form>, expected: Expected) -> Result<Number, NoFit> {
    let steps = whole(text);
    match (form, steps) {
        (Some(Form::Raw), Some(steps)) => return Ok(Number::Whole(steps.into())),
        (Some(Form::Raw), None) => return refused(text, expected),
        (None, Some(steps)) if steps != 0 => return refused(text, Expected::Point),
        _ => {}
    }
    match parse(text) {
        Some(value) => Ok(Number::Single(value)),
        None => refused(text, Expected::Number),
    }
}

fn byte(column: Column, text: &[u8], form: Option<Form>) -> Result<u8, NoFit> {
    let stored = Expected::UpTo(u8::MAX.into());
    match column {
        Column::Radius => stepped(text, form, stored)?.radius(),
        Column::Strength => stepped(text, form, stored)?.strength(),
        _ => Ok(number(text)?.whole(EntityType::ALL.len() as u32 - 1)? as u8),
    }
}

fn weight(text: &[u8]) -> Result<f32, NoFit> {
    if let Some(bits) = bits(text) {
        return Ok(f32::from_bits(bits));
    }
    match parse::<f32>(text) {
        Some(value) if value.is_infinite() && text.iter().any(u8::is_ascii_digit) => {
            refused(text, Expected::Weight)
        }
        Some(value) => Ok(value),
        None => refused(text, Expected::Number),
    }
}

/// A number written as its bits.
fn bits(text: &[u8]) -> Option<u32> {
    let digits = text
        .strip_prefix(b"0x")
        .filter(|digits| digits.len() == 8)?;
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

fn seconds(text: &[u8]) -> Result<u32, NoFit> {
    match parse_time(text) {
        Some(time) => match u32::try_from(time) {
            Ok(seconds) => Ok(seconds),
            Err(_) => refused(text, Expected::Seconds),
        },
        None => match number(text) {
            Ok(number) => number.seconds(1),
            Err(_) if is_date(text) => refused(text, Expected::TimeOfDay),
            Err(_) => refused(text, Expected::Seconds),
        },
    }
}
