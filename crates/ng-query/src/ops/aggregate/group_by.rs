use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use ng_arrow::Column;
use ng_token::{EntityType, Flags, Space};

use super::call::{Call, parse_list};
use crate::QuestionError;
use crate::filter::FLAGS;
use crate::scan::Stage;

/// What tokens are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupBy {
    /// `entity_type`: that of the id.
    EntityType,
    /// `flags_entity_type`: that of the flags.
    FlagsEntityType,
    /// `domain`.
    Domain,
    /// `active` to `locked`, `user_0` to `user_3`: whether one named flag is set.
    Flag(Flags),
    /// `time(seconds)`: buckets of this many seconds, from 0 on.
    Time(NonZeroU32),
    /// `cell(space, size)`: cubes of this many steps, from the origin on.
    Cell(Space, NonZeroU32),
}

/// What the tokens of a group have in common, by one [`GroupBy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// The entity type.
    EntityType(EntityType),
    /// The domain.
    Domain(u8),
    /// Whether the flag is set.
    Flag(bool),
    /// The first second of the bucket.
    Time(u32),
    /// The least corner of the cube, in steps; below `i16::MIN` where a cube reaches beyond what
    /// can be stored.
    Cell([i32; 3]),
}

impl GroupBy {
    /// Parses groupings with commas between them.
    ///
    /// # Errors
    ///
    /// [`QuestionError::GroupBy`] for the first that is invalid.
    pub fn list(group_by: &str) -> Result<Vec<Self>, QuestionError> {
        parse_list(group_by)
    }

