//! Nearest and within, on a file in the order of a space with its index, and without.

use std::ops::ControlFlow;

use ng_parallel::Workers;
use ng_query::index::{BuildOptions, Index, build};
use ng_query::order::{Order, sort_positions};
use ng_query::{Ball, Column, Points, Query, QueryError};
use ng_store::{BlockReader, CreateOptions, VecStore};
use ng_token::{Axis, Space, Token};

const BLOCKS: usize = 40;
const SPACE: Space = Space::Motor;

/// Tokens whose points are denser near the origin, in no order.
fn clustered() -> Vec<Token> {
    let mut seed = 7_u64;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as i64
    };
    let mut step = move || {
        let sum: i64 = (0..4).map(|_| next() % 8_000 - 4_000).sum();
        sum as i16
    };
    let token = |id: usize| {
        let point = [step(), step(), step()];
        let other = [step(), step(), step()];
        Token::new(id as u32)
            .with_coordinate(SPACE, point)
            .with_coordinate(Space::Social, other)
            .with_radius_raw(id as u8)
            .with_strength_raw((id / 256) as u8)
    };
    (0..BLOCKS * 4_096 + 1_000).map(token).collect()
}

fn points() -> Points {
    let mut points = Points::in_space(SPACE);
    for number in 0..60 {
        let at = f64::from(number * 211 % 9_000 - 4_500);
        points.add_steps(&[[at, at / 2.0, -at / 4.0]]).unwrap();
    }
    points
}

fn balls() -> Vec<Ball> {
    let ball = |number: i32| {
        let at = f64::from(number * 377 % 9_000 - 4_500);
        Ball::of_steps(SPACE, [at, -at / 2.0, at / 4.0], f64::from(20 * number)).unwrap()
    };
    (0..60).map(ball).collect()
}

#[test]
fn an_index_of_a_file_in_order_answers_as_all_tokens_do() {
    let workers = Workers::new(2).unwrap();
    let tokens = clustered();
    let sorted = sort_positions(&workers, &tokens, &Order::by_space(SPACE)).unwrap();
    let mut ordered = Vec::new();
    sorted.gather(&tokens, 0..tokens.len(), &mut ordered);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    VecStore::from_iter(ordered.iter().copied())
        .save(&path, &CreateOptions::new())
        .unwrap();
    let reader = BlockReader::open(&path).unwrap();
    for with_columns in [false, true] {
        let mut options = BuildOptions::new();
        if with_columns {
            let columns = Axis::ALL.map(|axis| Column::Coordinate(SPACE, axis));
            options = options.columns(columns).boxes([SPACE]);
        }
        build(&workers, &reader, &options, |_, _| ()).unwrap();
        let index = Index::load(&reader).unwrap();
        let plain = Query::new(&ordered, &workers);
        let query = Query::new(&reader, &workers).index(&index).unwrap();
        check(&query, &plain, with_columns);
    }
}

fn check(query: &Query<'_>, plain: &Query<'_>, with_columns: bool) {
    let found = query.nearest(&points(), 10).unwrap();
    let expected = plain.nearest(&points(), 10).unwrap();
    for (found, expected) in found.value.iter().zip(&expected.value) {
        assert_eq!(found.neighbours, expected.neighbours);
    }
    let looked_at = found.value.iter().map(|found| found.blocks_looked_at);
    let (least, sum) = (looked_at.clone().min().unwrap(), looked_at.sum::<u64>());
    assert!(least <= 3, "{least}");
    assert!(sum < (found.value.len() * BLOCKS / 3) as u64, "{sum}");
    assert_eq!(found.stats.columns, with_columns);

    let counts = query.within_counts(&balls()).unwrap().value;
    assert_eq!(counts, plain.within_counts(&balls()).unwrap().value);
    assert!(counts.iter().any(|&count| count > 64));
    for (ball, count) in balls().iter().zip(counts) {
        let mut positions = Vec::new();
        query
            .within(ball, |found| {
                positions.extend(found.iter().map(|found| found.position));
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            })
            .unwrap();
        assert_eq!(positions.len() as u64, count);
        assert!(positions.is_sorted());
        let (ours, theirs) = (query.influence(ball), plain.influence(ball));
        assert_eq!(
            ours.unwrap().value.to_bits(),
            theirs.unwrap().value.to_bits()
        );
    }

    let mut several = Points::weighted(&[(Space::Social, 2.0), (SPACE, 0.25)]).unwrap();
    several
        .add_units(&[[0.1, 0.0, 0.2], [1.0, -0.5, 0.0]])
        .unwrap();
    let found = query.nearest(&several, 5).unwrap().value;
    let expected = plain.nearest(&several, 5).unwrap().value;
    assert_eq!(found[0].neighbours, expected[0].neighbours);
}

/// A point within the boxes of many blocks, of which the first 64 are all far from it: the search
/// took its least distance from those alone, gave up, and passed over all blocks.
#[test]
fn a_point_that_is_far_from_the_first_blocks_around_it_is_found_in_few() {
    let token = |index: u32| {
        let (block, within) = (index / 4_096, (index % 64) as i16);
        let x = match block {
            0..64 if block % 2 == 0 => -30_000,
            0..64 => 30_000,
            _ => 100 * (block as i16 - 64),
        };
        Token::new(index).with_coordinate(SPACE, [x + within, within, within])
    };
    let tokens: Vec<Token> = (0..80 * 4_096).map(token).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    VecStore::from(tokens.clone())
        .save(&path, &CreateOptions::new())
        .unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let workers = Workers::new(1).unwrap();
    let options = BuildOptions::new().boxes([SPACE]);
    build(&workers, &reader, &options, |_, _| ()).unwrap();
    let index = Index::load(&reader).unwrap();
    let mut points = Points::in_space(SPACE);
    points.add_steps(&[[0.0; 3]]).unwrap();
    let query = Query::new(&reader, &workers).index(&index).unwrap();
    let found = query.nearest(&points, 5).unwrap().value;
    let expected = Query::new(&tokens, &workers)
        .nearest(&points, 5)
        .unwrap()
        .value;
    assert_eq!(found[0].neighbours, expected[0].neighbours);
    assert!(
        found[0].blocks_looked_at <= 2,
        "{}",
        found[0].blocks_looked_at
    );
}
