use crate::encode_errors::{EncodeErrors, Field};
use crate::entity::EntityType;
use crate::error::EncodeError;
use crate::field;
use crate::flags::SystemFlags;
use crate::space::{Axis, Space};
use crate::token::Token;

/// Builds a token from values in units, each checked against its field.
///
/// It starts from a fresh token ([`Token::builder`]) or from any other
/// ([`Token::to_builder`], `From<Token>`): values not set stay unchanged, and the entity
/// type is always that of the id. The first value that does not fit is what
/// [`build`](Self::build) reports, whatever is set afterwards;
/// [`build_all`](Self::build_all) reports them all. A built token is valid from its
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
///
/// # From a token that is not valid
///
/// A valid token rebuilt without a change is the same 64 bytes. For an invalid one,
///
/// - the entity type in the flags becomes that of the id, without an error;
/// - a NaN or negative weight is refused like one that was set, unless
///   [`weight`](Self::weight) replaces it first; it counts as the last of the refused
///   values;
/// - the timestamp is kept: a builder has no time to check it against.
///
/// ```
/// use ng_token::Token;
///
/// let broken = Token::new(1).with_weight(f32::NAN);
/// assert!(broken.to_builder().timestamp(7).build().is_err());
/// let mended = broken.to_builder().weight(0.5).build()?;
/// assert_eq!(mended, Token::new(1).with_weight(0.5));
/// # Ok::<(), ng_token::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes a token only in `build`"]
pub struct TokenBuilder {
    /// Never with an entity type in the flags other than the id's.
    token: Token,
    refused: EncodeErrors,
}

impl TokenBuilder {
    /// Takes a token whose entity types agree.
    #[inline]
    pub(crate) const fn new(token: Token) -> Self {
        Self {
            token,
            refused: EncodeErrors::NONE,
        }
    }

    /// Replaces the id, and with it the entity type in the flags.
    #[inline]
    pub fn id(self, id: u32) -> Self {
        self.set(|token| token.with_id(id))
    }

    /// Sets the entity type, in the id and in the flags.
    #[inline]
    pub fn entity_type(self, entity_type: EntityType) -> Self {
        self.set(|token| token.with_entity_type(entity_type))
    }

    /// Sets the point in one space, axes x y z, rounded to the nearest step.
    #[inline]
    pub fn coordinate(mut self, space: Space, point: [f32; 3]) -> Self {
        match space.encode(point) {
            Ok(steps) => self.token = self.token.with_coordinate(space, steps),
            Err(_) => self.refused = refuse_point(self.refused, space, point),
        }
        self
    }

    /// Sets the point in one space, clamping to the range; NaN becomes 0.
    #[inline]
    pub fn coordinate_saturating(self, space: Space, point: [f32; 3]) -> Self {
        self.steps(space, space.encode_saturating(point))
    }

    /// Sets the stored point in one space, axes x y z, in steps; every value is in range.
    #[inline]
    pub fn steps(self, space: Space, steps: [i16; 3]) -> Self {
        self.set(|token| token.with_coordinate(space, steps))
    }

    /// Replaces the system flags; a fresh token has only ACTIVE.
    #[inline]
    pub fn system(self, system: SystemFlags) -> Self {
        self.set(|token| token.with_system(system))
    }

    /// Sets the given system flags and keeps the others.
    #[inline]
    pub fn system_set(self, system: SystemFlags) -> Self {
        self.set(|token| token.with_system_set(system))
    }

    /// Clears the given system flags and keeps the others.
    #[inline]
    pub fn system_cleared(self, system: SystemFlags) -> Self {
        self.set(|token| token.with_system_cleared(system))
    }

    /// Sets the user's four flags, 0 to [`Flags::USER_MAX`](crate::Flags::USER_MAX).
    #[inline]
    pub fn user(mut self, user: u8) -> Self {
        match self.token.try_with_user(user) {
            Ok(token) => self.token = token,
            Err(_) => self.refused = self.refused.with(Field::User, f32::from(user)),
        }
        self
    }

    /// Sets the weight, 0 or greater, including infinity.
    #[inline]
    pub fn weight(mut self, weight: f32) -> Self {
        if weight >= 0.0 {
            self.token = self.token.with_weight(weight);
        } else {
            self.refused = self.refused.with(Field::Weight, weight);
        }
        self
    }

    /// Sets the field radius, 0 to [`Token::RADIUS_MAX`], rounded to the nearest hundredth.
    #[inline]
    pub fn radius(mut self, radius: f32) -> Self {
        match field::encode_radius(radius) {
            Ok(raw) => self.token = self.token.with_radius_raw(raw),
            Err(_) => self.refused = self.refused.with(Field::Radius, radius),
        }
        self
    }

    /// Sets the field radius, clamping to the range; NaN becomes 0.
    #[inline]
    pub fn radius_saturating(self, radius: f32) -> Self {
        self.set(|token| token.with_radius_raw(field::encode_radius_saturating(radius)))
    }

    /// Sets the field strength, 0 to [`Token::STRENGTH_MAX`], rounded to the nearest 255th.
    #[inline]
    pub fn strength(mut self, strength: f32) -> Self {
        match field::encode_strength(strength) {
            Ok(raw) => self.token = self.token.with_strength_raw(raw),
            Err(_) => self.refused = self.refused.with(Field::Strength, strength),
        }
        self
    }

    /// Sets the field strength, clamping to the range; NaN becomes 0.
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
    /// The first value that does not fit, as [`EncodeError`].
    #[inline]
    pub const fn build(self) -> Result<Token, EncodeError> {
        if self.is_whole() {
            return Ok(self.token);
        }
        match self.errors().first() {
            Some(error) => Err(error),
            None => Ok(self.token),
        }
    }

    /// Returns the token, or every value that does not fit.
    ///
    /// # Errors
    ///
    /// Every field whose value does not fit, with the first such value, as
    /// [`EncodeErrors`].
    #[inline]
    pub const fn build_all(self) -> Result<Token, EncodeErrors> {
        if self.is_whole() {
            Ok(self.token)
        } else {
            Err(self.errors())
        }
    }

    /// Returns the errors so far; empty if [`build`](Self::build) would succeed.
    #[must_use]
    pub const fn errors(&self) -> EncodeErrors {
        let mut errors = self.refused;
        if !self.has_valid_weight() {
            errors = errors.with(Field::Weight, self.token.weight());
        }
        errors
    }

    #[inline]
    const fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.has_valid_weight()
    }

    /// Only the weight of the original token can differ.
    #[inline]
    const fn has_valid_weight(&self) -> bool {
        self.token.weight() >= 0.0
    }

    #[inline]
    fn set(mut self, change: impl FnOnce(Token) -> Token) -> Self {
        self.token = change(self.token);
        self
    }
}

#[cold]
#[inline(never)]
fn refuse_point(mut refused: EncodeErrors, space: Space, point: [f32; 3]) -> EncodeErrors {
    for (axis, value) in Axis::ALL.into_iter().zip(point) {
        if !space.holds(value) {
            refused = refused.with(Field::Coordinate(space, axis), value);
        }
    }
    refused
}

impl From<Token> for TokenBuilder {
    #[inline]
    fn from(token: Token) -> Self {
        token.to_builder()
    }
}
