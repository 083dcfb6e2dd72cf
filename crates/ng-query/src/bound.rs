//! What a filter asks of the stored bytes.

use std::ops::RangeInclusive;

use ng_token::{Axis, Space};

/// A filter whose values are stored steps: what blocks are held against.
///
/// Not simplified any further where it is evaluated: binding leaves no `All` or `Nothing`
/// below another node, and no `And` or `Or` of fewer than two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bound {
    All,
    Nothing,
    Is(Condition),
    Not(Box<Bound>),
    And(Vec<Bound>),
    Or(Vec<Bound>),
}

/// One condition of one token's stored bytes. Ranges have both ends, and are not empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// The position in the file.
    Position(RangeInclusive<u64>),
    Id(RangeInclusive<u32>),
    /// The low 24 bits of the id.
    LocalId(RangeInclusive<u32>),
    Timestamp(RangeInclusive<u32>),
    /// One of many numbers, ascending and without repetition.
    OneOf(Number, Vec<u32>),
    /// The four bits, a bit of the mask for each value.
    Kind(Kind, u16),
    /// The flags as a number.
    Flags(RangeInclusive<u16>),
    /// `flags & mask == value`.
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

/// A column of whole numbers that can be one of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Id,
    LocalId,
    Timestamp,
}

/// A column of four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Domain,
    EntityType,
    FlagsEntityType,
}

/// A closed ball in the steps of a space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ball {
    /// The centre is a point that can be stored or lies outside of what can: exact.
    OnGrid {
        centre: [i32; 3],
        /// The greatest squared distance within, in squared steps.
        squared_radius: u64,
    },
    /// The squared distance is the sum, x first, of the squares of `f64::from(steps) -
    /// centre`, each operation rounded once; within is at most `squared_radius`.
    OffGrid {
        centre: [f64; 3],
        squared_radius: f64,
    },
}
