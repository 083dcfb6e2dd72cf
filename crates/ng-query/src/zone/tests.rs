use ng_token::Space;
use proptest::prelude::*;

use super::*;
use crate::arbitrary::{condition, filter, matches, token, tokens};
use crate::bound::{Ball, Bound, Condition};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_verdict_holds_for_every_token(tokens in tokens(), filter in filter(), start in 0u64..150) {
        let positions = start..start + tokens.len() as u64;
        let zone = Zone::of(&tokens);
        let matching = positions.clone().zip(&tokens).filter(|(at, token)| matches(&filter, *at, token)).count();
        match verdict(&filter, &positions, Some(&zone)) {
            Verdict::None => prop_assert_eq!(matching, 0),
            Verdict::All => prop_assert_eq!(matching, tokens.len()),
            Verdict::Some => (),
        }
    }

    #[test]
    fn a_merged_zone_is_that_of_all_tokens(tokens in tokens(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(tokens.len());
        let all = Zone::of(&tokens);
        if cut > 0 {
            let mut zone = Zone::of(&tokens[..cut]);
            zone.merge(&Zone::of(&tokens[cut..]));
            prop_assert_eq!(zone.to_bytes(), all.to_bytes());
        }
        prop_assert_eq!(Zone::from_bytes(&all.to_bytes()).map(|zone| zone.to_bytes()), Ok(all.to_bytes()));
    }

    /// Some byte of a zone is changed: what is believed after that could be of some tokens.
    #[test]
    fn bytes_that_contradict_themselves_are_no_zone(
        tokens in tokens(), at in 0..Zone::SIZE, byte in any::<u8>(), filter in filter(),
    ) {
        let mut bytes = Zone::of(&tokens).to_bytes();
        bytes[at] = byte;
        if let Ok(zone) = Zone::from_bytes(&bytes) {
            prop_assert!(zone.id.min() <= zone.id.max() && zone.flags.min() <= zone.flags.max());
            prop_assert!(!zone.weight.min().is_nan() && !zone.weight.max().is_nan());
            prop_assert!(!zone.all_nan() || zone.has_nan());
            prop_assert_eq!(zone.to_bytes(), bytes);
            let _any = verdict(&filter, &(0..9), Some(&zone));
        }
    }

    /// A zone that says `Some` for everything would be right and useless: for tokens that are all
    /// alike it can decide.
    #[test]
    fn of_equal_tokens_a_verdict_is_certain(token in token(), condition in condition()) {
        let filter = Bound::Is(condition);
        let is_off_grid = matches!(filter, Bound::Is(Condition::Ball(_, Ball::OffGrid { .. })));
        let expected = if matches(&filter, 7, &token) { Verdict::All } else { Verdict::None };
        let found = verdict(&filter, &(7..8), Some(&Zone::of(&[token; 65])));
        prop_assert!(found == expected || is_off_grid && found == Verdict::Some, "{:?}", found);
    }

    /// Whatever a forged zone says, nothing panics.
    #[test]
    fn a_verdict_by_any_bytes_is_one(bytes in prop::collection::vec(any::<u8>(), size_of::<Zone>()), filter in filter()) {
        let zone: Zone = bytemuck::pod_read_unaligned(&bytes);
        let told = verdict(&filter, &(0..4096), Some(&zone));
        prop_assert!(matches!(told, Verdict::None | Verdict::All | Verdict::Some));
    }

    #[test]
    fn a_zone_has_the_extremes_of_every_column(tokens in tokens()) {
        let zone = Zone::of(&tokens);
        let plain = fields::zone(Kernels::BASELINE, &tokens);
        prop_assert_eq!(bytemuck::bytes_of(&zone), bytemuck::bytes_of(&plain));
        let ids = || tokens.iter().map(|token| token.id().raw());
        prop_assert_eq!(Some(zone.id.min()), ids().min());
        prop_assert_eq!(Some(zone.id.max()), ids().max());
        prop_assert_eq!(Some(zone.local_id.min()), ids().map(|id| id & 0xFF_FFFF).min());
        prop_assert_eq!(Some(zone.local_id.max()), ids().map(|id| id & 0xFF_FFFF).max());
        prop_assert_eq!(zone.entity_types, ids().fold(0, |bits, id| bits | 1 << (id >> 24 & 15)));
        prop_assert_eq!(zone.domains, ids().fold(0, |bits, id| bits | 1 << (id >> 28)));
        let ascend = tokens.windows(2).all(|pair| pair[0].id().raw().checked_add(1) == Some(pair[1].id().raw()));
        prop_assert_eq!(zone.ids_ascend(), ascend);
        let flags = || tokens.iter().map(|token| token.flags().bits());
        prop_assert_eq!(Some(zone.flags.min()), flags().min());
        prop_assert_eq!(Some(zone.flags.max()), flags().max());
        prop_assert_eq!(Some(zone.flags_and), flags().reduce(|a, b| a & b));
        prop_assert_eq!(Some(zone.flags_or), flags().reduce(|a, b| a | b));
        prop_assert_eq!(zone.flags_entity_types, flags().fold(0, |bits, flags| bits | 1 << (flags >> 8 & 15)));
        let numbers = || tokens.iter().map(Token::weight).filter(|weight| !weight.is_nan());
        prop_assert_eq!(zone.has_nan(), numbers().count() < tokens.len());
        prop_assert_eq!(zone.all_nan(), numbers().count() == 0);
        if !zone.all_nan() {
            prop_assert_eq!(Some(zone.weight.min()), numbers().reduce(f32::min));
            prop_assert_eq!(Some(zone.weight.max()), numbers().reduce(f32::max));
        }
        let times = || tokens.iter().map(Token::timestamp);
        prop_assert_eq!((Some(zone.timestamp.min()), Some(zone.timestamp.max())), (times().min(), times().max()));
        let radii = || tokens.iter().map(Token::radius_raw);
        prop_assert_eq!((Some(zone.radius.min()), Some(zone.radius.max())), (radii().min(), radii().max()));
        let strengths = || tokens.iter().map(Token::strength_raw);
        prop_assert_eq!((Some(zone.strength.min()), Some(zone.strength.max())), (strengths().min(), strengths().max()));
        for space in Space::ALL {
            for axis in 0..3 {
                let steps = || tokens.iter().map(|token| token.steps(space)[axis]);
                let span = zone.space(space)[axis];
                prop_assert_eq!((Some(span.min()), Some(span.max())), (steps().min(), steps().max()));
            }
        }
    }
}

