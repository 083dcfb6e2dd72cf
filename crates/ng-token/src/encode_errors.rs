use core::fmt;
use core::iter::FusedIterator;

use crate::error::EncodeError;
use crate::space::{Axis, Space};

const AXES: usize = Axis::ALL.len();
const COORDINATES: usize = Space::ALL.len() * AXES;

/// A value of a token that a builder may refuse.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Coordinate(Space, Axis),
    User,
    Weight,
    Radius,
    Strength,
}

impl Field {
    const COUNT: usize = COORDINATES + 4;

    const fn index(self) -> usize {
        match self {
            Self::Coordinate(space, axis) => space as usize * AXES + axis as usize,
            Self::User => COORDINATES,
            Self::Weight => COORDINATES + 1,
            Self::Radius => COORDINATES + 2,
            Self::Strength => COORDINATES + 3,
        }
    }

    const fn at(index: usize) -> Self {
        const USER: usize = Field::User.index();
        const WEIGHT: usize = Field::Weight.index();
        const RADIUS: usize = Field::Radius.index();
        match index {
            USER => Self::User,
            WEIGHT => Self::Weight,
            RADIUS => Self::Radius,
            index if index < COORDINATES => {
                Self::Coordinate(Space::ALL[index / AXES], Axis::ALL[index % AXES])
            }
            _ => Self::Strength,
        }
    }

    const fn refused(self, value: f32) -> EncodeError {
        match self {
            Self::Coordinate(space, axis) => EncodeError::Coordinate { space, axis, value },
            Self::User => EncodeError::UserFlags { value: value as u8 },
            Self::Weight => EncodeError::Weight { value },
            Self::Radius => EncodeError::Radius { value },
            Self::Strength => EncodeError::Strength { value },
        }
    }
}

/// All values that a builder refused, at most one per field.
///
/// A field is one axis of one space, the user flags, the weight, the radius or the
/// strength: 28 in all, so there is room for all of them and nothing is allocated. If a
/// field was refused more than once, the first value is kept. Errors are in record order,
/// whatever the order of the values; [`first`](Self::first) is the earliest.
///
/// ```
/// use ng_token::{Space, Token};
///
/// let errors = Token::builder(1)
///     .radius(3.0)
///     .coordinate(Space::Motor, [40.0, 0.0, f32::NAN])
///     .build_all()
///     .unwrap_err();
/// assert_eq!(errors.len(), 3);
/// assert_eq!(
///     errors.to_string(),
///     "motor coordinate x 40.0, expected -32.768 to 32.767; \
///      motor coordinate z NaN, expected -32.768 to 32.767; \
///      field radius 3.0, expected 0.0 to 2.55"
/// );
/// ```
#[derive(Clone, Copy)]
pub struct EncodeErrors {
    /// The refused values, by field index; user flags fit an `f32`.
    values: [f32; Field::COUNT],
    /// A bit for each field that has a value.
    fields: u32,
    first: u8,
}

const _: () = assert!(Field::COUNT <= u32::BITS as usize);

/// Equal if the same values were refused, including NaN.
impl PartialEq for EncodeErrors {
    fn eq(&self, other: &Self) -> bool {
        let bits = |errors: &Self| errors.values.map(f32::to_bits);
        (self.fields, self.first) == (other.fields, other.first) && bits(self) == bits(other)
    }
}

impl Eq for EncodeErrors {}

impl EncodeErrors {
    /// The maximum number of errors: one per field.
    pub const MAX: usize = Field::COUNT;

    pub(crate) const NONE: Self = Self {
        values: [0.0; Field::COUNT],
        fields: 0,
        first: 0,
    };

    /// Returns how many values were refused, 0 to [`MAX`](Self::MAX).
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.count_ones() as usize
    }

    /// Tells whether nothing was refused.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// Returns the earliest error, the one that [`build`](crate::TokenBuilder::build)
    /// returns.
    #[must_use]
    pub const fn first(&self) -> Option<EncodeError> {
        if self.is_empty() {
            None
        } else {
            Some(self.error_at(self.first as usize))
        }
    }

    /// Iterates over the errors in record order: spaces and their axes, user flags, weight,
    /// radius, strength.
    pub fn iter(&self) -> EncodeErrorsIter {
        EncodeErrorsIter {
            errors: *self,
            left: self.fields,
        }
    }

    /// Adds a refused value, unless its field has one.
    // By value: a builder whose errors are borrowed lives in memory, and one of
    // eight points took 80 instead of 71 ns in release (2-core x86-64 virtual
    // machine, rustc 1.95, 2M builds, six runs each).
    #[cold]
    #[inline(never)]
    pub(crate) const fn with(mut self, field: Field, value: f32) -> Self {
        let index = field.index();
        if self.is_empty() {
            self.first = index as u8;
        }
        if self.fields & 1 << index == 0 {
            self.fields |= 1 << index;
            self.values[index] = value;
        }
        self
    }

    const fn error_at(&self, index: usize) -> EncodeError {
        Field::at(index).refused(self.values[index])
    }
}

/// Shows the errors, in record order.
impl fmt::Debug for EncodeErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Shows the messages in one line, with `; ` between them.
impl fmt::Display for EncodeErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for error in self.iter() {
            write!(f, "{between}{error}")?;
            between = "; ";
        }
        Ok(())
    }
}

impl core::error::Error for EncodeErrors {}

impl IntoIterator for EncodeErrors {
    type Item = EncodeError;
    type IntoIter = EncodeErrorsIter;

    fn into_iter(self) -> EncodeErrorsIter {
        self.iter()
    }
}

impl IntoIterator for &EncodeErrors {
    type Item = EncodeError;
    type IntoIter = EncodeErrorsIter;

    fn into_iter(self) -> EncodeErrorsIter {
        self.iter()
    }
}

/// Iterates over the errors of a builder; [`EncodeErrors::iter`] makes it.
#[derive(Clone, Debug)]
pub struct EncodeErrorsIter {
    errors: EncodeErrors,
    left: u32,
}

impl Iterator for EncodeErrorsIter {
    type Item = EncodeError;

    fn next(&mut self) -> Option<EncodeError> {
        if self.left == 0 {
            return None;
        }
        let index = self.left.trailing_zeros();
        self.left &= self.left - 1;
        Some(self.errors.error_at(index as usize))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left.count_ones() as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for EncodeErrorsIter {}

impl FusedIterator for EncodeErrorsIter {}
