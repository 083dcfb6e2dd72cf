//! What a filter asks of stored bytes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use ng_arrow::Column;
use ng_token::{Axis, Space, Token};

use crate::ordered::key_of_weight;

/// A filter in stored steps, as it is evaluated on blocks.
///
/// Already simplified when it is evaluated: binding leaves no `All` or `Nothing` below another
/// node, no node directly below one of its own kind, and no `And` or `Or` of fewer than two. An
/// `And` has at most one range or mask of each column.
///
/// At most two levels deeper than the filter, so recursion is safe.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bound {
    All,
    Nothing,
    Is(Condition),
    Not(Box<Bound>),
    And(Vec<Bound>),
    Or(Vec<Bound>),
}

/// One condition on one token's stored bytes. Ranges include both ends and are not empty. They
/// never hold for every value, except ranges of weights, which never include NaN.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// The position in the file.
    Position(RangeInclusive<u64>),
    Id(RangeInclusive<u32>),
    /// The low 24 bits of the id.
    LocalId(RangeInclusive<u32>),
    Timestamp(RangeInclusive<u32>),
    /// One of two or more numbers, ascending and distinct.
    OneOf(Number, Arc<Vec<u32>>),
    /// In one of several runs of steps that can be stored, ascending and with gaps between them.
    Runs(Stepped, Vec<RangeInclusive<i128>>),
    /// Four bits, one mask bit for each value; neither none nor all are set.
    Kind(Kind, u16),
    /// The flags as a number.
    Flags(RangeInclusive<u16>),
    /// `flags & mask == value`; all bits of the value are in the mask.
    FlagBits {
        mask: u16,
        value: u16,
    },
    /// By IEEE: NaN is in no range, and -0.0 equals 0.0.
    Weight(RangeInclusive<f32>),
    Radius(RangeInclusive<u8>),
    Strength(RangeInclusive<u8>),
    Coordinate(Space, Axis, RangeInclusive<i16>),
    Ball(Space, Ball),
    /// Id and flags name the same entity type.
    TypesAgree,
}

/// A column that can be one of many numbers of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Id,
    LocalId,
    Timestamp,
    /// By its key, see [`key_of_weight`].
    Weight,
}

/// A column whose lists are kept as runs: it has few values, or is the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    Position,
    Flags,
    Radius,
    Strength,
    Coordinate(Space, Axis),
}

/// A column of four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Domain,
    EntityType,
    FlagsEntityType,
}

/// From this many steps away all stored points look equally far to an `f64`: 2^80.
pub(crate) const FAR: f64 = (1_u128 << 80) as f64;

/// A closed ball in the steps of a space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ball {
    /// The centre is a whole number of steps on each axis, within what can be stored or not: exact.
    /// Neither the differences nor the sum of the three squares overflows.
    OnGrid {
        centre: [i32; 3],
        /// The greatest squared distance inside, in squared steps.
        squared_radius: u64,
    },
    /// The squared distance is the sum, x first, of the squares of `f64::from(steps) - centre`,
    /// each operation rounded once; inside is at most `squared_radius`. All values are less than
    /// 2^80 and their squares less than 2^160, so nothing is infinite or NaN.
    OffGrid {
        centre: [f64; 3],
        squared_radius: f64,
    },
}

impl Bound {
    /// Tells whether a token at a position matches.
    pub(crate) fn matches(&self, token: &Token, position: u64) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Is(condition) => condition.holds(token, position),
            Self::Not(inner) => !inner.matches(token, position),
            Self::And(inner) => inner.iter().all(|bound| bound.matches(token, position)),
            Self::Or(inner) => inner.iter().any(|bound| bound.matches(token, position)),
        }
    }
}

