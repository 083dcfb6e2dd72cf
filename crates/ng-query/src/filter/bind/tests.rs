use ng_token::{Axis, Space, Token};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::bound::{Ball, Bound, Condition as C, Kind, Number};
use crate::filter::tree::Filter;

const NOW: u32 = 1000;
const X: (Space, Axis) = (Space::Physical, Axis::X);

fn bound(text: &str) -> Bound {
    let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{error}"));
    filter.bind(NOW)
}

fn is(condition: C) -> Bound {
    Bound::Is(condition)
}

fn not(bound: Bound) -> Bound {
    Bound::Not(Box::new(bound))
}

fn check(cases: &[(&str, Bound)]) {
    for (text, expected) in cases {
        assert_eq!(bound(text), *expected, "{text}");
    }
}

#[test]
fn values_become_steps() {
    check(&[
        (
            "physical_x >= 0.29",
            is(C::Coordinate(X.0, X.1, 29..=i16::MAX)),
        ),
        (
            "physical_x > 0.29",
            is(C::Coordinate(X.0, X.1, 30..=i16::MAX)),
        ),
        (
            "physical_x < 0.291",
            is(C::Coordinate(X.0, X.1, i16::MIN..=29)),
        ),
        ("radius = 0.07", is(C::Radius(7..=7))),
        ("strength >= 0.5", is(C::Strength(128..=255))),
        ("strength < 0.5", is(C::Strength(0..=127))),
        ("local_id >= 1.5", is(C::LocalId(2..=0xFF_FFFF))),
        ("position between 1 and 2", is(C::Position(1..=2))),
        ("flags = 257", is(C::Flags(257..=257))),
        ("entity_type < event", is(C::Kind(Kind::EntityType, 0b11))),
        (
            "flags_entity_type > 13.5",
            is(C::Kind(Kind::FlagsEntityType, 0xC000)),
        ),
        ("domain in (1, 3, 16)", is(C::Kind(Kind::Domain, 0b1010))),
        (
            "weight > 0",
            is(C::Weight(f32::from_bits(1)..=f32::INFINITY)),
        ),
        ("weight < 1e40", is(C::Weight(f32::NEG_INFINITY..=f32::MAX))),
        (
            "id in (9, 3, 9, 1.5, -1)",
            is(C::OneOf(Number::Id, vec![3, 9].into())),
        ),
        ("timestamp in (5, 4, 6)", is(C::Timestamp(4..=6))),
        (
            "radius in (0.01, 0.02, 0.05)",
            Bound::Or(vec![is(C::Radius(1..=2)), is(C::Radius(5..=5))]),
        ),
        (
            "weight in (2, 1, 2)",
            Bound::Or(vec![is(C::Weight(1.0..=1.0)), is(C::Weight(2.0..=2.0))]),
        ),
    ]);
}

#[test]
fn what_holds_for_all_or_nothing_says_so() {
    let all = [
        "id >= 0",
        "id > -0.5",
        "id <= 4294967295",
        "id != 0.5",
        "domain < 16",
        "radius <= 2.55",
        "physical_x >= -327.68",
        "position >= -inf",
        "timestamp not in (1.5, -1)",
        "flags none (0)",
        "entity_type between -1 and 15",
        "physical in ball(0, 0, 0; inf)",
        "physical in ball(0, 0, 0; 600)",
        "physical in ball(0.005, 0, 0; 600)",
        "physical in ball(1e30, 0, 0; 1.1e30)",
        "physical in box(-inf, -inf, -inf; inf, inf, inf)",
        "true or weight > 1",
        "not false",
        "not (active and false)",
        "id = 1 or not id != 0.5 or true",
        "entity_type <= 7 or entity_type > 7",
    ];
    for text in all {
        assert_eq!(bound(text), Bound::All, "{text}");
        assert_eq!(bound(&format!("not ({text})")), Bound::Nothing, "{text}");
    }
    let nothing = [
        "id < 0",
        "id > 4294967295",
        "radius = 0.005",
        "strength = 0.5",
        "physical_x > 327.67",
        "weight > inf",
        "weight < -inf",
        "weight between 1 and 0.5",
        "id between 7 and 6",
        "physical in box(1, 0, 0; 0, 1, 1)",
        "physical in ball(500, 0, 0; 1)",
        "physical in ball(500.005, 0, 0; 1)",
        "physical in ball(0.005, 0, 0; 0.004)",
        "physical in ball(1e200, 0, 0; 0.9e200)",
        "flags any (0)",
        "active and flags none (active, dirty)",
        "object and event",
        "id < 5 and id > 5",
        "weight < 1 and weight > 1",
        "false and weight > 1",
        "domain in (16, 17)",
    ];
    for text in nothing {
        assert_eq!(bound(text), Bound::Nothing, "{text}");
    }
}

