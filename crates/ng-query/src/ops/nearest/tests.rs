//! Compares with the simplest oracle: every token's distance, sorted with its position.

use ng_parallel::Workers;
use ng_store::{BlockReader, CreateOptions, VecStore};
use ng_token::{Space, Token};
use proptest::prelude::*;

use super::metric::Centre;
use super::testing::{Numbers, SPREADS, Spread, filter, place, tokens};
use super::*;
use crate::bound::Bound;
use crate::boxes::Cuboid;
use crate::boxes::of_tokens::OfTokens;
use crate::kernels::Kernels;
use crate::scan::check_every_look;

fn expected(
    tokens: &[Token],
    points: &Points,
    bound: &Bound,
    k: usize,
    point: usize,
) -> Vec<(u64, u64)> {
    let centre = Centre::new(points.metric(), points.places(point));
    let spaces = points.metric().spaces();
    let mut all: Vec<_> = (0..)
        .zip(tokens)
        .filter(|(position, token)| bound.matches(token, *position))
        .map(|(position, token)| (centre.key(|space| token.steps(spaces[space])), position))
        .collect();
    all.sort_unstable();
    all.truncate(k);
    all
}

fn points(numbers: &mut Numbers, tokens: &[Token], of_one_space: bool) -> Points {
    let some_weights = [1.0, 0.0, 1e-9, 3.5, 1e-320, 1e300, 1e8, 1.0];
    let mut weights = Vec::new();
    for space in Space::ALL {
        if numbers.below(3) > 0 {
            weights.push((space, some_weights[numbers.below(8) as usize]));
        }
    }
    let mut points = match of_one_space || weights.is_empty() {
        true => Points::in_space(Space::ALL[numbers.below(8) as usize]),
        false => Points::weighted(&weights).unwrap(),
    };
    let spaces = points.space_count();
    for _ in 0..1 + numbers.below(5) {
        if !tokens.is_empty() && numbers.below(4) == 0 {
            points.add_token(&tokens[numbers.below(tokens.len() as u64) as usize]);
        } else {
            let places: Vec<_> = (0..spaces).map(|_| place(numbers)).collect();
            points.add_steps(&places).unwrap();
        }
    }
    points
}

fn check(query: &Query<'_>, points: &Points, k: usize, expected: &[Vec<(u64, u64)>], what: &str) {
    let answer = query.nearest(points, k).unwrap();
    assert_eq!(answer.value.len(), points.len(), "{what}");
    for (point, (found, expected)) in answer.value.iter().zip(expected).enumerate() {
        let centre = Centre::new(points.metric(), points.places(point));
        let pairs: Vec<_> = found
            .neighbours
            .iter()
            .map(|neighbour| (neighbour.squared, neighbour.position))
            .collect();
        let wanted: Vec<_> = expected
            .iter()
            .map(|&(key, position)| (centre.squared(key), position))
            .collect();
        let differs =
            (0..pairs.len().max(wanted.len())).find(|&at| pairs.get(at) != wanted.get(at));
        if let Some(at) = differs {
            let (found, wanted) = (pairs.get(at), wanted.get(at));
            panic!("{what}, point {point}: {at} is {found:?}, expected {wanted:?}: {centre:?}");
        }
        assert_eq!(found.missing, (k - wanted.len()) as u64, "{what}");
    }
}

