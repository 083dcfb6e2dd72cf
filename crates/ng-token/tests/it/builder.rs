use ng_token::{
    Axis, EncodeError, EncodeErrors, EntityType, Flags, Space, SystemFlags, Token, TokenBuilder,
    TokenId,
};
use proptest::prelude::*;

use crate::any;

#[test]
fn a_builder_left_alone_builds_the_fresh_token() {
    assert_eq!(
        Token::builder(0x7500_0001).build(),
        Ok(Token::new(0x7500_0001))
    );
}

#[test]
fn every_field_can_be_set() {
    let id = TokenId::new(2, EntityType::Goal, 99).unwrap();
    let mut builder = Token::builder(id.raw())
        .system(SystemFlags::PERSISTENT)
        .user(9)
        .weight(f32::INFINITY)
        .radius(1.25)
        .strength(0.5)
        .timestamp(77);
    for space in Space::ALL {
        let level = f32::from(space as u8);
        builder = builder.coordinate(space, [level / 10.0, -level / 10.0, 1.0]);
    }
    let token = builder.build().unwrap();

    assert_eq!(token.id(), id);
    assert_eq!(token.flags().system(), SystemFlags::PERSISTENT);
    assert_eq!(token.flags().entity_type(), EntityType::Goal);
    assert_eq!(token.flags().user(), 9);
    assert_eq!(token.weight(), f32::INFINITY);
    assert_eq!((token.radius(), token.strength_raw()), (1.25, 128));
    assert_eq!(token.timestamp(), 77);
    assert_eq!(token.coordinate(Space::Physical), [0.0, 0.0, 1.0]);
    assert_eq!(token.coordinate(Space::Abstract), [0.7, -0.7, 1.0]);
    assert_eq!(token.validate(77), Ok(()));
}

#[test]
fn every_radius_and_strength_comes_back() {
    for raw in 0..=u8::MAX {
        let stored = Token::ZERO.with_radius_raw(raw).with_strength_raw(raw);
        let (radius, strength) = (stored.radius(), stored.strength());
        let checked = Token::builder(0).radius(radius).strength(strength);
        let saturating = Token::builder(0)
            .radius_saturating(radius)
            .strength_saturating(strength);
        for builder in [checked, saturating] {
            let token = builder.build().unwrap();
            assert_eq!((token.radius_raw(), token.strength_raw()), (raw, raw));
        }
    }
}

#[track_caller]
fn check_refused(builder: TokenBuilder, message: &str) {
    assert_eq!(builder.build().unwrap_err().to_string(), message);
}

#[test]
fn what_does_not_fit_is_refused_with_field_value_and_range() {
    let fresh = || Token::builder(1);
    let user = "user flags 16, expected 0 to 15";
    check_refused(fresh().user(16), user);

    check_refused(
        fresh().weight(f32::NAN),
        "weight NaN, expected 0.0 or greater",
    );
    check_refused(fresh().weight(-0.5), "weight -0.5, expected 0.0 or greater");

    check_refused(
        fresh().radius(2.56),
        "field radius 2.56, expected 0.0 to 2.55",
    );
    check_refused(
        fresh().radius(-0.01),
        "field radius -0.01, expected 0.0 to 2.55",
    );
    check_refused(
        fresh().radius(f32::NAN),
        "field radius NaN, expected 0.0 to 2.55",
    );
    check_refused(
        fresh().radius(f32::INFINITY),
        "field radius inf, expected 0.0 to 2.55",
    );

    check_refused(
        fresh().strength(1.5),
        "field strength 1.5, expected 0.0 to 1.0",
    );
    check_refused(
        fresh().strength(-1.0),
        "field strength -1.0, expected 0.0 to 1.0",
    );
    check_refused(
        fresh().strength(f32::NAN),
        "field strength NaN, expected 0.0 to 1.0",
    );

    let coordinate = "temporal coordinate z 400.0, expected -327.68 to 327.67";
    check_refused(
        fresh().coordinate(Space::Temporal, [0.0, 0.0, 400.0]),
        coordinate,
    );
}

#[test]
fn errors_carry_the_refused_value() {
    let refused = |builder: TokenBuilder| builder.build().unwrap_err();
    let weight = refused(Token::builder(1).weight(-0.5));
    assert_eq!(weight, EncodeError::Weight { value: -0.5 });
    let radius = refused(Token::builder(1).radius(3.0));
    assert_eq!(radius, EncodeError::Radius { value: 3.0 });
    let strength = refused(Token::builder(1).strength(3.0));
    assert_eq!(strength, EncodeError::Strength { value: 3.0 });
}

#[test]
fn the_first_refused_value_is_reported_whatever_follows() {
    let builder = Token::builder(1)
        .weight(1.0)
        .radius(9.0)
        .strength(9.0)
        .radius(1.0)
        .timestamp(3);
    check_refused(builder, "field radius 9.0, expected 0.0 to 2.55");
}