#[test]
fn a_weight_that_may_be_nan_is_never_all_or_turned_around() {
    let every = is(C::Weight(f32::NEG_INFINITY..=f32::INFINITY));
    check(&[
        ("weight >= -inf", every.clone()),
        ("not weight <= inf", not(every)),
        (
            "not weight < 0",
            not(is(C::Weight(f32::NEG_INFINITY..=-f32::from_bits(1)))),
        ),
        ("weight != 1", not(is(C::Weight(1.0..=1.0)))),
        ("not weight != 1", is(C::Weight(1.0..=1.0))),
    ]);
}

#[test]
fn conditions_on_one_column_become_one() {
    let physical = |axis, range| is(C::Coordinate(Space::Physical, axis, range));
    check(&[
        ("id > 4 and (dirty and id <= 9)", {
            let dirty = C::FlagBits {
                mask: 0x40,
                value: 0x40,
            };
            Bound::And(vec![is(C::Id(5..=9)), is(dirty)])
        }),
        (
            "weight >= 0.5 and weight < inf",
            is(C::Weight(0.5..=f32::MAX)),
        ),
        (
            "entity_type < 8 and entity_type > 5",
            is(C::Kind(Kind::EntityType, 0b1100_0000)),
        ),
        ("object or (event or active)", {
            let active = is(C::FlagBits { mask: 1, value: 1 });
            Bound::Or(vec![is(C::Kind(Kind::EntityType, 0b110)), active])
        }),
        ("active and flags none (dirty)", {
            is(C::FlagBits {
                mask: 0x41,
                value: 1,
            })
        }),
        (
            "physical in box(0, 0, 0; 1, 2, inf) and physical_x >= 0.5",
            {
                Bound::And(vec![
                    physical(Axis::X, 50..=100),
                    physical(Axis::Y, 0..=200),
                    physical(Axis::Z, 0..=i16::MAX),
                ])
            },
        ),
        (
            "flags any (active, dirty)",
            not(is(C::FlagBits {
                mask: 0x41,
                value: 0,
            })),
        ),
        ("valid", {
            let weight = is(C::Weight(0.0..=f32::INFINITY));
            Bound::And(vec![weight, is(C::Timestamp(0..=NOW)), is(C::TypesAgree)])
        }),
        ("valid and timestamp <= 5 and weight <= 1", {
            let weight = is(C::Weight(0.0..=1.0));
            Bound::And(vec![weight, is(C::Timestamp(0..=5)), is(C::TypesAgree)])
        }),
    ]);
}

#[test]
fn a_centre_on_the_grid_is_exact() {
    let on_grid = |centre, squared_radius| {
        is(C::Ball(
            X.0,
            Ball::OnGrid {
                centre,
                squared_radius,
            },
        ))
    };
    let off_grid = |centre, squared_radius| {
        is(C::Ball(
            X.0,
            Ball::OffGrid {
                centre,
                squared_radius,
            },
        ))
    };
    check(&[
        (
            "physical in ball(1.0, -2.25, 0.29; 0.5)",
            on_grid([100, -225, 29], 2500),
        ),
        ("physical in ball(0, 0, 0; 0.015)", on_grid([0; 3], 2)),
        (
            "physical in ball(400, 0, 0; 100)",
            on_grid([40_000, 0, 0], 100_000_000),
        ),
        (
            "physical in ball(0.005, 0, 0; 0.015)",
            off_grid([0.5, 0.0, 0.0], 2.25),
        ),
    ]);
}

