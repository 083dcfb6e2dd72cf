//! Which blocks need not be looked at.

use std::ops::{Range, RangeInclusive};

use super::{Span, Zone};
use crate::bound::{Ball, Bound, Condition, Kind, Number, Stepped, first_run};
use crate::ordered::key_of_weight;

/// What a zone says about the tokens of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No token matches.
    None,
    /// Every token matches.
    All,
    /// Some may match, and some may not.
    Some,
}

impl Verdict {
    /// From whether a token may match, and whether one may not.
    fn of(can_match: bool, can_fail: bool) -> Self {
        match (can_match, can_fail) {
            (false, _) => Self::None,
            (true, false) => Self::All,
            (true, true) => Self::Some,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::None => Self::All,
            Self::All => Self::None,
            Self::Some => Self::Some,
        }
    }
}

/// Tells which tokens at some positions can match a filter, by the zone of their block if it has
/// one.
pub(crate) fn verdict(filter: &Bound, positions: &Range<u64>, zone: Option<&Zone>) -> Verdict {
    let fold = |parts: &[Bound], neutral, last| {
        let mut folded = neutral;
        for part in parts {
            match verdict(part, positions, zone) {
                verdict if verdict == last => return last,
                Verdict::Some => folded = Verdict::Some,
                _ => (),
            }
        }
        folded
    };
    match filter {
        Bound::All => Verdict::All,
        Bound::Nothing => Verdict::None,
        Bound::Is(Condition::Position(range)) => position(positions).test(range),
        Bound::Is(Condition::Runs(Stepped::Position, runs)) => {
            position(positions).wide().test_runs(runs)
        }
        Bound::Is(condition) => zone.map_or(Verdict::Some, |zone| zone.test(condition, positions)),
        Bound::Not(inner) => verdict(inner, positions, zone).not(),
        Bound::And(parts) => fold(parts, Verdict::All, Verdict::None),
        Bound::Or(parts) => fold(parts, Verdict::None, Verdict::All),
    }
}

impl Zone {
    fn test(&self, condition: &Condition, positions: &Range<u64>) -> Verdict {
        match condition {
            Condition::Position(range) => position(positions).test(range),
            Condition::Id(range) => self.id.test(range),
            Condition::LocalId(range) => self.local_id.test(range),
            Condition::Timestamp(range) => self.timestamp.test(range),
            Condition::OneOf(number, values) => self.test_one_of(*number, values),
            Condition::Runs(column, runs) => self.steps(*column, positions).test_runs(runs),
            Condition::Kind(kind, mask) => {
                let there = self.kinds(*kind);
                Verdict::of(there & mask != 0, there & !mask != 0)
            }
            Condition::Flags(range) => self.flags.test(range),
            Condition::FlagBits { mask, value } => self.test_flags(*mask, *value),
            Condition::Weight(range) => self.test_weight(range),
            Condition::Radius(range) => self.radius.test(range),
            Condition::Strength(range) => self.strength.test(range),
            Condition::Coordinate(space, axis, range) => {
                self.space(*space)[*axis as usize].test(range)
            }
            Condition::Ball(space, ball) => ball.test(&self.space(*space)),
            Condition::TypesAgree => self.test_types(),
        }
    }

    fn test_one_of(&self, number: Number, values: &[u32]) -> Verdict {
        match number {
            Number::Id => self.id.test_one_of(values),
            Number::LocalId => self.local_id.test_one_of(values),
            Number::Timestamp => self.timestamp.test_one_of(values),
            // NaN is none of them.
            Number::Weight if self.all_nan() => Verdict::None,
            Number::Weight => {
                let ends = [self.weight.min(), self.weight.max()].map(key_of_weight);
                match Span::new(ends[0], ends[1]).test_one_of(values) {
                    Verdict::All if self.has_nan() => Verdict::Some,
                    verdict => verdict,
                }
            }
        }
    }

    fn steps(&self, column: Stepped, positions: &Range<u64>) -> Span<i128> {
        match column {
            Stepped::Position => position(positions).wide(),
            Stepped::Flags => self.flags.wide(),
            Stepped::Radius => self.radius.wide(),
            Stepped::Strength => self.strength.wide(),
            Stepped::Coordinate(space, axis) => self.space(space)[axis as usize].wide(),
        }
    }

    fn kinds(&self, kind: Kind) -> u16 {
        match kind {
            Kind::Domain => self.domains,
            Kind::EntityType => self.entity_types,
            Kind::FlagsEntityType => self.flags_entity_types,
        }
    }

