use ng_token::{Space, Token};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::any;

/// The simplest exact way.
fn oracle(a: Token, b: Token, space: Space) -> i128 {
    let (a, b) = (
        a.coordinates()[space as usize],
        b.coordinates()[space as usize],
    );
    a.into_iter()
        .zip(b)
        .map(|(a, b)| (i128::from(a) - i128::from(b)).pow(2))
        .sum()
}

#[test]
fn the_greatest_distance_is_more_than_a_u32_holds() {
    let low = Token::new(1).with_coordinates([[i16::MIN; 3]; 8]);
    let high = Token::new(2).with_coordinates([[i16::MAX; 3]; 8]);
    for space in Space::ALL {
        assert_eq!(low.squared_distance(&high, space), 12_884_508_675);
        assert_eq!(high.squared_distance(&low, space), 12_884_508_675);
        assert_eq!(low.squared_distance(&low, space), 0);
    }
    const { assert!(12_884_508_675 > u32::MAX as u64) };
}

#[test]
fn the_other_spaces_do_not_count() {
    let origin = Token::new(1);
    for space in Space::ALL {
        let other = origin.with_coordinate(space, [1, -2, 3]);
        for seen in Space::ALL {
            let expected = if seen == space { 14 } else { 0 };
            assert_eq!(origin.squared_distance(&other, seen), expected);
        }
    }
}

#[test]
fn each_space_is_weighted_in_its_own_units() {
    let origin = Token::new(1);
    for space in Space::ALL {
        let steps = space.encode([0.0, 1.0, 0.0]).unwrap();
        let other = origin.with_coordinate(space, steps);
        let distance = |weight| origin.weighted_squared_distance(&other, &[(space, weight)]);
        assert_eq!((distance(1.0), distance(0.25)), (1.0, 0.25));
    }
}

#[test]
fn terms_are_added_in_the_order_they_are_given() {
    let origin = Token::new(1);
    let other = Space::ALL.into_iter().fold(origin, |token, space| {
        token.with_coordinate(space, space.encode([1.0, 0.0, 0.0]).unwrap())
    });
    // 1e16 swallows a 1 that is added to it, and not the 2 of two of them.
    let (one, much) = ((Space::Physical, 1.0), (Space::Social, 1e16));
    let (two, sum) = ((Space::Motor, 1.0), |weights: &[_]| {
        origin.weighted_squared_distance(&other, weights)
    });
    assert_eq!(sum(&[much, one, two]), 1e16);
    assert_eq!(sum(&[one, two, much]), 1e16 + 2.0);
}

#[test]
fn no_spaces_are_no_distance_and_a_space_named_twice_counts_twice() {
    let origin = Token::new(1);
    let other = origin.with_coordinate(Space::Temporal, [300, 0, 400]);
    assert_eq!(origin.weighted_squared_distance(&other, &[]), 0.0);
    let twice = [(Space::Temporal, 1.0), (Space::Temporal, 0.5)];
    assert_eq!(origin.weighted_squared_distance(&other, &twice), 37.5);
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn squared_distance_agrees_with_the_oracle(
        a in any::token(),
        b in any::token(),
        space in select(Space::ALL.as_slice()),
    ) {
        prop_assert_eq!(i128::from(a.squared_distance(&b, space)), oracle(a, b, space));
        prop_assert_eq!(b.squared_distance(&a, space), a.squared_distance(&b, space));
    }

    #[test]
    fn weighted_distance_is_the_documented_sum_to_the_bit(
        a in any::token(),
        b in any::token(),
        spaces in subsequence(Space::ALL.to_vec(), 0..=8).prop_shuffle(),
        weights in prop::array::uniform8(0.0..1e6_f64),
    ) {
        let weights: Vec<_> = spaces.into_iter().zip(weights).collect();
        let expected = weights.iter().fold(0.0, |sum, &(space, weight)| {
            let scale = f64::from(space.scale());
            sum + oracle(a, b, space) as f64 / scale.powi(2) * weight
        });
        let weighted = a.weighted_squared_distance(&b, &weights);
        prop_assert_eq!(weighted.to_bits(), expected.to_bits());
    }
}