/// One list of tokens, queried in every way.
fn check_every_way(seed: u64, spread: Spread, count: usize, of_one_space: bool) {
    let mut numbers = Numbers::new(seed);
    let tokens = tokens(spread, count, &mut numbers);
    let points = points(&mut numbers, &tokens, of_one_space);
    let bound = filter(numbers.below(6).saturating_sub(1), count);
    let k = match numbers.below(4) {
        0 => 1,
        1 if count < 300 => count + 1,
        2 => 1 + numbers.below(count as u64 / 8 + 2) as usize,
        _ => 1 + numbers.below(20) as usize,
    };
    let expected: Vec<_> = (0..points.len())
        .map(|point| expected(&tokens, &points, &bound, k, point))
        .collect();
    let unknown = numbers.below(5);
    let boxes = OfTokens::new(&tokens, 64, &Space::ALL, |block| block != unknown);
    let some_pages = [Space::ALL[numbers.below(8) as usize], Space::Physical];
    let less = OfTokens::new(&tokens, 1, &some_pages, |_| true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    let store = VecStore::from_iter(tokens.iter().copied());
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let detected = Kernels::detect();
    for (threads, kernels) in [(1, Kernels::BASELINE), (2, detected), (7, detected)] {
        let workers = Workers::new(threads).unwrap();
        let slice = Query::new(&tokens, &workers);
        let read = Query::new(&reader, &workers);
        let queries = [
            ("slice", slice.clone()),
            ("slice, boxes", slice.clone().with_boxes(&boxes)),
            ("slice, some boxes", slice.with_boxes(&less)),
            ("reader", read.clone()),
            ("reader, boxes", read.with_boxes(&boxes)),
        ];
        for (what, query) in queries {
            let query = query.bound(bound.clone()).kernels(kernels);
            let what = format!("{what}, {threads} threads, {}, k {k}", kernels.name());
            check(&query, &points, k, &expected, &what);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nearest_in_one_space_is_what_sorting_gives(
        seed: u64,
        spread in proptest::sample::select(SPREADS.to_vec()),
        count in prop_oneof![1_usize..300, 4_000_usize..4_200, 8_192_usize..9_500],
    ) {
        check_every_way(seed, spread, count, true);
    }

    #[test]
    fn nearest_in_weighted_spaces_is_what_sorting_gives(
        seed: u64,
        spread in proptest::sample::select(SPREADS.to_vec()),
        count in prop_oneof![1_usize..300, 4_000_usize..4_200, 8_192_usize..9_500],
    ) {
        check_every_way(seed, spread, count, false);
    }
}

proptest! {
    /// The keys that the oracle sorts by, compared with the crate that defines the distances.
    #[test]
    fn keys_are_the_distances_of_tokens(seed: u64) {
        let mut numbers = Numbers::new(seed);
        let pair = tokens(SPREADS[numbers.below(6) as usize], 2, &mut numbers);
        let space = Space::ALL[numbers.below(8) as usize];
        let mut one = Points::in_space(space);
        one.add_token(&pair[0]);
        let key = Centre::new(one.metric(), one.places(0)).key(|_| pair[1].steps(space));
        prop_assert_eq!(key, pair[0].squared_distance(&pair[1], space));

        let weights: Vec<_> = Space::ALL
            .into_iter()
            .map(|space| (space, [0.0, 0.3, 7.0, 1e-9][numbers.below(4) as usize]))
            .collect();
        let mut several = Points::weighted(&weights).unwrap();
        several.add_token(&pair[0]);
        let spaces = several.metric().spaces();
        let centre = Centre::new(several.metric(), several.places(0));
        let key = centre.key(|space| pair[1].steps(spaces[space]));
        let distance = pair[0].weighted_squared_distance(&pair[1], &weights);
        prop_assert_eq!(key, distance.to_bits());
    }

    /// Off the grid the rule is that of balls: a token is in the ball of its own distance, and not
    /// in the next smaller one.
    #[test]
    fn keys_off_the_grid_are_the_distances_of_balls(seed: u64) {
        let mut numbers = Numbers::new(seed);
        let token = tokens(SPREADS[numbers.below(6) as usize], 1, &mut numbers)[0];
        let centre = place(&mut numbers).map(|at| at.clamp(-1e20, 1e20) + 0.125);
        let mut points = Points::in_space(Space::Motor);
        points.add_steps(&[centre]).unwrap();
        let steps = token.steps(Space::Motor);
        let key = Centre::new(points.metric(), points.places(0)).key(|_| steps);
        if matches!(points.places(0), [Place::OffGrid(_)]) {
            let squared_radius = f64::from_bits(key);
            let ball = |squared_radius| crate::bound::Ball::OffGrid { centre, squared_radius };
            prop_assert!(ball(squared_radius).contains(steps));
            prop_assert!(!ball(squared_radius.next_down()).contains(steps));
        }
    }
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let tokens = [Token::new(1)];
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&tokens[..], &workers);
    let mut points = Points::in_space(Space::Social);
    points.add_token(&tokens[0]);
    let none = query.nearest(&points, 0).unwrap_err();
    assert!(
        matches!(none, QueryError::Question(QuestionError::NoneWanted)),
        "{none}"
    );
    assert_eq!(Points::weighted(&[]), Err(QuestionError::NoSpace));
    for weight in [-1.0, f64::INFINITY, -f64::MIN_POSITIVE] {
        let space = Space::Social;
        let refused = Points::weighted(&[(Space::Motor, 1.0), (space, weight)]);
        assert_eq!(refused, Err(QuestionError::SpaceWeight { space, weight }));
    }
    let nan = Points::weighted(&[(Space::Motor, f64::NAN)]).unwrap_err();
    assert!(
        nan.to_string().starts_with("weight NaN of space motor"),
        "{nan}"
    );
    let space = Space::Motor;
    let twice = Points::weighted(&[(space, 1.0), (Space::Social, 1.0), (space, 2.0)]);
    assert_eq!(twice, Err(QuestionError::SpaceTwice { space }));
    for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let point = [[0.0, value, 0.0]];
        for refused in [points.add_steps(&point), points.add_units(&point)] {
            let refused = refused.unwrap_err().to_string();
            assert!(
                refused.starts_with(&format!("y {value} of a point in space social")),
                "{refused}"
            );
        }
    }
    let too_far = points.add_units(&[[1e307, 0.0, 0.0]]).unwrap_err();
    assert!(
        matches!(too_far, QuestionError::Coordinate { .. }),
        "{too_far}"
    );
    let places = points.add_steps(&[[0.0; 3]; 2]);
    assert_eq!(
        places,
        Err(QuestionError::Places {
            places: 2,
            spaces: 1
        })
    );
    assert_eq!(points.len(), 1);
}

#[test]
fn fewer_than_k_are_given_and_that_is_said() {
    let tokens = [Token::new(1), Token::new(2)];
    let workers = Workers::new(1).unwrap();
    let mut points = Points::in_space(Space::Social);
    points.add_token(&tokens[0]);
    let found = Query::new(&tokens[..], &workers)
        .nearest(&points, 5)
        .unwrap();
    assert_eq!(found.value[0].neighbours.len(), 2);
    assert_eq!(found.value[0].missing, 3);
    let none = Query::new(&tokens[..0], &workers)
        .nearest(&points, usize::MAX)
        .unwrap();
    assert_eq!(none.value[0].missing, usize::MAX as u64);
}

#[test]
fn no_weight_at_all_makes_all_tokens_equally_far() {
    let tokens: Vec<_> = (0..5_000)
        .map(|x| Token::new(0).with_coordinate(Space::Motor, [x, 0, 0]))
        .collect();
    let workers = Workers::new(2).unwrap();
    let boxes = OfTokens::new(&tokens, 9, &[], |_| true);
    let mut points = Points::weighted(&[(Space::Motor, 0.0)]).unwrap();
    points.add_steps(&[[4_000.0, 0.0, 0.0]]).unwrap();
    for query in [
        Query::new(&tokens, &workers),
        Query::new(&tokens, &workers).with_boxes(&boxes),
    ] {
        let found = query.nearest(&points, 3).unwrap().value;
        let positions: Vec<_> = found[0]
            .neighbours
            .iter()
            .map(|found| found.position)
            .collect();
        assert_eq!(positions, [0, 1, 2]);
    }
}

/// Blocks in order of x: of 40 a search needs one or two, and a batch answers like single points.
#[test]
fn boxes_leave_most_blocks_out() {
    let count = 40 * 4_096;
    let token = |place: usize| {
        let x = (place / 4) as i32 - 20_000;
        Token::new(0).with_coordinate(Space::Physical, [x as i16, (place % 4) as i16, 0])
    };
    let tokens: Vec<_> = (0..count).map(token).collect();
    let boxes = OfTokens::new(&tokens, 99, &[Space::Physical], |_| true);
    let workers = Workers::new(2).unwrap();
    let query = Query::new(&tokens, &workers).with_boxes(&boxes);
    let mut points = Points::in_space(Space::Physical);
    for x in (-25_000..25_000).step_by(1_111) {
        points.add_steps(&[[f64::from(x), 1.0, 0.0]]).unwrap();
    }
    let answer = query.nearest(&points, 10).unwrap();
    let stats = &answer.stats;
    assert_eq!(stats.blocks_looked_at + stats.blocks_skipped, 40);
    for (point, found) in answer.value.iter().enumerate() {
        assert!(
            (1..=2).contains(&found.blocks_looked_at),
            "{}",
            found.blocks_looked_at
        );
        let expected = expected(&tokens, &points, &Bound::All, 10, point);
        let positions: Vec<_> = found
            .neighbours
            .iter()
            .map(|found| found.position)
            .collect();
        let wanted: Vec<_> = expected.into_iter().map(|(_, position)| position).collect();
        assert_eq!(positions, wanted, "point {point}");
    }
    // At most 640 bytes a token: pages of records, not whole blocks.
    assert!(
        stats.bytes_read < (points.len() * 8 * 64 * 64) as u64,
        "{stats:?}"
    );
}

/// Where boxes rule nothing out, a pass looks at every block once.
#[test]
fn boxes_that_tell_nothing_make_a_pass() {
    let mut numbers = Numbers::new(5);
    let tokens = tokens(Spread::Uniform, 20 * 4_096 + 5, &mut numbers);
    let boxes = OfTokens::new(&tokens, 99, &[Space::Motor], |_| true);
    let workers = Workers::new(2).unwrap();
    let mut points = Points::in_space(Space::Motor);
    points.add_steps(&[[1.0, 2.0, 3.0]]).unwrap();
    let plain = Query::new(&tokens, &workers);
    let answer = plain
        .clone()
        .with_boxes(&boxes)
        .nearest(&points, 4)
        .unwrap();
    assert_eq!(answer.stats.blocks_looked_at, 21);
    assert_eq!(answer.value, plain.nearest(&points, 4).unwrap().value);
}

/// Few selected tokens are compared with the points one by one, and no column is loaded: the answer
/// did not count what it looked at.
#[test]
fn records_that_are_looked_at_one_by_one_are_counted() {
    let mut numbers = Numbers::new(6);
    let tokens = tokens(Spread::Uniform, 5_000, &mut numbers);
    let workers = Workers::new(1).unwrap();
    let mut points = Points::in_space(Space::Motor);
    points.add_steps(&[[1.0, 2.0, 3.0]]).unwrap();
    for (few, expected) in [(0..10, 10 * 64), (4_090..4_100, 10 * 64)] {
        let query = Query::new(&tokens, &workers).positions_within(few);
        let stats = query.nearest(&points, 4).unwrap().stats;
        assert_eq!((stats.bytes_read, stats.records), (expected, true));
    }
}

/// A query for 50,000 points went on for minutes after Ctrl-C: nothing checked the stop flag within
/// a block.
#[test]
fn a_question_stops_between_the_points_of_a_block() {
    let mut numbers = Numbers::new(7);
    let tokens = tokens(Spread::Clustered, 2 * 4_096 + 9, &mut numbers);
    let boxes = OfTokens::new(&tokens, 2, &[Space::Motor], |_| true);
    let of_one = Points::in_space(Space::Motor);
    let of_two = Points::weighted(&[(Space::Motor, 1.0), (Space::Social, 2.0)]).unwrap();
    for mut points in [of_one, of_two] {
        for token in &tokens[..70] {
            points.add_token(token);
        }
        let all = |workers: &Workers| Query::new(&tokens, workers);
        let few = |workers: &Workers| Query::new(&tokens, workers).positions_within(0..60);
        let boxed = |workers: &Workers| Query::new(&tokens, workers).with_boxes(&boxes);
        let ask = |query: &Query<'_>| query.nearest(&points, 100);
        assert!(check_every_look(all, ask) >= 3 * 70);
        assert!(check_every_look(few, ask) >= 70);
        assert!(check_every_look(boxed, |query| query.nearest(&points, 3)) >= 70);
    }
}

/// With all tokens at one place, each was compared with each point: screens are not exact, and pass
/// what is as far as the worst.
#[test]
fn tokens_that_are_all_as_far_are_held_against_a_point_once() {
    let tokens = tokens(Spread::Equal, 3 * 4_096, &mut Numbers::new(3));
    let workers = Workers::new(1).unwrap();
    let mut numbers = Numbers::new(4);
    let of_one = Points::in_space(Space::Motor);
    let of_two = Points::weighted(&[(Space::Motor, 1.0), (Space::Social, 2.0)]).unwrap();
    for mut points in [of_one, of_two] {
        for _ in 0..40 {
            let places: Vec<_> = (0..points.space_count())
                .map(|_| place(&mut numbers))
                .collect();
            points.add_steps(&places).unwrap();
        }
        let answer = Query::new(&tokens, &workers).nearest(&points, 5).unwrap();
        assert_eq!(answer.stats.blocks_looked_at, 1);
        for neighbours in answer.value {
            assert_eq!(neighbours.blocks_looked_at, 1);
            let positions = neighbours.neighbours.iter().map(|found| found.position);
            assert!(positions.eq(0..5));
        }
    }
}

#[test]
fn no_token_is_nearer_than_the_boxes_of_a_block() {
    for (seed, spread) in (0..).zip(SPREADS) {
        let mut numbers = Numbers::new(seed);
        let tokens = tokens(spread, 300, &mut numbers);
        for of_one_space in [true, false] {
            let points = points(&mut numbers, &tokens, of_one_space);
            let spaces = points.metric().spaces();
            let cuboid = |space: &Space| {
                let ends = |end: fn(i16, i16) -> i16| {
                    let steps = tokens.iter().map(|token| token.steps(*space));
                    let both = |left: [i16; 3], right: [i16; 3]| {
                        [0, 1, 2].map(|axis| end(left[axis], right[axis]))
                    };
                    steps.reduce(both).unwrap()
                };
                Cuboid {
                    low: ends(i16::min),
                    high: ends(i16::max),
                }
            };
            let cuboids: Vec<_> = spaces.iter().map(cuboid).collect();
            for point in 0..points.len() {
                let centre = Centre::new(points.metric(), points.places(point));
                let least = centre.least_key(&cuboids);
                for token in &tokens {
                    let key = centre.key(|space| token.steps(spaces[space]));
                    assert!(
                        least <= key,
                        "{spread:?}, seed {seed}, {centre:?}, {token:?}"
                    );
                }
            }
        }
    }
}