/// The surface of the greatest exact ball: no square or sum overflows.
#[test]
fn the_farthest_centre_on_the_grid_overflows_nothing() {
    let centre = [i32::MIN; 3];
    let apart = u64::from(i32::MAX.unsigned_abs()) + 1 + 32_767;
    let farthest = Token::ZERO.with_coordinate(X.0, [i16::MAX; 3]);
    let ball = |squared_radius| {
        is(C::Ball(
            X.0,
            Ball::OnGrid {
                centre,
                squared_radius,
            },
        ))
    };
    assert!(ball(3 * apart * apart).matches(&farthest, 0));
    assert!(!ball(3 * apart * apart - 1).matches(&farthest, 0));
}

/// Conditions of every kind, including some that decide and some on one column.
const CONDITIONS: [&str; 22] = [
    "true",
    "false",
    "id > 5",
    "id < 9",
    "id in (1, 5, 9)",
    "weight > 0",
    "weight = 1",
    "weight != 1",
    "object",
    "entity_type > 3",
    "entity_type != rule",
    "active",
    "flags none (1)",
    "flags any (1, 2)",
    "valid",
    "valid(upstream)",
    "physical in box(0, 0, 0; 1, 1, 1)",
    "physical in ball(0, 0, 0; 1)",
    "radius in (0.1, 0.3)",
    "physical_x > 0.5",
    "id = 0.5",
    "weight in (1, 2)",
];

fn filter() -> impl Strategy<Value = Filter> {
    let condition = select(CONDITIONS.as_slice()).prop_map(|text| text.parse().unwrap());
    condition.prop_recursive(6, 48, 5, |inner: BoxedStrategy<Filter>| {
        prop_oneof![
            inner.clone().prop_map(|filter| !filter),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Filter::all_of),
            prop::collection::vec(inner, 0..5).prop_map(Filter::any_of),
        ]
    })
}

/// The invariants that `Bound` documents.
fn check_shape(bound: &Bound) {
    let row = |parts: &[Bound], is_same: fn(&Bound) -> bool| {
        assert!(parts.len() > 1);
        assert!(
            !parts
                .iter()
                .any(|part| matches!(part, Bound::All | Bound::Nothing))
        );
        assert!(!parts.iter().any(is_same));
        parts.iter().for_each(check_shape);
    };
    match bound {
        Bound::All | Bound::Nothing | Bound::Is(_) => {}
        Bound::Not(inner) => {
            let simple = matches!(**inner, Bound::All | Bound::Nothing | Bound::Not(_));
            assert!(!simple, "{bound:?}");
            check_shape(inner);
        }
        Bound::And(parts) => {
            row(parts, |part| matches!(part, Bound::And(_)));
            let kind = |part: &Bound| match part {
                Bound::Is(C::OneOf(..) | C::Runs(..) | C::Ball(..) | C::TypesAgree) => None,
                Bound::Is(C::Coordinate(space, axis, _)) => Some(format!("{space}{axis}")),
                Bound::Is(C::Kind(kind, _)) => Some(format!("{kind:?}")),
                Bound::Is(other) => format!("{other:?}")
                    .split(['(', ' '])
                    .next()
                    .map(str::to_owned),
                _ => None,
            };
            let kinds: Vec<_> = parts.iter().filter_map(kind).collect();
            let distinct: std::collections::BTreeSet<_> = kinds.iter().collect();
            assert_eq!(kinds.len(), distinct.len(), "{bound:?}");
        }
        Bound::Or(parts) => row(parts, |part| matches!(part, Bound::Or(_))),
    }
}

fn depth(bound: &Bound) -> usize {
    match bound {
        Bound::All | Bound::Nothing | Bound::Is(_) => 1,
        Bound::Not(inner) => 1 + depth(inner),
        Bound::And(parts) | Bound::Or(parts) => 1 + parts.iter().map(depth).max().unwrap_or(0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(0x4E47_424F_554E_4421),
        failure_persistence: None,
        cases: 2048,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_bound_has_the_shape_that_it_promises(filter in filter()) {
        let bound = filter.bind(NOW);
        check_shape(&bound);
        prop_assert!(depth(&bound) <= filter.depth() + 2, "{}", filter);
    }
}
