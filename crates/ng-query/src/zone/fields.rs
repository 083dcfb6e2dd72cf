//! The extremes of a block's tokens.
//!
//! Three loops over a few tokens at a time, which stay in the first cache: with all of it
//! in one loop, what it keeps does not fit the registers.

use ng_token::Token;

use super::{Span, Zone};

/// How many tokens a loop takes at once: 4 KiB.
const GROUP: usize = 64;

/// A record as numbers of 16 bits, of which the first 24 are the coordinates.
type Lanes = [i16; 32];

pub(super) fn zone(tokens: &[Token]) -> Zone {
    let mut points = Points::new();
    let mut numbers = Numbers::new(&tokens[0]);
    let mut values = Values::new();
    for group in tokens.chunks(GROUP) {
        points.add(group);
        numbers.add(group);
        values.add(group);
    }
    Zone {
        id: numbers.id,
        local_id: numbers.local_id,
        timestamp: numbers.timestamp,
        weight: values.weight,
        flags: values.flags,
        flags_and: values.flags_and,
        flags_or: values.flags_or,
        entity_types: bits_of(|kind| (0..16).any(|domain| numbers.kinds[16 * domain + kind])),
        domains: bits_of(|domain| numbers.kinds[16 * domain..][..16].contains(&true)),
        flags_entity_types: bits_of(|kind| values.flag_kinds[kind]),
        radius: values.radius,
        strength: values.strength,
        nan: values.has_nan.into(),
        ascend: numbers.ids_ascend().into(),
        low: points.low,
        high: points.high,
    }
}

fn bits_of(is_there: impl Fn(usize) -> bool) -> u16 {
    (0..16).fold(0, |bits, value| bits | u16::from(is_there(value)) << value)
}

struct Points {
    low: [i16; 24],
    high: [i16; 24],
}

impl Points {
    fn new() -> Self {
        Self {
            low: [i16::MAX; 24],
            high: [i16::MIN; 24],
        }
    }

    fn add(&mut self, tokens: &[Token]) {
        let (mut low, mut high) = (self.low, self.high);
        for lanes in bytemuck::cast_slice::<Token, Lanes>(tokens) {
            for lane in 0..24 {
                low[lane] = low[lane].min(lanes[lane]);
                high[lane] = high[lane].max(lanes[lane]);
            }
        }
        (self.low, self.high) = (low, high);
    }
}

struct Numbers {
    id: Span<u32>,
    local_id: Span<u32>,
    timestamp: Span<u32>,
    /// Domains and entity types that there are together, by the highest byte of the id.
    kinds: [bool; 256],
    /// 0 as long as each id is the first one and its place.
    differs: u32,
    first: u32,
    count: u32,
}

impl Numbers {
    fn new(first: &Token) -> Self {
        let nothing = Span::new(u32::MAX, 0);
        Self {
            id: nothing,
            local_id: nothing,
            timestamp: nothing,
            kinds: [false; 256],
            differs: 0,
            first: first.id().raw(),
            count: 0,
        }
    }

    fn add(&mut self, tokens: &[Token]) {
        let (mut ids, mut locals, mut times) = (self.id, self.local_id, self.timestamp);
        let (mut differs, mut expected) = (0, self.first.wrapping_add(self.count));
        for token in tokens {
            let id = token.id().raw();
            ids.add(id);
            locals.add(token.id().local());
            times.add(token.timestamp());
            differs |= id ^ expected;
            expected = expected.wrapping_add(1);
            self.kinds[(id >> 24) as usize] = true;
        }
        (self.id, self.local_id, self.timestamp) = (ids, locals, times);
        self.differs |= differs;
        self.count += tokens.len() as u32;
    }
}

impl Numbers {
    /// An id that came round would be less than the first one.
    fn ids_ascend(&self) -> bool {
        self.differs == 0 && self.id.max() - self.id.min() == self.count - 1
    }
}

struct Values {
    weight: Span<f32>,
    has_nan: bool,
    flags: Span<u16>,
    flags_and: u16,
    flags_or: u16,
    flag_kinds: [bool; 16],
    radius: Span<u8>,
    strength: Span<u8>,
}

impl Values {
    fn new() -> Self {
        let nothing = Span::new(u8::MAX, 0);
        Self {
            weight: Span::new(f32::INFINITY, f32::NEG_INFINITY),
            has_nan: false,
            flags: Span::new(u16::MAX, 0),
            flags_and: u16::MAX,
            flags_or: 0,
            flag_kinds: [false; 16],
            radius: nothing,
            strength: nothing,
        }
    }

    fn add(&mut self, tokens: &[Token]) {
        let (mut weights, mut flags) = (self.weight, self.flags);
        let (mut radii, mut strengths) = (self.radius, self.strength);
        let (mut and, mut or, mut has_nan) = (self.flags_and, self.flags_or, self.has_nan);
        for token in tokens {
            let weight = token.weight();
            has_nan |= weight.is_nan();
            weights.add_weight(weight);
            let bits = token.flags().bits();
            flags.add(bits);
            (and, or) = (and & bits, or | bits);
            self.flag_kinds[usize::from(bits >> 8 & 15)] = true;
            radii.add(token.radius_raw());
            strengths.add(token.strength_raw());
        }
        (self.weight, self.flags) = (weights, flags);
        (self.radius, self.strength) = (radii, strengths);
        (self.flags_and, self.flags_or, self.has_nan) = (and, or, has_nan);
    }
}

impl<T: Copy + Ord> Span<T> {
    #[inline]
    fn add(&mut self, value: T) {
        let [min, max] = &mut self.0;
        (*min, *max) = ((*min).min(value), (*max).max(value));
    }
}

impl Span<f32> {
    /// NaN is neither less nor greater than anything.
    #[inline]
    fn add_weight(&mut self, value: f32) {
        let [min, max] = &mut self.0;
        *min = if value < *min { value } else { *min };
        *max = if value > *max { value } else { *max };
    }
}
