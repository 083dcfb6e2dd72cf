use proptest::collection::vec;
use proptest::prelude::*;

use super::{any, oracle};

proptest! {
    #![proptest_config(any::config(2048))]

    #[test]
    fn a_filter_holds_for_what_it_means(
        filter in any::filter(),
        tokens in vec((any::token(), any::position()), 8),
        now in any::now(),
    ) {
        for (token, position) in tokens {
            let expected = oracle::holds(&filter, &token, position, now);
            let found = filter.matches(&token, position, now);
            prop_assert_eq!(found, expected, "{} of {:?} at {}, {}", filter, token, position, now);
        }
    }

    #[test]
    fn not_is_the_plain_complement(
        filter in any::filter(),
        token in any::token(),
        position in any::position(),
        now in any::now(),
    ) {
        let holds = filter.matches(&token, position, now);
        prop_assert_eq!((!filter).matches(&token, position, now), !holds);
    }
}
