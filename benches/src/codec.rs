//! Making, encoding, decoding, casting and checking tokens within a core's cache, so that
//! instructions are measured and not memory.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Result;
use ng_lab::rng::SplitMix64;
use ng_token::{Space, Token, as_bytes, read_unaligned, try_tokens};

use crate::fill::pushed;
use crate::scan::{id_sum, sum_ids};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The most tokens that are processed at a time: 256 KiB.
const MOST_TOKENS: usize = 4_096;

/// One token in this many is invalid.
const INVALID_EVERY: usize = 16;

/// The offset of the id in a token's bytes.
const ID_OFFSET: usize = 48;

/// What the built tokens have besides coordinates.
const WEIGHT: f32 = 0.5;
const RADIUS: f32 = 1.25;
const STRENGTH: f32 = 0.75;
const NOW: u32 = 1_700_000_000;

/// The suite `codec`.
pub struct Codec {
    /// One for each space, in their order.
    points: Vec<Points>,
    tokens: Vec<Token>,
    /// The bytes of the tokens after one extra byte, which misaligns them.
    unaligned: Vec<u8>,
}

impl Codec {
    /// Prepares `count` tokens, at most as many as stay in a core's cache.
    pub fn new(count: usize) -> Self {
        let count = count.min(MOST_TOKENS);
        let tokens = pushed(count);
        let mut unaligned = vec![0];
        unaligned.extend_from_slice(as_bytes(&tokens));
        Self {
            points: Space::ALL.map(|space| Points::random(space, count)).into(),
            tokens,
            unaligned,
        }
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let mut cases = Vec::new();
        cases.extend(self.points.iter().map(Points::encode_case));
        cases.extend(self.points.iter().map(Points::decode_case));
        cases.extend(self.making_cases());
        cases.extend(self.bytes_cases());
        cases.push(self.validate_case());
        Suite {
            name: "codec",
            about: format!("{} tokens in cache", self.tokens.len()),
            cases,
            ratios: vec![
                Ratio::new("new", "builder", None),
                Ratio::new("try-tokens", "as-bytes", None),
                Ratio::new("try-tokens", "read-unaligned", None),
            ],
            pace: PACE,
        }
    }

    fn making_cases(&self) -> [Case<'_>; 2] {
        let count = self.tokens.len();
        let last_steps = self.points.last().map_or(0, Points::step_sum);
        [
            case("new", count, id_sum(count), move || {
                Ok(make(black_box(count)))
            }),
            case(
                "builder",
                count,
                id_sum(count).wrapping_add(last_steps),
                move || build(black_box(&self.points), count),
            ),
        ]
    }

    fn bytes_cases(&self) -> [Case<'_>; 3] {
        let count = self.tokens.len();
        let expected = id_sum(count);
        [
            case("as-bytes", count, expected, || {
                Ok(sum_id_bytes(as_bytes(black_box(&self.tokens))))
            }),
            case("try-tokens", count, expected, || {
                Ok(sum_ids(try_tokens(black_box(as_bytes(&self.tokens)))?))
            }),
            case("read-unaligned", count, expected, || {
                sum_unaligned_ids(black_box(&self.unaligned[1..]))
            }),
        ]
    }

    fn validate_case(&self) -> Case<'_> {
        let tokens = with_invalid(&self.tokens);
        let count = tokens.len();
        let valid = count - count.div_ceil(INVALID_EVERY);
        case("validate", count, valid as u64, move || {
            Ok(count_valid(black_box(&tokens), NOW))
        })
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(200),
    measurement: Duration::from_millis(800),
    round_iterations: 100,
};

fn case<'a>(
    name: impl Into<String>,
    tokens: usize,
    expected: u64,
    work: impl Fn() -> Result<u64> + 'a,
) -> Case<'a> {
    Case::new(name, tokens, Computed { expected, work })
}

/// Work that is a function of its captures.
struct Computed<F> {
    expected: u64,
    work: F,
}

impl<F: Fn() -> Result<u64>> Work for Computed<F> {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        (self.work)()
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.expected
    }
}

