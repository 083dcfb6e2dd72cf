//! The tokens: those of a synthesizer, with special ones among them.

use std::env;

use ng_query::ng_token::{Flags, Space, Token};
use ng_synth::Synth;

/// How many tokens there are unless `NG_TOKENS` says otherwise: more than twice the eight blocks
/// that a thread takes at once, and a partial block.
const FEW: usize = 17 * 4096 + 1_234;

/// The requested number.
fn asked() -> Option<usize> {
    let text = env::var("NG_TOKENS").ok()?;
    Some(text.parse().expect("NG_TOKENS is a number"))
}

pub(crate) fn count() -> usize {
    asked().unwrap_or(FEW)
}

/// For each filter every n-th query runs, unless a number of tokens is set: one n for a debug
/// build, one for release.
pub(crate) fn step(debug: usize, release: usize) -> usize {
    match asked() {
        Some(_) => 1,
        None if cfg!(debug_assertions) => debug,
        None => release,
    }
}

const WEIGHTS: [f32; 12] = [
    f32::NAN,
    -f32::NAN,
    0.0,
    -0.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    -1e-45,
    -12.5,
    0.25,
];

const STEPS: [i16; 6] = [i16::MIN, i16::MIN + 1, -1, 0, i16::MAX - 1, i16::MAX];

/// Clustered tokens. Of every 32, one has a special weight, one the id of another, one a time at an
/// end, one user bits and another entity type in its flags, and one a point at the ends of a space;
/// two are at the points of others.
pub(crate) fn tokens(count: usize) -> Vec<Token> {
    let synth = Synth::clustered(12);
    (0..count as u64)
        .map(|index| token(&synth, index))
        .collect()
}

fn token(synth: &Synth, index: u64) -> Token {
    let token = synth.token(index);
    let drawn = index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let pick = (drawn >> 8) as usize;
    match drawn % 32 {
        0 => token.with_weight(WEIGHTS[pick % WEIGHTS.len()]),
        1 => token.with_id(synth.token(index / 2).id().raw()),
        2 => token.with_timestamp([0, 1, u32::MAX - 1, u32::MAX][pick % 4]),
        3 => token.with_flags(Flags::from_bits((drawn >> 12) as u16)),
        4 => {
            let steps = [pick, pick / 6, pick / 36].map(|pick| STEPS[pick % STEPS.len()]);
            token.with_coordinate(Space::ALL[pick % 8], steps)
        }
        5 | 6 => token.with_coordinates(synth.token(index / 64).coordinates()),
        _ => token,
    }
}
