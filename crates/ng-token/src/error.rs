use crate::field::{RADIUS_MAX, STRENGTH_MAX};
use crate::flags::Flags;
use crate::id::TokenId;
use crate::space::{Axis, Space};

/// A value that does not fit its field of a token.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A domain needs more than four bits.
    #[error("domain {value}, expected 0 to {}", TokenId::DOMAIN_MAX)]
    Domain {
        /// The refused domain.
        value: u8,
    },

    /// A local id needs more than 24 bits.
    #[error("local id {value}, expected 0 to {}", TokenId::LOCAL_MAX)]
    LocalId {
        /// The refused local id.
        value: u32,
    },

    /// User flags need more than four bits.
    #[error("user flags {value}, expected 0 to {}", Flags::USER_MAX)]
    UserFlags {
        /// The refused value.
        value: u8,
    },

    /// A coordinate is NaN or outside its space.
    #[error(
        "{space} coordinate {axis} {value:?}, expected {:?} to {:?}",
        .space.min(),
        .space.max()
    )]
    Coordinate {
        /// The space, which sets the range.
        space: Space,
        /// The axis of the refused value.
        axis: Axis,
        /// The refused coordinate, in units.
        value: f32,
    },

    /// A weight is NaN or less than 0.
    #[error("weight {value:?}, expected 0.0 or greater")]
    Weight {
        /// The refused weight.
        value: f32,
    },

    /// A field radius is NaN or out of range.
    #[error("field radius {value:?}, expected 0.0 to {RADIUS_MAX:?}")]
    Radius {
        /// The refused radius, in units.
        value: f32,
    },

    /// A field strength is NaN or out of range.
    #[error("field strength {value:?}, expected 0.0 to {STRENGTH_MAX:?}")]
    Strength {
        /// The refused strength.
        value: f32,
    },
}
