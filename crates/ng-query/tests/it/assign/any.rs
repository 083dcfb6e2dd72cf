//! What the properties draw from.

use ng_query::Column;
use ng_query::ng_token::SystemFlags;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::oracle::{Assignment, Expression as E};

fn operand() -> impl Strategy<Value = E> {
    let numbers = vec![
        "0",
        "1",
        "2",
        "3",
        "0.5",
        "0.29",
        "15",
        "255",
        "1e3",
        "4294967295",
        "1e-300",
        "1e40",
        "inf",
    ];
    prop_oneof![
        2 => select(Column::ALL.as_slice()).prop_map(E::Column),
        1 => select(numbers).prop_map(E::Number),
    ]
}

pub(super) fn expression() -> impl Strategy<Value = E> {
    operand().prop_recursive(5, 24, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        let operator = select(vec!['+', '-', '*', '/']);
        let one = select(vec!["abs", "floor", "round"]);
        let two = select(vec!["min", "max"]);
        prop_oneof![
            4 => (operator, pair.clone())
                .prop_map(|(symbol, (a, b))| E::Operator(symbol, a.into(), b.into())),
            1 => inner.clone().prop_map(|of| E::Negate(of.into())),
            1 => (one, inner).prop_map(|(name, of)| E::One(name, of.into())),
            1 => (two, pair).prop_map(|(name, (a, b))| E::Two(name, a.into(), b.into())),
        ]
    })
}

/// Mostly a value that the column can store, unless it is NaN.
fn value_of(column: Column) -> impl Strategy<Value = E> {
    let (low, high) = match column {
        Column::Weight => ("0", "100"),
        Column::Radius => ("0", "2.55"),
        Column::Strength => ("0", "1"),
        Column::Coordinate(..) => ("0", "3.2767"),
        Column::Domain | Column::EntityType | Column::FlagsEntityType => ("0", "15"),
        Column::Flags => ("0", "65535"),
        Column::LocalId => ("0", "16777215"),
        _ => ("0", "4294967295"),
    };
    (expression(), 0..8).prop_map(move |(value, kind)| {
        let least = E::Two("max", value.clone().into(), E::Number(low).into());
        let both = E::Two("min", least.into(), E::Number(high).into());
        match kind {
            0 => value,
            _ => E::One("floor", both.into()),
        }
    })
}

fn flag() -> impl Strategy<Value = (&'static str, u16)> {
    // The user's flags are a nibble of their own in the record.
    let user = [("user_0", 1 << 12), ("user_3", 1 << 15)];
    let system = [
        ("active", SystemFlags::ACTIVE),
        ("dirty", SystemFlags::DIRTY),
        ("locked", SystemFlags::LOCKED),
    ];
    let system = system.map(|(name, flag)| (name, u16::from(flag.bits())));
    select([system.as_slice(), user.as_slice()].concat())
}

fn assignment() -> impl Strategy<Value = Assignment> {
    let columns = Column::ALL.into_iter().skip(1).collect::<Vec<_>>();
    let column = select(columns).prop_flat_map(|column| {
        value_of(column).prop_map(move |value| Assignment::Column(column, value))
    });
    let flag = (flag(), any::<bool>(), proptest::option::of(flag()))
        .prop_map(|(flag, is_negated, other)| Assignment::Flag(flag, is_negated, other));
    prop_oneof![4 => column, 1 => flag]
}

/// Assignments that do not overlap, by what the words mean.
pub(super) fn assignments() -> impl Strategy<Value = Vec<Assignment>> {
    vec(assignment(), 1..6).prop_map(|all| {
        let mut kept: Vec<Assignment> = Vec::new();
        for one in all {
            if kept.iter().all(|other| !overlap(other, &one)) {
                kept.push(one);
            }
        }
        kept
    })
}

fn overlap(one: &Assignment, other: &Assignment) -> bool {
    const OF_ID: [Column; 3] = [Column::Domain, Column::EntityType, Column::LocalId];
    use Assignment::{Column as C, Flag};
    match (one, other) {
        (C(one, _), C(other, _)) => {
            let is_part = |whole: &Column, part: &Column| match whole {
                Column::Id => OF_ID.contains(part),
                Column::Flags => *part == Column::FlagsEntityType,
                _ => false,
            };
            one == other || is_part(one, other) || is_part(other, one)
        }
        (Flag(one, ..), Flag(other, ..)) => one == other,
        (C(column, _), Flag(..)) | (Flag(..), C(column, _)) => *column == Column::Flags,
    }
}
