//! The meaning of a filter, by exact fractions of any length and one token at a time.

use ng_query::ng_token::{Space, Token};
use ng_query::{Column, Comparison, Decimal, Filter, FlagTest};
use num_bigint::BigInt;
use num_rational::BigRational;

/// A number or an infinity, in order.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) enum Number {
    Least,
    Finite(BigRational),
    Greatest,
}

impl Number {
    pub(super) fn of(decimal: Decimal) -> Self {
        match decimal.to_string().as_str() {
            "inf" => Self::Greatest,
            "-inf" => Self::Least,
            text => Self::Finite(fraction(text)),
        }
    }

    fn finite(self) -> BigRational {
        match self {
            Self::Finite(fraction) => fraction,
            _ => panic!("{self:?}"),
        }
    }
}

/// Reads a decimal.
pub(super) fn fraction(text: &str) -> BigRational {
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits: BigInt = format!("{whole}{part}").parse().unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let exponent = exponent - i32::try_from(part.len()).unwrap();
    let power = BigInt::from(10).pow(exponent.unsigned_abs());
    match exponent < 0 {
        true => BigRational::new(digits, power),
        false => BigRational::from_integer(digits * power),
    }
}

pub(super) fn holds(filter: &Filter, token: &Token, position: u64, now: u32) -> bool {
    let holds = |filter: &Filter| holds(filter, token, position, now);
    match filter {
        Filter::All => true,
        Filter::Nothing => false,
        Filter::Compare {
            column,
            comparison,
            value,
            ..
        } => compare(*column, *comparison, *value, token, position),
        Filter::Between {
            column, low, high, ..
        } => {
            compare(*column, Comparison::GreaterOrEqual, *low, token, position)
                && compare(*column, Comparison::LessOrEqual, *high, token, position)
        }
        Filter::OneOf { column, values, .. } => values
            .iter()
            .any(|value| compare(*column, Comparison::Equal, *value, token, position)),
        Filter::Flags { test, flags, .. } => {
            let mut set = (0..16_u32).filter(|bit| flags.bits() >> bit & 1 == 1);
            let is_set = |bit: u32| token.flags().bits() >> bit & 1 == 1;
            match test {
                FlagTest::All => set.all(is_set),
                FlagTest::Any => set.any(is_set),
                FlagTest::None => !set.any(is_set),
            }
        }
        Filter::InBox {
            space, low, high, ..
        } => (0..3).all(|axis| {
            let value = coordinate(token, *space, axis);
            Number::of(low[axis]) <= value && value <= Number::of(high[axis])
        }),
        Filter::InBall {
            space,
            centre,
            radius,
            ..
        } => in_ball(*space, *centre, *radius, token),
        Filter::Valid(validation) => token.validate_with(*validation, now).is_ok(),
        Filter::Not { filter, .. } => !holds(filter),
        Filter::And { filters, .. } => filters.iter().all(holds),
        Filter::Or { filters, .. } => filters.iter().any(holds),
        other => panic!("{other:?}"),
    }
}

fn compare(
    column: Column,
    comparison: Comparison,
    value: Decimal,
    token: &Token,
    position: u64,
) -> bool {
    match column {
        Column::Weight => {
            let value = match Number::of(value) {
                Number::Least => f32::NEG_INFINITY,
                Number::Greatest => f32::INFINITY,
                Number::Finite(value) => nearest_f32(&value),
            };
            ordered(&token.weight(), comparison, &value)
        }
        _ => ordered(
            &stored(column, token, position),
            comparison,
            &Number::of(value),
        ),
    }
}

/// The six operators, as Rust defines them for floats and fractions.
pub(super) fn ordered<T: PartialOrd>(left: &T, comparison: Comparison, right: &T) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

/// A token's value in any column but the weight, in units.
fn stored(column: Column, token: &Token, position: u64) -> Number {
    let (id, flags) = (token.id(), token.flags());
    let over = |raw: u64, scale: u32| {
        Number::Finite(BigRational::new(BigInt::from(raw), BigInt::from(scale)))
    };
    match column {
        Column::Position => over(position, 1),
        Column::Id => over(id.raw().into(), 1),
        Column::Domain => over(id.domain().into(), 1),
        Column::EntityType => over(id.entity_type().bits().into(), 1),
        Column::LocalId => over(id.local().into(), 1),
        Column::Flags => over(flags.bits().into(), 1),
        Column::FlagsEntityType => over(flags.entity_type().bits().into(), 1),
        Column::Weight => unreachable!("a float"),
        Column::Radius => over(token.radius_raw().into(), 100),
        Column::Strength => over(token.strength_raw().into(), 255),
        Column::Timestamp => over(token.timestamp().into(), 1),
        Column::Coordinate(space, axis) => coordinate(token, space, axis as usize),
    }
}

