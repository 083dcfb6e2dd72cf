use ng_token::{EncodeError, EntityType, TokenId};
use proptest::prelude::*;

use crate::any;

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn parts_come_back_and_lie_where_the_format_says(
        domain in 0..=15_u8,
        entity_type in any::entity_type(),
        local in 0..=TokenId::LOCAL_MAX,
    ) {
        let id = TokenId::new(domain, entity_type, local).unwrap();
        prop_assert_eq!((id.domain(), id.entity_type(), id.local()), (domain, entity_type, local));
        let raw = u32::from(domain) * 0x1000_0000 + u32::from(entity_type.bits()) * 0x100_0000 + local;
        prop_assert_eq!(id.raw(), raw);
    }

    #[test]
    fn every_number_is_the_id_of_its_parts(raw: u32) {
        let id = TokenId::from(raw);
        prop_assert_eq!(TokenId::new(id.domain(), id.entity_type(), id.local()), Ok(id));
        prop_assert_eq!(u32::from(id), raw);
        prop_assert_eq!(TokenId::from_raw(raw), id);
    }

    #[test]
    fn with_entity_type_keeps_domain_and_local_id(raw: u32, entity_type in any::entity_type()) {
        let id = TokenId::from(raw);
        let expected = TokenId::new(id.domain(), entity_type, id.local());
        prop_assert_eq!(Ok(id.with_entity_type(entity_type)), expected);
    }

    #[test]
    fn order_is_that_of_the_number(a: u32, b: u32) {
        prop_assert_eq!(TokenId::from(a).cmp(&TokenId::from(b)), a.cmp(&b));
    }
}

#[track_caller]
fn check_refused(domain: u8, local: u32, expected: EncodeError, message: &str) {
    let error = TokenId::new(domain, EntityType::Object, local).unwrap_err();
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_part_beyond_its_bits_is_refused() {
    let domain = |value| EncodeError::Domain { value };
    let local = |value| EncodeError::LocalId { value };
    check_refused(16, 0, domain(16), "domain 16, expected 0 to 15");
    check_refused(255, 0, domain(255), "domain 255, expected 0 to 15");
    check_refused(
        0,
        1 << 24,
        local(1 << 24),
        "local id 16777216, expected 0 to 16777215",
    );
    check_refused(
        15,
        u32::MAX,
        local(u32::MAX),
        "local id 4294967295, expected 0 to 16777215",
    );
}

#[test]
fn debug_shows_the_number_and_its_parts() {
    assert_eq!(
        format!("{:?}", TokenId::from(0x3500_0007)),
        "TokenId(0x35000007: domain 3, Concept, local 7)"
    );
}