    fn test_flags(&self, mask: u16, value: u16) -> Verdict {
        let (set, clear) = (value, mask & !value);
        let can_match =
            value & !mask == 0 && self.flags_or & set == set && self.flags_and & clear == 0;
        let always = self.flags_and & set == set && self.flags_or & clear == 0;
        Verdict::of(can_match, !always)
    }

    /// NaN is in no range.
    fn test_weight(&self, range: &RangeInclusive<f32>) -> Verdict {
        let can_match = !self.all_nan() && self.weight.meets(range);
        Verdict::of(can_match, self.has_nan() || !self.weight.is_within(range))
    }

    fn test_types(&self) -> Verdict {
        let (of_id, of_flags) = (self.entity_types, self.flags_entity_types);
        let is_one = of_id == of_flags && of_id.is_power_of_two();
        Verdict::of(of_id & of_flags != 0, !is_one)
    }
}

fn position(positions: &Range<u64>) -> Span<u64> {
    Span::new(positions.start, positions.end.saturating_sub(1))
}

impl<T: Copy + PartialOrd> Span<T> {
    fn test(self, range: &RangeInclusive<T>) -> Verdict {
        Verdict::of(self.meets(range), !self.is_within(range))
    }

    fn meets(self, range: &RangeInclusive<T>) -> bool {
        self.min() <= *range.end() && self.max() >= *range.start()
    }

    fn is_within(self, range: &RangeInclusive<T>) -> bool {
        self.min() >= *range.start() && self.max() <= *range.end()
    }

    fn wide(self) -> Span<i128>
    where
        i128: From<T>,
    {
        Span::new(self.min().into(), self.max().into())
    }
}

impl Span<i128> {
    /// For runs with gaps between them: all match only within one run.
    fn test_runs(self, runs: &[RangeInclusive<i128>]) -> Verdict {
        let first = runs.get(first_run(runs, self.min()));
        first.map_or(Verdict::None, |run| self.test(run))
    }
}

impl Span<u32> {
    /// For ascending values: all match if every possible number is among them.
    fn test_one_of(self, values: &[u32]) -> Verdict {
        let first = values.partition_point(|value| *value < self.min());
        let count = values[first..].partition_point(|value| *value <= self.max()) as u64;
        // In a forged zone the ends may be swapped.
        let numbers = u64::from(self.max().saturating_sub(self.min())) + 1;
        Verdict::of(count > 0, count < numbers)
    }
}

impl Ball {
    /// The distances of the nearest and of the farthest point of a box.
    fn test(&self, space: &[Span<i16>; 3]) -> Verdict {
        match self {
            Self::OnGrid {
                centre,
                squared_radius,
            } => {
                let radius = u128::from(*squared_radius);
                let sum = |ends: fn(i32, Span<i16>) -> u64| -> u128 {
                    let squares = centre.iter().zip(space).map(|(at, span)| ends(*at, *span));
                    squares.map(|steps| u128::from(steps).pow(2)).sum()
                };
                Verdict::of(sum(nearest) <= radius, sum(farthest) > radius)
            }
            Self::OffGrid {
                centre,
                squared_radius,
            } => {
                // In the same order as the distance of a token; each operation rounds
                // monotonically, so a token's distance is between these.
                let sum = |ends: fn(f64, Span<i16>) -> f64| -> f64 {
                    let [x, y, z] = [0, 1, 2].map(|axis| {
                        let difference = ends(centre[axis], space[axis]);
                        difference * difference
                    });
                    x + y + z
                };
                let nearest = sum(nearest_off_grid);
                Verdict::of(
                    nearest <= *squared_radius,
                    sum(farthest_off_grid) > *squared_radius,
                )
            }
        }
    }
}

/// Steps from a place on an axis to the nearest one of a span.
fn nearest(at: i32, span: Span<i16>) -> u64 {
    let (at, min, max) = (i64::from(at), i64::from(span.min()), i64::from(span.max()));
    // `clamp` panics if a forged zone has its ends swapped.
    at.abs_diff(at.max(min).min(max))
}

fn farthest(at: i32, span: Span<i16>) -> u64 {
    let at = i64::from(at);
    at.abs_diff(span.min().into())
        .max(at.abs_diff(span.max().into()))
}

/// At most the distance from any step of the span: 0 from a place within, even between two steps.
fn nearest_off_grid(at: f64, span: Span<i16>) -> f64 {
    let (min, max) = (f64::from(span.min()), f64::from(span.max()));
    if at < min {
        min - at
    } else if at > max {
        at - max
    } else {
        0.0
    }
}

fn farthest_off_grid(at: f64, span: Span<i16>) -> f64 {
    let ends = [span.min(), span.max()].map(|end| (f64::from(end) - at).abs());
    ends[0].max(ends[1])
}
