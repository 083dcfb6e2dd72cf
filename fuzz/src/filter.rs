//! Any text as a filter: it is refused at a place in the text, or shown as a text that means the
//! same, and its values become steps.

#![no_main]

mod allocations;
mod seeds;

use libfuzzer_sys::fuzz_target;
use ng_query::Filter;
use ng_query::ng_token::{Flags, Space, Token};

use allocations::at_most;

/// A tree, its text and its errors, for a text of 2 KiB.
const PARSED_BYTES: usize = 2 << 20;

fuzz_target!(
    init: seeds::write(&seeds()),
    |data: &[u8]| {
        if let Ok(text) = str::from_utf8(data) {
            at_most(PARSED_BYTES, "parsing", || look_at(text));
        }
    }
);

fn look_at(text: &str) {
    match text.parse::<Filter>() {
        Ok(filter) => {
            assert_eq!(filter.to_string().parse().as_ref(), Ok(&filter), "{filter}");
            hold_against_tokens(&filter);
        }
        Err(error) => {
            assert!(text.get(error.span()).is_some(), "{error}");
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
        }
    }
}

/// A filter's complement holds where the filter does not.
fn hold_against_tokens(filter: &Filter) {
    if filter.depth() == Filter::DEPTH_MAX {
        return;
    }
    let complement = !filter.clone();
    for (position, token) in tokens().into_iter().enumerate() {
        let holds = |filter: &Filter| filter.matches(&token, position as u64, 1_700_000_000);
        assert_ne!(holds(filter), holds(&complement), "{filter}: {token:?}");
    }
}

fn tokens() -> [Token; 3] {
    let far = Token::new(u32::MAX)
        .with_weight(f32::NAN)
        .with_timestamp(u32::MAX);
    let far = far
        .with_coordinates([[i16::MIN; 3]; 8])
        .with_flags(Flags::from_bits(u16::MAX));
    let near = Token::new(0x0100_0007)
        .with_weight(0.5)
        .with_coordinate(Space::Physical, [100, -225, 0]);
    [Token::ZERO, near, far]
}

/// A text of each form of the grammar.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    [
        (
            "example",
            "weight >= 0.5 and entity_type in (object, event) and active \
             and physical in ball(1.0, -2.25, 0.0; 0.5) and not (timestamp < 1700000000)",
        ),
        (
            "box",
            "motor not in box(-inf, 0, 0.29; 1e3, 2, inf) or id <> 0x101",
        ),
        (
            "flags",
            "flags all (active, 256) or flags any (dirty, user_3) or flags none (locked)",
        ),
        (
            "time",
            "2023-11-14 <= timestamp and timestamp != '2023-11-14T22:13:20.5Z'",
        ),
        (
            "range",
            "radius between 0.29 and 1.5 and local_id not between 1.5 and 1_000",
        ),
        (
            "words",
            "valid and valid(upstream) or true and not false or rule",
        ),
        (
            "brackets",
            "((not (not weight < 1 or (object and flags = 257))))",
        ),
        (
            "far",
            "physical in ball(1e200, 1e30, 0.005; 1e200) or weight > 1e40",
        ),
        ("mistake", "wieght > nan and \u{e9} > 'x"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}
