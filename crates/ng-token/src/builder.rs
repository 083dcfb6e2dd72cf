use crate::error::EncodeError;
use crate::field;
use crate::flags::{Flags, SystemFlags};
use crate::space::Space;
use crate::token::Token;

/// Builds a token from values in units, each checked against its field.
///
/// It starts from [`Token::new`]: what is not set stays as there, and the
/// entity type is always that of the id. The first value that does not fit is
/// what [`build`](Self::build) reports. A token that was built is valid from its
/// timestamp on.
///
/// ```
/// use ng_token::{Space, Token};
///
/// let refused = Token::builder(1).coordinate(Space::Motor, [0.0, 40.0, 0.0]).build();
/// assert_eq!(
///     refused.unwrap_err().to_string(),
///     "motor coordinate y 40.0, expected -32.768 to 32.767"
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes a token only in `build`"]
pub struct TokenBuilder {
    outcome: Result<Token, EncodeError>,
}

impl TokenBuilder {
    #[inline]
    pub(crate) const fn new(id: u32) -> Self {
        Self {
            outcome: Ok(Token::new(id)),
        }
    }

    /// Sets the point in one space, axes x y z, rounded to the nearest step.
    #[inline]
    pub fn coordinate(self, space: Space, point: [f32; 3]) -> Self {
        self.try_set(|token| Ok(with_steps(token, space, space.encode(point)?)))
    }

    /// Sets the point in one space, out of range to the nearer end and NaN to 0.
    #[inline]
    pub fn coordinate_saturating(self, space: Space, point: [f32; 3]) -> Self {
        self.set(|token| with_steps(token, space, space.encode_saturating(point)))
    }

    /// Sets the system flags in place of ACTIVE alone.
    #[inline]
    pub fn system(self, system: SystemFlags) -> Self {
        self.set(|token| token.with_system(system))
    }

    /// Sets the user's four flags, 0 to [`Flags::USER_MAX`].
    #[inline]
    pub fn user(self, user: u8) -> Self {
        self.try_set(|token| {
            let flags = token.flags();
            let flags = Flags::new(flags.system(), flags.entity_type(), user)?;
            Ok(token.with_flags(flags))
        })
    }

    /// Sets the weight, 0 or greater, infinity included.
    #[inline]
    pub fn weight(self, weight: f32) -> Self {
        self.try_set(|token| {
            if weight >= 0.0 {
                Ok(token.with_weight(weight))
            } else {
                Err(EncodeError::Weight { value: weight })
            }
        })
    }

    /// Sets the field radius, 0 to [`Token::RADIUS_MAX`], rounded to the nearest hundredth.
    #[inline]
    pub fn radius(self, radius: f32) -> Self {
        self.try_set(|token| Ok(token.with_radius_raw(field::encode_radius(radius)?)))
    }

    /// Sets the field radius, out of range to the nearer end and NaN to 0.
    #[inline]
    pub fn radius_saturating(self, radius: f32) -> Self {
        self.set(|token| token.with_radius_raw(field::encode_radius_saturating(radius)))
    }

    /// Sets the field strength, 0 to [`Token::STRENGTH_MAX`], rounded to the nearest 255th.
    #[inline]
    pub fn strength(self, strength: f32) -> Self {
        self.try_set(|token| Ok(token.with_strength_raw(field::encode_strength(strength)?)))
    }

    /// Sets the field strength, out of range to the nearer end and NaN to 0.
    #[inline]
    pub fn strength_saturating(self, strength: f32) -> Self {
        self.set(|token| token.with_strength_raw(field::encode_strength_saturating(strength)))
    }

    /// Sets the time, in seconds since 1970 UTC.
    #[inline]
    pub fn timestamp(self, timestamp: u32) -> Self {
        self.set(|token| token.with_timestamp(timestamp))
    }

    /// Returns the token.
    ///
    /// # Errors
    ///
    /// The first value that did not fit, as [`EncodeError`].
    #[inline]
    pub const fn build(self) -> Result<Token, EncodeError> {
        self.outcome
    }

    #[inline]
    fn set(self, change: impl FnOnce(Token) -> Token) -> Self {
        Self {
            outcome: self.outcome.map(change),
        }
    }

    #[inline]
    fn try_set(self, change: impl FnOnce(Token) -> Result<Token, EncodeError>) -> Self {
        Self {
            outcome: self.outcome.and_then(change),
        }
    }
}

#[inline]
fn with_steps(token: Token, space: Space, steps: [i16; 3]) -> Token {
    let mut coordinates = token.coordinates();
    coordinates[space as usize] = steps;
    token.with_coordinates(coordinates)
}
