use ng_query::ng_token::{Axis, EntityType, Flags, Space, SystemFlags, Token};
use ng_query::{AssignError, AssignedValueError, Assignments, AssignmentsError, Column};
use proptest::collection::vec;
use proptest::prelude::*;

use super::any::assignments;
use super::oracle::{Assignment, assigned, units};
use crate::ends::{WEIGHTS, ends, steps, with_step};
use crate::filter::any::{config, token};

fn parsed(text: &str) -> Assignments {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn applied(text: &str, token: Token) -> Result<Token, String> {
    let mut tokens = [token];
    match parsed(text).apply(&mut tokens, 7) {
        Ok(changed) => {
            assert_eq!(changed, u64::from(tokens[0] != token), "{text}");
            Ok(tokens[0])
        }
        Err(error) => {
            assert_eq!(tokens[0], token, "{text}");
            Err(error.to_string())
        }
    }
}

fn check(text: &str, before: Token, after: Token) {
    assert_eq!(applied(text, before), Ok(after), "{text}");
}

fn check_refused(text: &str, token: Token, message: &str) {
    assert_eq!(applied(text, token).unwrap_err(), message, "{text}");
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn every_token_becomes_what_it_becomes_alone(
        all in assignments(),
        few in vec(token(), 1..8),
        chosen in vec(prop::bool::weighted(0.8), 1..300),
        first in prop_oneof![Just(0), Just(u64::MAX - 400), any::<u32>().prop_map(u64::from)],
    ) {
        let text: Vec<String> = all.iter().map(ToString::to_string).collect();
        let set: Assignments = match text.join(",").parse() {
            Ok(set) => set,
            Err(error) => {
                let error: ng_query::ParseAssignmentsError = error;
                prop_assert!(matches!(error.cause(), AssignmentsError::Value(_)), "{}", error);
                let is_constant = |one: &Assignment| {
                    matches!(one, Assignment::Column(_, value) if value.is_constant())
                };
                let constants: Vec<Assignment> = all.into_iter().filter(is_constant).collect();
                prop_assert!(assigned(&constants, &Token::ZERO, 0).is_err(), "{}", error);
                return Ok(());
            }
        };
        prop_assert_eq!(set.to_string().parse(), Ok(set.clone()));
        // Few tokens over and over, in more than one chunk: drawing them takes longest.
        let chosen: Vec<_> = few.into_iter().cycle().zip(chosen).collect();
        hold_against_oracle(&all, &set, &chosen, first)?;
    }
}

fn hold_against_oracle(
    all: &[Assignment],
    set: &Assignments,
    chosen: &[(Token, bool)],
    first: u64,
) -> Result<(), TestCaseError> {
    let before: Vec<Token> = chosen.iter().map(|(token, _)| *token).collect();
    let mut tokens = before.clone();
    let indices = (0..chosen.len()).filter(|index| chosen[*index].1);
    let found = set.apply_at(&mut tokens, indices, first);
    let mut changed = 0;
    for (index, (old, is_chosen)) in chosen.iter().enumerate() {
        let position = first + index as u64;
        if !is_chosen {
            prop_assert_eq!(tokens[index], *old);
            continue;
        }
        match assigned(all, old, position) {
            Ok(new) if found.is_ok() => {
                prop_assert_eq!(tokens[index], new, "{} {:?}", set, old);
                changed += u64::from(new != *old);
            }
            Ok(new) => prop_assert!([*old, new].contains(&tokens[index])),
            Err((column, value)) => {
                check_error(found, (column, value, position))?;
                prop_assert_eq!(&tokens[index..], &before[index..]);
                return Ok(());
            }
        }
    }
    prop_assert_eq!(found, Ok(changed));
    Ok(())
}

fn check_error(
    found: Result<u64, AssignError>,
    (column, value, at): (Column, f64, u64),
) -> Result<(), TestCaseError> {
    let Err(AssignError::Value { position, cause }) = found else {
        return Err(TestCaseError::fail(format!(
            "{found:?}, not {column} {value}"
        )));
    };
    prop_assert_eq!(position, at);
    let told = match cause {
        AssignedValueError::Weight { value } => (Column::Weight, value.to_bits()),
        AssignedValueError::Range { column, value, .. } => (column, value.to_bits()),
        _ => return Err(TestCaseError::fail("another cause")),
    };
    prop_assert_eq!(told.0, column);
    prop_assert!(told.1 == value.to_bits() || value.is_nan());
    Ok(())
}

fn stored_columns() -> impl Iterator<Item = Column> {
    Column::ALL
        .into_iter()
        .filter(|column| *column != Column::Position)
}

/// Every column keeps every value at and near its ends when it is assigned itself.
#[test]
fn a_column_assigned_itself_changes_nothing() {
    for column in stored_columns() {
        let text = format!("{column} = {column}");
        let mut tokens: Vec<Token> = match column {
            Column::Weight => {
                let valid = WEIGHTS
                    .into_iter()
                    .filter(|weight| weight.is_nan() || *weight >= 0.0);
                valid
                    .map(|weight| Token::new(1).with_weight(weight))
                    .collect()
            }
            _ => {
                let (min, max, _) = ends(column);
                let all = if max - min < 1 << 16 {
                    (min..=max).collect()
                } else {
                    steps(column)
                };
                let all = all.into_iter();
                all.map(|step| with_step(column, step).0).collect()
            }
        };
        let before = tokens.clone();
        assert_eq!(parsed(&text).apply(&mut tokens, 0), Ok(0), "{column}");
        assert!(tokens == before, "{column}");
    }
}

#[test]
fn both_ends_of_a_column_are_stored_and_what_is_beyond_is_refused() {
    for column in stored_columns().filter(|column| *column != Column::Weight) {
        let (min, max, scale) = ends(column);
        // A literal has no sign, and a constant would be refused when it is parsed.
        let text_of = |step: f64| format!("{column} = {} + weight", step / f64::from(scale));
        for (step, fits) in [
            (min as f64, true),
            (max as f64, true),
            (min as f64 - 1.0, false),
            (max as f64 + 1.0, false),
        ] {
            let text = text_of(step).replace("= -", "= 0 - ");
            let token = Token::ZERO;
            let found = applied(&text, token);
            assert_eq!(found.is_ok(), fits, "{text}: {found:?}");
            if fits {
                let (units_of, _) = with_step(column, step as i128);
                let expected = units(column, &units_of, 0);
                assert_eq!(units(column, &found.unwrap(), 0), expected, "{text}");
            }
        }
    }
}

#[test]
fn coordinates_round_to_the_nearest_step_and_ties_away_from_zero() {
    let at = |x: i16| Token::ZERO.with_coordinate(Space::Physical, [x, 0, 0]);
    for (value, steps) in [
        ("1.504", 150),
        ("1.506", 151),
        ("0.125", 13),
        ("-0.125", -13),
        ("0.124999", 12),
        ("327.67", 32_767),
        ("-327.68", -32_768),
    ] {
        check(&format!("physical_x = {value}"), at(1), at(steps));
    }
    // 327.66 + 0.01 is a little more than 327.67 in an `f64`, but not in an `f32`.
    check("physical_x = physical_x + 0.01", at(32_766), at(32_767));
    check_refused(
        "physical_x = physical_x + 0.01",
        at(32_767),
        "position 7: physical_x 327.68, expected -327.68 to 327.67",
    );
    let other = Token::ZERO.with_coordinate(Space::Motor, [1, 2, 3]);
    let moved = other.with_coordinate(Space::Motor, [3, 2, 1]);
    check("motor_x = motor_z, motor_z = motor_x", other, moved);
}

#[test]
fn whole_columns_refuse_fractions() {
    let token = Token::new(7).with_timestamp(5);
    for (text, message) in [
        (
            "timestamp = timestamp / 2",
            "position 7: timestamp 2.5, expected a whole number from 0 to 4294967295",
        ),
        (
            "local_id = local_id * 0.5",
            "position 7: local_id 3.5, expected a whole number from 0 to 16777215",
        ),
        (
            "flags = 0 - id",
            "position 7: flags -7.0, expected a whole number from 0 to 65535",
        ),
        (
            "domain = id + 9",
            "position 7: domain 16.0, expected a whole number from 0 to 15",
        ),
        (
            "id = weight / weight",
            "position 7: id NaN, expected a whole number from 0 to 4294967295",
        ),
    ] {
        check_refused(text, token, message);
    }
    check(
        "timestamp = floor(timestamp / 2)",
        token,
        token.with_timestamp(2),
    );
    check(
        "timestamp = round(timestamp / 2)",
        token,
        token.with_timestamp(3),
    );
    check("timestamp = -0 * id", token, token.with_timestamp(0));
    check("local_id = position", token, token);
}

#[test]
fn weights_are_the_nearest_float_and_nan_only_if_they_were() {
    let weight = |weight: f32| Token::new(1).with_weight(weight);
    check("weight = weight * 0.1", weight(3.0), weight(0.3));
    check("weight = 0.29", weight(3.0), weight(0.29));
    check("weight = -0 * weight", weight(3.0), weight(-0.0));
    check("weight = inf", weight(3.0), weight(f32::INFINITY));
    check("weight = 1 / weight", weight(0.0), weight(f32::INFINITY));
    // Of equal ones the second.
    check("weight = max(-0 * weight, 0)", weight(3.0), weight(0.0));
    check("weight = min(0, -0 * weight)", weight(3.0), weight(-0.0));
    // A signalling NaN, with all its bits.
    let nan = weight(f32::from_bits(0xFF80_0001));
    check("weight = weight * 0.5", nan, nan);
    check("weight = max(weight, 0)", nan, nan);
    check("weight = 0.5", nan, weight(0.5));
    for (text, before, shown) in [
        ("weight = 0 - weight", 2.0, "-2.0"),
        ("weight = weight * 2", -0.5, "-1.0"),
        ("weight = weight - weight", f32::INFINITY, "NaN"),
        ("weight = weight * 1e39", 1.0, "1e39"),
    ] {
        let message = format!("position 7: weight {shown}, expected 0.0 to 3.4028235e38, or inf");
        check_refused(text, weight(before), &message);
    }
}

#[test]
fn the_entity_type_in_the_flags_follows_where_it_agreed() {
    let agrees = Token::new(0x3100_0007);
    let differs = agrees.with_flags(Flags::from_bits(0x0501));
    let event = agrees.with_entity_type(EntityType::Event);
    check("entity_type = event", agrees, event);
    check("entity_type = 2", agrees, event);
    check("entity_type = flags_entity_type + 1", agrees, event);
    check("id = id + 0x1000000", agrees, event);
    check(
        "id = 0x32000007, dirty = true",
        agrees,
        event.with_system_set(SystemFlags::DIRTY),
    );
    let with = |id: u32, flags: u16| Token::new(id).with_flags(Flags::from_bits(flags));
    check("entity_type = event", differs, with(0x3200_0007, 0x0501));
    check("id = 8", differs, with(8, 0x0501));
    check(
        "entity_type = event, flags_entity_type = object",
        agrees,
        with(0x3200_0007, 0x0101),
    );
    check(
        "entity_type = event, flags = 0",
        agrees,
        with(0x3200_0007, 0),
    );
    check(
        "flags_entity_type = event",
        agrees,
        with(0x3100_0007, 0x0201),
    );
    check(
        "domain = 4, local_id = 8",
        differs,
        with(0x4100_0008, 0x0501),
    );
}

#[test]
fn right_sides_see_the_token_as_it_was() {
    let token = Token::new(7).with_weight(0.5).with_timestamp(3);
    let swapped = token.with_weight(3.0).with_timestamp(1);
    check("weight = timestamp, timestamp = weight * 2", token, swapped);
    let flags = |bits: u16| Token::new(7).with_flags(Flags::from_bits(bits));
    check("active = dirty, dirty = active", flags(0x01), flags(0x40));
    check(
        "active = not active, user_3 = not not active",
        flags(0x01),
        flags(0x8000),
    );
    check(
        "locked = true, active = not true",
        flags(0xF001),
        flags(0xF080),
    );
    check("flags = 0x4080", flags(0x01), flags(0x4080));
}

#[test]
fn the_first_refused_token_is_named_by_its_position() {
    let set = parsed("radius = radius + 1, strength = strength + 0.5");
    let fresh: Vec<Token> = (0..1000).map(Token::new).collect();
    let mut tokens = fresh.clone();
    tokens[700] = tokens[700].with_radius_raw(200);
    tokens[699] = tokens[699].with_strength_raw(200);
    tokens[900] = tokens[700];
    let before = tokens.clone();
    let error = set.apply(&mut tokens, 10_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "position 10699: strength 1.284313725490196, expected 0.0 to 1.0"
    );
    assert_eq!(tokens[699..], before[699..]);
    // A token where both fail names the first assignment.
    let both = Token::new(1).with_radius_raw(255).with_strength_raw(255);
    let error = set.apply(&mut [both], 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "position 3: radius 3.55, expected 0.0 to 2.55"
    );
    // The refused ones need not be selected.
    let chosen = (0..1000).filter(|index| !before[*index].eq(&before[900]) && *index != 699);
    let mut tokens = before.clone();
    assert_eq!(
        set.apply_at(&mut tokens, chosen.filter(|index| *index != 700), 0),
        Ok(997)
    );
    assert_eq!(tokens[699..=700], before[699..=700]);
}

#[test]
fn tokens_that_stay_the_same_do_not_count_as_changed() {
    let mut tokens: Vec<Token> = (0..300).map(Token::new).collect();
    assert_eq!(parsed("active = true").apply(&mut tokens, 0), Ok(0));
    assert_eq!(
        parsed("timestamp = max(position, 100)").apply(&mut tokens, 0),
        Ok(300)
    );
    assert_eq!(
        parsed("timestamp = max(position, 150)").apply(&mut tokens, 0),
        Ok(150)
    );
    assert_eq!(parsed("weight = 1").apply(&mut [], 0), Ok(0));
}

#[test]
#[should_panic(expected = "index 3, expected at least 4")]
fn an_index_that_comes_twice_is_a_mistake() {
    let mut tokens = [Token::new(1); 9];
    let _ = parsed("weight = weight + 1").apply_at(&mut tokens, [0, 3, 3], 0);
}

#[test]
fn every_coordinate_is_its_own_column() {
    for space in Space::ALL {
        for axis in Axis::ALL {
            let mut steps = [0; 3];
            steps[axis as usize] = 3 * space.scale() as i16;
            let after = Token::ZERO.with_coordinate(space, steps);
            check(&format!("{space}_{axis} = 3"), Token::ZERO, after);
        }
    }
}