/// Random points in one space, in steps and in units.
pub struct Points {
    space: Space,
    steps: Vec<[i16; 3]>,
    units: Vec<[f32; 3]>,
}

impl Points {
    /// Draws `count` points from all of `space`; the same ones every time.
    pub fn random(space: Space, count: usize) -> Self {
        let mut rng = SplitMix64::new(space as u64);
        let steps: Vec<_> = (0..count).map(|_| three_steps(rng.next_u64())).collect();
        let unit = |step| f32::from(step) / f32::from(space.scale());
        Self {
            space,
            units: steps.iter().map(|point| point.map(unit)).collect(),
            steps,
        }
    }

    fn encode_case(&self) -> Case<'_> {
        let name = format!("encode-{}", self.space);
        case(name, self.units.len(), self.step_sum(), || {
            encode(self.space, black_box(&self.units))
        })
    }

    fn decode_case(&self) -> Case<'_> {
        let name = format!("decode-{}", self.space);
        case(name, self.steps.len(), self.unit_bits_sum(), || {
            Ok(decode(self.space, black_box(&self.steps)))
        })
    }

    /// Returns the sum of all steps, wrapped.
    fn step_sum(&self) -> u64 {
        self.steps
            .iter()
            .flatten()
            .copied()
            .map(signed)
            .fold(0, u64::wrapping_add)
    }

    fn unit_bits_sum(&self) -> u64 {
        let bits = self.units.iter().flatten().map(|unit| unit.to_bits());
        bits.map(u64::from).sum()
    }
}

/// Encodes `points`, checked, and returns the wrapped sum of the steps.
///
/// # Errors
///
/// If a coordinate is out of the space's range.
pub fn encode(space: Space, points: &[[f32; 3]]) -> Result<u64> {
    let mut sum = 0u64;
    for &point in points {
        for step in space.encode(point)? {
            sum = sum.wrapping_add(signed(step));
        }
    }
    Ok(sum)
}

/// Decodes `points` and returns the sum of the units' bit patterns.
pub fn decode(space: Space, points: &[[i16; 3]]) -> u64 {
    let units = points.iter().flat_map(|&steps| space.decode(steps));
    units.map(|unit| u64::from(unit.to_bits())).sum()
}

/// Makes `count` fresh tokens, each in memory once, and returns the sum of their ids.
pub fn make(count: usize) -> u64 {
    let tokens = (0..count).map(|index| black_box(Token::new(index as u32)));
    tokens.map(|token| u64::from(token.id().raw())).sum()
}

/// Builds `count` tokens with every value set and checked.
///
/// Returns the wrapped sum of their ids and of their steps in the last space.
///
/// # Errors
///
/// If a value is out of range.
pub fn build(points: &[Points], count: usize) -> Result<u64> {
    let mut sum = 0u64;
    for index in 0..count {
        let token = black_box(build_one(points, index)?);
        sum = sum.wrapping_add(u64::from(token.id().raw()));
        for step in token.coordinates()[Space::Abstract as usize] {
            sum = sum.wrapping_add(signed(step));
        }
    }
    Ok(sum)
}

fn build_one(points: &[Points], index: usize) -> Result<Token> {
    let mut builder = Token::builder(index as u32);
    for Points { space, units, .. } in points {
        builder = builder.coordinate(*space, units[index]);
    }
    Ok(builder
        .weight(WEIGHT)
        .radius(RADIUS)
        .strength(STRENGTH)
        .timestamp(NOW)
        .build()?)
}

/// Sums the ids in the bytes of tokens.
pub fn sum_id_bytes(bytes: &[u8]) -> u64 {
    let (records, _) = bytes.as_chunks::<{ Token::SIZE }>();
    let ids = records.iter().map(|record| {
        let mut id = [0; 4];
        id.copy_from_slice(&record[ID_OFFSET..ID_OFFSET + 4]);
        u32::from_le_bytes(id)
    });
    ids.map(u64::from).sum()
}