    /// Refuses cubes larger than everything that can be stored, and flags without a name.
    pub(super) fn check(self) -> Result<(), QuestionError> {
        match self {
            Self::Cell(_, size) if size.get() > LARGEST_CELL => Err(QuestionError::GroupBy {
                text: self.to_string(),
            }),
            // Without a name there is no text for it.
            Self::Flag(flags) if name_of_flag(flags).is_none() => Err(QuestionError::GroupBy {
                text: self.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// How many bits the number of a group has.
    pub(super) fn bits(self) -> u32 {
        let bits_of = |most: u32| u32::BITS - most.leading_zeros();
        match self {
            Self::EntityType | Self::FlagsEntityType | Self::Domain => 4,
            Self::Flag(_) => 1,
            Self::Time(seconds) => bits_of(u32::MAX / seconds),
            Self::Cell(_, size) => 3 * bits_of(cell_count(size) - 1),
        }
    }

    /// The column whose values are the groups.
    pub(super) fn kind(self) -> Option<Column> {
        match self {
            Self::EntityType => Some(Column::EntityType),
            Self::FlagsEntityType => Some(Column::FlagsEntityType),
            Self::Domain => Some(Column::Domain),
            Self::Flag(_) | Self::Time(_) | Self::Cell(..) => None,
        }
    }

    pub(super) fn columns(self) -> Vec<Column> {
        match self {
            Self::EntityType => vec![Column::EntityType],
            Self::FlagsEntityType => vec![Column::FlagsEntityType],
            Self::Domain => vec![Column::Domain],
            Self::Flag(_) => vec![Column::Flags],
            Self::Time(_) => vec![Column::Timestamp],
            Self::Cell(space, _) => crate::select::axes(space).to_vec(),
        }
    }

    /// Appends the number of each token's group to its code, at the low end.
    pub(super) fn append_to(self, codes: &mut [u64], stage: &Stage<'_>) {
        let (lanes, bits) = (&stage.lanes, self.bits());
        match self {
            Self::EntityType => append(codes, bits, lanes.u8(Column::EntityType), u64::from),
            Self::FlagsEntityType => {
                append(codes, bits, lanes.u8(Column::FlagsEntityType), u64::from);
            }
            Self::Domain => append(codes, bits, lanes.u8(Column::Domain), u64::from),
            Self::Flag(flag) => {
                let flag = flag.bits();
                append(codes, bits, lanes.u16(Column::Flags), |flags| {
                    u64::from(flags & flag == flag)
                });
            }
            Self::Time(seconds) => {
                let number = |time| quotient(time, seconds);
                append(codes, bits, lanes.u32(Column::Timestamp), number);
            }
            Self::Cell(space, size) => {
                let least = least_cell(size) * size.get() as i32;
                for axis in crate::select::axes(space) {
                    append(codes, bits / 3, lanes.i16(axis), |steps| {
                        quotient((i32::from(steps) - least) as u32, size)
                    });
                }
            }
        }
    }

    /// Whether a group has this number.
    pub(super) fn has(self, number: u64) -> bool {
        match self {
            Self::EntityType | Self::FlagsEntityType | Self::Domain => number < 16,
            Self::Flag(_) => number < 2,
            Self::Time(seconds) => number <= u64::from(u32::MAX / seconds),
            Self::Cell(_, size) => {
                let bits = self.bits() / 3;
                let cell = |axis: u32| number >> (bits * axis) & ((1 << bits) - 1);
                let count = u64::from(cell_count(size));
                (0..3).all(|axis| cell(axis) < count) && number >> (3 * bits) == 0
            }
        }
    }

    /// The key of a group's number.
    pub(super) fn key(self, number: u64) -> Key {
        match self {
            Self::EntityType | Self::FlagsEntityType => {
                Key::EntityType(EntityType::ALL[number as usize & 0xF])
            }
            Self::Domain => Key::Domain(number as u8),
            Self::Flag(_) => Key::Flag(number != 0),
            Self::Time(seconds) => Key::Time(number as u32 * seconds.get()),
            Self::Cell(_, size) => {
                let bits = self.bits() / 3;
                let corner = |axis: u32| {
                    let cell = (number >> (bits * axis)) as u32 & ((1 << bits) - 1);
                    (least_cell(size) + cell as i32) * size.get() as i32
                };
                Key::Cell([corner(2), corner(1), corner(0)])
            }
        }
    }
}

/// As many steps as a coordinate can have.
const LARGEST_CELL: u32 = 1 << 16;

fn append<T: Copy>(codes: &mut [u64], bits: u32, values: &[T], number: impl Fn(T) -> u64) {
    for (code, &value) in codes.iter_mut().zip(values) {
        *code = *code << bits | number(value);
    }
}

/// By way of `f64`, which holds both; its quotient is below the next whole number wherever the
/// exact one is. Vectors have no integer division.
fn quotient(value: u32, by: NonZeroU32) -> u64 {
    u64::from((f64::from(value) / f64::from(by.get())) as u32)
}

/// The number of the cube that contains the least coordinate.
fn least_cell(size: NonZeroU32) -> i32 {
    i32::from(i16::MIN).div_euclid(size.get() as i32)
}

/// How many cubes there are along an axis.
fn cell_count(size: NonZeroU32) -> u32 {
    (i32::from(i16::MAX).div_euclid(size.get() as i32) - least_cell(size) + 1) as u32
}

impl FromStr for GroupBy {
    type Err = QuestionError;

    fn from_str(text: &str) -> Result<Self, QuestionError> {
        let unknown = || QuestionError::GroupBy {
            text: text.to_owned(),
        };
        let call = Call::parse(text).ok_or_else(unknown)?;
        match (call.name, call.arguments.as_slice()) {
            ("entity_type", []) => Ok(Self::EntityType),
            ("flags_entity_type", []) => Ok(Self::FlagsEntityType),
            ("domain", []) => Ok(Self::Domain),
            ("time", [seconds]) => Ok(Self::Time(seconds.parse().map_err(|_| unknown())?)),
            ("cell", [space, size]) => cell(space, size).ok_or_else(unknown),
            (name, []) => flag_of_name(name).map(Self::Flag).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

fn flag_of_name(name: &str) -> Option<Flags> {
    let mut named = FLAGS.iter().filter(|(known, _)| *known == name);
    named.next().map(|(_, bits)| Flags::from_bits(*bits))
}

fn name_of_flag(flags: Flags) -> Option<&'static str> {
    let mut named = FLAGS.iter().filter(|(_, bits)| *bits == flags.bits());
    named.next().map(|(name, _)| *name)
}

/// The size of a cube in units.
pub(super) fn units_of(space: Space, size: NonZeroU32) -> f64 {
    f64::from(size.get()) / f64::from(space.scale())
}

/// A size is a whole number of steps, from one to the whole range of a coordinate.
fn cell(space: &str, size: &str) -> Option<GroupBy> {
    let space = Space::ALL.into_iter().find(|known| known.name() == space)?;
    let steps = size.parse::<f64>().ok()? * f64::from(space.scale());
    let whole = steps.round();
    let fits = (whole - steps).abs() < 1e-6 && (1.0..=f64::from(LARGEST_CELL)).contains(&whole);
    Some(GroupBy::Cell(
        space,
        NonZeroU32::new(whole as u32).filter(|_| fits)?,
    ))
}

/// Shows it as it is parsed.
impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntityType => f.write_str("entity_type"),
            Self::FlagsEntityType => f.write_str("flags_entity_type"),
            Self::Domain => f.write_str("domain"),
            Self::Flag(flags) => match name_of_flag(*flags) {
                Some(name) => f.write_str(name),
                None => write!(f, "{:#06x}", flags.bits()),
            },
            Self::Time(seconds) => write!(f, "time({seconds})"),
            Self::Cell(space, size) => {
                write!(f, "cell({space}, {})", units_of(*space, *size))
            }
        }
    }
}