impl Condition {
    fn holds(&self, token: &Token, position: u64) -> bool {
        match self {
            Self::Position(range) => range.contains(&position),
            Self::Id(range) => range.contains(&Number::Id.of(token)),
            Self::LocalId(range) => range.contains(&Number::LocalId.of(token)),
            Self::Timestamp(range) => range.contains(&Number::Timestamp.of(token)),
            Self::OneOf(number, values) => values.binary_search(&number.of(token)).is_ok(),
            Self::Runs(column, runs) => {
                let step = column.of(token, position);
                runs[first_run(runs, step)..]
                    .first()
                    .is_some_and(|run| run.contains(&step))
            }
            Self::Kind(kind, mask) => mask >> kind.of(token) & 1 != 0,
            Self::Flags(range) => range.contains(&token.flags().bits()),
            Self::FlagBits { mask, value } => token.flags().bits() & mask == *value,
            Self::Weight(range) => range.contains(&token.weight()),
            Self::Radius(range) => range.contains(&token.radius_raw()),
            Self::Strength(range) => range.contains(&token.strength_raw()),
            Self::Coordinate(space, axis, range) => {
                range.contains(&token.steps(*space)[*axis as usize])
            }
            Self::Ball(space, ball) => ball.contains(token.steps(*space)),
            Self::TypesAgree => token.id().entity_type() == token.flags().entity_type(),
        }
    }
}

/// The index of the first run that does not end before a step.
pub(crate) fn first_run(runs: &[RangeInclusive<i128>], step: i128) -> usize {
    runs.partition_point(|run| *run.end() < step)
}

impl Stepped {
    fn of(self, token: &Token, position: u64) -> i128 {
        match self {
            Self::Position => position.into(),
            Self::Flags => token.flags().bits().into(),
            Self::Radius => token.radius_raw().into(),
            Self::Strength => token.strength_raw().into(),
            Self::Coordinate(space, axis) => token.steps(space)[axis as usize].into(),
        }
    }

    /// The column.
    pub(crate) fn column(self) -> Column {
        match self {
            Self::Position => Column::Position,
            Self::Flags => Column::Flags,
            Self::Radius => Column::Radius,
            Self::Strength => Column::Strength,
            Self::Coordinate(space, axis) => Column::Coordinate(space, axis),
        }
    }
}

impl Number {
    /// The column.
    pub(crate) fn column(self) -> Column {
        match self {
            Self::Id => Column::Id,
            Self::LocalId => Column::LocalId,
            Self::Timestamp => Column::Timestamp,
            Self::Weight => Column::Weight,
        }
    }

    fn of(self, token: &Token) -> u32 {
        match self {
            Self::Id => token.id().raw(),
            Self::LocalId => token.id().local(),
            Self::Timestamp => token.timestamp(),
            Self::Weight => key_of_weight(token.weight()),
        }
    }
}

impl Kind {
    /// The column.
    pub(crate) fn column(self) -> Column {
        match self {
            Self::Domain => Column::Domain,
            Self::EntityType => Column::EntityType,
            Self::FlagsEntityType => Column::FlagsEntityType,
        }
    }

    const fn of(self, token: &Token) -> u8 {
        match self {
            Self::Domain => token.id().domain(),
            Self::EntityType => token.id().entity_type().bits(),
            Self::FlagsEntityType => token.flags().entity_type().bits(),
        }
    }
}

impl Ball {
    /// Tells whether a stored point is inside.
    pub(crate) fn contains(&self, steps: [i16; 3]) -> bool {
        match *self {
            Self::OnGrid {
                centre,
                squared_radius,
            } => {
                let square = |axis: usize| {
                    let apart = i32::from(steps[axis]).abs_diff(centre[axis]);
                    u64::from(apart) * u64::from(apart)
                };
                square(0) + square(1) + square(2) <= squared_radius
            }
            Self::OffGrid {
                centre,
                squared_radius,
            } => {
                let square = |axis: usize| {
                    let apart = f64::from(steps[axis]) - centre[axis];
                    apart * apart
                };
                square(0) + square(1) + square(2) <= squared_radius
            }
        }
    }
}
