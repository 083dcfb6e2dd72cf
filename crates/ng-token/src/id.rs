use core::fmt;

use bytemuck::{Pod, Zeroable};

use crate::entity::EntityType;
use crate::error::EncodeError;

pub(crate) const ENTITY_TYPE_SHIFT: u32 = 24;
const DOMAIN_SHIFT: u32 = 28;

/// A token's id: bits 0-23 local id, 24-27 entity type, 28-31 domain.
///
/// Every `u32` is an id. Ids are ordered as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(transparent)
)]
#[repr(transparent)]
pub struct TokenId(pub(crate) u32);

impl TokenId {
    /// The greatest local id, 2^24 - 1.
    pub const LOCAL_MAX: u32 = (1 << ENTITY_TYPE_SHIFT) - 1;

    /// The greatest domain.
    pub const DOMAIN_MAX: u8 = 15;

    /// Puts an id together from its parts.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Domain`] above [`DOMAIN_MAX`](Self::DOMAIN_MAX),
    /// [`EncodeError::LocalId`] above [`LOCAL_MAX`](Self::LOCAL_MAX).
    pub const fn new(domain: u8, entity_type: EntityType, local: u32) -> Result<Self, EncodeError> {
        if domain > Self::DOMAIN_MAX {
            return Err(EncodeError::Domain { value: domain });
        }
        if local > Self::LOCAL_MAX {
            return Err(EncodeError::LocalId { value: local });
        }
        Ok(Self(
            (domain as u32) << DOMAIN_SHIFT | (entity_type as u32) << ENTITY_TYPE_SHIFT | local,
        ))
    }

    /// Takes a number as an id; every number is one.
    #[inline]
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the id as a number.
    // `always` for the reason at `Token::id`.
    #[inline(always)]
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the local id, 0 to [`LOCAL_MAX`](Self::LOCAL_MAX).
    #[inline]
    #[must_use]
    pub const fn local(self) -> u32 {
        self.0 & Self::LOCAL_MAX
    }

    /// Returns the entity type.
    #[inline]
    #[must_use]
    pub const fn entity_type(self) -> EntityType {
        EntityType::from_low_bits((self.0 >> ENTITY_TYPE_SHIFT) as u8)
    }

    /// Returns the domain, 0 to [`DOMAIN_MAX`](Self::DOMAIN_MAX).
    #[inline]
    #[must_use]
    pub const fn domain(self) -> u8 {
        (self.0 >> DOMAIN_SHIFT) as u8
    }

    /// Replaces the entity type and keeps domain and local id.
    #[inline]
    #[must_use]
    pub const fn with_entity_type(self, entity_type: EntityType) -> Self {
        Self(self.0 & !(0xF << ENTITY_TYPE_SHIFT) | (entity_type as u32) << ENTITY_TYPE_SHIFT)
    }
}

impl From<u32> for TokenId {
    fn from(raw: u32) -> Self {
        Self(raw)
    }
}

impl From<TokenId> for u32 {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TokenId({:#010x}: domain {}, {:?}, local {})",
            self.0,
            self.domain(),
            self.entity_type(),
            self.local()
        )
    }
}
