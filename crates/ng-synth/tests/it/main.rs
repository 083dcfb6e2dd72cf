//! The public surface of `ng-synth`.

mod golden;
mod ids;
mod likeness;
mod order;

use ng_synth::Synth;
use ng_synth::ng_token::Token;

/// A maker of each kind.
fn both(seed: u64) -> [(&'static str, Synth); 2] {
    [
        ("uniform", Synth::uniform(seed)),
        ("clustered", Synth::clustered(seed)),
    ]
}

fn tokens(synth: &Synth, count: u64) -> Vec<Token> {
    (0..count).map(|index| synth.token(index)).collect()
}
