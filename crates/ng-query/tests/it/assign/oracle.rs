//! The simplest evaluator: one token, one tree, one step at a time.

use std::fmt;

use ng_query::Column;
use ng_query::ng_token::{EntityType, Flags, Token};

use crate::ends::ends;

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Number(&'static str),
    Column(Column),
    Negate(Box<Expression>),
    One(&'static str, Box<Expression>),
    Two(&'static str, Box<Expression>, Box<Expression>),
    Operator(char, Box<Expression>, Box<Expression>),
}

use Expression as E;

/// Shows it with every bracket.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            E::Number(number) => f.write_str(number),
            E::Column(column) => write!(f, "{column}"),
            E::Negate(of) => write!(f, "(-{of})"),
            E::One(name, of) => write!(f, "{name}({of})"),
            E::Two(name, left, right) => write!(f, "{name}({left},{right})"),
            E::Operator(symbol, left, right) => write!(f, "({left}{symbol}{right})"),
        }
    }
}

impl Expression {
    pub(super) fn is_constant(&self) -> bool {
        match self {
            E::Number(_) => true,
            E::Column(_) => false,
            E::Negate(of) | E::One(_, of) => of.is_constant(),
            E::Two(_, left, right) | E::Operator(_, left, right) => {
                left.is_constant() && right.is_constant()
            }
        }
    }

    pub(super) fn value(&self, token: &Token, position: u64) -> f64 {
        let of = |inner: &Self| inner.value(token, position);
        match self {
            E::Number(number) => number.parse().unwrap(),
            E::Column(column) => units(*column, token, position),
            E::Negate(inner) => -of(inner),
            E::One("abs", inner) => of(inner).abs(),
            E::One("floor", inner) => of(inner).floor(),
            E::One(_, inner) => of(inner).round(),
            E::Two(name, left, right) => {
                let (left, right) = (of(left), of(right));
                match *name {
                    _ if left.is_nan() || right.is_nan() => f64::NAN,
                    "min" if left < right => left,
                    "max" if left > right => left,
                    _ => right,
                }
            }
            E::Operator(symbol, left, right) => {
                let (left, right) = (of(left), of(right));
                match symbol {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
        }
    }
}

/// What a column of a token stands for.
pub(super) fn units(column: Column, token: &Token, position: u64) -> f64 {
    let (_, _, scale) = ends(column);
    let id = token.id().raw();
    let flags = token.flags().bits();
    let stored: f64 = match column {
        Column::Position => position as f64,
        Column::Id => id.into(),
        Column::Domain => (id >> 28).into(),
        Column::EntityType => (id >> 24 & 15).into(),
        Column::LocalId => (id & 0xFF_FFFF).into(),
        Column::Flags => flags.into(),
        Column::FlagsEntityType => (flags >> 8 & 15).into(),
        Column::Weight => token.weight().into(),
        Column::Radius => token.radius_raw().into(),
        Column::Strength => token.strength_raw().into(),
        Column::Timestamp => token.timestamp().into(),
        Column::Coordinate(space, axis) => token.steps(space)[axis as usize].into(),
    };
    stored / f64::from(scale)
}

/// A column or a flag, and its new value.
#[derive(Clone, Debug)]
pub(super) enum Assignment {
    Column(Column, Expression),
    /// The flag, whether the other is negated, and the other, if it is none of `true` and `false`.
    Flag((&'static str, u16), bool, Option<(&'static str, u16)>),
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column, value) => write!(f, "{column}={value}"),
            Self::Flag((name, _), is_negated, other) => {
                let not = if *is_negated { "not " } else { "" };
                let other = other.map_or("true", |(name, _)| name);
                write!(f, "{name}={not}{other}")
            }
        }
    }
}

/// The token after all assignments, or the first column that cannot store its value.
pub(super) fn assigned(
    all: &[Assignment],
    before: &Token,
    position: u64,
) -> Result<Token, (Column, f64)> {
    let mut token = *before;
    for one in all {
        match one {
            Assignment::Column(column, expression) => {
                let value = expression.value(before, position);
                token = stored(*column, value, &token).ok_or((*column, value))?;
            }
            Assignment::Flag((_, bit), is_negated, other) => {
                let other = other.is_none_or(|(_, bit)| before.flags().bits() & bit != 0);
                let bits = token.flags().bits();
                let bits = if other != *is_negated {
                    bits | bit
                } else {
                    bits & !bit
                };
                token = token.with_flags(Flags::from_bits(bits));
            }
        }
    }
    let assigns = |columns: &[Column]| {
        all.iter()
            .any(|one| matches!(one, Assignment::Column(column, _) if columns.contains(column)))
    };
    let agreed = before.id().entity_type() == before.flags().entity_type();
    let moves = assigns(&[Column::Id, Column::EntityType]);
    if agreed && moves && !assigns(&[Column::Flags, Column::FlagsEntityType]) {
        let flags = token.flags().with_entity_type(token.id().entity_type());
        token = token.with_flags(flags);
    }
    Ok(token)
}

/// The token with a value in a column, as the builder encodes it.
fn stored(column: Column, value: f64, token: &Token) -> Option<Token> {
    let fresh = Token::builder(0);
    let single = value as f32;
    Some(match column {
        Column::Position => return None,
        Column::Weight if value.is_nan() && token.weight().is_nan() => *token,
        Column::Weight if single.is_infinite() && value.is_finite() => return None,
        Column::Weight => token.with_weight(fresh.weight(single).build().ok()?.weight()),
        Column::Radius => token.with_radius_raw(fresh.radius(single).build().ok()?.radius_raw()),
        Column::Strength => {
            token.with_strength_raw(fresh.strength(single).build().ok()?.strength_raw())
        }
        Column::Coordinate(space, axis) => {
            let mut point = [0.0; 3];
            point[axis as usize] = single;
            let built = fresh.coordinate(space, point).build().ok()?;
            let mut steps = token.steps(space);
            steps[axis as usize] = built.steps(space)[axis as usize];
            token.with_coordinate(space, steps)
        }
        _ => whole(column, value, token)?,
    })
}

fn whole(column: Column, value: f64, token: &Token) -> Option<Token> {
    let (_, max, _) = ends(column);
    let fits = value.trunc() == value && (0.0..=max as f64).contains(&value);
    let number = fits.then_some(value as u32)?;
    let (id, flags) = (token.id().raw(), token.flags());
    let with_id = |id| token.with_id(id).with_flags(flags);
    Some(match column {
        Column::Id => with_id(number),
        Column::Domain => with_id(id & 0x0FFF_FFFF | number << 28),
        Column::EntityType => with_id(id & 0xF0FF_FFFF | number << 24),
        Column::LocalId => with_id(id & 0xFF00_0000 | number),
        Column::Flags => token.with_flags(Flags::from_bits(number as u16)),
        Column::FlagsEntityType => {
            token.with_flags(flags.with_entity_type(EntityType::ALL[number as usize]))
        }
        _ => token.with_timestamp(number),
    })
}
