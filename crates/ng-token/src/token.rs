use core::fmt;
use core::mem::{align_of, offset_of, size_of};

use bytemuck::{Pod, Zeroable};

use crate::builder::TokenBuilder;
use crate::entity::EntityType;
use crate::error::EncodeError;
use crate::field;
use crate::flags::{self, Flags, SystemFlags};
use crate::id::{self, TokenId};
use crate::space::Space;

/// One NeuroGraph token: a record of 64 bytes, aligned to 64.
///
/// Every pattern of 64 bytes is a token, so nothing here can fail on bytes from elsewhere;
/// [`validate`](Self::validate) checks whether they make sense.
///
/// Equality and hash are those of the bytes: a NaN weight equals itself, and
/// weights 0.0 and -0.0 differ.
///
/// # Serialised form
///
/// With the feature `serde`, a token in JSON is
///
/// ```json
/// {
///   "id": 16777223,
///   "coordinates": {
///     "physical": [150, -225, 0], "sensory": [0, 0, 0], "motor": [0, 0, 0],
///     "emotional": [0, 0, 0], "cognitive": [0, 0, 0], "social": [0, 0, 0],
///     "temporal": [0, 0, 0], "abstract": [0, 0, 0]
///   },
///   "flags": { "system": "ACTIVE | DIRTY", "entity_type": "object", "user": 0 },
///   "weight": 0.5,
///   "radius_raw": 100,
///   "strength_raw": 255,
///   "timestamp": 1700000000
/// }
/// ```
///
/// Coordinates, radius and strength are the stored integers, so a round trip is exact. JSON
/// has no number for a NaN or infinite weight: it is the string of its bits,
/// `"0x7fc00000"`, including NaN payloads. Formats that are not human-readable store the
/// weight as `u32` bits. Deserialising refuses missing and unknown fields, unknown names,
/// and integers outside their field; it does not check weights and times; `validate` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(from = "crate::serde::Fields", into = "crate::serde::Fields")
)]
#[repr(C, align(64))]
pub struct Token {
    coordinates: [[i16; 3]; 8],
    id: TokenId,
    flags: Flags,
    // Bytes, because an `f32` at offset 54 would not be aligned.
    weight: [u8; 4],
    radius: u8,
    strength: u8,
    timestamp: u32,
}

const _: () = {
    assert!(size_of::<Token>() == Token::SIZE);
    assert!(align_of::<Token>() == 64);
    assert!(offset_of!(Token, coordinates) == 0);
    assert!(offset_of!(Token, id) == 48);
    assert!(offset_of!(Token, flags) == 52);
    assert!(offset_of!(Token, weight) == 54);
    assert!(offset_of!(Token, radius) == 58);
    assert!(offset_of!(Token, strength) == 59);
    assert!(offset_of!(Token, timestamp) == 60);
};

const ORIGINS: [[i16; 3]; 8] = [[0; 3]; 8];
const ACTIVE: u16 = SystemFlags::ACTIVE.bits() as u16;

/// How many bits higher the entity type is in an id than in flags.
const ID_TO_FLAGS: u32 = id::ENTITY_TYPE_SHIFT - flags::ENTITY_TYPE_SHIFT;

impl Token {
    /// The size of a token in bytes.
    pub const SIZE: usize = 64;

    /// The largest field radius, in units; the smallest is 0.
    pub const RADIUS_MAX: f32 = field::RADIUS_MAX;

    /// The largest field strength; the smallest is 0.
    pub const STRENGTH_MAX: f32 = field::STRENGTH_MAX;

