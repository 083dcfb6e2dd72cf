//! A token depends only on kind, seed and index.

use std::thread;

use ng_synth::Synth;

use crate::{both, tokens};

const COUNT: u64 = 20_000;

#[test]
fn any_order_and_any_maker_give_the_same_tokens() {
    for (kind, synth) in both(11) {
        let forward = tokens(&synth, COUNT);
        let mut backward: Vec<_> = (0..COUNT)
            .rev()
            .map(|index| synth.clone().token(index))
            .collect();
        backward.reverse();
        assert!(forward == backward, "{kind}");
        let [(_, uniform), (_, clustered)] = both(11);
        let again = if kind == "uniform" {
            uniform
        } else {
            clustered
        };
        assert!(forward == tokens(&again, COUNT), "{kind}");
    }
}

#[test]
fn threads_that_share_a_maker_give_the_same_tokens() {
    for (kind, synth) in both(12) {
        let expected = tokens(&synth, COUNT);
        let mut found = expected.clone();
        found.fill(ng_synth::ng_token::Token::ZERO);
        thread::scope(|scope| {
            for (shard, room) in found.chunks_mut(COUNT as usize / 7).enumerate() {
                let synth = &synth;
                scope.spawn(move || {
                    let first = shard as u64 * (COUNT / 7);
                    for (index, token) in (first..).zip(room) {
                        *token = synth.token(index);
                    }
                });
            }
        });
        assert!(found == expected, "{kind}");
    }
}

#[test]
fn other_seeds_and_kinds_are_other_tokens() {
    let makers: Vec<Synth> = [0, 1, 2, u64::MAX]
        .into_iter()
        .flat_map(|seed| both(seed).map(|(_, synth)| synth))
        .collect();
    for (at, one) in makers.iter().enumerate() {
        for other in &makers[at + 1..] {
            for index in [0, 1, 1_000] {
                let (one, other) = (one.token(index), other.token(index));
                assert_ne!(one.coordinates(), other.coordinates());
                assert_ne!(one.weight(), other.weight());
            }
        }
    }
}

#[test]
fn a_maker_says_which_it_is() {
    let told: Vec<String> = both(7)
        .iter()
        .map(|(_, synth)| format!("{synth:?}"))
        .collect();
    assert_eq!(told, ["Synth::uniform(7)", "Synth::clustered(7)"]);
    assert_eq!(Synth::clustered(9).seed(), 9);
}
