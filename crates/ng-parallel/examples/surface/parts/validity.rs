//! The two sets of rules.

use ng_token::*;

use crate::Outcome;
use crate::place::Place;

const NOW: u32 = 1_700_000_000;

pub(super) fn run(_: &Place) -> Outcome {
    let token = Token::new(1);
    // What upstream makes from an id with an entity type.
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Undefined, 0)?;
    let mixed = Token::new(0x0500_0001).with_flags(flags);
    let heavy = token.with_weight(Validation::UPSTREAM_WEIGHT_MAX + 1.0);
    let early = token.with_timestamp(NOW + Validation::UPSTREAM_SKEW);
    let late = token.with_timestamp(NOW + Validation::UPSTREAM_SKEW + 1);

    // A token, and whether it is valid by the strict rules and by upstream's.
    let cases = [
        (token, true, true),
        (Token::new(0), true, true),
        (mixed, false, true),
        (heavy, true, false),
        (token.with_weight(f32::NAN), false, true),
        (token.with_weight(-1.0), false, false),
        (early, false, true),
        (late, false, false),
    ];
    for (token, strict, upstream) in cases {
        assert_eq!(token.validate_with(Validation::Strict, NOW).is_ok(), strict);
        assert_eq!(token.validate(NOW).is_ok(), strict);
        let by_upstream = token.validate_with(Validation::Upstream, NOW);
        assert_eq!(by_upstream.is_ok(), upstream, "{token:?}");
    }
    let too_late = Invalid::TimestampInFuture {
        timestamp: NOW + 3601,
        latest: NOW + 3600,
    };
    assert_eq!(late.validate_with(Validation::Upstream, NOW), Err(too_late));
    Ok(())
}
