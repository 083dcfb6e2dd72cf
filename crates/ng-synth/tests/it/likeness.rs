//! The tokens match their documented distributions.

use ng_synth::ng_token::{Space, SystemFlags, Token};
use ng_synth::{FIRST_TIMESTAMP, Synth, TOKENS_PER_SECOND};

use crate::{both, tokens};

const COUNT: u64 = 200_000;

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = sum / count;
    (mean, (squares / count - mean * mean).sqrt())
}

/// Checks mean and standard deviation, and that no value is outside of `range`.
#[track_caller]
fn check(what: &str, values: &[f64], range: [f64; 2], mean: [f64; 2], deviation: [f64; 2]) {
    let inside = |value: f64, [low, high]: [f64; 2]| (low..=high).contains(&value);
    assert!(values.iter().all(|value| inside(*value, range)), "{what}");
    let (found, spread) = moments(values.iter().copied());
    assert!(inside(found, mean), "{what}: mean {found}");
    assert!(inside(spread, deviation), "{what}: deviation {spread}");
}

/// The values of each axis of each space.
fn axes(tokens: &[Token]) -> impl Iterator<Item = (String, Vec<f64>)> {
    let axes = Space::ALL
        .into_iter()
        .flat_map(|space| (0..3).map(move |axis| (space, axis)));
    axes.map(|(space, axis)| {
        let steps = tokens
            .iter()
            .map(|token| f64::from(token.steps(space)[axis]));
        (format!("{space} {axis}"), steps.collect())
    })
}

#[test]
fn every_token_is_valid_from_its_time_on() {
    for (kind, synth) in both(21) {
        for index in (0..COUNT).chain([u64::from(u32::MAX), 1 << 32, 1 << 50, u64::MAX]) {
            let token = synth.token(index);
            assert_eq!(token.validate(token.timestamp()), Ok(()), "{kind} {index}");
            // March 2025.
            assert!(token.timestamp() < 1_743_000_000, "{kind} {index}");
        }
    }
}

#[test]
fn a_file_is_in_order_of_time_a_hundred_tokens_a_second() {
    for (_, synth) in both(22) {
        for index in [0, 1, 99, 100, 12_345, u64::from(u32::MAX)] {
            let expected = FIRST_TIMESTAMP + index as u32 / TOKENS_PER_SECOND;
            assert_eq!(synth.token(index).timestamp(), expected);
        }
        assert_eq!(synth.token(1 << 32).timestamp(), FIRST_TIMESTAMP);
    }
}

#[test]
fn weight_radius_and_strength_are_uniform() {
    for (kind, synth) in both(23) {
        let tokens = tokens(&synth, COUNT);
        let weights: Vec<f64> = tokens
            .iter()
            .map(|token| f64::from(token.weight()))
            .collect();
        let below_one = [0.0, 1.0 - f64::EPSILON];
        check(kind, &weights, below_one, [0.495, 0.505], [0.286, 0.291]);
        for stored in [Token::radius_raw, Token::strength_raw] {
            let stored: Vec<f64> = tokens
                .iter()
                .map(|token| f64::from(stored(token)))
                .collect();
            check(kind, &stored, [0.0, 255.0], [126.0, 129.0], [73.0, 75.0]);
            let mut seen: Vec<u8> = stored.iter().map(|value| *value as u8).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 256, "{kind}");
        }
    }
}

#[test]
fn flags_are_set_at_their_rates_each_by_itself() {
    let rates = [240, 128, 64, 192, 32, 16, 8, 1];
    for (kind, synth) in both(24) {
        let tokens = tokens(&synth, COUNT);
        for (flag, rate) in SystemFlags::all().iter().zip(rates) {
            let share = f64::from(rate) / 256.0;
            let of = |tokens: &[Token]| {
                let set = tokens
                    .iter()
                    .filter(|token| token.flags().system().contains(flag));
                set.count() as f64 / tokens.len() as f64
            };
            assert!(
                (of(&tokens) - share).abs() < 0.006,
                "{kind} {flag:?}: {}",
                of(&tokens)
            );
            // Independent of a flag that half of them have, and of the weight.
            let some: Vec<Token> = tokens
                .iter()
                .filter(|token| token.flags().system().contains(SystemFlags::PERSISTENT))
                .filter(|token| token.weight() < 0.5)
                .copied()
                .collect();
            if flag != SystemFlags::PERSISTENT {
                assert!((of(&some) - share).abs() < 0.013, "{kind} {flag:?}");
            }
        }
        let mut users = [0_u32; 16];
        tokens
            .iter()
            .for_each(|token| users[usize::from(token.flags().user())] += 1);
        assert!(
            users.iter().all(|count| (11_800..=13_200).contains(count)),
            "{kind}: {users:?}"
        );
    }
}

#[test]
fn uniform_points_are_anywhere_in_the_range() {
    let tokens = tokens(&Synth::uniform(25), COUNT);
    for (axis, steps) in axes(&tokens) {
        let range = [-32_768.0, 32_767.0];
        check(&axis, &steps, range, [-260.0, 260.0], [18_800.0, 19_050.0]);
        let (low, high) = steps
            .iter()
            .fold((0.0, 0.0), |(low, high): (f64, f64), step| {
                (low.min(*step), high.max(*step))
            });
        assert!(
            low < -32_760.0 && high > 32_760.0,
            "{axis}: {low} to {high}"
        );
    }
}

#[test]
fn clustered_points_spread_over_about_6000_steps() {
    for seed in [0, 1, 7, 26] {
        let tokens = tokens(&Synth::clustered(seed), COUNT);
        for (axis, steps) in axes(&tokens) {
            let range = [-22_241.0, 22_241.0];
            check(
                &axis,
                &steps,
                range,
                [-2_000.0, 2_000.0],
                [5_000.0, 7_000.0],
            );
        }
    }
}

/// Tokens around a token: of one cluster in the first space, they are near in the others.
#[test]
fn tokens_of_a_cluster_are_near_in_every_space() {
    let tokens = tokens(&Synth::clustered(27), COUNT);
    let near =
        |one: &Token, other: &Token, space| one.squared_distance(other, space) <= 9 * 512 * 512;
    let first = tokens[0];
    let of_cluster: Vec<&Token> = tokens
        .iter()
        .filter(|token| {
            Space::ALL[..2]
                .iter()
                .all(|space| near(&first, token, *space))
        })
        .collect();
    // The smallest clusters have 24 of these tokens.
    assert!(of_cluster.len() > 5, "{}", of_cluster.len());
    for space in Space::ALL {
        for axis in 0..3 {
            let steps = of_cluster
                .iter()
                .map(|token| f64::from(token.steps(space)[axis]));
            let (_, deviation) = moments(steps);
            assert!(
                (200.0..800.0).contains(&deviation),
                "{space} {axis}: {deviation}"
            );
        }
    }
}
