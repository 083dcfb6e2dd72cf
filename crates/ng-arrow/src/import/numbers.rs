//! Arrays of any numeric type, as stored values.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use ng_token::{Space, Token};

use super::NoFit;
use crate::{Expected, Value};

/// A value that does not fit, and its index.
pub(super) struct Refused {
    pub(super) index: usize,
    pub(super) value: Value,
    pub(super) expected: Expected,
}

/// A number that becomes a stored value, or does not fit.
///
/// A float in the coordinates, radius or strength is in units, and rounded as by
/// [`Token::builder`], a double as the nearest `f32`; a whole number there is the stored
/// value.
// Branches that are constant for a type vanish when a loop over it is compiled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Whole(i128),
    /// An `f32`, whose bits are kept in a weight, even of NaN.
    Single(f32),
    /// An `f64`.
    Double(f64),
}

macro_rules! whole {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Number {
            #[inline]
            fn from(value: $integer) -> Self {
                Self::Whole(value.into())
            }
        })*
    };
}

whole!(i8, i16, i32, i64, u8, u16, u32, u64);

impl From<f32> for Number {
    #[inline]
    fn from(value: f32) -> Self {
        Self::Single(value)
    }
}

impl From<f64> for Number {
    #[inline]
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl Number {
    #[inline]
    fn value(self) -> Value {
        match self {
            Self::Whole(value) => Value::Whole(value),
            Self::Single(value) => Value::Float(value.into()),
            Self::Double(value) => Value::Float(value),
        }
    }

    #[inline]
    fn refused<T>(self, expected: Expected) -> Result<T, NoFit> {
        Err((self.value(), expected))
    }

    /// The whole number, if it is one; -0.0 is 0.
    #[inline]
    fn integer(self) -> Option<i128> {
        match self {
            Self::Whole(value) => Some(value),
            Self::Single(value) => Self::Double(value.into()).integer(),
            // No field exceeds 2^53.
            Self::Double(value) => {
                let whole = value as i64;
                (whole as f64 == value && whole.unsigned_abs() < 1 << 53).then_some(whole.into())
            }
        }
    }

    /// Returns a whole number from 0 to the greatest one.
    ///
    /// # Errors
    ///
    /// The value and what was expected, if it does not fit.
    #[inline]
    pub fn whole(self, most: u32) -> Result<u32, NoFit> {
        let whole = self.integer().and_then(|value| u32::try_from(value).ok());
        match whole.filter(|value| *value <= most) {
            Some(value) => Ok(value),
            None => self.refused(Expected::UpTo(most)),
        }
    }

    /// Returns a weight: any number but a finite one that no finite `f32` is near.
    ///
    /// # Errors
    ///
    /// The value and what was expected, if it does not fit.
    #[inline]
    pub fn weight(self) -> Result<f32, NoFit> {
        match self {
            Self::Single(value) => Ok(value),
            Self::Whole(value) => Ok(value as f32),
            Self::Double(value) => {
                let single = value as f32;
                match single.is_finite() || !value.is_finite() {
                    true => Ok(single),
                    false => self.refused(Expected::Weight),
                }
            }
        }
    }

    /// Returns a coordinate in steps of its space.
    ///
    /// # Errors
    ///
    /// The value and what was expected, if it does not fit.
    #[inline]
    pub fn steps(self, space: Space) -> Result<i16, NoFit> {
        let units = match self {
            Self::Whole(value) => {
                return i16::try_from(value).or_else(|_| self.refused(Expected::Steps));
            }
            Self::Single(value) => value,
            Self::Double(value) => value as f32,
        };
        match (space.min()..=space.max()).contains(&units) {
            true => Ok(space.encode_saturating([units, 0.0, 0.0])[0]),
            false => self.refused(Expected::Units(space)),
        }
    }

    /// Returns a stored radius.
    ///
    /// # Errors
    ///
    /// The value and what was expected, if it does not fit.
    #[inline]
    pub fn radius(self) -> Result<u8, NoFit> {
        let encode = |value| Token::builder(0).radius_saturating(value).build();
        self.byte((Token::RADIUS_MAX, Expected::Radius), |value| {
            encode(value).unwrap_or(Token::ZERO).radius_raw()
        })
    }

    /// Returns a stored strength.
    ///
    /// # Errors
    ///
    /// The value and what was expected, if it does not fit.
    #[inline]
    pub fn strength(self) -> Result<u8, NoFit> {
        let encode = |value| Token::builder(0).strength_saturating(value).build();
        self.byte((Token::STRENGTH_MAX, Expected::Strength), |value| {
            encode(value).unwrap_or(Token::ZERO).strength_raw()
        })
    }

    /// A stored byte, or units from 0 to the maximum.
    #[inline]
    fn byte(
        self,
        (most, expected): (f32, Expected),
        encode: impl Fn(f32) -> u8,
    ) -> Result<u8, NoFit> {
        let units = match self {
            Self::Whole(value) => {
                let refused = |_| self.refused(Expected::UpTo(u8::MAX.into()));
                return u8::try_from(value).or_else(refused);
            }
            Self::Single(value) => value,
            Self::Double(value) => value as f32,
        };
        match (0.0..=most).contains(&units) {
            true => Ok(encode(units)),
            false => self.refused(expected),
        }
    }

    #[inline]
    pub(crate) fn seconds(self, per_second: i64) -> Result<u32, NoFit> {
        let whole = self
            .integer()
            .filter(|time| time % i128::from(per_second) == 0);
        let seconds = whole.and_then(|time| u32::try_from(time / i128::from(per_second)).ok());
        match seconds {
            Some(seconds) => Ok(seconds),
            None => self.refused(Expected::Seconds),
        }
    }
}

/// Calls `store` with each token and its number.
pub(super) fn numbers(
    array: &ArrayRef,
    tokens: &mut [Token],
    store: impl Fn(&mut Token, Number) -> Result<(), NoFit>,
) -> Result<(), Refused> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match array.data_type() {
        DataType::Int8 => each::<Int8Type>(array, tokens, store),
        DataType::Int16 => each::<Int16Type>(array, tokens, store),
        DataType::Int32 => each::<Int32Type>(array, tokens, store),
        DataType::Int64 => each::<Int64Type>(array, tokens, store),
        DataType::UInt8 => each::<UInt8Type>(array, tokens, store),
        DataType::UInt16 => each::<UInt16Type>(array, tokens, store),
        DataType::UInt32 => each::<UInt32Type>(array, tokens, store),
        DataType::UInt64 => each::<UInt64Type>(array, tokens, store),
        DataType::Float32 => each::<Float32Type>(array, tokens, store),
        DataType::Float64 => each::<Float64Type>(array, tokens, store),
        DataType::Timestamp(Second, _) => each::<TimestampSecondType>(array, tokens, store),
        DataType::Timestamp(Millisecond, _) => {
            each::<TimestampMillisecondType>(array, tokens, store)
        }
        DataType::Timestamp(Microsecond, _) => {
            each::<TimestampMicrosecondType>(array, tokens, store)
        }
        DataType::Timestamp(Nanosecond, _) => each::<TimestampNanosecondType>(array, tokens, store),
        // The schema was checked and the batch matches it: a column of another type yields
        // no number.
        other => Err(Refused {
            index: 0,
            value: Value::text(other.to_string().as_bytes()),
            expected: Expected::Number,
        }),
    }
}

fn each<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    tokens: &mut [Token],
    store: impl Fn(&mut Token, Number) -> Result<(), NoFit>,
) -> Result<(), Refused>
where
    Number: From<T::Native>,
{
    let values = array.as_primitive::<T>().values();
    for (index, (token, value)) in tokens.iter_mut().zip(values.iter()).enumerate() {
        store(token, Number::from(*value)).map_err(|(value, expected)| Refused {
            index,
            value,
            expected,
        })?;
    }
    Ok(())
}
