//! Ids are unique; the unit tests check ten million at once.

use std::collections::HashSet;

use crate::both;

/// Of all 2^32, those that could collide: the ones with the same local id.
#[test]
fn tokens_of_one_local_id_have_256_ids_and_then_begin_again() {
    for (kind, synth) in both(4) {
        for local in [0, 1, 77, (1 << 24) - 1] {
            let id = |turn: u64| synth.token(turn << 24 | local).id();
            let ids: HashSet<u32> = (0..256).map(|turn| id(turn).raw()).collect();
            assert_eq!(ids.len(), 256, "{kind}: {local}");
            assert!((0..256).all(|turn| u64::from(id(turn).local()) == local));
            assert_eq!(id(256), id(0));
        }
    }
}

#[test]
fn every_pair_of_domain_and_entity_type_is_as_likely() {
    const COUNT: u64 = 256 * 400;
    for (kind, synth) in both(5) {
        let mut counts = [0_u32; 256];
        for index in 0..COUNT {
            counts[(synth.token(index).id().raw() >> 24) as usize] += 1;
        }
        // Six standard deviations around 400.
        assert!(
            counts.iter().all(|count| (280..=520).contains(count)),
            "{kind}: {counts:?}"
        );
    }
}