fn coordinate(token: &Token, space: Space, axis: usize) -> Number {
    let steps = BigInt::from(token.steps(space)[axis]);
    Number::Finite(BigRational::new(steps, BigInt::from(space.scale())))
}

/// The two rules of balls, and a third for very large distances.
fn in_ball(space: Space, centre: [Decimal; 3], radius: Decimal, token: &Token) -> bool {
    let scale = BigRational::from_integer(BigInt::from(space.scale()));
    let Number::Finite(radius) = Number::of(radius) else {
        return true;
    };
    let radius = radius * &scale;
    let centre = centre.map(|value| Number::of(value).finite() * &scale);
    let steps = token.steps(space);
    let is_whole = |value: &BigRational| {
        let (least, greatest) = (i32::MIN, i32::MAX);
        let bounds = [least, greatest].map(|end| BigRational::from_integer(end.into()));
        value.is_integer() && &bounds[0] <= value && value <= &bounds[1]
    };
    if centre.iter().all(is_whole) {
        let point = steps.map(|step| BigRational::from_integer(step.into()));
        return squared_distance(&centre, &point) <= &radius * &radius;
    }
    let floats = centre.each_ref().map(nearest_f64);
    let reach = nearest_f64(&radius);
    if floats
        .iter()
        .chain([&reach])
        .any(|value| value.abs() >= 2_f64.powi(80))
    {
        // As for the origin; a point too near the surface for floats to decide is inside.
        let origin = steps.map(|_| BigRational::from_integer(0.into()));
        let reach = &radius * &radius;
        let slack = &reach / BigInt::from(10_i64.pow(12));
        return squared_distance(&centre, &origin) <= reach + slack;
    }
    let mut sum = 0.0;
    for (step, centre) in steps.into_iter().zip(floats) {
        let apart = f64::from(step) - centre;
        sum += apart * apart;
    }
    sum <= reach * reach
}

fn squared_distance(a: &[BigRational; 3], b: &[BigRational; 3]) -> BigRational {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum()
}

fn nearest_f32(value: &BigRational) -> f32 {
    let exact = |bits: u64| match f32::from_bits(bits as u32) {
        f32::INFINITY => two_to(128),
        float => BigRational::from_float(float).unwrap(),
    };
    let bits = nearest_bits(value, f32::INFINITY.to_bits().into(), exact);
    let float = f32::from_bits(bits as u32);
    if is_negative(value) { -float } else { float }
}

fn nearest_f64(value: &BigRational) -> f64 {
    let exact = |bits| match f64::from_bits(bits) {
        f64::INFINITY => two_to(1024),
        float => BigRational::from_float(float).unwrap(),
    };
    let float = f64::from_bits(nearest_bits(value, f64::INFINITY.to_bits(), exact));
    if is_negative(value) { -float } else { float }
}

fn two_to(exponent: u32) -> BigRational {
    BigRational::from_integer(BigInt::from(2).pow(exponent))
}

fn is_negative(value: &BigRational) -> bool {
    *value < BigRational::from_integer(0.into())
}

/// Returns the bits of the nearest float, of two the one with even bits. The bits of non-negative
/// floats ascend with their values.
fn nearest_bits(value: &BigRational, infinity: u64, exact: impl Fn(u64) -> BigRational) -> u64 {
    let magnitude = if is_negative(value) {
        -value
    } else {
        value.clone()
    };
    let (mut below, mut above) = (0, infinity);
    if magnitude >= exact(infinity) {
        return infinity;
    }
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        match exact(middle) <= magnitude {
            true => below = middle,
            false => above = middle,
        }
    }
    let (down, up) = (&magnitude - exact(below), exact(above) - &magnitude);
    let is_below = down < up || down == up && below % 2 == 0;
    if is_below { below } else { above }
}
