//! Both ends of every column and their neighbours: tokens that have them, and texts that ask for
//! them. A new column must be added here, or nothing compiles.

use ng_query::Column;
use ng_query::ng_token::{Flags, Token, TokenId};

/// The least and the greatest step of a column, and its steps a unit.
pub(crate) fn ends(column: Column) -> (i128, i128, u16) {
    let (min, max) = match column {
        Column::Position => (0, u64::MAX.into()),
        Column::Id | Column::Timestamp => (0, u32::MAX.into()),
        Column::Domain | Column::EntityType | Column::FlagsEntityType => (0, 15),
        Column::LocalId => (0, TokenId::LOCAL_MAX.into()),
        Column::Flags => (0, u16::MAX.into()),
        Column::Radius | Column::Strength => (0, u8::MAX.into()),
        Column::Coordinate(..) => (i16::MIN.into(), i16::MAX.into()),
        Column::Weight => (-2, 2),
    };
    let scale = match column {
        Column::Radius => 100,
        Column::Strength => 255,
        Column::Coordinate(space, _) => space.scale(),
        _ => 1,
    };
    (min, max, scale)
}

/// A token with a step in a column, and its position.
pub(crate) fn with_step(column: Column, step: i128) -> (Token, u64) {
    let token = Token::ZERO;
    let word = step as u32;
    let token = match column {
        Column::Position => return (token, step as u64),
        Column::Id | Column::LocalId => token.with_id(word),
        Column::Domain => token.with_id(word << 28),
        Column::EntityType => token.with_id(word << 24).with_flags(Flags::from_bits(0)),
        Column::Flags => token.with_flags(Flags::from_bits(step as u16)),
        Column::FlagsEntityType => token.with_flags(Flags::from_bits((step as u16) << 8)),
        Column::Weight => unreachable!("a float"),
        Column::Radius => token.with_radius_raw(step as u8),
        Column::Strength => token.with_strength_raw(step as u8),
        Column::Timestamp => token.with_timestamp(word),
        Column::Coordinate(space, axis) => {
            let mut steps = [0; 3];
            steps[axis as usize] = step as i16;
            token.with_coordinate(space, steps)
        }
    };
    (token, 7)
}

/// The tested steps: both ends, their neighbours, and the middle.
pub(crate) fn steps(column: Column) -> Vec<i128> {
    let (min, max, _) = ends(column);
    vec![min, min + 1, (min + max) / 2, max - 1, max]
}

/// Values at those steps, half a step and a little off them, and beyond the ends.
pub(crate) fn values(column: Column) -> Vec<String> {
    let (min, max, scale) = ends(column);
    let beyond = [min - 1, max + 1, 0, -1];
    let near = steps(column).into_iter().chain(beyond).flat_map(|step| {
        // No decimal but whole units is exactly a 255th; what is shown lies just below.
        [
            step * 1_000,
            step * 1_000 + 500,
            step * 1_000 - 500,
            step * 1_000 + 1,
            step * 1_000 - 1,
        ]
        .map(|thousandths| {
            let digits = thousandths * 10_i128.pow(12) / i128::from(scale);
            format!("{digits}e-15")
        })
    });
    let special = [
        "inf", "-inf", "1e300", "-1e300", "1e-300", "-1e-300", "-0.0",
    ];
    near.chain(special.map(str::to_owned)).collect()
}

/// Weights of every kind: subnormals at both ends of their range, both zeros, NaN of both signs.
pub(crate) const WEIGHTS: [f32; 22] = [
    f32::NEG_INFINITY,
    f32::MIN,
    -1.0,
    -f32::MIN_POSITIVE,
    -1e-45,
    -0.0,
    0.0,
    1e-45,
    f32::from_bits(0x007F_FFFF),
    f32::MIN_POSITIVE,
    0.1,
    0.29,
    0.5,
    1.0,
    100.0,
    1.0e38,
    3.402_823e38,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
    -f32::NAN,
    f32::from_bits(0x7F80_0001),
];

/// The nearest `f32` of each.
pub(crate) const WEIGHT_TEXTS: [(&str, f32); 20] = [
    ("-inf", f32::NEG_INFINITY),
    ("-1e40", f32::NEG_INFINITY),
    ("-3.4028235e38", f32::MIN),
    ("-1", -1.0),
    ("-1e-60", 0.0),
    ("-0.0", 0.0),
    ("0", 0.0),
    ("1e-45", 1e-45),
    ("1.1754942e-38", f32::from_bits(0x007F_FFFF)),
    ("1.17549435e-38", f32::MIN_POSITIVE),
    ("-1.17549435e-38", -f32::MIN_POSITIVE),
    ("0.1", 0.1),
    ("0.1000000001", 0.1),
    ("0.29", 0.29),
    ("0.50000001", 0.5),
    ("100", 100.0),
    ("3.4028235e38", f32::MAX),
    ("3.4028235677973366e38", f32::MAX),
    ("1e40", f32::INFINITY),
    ("inf", f32::INFINITY),
];
