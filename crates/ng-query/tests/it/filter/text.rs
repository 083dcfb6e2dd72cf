use ng_query::Comparison as C;
use ng_query::ng_token::{EntityType, Flags, Space, Validation};
use ng_query::{Column, Decimal, Filter, FlagTest};
use proptest::prelude::*;

use super::any;

fn parsed(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn compare(column: Column, comparison: C, value: &str) -> Filter {
    let value: Decimal = value.parse().unwrap();
    Filter::compare(column, comparison, value).unwrap()
}

fn flags(test: FlagTest, bits: u16) -> Filter {
    Filter::flags(test, Flags::from_bits(bits))
}

/// Each text parses to the filter, and the first of its row is how the filter is shown.
fn check(texts: &[&str], filter: &Filter) {
    assert_eq!(filter.to_string(), texts[0]);
    for text in texts {
        assert_eq!(parsed(text), *filter, "{text}");
        assert_eq!(parsed(&text.to_uppercase()), *filter, "{text}");
    }
}

#[test]
fn comparisons_are_written_in_every_way() {
    let weight = |comparison| compare(Column::Weight, comparison, "0.5");
    check(
        &[
            "weight >= 0.5",
            "weight>=.5",
            "0.5 <= weight",
            "  weight\n>=\t5e-1 ",
        ],
        &weight(C::GreaterOrEqual),
    );
    check(&["weight > 0.5", "0.5 < weight"], &weight(C::Greater));
    check(&["weight <= 0.5", "0.5 >= weight"], &weight(C::LessOrEqual));
    check(&["weight < 0.5", "0.5 > weight"], &weight(C::Less));
    check(
        &["weight = 0.5", "weight == 0.5", "0.5 = weight"],
        &weight(C::Equal),
    );
    check(
        &["weight != 0.5", "weight <> 0.5", "0.5 != weight"],
        &weight(C::NotEqual),
    );
    check(
        &[
            "position < 1000000",
            "position < 1_000_000",
            "position < 0xF4240",
            "position < 1e6",
        ],
        &compare(Column::Position, C::Less, "1000000"),
    );
    check(
        &["weight >= -inf", "weight >= -infinity", "-inf <= weight"],
        &compare(Column::Weight, C::GreaterOrEqual, "-inf"),
    );
    check(
        &["flags = 257", "flags = 0x101"],
        &compare(Column::Flags, C::Equal, "257"),
    );
}

#[test]
fn every_column_has_its_name() {
    for column in Column::ALL {
        let text = format!("{column} >= 16");
        check(&[&text], &compare(column, C::GreaterOrEqual, "16"));
    }
}

#[test]
fn ranges_and_lists_are_written_in_every_way() {
    let between = Filter::between(Column::Radius, 0.29_f32, 1.5).unwrap();
    check(&["radius between 0.29 and 1.5"], &between);
    check(
        &[
            "not radius between 0.29 and 1.5",
            "radius not between 0.29 and 1.5",
        ],
        &!between.clone(),
    );
    let both = between & Filter::entity_type(EntityType::Goal);
    check(
        &[
            "radius between 0.29 and 1.5 and entity_type = goal",
            "radius between .29 and 1.5 and goal",
        ],
        &both,
    );
    let ids = Filter::one_of(Column::Id, [42, 7, 42]).unwrap();
    check(&["id in (42, 7, 42)", "id in(42,7,42)"], &ids);
    check(&["not id in (42, 7, 42)", "id not in (42, 7, 42)"], &!ids);
}

#[test]
fn entity_types_have_names_and_numbers() {
    for entity_type in EntityType::ALL {
        let (number, name) = (entity_type.bits(), entity_type.name());
        let shown = format!("entity_type = {name}");
        let by_number = format!("entity_type = {number}");
        check(
            &[&shown, &by_number, name],
            &Filter::entity_type(entity_type),
        );
    }
    let types = [EntityType::Object, EntityType::Event];
    check(
        &[
            "entity_type in (object, event)",
            "entity_type in (1, 2)",
            "entity_type in (object, 2)",
        ],
        &Filter::one_of(Column::EntityType, types).unwrap(),
    );
    check(
        &["flags_entity_type != rule", "flags_entity_type != 8"],
        &compare(Column::FlagsEntityType, C::NotEqual, "8"),
    );
    check(&["domain = 3"], &Filter::domain(3));
    check(
        &["entity_type < 16"],
        &compare(Column::EntityType, C::Less, "16"),
    );
}

#[test]
fn flags_have_names() {
    let names = [
        ("active", 0),
        ("persistent", 1),
        ("mutable", 2),
        ("synchronized", 3),
        ("compressed", 4),
        ("encrypted", 5),
        ("dirty", 6),
        ("locked", 7),
        ("user_0", 12),
        ("user_1", 13),
        ("user_2", 14),
        ("user_3", 15),
    ];
    for (name, bit) in names {
        let listed = format!("flags all ({name})");
        check(
            &[name, &listed, &format!("flags any ({name})")],
            &flags(FlagTest::All, 1 << bit),
        );
    }
    check(
        &["flags all (active, dirty)", "flags all (dirty, 1)"],
        &flags(FlagTest::All, 0x41),
    );
    check(
        &["flags any (active, user_3)"],
        &flags(FlagTest::Any, 0x8001),
    );
    check(
        &["flags none (locked)", "flags none(locked,locked)"],
        &flags(FlagTest::None, 0x80),
    );
    check(
        &["flags all (active, 256)", "flags all (257)"],
        &flags(FlagTest::All, 0x101),
    );
    check(&["false", "flags any (0)"], &flags(FlagTest::Any, 0));
    check(&["true", "flags all (0)"], &flags(FlagTest::All, 0));
}

#[test]
fn boxes_and_balls_are_in_one_space() {
    for space in Space::ALL {
        let text = format!("{space} in ball(1, -2.25, 0; 0.5)");
        let ball = Filter::in_ball(space, [1.0, -2.25, 0.0], 0.5).unwrap();
        check(&[&text], &ball);
        check(
            &[
                &format!("not {text}"),
                &format!("{space} not in ball(1.0,-2.25,0;.5)"),
            ],
            &!ball,
        );
        let text = format!("{space} in box(-inf, 0, 0.5; 1, 2, inf)");
        let ends = [[f64::NEG_INFINITY, 0.0, 0.5], [1.0, 2.0, f64::INFINITY]];
        check(&[&text], &Filter::in_box(space, ends[0], ends[1]).unwrap());
    }
    let everything = Filter::in_ball(
        Space::Motor,
        [0, 0, 0].map(Decimal::from),
        Decimal::INFINITY,
    );
    check(&["motor in ball(0, 0, 0; inf)"], &everything.unwrap());
}

#[test]
fn times_are_seconds_or_dates() {
    let since = compare(Column::Timestamp, C::GreaterOrEqual, "1700000000");
    check(
        &[
            "timestamp >= 1700000000",
            "timestamp >= 2023-11-14T22:13:20Z",
            "timestamp >= '2023-11-14 22:13:20'",
            "timestamp >= \"2023-11-14T22:13:20+00:00\"",
            "2023-11-14T22:13:20Z <= timestamp",
        ],
        &since,
    );
    let days = Filter::between(Column::Timestamp, 1_699_920_000, 1_700_006_400).unwrap();
    check(
        &[
            "timestamp between 1699920000 and 1700006400",
            "timestamp between 2023-11-14 and 2023-11-15",
        ],
        &days,
    );
}

#[test]
fn validity_has_two_rules() {
    check(
        &["valid", "valid(strict)", "valid ( strict )"],
        &Filter::valid(Validation::Strict),
    );
    check(&["valid(upstream)"], &Filter::valid(Validation::Upstream));
}

#[test]
fn not_binds_tighter_than_and_and_that_tighter_than_or() {
    let [a, b, c] = ["active", "dirty", "locked"].map(parsed);
    let or = || a.clone() | b.clone();
    let and = || a.clone() & b.clone();
    check(
        &["active or dirty and locked"],
        &(a.clone() | (b.clone() & c.clone())),
    );
    check(
        &[
            "active and dirty or locked",
            "(active and dirty) or (locked)",
        ],
        &(and() | c.clone()),
    );
    check(&["(active or dirty) and locked"], &(or() & c.clone()));
    check(
        &["not active and dirty", "(not active) and dirty"],
        &(!a.clone() & b.clone()),
    );
    check(&["not (active and dirty)"], &!and());
    check(&["not (active or dirty)"], &!or());
    check(
        &["not not active", "not (not active)", "((not(not(active))))"],
        &!!a.clone(),
    );
    check(&["not weight < 1"], &!compare(Column::Weight, C::Less, "1"));
    check(
        &[
            "active and dirty and locked",
            "active and (dirty and locked)",
        ],
        &(a.clone() & (b.clone() & c.clone())),
    );
    check(
        &["active or dirty or locked", "(active or dirty) or locked"],
        &(or() | c),
    );
    check(&["true"], &Filter::all_of([]));
    check(&["false"], &Filter::any_of([]));
    check(&["active"], &Filter::any_of([a]));
}

#[test]
fn the_example_of_the_documents_is_a_filter() {
    let text = "weight >= 0.5 and entity_type in (object, event) and active \
                and physical in ball(1.0, -2.25, 0.0; 0.5) and not (timestamp < 1700000000)";
    let types = [EntityType::Object, EntityType::Event];
    let filter = Filter::all_of([
        compare(Column::Weight, C::GreaterOrEqual, "0.5"),
        Filter::one_of(Column::EntityType, types).unwrap(),
        flags(FlagTest::All, 1),
        Filter::in_ball(Space::Physical, [1.0, -2.25, 0.0], 0.5).unwrap(),
        !compare(Column::Timestamp, C::Less, "1700000000"),
    ]);
    assert_eq!(parsed(text), filter);
}

fn brackets(text: &str) -> usize {
    text.matches('(').count()
}

proptest! {
    #![proptest_config(any::config(4096))]

    #[test]
    fn what_is_shown_is_parsed_to_the_same_tree(filter in any::filter()) {
        let text = filter.to_string();
        prop_assert_eq!(text.parse(), Ok(filter), "{}", text);
    }

    /// Leaving out any pair of brackets gives another filter or none.
    #[test]
    fn no_pair_of_brackets_is_shown_in_vain(filter in any::filter()) {
        let text = filter.to_string();
        for open in 0..brackets(&text) {
            let without = without_pair(&text, open);
            prop_assert_ne!(without.parse().ok(), Some(filter.clone()), "{} {}", text, without);
        }
    }

    #[test]
    fn a_decimal_that_is_shown_is_read_as_itself(decimal in any::any_decimal()) {
        prop_assert_eq!(decimal.to_string().parse(), Ok(decimal));
    }

    #[test]
    fn a_float_is_read_as_itself(bits in proptest::num::u32::ANY) {
        let float = f32::from_bits(bits);
        if let Ok(decimal) = Decimal::try_from(float) {
            let back: f32 = decimal.to_string().parse().unwrap();
            prop_assert_eq!(back, float);
        }
    }

    /// Words and symbols of the grammar in any order, and characters outside of it.
    #[test]
    fn no_text_is_too_odd_to_be_looked_at(
        parts in proptest::collection::vec(proptest::sample::select(PARTS.as_slice()), 0..24),
        noise in ".{0,12}",
    ) {
        for text in [parts.join(" "), parts.concat(), format!("{}{noise}", parts.join(" "))] {
            match text.parse::<Filter>() {
                Ok(filter) => prop_assert_eq!(filter.to_string().parse(), Ok(filter)),
                Err(error) => {
                    prop_assert!(text.get(error.span()).is_some(), "{}", error);
                    prop_assert_eq!(error.to_string().lines().count(), 3);
                }
            }
        }
    }
}

const PARTS: [&str; 40] = [
    "weight",
    "flags",
    "object",
    "active",
    "physical",
    "valid",
    "true",
    "false",
    "and",
    "or",
    "not",
    "in",
    "between",
    "ball",
    "box",
    "all",
    "any",
    "none",
    "upstream",
    "(",
    ")",
    ",",
    ";",
    "<",
    ">=",
    "!=",
    "==",
    "1",
    "-2.5",
    "1e3",
    "0x",
    "inf",
    "nan",
    "2023-11-14",
    "'x'",
    "\"",
    "é",
    "timestamp",
    "entity_type",
    "99999999999999999999999999999999999",
];

fn without_pair(text: &str, open: usize) -> String {
    let start = text.match_indices('(').nth(open).unwrap().0;
    let mut depth = 0;
    let end = text[start..].find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    let end = start + end.unwrap();
    format!(
        "{}{}{}",
        &text[..start],
        &text[start + 1..end],
        &text[end + 1..]
    )
}
