//! The differences between this crate and NeuroGraph (upstream): `docs/compatibility.md`
//! names each test beside its difference, and upstream's files and functions.
//!
//! Upstream's behaviour is rewritten here as the simplest formula.

use std::collections::BTreeSet;
use std::fs;
use std::mem::{align_of, size_of};
use std::path::Path;

use ng_token::{
    BytesError, EncodeError, EntityType, Flags, Invalid, Space, SystemFlags, Token, TokenId,
    Validation, as_bytes, read_unaligned, try_tokens,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::any;

const NOW: u32 = 1_700_000_000;

mod upstream {
    //! The rules of upstream, as formulas.

    use super::*;

    /// Fixed point: the product in `f32`, clamped, truncated toward 0; NaN is 0.
    fn fixed(value: f32, scale: f32, least: f32, greatest: f32) -> f32 {
        let scaled = (value * scale).trunc();
        match scaled.is_nan() {
            true => 0.0,
            false => scaled.min(greatest).max(least),
        }
    }

    pub(super) fn step(space: Space, value: f32) -> i16 {
        fixed(value, space.scale().into(), -32768.0, 32767.0) as i16
    }

    pub(super) fn radius(value: f32) -> u8 {
        fixed(value, 100.0, 0.0, 255.0) as u8
    }

    pub(super) fn strength(value: f32) -> u8 {
        fixed(value, 255.0, 0.0, 255.0) as u8
    }

    /// A token as it is made from an id: no flag but ACTIVE, and the time of the clock.
    pub(super) fn fresh(id: u32, clock: u32) -> Token {
        let flags = Flags::from_bits(1);
        Token::new(id).with_flags(flags).with_timestamp(clock)
    }

    /// The bits of an id, truncated to fit.
    pub(super) fn id(local: u32, entity_type: u8, domain: u8) -> u32 {
        u32::from(domain % 16) * 0x1000_0000
            + u32::from(entity_type % 16) * 0x100_0000
            + local % 0x100_0000
    }

    /// The check of a token, without the one of its id.
    pub(super) fn allows(token: &Token, now: u32) -> bool {
        let (below, above) = (token.weight() < 0.0, token.weight() > 100.0);
        let ahead = u64::from(token.timestamp()) > u64::from(now) + 3600;
        !below && !above && !ahead
    }

    pub(super) fn refuses_id(token: &Token) -> bool {
        token.id().raw() == 0
    }

    /// The x that marks an undefined point.
    pub(super) const UNDEFINED: i16 = 127;

    /// Euclidean distance in `f32`, over decoded coordinates.
    pub(super) fn distance(a: &Token, b: &Token, space: Space) -> f32 {
        let (a, b) = (a.coordinate(space), b.coordinate(space));
        let squares = a.into_iter().zip(b).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f32>().sqrt()
    }
}

/// How many steps of a space do not survive units.
fn lost_steps(space: Space, encode: impl Fn(f32) -> i16) -> usize {
    let lost = |&step: &i16| encode(space.decode([step, 0, 0])[0]) != step;
    (i16::MIN..=i16::MAX).filter(lost).count()
}

#[test]
fn coordinates_round_to_nearest_and_are_not_cut_off() {
    for (space, value, ours, theirs) in [
        (Space::Physical, 0.999, 100, 99),
        (Space::Physical, -0.999, -100, -99),
        (Space::Motor, 0.0006, 1, 0),
        (Space::Abstract, 0.99996, 10_000, 9_999),
    ] {
        assert_eq!(space.encode([value; 3]), Ok([ours; 3]), "{space} {value}");
        assert_eq!(upstream::step(space, value), theirs, "{space} {value}");
    }
}

#[test]
fn every_step_comes_back_from_units_where_upstream_loses_some() {
    for space in Space::ALL {
        let theirs = lost_steps(space, |value| upstream::step(space, value));
        let expected = match space.scale() {
            100 => 4_582,
            1_000 => 740,
            _ => 4_578,
        };
        assert_eq!(theirs, expected, "{space}");
        let ours = |value| space.encode([value, 0.0, 0.0]).unwrap()[0];
        assert_eq!(lost_steps(space, ours), 0, "{space}");
    }
    // 0.53 is the first of them in the physical space.
    assert_eq!(upstream::step(Space::Physical, 0.53), 52);
    assert_eq!(Space::Physical.encode([0.53; 3]), Ok([53; 3]));
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn in_range_the_two_differ_by_one_step_at_most(
        space in select(Space::ALL.as_slice()),
        part in -1.0..=1.0_f32,
    ) {
        let value = part * space.max();
        let [ours, ..] = space.encode([value; 3]).unwrap();
        prop_assert!(ours.abs_diff(upstream::step(space, value)) <= 1);
    }
}

#[test]
fn coordinates_out_of_range_are_refused_and_not_clamped() {
    for space in Space::ALL {
        for (value, end) in [
            (400.0, i16::MAX),
            (-400.0, i16::MIN),
            (f32::INFINITY, i16::MAX),
        ] {
            assert_eq!(upstream::step(space, value), end);
            let refused = Token::builder(1)
                .coordinate(space, [value, 0.0, 0.0])
                .build();
            assert!(
                matches!(refused, Err(EncodeError::Coordinate { .. })),
                "{space} {value}"
            );
            let [saturated, ..] = space.encode_saturating([value; 3]);
            assert_eq!(saturated, end, "upstream's way has its own name");
        }
    }
}

#[test]
fn a_nan_coordinate_is_refused_and_not_0() {
    for space in Space::ALL {
        assert_eq!(upstream::step(space, f32::NAN), 0);
        assert!(space.encode([f32::NAN, 0.0, 0.0]).is_err());
        assert_eq!(space.encode_saturating([f32::NAN; 3]), [0; 3]);
    }
}

#[test]
fn radius_and_strength_round_to_nearest_and_are_not_cut_off() {
    let (radius, strength) = (1.258, 0.999);
    let token = Token::builder(1)
        .radius(radius)
        .strength(strength)
        .build()
        .unwrap();
    assert_eq!((token.radius_raw(), token.strength_raw()), (126, 255));
    assert_eq!(
        (upstream::radius(radius), upstream::strength(strength)),
        (125, 254)
    );

    let lost = (0..=u8::MAX).filter(|&raw| {
        let decoded = Token::ZERO.with_radius_raw(raw).radius();
        let ours = Token::builder(1).radius(decoded).build().unwrap();
        assert_eq!(ours.radius_raw(), raw);
        upstream::radius(decoded) != raw
    });
    assert_eq!(lost.count(), 14, "of 256, upstream");
}

#[test]
fn a_radius_or_strength_out_of_range_is_refused_and_not_clamped() {
    for (value, end) in [(9.0, 255), (-1.0, 0), (f32::NAN, 0)] {
        assert_eq!(
            (upstream::radius(value), upstream::strength(value)),
            (end, end)
        );
        assert!(Token::builder(1).radius(value).build().is_err());
        assert!(Token::builder(1).strength(value).build().is_err());
        let saturating = Token::builder(1)
            .radius_saturating(value)
            .strength_saturating(value);
        let token = saturating.build().unwrap();
        assert_eq!((token.radius_raw(), token.strength_raw()), (end, end));
    }
}

#[test]
fn a_fresh_token_has_time_0_and_not_that_of_the_clock() {
    assert_eq!(Token::new(7).timestamp(), 0);
    assert_eq!(upstream::fresh(7, NOW), Token::new(7).with_timestamp(NOW));
}

#[test]
fn a_fresh_token_has_the_entity_type_of_its_id_in_its_flags() {
    let id = TokenId::new(2, EntityType::Concept, 9).unwrap().raw();
    assert_eq!(Token::new(id).flags().bits(), 0x0501);
    assert_eq!(upstream::fresh(id, 0).flags().bits(), 0x0001);
}

#[test]
fn ids_from_2_to_24_on_have_an_entity_type_that_upstream_leaves_out_of_the_flags() {
    for (index, entity_type, domain, mismatch) in [
        ((1_u64 << 24) - 1, EntityType::Undefined, 0, false),
        (1 << 24, EntityType::Object, 0, true),
        (0x0F00_0000, EntityType::Reserved, 0, true),
        (1 << 28, EntityType::Undefined, 1, false),
        ((1 << 32) - 1, EntityType::Reserved, 15, true),
        (1 << 32, EntityType::Undefined, 0, false),
    ] {
        let ours = Token::new(index as u32);
        assert_eq!(ours.id().entity_type(), entity_type, "{index}");
        assert_eq!(ours.id().domain(), domain, "{index}");
        assert_eq!(ours.validate(NOW), Ok(()), "{index}");
        let theirs = upstream::fresh(index as u32, NOW);
        assert_eq!(theirs.id(), ours.id());
        assert_eq!(theirs.validate(NOW).is_err(), mismatch, "{index}");
        assert_eq!(theirs.validate_with(Validation::Upstream, NOW), Ok(()));
    }
}

#[test]
fn an_entity_type_is_set_in_id_and_flags_and_not_in_the_flags_alone() {
    let token = Token::new(0x2000_0009);
    let ours = token.with_entity_type(EntityType::Process);
    assert_eq!(
        (ours.id().raw(), ours.flags().bits()),
        (0x2400_0009, 0x0401)
    );
    assert_eq!(ours.validate(0), Ok(()));
    let theirs = token.with_flags(token.flags().with_entity_type(EntityType::Process));
    assert_eq!((theirs.id(), theirs.flags()), (token.id(), ours.flags()));
    assert!(theirs.validate(0).is_err());
    assert_eq!(theirs.validate_with(Validation::Upstream, 0), Ok(()));
}

#[test]
fn a_part_of_an_id_that_does_not_fit_is_refused_and_not_cut_off() {
    assert_eq!(upstream::id(0x100_0007, 16, 17), 0x1000_0007);
    assert_eq!(
        TokenId::new(1, EntityType::Undefined, 0x100_0007),
        Err(EncodeError::LocalId { value: 0x100_0007 })
    );
    assert_eq!(
        TokenId::new(17, EntityType::Undefined, 7),
        Err(EncodeError::Domain { value: 17 })
    );
    assert_eq!(EntityType::from_bits(16), None);
    let fits = TokenId::new(3, EntityType::Concept, 12_345).unwrap();
    assert_eq!(fits.raw(), upstream::id(12_345, 5, 3));
}

#[test]
fn system_flags_cannot_reach_the_entity_type_or_the_user_flags() {
    let token = Token::new(1).try_with_user(5).unwrap();
    let all = token.with_system_set(SystemFlags::all());
    assert_eq!(all.flags().bits(), 0x50FF);
    let none = all.with_system_cleared(SystemFlags::all());
    assert_eq!(none.flags().bits(), 0x5000);
    // A mask of 16 bits sets and clears whatever it has.
    let mask = 0x0A02;
    assert_eq!(token.flags().bits() | mask, 0x5A03);
}

#[test]
fn contains_asks_for_all_flags_where_upstream_asks_for_any() {
    let asked = SystemFlags::ACTIVE | SystemFlags::DIRTY;
    let flags = Token::new(1).flags();
    let theirs = flags.bits() & u16::from(asked.bits()) != 0;
    assert!(theirs && !flags.system().contains(asked));
    assert!(
        flags.system().intersects(asked),
        "upstream's question has its own name"
    );
}

#[test]
fn id_0_is_valid_by_both_rules_and_not_upstream() {
    assert!(upstream::refuses_id(&Token::new(0)));
    assert!(upstream::allows(&Token::new(0), NOW));
    for validation in [Validation::Strict, Validation::Upstream] {
        assert_eq!(Token::new(0).validate_with(validation, NOW), Ok(()));
    }
}

#[test]
fn weights_above_100_are_valid_by_strict_rules_alone() {
    for weight in [100.0_f32.next_up(), f32::MAX, f32::INFINITY] {
        let token = Token::builder(1).weight(weight).build().unwrap();
        assert_eq!(token.validate(NOW), Ok(()));
        assert!(!upstream::allows(&token, NOW));
        let expected = Err(Invalid::WeightTooGreat { weight });
        assert_eq!(token.validate_with(Validation::Upstream, NOW), expected);
    }
}

#[test]
fn a_nan_weight_is_valid_by_upstream_rules_alone() {
    let token = Token::new(1).with_weight(f32::NAN);
    assert!(upstream::allows(&token, NOW));
    assert_eq!(token.validate_with(Validation::Upstream, NOW), Ok(()));
    assert!(matches!(
        token.validate(NOW),
        Err(Invalid::WeightNan { .. })
    ));
    assert!(Token::builder(1).weight(f32::NAN).build().is_err());
}

#[test]
fn a_negative_weight_is_refused_where_it_is_built() {
    for weight in [-f32::MIN_POSITIVE, -1.0, f32::NEG_INFINITY] {
        assert!(Token::builder(1).weight(weight).build().is_err());
        let token = Token::new(1).with_weight(weight);
        assert!(!upstream::allows(&token, NOW));
        assert!(token.validate(NOW).is_err());
        assert!(token.validate_with(Validation::Upstream, NOW).is_err());
    }
}

#[test]
fn a_clock_may_be_an_hour_ahead_by_upstream_rules_alone() {
    for (ahead, strict, lenient) in [(0, true, true), (1, false, true), (3601, false, false)] {
        let token = Token::new(1).with_timestamp(NOW + ahead);
        assert_eq!(token.validate(NOW).is_ok(), strict, "{ahead}");
        assert_eq!(upstream::allows(&token, NOW), lenient, "{ahead}");
        let validated = token.validate_with(Validation::Upstream, NOW);
        assert_eq!(validated.is_ok(), lenient, "{ahead}");
    }
}

#[test]
fn the_hour_does_not_overflow_where_upstream_does() {
    let now = u32::MAX - 10;
    assert_eq!(now.checked_add(3600), None);
    let token = Token::new(1).with_timestamp(now);
    assert!(
        token.timestamp() > now.wrapping_add(3600),
        "upstream, wrapped"
    );
    assert_eq!(token.validate_with(Validation::Upstream, now), Ok(()));
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn upstream_rules_agree_with_upstream_on_any_bytes_but_for_id_0(
        token in any::token(),
        weight_bits in any::weight_bits(),
        small in 0.0..200.0_f32,
        takes_small: bool,
        now: u32,
    ) {
        let weight = if takes_small { small } else { f32::from_bits(weight_bits) };
        for token in [token.with_weight(weight), token.with_weight(weight).with_timestamp(now)] {
            let validated = token.validate_with(Validation::Upstream, now);
            prop_assert_eq!(validated.is_ok(), upstream::allows(&token, now), "{:?}", token);
        }
    }
}

#[test]
fn tokens_are_aligned_to_64_and_the_bytes_are_the_same() {
    assert_eq!((size_of::<Token>(), align_of::<Token>()), (64, 64));
    // Packed and little-endian, field by field as upstream declares them.
    let token = Token::builder(0x1234_5678)
        .steps(Space::Physical, [0x0102, -2, 3])
        .weight(0.5)
        .timestamp(NOW)
        .build()
        .unwrap()
        .with_radius_raw(7)
        .with_strength_raw(9);
    let mut packed = Vec::new();
    for step in token.coordinates().as_flattened() {
        packed.extend(step.to_le_bytes());
    }
    packed.extend(token.id().raw().to_le_bytes());
    packed.extend(token.flags().bits().to_le_bytes());
    packed.extend(token.weight().to_le_bytes());
    packed.extend([7, 9]);
    packed.extend(NOW.to_le_bytes());
    assert_eq!(as_bytes(&[token]), packed);

    // Upstream reads a token at any address; so does `read_unaligned`.
    let aligned = [Token::ZERO, token, Token::ZERO];
    let shifted = &as_bytes(&aligned)[1..129];
    assert_eq!(
        try_tokens(shifted),
        Err(BytesError::Misaligned { excess: 1 })
    );
    assert_eq!(read_unaligned(shifted).unwrap().len(), 2);
}

#[test]
fn an_x_of_127_steps_is_a_coordinate_and_not_undefined() {
    let steps = [upstream::UNDEFINED, 0, 0];
    let token = Token::new(1).with_coordinate(Space::Physical, steps);
    assert_eq!(token.coordinate(Space::Physical), [1.27, 0.0, 0.0]);
    let built = Token::builder(1)
        .coordinate(Space::Physical, [1.27, 0.0, 0.0])
        .build();
    assert_eq!(built, Ok(token));
    assert_eq!(
        token.squared_distance(&Token::new(2), Space::Physical),
        127 * 127
    );
}

#[test]
fn distances_are_exact_where_upstream_rounds() {
    let origin = Token::new(1).with_coordinate(Space::Physical, [i16::MIN; 3]);
    let far = |z| origin.with_coordinate(Space::Physical, [i16::MAX, i16::MAX, z]);
    let (near, beyond) = (far(i16::MIN), far(i16::MIN + 1));
    let exact = |token| origin.squared_distance(token, Space::Physical);
    assert_eq!(exact(&beyond), exact(&near) + 1);
    let theirs = |token| upstream::distance(&origin, token, Space::Physical);
    assert_eq!(theirs(&beyond), theirs(&near));
}

/// How upstream's Python half differs from its core.
mod python {
    use super::*;

    #[test]
    fn a_fresh_token_has_zeros_where_python_has_other_values() {
        let ours = Token::new(1);
        assert_eq!(
            (ours.weight(), ours.radius(), ours.strength()),
            (0.0, 0.0, 0.0)
        );
        let defaults = Token::builder(1).weight(0.5).radius(1.0).strength(1.0);
        let theirs = Space::ALL.into_iter().fold(defaults, |builder, space| {
            builder.steps(space, [upstream::UNDEFINED; 3])
        });
        let theirs = theirs.build().unwrap();
        assert_eq!((theirs.radius_raw(), theirs.strength_raw()), (100, 255));
        assert_eq!(theirs.coordinate(Space::Physical), [1.27; 3]);
    }

    #[test]
    fn temporal_z_has_100_steps_a_unit_where_python_has_1000() {
        let [.., ours] = Space::Temporal.encode([0.0, 0.0, 1.5]).unwrap();
        assert_eq!(ours, 150);
        let theirs = (1.5_f32 * 1000.0) as i16;
        let read = Token::new(1).with_coordinate(Space::Temporal, [0, 0, theirs]);
        assert_eq!(read.coordinate(Space::Temporal), [0.0, 0.0, 15.0]);
    }

    #[test]
    fn the_least_step_is_in_range_where_python_stops_one_above() {
        for space in Space::ALL {
            assert_eq!(space.encode([space.min(); 3]), Ok([i16::MIN; 3]));
            assert_eq!(space.encode_saturating([f32::MIN; 3]), [i16::MIN; 3]);
            let token = Token::new(1).with_coordinate(space, [i16::MIN; 3]);
            for validation in [Validation::Strict, Validation::Upstream] {
                assert_eq!(token.validate_with(validation, 0), Ok(()));
            }
        }
    }

    #[test]
    fn time_0_stays_where_python_reads_the_clock() {
        let token = Token::builder(1).timestamp(0).build().unwrap();
        assert_eq!(token.timestamp(), 0);
    }

    #[test]
    fn weights_above_1_and_times_to_come_are_judged_otherwise_than_in_python() {
        let heavy = Token::new(1).with_weight(1.5);
        let late = Token::new(1).with_timestamp(NOW + 7200);
        for validation in [Validation::Strict, Validation::Upstream] {
            assert_eq!(heavy.validate_with(validation, NOW), Ok(()));
            assert!(late.validate_with(validation, NOW).is_err());
        }
    }
}

/// The names in the last column of the tables, and those of the tests here and of the grid's
/// fields.
#[test]
fn the_document_names_every_test_and_no_other() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    if !folder.exists() {
        eprintln!("skipped: {} is not part of the package", folder.display());
        return;
    }
    let document = fs::read_to_string(folder.join("compatibility.md")).unwrap();
    let rows = document.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let named: BTreeSet<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let fields = folder.join("../crates/ng-query/src/ops/within/compatibility.rs");
    let fields = fs::read_to_string(fields).unwrap();
    let mut tests = BTreeSet::new();
    for source in [include_str!("compatibility.rs"), &fields] {
        let mut lines = source.lines().map(str::trim);
        while lines.by_ref().any(|line| line == "#[test]") {
            let name = lines.next().and_then(|line| line.strip_prefix("fn "));
            tests.extend(name.and_then(|name| name.split('(').next()));
        }
    }
    tests.remove("the_document_names_every_test_and_no_other");
    assert!(!tests.is_empty());
    assert_eq!(named, tests);
}
