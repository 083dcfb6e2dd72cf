//! Where these fields and upstream's differ; `docs/compatibility.md` names each test.
//!
//! Upstream's result is computed here anew, by the simplest formula.

use ng_parallel::Workers;
use ng_token::{Space, Token};

use crate::{Ball, Query};

mod upstream {
    //! The grid's fields, in `f32` over decoded coordinates.

    use super::*;

    fn distance(token: &Token, space: Space, centre: [f32; 3]) -> f32 {
        let squares = token.coordinate(space).into_iter().zip(centre);
        squares.map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
    }

    pub(super) fn influence(tokens: &[Token], space: Space, centre: [f32; 3], radius: f32) -> f32 {
        let mut near: Vec<_> = tokens
            .iter()
            .map(|token| (distance(token, space, centre), token))
            .filter(|(distance, _)| *distance <= radius)
            .collect();
        near.sort_by(|left, right| left.0.total_cmp(&right.0));
        let reaching = near
            .iter()
            .filter(|(distance, token)| *distance <= token.radius());
        reaching.fold(0.0, |sum, (distance, token)| {
            sum + token.strength() * (1.0 - distance / token.radius())
        })
    }

    pub(super) fn density(tokens: &[Token], space: Space, centre: [f32; 3], radius: f32) -> f32 {
        let is_near = |token: &&Token| distance(token, space, centre) <= radius;
        let volume = (4.0 / 3.0) * std::f32::consts::PI * radius * radius * radius;
        tokens.iter().filter(is_near).count() as f32 / volume
    }
}

const SPACE: Space = Space::Physical;

fn token(steps: i16, radius: u8, strength: u8) -> Token {
    Token::new(0)
        .with_coordinate(SPACE, [steps, 0, 0])
        .with_radius_raw(radius)
        .with_strength_raw(strength)
}

fn ball(x: f64, radius: f64) -> Ball {
    Ball::of_units(SPACE, [x, 0.0, 0.0], radius).unwrap()
}

fn influence(tokens: &[Token], ball: &Ball) -> f64 {
    let workers = Workers::new(1).unwrap();
    Query::new(tokens, &workers).influence(ball).unwrap().value
}

#[test]
fn fields_are_added_up_in_f64_where_upstream_has_f32() {
    let tokens: Vec<_> = (0..2_000)
        .map(|place| {
            token(
                (place % 200) as i16,
                37 + (place % 211) as u8,
                (place % 256) as u8,
            )
        })
        .collect();
    let ours = influence(&tokens, &ball(0.3, 2.0));
    let theirs = upstream::influence(&tokens, SPACE, [0.3, 0.0, 0.0], 2.0);
    assert!(
        (ours - f64::from(theirs)).abs() / ours < 1e-4,
        "{ours}, {theirs}"
    );
    assert_ne!(ours as f32, theirs);

    let workers = Workers::new(1).unwrap();
    let ours = Query::new(&tokens, &workers)
        .density(&ball(0.3, 0.7))
        .unwrap()
        .value;
    let theirs = upstream::density(&tokens, SPACE, [0.3, 0.0, 0.0], 0.7);
    assert!(
        (ours - f64::from(theirs)).abs() / ours < 0.02,
        "{ours}, {theirs}"
    );
}

#[test]
fn a_token_on_the_rim_of_a_ball_is_in_it_where_upstream_rounds() {
    // From 0.02 to 0.05 there are 0.03 units, and 0.030000001 in `f32`.
    let rim = [token(5, 0, 0)];
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&rim[..], &workers);
    let ours = query.within_counts(&[ball(0.02, 0.03)]).unwrap();
    assert_eq!(ours.value, [1]);
    assert_eq!(upstream::density(&rim, SPACE, [0.02, 0.0, 0.0], 0.03), 0.0);
    let theirs = upstream::density(&rim, SPACE, [0.02, 0.0, 0.0], 0.031);
    assert!(theirs > 0.0);
}

#[test]
fn a_field_of_radius_0_reaches_nothing_where_upstream_is_nan() {
    let tokens = [token(50, 0, 255), token(60, 100, 255)];
    let theirs = upstream::influence(&tokens, SPACE, [0.5, 0.0, 0.0], 2.0);
    assert!(theirs.is_nan(), "{theirs}");
    let ours = influence(&tokens, &ball(0.5, 2.0));
    assert_eq!(ours, 1.0 - 10.0 / 100.0);
}

#[test]
fn a_ball_without_a_volume_has_no_density_where_upstream_divides_by_0() {
    let tokens = [token(50, 0, 0)];
    let theirs = upstream::density(&tokens, SPACE, [0.5, 0.0, 0.0], 0.0);
    assert!(theirs.is_infinite(), "{theirs}");
    let theirs = upstream::density(&tokens, SPACE, [0.0, 0.0, 0.0], 0.0);
    assert!(theirs.is_nan(), "{theirs}");
    let workers = Workers::new(1).unwrap();
    let refused = Query::new(&tokens[..], &workers)
        .density(&ball(0.5, 0.0))
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("radius 0, expected more than 0"),
        "{refused}"
    );
    assert!(Ball::of_units(SPACE, [0.0; 3], -1.0).is_err());
    assert_eq!(upstream::density(&tokens, SPACE, [0.0; 3], -1.0), -0.0);
}
