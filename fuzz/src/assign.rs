//! Any text as assignments: it is refused at a place in the text, or shown as a text that means the
//! same, and applied to tokens; then each token is changed or none from the refused one on.

#![no_main]

mod allocations;
mod seeds;

use libfuzzer_sys::fuzz_target;
use ng_query::ng_token::{Flags, Space, Token};
use ng_query::{AssignError, Assignments};

use allocations::at_most;

/// Assignments, their text and their errors, for a text of 2 KiB, and the operands of a chunk.
const PARSED_BYTES: usize = 4 << 20;

fuzz_target!(
    init: seeds::write(&seeds()),
    |data: &[u8]| {
        if let Ok(text) = str::from_utf8(data) {
            at_most(PARSED_BYTES, "parsing", || look_at(text));
        }
    }
);

fn look_at(text: &str) {
    match text.parse::<Assignments>() {
        Ok(set) => {
            assert_eq!(set.to_string().parse(), Ok(set.clone()), "{set}");
            apply(&set);
        }
        Err(error) => {
            assert!(text.get(error.span()).is_some(), "{error}");
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
        }
    }
}

/// All together become what each becomes alone.
fn apply(set: &Assignments) {
    let before = tokens();
    let mut together = before;
    let applied = set.apply(&mut together, 7);
    let mut changed = 0;
    for (index, token) in before.into_iter().enumerate() {
        let position = 7 + index as u64;
        let mut alone = [token];
        match set.apply(&mut alone, position) {
            Ok(count) => changed += count,
            Err(error) => {
                let AssignError::Value {
                    position: found, ..
                } = error
                else {
                    panic!("{error}");
                };
                assert_eq!(found, position, "{set}");
                assert_eq!(
                    applied.map_err(|error| error.to_string()),
                    Err(error.to_string())
                );
                assert_eq!(together[index..], before[index..], "{set}");
                return;
            }
        }
        if applied.is_ok() {
            assert_eq!(together[index], alone[0], "{set}");
        }
    }
    assert_eq!(applied, Ok(changed), "{set}");
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
            "weight = min(weight * 0.5, 1), physical_x = physical_x + 1.5, entity_type = event, \
             dirty = not locked",
        ),
        ("signs", "motor_x=-motor_y--1/(2*-weight),motor_y=- - 0x10"),
        (
            "functions",
            "timestamp = round(abs(timestamp / 60)) * 60, radius = max(floor(radius), min(0.29, 1))",
        ),
        (
            "types",
            "entity_type = max(entity_type, rule), flags_entity_type = 3, domain = 15",
        ),
        (
            "time",
            "timestamp = 2023-11-14 + 60, local_id = position, user_3 = true",
        ),
        ("whole", "id = id + 0x1000000, flags = 65535 - flags, active = false"),
        ("weight", "weight = 1 / inf - 1e-300 * -weight, strength = 1 - strength"),
        ("mistake", "wieght = nan, \u{e9} = 'x"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}