/// Every number from 0 to 2^32 - 1 is not an ascending range, and ids that wrap around are not in
/// order.
#[test]
fn ids_that_wrap_do_not_ascend_by_one() {
    let of = |first: u32| {
        let tokens: Vec<_> = (0..4096)
            .map(|place| Token::new(first.wrapping_add(place)))
            .collect();
        Zone::of(&tokens)
    };
    for first in [0, 7, u32::MAX - 4095] {
        let zone = of(first);
        assert!(zone.ids_ascend(), "{first}");
        assert_eq!(zone.position_of(first + 4095), Some(4095));
        assert_eq!(
            first.checked_sub(1).and_then(|id| zone.position_of(id)),
            None
        );
    }
    assert!(!of(u32::MAX - 4094).ids_ascend());
    assert_eq!(of(7).position_of(7 + 4096), None);
}

#[test]
fn each_impossible_value_of_a_zone_is_refused() {
    let zone = Zone::of(&[Token::new(5).with_weight(f32::NAN)]);
    let with = |offset: usize, bytes: &[u8]| {
        let mut all = zone.to_bytes();
        all[offset..offset + bytes.len()].copy_from_slice(bytes);
        Zone::from_bytes(&all).map(|_| ())
    };
    assert_eq!(with(0, &[]), Ok(()));
    let (infinity, nan) = (f32::INFINITY.to_le_bytes(), f32::NAN.to_le_bytes());
    for (offset, bytes, column) in [
        (0, &6_u32.to_le_bytes()[..], "id"),
        (12, &(1_u32 << 24).to_le_bytes(), "local_id"),
        (16, &u32::MAX.to_le_bytes(), "timestamp"),
        (24, &nan, "weight"),
        (24, &1.0_f32.to_le_bytes(), "weight"),
        (32, &u16::MAX.to_le_bytes(), "flags"),
        (46, &1_i16.to_le_bytes(), "coordinates"),
        (142, &[9], "radius"),
        (144, &[255], "strength"),
    ] {
        assert_eq!(
            with(offset, bytes),
            Err(ZoneError::Span { column }),
            "{offset}"
        );
    }
    for (offset, bytes, column) in [
        (36, &0xFFFF_u16.to_le_bytes()[..], "flags and their bits"),
        (40, &[0, 0], "ids and their entity types"),
        (42, &[0, 0], "ids and their domains"),
        (44, &[0, 0], "flags and their entity types"),
        (146, &[2], "weights and whether any is NaN"),
        (147, &[2], "ids and whether they ascend"),
    ] {
        assert_eq!(
            with(offset, bytes),
            Err(ZoneError::Bits { column }),
            "{offset}"
        );
    }
    // Of no NaN, nothing is no range.
    assert_eq!(with(146, &[0]), Err(ZoneError::Span { column: "weight" }));
    assert_eq!(with(24, &[infinity, infinity].concat()), Ok(()));
}

#[test]
fn a_filter_can_match_where_zone_and_positions_let_it() {
    let zone = Zone::of(&[
        Token::new(5).with_timestamp(10),
        Token::new(9).with_timestamp(20),
    ]);
    for (text, positions, can) in [
        ("id = 7", 0..2, true),
        ("id = 4", 0..2, false),
        ("position >= 8", 0..8, false),
        ("position >= 8", 0..9, true),
        ("true", 3..3, false),
        ("false", 0..2, false),
        ("timestamp <= 10 and id > 9", 0..2, false),
    ] {
        let filter: Filter = text.parse().unwrap();
        assert_eq!(zone.can_match(&filter, 15, positions), can, "{text}");
    }
}
