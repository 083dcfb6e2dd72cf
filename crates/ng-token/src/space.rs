use core::fmt;

use crate::error::EncodeError;
use crate::round::half_away_from_zero;

/// One of the eight 3-D spaces, L1 to L8, in which a token has a point.
///
/// A coordinate is stored as `i16` steps; a space has [`scale`](Self::scale)
/// steps per unit. As a number (`space as usize`) a space is its index in
/// [`Token::coordinates`](crate::Token::coordinates).
// Not `Ord`: through a reference, `Ord::min` would hide `Space::min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "lowercase")
)]
#[repr(u8)]
pub enum Space {
    /// L1, 100 steps per unit: -327.68 to 327.67.
    Physical,
    /// L2, 10000 steps per unit: -3.2768 to 3.2767.
    Sensory,
    /// L3, 1000 steps per unit: -32.768 to 32.767.
    Motor,
    /// L4, 10000 steps per unit: -3.2768 to 3.2767.
    Emotional,
    /// L5, 10000 steps per unit: -3.2768 to 3.2767.
    Cognitive,
    /// L6, 10000 steps per unit: -3.2768 to 3.2767.
    Social,
    /// L7, 100 steps per unit: -327.68 to 327.67.
    Temporal,
    /// L8, 10000 steps per unit: -3.2768 to 3.2767.
    Abstract,
}

impl Space {
    /// Every space, L1 first.
    pub const ALL: [Self; 8] = [
        Self::Physical,
        Self::Sensory,
        Self::Motor,
        Self::Emotional,
        Self::Cognitive,
        Self::Social,
        Self::Temporal,
        Self::Abstract,
    ];

    /// Turns a point in units into steps, rounding to the nearest; ties go away from 0.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Coordinate`] for the first axis that is NaN, below
    /// [`min`](Self::min) or above [`max`](Self::max).
    #[inline]
    pub fn encode(self, point: [f32; 3]) -> Result<[i16; 3], EncodeError> {
        for (axis, value) in Axis::ALL.into_iter().zip(point) {
            if !self.holds(value) {
                return Err(EncodeError::Coordinate {
                    space: self,
                    axis,
                    value,
                });
            }
        }
        Ok(self.encode_saturating(point))
    }

    /// Turns a point in units into steps like [`encode`](Self::encode), clamping to the
    /// range; NaN becomes 0.
    #[inline]
    #[must_use]
    pub const fn encode_saturating(self, point: [f32; 3]) -> [i16; 3] {
        let [x, y, z] = point;
        [self.steps(x), self.steps(y), self.steps(z)]
    }

    /// Turns a point in steps into units, each the `f32` nearest to steps / scale.
    ///
    /// [`encode`](Self::encode) returns the same steps.
    #[inline]
    #[must_use]
    pub const fn decode(self, steps: [i16; 3]) -> [f32; 3] {
        let scale = self.scale() as f32;
        let [x, y, z] = steps;
        [x as f32 / scale, y as f32 / scale, z as f32 / scale]
    }

    /// Returns the steps per unit.
    #[inline]
    #[must_use]
    pub const fn scale(self) -> u16 {
        match self {
            Self::Physical | Self::Temporal => 100,
            Self::Motor => 1_000,
            Self::Sensory | Self::Emotional | Self::Cognitive | Self::Social | Self::Abstract => {
                10_000
            }
        }
    }

    /// Returns the smallest coordinate, in units.
    #[inline]
    #[must_use]
    pub const fn min(self) -> f32 {
        i16::MIN as f32 / self.scale() as f32
    }

    /// Returns the largest coordinate, in units.
    #[inline]
    #[must_use]
    pub const fn max(self) -> f32 {
        i16::MAX as f32 / self.scale() as f32
    }

    /// Returns the name in lower case, as messages and serialised forms have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Sensory => "sensory",
            Self::Motor => "motor",
            Self::Emotional => "emotional",
            Self::Cognitive => "cognitive",
            Self::Social => "social",
            Self::Temporal => "temporal",
            Self::Abstract => "abstract",
        }
    }

    /// Tells whether a coordinate in units is in range; NaN is not.
    #[inline]
    pub(crate) fn holds(self, value: f32) -> bool {
        (self.min()..=self.max()).contains(&value)
    }

    #[inline]
    const fn steps(self, value: f32) -> i16 {
        half_away_from_zero(value, self.scale()) as i16
    }
}

/// Shows the name.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One of the three axes of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Axis {
    /// The first axis.
    X,
    /// The second axis.
    Y,
    /// The third axis.
    Z,
}

impl Axis {
    /// Every axis, in the order of a point's values.
    pub const ALL: [Self; 3] = [Self::X, Self::Y, Self::Z];
}

/// Shows `x`, `y` or `z`.
impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::X => "x",
            Self::Y => "y",
            Self::Z => "z",
        })
    }
}
