use ng_parallel::Workers;
use ng_store::{BlockReader, CreateOptions, VecStore};
use ng_token::{Space, Token};
use proptest::prelude::*;

use super::*;
use crate::QuestionError;
use crate::bound::Bound;
use crate::boxes::of_tokens::OfTokens;
use crate::kernels::Kernels;
use crate::ops::nearest::testing::{Numbers, SPREADS, Spread, filter, place, tokens};
use crate::scan::check_every_look;

/// Whether a token is in a ball, decided by its squared distance alone.
fn is_in(ball: &Ball, token: &Token) -> bool {
    let radius = ball.radius();
    match ball.squared(token.steps(ball.space())) {
        // Exact, as both sides are whole numbers of halves here.
        Squared::Steps(squared) if radius < 1e15 => {
            let doubled = (2.0 * radius) as u128;
            let is_whole = doubled as f64 == 2.0 * radius;
            assert!(is_whole, "{radius} is no multiple of a half");
            4 * u128::from(squared) <= doubled * doubled
        }
        Squared::Steps(_) => true,
        Squared::OffGrid(squared) | Squared::Units(squared) => squared <= radius * radius,
    }
}

fn balls(numbers: &mut Numbers) -> Vec<Ball> {
    (0..1 + numbers.below(6))
        .map(|_| {
            // A ball out of all range is judged as a whole; that has its own test.
            let centre = place(numbers).map(|at| at.clamp(-1e20, 1e20));
            let far = centre.iter().map(|at| at * at).sum::<f64>().sqrt();
            let radius = match numbers.below(6) {
                0 => 0.0,
                1 => numbers.below(5) as f64 / 2.0,
                2 | 3 => numbers.below(4_000) as f64 / 2.0,
                4 => far.round() + numbers.below(2_000) as f64,
                _ => numbers.below(200_000) as f64 / 2.0,
            };
            let space = Space::ALL[numbers.below(8) as usize];
            Ball::of_steps(space, centre, radius).unwrap()
        })
        .collect()
}

fn check(query: &Query<'_>, tokens: &[Token], bound: &Bound, balls: &[Ball], what: &str) {
    let is_selected = |position: usize, token: &Token| bound.matches(token, position as u64);
    let mut expected = Vec::new();
    for ball in balls {
        let within: Vec<_> = tokens
            .iter()
            .enumerate()
            .filter(|(position, token)| is_selected(*position, token) && is_in(ball, token))
            .map(|(position, token)| (position as u64, ball.squared(token.steps(ball.space()))))
            .collect();
        let mut found = Vec::new();
        query
            .within(ball, |neighbours| {
                let pairs = neighbours.iter();
                found.extend(pairs.map(|neighbour| (neighbour.position, neighbour.squared)));
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            })
            .unwrap();
        assert!(
            found == within,
            "{what}: {} found, {} expected: {ball:?}",
            found.len(),
            within.len()
        );
        expected.push(within.len() as u64);
    }
    let counts = query.within_counts(balls).unwrap().value;
    assert_eq!(counts, expected, "{what}: {balls:?}");
}

/// The sums block by block, with the definition spelled out.
fn influence(tokens: &[Token], bound: &Bound, ball: &Ball) -> f64 {
    let mut total = 0.0;
    for (number, block) in tokens.chunks(4096).enumerate() {
        let mut sum = 0.0;
        for (place, token) in block.iter().enumerate() {
            let position = (number * 4096 + place) as u64;
            let reach = f64::from(token.radius_raw()) * f64::from(ball.space().scale()) / 100.0;
            let distance = match ball.squared(token.steps(ball.space())) {
                Squared::Steps(squared) => squared as f64,
                Squared::OffGrid(squared) | Squared::Units(squared) => squared,
            };
            let reaches = reach > 0.0 && distance <= reach * reach;
            if bound.matches(token, position) && is_in(ball, token) && reaches {
                let strength = f64::from(token.strength_raw()) / 255.0;
                sum += strength * (1.0 - distance.sqrt() / reach);
            }
        }
        total += sum;
    }
    total
}

