use ng_token::{EncodeError, EntityType, Flags, SystemFlags};
use proptest::prelude::*;

use crate::any;

#[test]
fn every_value_is_the_flags_of_its_parts() {
    for bits in 0..=u16::MAX {
        let flags = Flags::from_bits(bits);
        let again = Flags::new(flags.system(), flags.entity_type(), flags.user());
        assert_eq!(again, Ok(flags));
        assert_eq!(flags.bits(), bits);
    }
}

#[test]
fn parts_lie_where_the_format_says() {
    let flags = Flags::from_bits(0x9582);
    assert_eq!(
        flags.system(),
        SystemFlags::PERSISTENT | SystemFlags::LOCKED
    );
    assert_eq!(flags.entity_type(), EntityType::Concept);
    assert_eq!(flags.user(), 9);
}

#[test]
fn system_flags_stand_in_the_order_of_the_format() {
    let in_order = [
        SystemFlags::ACTIVE,
        SystemFlags::PERSISTENT,
        SystemFlags::MUTABLE,
        SystemFlags::SYNCHRONIZED,
        SystemFlags::COMPRESSED,
        SystemFlags::ENCRYPTED,
        SystemFlags::DIRTY,
        SystemFlags::LOCKED,
    ];
    for (bit, flag) in in_order.into_iter().enumerate() {
        assert_eq!(flag.bits(), 1 << bit, "{flag:?}");
    }
    assert_eq!(SystemFlags::all().bits(), 0xFF);
}

#[test]
fn user_flags_beyond_four_bits_are_refused() {
    let error = Flags::new(SystemFlags::empty(), EntityType::Rule, 16).unwrap_err();
    assert_eq!(error, EncodeError::UserFlags { value: 16 });
    assert_eq!(error.to_string(), "user flags 16, expected 0 to 15");
    assert_eq!(Flags::from_bits(0).try_with_user(16), Err(error));
}

#[test]
fn debug_shows_the_parts() {
    assert_eq!(
        format!("{:?}", Flags::from_bits(0x9541)),
        "Flags { system: SystemFlags(ACTIVE | DIRTY), entity_type: Concept, user: 9 }"
    );
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn with_system_keeps_the_other_flags(bits: u16, system in any::system()) {
        let flags = Flags::from_bits(bits).with_system(system);
        prop_assert_eq!(flags.system(), system);
        prop_assert_eq!(flags.bits() >> 8, bits >> 8);
    }

    #[test]
    fn single_system_flags_are_set_and_cleared_and_no_others(bits: u16, system in any::system()) {
        let flags = Flags::from_bits(bits);
        let set = flags.with_system_set(system);
        prop_assert_eq!(set.system(), flags.system() | system);
        prop_assert_eq!(set.bits() >> 8, bits >> 8);
        let cleared = flags.with_system_cleared(system);
        prop_assert_eq!(cleared.system(), flags.system() - system);
        prop_assert_eq!(cleared.bits() >> 8, bits >> 8);
    }

    #[test]
    fn entity_type_and_user_flags_are_replaced_and_nothing_else(
        bits: u16,
        entity_type in any::entity_type(),
        user in 0..=15_u8,
    ) {
        let flags = Flags::from_bits(bits);
        let typed = Flags::new(flags.system(), entity_type, flags.user());
        prop_assert_eq!(Ok(flags.with_entity_type(entity_type)), typed);
        let used = Flags::new(flags.system(), flags.entity_type(), user);
        prop_assert_eq!(flags.try_with_user(user), used);
    }
}
