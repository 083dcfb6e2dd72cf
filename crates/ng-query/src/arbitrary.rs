//! Tokens and filters for the tests, and the simplest evaluator as the oracle.

use std::ops::RangeInclusive;

use ng_token::{Axis, Flags, Space, Token};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bound::{Ball, Bound, Condition, Kind, Number, Stepped};
use crate::ordered::key_of_weight;

/// Whether a token matches, in the simplest way.
pub(crate) fn matches(filter: &Bound, position: u64, token: &Token) -> bool {
    match filter {
        Bound::All => true,
        Bound::Nothing => false,
        Bound::Is(condition) => is(condition, position, token),
        Bound::Not(inner) => !matches(inner, position, token),
        Bound::And(parts) => parts.iter().all(|part| matches(part, position, token)),
        Bound::Or(parts) => parts.iter().any(|part| matches(part, position, token)),
    }
}

fn is(condition: &Condition, position: u64, token: &Token) -> bool {
    let id = token.id();
    let flags = token.flags().bits();
    match condition {
        Condition::Position(range) => range.contains(&position),
        Condition::Id(range) => range.contains(&id.raw()),
        Condition::LocalId(range) => range.contains(&id.local()),
        Condition::Timestamp(range) => range.contains(&token.timestamp()),
        Condition::OneOf(Number::Id, values) => values.contains(&id.raw()),
        Condition::OneOf(Number::LocalId, values) => values.contains(&id.local()),
        Condition::OneOf(Number::Timestamp, values) => values.contains(&token.timestamp()),
        Condition::OneOf(Number::Weight, keys) => keys.contains(&key_of_weight(token.weight())),
        Condition::Runs(column, runs) => {
            let step = match *column {
                Stepped::Position => i128::from(position),
                Stepped::Flags => flags.into(),
                Stepped::Radius => token.radius_raw().into(),
                Stepped::Strength => token.strength_raw().into(),
                Stepped::Coordinate(space, axis) => token.steps(space)[axis as usize].into(),
            };
            runs.iter().any(|run| run.contains(&step))
        }
        Condition::Kind(Kind::Domain, mask) => mask >> id.domain() & 1 == 1,
        Condition::Kind(Kind::EntityType, mask) => mask >> (id.raw() >> 24 & 15) & 1 == 1,
        Condition::Kind(Kind::FlagsEntityType, mask) => mask >> (flags >> 8 & 15) & 1 == 1,
        Condition::Flags(range) => range.contains(&flags),
        Condition::FlagBits { mask, value } => flags & mask == *value,
        Condition::Weight(range) => range.contains(&token.weight()),
        Condition::Radius(range) => range.contains(&token.radius_raw()),
        Condition::Strength(range) => range.contains(&token.strength_raw()),
        Condition::Coordinate(space, axis, range) => {
            range.contains(&token.steps(*space)[*axis as usize])
        }
        Condition::Ball(space, ball) => is_in(ball, token.steps(*space)),
        Condition::TypesAgree => id.raw() >> 24 & 15 == u32::from(flags >> 8 & 15),
    }
}

fn is_in(ball: &Ball, steps: [i16; 3]) -> bool {
    match ball {
        Ball::OnGrid {
            centre,
            squared_radius,
        } => {
            let squares =
                (0..3).map(|axis| (i128::from(steps[axis]) - i128::from(centre[axis])).pow(2));
            squares.sum::<i128>() <= i128::from(*squared_radius)
        }
        Ball::OffGrid {
            centre,
            squared_radius,
        } => {
            let [x, y, z] = [0, 1, 2].map(|axis| {
                let difference = f64::from(steps[axis]) - centre[axis];
                difference * difference
            });
            x + y + z <= *squared_radius
        }
    }
}

/// Mostly few values near each other, so that conditions hold for none, some and all; sometimes any
/// value.
fn near<T: Copy + std::fmt::Debug + 'static>(
    few: impl Strategy<Value = T> + 'static,
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![6 => few, 1 => any].boxed()
}

fn weights() -> BoxedStrategy<f32> {
    let special = [
        f32::NAN,
        -f32::NAN,
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN_POSITIVE,
    ];
    prop_oneof![
        3 => (0u8..4).prop_map(|quarter| f32::from(quarter) / 4.0),
        2 => proptest::sample::select(special.to_vec()),
        1 => any::<f32>(),
    ]
    .boxed()
}

fn steps() -> BoxedStrategy<i16> {
    near(-3i16..4, any::<i16>())
}

pub(crate) fn token() -> impl Strategy<Value = Token> {
    let id = near(0x1200_0000u32..0x1200_0004, any::<u32>());
    let flags = near(0x0201u16..0x0204, any::<u16>());
    let time = near(0u32..4, any::<u32>());
    let field = (near(0u8..3, any::<u8>()), near(0u8..3, any::<u8>()));
    let points = vec(steps(), 24);
    (id, flags, weights(), field, time, points).prop_map(
        |(id, flags, weight, (radius, strength), time, points)| {
            let mut coordinates = [[0; 3]; 8];
            coordinates.as_flattened_mut().copy_from_slice(&points);
            Token::new(id)
                .with_flags(Flags::from_bits(flags))
                .with_weight(weight)
                .with_radius_raw(radius)
                .with_strength_raw(strength)
                .with_timestamp(time)
                .with_coordinates(coordinates)
        },
    )
}

/// Tokens that have much in common, nothing in common, or ascending ids.
pub(crate) fn tokens() -> impl Strategy<Value = Vec<Token>> {
    let ascending = (any::<u32>(), vec(token(), 1..80)).prop_map(|(first, mut tokens)| {
        for (token, place) in tokens.iter_mut().zip(0..) {
            *token = token.with_id(first.wrapping_add(place));
        }
        tokens
    });
    let alike = (token(), 1usize..80).prop_map(|(token, count)| vec![token; count]);
    prop_oneof![3 => vec(token(), 1..150), 1 => ascending, 1 => alike]
}