fn check_every_way(seed: u64, spread: Spread, count: usize) {
    let mut numbers = Numbers::new(seed);
    let tokens = tokens(spread, count, &mut numbers);
    let bound = filter(numbers.below(6).saturating_sub(1), count);
    let balls = balls(&mut numbers);
    let unknown = numbers.below(5);
    let boxes = OfTokens::new(&tokens, 64, &Space::ALL, |block| block != unknown);
    let less = OfTokens::new(&tokens, 1, &[Space::Physical], |_| true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    let store = VecStore::from_iter(tokens.iter().copied());
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let expected: Vec<_> = balls
        .iter()
        .map(|ball| influence(&tokens, &bound, ball).to_bits())
        .collect();
    let detected = Kernels::detect();
    for (threads, kernels) in [(1, Kernels::BASELINE), (2, detected), (7, detected)] {
        let workers = Workers::new(threads).unwrap();
        let slice = Query::new(&tokens, &workers);
        let read = Query::new(&reader, &workers);
        let queries = [
            ("slice", slice.clone()),
            ("slice, boxes", slice.clone().with_boxes(&boxes)),
            ("slice, some boxes", slice.with_boxes(&less)),
            ("reader, boxes", read.clone().with_boxes(&boxes)),
            ("reader", read),
        ];
        for (what, query) in queries {
            let query = query.bound(bound.clone()).kernels(kernels);
            let what = format!("{what}, {threads} threads, {}", kernels.name());
            check(&query, &tokens, &bound, &balls, &what);
            let found: Vec<_> = balls
                .iter()
                .map(|ball| query.influence(ball).unwrap().value.to_bits())
                .collect();
            assert_eq!(found, expected, "{what}: influence of {balls:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_within_is_what_every_token_says(
        seed: u64,
        spread in proptest::sample::select(SPREADS.to_vec()),
        count in prop_oneof![1_usize..300, 4_000_usize..4_200, 8_192_usize..9_500],
    ) {
        check_every_way(seed, spread, count);
    }
}

#[test]
fn a_ball_has_to_have_a_centre_and_a_radius() {
    let of = |centre, radius| Ball::of_units(Space::Motor, [0.0, centre, 0.0], radius);
    for centre in [f64::NAN, f64::INFINITY] {
        let refused = of(centre, 1.0);
        assert!(
            matches!(refused, Err(QuestionError::Coordinate { .. })),
            "{refused:?}"
        );
    }
    for radius in [-1.0, f64::NAN, -f64::MIN_POSITIVE] {
        let refused = of(0.0, radius);
        assert!(
            matches!(refused, Err(QuestionError::Radius { .. })),
            "{refused:?}"
        );
    }
    assert!(of(1e300, f64::INFINITY).is_ok());
}

#[test]
fn units_are_scaled_to_the_steps_that_they_are_nearest_to() {
    let ball = Ball::of_units(Space::Physical, [0.29, f64::from(0.57_f32), 1.005], 0.07).unwrap();
    assert_eq!(ball.radius(), 7.0);
    assert_eq!(ball.centre()[..2], [29.0, 57.0]);
    assert_eq!(ball.centre()[2], 1.005 * 100.0);
}

#[test]
fn a_density_is_a_count_by_a_volume() {
    let tokens = vec![Token::new(1); 5];
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&tokens, &workers);
    let density = |radius| {
        let ball = Ball::of_units(Space::Sensory, [0.0, 0.0, 1.0], radius).unwrap();
        query.density(&ball)
    };
    let volume = 4.0 / 3.0 * std::f64::consts::PI * 8.0;
    assert_eq!(density(2.0).unwrap().value, 5.0 / volume);
    assert_eq!(density(1.0).unwrap().value, 5.0 / (volume / 8.0));
    assert_eq!(density(0.9999).unwrap().value, 0.0);
    for radius in [0.0, f64::INFINITY] {
        let refused = density(radius).unwrap_err();
        let is_of_radius = matches!(refused, QueryError::Question(QuestionError::Radius { .. }));
        assert!(is_of_radius, "{refused}");
    }
}

#[test]
fn a_count_stops_between_the_balls_of_a_block() {
    let mut numbers = Numbers::new(8);
    let tokens = tokens(Spread::Ordered, 20 * 4_096 + 9, &mut numbers);
    let boxes = OfTokens::new(&tokens, 99, &[Space::Motor], |_| true);
    let ball = |token: &Token| {
        let centre = token.steps(Space::Motor).map(f64::from);
        Ball::of_steps(Space::Motor, centre, 9.0).unwrap()
    };
    let balls: Vec<_> = tokens[..70].iter().map(ball).collect();
    let ask = |query: &Query<'_>| query.within_counts(&balls);
    let all = |workers: &Workers| Query::new(&tokens, workers);
    let boxed = |workers: &Workers| Query::new(&tokens, workers).with_boxes(&boxes);
    assert!(check_every_look(all, ask) >= 21 * 70);
    // Each ball alone, in the blocks that it touches.
    let looks = check_every_look(boxed, ask);
    assert!((70..21 * 70).contains(&looks), "{looks}");
}
