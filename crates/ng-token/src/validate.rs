use crate::entity::EntityType;
use crate::token::Token;

/// What makes a token invalid although every pattern of bytes is a token.
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

    /// Id and flags name different entity types.
    #[error("entity type {flags} in the flags, expected {id} as in the id")]
    EntityTypeMismatch {
        /// The entity type in the id.
        id: EntityType,
        /// The entity type in the flags.
        flags: EntityType,
    },

    /// The timestamp lies after the time of the check.
    #[error("timestamp {timestamp}, expected at most {now}")]
    TimestampInFuture {
        /// The token's time, in seconds since 1970 UTC.
        timestamp: u32,
        /// The time of the check, in seconds since 1970 UTC.
        now: u32,
    },
}

impl Token {
    /// Checks what bytes from elsewhere can get wrong, at `now` seconds since 1970 UTC.
    ///
    /// Coordinates, radius, strength, system and user flags have no wrong
    /// values. Weights -0.0 and infinity are valid.
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
        let timestamp = self.timestamp();
        if timestamp > now {
            return Err(Invalid::TimestampInFuture { timestamp, now });
        }
        Ok(())
    }
}
