//! Refused values, and what was expected instead.

use std::fmt;

use ng_token::{Space, Token};

/// A cell's value, as errors show it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A whole number.
    Whole(i128),
    /// A number of a floating-point type.
    Float(f64),
    /// A number as written in text, shortened.
    Written(Box<str>),
    /// Any other text, shortened.
    Text(Box<str>),
}

/// How many characters of a text errors show.
const TOLD_CHARS: usize = 40;

impl Value {
    /// Takes the value of a text.
    pub(crate) fn text(text: &[u8]) -> Self {
        Self::Text(shortened(text))
    }

    /// Shows a number parsed from text as written: converted to another type it may differ.
    pub(crate) fn written_as(self, text: &[u8]) -> Self {
        match self {
            Self::Whole(_) | Self::Float(_) => Self::Written(shortened(text)),
            other => other,
        }
    }
}

fn shortened(text: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * TOLD_CHARS)]);
    let told: String = text.chars().take(TOLD_CHARS).collect();
    let more = if told.len() < text.len() { "..." } else { "" };
    (told + more).into()
}

/// Shows the value, with control characters escaped.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Written(text) => Escaped(text).fmt(f),
            Self::Text(text) => write!(f, "`{}`", Escaped(text)),
        }
    }
}

/// Shows a text, with control characters escaped.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|character| match character.is_control() {
                true => write!(f, "{}", character.escape_debug()),
                false => write!(f, "{character}"),
            })
    }
}

/// What a cell must contain.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Expected {
    /// A whole number from 0 to this.
    UpTo(u32),
    /// A number, in text.
    Number,
    /// Steps of a space.
    Steps,
    /// A coordinate in units of this space.
    Units(Space),
    /// A radius in units.
    Radius,
    /// A strength.
    Strength,
    /// A weight that an `f32` holds.
    Weight,
    /// A whole second that the field holds.
    Seconds,
    /// A time of day: a date alone is not a second.
    TimeOfDay,
    /// The value that another column already gives.
    Same {
        /// Its value.
        value: u32,
        /// The column.
        column: crate::Column,
    },
    /// A number that shows whether it is in units, or a stated form.
    Point,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UpTo(most) => write!(f, "a whole number from 0 to {most}"),
            Self::Number => f.write_str("a number"),
            Self::Steps => write!(f, "whole steps from {} to {}", i16::MIN, i16::MAX),
            Self::Units(space) => write!(f, "{:?} to {:?}", space.min(), space.max()),
            Self::Radius => write!(f, "0.0 to {:?}", Token::RADIUS_MAX),
            Self::Strength => write!(f, "0.0 to {:?}", Token::STRENGTH_MAX),
            Self::Weight => write!(f, "NaN, or {:?} to {:?}", f32::MIN, f32::MAX),
            Self::Seconds => {
                f.write_str("a whole second from 1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z")
            }
            Self::TimeOfDay => f.write_str("a time of day after the date, such as T00:00:00Z"),
            Self::Same { value, column } => write!(f, "{value}, as column {column} has it"),
            Self::Point => f.write_str(
                "a decimal point, or a stated form: whole numbers may be units or stored steps",
            ),
        }
    }
}