    /// The stored fields in order, each with its byte offset. A field ends where the next
    /// one begins.
    ///
    /// For describing the record to other tools, such as numpy.
    pub const FIELD_OFFSETS: [(&'static str, usize); 7] = [
        ("coordinates", offset_of!(Token, coordinates)),
        ("id", offset_of!(Token, id)),
        ("flags", offset_of!(Token, flags)),
        ("weight", offset_of!(Token, weight)),
        ("radius", offset_of!(Token, radius)),
        ("strength", offset_of!(Token, strength)),
        ("timestamp", offset_of!(Token, timestamp)),
    ];

    /// The token of 64 zero bytes: valid and not ACTIVE, a hole.
    pub const ZERO: Self = Self {
        coordinates: ORIGINS,
        id: TokenId::from_raw(0),
        flags: Flags::from_bits(0),
        weight: [0; 4],
        radius: 0,
        strength: 0,
        timestamp: 0,
    };

    /// Creates a fresh token: ACTIVE, the flags' entity type as in the id, all else 0.
    ///
    /// Every `id` is allowed, and the token is valid at any time.
    #[inline]
    #[must_use]
    pub const fn new(id: u32) -> Self {
        // `..ZERO` would make an unoptimised build copy the record once more.
        Self {
            coordinates: ORIGINS,
            id: TokenId(id),
            flags: Flags(ACTIVE | (id >> ID_TO_FLAGS) as u16 & flags::ENTITY_TYPE_MASK),
            weight: [0; 4],
            radius: 0,
            strength: 0,
            timestamp: 0,
        }
    }

    /// Starts a fresh token whose further values are checked.
    #[inline]
    pub const fn builder(id: u32) -> TokenBuilder {
        TokenBuilder::new(Self::new(id))
    }

    /// Starts from this token; values set from here on are checked.
    ///
    /// [`TokenBuilder`] says how an invalid token is treated.
    #[inline]
    pub const fn to_builder(&self) -> TokenBuilder {
        TokenBuilder::new(self.with_id(self.id.raw()))
    }

    /// Returns the id.
    // `always`, because a dev build inlines nothing else: with this and
    // `TokenId::raw` a scan of ids took 3.0 instead of 4.3 ns per token in dev
    // (2-core x86-64 virtual machine, rustc 1.95, 4M tokens, three runs each).
    #[inline(always)]
    #[must_use]
    pub const fn id(&self) -> TokenId {
        self.id
    }

    /// Returns the flags.
    #[inline]
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// Returns the weight, any `f32`; a valid one is 0 or greater.
    #[inline]
    #[must_use]
    pub const fn weight(&self) -> f32 {
        f32::from_le_bytes(self.weight)
    }

    /// Returns the stored coordinates in steps, indexed by space and axis.
    #[inline]
    #[must_use]
    pub const fn coordinates(&self) -> [[i16; 3]; 8] {
        self.coordinates
    }

    /// Returns the stored point in one space, axes x y z, in steps.
    #[inline]
    #[must_use]
    pub const fn steps(&self, space: Space) -> [i16; 3] {
        self.coordinates[space as usize]
    }

    /// Returns the point in one space, axes x y z, in that space's units.
    #[inline]
    #[must_use]
    pub const fn coordinate(&self, space: Space) -> [f32; 3] {
        space.decode(self.steps(space))
    }

    /// Returns the field radius in units, 0 to [`RADIUS_MAX`](Self::RADIUS_MAX).
    #[inline]
    #[must_use]
    pub const fn radius(&self) -> f32 {
        field::decode_radius(self.radius)
    }

    /// Returns the stored field radius, in hundredths of a unit.
    #[inline]
    #[must_use]
    pub const fn radius_raw(&self) -> u8 {
        self.radius
    }

    /// Returns the field strength, 0 to [`STRENGTH_MAX`](Self::STRENGTH_MAX).
    #[inline]
    #[must_use]
    pub const fn strength(&self) -> f32 {
        field::decode_strength(self.strength)
    }

    /// Returns the stored field strength, in 255ths.
    #[inline]
    #[must_use]
    pub const fn strength_raw(&self) -> u8 {
        self.strength
    }

    /// Returns the time, in seconds since 1970 UTC; 0 if never set.
    #[inline]
    #[must_use]
    pub const fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Replaces the stored coordinates, in steps; every value is in range.
    #[inline]
    #[must_use]
    pub const fn with_coordinates(mut self, coordinates: [[i16; 3]; 8]) -> Self {
        self.coordinates = coordinates;
        self
    }

    /// Replaces the stored point in one space, axes x y z, in steps; every value is in range.
    #[inline]
    #[must_use]
    pub const fn with_coordinate(mut self, space: Space, steps: [i16; 3]) -> Self {
        self.coordinates[space as usize] = steps;
        self
    }

    /// Replaces the point in one space, in that space's units, rounded to the nearest step.
    ///
    /// `with_coordinate(space, space.encode_saturating(point))` takes every point.
    ///
    /// # Errors
    ///
    /// As [`Space::encode`].
    #[inline]
    pub fn try_with_coordinate(self, space: Space, point: [f32; 3]) -> Result<Self, EncodeError> {
        Ok(self.with_coordinate(space, space.encode(point)?))
    }

    /// Replaces the id, and the entity type in the flags by that of the id.
    ///
    /// So a valid token stays valid. To keep the old entity type in the flags, set the old
    /// ones by `with_flags`.
    #[inline]
    #[must_use]
    pub const fn with_id(mut self, id: u32) -> Self {
        self.id = TokenId(id);
        self.flags = self.flags.with_entity_type(self.id.entity_type());
        self
    }

    /// Replaces the entity type, in the id and in the flags; domain and local id stay.
    ///
    /// This changes the id. `with_flags` changes only the flags.
    #[inline]
    #[must_use]
    pub const fn with_entity_type(self, entity_type: EntityType) -> Self {
        self.with_id(self.id.with_entity_type(entity_type).raw())
    }

    /// Replaces all flags.
    ///
    /// An entity type other than the id's makes the token invalid.
    #[inline]
    #[must_use]
    pub const fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// Replaces the system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system(mut self, system: SystemFlags) -> Self {
        self.flags = self.flags.with_system(system);
        self
    }

