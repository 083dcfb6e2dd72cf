use ng_token::{EntityType, Flags, Invalid, SystemFlags, Token};
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
            now: NOW,
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

proptest! {
    #![proptest_config(any::config())]

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
