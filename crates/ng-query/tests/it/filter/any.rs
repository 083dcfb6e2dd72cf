//! What the properties draw from, with an explicit seed, near all limits.

use ng_query::ng_token::{Axis, Flags, Space, Token, Validation};
use ng_query::{Column, Comparison, Decimal, Filter, FlagTest};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::ends::ends;

/// The same cases in every run; a failure names the smallest one found.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x4E47_5155_4552_5921),
        failure_persistence: None,
        cases,
        ..ProptestConfig::default()
    }
}

pub(super) fn column() -> impl Strategy<Value = Column> {
    select(Column::ALL.as_slice())
}

fn space() -> impl Strategy<Value = Space> {
    select(Space::ALL.as_slice())
}

/// A number near `steps / scale`: on it, or a fraction of a step off.
pub(super) fn decimal_of_steps(steps: i128, tenths: i128, scale: u16) -> Decimal {
    // With 12 decimals, of which no scale but 255 needs more than 5.
    let mantissa = (steps * 10 + tenths) * 10_i128.pow(11) / i128::from(scale);
    Decimal::new(mantissa, -12).unwrap()
}

/// At the ends of a column, in the middle, and anywhere; with fractions of a step.
pub(super) fn value(column: Column) -> impl Strategy<Value = Decimal> {
    let (min, max, scale) = ends(column);
    let place = prop_oneof![
        select(vec![
            min - 1,
            min,
            min + 1,
            0,
            (min + max) / 2,
            max - 1,
            max,
            max + 1
        ]),
        min..=max,
    ];
    let part = select(vec![0_i128, 0, 0, 5, 1, -1]);
    let near = (place, part).prop_map(move |(steps, part)| decimal_of_steps(steps, part, scale));
    let special = select(vec![
        "inf", "-inf", "0", "1e40", "-1e40", "1e-60", "1e300", "0.1",
    ]);
    let special = special.prop_map(|text| text.parse().unwrap());
    prop_oneof![8 => near, 1 => special, 1 => weight().prop_filter_map("NaN", |weight| {
        Decimal::try_from(weight).ok()
    }), 1 => any_decimal()]
}

pub(super) fn any_decimal() -> impl Strategy<Value = Decimal> {
    let digits = 10_i128.pow(34) - 1;
    prop_oneof![(-digits..=digits, -366..=366), (-999_i128..=999, -6..=6)]
        .prop_map(|(mantissa, exponent)| Decimal::new(mantissa, exponent).unwrap())
}

fn comparison() -> impl Strategy<Value = Comparison> {
    select(Comparison::ALL.as_slice())
}

fn flag_test() -> impl Strategy<Value = FlagTest> {
    select(vec![FlagTest::All, FlagTest::Any, FlagTest::None])
}

fn bits() -> impl Strategy<Value = u16> {
    prop_oneof![
        any::<u16>(),
        (0..16_u32).prop_map(|bit| 1 << bit),
        Just(0),
        Just(0x0101)
    ]
}

fn point(space: Space) -> impl Strategy<Value = [Decimal; 3]> {
    let far = select(vec![
        "1e8",
        "-3e7",
        "21474836.48",
        "1e30",
        "-1e30",
        "1e200",
        "0.0000001",
    ]);
    let far = far.prop_map(|text| text.parse().unwrap());
    let near = value(Column::Coordinate(space, Axis::X));
    let near = near.prop_filter("an infinity", |value| value.is_finite());
    prop::array::uniform3(prop_oneof![9 => near, 1 => far])
}

fn radius(space: Space) -> impl Strategy<Value = Decimal> {
    let steps = select(vec![
        0_i128,
        1,
        5,
        100,
        32_768,
        65_535,
        92_681,
        113_509,
        113_510,
        1 << 33,
    ]);
    let steps = prop_oneof![steps, 0..=120_000_i128];
    let near = (steps, select(vec![0_i128, 0, 5, 1]))
        .prop_map(move |(steps, part)| decimal_of_steps(steps, part, space.scale()));
    let special = select(vec![
        "inf",
        "1e30",
        "1e200",
        "1e-30",
        "21474836.48",
        "1.7e30",
    ]);
    prop_oneof![9 => near, 1 => special.prop_map(|text| text.parse().unwrap())]
}

