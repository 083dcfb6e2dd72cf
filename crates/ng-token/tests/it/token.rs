use std::collections::HashSet;

use ng_token::{EntityType, Flags, Space, SystemFlags, Token, TokenId};
use proptest::prelude::*;

use crate::any;

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn a_fresh_token_is_valid_active_and_otherwise_zero(id: u32) {
        let token = Token::new(id);
        prop_assert_eq!(token.id().raw(), id);
        prop_assert_eq!(token.flags().system(), SystemFlags::ACTIVE);
        prop_assert_eq!(token.flags().entity_type(), token.id().entity_type());
        prop_assert_eq!(token.flags().user(), 0);
        prop_assert_eq!(token.validate(0), Ok(()));

        let mut bytes = *token.as_bytes();
        bytes[48..54].fill(0);
        prop_assert_eq!(bytes, [0; Token::SIZE]);
    }

    #[test]
    fn each_with_changes_its_field_and_no_other(
        token in any::token(),
        coordinates in any::<[[i16; 3]; 8]>(),
        flags: u16,
        system in any::system(),
        weight_bits in any::weight_bits(),
        radius: u8,
        strength: u8,
        timestamp: u32,
    ) {
        let changed = |other: Token| -> Vec<usize> {
            (0..Token::SIZE).filter(|&at| token.as_bytes()[at] != other.as_bytes()[at]).collect()
        };
        let within = |other: Token, from: usize, to: usize| {
            changed(other).iter().all(|at| (from..to).contains(at))
        };

        let other = token.with_coordinates(coordinates);
        prop_assert_eq!(other.coordinates(), coordinates);
        prop_assert!(within(other, 0, 48));

        let [space, steps] = [weight_bits as usize % 8, flags as usize % 8];
        let (space, steps) = (Space::ALL[space], coordinates[steps]);
        let other = token.with_coordinate(space, steps);
        prop_assert_eq!(other.steps(space), steps);
        prop_assert!(within(other, 6 * space as usize, 6 * space as usize + 6));

        let other = token.with_flags(Flags::from_bits(flags));
        prop_assert_eq!(other.flags().bits(), flags);
        prop_assert!(within(other, 52, 54));

        let other = token.with_system(system);
        prop_assert_eq!(other.flags(), token.flags().with_system(system));
        prop_assert!(within(other, 52, 53));

        let other = token.with_system_set(system);
        prop_assert_eq!(other.flags(), token.flags().with_system_set(system));
        prop_assert!(within(other, 52, 53));

        let other = token.with_system_cleared(system);
        prop_assert_eq!(other.flags(), token.flags().with_system_cleared(system));
        prop_assert!(within(other, 52, 53));

        let other = token.try_with_user(radius & 15).unwrap();
        prop_assert_eq!(other.flags().user(), radius & 15);
        prop_assert!(within(other, 53, 54));

        let other = token.with_weight(f32::from_bits(weight_bits));
        prop_assert_eq!(other.weight().to_bits(), weight_bits);
        prop_assert!(within(other, 54, 58));

        let other = token.with_radius_raw(radius);
        prop_assert_eq!(other.radius_raw(), radius);
        prop_assert!(within(other, 58, 59));

        let other = token.with_strength_raw(strength);
        prop_assert_eq!(other.strength_raw(), strength);
        prop_assert!(within(other, 59, 60));

        let other = token.with_timestamp(timestamp);
        prop_assert_eq!(other.timestamp(), timestamp);
        prop_assert!(within(other, 60, 64));
    }

    #[test]
    fn with_id_takes_the_entity_type_of_the_flags_along(token in any::token(), id: u32) {
        let other = token.with_id(id);
        prop_assert_eq!(other.id().raw(), id);
        let entity_type = other.id().entity_type();
        prop_assert_eq!(other.flags(), token.flags().with_entity_type(entity_type));
        let [mut before, mut after] = [*token.as_bytes(), *other.as_bytes()];
        before[48..54].fill(0);
        after[48..54].fill(0);
        prop_assert_eq!(before, after);
        // The old flags are restored explicitly.
        prop_assert_eq!(other.with_flags(token.flags()).flags(), token.flags());
    }

    #[test]
    fn with_entity_type_changes_id_and_flags_alike(
        token in any::token(),
        entity_type in any::entity_type(),
    ) {
        let other = token.with_entity_type(entity_type);
        prop_assert_eq!(other, token.with_id(token.id().with_entity_type(entity_type).raw()));
        prop_assert_eq!(other.flags().entity_type(), entity_type);
        prop_assert_eq!(other.id().local(), token.id().local());
        prop_assert_eq!(other.id().domain(), token.id().domain());
    }

    #[test]
    fn a_point_in_units_is_set_as_its_space_encodes_it(
        token in any::token(),
        space in 0..8_usize,
        point in prop::array::uniform3(-400.0_f32..400.0),
    ) {
        let space = Space::ALL[space];
        let expected = space.encode(point).map(|steps| token.with_coordinate(space, steps));
        prop_assert_eq!(token.try_with_coordinate(space, point), expected);
    }

    #[test]
    fn a_coordinate_is_its_stored_steps_decoded(token in any::token()) {
        for space in Space::ALL {
            let steps = token.coordinates()[space as usize];
            prop_assert_eq!(token.coordinate(space), space.decode(steps));
        }
    }

    #[test]
    fn equality_is_that_of_the_bytes(a in any::token(), at in 0..Token::SIZE, bit in 0..8_u32) {
        let mut bytes = *a.as_bytes();
        bytes[at] ^= 1_u8 << bit;
        let b = Token::from_bytes(&bytes);
        prop_assert_ne!(a, b);
        prop_assert_eq!(HashSet::from([a, b, a]).len(), 2);
    }
}

