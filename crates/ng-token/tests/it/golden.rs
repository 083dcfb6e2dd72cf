//! The bytes that Python's `struct` packs: `tests/fixtures/golden.py` wrote them.

use ng_token::{Flags, Token, as_bytes, read_unaligned};

const GOLDEN: &[u8] = include_bytes!("../fixtures/golden.bin");

fn expected() -> [Token; 5] {
    let zero = [[0; 3]; 8];
    let mut ramp = zero;
    let mut ramp_down = zero;
    for (index, steps) in (-1200..1200_i16).step_by(100).enumerate() {
        ramp.as_flattened_mut()[index] = steps;
        ramp_down.as_flattened_mut()[23 - index] = steps;
    }
    let token = |id, coordinates, flags, weight, radius, strength, timestamp| {
        Token::new(id)
            .with_coordinates(coordinates)
            .with_flags(Flags::from_bits(flags))
            .with_weight(weight)
            .with_radius_raw(radius)
            .with_strength_raw(strength)
            .with_timestamp(timestamp)
    };
    [
        token(0, zero, 0, 0.0, 0, 0, 0),
        Token::new(7),
        token(0x3512_3456, ramp, 0x95A5, 0.75, 150, 200, 1_700_000_000),
        token(
            u32::MAX,
            [[i16::MIN, i16::MAX, -1]; 8],
            u16::MAX,
            f32::INFINITY,
            255,
            255,
            u32::MAX,
        ),
        token(0x1200_0003, ramp_down, 0x1E40, -1.5, 1, 2, 3),
    ]
}

#[test]
fn tokens_are_stored_as_the_golden_bytes() {
    assert_eq!(as_bytes(&expected()), GOLDEN);
}

#[test]
fn golden_bytes_are_read_as_the_tokens() {
    let tokens: Vec<Token> = read_unaligned(GOLDEN).unwrap().collect();
    assert_eq!(tokens, expected());
}

#[test]
fn golden_tokens_decode_to_what_was_packed() {
    use ng_token::{EntityType, Space, SystemFlags};
    let token = read_unaligned(GOLDEN).unwrap().nth(2).unwrap();
    assert_eq!(token.id().domain(), 3);
    assert_eq!(token.id().entity_type(), EntityType::Concept);
    assert_eq!(token.id().local(), 0x12_3456);
    let system =
        SystemFlags::ACTIVE | SystemFlags::MUTABLE | SystemFlags::ENCRYPTED | SystemFlags::LOCKED;
    assert_eq!(token.flags().system(), system);
    assert_eq!(token.flags().entity_type(), EntityType::Concept);
    assert_eq!(token.flags().user(), 9);
    assert_eq!(token.coordinate(Space::Physical), [-12.0, -11.0, -10.0]);
    assert_eq!(token.coordinate(Space::Abstract), [0.09, 0.1, 0.11]);
    assert_eq!(token.weight(), 0.75);
    assert_eq!(token.radius(), 1.5);
    assert_eq!(token.strength(), 200.0 / 255.0);
    assert_eq!(token.timestamp(), 1_700_000_000);
}