fn condition() -> impl Strategy<Value = Filter> {
    let compare = (column(), comparison()).prop_flat_map(|(column, comparison)| {
        value(column).prop_map(move |value| Filter::compare(column, comparison, value).unwrap())
    });
    let between = column().prop_flat_map(|column| {
        (value(column), value(column))
            .prop_map(move |(low, high)| Filter::between(column, low, high).unwrap())
    });
    let one_of = column().prop_flat_map(|column| {
        vec(value(column), 0..6).prop_map(move |values| Filter::one_of(column, values).unwrap())
    });
    let flags =
        (flag_test(), bits()).prop_map(|(test, bits)| Filter::flags(test, Flags::from_bits(bits)));
    let cuboid = space().prop_flat_map(|space| {
        (point(space), point(space))
            .prop_map(move |(low, high)| Filter::in_box(space, low, high).unwrap())
    });
    let ball = space().prop_flat_map(|space| {
        (point(space), radius(space))
            .prop_map(move |(centre, radius)| Filter::in_ball(space, centre, radius).unwrap())
    });
    let other = select(vec![
        Filter::All,
        Filter::Nothing,
        Filter::valid(Validation::Strict),
        Filter::valid(Validation::Upstream),
        Filter::domain(3),
    ]);
    prop_oneof![
6 => compare.boxed(), 2 => between.boxed(), 2 => one_of.boxed(), 2 => flags.boxed(),
1 => cuboid.boxed(), 3 => ball.boxed(), 1 => other.boxed()]
}

pub(super) fn filter() -> impl Strategy<Value = Filter> {
    condition().prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| !filter),
            vec(inner.clone(), 0..4).prop_map(Filter::all_of),
            vec(inner, 0..4).prop_map(Filter::any_of),
        ]
    })
}

/// Every bit pattern, and often special ones.
pub(super) fn weight() -> impl Strategy<Value = f32> {
    let special = vec![
        0.0,
        -0.0,
        f32::from_bits(1),
        -f32::from_bits(1),
        0.1,
        1.0,
        100.0,
        100.0_f32.next_up(),
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::from_bits(0xFFA0_0001),
    ];
    prop_oneof![any::<u32>().prop_map(f32::from_bits), select(special)]
}

fn steps() -> impl Strategy<Value = i16> {
    let ends = select(vec![
        i16::MIN,
        i16::MIN + 1,
        -1,
        0,
        1,
        i16::MAX - 1,
        i16::MAX,
    ]);
    prop_oneof![ends, any::<i16>()]
}

fn word() -> impl Strategy<Value = u32> {
    let ends = select(vec![0, 1, 0x00FF_FFFF, 0x0100_0000, u32::MAX - 1, u32::MAX]);
    prop_oneof![ends, any::<u32>()]
}

pub(crate) fn token() -> impl Strategy<Value = Token> {
    let point = prop::array::uniform3(steps());
    let parts = (
        word(),
        bits(),
        weight(),
        any::<(u8, u8)>(),
        word(),
        any::<bool>(),
    );
    (prop::array::uniform8(point), parts).prop_map(
        |(coordinates, (id, bits, weight, (radius, strength), timestamp, agree))| {
            let token = Token::new(id)
                .with_coordinates(coordinates)
                .with_weight(weight);
            let token = token.with_radius_raw(radius).with_strength_raw(strength);
            let token = token
                .with_timestamp(timestamp)
                .with_flags(Flags::from_bits(bits));
            // So that some tokens are valid.
            if agree { token.with_id(id) } else { token }
        },
    )
}

pub(super) fn position() -> impl Strategy<Value = u64> {
    prop_oneof![select(vec![0, 1, u64::MAX - 1, u64::MAX]), any::<u64>()]
}

pub(super) fn now() -> impl Strategy<Value = u32> {
    word()
}
