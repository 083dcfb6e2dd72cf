use ng_arrow::Column;
use ng_token::{Axis, Space};

use super::one_of::OneOf;
use super::runs::Runs;
use crate::QueryError;
use crate::bound::{Ball, Condition, Number, Stepped};
use crate::kernels::Kernels;
use crate::ordered::key_of_weight;
use crate::scan::Stage;

/// A ball with a radius below this many steps fits the 16-bit kernel.
const SMALL_RADIUS: u64 = 32767;

/// A condition, ready to be evaluated.
pub(super) struct Test {
    condition: Condition,
    columns: Vec<Column>,
    set: Set,
}

/// The form of a long list.
enum Set {
    Nothing,
    OneOf(OneOf),
    Runs(Runs),
}

impl Test {
    pub(super) fn new(condition: Condition) -> Self {
        let set = match &condition {
            Condition::OneOf(_, values) => Set::OneOf(OneOf::new(values.clone())),
            Condition::Runs(column, runs) => Set::Runs(Runs::new(*column, runs)),
            _ => Set::Nothing,
        };
        Self {
            columns: columns_of(&condition),
            condition,
            set,
        }
    }

    pub(super) fn cost(&self) -> usize {
        cost(&self.condition)
    }

    pub(super) fn evaluate(
        &self,
        stage: &mut Stage<'_>,
        mask: &mut [u8],
    ) -> Result<(), QueryError> {
        stage.load(&self.columns)?;
        let (kernels, lanes, first) = (stage.kernels, &stage.lanes, stage.first());
        match &self.condition {
            Condition::Position(range) => positions(range.clone(), first, mask),
            Condition::Id(range) => {
                kernels.range_u32(lanes.u32(Column::Id), *range.start(), *range.end(), mask);
            }
            Condition::LocalId(range) => {
                kernels.range_u32(
                    lanes.u32(Column::LocalId),
                    *range.start(),
                    *range.end(),
                    mask,
                );
            }
            Condition::Timestamp(range) => {
                let times = lanes.u32(Column::Timestamp);
                kernels.range_u32(times, *range.start(), *range.end(), mask);
            }
            Condition::OneOf(number, _) => {
                let column = number.column();
                match (&self.set, number) {
                    (Set::OneOf(set), Number::Weight) => {
                        set.mark(lanes.f32(column), key_of_weight, mask);
                    }
                    (Set::OneOf(set), _) => set.mark(lanes.u32(column), |value| value, mask),
                    _ => {}
                }
            }
            Condition::Runs(..) => {
                if let Set::Runs(runs) = &self.set {
                    runs.mark(lanes, first, mask);
                }
            }
            Condition::Kind(kind, set) => {
                let values = lanes.u8(kind.column());
                kernels.one_of_16(values, *set, mask);
            }
            Condition::Flags(range) => {
                kernels.range_u16(lanes.u16(Column::Flags), *range.start(), *range.end(), mask);
            }
            Condition::FlagBits { mask: bits, value } => {
                kernels.bits_u16(lanes.u16(Column::Flags), *bits, *value, mask);
            }
            Condition::Weight(range) => {
                kernels.range_f32(
                    lanes.f32(Column::Weight),
                    *range.start(),
                    *range.end(),
                    mask,
                );
            }
            Condition::Radius(range) => {
                kernels.range_u8(lanes.u8(Column::Radius), *range.start(), *range.end(), mask);
            }
            Condition::Strength(range) => {
                kernels.range_u8(
                    lanes.u8(Column::Strength),
                    *range.start(),
                    *range.end(),
                    mask,
                );
            }
            Condition::Coordinate(space, axis, range) => {
                let steps = lanes.i16(Column::Coordinate(*space, *axis));
                kernels.range_i16(steps, *range.start(), *range.end(), mask);
            }
            Condition::Ball(space, ball) => {
                let points = axes(*space).map(|axis| lanes.i16(axis));
                in_ball(kernels, points, ball, mask);
            }
            Condition::TypesAgree => {
                let flags = lanes.u8(Column::FlagsEntityType);
                kernels.equal_u8(lanes.u8(Column::EntityType), flags, mask);
            }
        }
        Ok(())
    }
}

fn positions(range: std::ops::RangeInclusive<u64>, first: u64, mask: &mut [u8]) {
    for (position, mask) in (first..).zip(mask) {
        *mask = u8::from(range.contains(&position));
    }
}

/// Sets a byte for each point that is in a ball.
pub(crate) fn in_ball(kernels: Kernels, points: [&[i16]; 3], ball: &Ball, mask: &mut [u8]) {
    match *ball {
        Ball::OnGrid {
            centre,
            squared_radius,
        } => match small(centre, squared_radius) {
            Some((centre, squared)) => kernels.small_ball(points, centre, squared, mask),
            None => kernels.any_ball(points, centre, squared_radius, mask),
        },
        Ball::OffGrid {
            centre,
            squared_radius,
        } => kernels.off_grid_ball(points, centre, squared_radius, mask),
    }
}

/// A ball for the 16-bit kernel, if it fits.
fn small([x, y, z]: [i32; 3], squared_radius: u64) -> Option<([i16; 3], u32)> {
    if squared_radius >= SMALL_RADIUS * SMALL_RADIUS {
        return None;
    }
    let centre = [x.try_into().ok()?, y.try_into().ok()?, z.try_into().ok()?];
    Some((centre, squared_radius as u32))
}

/// The three columns of a space.
pub(crate) fn axes(space: Space) -> [Column; 3] {
    Axis::ALL.map(|axis| Column::Coordinate(space, axis))
}

/// The cost of a token: the bytes of its columns, and as much again for a set or a ball.
pub(crate) fn cost(condition: &Condition) -> usize {
    let columns = columns_of(condition).into_iter();
    let bytes: usize = columns.map(crate::scan::width).sum();
    match condition {
        Condition::OneOf(..) | Condition::Runs(..) | Condition::Ball(..) => 2 * bytes,
        _ => bytes,
    }
}

/// The columns of a condition.
pub(crate) fn columns_of(condition: &Condition) -> Vec<Column> {
    match condition {
        Condition::Position(_) => Vec::new(),
        Condition::Id(_) => vec![Column::Id],
        Condition::LocalId(_) => vec![Column::LocalId],
        Condition::Timestamp(_) => vec![Column::Timestamp],
        Condition::OneOf(number, _) => vec![number.column()],
        Condition::Runs(Stepped::Position, _) => Vec::new(),
        Condition::Runs(column, _) => vec![column.column()],
        Condition::Kind(kind, _) => vec![kind.column()],
        Condition::Flags(_) | Condition::FlagBits { .. } => vec![Column::Flags],
        Condition::Weight(_) => vec![Column::Weight],
        Condition::Radius(_) => vec![Column::Radius],
        Condition::Strength(_) => vec![Column::Strength],
        Condition::Coordinate(space, axis, _) => vec![Column::Coordinate(*space, *axis)],
        Condition::Ball(space, _) => axes(*space).to_vec(),
        Condition::TypesAgree => vec![Column::EntityType, Column::FlagsEntityType],
    }
}
