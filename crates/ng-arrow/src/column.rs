use std::fmt;

use ng_token::{Axis, Space};

/// One of the columns that a token has, by the name that it has everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// `position`: where the token stands, from 0. Not stored in it.
    Position,
    /// `id`: all 32 bits.
    Id,
    /// `domain`: bits 28-31 of the id.
    Domain,
    /// `entity_type`: bits 24-27 of the id.
    EntityType,
    /// `local_id`: bits 0-23 of the id.
    LocalId,
    /// `flags`: all 16 bits.
    Flags,
    /// `flags_entity_type`: bits 8-11 of the flags; in a valid token it is that of the id.
    FlagsEntityType,
    /// `weight`.
    Weight,
    /// `radius` of the field, stored in hundredths of a unit.
    Radius,
    /// `strength` of the field, stored in 255ths.
    Strength,
    /// `timestamp`: seconds since 1970 UTC.
    Timestamp,
    /// `physical_x` to `abstract_z`: a coordinate, stored in steps of its space.
    Coordinate(Space, Axis),
}

const NAMES: [[&str; 3]; 8] = [
    ["physical_x", "physical_y", "physical_z"],
    ["sensory_x", "sensory_y", "sensory_z"],
    ["motor_x", "motor_y", "motor_z"],
    ["emotional_x", "emotional_y", "emotional_z"],
    ["cognitive_x", "cognitive_y", "cognitive_z"],
    ["social_x", "social_y", "social_z"],
    ["temporal_x", "temporal_y", "temporal_z"],
    ["abstract_x", "abstract_y", "abstract_z"],
];

impl Column {
    /// Every column, the position first, then the fields, then the coordinates.
    pub const ALL: [Self; 35] = {
        let mut all = [Self::Position; 35];
        let fields = [
            Self::Position,
            Self::Id,
            Self::Domain,
            Self::EntityType,
            Self::LocalId,
            Self::Flags,
            Self::FlagsEntityType,
            Self::Weight,
            Self::Radius,
            Self::Strength,
            Self::Timestamp,
        ];
        let mut index = 0;
        while index < all.len() {
            all[index] = if index < fields.len() {
                fields[index]
            } else {
                let coordinate = index - fields.len();
                Self::Coordinate(Space::ALL[coordinate / 3], Axis::ALL[coordinate % 3])
            };
            index += 1;
        }
        all
    };

    /// Returns the name, the same in Rust, Arrow, SQL, Python and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Id => "id",
            Self::Domain => "domain",
            Self::EntityType => "entity_type",
            Self::LocalId => "local_id",
            Self::Flags => "flags",
            Self::FlagsEntityType => "flags_entity_type",
            Self::Weight => "weight",
            Self::Radius => "radius",
            Self::Strength => "strength",
            Self::Timestamp => "timestamp",
            Self::Coordinate(space, axis) => NAMES[space as usize][axis as usize],
        }
    }

    /// Returns where the column stands in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Position => 0,
            Self::Id => 1,
            Self::Domain => 2,
            Self::EntityType => 3,
            Self::LocalId => 4,
            Self::Flags => 5,
            Self::FlagsEntityType => 6,
            Self::Weight => 7,
            Self::Radius => 8,
            Self::Strength => 9,
            Self::Timestamp => 10,
            Self::Coordinate(space, axis) => 11 + 3 * space as usize + axis as usize,
        }
    }

    /// Returns the column of a name, which is matched exactly.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// Shows the name.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