/// A builder all of whose fields were refused, the last one first.
fn refused_everywhere() -> TokenBuilder {
    let builder = Token::builder(1)
        .strength(1.5)
        .radius(-1.0)
        .weight(-0.5)
        .user(16);
    let spaces = Space::ALL.into_iter().rev();
    spaces.fold(builder, |builder, space| {
        builder.coordinate(space, [f32::INFINITY, -400.0, 400.0])
    })
}

#[test]
fn every_field_is_refused_once_in_the_order_of_the_record() {
    let errors = refused_everywhere().build_all().unwrap_err();
    let mut expected = Vec::new();
    for space in Space::ALL {
        for (axis, value) in Axis::ALL.into_iter().zip([f32::INFINITY, -400.0, 400.0]) {
            expected.push(EncodeError::Coordinate { space, axis, value });
        }
    }
    expected.push(EncodeError::UserFlags { value: 16 });
    expected.push(EncodeError::Weight { value: -0.5 });
    expected.push(EncodeError::Radius { value: -1.0 });
    expected.push(EncodeError::Strength { value: 1.5 });
    assert_eq!(expected.len(), EncodeErrors::MAX);
    assert_eq!(errors.len(), EncodeErrors::MAX);
    assert_eq!(errors.iter().len(), EncodeErrors::MAX);
    assert_eq!(errors.iter().collect::<Vec<_>>(), expected);
    assert_eq!(errors.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(errors.first(), Some(EncodeError::Strength { value: 1.5 }));
    assert_eq!(format!("{errors:?}"), format!("{expected:?}"));

    let again = refused_everywhere()
        .strength(-7.0)
        .coordinate(Space::Motor, [99.0; 3]);
    assert_eq!(again.errors(), errors, "the first value of a field is kept");
}

#[test]
fn good_values_between_and_behind_bad_ones_leave_the_errors_as_they_are() {
    let builder = Token::builder(1)
        .coordinate(Space::Temporal, [0.0, 400.0, 0.0])
        .weight(1.0)
        .radius(9.0)
        .radius(1.0)
        .coordinate(Space::Temporal, [0.0; 3]);
    let errors = builder.errors();
    assert_eq!(
        errors.to_string(),
        "temporal coordinate y 400.0, expected -327.68 to 327.67; \
         field radius 9.0, expected 0.0 to 2.55"
    );
    assert_eq!(builder.clone().build().err(), errors.first());
    assert_eq!(builder.build_all(), Err(errors));
}

#[test]
fn a_builder_without_errors_has_none_and_builds_the_same_either_way() {
    let builder = Token::builder(9).weight(1.0).user(15);
    let errors = builder.errors();
    assert!(errors.is_empty());
    assert_eq!((errors.len(), errors.first()), (0, None));
    assert_eq!(errors.iter().next(), None);
    assert_eq!(errors.to_string(), "");
    assert_eq!(
        builder.clone().build_all().unwrap(),
        builder.build().unwrap()
    );
}

#[test]
fn a_broken_token_is_mended_or_refused_as_documented() {
    let flags = Flags::new(SystemFlags::LOCKED, EntityType::Rule, 3).unwrap();
    let foreign = Token::new(0x2500_0001)
        .with_flags(flags)
        .with_timestamp(u32::MAX);
    let built = foreign.to_builder().build().unwrap();
    assert_eq!(
        built,
        foreign.with_flags(flags.with_entity_type(EntityType::Concept))
    );

    for weight in [f32::NAN, -1.0] {
        let broken = foreign.with_weight(weight);
        let error = TokenBuilder::from(broken).build().unwrap_err();
        let EncodeError::Weight { value } = error else {
            panic!("{error:?}");
        };
        assert_eq!(value.to_bits(), weight.to_bits());
        let mended = broken.to_builder().weight(2.0).build();
        assert_eq!(mended, Ok(built.with_weight(2.0)));
        // After everything that was set, and only once.
        let builder = broken.to_builder().strength(2.0);
        assert_eq!(builder.errors().len(), 2);
        let first = builder.clone().build().unwrap_err();
        assert_eq!(first, EncodeError::Strength { value: 2.0 });
        let set = builder.weight(-3.0).errors();
        assert_eq!(set.len(), 2);
        assert_eq!(set.iter().next(), Some(EncodeError::Weight { value: -3.0 }));
    }
}

#[test]
fn id_entity_type_steps_and_single_flags_can_be_set() {
    let token = Token::builder(7)
        .id(0x3200_0009)
        .entity_type(EntityType::Memory)
        .steps(Space::Social, [1, -2, i16::MIN])
        .system_set(SystemFlags::DIRTY | SystemFlags::LOCKED)
        .system_cleared(SystemFlags::ACTIVE | SystemFlags::LOCKED)
        .build()
        .unwrap();
    let id = TokenId::new(3, EntityType::Memory, 9).unwrap();
    assert_eq!(token.id(), id);
    assert_eq!(token.steps(Space::Social), [1, -2, i16::MIN]);
    let flags = Flags::new(SystemFlags::DIRTY, EntityType::Memory, 0);
    assert_eq!(Ok(token.flags()), flags);
    assert_eq!(token.validate(0), Ok(()));
}

#[test]
fn ends_of_ranges_are_in() {
    let token = Token::builder(1)
        .radius(Token::RADIUS_MAX)
        .strength(Token::STRENGTH_MAX)
        .weight(-0.0)
        .user(15)
        .build()
        .unwrap();
    assert_eq!((token.radius_raw(), token.strength_raw()), (255, 255));
    let token = Token::builder(1)
        .radius(-0.0)
        .strength(-0.0)
        .build()
        .unwrap();
    assert_eq!((token.radius_raw(), token.strength_raw()), (0, 0));
    assert!(
        Token::builder(1)
            .radius(Token::RADIUS_MAX.next_up())
            .build()
            .is_err()
    );
    assert!(
        Token::builder(1)
            .strength(1.0_f32.next_up())
            .build()
            .is_err()
    );
}

#[test]
fn saturating_forms_take_the_nearer_end_and_nan_as_zero() {
    for (value, raw) in [(f32::INFINITY, 255), (3.0, 255), (-3.0, 0), (f32::NAN, 0)] {
        let token = Token::builder(1)
            .radius_saturating(value)
            .strength_saturating(value)
            .build()
            .unwrap();
        assert_eq!(
            (token.radius_raw(), token.strength_raw()),
            (raw, raw),
            "{value}"
        );
    }
    let token = Token::builder(1)
        .coordinate_saturating(Space::Motor, [f32::MAX, f32::MIN, f32::NAN])
        .build()
        .unwrap();
    assert_eq!(
        token.coordinates()[Space::Motor as usize],
        [i16::MAX, i16::MIN, 0]
    );
}

#[test]
fn radius_and_strength_round_to_nearest_with_ties_away_from_zero() {
    let token = Token::builder(1)
        .radius(0.125)
        .strength(0.5)
        .build()
        .unwrap();
    assert_eq!((token.radius_raw(), token.strength_raw()), (13, 128));
    let token = Token::builder(1)
        .radius(0.124)
        .strength(0.499)
        .build()
        .unwrap();
    assert_eq!((token.radius_raw(), token.strength_raw()), (12, 127));
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn what_is_built_is_valid_from_its_timestamp_on(
        id: u32,
        system in any::system(),
        user in 0..=15_u8,
        weight_bits in any::weight_bits(),
        timestamp: u32,
    ) {
        let weight = f32::from_bits(weight_bits);
        let built = Token::builder(id)
            .system(system)
            .user(user)
            .weight(weight)
            .timestamp(timestamp)
            .build();
        prop_assert_eq!(built.is_ok(), weight >= 0.0);
        if let Ok(token) = built {
            prop_assert_eq!(token.validate(timestamp), Ok(()));
            prop_assert_eq!(token.weight().to_bits(), weight_bits);
            prop_assert_eq!((token.flags().system(), token.flags().user()), (system, user));
        }
    }

    #[test]
    fn a_valid_token_is_built_again_as_it_was(token in any::token(), weight in 0.0..=f32::MAX) {
        let valid = token.with_id(token.id().raw()).with_weight(weight);
        prop_assert_eq!(valid.to_builder().build(), Ok(valid));
    }

    #[test]
    fn what_is_built_from_any_token_is_valid(token in any::token(), user in 0..=31_u8) {
        let builder = TokenBuilder::from(token).user(user);
        let errors = builder.errors();
        match builder.build() {
            Ok(built) => {
                prop_assert!(errors.is_empty());
                prop_assert_eq!(built.validate(built.timestamp()), Ok(()));
                prop_assert_eq!(built.id(), token.id());
            }
            Err(error) => {
                let first = errors.first().map(|first| first.to_string());
                prop_assert_eq!(Some(error.to_string()), first);
                let weight = token.weight();
                prop_assert!(user > 15 || weight < 0.0 || weight.is_nan());
            }
        }
    }

    #[test]
    fn setting_one_space_keeps_the_others(
        first in 0..8_usize,
        second in 0..8_usize,
        steps in any::<[i16; 3]>(),
    ) {
        prop_assume!(first != second);
        let (first, second) = (Space::ALL[first], Space::ALL[second]);
        let token = Token::builder(1)
            .coordinate(first, first.decode(steps))
            .coordinate(second, [1.0; 3])
            .build()
            .unwrap();
        prop_assert_eq!(token.coordinates()[first as usize], steps);
        prop_assert_eq!(token.coordinate(second), [1.0; 3]);
    }
}
