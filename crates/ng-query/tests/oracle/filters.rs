//! Filters, and the meaning of each for a decoded token.

use ng_query::Filter;
use ng_query::ng_token::{Axis, Space, SystemFlags, Token, Validation};

/// The time for `valid`.
pub(crate) const NOW: u32 = 1_700_000_100;

/// A filter, as text and as its meaning.
#[derive(Clone, Copy)]
pub(crate) struct Meant {
    pub(crate) text: &'static str,
    pub(crate) holds: fn(u64, &Token) -> bool,
    /// Whether it depends on positions.
    pub(crate) is_of_places: bool,
}

impl Meant {
    const fn new(text: &'static str, holds: fn(u64, &Token) -> bool) -> Self {
        Self {
            text,
            holds,
            is_of_places: false,
        }
    }

    pub(crate) fn filter(&self) -> Filter {
        self.text.parse().unwrap()
    }
}

/// The filters for every operation: all tokens, many whose weights can be added up, and few.
pub(crate) const WHOLE: [Meant; 3] = [
    Meant::new("true", |_, _| true),
    Meant::new(
        "weight between -100 and 100 and not persistent",
        |_, token| {
            (-100.0..=100.0).contains(&token.weight()) && !has(token, SystemFlags::PERSISTENT)
        },
    ),
    Meant::new(
        "physical in ball(0, 0, 0; 40) and entity_type in (object, 2, 9)",
        |_, token| {
            within(token, Space::Physical, [0; 3], 4_000) && [1, 2, 9].contains(&kind(token))
        },
    ),
];

/// At least one of every form of a condition.
pub(crate) const EACH: [Meant; 15] = [
    Meant::new("weight > 0.9", |_, token| token.weight() > 0.9),
    Meant::new("not weight <= 0.5", |_, token| {
        token.weight().is_nan() || token.weight() > 0.5
    }),
    Meant::new("weight != 0", |_, token| token.weight() != 0.0),
    Meant::new("timestamp < 1700000010 or id = 4294967295", |_, token| {
        token.timestamp() < 1_700_000_010 || token.id().raw() == u32::MAX
    }),
    Meant::new(
        "local_id in (1, 2, 70, 4095, 4096) or domain in (3, 15)",
        |_, token| {
            [1, 2, 70, 4_095, 4_096].contains(&(token.id().raw() & 0xFF_FFFF))
                || [3, 15].contains(&(token.id().raw() >> 28))
        },
    ),
    Meant::new(
        "flags any (user_0, locked) and flags none (dirty)",
        |_, token| token.flags().bits() & 0x1080 != 0 && token.flags().bits() & 0x40 == 0,
    ),
    Meant::new("flags >= 4096 and flags_entity_type != 3", |_, token| {
        token.flags().bits() >= 0x1000 && token.flags().bits() >> 8 & 15 != 3
    }),
    Meant::new(
        "radius between 0.29 and 1.5 and strength >= 0.5",
        |_, token| (29..=150).contains(&token.radius_raw()) && token.strength_raw() >= 128,
    ),
    Meant::new("motor in box(-2, -inf, 0; 2.5, 0.001, inf)", |_, token| {
        let [x, y, z] = token.steps(Space::Motor);
        (-2_000..=2_500).contains(&x) && y <= 1 && z >= 0
    }),
    Meant::new("abstract not in ball(0.5, 0.5, 0.5; 1.25)", |_, token| {
        !within(token, Space::Abstract, [5_000; 3], 12_500)
    }),
    Meant::new("sensory in ball(0.00005, 0, 0; 1)", |_, token| {
        let [x, y, z] = token.steps(Space::Sensory).map(f64::from);
        (x - 0.5) * (x - 0.5) + y * y + z * z <= 1e8
    }),
    Meant::new("temporal_x = 327.67 or social_z <= -3.2768", |_, token| {
        let of = |space: Space, axis: Axis| token.steps(space)[axis as usize];
        of(Space::Temporal, Axis::X) == i16::MAX || of(Space::Social, Axis::Z) == i16::MIN
    }),
    Meant::new("valid", |_, token| {
        token.validate_with(Validation::Strict, NOW).is_ok()
    }),
    Meant::new("false", |_, _| false),
    Meant {
        text: "position between 4095 and 12288 and not active",
        holds: |position, token| {
            (4_095..=12_288).contains(&position) && !has(token, SystemFlags::ACTIVE)
        },
        is_of_places: true,
    },
];

fn has(token: &Token, flag: SystemFlags) -> bool {
    token.flags().bits() & u16::from(flag.bits()) != 0
}

fn kind(token: &Token) -> u32 {
    token.id().raw() >> 24 & 15
}

/// Whether a point is within some steps of another.
fn within(token: &Token, space: Space, centre: [i64; 3], radius: i64) -> bool {
    let steps = token.steps(space).map(i64::from);
    let squares = steps
        .iter()
        .zip(centre)
        .map(|(step, at)| (step - at) * (step - at));
    squares.sum::<i64>() <= radius * radius
}