fn range<T: Copy + PartialOrd + std::fmt::Debug + 'static>(
    value: impl Fn() -> BoxedStrategy<T>,
) -> BoxedStrategy<RangeInclusive<T>> {
    (value(), value())
        .prop_filter("ends are numbers", |(a, b)| a.partial_cmp(b).is_some())
        .prop_map(|(a, b)| if a <= b { a..=b } else { b..=a })
        .boxed()
}

fn ball() -> BoxedStrategy<Ball> {
    let at = || near(-5i32..6, any::<i32>());
    let off = || prop_oneof![4 => -5.0f64..6.0, 1 => -1e6f64..1e6, 1 => Just(1e200)];
    let on_grid = ([at(), at(), at()], near(0u64..80, any::<u64>()));
    let off_grid = (
        [off(), off(), off()],
        prop_oneof![3 => 0.0f64..80.0, 1 => 0.0f64..1e12, 1 => Just(f64::INFINITY)],
    );
    prop_oneof![
        on_grid.prop_map(|(centre, squared_radius)| Ball::OnGrid {
            centre,
            squared_radius
        }),
        off_grid.prop_map(|(centre, squared_radius)| Ball::OffGrid {
            centre,
            squared_radius
        }),
    ]
    .boxed()
}

pub(crate) fn condition() -> BoxedStrategy<Condition> {
    let id = || near(0x1200_0000u32..0x1200_0004, any::<u32>());
    let time = || near(0u32..5, any::<u32>());
    let number = proptest::sample::select(vec![Number::Id, Number::LocalId, Number::Timestamp]);
    let kind =
        proptest::sample::select(vec![Kind::Domain, Kind::EntityType, Kind::FlagsEntityType]);
    let keys = vec(weights(), 1..8).prop_map(|weights| {
        let numbers = weights.into_iter().filter(|weight| !weight.is_nan());
        let mut keys: Vec<u32> = numbers.map(key_of_weight).collect();
        keys.sort_unstable();
        keys.dedup();
        Condition::OneOf(Number::Weight, keys.into())
    });
    let mask = near(
        proptest::sample::select(vec![2u16, 4, 6, 0xFFFF]),
        any::<u16>(),
    );
    let space = || proptest::sample::select(Space::ALL.to_vec());
    let axis = proptest::sample::select(Axis::ALL.to_vec());
    let many = vec(
        near(0u32..5, near(0x1200_0000u32..0x1200_0004, any::<u32>())),
        1..8,
    )
    .prop_map(|mut values| {
        values.sort_unstable();
        values.dedup();
        values
    });
    prop_oneof![
        range(|| (0u64..200).boxed()).prop_map(Condition::Position),
        range(id).prop_map(Condition::Id),
        range(time).prop_map(Condition::LocalId),
        range(time).prop_map(Condition::Timestamp),
        (number, many).prop_map(|(number, values)| Condition::OneOf(number, values.into())),
        keys,
        runs(),
        (kind, mask.clone()).prop_map(|(kind, mask)| Condition::Kind(kind, mask)),
        range(|| near(0x0201u16..0x0204, any::<u16>())).prop_map(Condition::Flags),
        (near(0u16..4, any::<u16>()), near(0u16..4, any::<u16>())).prop_map(|(mask, value)| {
            Condition::FlagBits {
                mask,
                value: value & mask,
            }
        }),
        range(weights).prop_map(Condition::Weight),
        range(|| near(0u8..4, any::<u8>())).prop_map(Condition::Radius),
        range(|| near(0u8..4, any::<u8>())).prop_map(Condition::Strength),
        (space(), axis, range(steps))
            .prop_map(|(space, axis, range)| Condition::Coordinate(space, axis, range)),
        (space(), ball()).prop_map(|(space, ball)| Condition::Ball(space, ball)),
        Just(Condition::TypesAgree),
    ]
    .boxed()
}

/// Runs of few steps with gaps between them.
fn runs() -> BoxedStrategy<Condition> {
    let column = proptest::sample::select(vec![
        Stepped::Position,
        Stepped::Flags,
        Stepped::Radius,
        Stepped::Strength,
        Stepped::Coordinate(Space::Motor, Axis::Y),
    ]);
    let runs = vec((1i128..9, 0i128..4), 2..40);
    let first = proptest::sample::select(vec![-200i128, -5, 0, 0x1FE]);
    (column, first, runs)
        .prop_map(|(column, first, gaps)| {
            let limits = match column {
                Stepped::Position => 0..=i128::from(u64::MAX),
                Stepped::Flags => 0..=i128::from(u16::MAX),
                Stepped::Radius | Stepped::Strength => 0..=i128::from(u8::MAX),
                Stepped::Coordinate(..) => i16::MIN.into()..=i16::MAX.into(),
            };
            let mut end = first;
            let runs = gaps.into_iter().map(|(gap, length)| {
                let start = end + 1 + gap;
                end = start + length;
                start..=end
            });
            let is_stored = |run: &RangeInclusive<i128>| {
                limits.contains(run.start()) && limits.contains(run.end())
            };
            Condition::Runs(column, runs.filter(is_stored).collect())
        })
        .boxed()
}

pub(crate) fn filter() -> impl Strategy<Value = Bound> {
    let leaf = prop_oneof![
        12 => condition().prop_map(Bound::Is),
        1 => Just(Bound::All),
        1 => Just(Bound::Nothing),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Bound::Not(Box::new(inner))),
            vec(inner.clone(), 0..4).prop_map(Bound::And),
            vec(inner, 0..4).prop_map(Bound::Or),
        ]
    })
}
