use core::fmt;

use bitflags::bitflags;
use bytemuck::{Pod, Zeroable};

use crate::entity::EntityType;
use crate::error::EncodeError;

const SYSTEM_MASK: u16 = 0x00FF;
pub(crate) const ENTITY_TYPE_MASK: u16 = 0x0F00;
pub(crate) const ENTITY_TYPE_SHIFT: u32 = 8;
const USER_SHIFT: u32 = 12;

bitflags! {
    /// A set of the system flags: bits 0-7 of [`Flags`].
    ///
    /// This crate sets ACTIVE on fresh tokens and otherwise ignores them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(::serde::Serialize, ::serde::Deserialize))]
    pub struct SystemFlags: u8 {
        /// The token is in use.
        const ACTIVE = 1 << 0;
        /// The token outlives the process.
        const PERSISTENT = 1 << 1;
        /// The token may change.
        const MUTABLE = 1 << 2;
        /// The token agrees with its other copies.
        const SYNCHRONIZED = 1 << 3;
        /// What the token stands for is compressed.
        const COMPRESSED = 1 << 4;
        /// What the token stands for is encrypted.
        const ENCRYPTED = 1 << 5;
        /// The token has changes not yet written.
        const DIRTY = 1 << 6;
        /// The token must not be changed now.
        const LOCKED = 1 << 7;
    }
}

/// A token's flags: bits 0-7 system, 8-11 entity type, 12-15 user.
///
/// Every `u16` is a set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(
        try_from = "crate::serde::FlagsFields",
        into = "crate::serde::FlagsFields"
    )
)]
#[repr(transparent)]
pub struct Flags(pub(crate) u16);

impl Flags {
    /// The greatest value of the user's four bits.
    pub const USER_MAX: u8 = 15;

    /// Puts flags together from their parts.
    ///
    /// # Errors
    ///
    /// [`EncodeError::UserFlags`] above [`USER_MAX`](Self::USER_MAX).
    pub const fn new(
        system: SystemFlags,
        entity_type: EntityType,
        user: u8,
    ) -> Result<Self, EncodeError> {
        if user > Self::USER_MAX {
            return Err(EncodeError::UserFlags { value: user });
        }
        Ok(Self(
            (user as u16) << USER_SHIFT
                | (entity_type as u16) << ENTITY_TYPE_SHIFT
                | system.bits() as u16,
        ))
    }

    /// Takes sixteen bits as flags; every value is one.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Returns the flags as sixteen bits.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Returns the system flags.
    #[inline]
    #[must_use]
    pub const fn system(self) -> SystemFlags {
        SystemFlags::from_bits_retain(self.0 as u8)
    }

    /// Returns the entity type; in a valid token it is that of the id.
    #[inline]
    #[must_use]
    pub const fn entity_type(self) -> EntityType {
        EntityType::from_low_bits((self.0 >> ENTITY_TYPE_SHIFT) as u8)
    }

    /// Returns the user's four bits, 0 to [`USER_MAX`](Self::USER_MAX).
    #[inline]
    #[must_use]
    pub const fn user(self) -> u8 {
        (self.0 >> USER_SHIFT) as u8
    }

    /// Replaces the system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system(self, system: SystemFlags) -> Self {
        Self(self.0 & !SYSTEM_MASK | system.bits() as u16)
    }

    /// Sets the given system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system_set(self, system: SystemFlags) -> Self {
        Self(self.0 | system.bits() as u16)
    }

    /// Clears the given system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system_cleared(self, system: SystemFlags) -> Self {
        Self(self.0 & !(system.bits() as u16))
    }

    /// Replaces the entity type and keeps the others.
    ///
    /// [`Token::with_entity_type`](crate::Token::with_entity_type) sets it in the id, too.
    #[inline]
    #[must_use]
    pub const fn with_entity_type(self, entity_type: EntityType) -> Self {
        Self(self.0 & !ENTITY_TYPE_MASK | (entity_type as u16) << ENTITY_TYPE_SHIFT)
    }

    /// Replaces the user's four bits and keeps the others.
    ///
    /// # Errors
    ///
    /// [`EncodeError::UserFlags`] above [`USER_MAX`](Self::USER_MAX).
    #[inline]
    pub const fn try_with_user(self, user: u8) -> Result<Self, EncodeError> {
        Self::new(self.system(), self.entity_type(), user)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flags")
            .field("system", &self.system())
            .field("entity_type", &self.entity_type())
            .field("user", &self.user())
            .finish()
    }
}