    /// Sets the given system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system_set(mut self, system: SystemFlags) -> Self {
        self.flags = self.flags.with_system_set(system);
        self
    }

    /// Clears the given system flags and keeps the others.
    #[inline]
    #[must_use]
    pub const fn with_system_cleared(mut self, system: SystemFlags) -> Self {
        self.flags = self.flags.with_system_cleared(system);
        self
    }

    /// Replaces the user's four flags, 0 to [`Flags::USER_MAX`].
    ///
    /// # Errors
    ///
    /// As [`Flags::try_with_user`].
    #[inline]
    pub const fn try_with_user(mut self, user: u8) -> Result<Self, EncodeError> {
        match self.flags.try_with_user(user) {
            Ok(flags) => {
                self.flags = flags;
                Ok(self)
            }
            Err(error) => Err(error),
        }
    }

    /// Replaces the weight without a check, including NaN payloads.
    ///
    /// NaN and negative weights make the token invalid; [`TokenBuilder::weight`] refuses
    /// them.
    #[inline]
    #[must_use]
    pub const fn with_weight(mut self, weight: f32) -> Self {
        self.weight = weight.to_le_bytes();
        self
    }

    /// Replaces the stored field radius, in hundredths of a unit.
    #[inline]
    #[must_use]
    pub const fn with_radius_raw(mut self, radius: u8) -> Self {
        self.radius = radius;
        self
    }

    /// Replaces the stored field strength, in 255ths.
    #[inline]
    #[must_use]
    pub const fn with_strength_raw(mut self, strength: u8) -> Self {
        self.strength = strength;
        self
    }

    /// Replaces the time, in seconds since 1970 UTC.
    #[inline]
    #[must_use]
    pub const fn with_timestamp(mut self, timestamp: u32) -> Self {
        self.timestamp = timestamp;
        self
    }
}

/// Shows decoded values, and only spaces whose point is not the origin.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("flags", &self.flags)
            .field("weight", &self.weight())
            .field("radius", &self.radius())
            .field("strength", &self.strength())
            .field("timestamp", &self.timestamp)
            .field("coordinates", &NonZeroPoints(self))
            .finish()
    }
}

struct NonZeroPoints<'a>(&'a Token);

impl fmt::Debug for NonZeroPoints<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_set = |space: &Space| self.0.coordinates[*space as usize] != [0; 3];
        f.debug_map()
            .entries(
                Space::ALL
                    .into_iter()
                    .filter(is_set)
                    .map(|space| (space, self.0.coordinate(space))),
            )
            .finish()
    }
}
