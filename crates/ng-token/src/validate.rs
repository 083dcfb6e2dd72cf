use crate::entity::EntityType;
use crate::token::Token;

/// Which rules a token is checked against.
///
/// Neither is a subset of the other: see the table in the repository's
/// `docs/compatibility.md`, which has a test for each difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validation {
    /// The rules of this crate, those of [`Token::validate`].
    ///
    /// A weight is 0 or greater, including infinity; the entity types in id and flags
    /// agree; the timestamp is not after the time of the check.
    #[default]
    Strict,

    /// What upstream, the NeuroGraph project, allows in a token.
    ///
    /// A weight is 0 to [`UPSTREAM_WEIGHT_MAX`](Self::UPSTREAM_WEIGHT_MAX) or NaN; the
    /// timestamp is at most [`UPSTREAM_SKEW`](Self::UPSTREAM_SKEW) seconds after the time
    /// of the check. The entity types may differ, as in every token that upstream makes
    /// from an id with one; everything else is allowed.
    ///
    /// Source: `Token::validate` in `src/core_rust/src/token.rs` of
    /// dchrnv/neurograph-os-mvp at v0.39.2. One of its rules is left out: it refuses id 0,
    /// although upstream's own batches begin with it (`PyToken::create_batch`) and its
    /// Python half allows it (`validate_token`).
    Upstream,
}

impl Validation {
    /// The largest weight that [`Upstream`](Self::Upstream) allows.
    pub const UPSTREAM_WEIGHT_MAX: f32 = 100.0;

    /// How many seconds a clock may be ahead under [`Upstream`](Self::Upstream): one hour.
    pub const UPSTREAM_SKEW: u32 = 3600;
}

/// Why a token is invalid, although every pattern of bytes is a token.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The weight is not a number.
    #[error("weight NaN (bits {bits:#010x}), expected 0.0 or greater")]
    WeightNan {
        /// The weight's bit pattern.
        bits: u32,
    },

    /// The weight is less than 0.
    #[error("weight {weight:?}, expected 0.0 or greater")]
    WeightNegative {
        /// The weight.
        weight: f32,
    },

    /// The weight is greater than upstream allows.
    #[error(
        "weight {weight:?}, expected at most {:?}",
        Validation::UPSTREAM_WEIGHT_MAX
    )]
    WeightTooGreat {
        /// The weight.
        weight: f32,
    },

    /// Id and flags name different entity types.
    #[error("entity type {flags} in the flags, expected {id} as in the id")]
    EntityTypeMismatch {
        /// The entity type in the id.
        id: EntityType,
        /// The entity type in the flags.
        flags: EntityType,
    },

    /// The timestamp is after the latest time allowed.
    #[error("timestamp {timestamp}, expected at most {latest}")]
    TimestampInFuture {
        /// The token's time, in seconds since 1970 UTC.
        timestamp: u32,
        /// The latest time allowed, in seconds since 1970 UTC: that of the check,
        /// or for [`Validation::Upstream`] an hour after it.
        latest: u32,
    },
}

impl Token {
    /// Checks the token against the strict rules, at `now` seconds since 1970 UTC.
    ///
    /// Coordinates, radius, strength, system and user flags have no invalid values. Weights
    /// -0.0 and infinity are valid. These are the rules of [`Validation::Strict`].
    ///
    /// # Errors
    ///
    /// The first of, in this order, a weight that is NaN or less than 0, entity
    /// types that disagree, and a timestamp after `now`.
    pub const fn validate(&self, now: u32) -> Result<(), Invalid> {
        let weight = self.weight();
        if weight.is_nan() {
            return Err(Invalid::WeightNan {
                bits: weight.to_bits(),
            });
        }
        if weight < 0.0 {
            return Err(Invalid::WeightNegative { weight });
        }
        let (id, flags) = (self.id().entity_type(), self.flags().entity_type());
        if id as u8 != flags as u8 {
            return Err(Invalid::EntityTypeMismatch { id, flags });
        }
        self.validate_timestamp(now)
    }

    /// Checks the token against the given rules, at `now` seconds since 1970 UTC.
    ///
    /// ```
    /// use ng_token::{EntityType, Flags, SystemFlags, Token, Validation};
    ///
    /// // What upstream's `Token::new` makes of an id with an entity type.
    /// let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Undefined, 0)?;
    /// let token = Token::new(0x0500_0001).with_flags(flags);
    /// assert!(token.validate_with(Validation::Strict, 0).is_err());
    /// assert!(token.validate_with(Validation::Upstream, 0).is_ok());
    /// # Ok::<(), ng_token::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first rule that is broken, in the order of [`validate`](Self::validate).
    pub const fn validate_with(&self, validation: Validation, now: u32) -> Result<(), Invalid> {
        match validation {
            Validation::Strict => self.validate(now),
            Validation::Upstream => self.validate_upstream(now),
        }
    }

    const fn validate_upstream(&self, now: u32) -> Result<(), Invalid> {
        let weight = self.weight();
        // NaN is neither: upstream's two comparisons let it pass.
        if weight < 0.0 {
            return Err(Invalid::WeightNegative { weight });
        }
        if weight > Validation::UPSTREAM_WEIGHT_MAX {
            return Err(Invalid::WeightTooGreat { weight });
        }
        self.validate_timestamp(now.saturating_add(Validation::UPSTREAM_SKEW))
    }

    const fn validate_timestamp(&self, latest: u32) -> Result<(), Invalid> {
        let timestamp = self.timestamp();
        if timestamp > latest {
            return Err(Invalid::TimestampInFuture { timestamp, latest });
        }
        Ok(())
    }
}