/// Sums the ids of tokens read from bytes at any address.
///
/// # Errors
///
/// If the bytes end within a token.
pub fn sum_unaligned_ids(bytes: &[u8]) -> Result<u64> {
    let tokens = read_unaligned(bytes)?;
    Ok(tokens.map(|token| u64::from(token.id().raw())).sum())
}

/// Counts the tokens that are valid at `now`.
pub fn count_valid(tokens: &[Token], now: u32) -> u64 {
    let valid = tokens.iter().filter(|token| token.validate(now).is_ok());
    valid.count() as u64
}

/// Copies `tokens` and makes every 16th invalid, beginning with the first.
fn with_invalid(tokens: &[Token]) -> Vec<Token> {
    let mut tokens = tokens.to_vec();
    for token in tokens.iter_mut().step_by(INVALID_EVERY) {
        *token = token.with_timestamp(NOW + 1);
    }
    tokens
}

fn three_steps(word: u64) -> [i16; 3] {
    [word as i16, (word >> 16) as i16, (word >> 32) as i16]
}

/// Widens with the sign, so that wrapped sums are sums of signed numbers.
fn signed(step: i16) -> u64 {
    i64::from(step) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 1_000;
    const ID_SUM: u64 = 499_500;

    #[test]
    fn every_case_runs_tiny() {
        for count in [1, COUNT] {
            crate::suite::check(Codec::new(count).suite());
        }
    }

    #[test]
    fn no_more_tokens_than_stay_in_cache() {
        assert_eq!(Codec::new(10_000_000).tokens.len(), MOST_TOKENS);
    }

    /// The steps per unit as specified.
    const SCALES: [f64; 8] = [100.0, 1e4, 1e3, 1e4, 1e4, 1e4, 100.0, 1e4];

    #[test]
    fn encoding_multiplies_and_rounds() {
        for (space, scale) in Space::ALL.into_iter().zip(SCALES) {
            let units = Points::random(space, COUNT).units;
            let steps = units
                .iter()
                .flatten()
                .map(|&unit| (f64::from(unit) * scale).round());
            let expected = steps.map(|step| step as i64).sum::<i64>() as u64;
            assert_eq!(encode(space, &units).unwrap(), expected, "{space}");
        }
    }

    #[test]
    fn decoding_divides() {
        for (space, scale) in Space::ALL.into_iter().zip(SCALES) {
            let steps = Points::random(space, COUNT).steps;
            let units = steps
                .iter()
                .flatten()
                .map(|&step| (f64::from(step) / scale) as f32);
            let expected: u64 = units.map(|unit| u64::from(unit.to_bits())).sum();
            assert_eq!(decode(space, &steps), expected, "{space}");
        }
    }

    #[test]
    fn built_tokens_hold_what_was_set() {
        let codec = Codec::new(COUNT);
        let steps = codec.points.iter().map(|points| points.steps[7]);
        let token = build_one(&codec.points, 7).unwrap();
        assert!(token.coordinates().into_iter().eq(steps));
        assert_eq!((token.id().raw(), token.timestamp()), (7, NOW));
        assert_eq!((token.weight(), token.radius_raw()), (0.5, 125));
        // 0.75 * 255 is 191.25.
        assert_eq!(token.strength_raw(), 191);
    }

    #[test]
    fn ids_sum_up_alike_however_they_are_read() {
        let codec = Codec::new(COUNT);
        let bytes = as_bytes(&codec.tokens);
        assert_eq!(make(COUNT), ID_SUM);
        assert_eq!(sum_id_bytes(bytes), ID_SUM);
        assert_eq!(sum_ids(try_tokens(bytes).unwrap()), ID_SUM);
        assert_eq!(sum_unaligned_ids(&codec.unaligned[1..]).unwrap(), ID_SUM);
    }

    #[test]
    fn one_token_in_sixteen_is_invalid() {
        let tokens = with_invalid(&pushed(COUNT));
        assert_eq!(count_valid(&tokens, NOW), 937);
        assert_eq!(count_valid(&tokens, NOW + 1), 1_000);
    }
}
