use ng_token::{EntityType, Flags, Invalid, SystemFlags, Token, Validation};
use proptest::prelude::*;

use crate::any;

const NOW: u32 = 1_700_000_000;

#[track_caller]
fn check_invalid(token: Token, expected: Invalid, message: &str) {
    let invalid = token.validate(NOW).unwrap_err();
    assert_eq!(invalid, expected);
    assert_eq!(invalid.to_string(), message);
}

#[test]
fn a_nan_weight_is_invalid_whatever_its_sign_and_payload() {
    for bits in [0x7FC0_0000, 0xFFC0_0000, 0x7FA0_0001, 0x7F80_0001] {
        check_invalid(
            Token::new(1).with_weight(f32::from_bits(bits)),
            Invalid::WeightNan { bits },
            &format!("weight NaN (bits {bits:#010x}), expected 0.0 or greater"),
        );
    }
}

#[test]
fn a_negative_weight_is_invalid() {
    check_invalid(
        Token::new(1).with_weight(-0.25),
        Invalid::WeightNegative { weight: -0.25 },
        "weight -0.25, expected 0.0 or greater",
    );
    check_invalid(
        Token::new(1).with_weight(f32::NEG_INFINITY),
        Invalid::WeightNegative {
            weight: f32::NEG_INFINITY,
        },
        "weight -inf, expected 0.0 or greater",
    );
}

#[test]
fn entity_types_that_disagree_are_invalid() {
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Rule, 0).unwrap();
    check_invalid(
        Token::new(0x0500_0001).with_flags(flags),
        Invalid::EntityTypeMismatch {
            id: EntityType::Concept,
            flags: EntityType::Rule,
        },
        "entity type rule in the flags, expected concept as in the id",
    );
}

#[test]
fn a_timestamp_after_now_is_invalid() {
    check_invalid(
        Token::new(1).with_timestamp(NOW + 1),
        Invalid::TimestampInFuture {
            timestamp: NOW + 1,
            latest: NOW,
        },
        "timestamp 1700000001, expected at most 1700000000",
    );
}

#[test]
fn edges_that_are_valid() {
    let fresh = Token::new(1);
    for token in [
        fresh.with_timestamp(NOW),
        fresh.with_weight(-0.0),
        fresh.with_weight(f32::from_bits(1)),
        fresh.with_weight(f32::INFINITY),
        fresh.with_system(SystemFlags::empty()),
        fresh.with_coordinates([[i16::MIN; 3]; 8]),
    ] {
        assert_eq!(token.validate(NOW), Ok(()), "{token:?}");
    }
}

#[track_caller]
fn check_upstream(token: Token, expected: Result<(), &str>) {
    let validated = token.validate_with(Validation::Upstream, NOW);
    let told = validated.map_err(|invalid| invalid.to_string());
    assert_eq!(told, expected.map_err(str::to_owned), "{token:?}");
}

#[test]
fn upstream_bounds_weights_and_lets_nan_pass() {
    let weighs = |weight| Token::new(1).with_weight(weight);
    for weight in [0.0, -0.0, 100.0, f32::NAN, -f32::NAN] {
        check_upstream(weighs(weight), Ok(()));
    }
    let too_great = "weight 100.00001, expected at most 100.0";
    check_upstream(weighs(100.0_f32.next_up()), Err(too_great));
    let infinite = "weight inf, expected at most 100.0";
    check_upstream(weighs(f32::INFINITY), Err(infinite));
    let negative = "weight -0.25, expected 0.0 or greater";
    check_upstream(weighs(-0.25), Err(negative));
}

#[test]
fn upstream_lets_entity_types_differ_and_takes_id_0() {
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Rule, 0).unwrap();
    check_upstream(Token::new(0x0500_0001).with_flags(flags), Ok(()));
    check_upstream(Token::new(0), Ok(()));
    check_upstream(Token::ZERO, Ok(()));
}

#[test]
fn upstream_lets_clocks_be_an_hour_ahead() {
    let at = |timestamp| Token::new(1).with_timestamp(timestamp);
    check_upstream(at(NOW + 3600), Ok(()));
    let told = "timestamp 1700003601, expected at most 1700003600";
    check_upstream(at(NOW + 3601), Err(told));
    // The latest time does not wrap.
    let latest = at(u32::MAX);
    for now in [u32::MAX - 3600, u32::MAX - 1, u32::MAX] {
        assert_eq!(latest.validate_with(Validation::Upstream, now), Ok(()));
    }
    assert!(
        latest
            .validate_with(Validation::Upstream, u32::MAX - 3601)
            .is_err()
    );
}

#[test]
fn strict_is_the_default() {
    assert_eq!(Validation::default(), Validation::Strict);
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn strict_is_what_validate_says(token in any::token(), now: u32) {
        let told = |validated: Result<(), Invalid>| validated.map_err(|invalid| invalid.to_string());
        prop_assert_eq!(told(token.validate_with(Validation::Strict, now)), told(token.validate(now)));
    }

    #[test]
    fn validity_of_any_bytes_is_the_three_rules(token in any::token(), now: u32, agree: bool) {
        let token = if agree {
            let flags = token.flags();
            let entity_type = token.id().entity_type();
            token.with_flags(Flags::new(flags.system(), entity_type, flags.user()).unwrap())
        } else {
            token
        };
        let rules = token.weight() >= 0.0
            && token.id().entity_type() == token.flags().entity_type()
            && token.timestamp() <= now;
        prop_assert_eq!(token.validate(now).is_ok(), rules);
    }
}
