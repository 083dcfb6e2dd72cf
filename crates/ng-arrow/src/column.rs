use std::fmt;
use std::str::FromStr;

use ng_token::{Axis, Space};
use thiserror::Error;

use crate::nearest::nearest_name;
use crate::value::Escaped;

/// A column of tokens, under one name everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// `position`: the token's position, from 0. Not stored in the token.
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
    /// `flags_entity_type`: bits 8-11 of the flags; in a valid token, the id's entity type.
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

    /// The default columns for writing: everything stored, and the parts of the id, without
    /// the position and the flags' copy of the entity type.
    pub const DEFAULT: [Self; 33] = {
        let mut default = [Self::Id; 33];
        let (mut from, mut to) = (0, 0);
        while from < Self::ALL.len() {
            if !matches!(Self::ALL[from], Self::Position | Self::FlagsEntityType) {
                default[to] = Self::ALL[from];
                to += 1;
            }
            from += 1;
        }
        assert!(to == default.len());
        default
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

    /// Returns the column's index in [`ALL`](Self::ALL).
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

    /// Returns the column with this exact name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Returns the columns of a comma-separated list of names.
    ///
    /// The name of a space stands for its three coordinates, `all` for every column.
    ///
    /// ```
    /// use ng_arrow::Column;
    /// use ng_token::{Axis, Space};
    ///
    /// let columns = Column::list("id,physical")?;
    /// let [x, y, z] = Axis::ALL.map(|axis| Column::Coordinate(Space::Physical, axis));
    /// assert_eq!(columns, [Column::Id, x, y, z]);
    /// let error = Column::list("id,wieght").unwrap_err();
    /// assert_eq!(error.to_string(), "no column `wieght`, did you mean `weight`?");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ColumnsError`]: an unknown name, or a duplicate column.
    pub fn list(names: &str) -> Result<Vec<Self>, ColumnsError> {
        let mut columns = Vec::new();
        for name in names.split(',').map(str::trim) {
            let group = group(name);
            let named = if group.is_empty() {
                vec![name.parse()?]
            } else {
                group
            };
            for column in named {
                if columns.contains(&column) {
                    return Err(ColumnsError::Twice { column });
                }
                columns.push(column);
            }
        }
        Ok(columns)
    }
}

/// The columns that a group name stands for.
fn group(name: &str) -> Vec<Column> {
    if name == ALL {
        return Column::ALL.to_vec();
    }
    let of_space = |space: Space| Axis::ALL.map(|axis| Column::Coordinate(space, axis));
    let named = Space::ALL.into_iter().filter(|space| space.name() == name);
    named.flat_map(of_space).collect()
}

/// Stands for every column.
const ALL: &str = "all";

/// An unknown column name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no column `{}`{}", Escaped(name), DidYouMean(*nearest))]
pub struct UnknownColumn {
    /// The name.
    pub name: Box<str>,
    /// The column with the most similar name, if any is similar.
    pub nearest: Option<Column>,
}

struct DidYouMean(Option<Column>);

impl fmt::Display for DidYouMean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(column) => write!(f, ", did you mean `{column}`?"),
            None => f.write_str(", expected one such as `id`, `weight` or `physical_x`"),
        }
    }
}

/// Why names are not a list of columns.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// A name is unknown.
    #[error(transparent)]
    Unknown(#[from] UnknownColumn),
    /// A column is duplicated.
    #[error("column `{column}` comes twice")]
    Twice {
        /// The column.
        column: Column,
    },
}

/// How many characters of a name errors show.
const TOLD_CHARS: usize = 64;

/// Parses the name, matched exactly.
impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(name: &str) -> Result<Self, UnknownColumn> {
        Self::of_name(name).ok_or_else(|| {
            let name: String = name.chars().take(TOLD_CHARS).collect();
            UnknownColumn {
                nearest: nearest(&name),
                name: name.into(),
            }
        })
    }
}

fn nearest(name: &str) -> Option<Column> {
    let names = Column::ALL.into_iter().map(Column::name);
    nearest_name(name, names).and_then(Column::of_name)
}

/// Shows the name.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_column_and_no_other() {
        for column in Column::ALL {
            assert_eq!(column.name().parse(), Ok(column));
            assert_eq!(Column::of_name(&column.to_string()), Some(column));
        }
        let names: std::collections::HashSet<_> = Column::ALL.map(Column::name).into();
        assert_eq!(names.len(), Column::ALL.len());
    }

    #[test]
    fn an_unknown_name_comes_with_the_nearest() {
        for (name, nearest) in [
            ("weigth", Some("weight")),
            ("Weight", Some("weight")),
            ("physicalx", Some("physical_x")),
            ("entitytype", Some("entity_type")),
            ("time", Some("timestamp")),
            ("", None),
            ("qqq", None),
        ] {
            let unknown = name.parse::<Column>().unwrap_err();
            assert_eq!(unknown.nearest.map(Column::name), nearest, "{name}");
        }
        let long = "x".repeat(1 << 20).parse::<Column>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn a_list_takes_spaces_and_refuses_what_comes_twice() {
        let names = |list| Column::list(list).map(|columns| columns.len());
        assert_eq!(names("id, weight"), Ok(2));
        assert_eq!(names("physical,abstract"), Ok(6));
        assert_eq!(names("all"), Ok(35));
        let twice = |column| Err(ColumnsError::Twice { column });
        assert_eq!(names("id,weight,id"), twice(Column::Id));
        let x = Column::Coordinate(Space::Motor, Axis::X);
        assert_eq!(names("motor_x,motor"), twice(x));
        assert!(names("").is_err() && names("id,").is_err());
    }

    #[test]
    fn the_default_columns_hold_every_byte() {
        let missing: Vec<_> = Column::ALL
            .into_iter()
            .filter(|column| !Column::DEFAULT.contains(column))
            .collect();
        assert_eq!(missing, [Column::Position, Column::FlagsEntityType]);
    }
}