#[test]
fn a_fresh_token_is_valid_for_every_entity_type() {
    for entity_type in EntityType::ALL {
        let id = TokenId::new(15, entity_type, TokenId::LOCAL_MAX).unwrap();
        let token = Token::new(id.raw());
        assert_eq!(token.flags().entity_type(), entity_type);
        assert_eq!(token.validate(0), Ok(()));
    }
}

#[test]
fn what_does_not_fit_is_refused_by_the_checked_forms() {
    let refused = Token::new(1).try_with_coordinate(Space::Motor, [0.0, 0.0, 33.0]);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "motor coordinate z 33.0, expected -32.768 to 32.767"
    );
    let refused = Token::new(1).try_with_user(16);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "user flags 16, expected 0 to 15"
    );
}

#[test]
fn new_and_with_are_const() {
    const TOKEN: Token = Token::new(7)
        .with_system(SystemFlags::LOCKED)
        .with_weight(0.5)
        .with_timestamp(9);
    const RAW: u32 = TOKEN.id().raw();
    assert_eq!(RAW, 7);
    assert_eq!(TOKEN.flags().system(), SystemFlags::LOCKED);
    assert_eq!((TOKEN.weight(), TOKEN.timestamp()), (0.5, 9));
}

#[test]
fn a_nan_weight_equals_itself_and_signed_zeros_differ() {
    let token = Token::new(1);
    assert_eq!(token.with_weight(f32::NAN), token.with_weight(f32::NAN));
    assert_ne!(token.with_weight(0.0), token.with_weight(-0.0));
}

#[test]
fn radius_and_strength_decode_by_their_scale() {
    for raw in 0..=u8::MAX {
        let token = Token::new(1).with_radius_raw(raw).with_strength_raw(raw);
        assert_eq!(token.radius(), f32::from(raw) / 100.0);
        assert_eq!(token.strength(), f32::from(raw) / 255.0);
    }
    assert_eq!((Token::RADIUS_MAX, Token::STRENGTH_MAX), (2.55, 1.0));
}

#[test]
fn zero_is_all_zero_valid_and_not_active() {
    assert_eq!(Token::ZERO.as_bytes(), &[0; 64]);
    assert!(!Token::ZERO.flags().system().contains(SystemFlags::ACTIVE));
    assert_eq!(Token::ZERO.validate(0), Ok(()));
}

#[test]
fn debug_shows_decoded_values_and_the_points_that_are_set() {
    let token = Token::builder(0x1500_0007)
        .coordinate(Space::Motor, [1.5, -0.001, 0.0])
        .weight(0.5)
        .radius(2.0)
        .strength(1.0)
        .timestamp(9)
        .build()
        .unwrap();
    assert_eq!(
        format!("{token:?}"),
        "Token { id: TokenId(0x15000007: domain 1, Concept, local 7), \
         flags: Flags { system: SystemFlags(ACTIVE), entity_type: Concept, user: 0 }, \
         weight: 0.5, radius: 2.0, strength: 1.0, timestamp: 9, \
         coordinates: {Motor: [1.5, -0.001, 0.0]} }"
    );
}

/// Against bytes that are known to be of the field: what `with_` changes begins there.
#[test]
fn fields_begin_where_they_are_said_to() {
    let changed = |other: Token| {
        let differs = |at: &usize| other.as_bytes()[*at] != 0;
        (0..Token::SIZE).find(differs).unwrap_or(Token::SIZE)
    };
    let fields = [
        changed(Token::ZERO.with_coordinates([[1; 3]; 8])),
        changed(Token::ZERO.with_id(1)),
        changed(Token::ZERO.with_flags(Flags::from_bits(1))),
        changed(Token::ZERO.with_weight(f32::from_bits(1))),
        changed(Token::ZERO.with_radius_raw(1)),
        changed(Token::ZERO.with_strength_raw(1)),
        changed(Token::ZERO.with_timestamp(1)),
    ];
    assert_eq!(Token::FIELD_OFFSETS.map(|(_, offset)| offset), fields);
}
