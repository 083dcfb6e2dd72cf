//! Distances between tokens.

use ng_token::*;

use crate::Outcome;
use crate::place::Place;

pub(super) fn run(_: &Place) -> Outcome {
    let origin = Token::new(1);
    let other = origin
        .with_coordinate(Space::Physical, [300, -400, 0]) // 5 units away
        .with_coordinate(Space::Motor, [0, 0, 2000]); // 2 units away
    assert_eq!(origin.squared_distance(&other, Space::Physical), 250_000);
    assert_eq!(origin.squared_distance(&other, Space::Sensory), 0);

    let weights = [(Space::Physical, 1.0), (Space::Motor, 0.5)];
    assert_eq!(origin.weighted_squared_distance(&other, &weights), 27.0);
    assert_eq!(origin.weighted_squared_distance(&other, &[]), 0.0);

    // The maximum distance, too large for 32 bits.
    let low = origin.with_coordinates([[i16::MIN; 3]; 8]);
    let high = origin.with_coordinates([[i16::MAX; 3]; 8]);
    for space in Space::ALL {
        assert_eq!(low.squared_distance(&high, space), 3 * 65_535 * 65_535);
    }
    Ok(())
}
