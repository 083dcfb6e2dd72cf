//! Tokens, places and filters for the tests of nearest and within.

use ng_token::Token;

use crate::bound::{Bound, Condition, Kind};

/// Pseudo-random numbers, from a seed that is printed.
#[derive(Clone)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// How the points of a list are distributed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// Everywhere.
    Uniform,
    /// Near the middle, rarer with distance.
    Clustered,
    /// On few steps, so that most distances are equal.
    Ties,
    /// At the ends of the range.
    Extremes,
    /// At one point.
    Equal,
    /// Along a line, in order: boxes rule out most.
    Ordered,
}

pub(crate) const SPREADS: [Spread; 6] = [
    Spread::Uniform,
    Spread::Clustered,
    Spread::Ties,
    Spread::Extremes,
    Spread::Equal,
    Spread::Ordered,
];

pub(crate) fn tokens(spread: Spread, count: usize, numbers: &mut Numbers) -> Vec<Token> {
    let token = |place: usize| {
        let mut coordinates = [[0_i16; 3]; 8];
        for step in coordinates.as_flattened_mut() {
            *step = match spread {
                Spread::Uniform => numbers.next() as i16,
                Spread::Clustered => {
                    let sum: i64 = (0..4).map(|_| numbers.below(2_000) as i64 - 1_000).sum();
                    sum as i16
                }
                Spread::Ties => numbers.below(3) as i16 - 1,
                Spread::Extremes => {
                    [i16::MIN, i16::MAX, i16::MIN + 1, 0][numbers.below(4) as usize]
                }
                Spread::Equal => -7,
                Spread::Ordered => {
                    (place * 60_000 / count + numbers.below(9) as usize) as i64 as i16 ^ i16::MIN
                }
            };
        }
        Token::new(numbers.next() as u32)
            .with_coordinates(coordinates)
            .with_radius_raw(numbers.next() as u8)
            .with_strength_raw(numbers.next() as u8)
    };
    (0..count).map(token).collect()
}

/// A place in one space: where tokens are, between them, far away, or out of all range.
pub(crate) fn place(numbers: &mut Numbers) -> [f64; 3] {
    let kind = numbers.below(12);
    [0, 1, 2].map(|_| {
        let near = numbers.below(4_000) as f64 - 2_000.0;
        match kind {
            0..4 => near,
            4..7 => near + numbers.below(1_000) as f64 / 1_000.0,
            7 => f64::from(numbers.next() as i16),
            8 => f64::from(numbers.next() as i32),
            9 => near * 1e3 + 0.25,
            10 => near * 1e12 + 0.1,
            _ => [f64::MAX, -1e200, 1e-300, 0.5, 3e38][numbers.below(5) as usize],
        }
    })
}

/// The tested filters: all tokens, half of them, one in sixteen, few, none.
pub(crate) fn filter(number: u64, count: usize) -> Bound {
    let few = count as u64 / 2..=count as u64 / 2 + 40;
    match number {
        0 => Bound::All,
        1 => Bound::Is(Condition::Kind(Kind::Domain, 0x5A5A)),
        2 => Bound::Is(Condition::Kind(Kind::EntityType, 1)),
        3 => Bound::And(vec![
            Bound::Is(Condition::Position(few)),
            Bound::Is(Condition::Kind(Kind::Domain, 0x00FF)),
        ]),
        _ => Bound::Nothing,
    }
}
