//! The extremes of tokens by AVX2: points in place, and one vector for each word of the last
//! sixteen bytes of eight records at a time.

use std::arch::x86_64::*;
use std::sync::atomic::{Ordering, compiler_fence};

use bytemuck::{cast, pod_read_unaligned};
use ng_token::{Token, TokenId};

use crate::zone::Span;
use crate::zone::fields::Found;

/// How many records are taken apart at once.
const EIGHT: usize = 8;
/// Where the points of a record end.
const TAIL: usize = 48;

/// Adds tokens, a multiple of eight.
#[target_feature(enable = "avx2")]
pub(super) fn add(found: &mut Found, tokens: &[Token]) {
    let mut points = Points::new();
    let mut tails = Tails::new(found.first_id.wrapping_add(found.count));
    for tokens in tokens.as_chunks::<EIGHT>().0 {
        points.add(tokens);
        tails.add(tokens);
    }
    points.give(found);
    tails.give(found);
    found.count += tokens.len() as u32;
}

/// The extremes of all 16-bit numbers, of which the first 24 are coordinates: two whole vectors.
struct Points {
    low: [i16; 32],
    high: [i16; 32],
}

impl Points {
    fn new() -> Self {
        Self {
            low: [i16::MAX; 32],
            high: [i16::MIN; 32],
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, tokens: &[Token; EIGHT]) {
        for lanes in bytemuck::cast_slice::<Token, [i16; 32]>(tokens) {
            for ((low, high), lane) in self.low.iter_mut().zip(&mut self.high).zip(lanes) {
                *low = (*low).min(*lane);
                *high = (*high).max(*lane);
            }
            // As in the baseline form: it keeps the loops the right way round.
            compiler_fence(Ordering::SeqCst);
        }
    }

    fn give(&self, found: &mut Found) {
        for lane in 0..24 {
            found.low[lane] = found.low[lane].min(self.low[lane]);
            found.high[lane] = found.high[lane].max(self.high[lane]);
        }
    }
}

/// Least and greatest.
type Ends = [__m256i; 2];

/// The extremes of the last sixteen bytes: id, flags, weight, radius, strength, time.
struct Tails {
    id: Ends,
    local_id: Ends,
    timestamp: Ends,
    weight: Ends,
    /// In the lower half of each word.
    flags: Ends,
    /// In the third byte of each word, and in the fourth one.
    radius_strength: Ends,
    flags_and: __m256i,
    flags_or: __m256i,
    nans: __m256i,
    entity_types: __m256i,
    domains: __m256i,
    flag_kinds: __m256i,
    differs: __m256i,
    /// The ids of the next eight tokens if ids ascend by one.
    expected: __m256i,
}

impl Tails {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(first_id: u32) -> Self {
        let (none, all) = (_mm256_setzero_si256(), _mm256_set1_epi32(-1));
        let first = _mm256_set1_epi32(first_id.cast_signed());
        Self {
            id: [all, none],
            local_id: [all, none],
            timestamp: [all, none],
            weight: [_mm256_set1_epi32(i32::MAX), _mm256_set1_epi32(i32::MIN)],
            flags: [all, none],
            radius_strength: [all, none],
            flags_and: all,
            flags_or: none,
            nans: none,
            entity_types: none,
            domains: none,
            flag_kinds: none,
            differs: none,
            expected: _mm256_add_epi32(first, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, tokens: &[Token; EIGHT]) {
        // Token n and n + 4 side by side; then words of a kind, in the order of the tokens.
        let pairs = [0, 1, 2, 3].map(|at| {
            let tail = |token: &Token| -> __m128i {
                pod_read_unaligned(&bytemuck::bytes_of(token)[TAIL..])
            };
            cast::<[__m128i; 2], __m256i>([tail(&tokens[at]), tail(&tokens[at + 4])])
        });
        let low = |at: usize| _mm256_unpacklo_epi32(pairs[at], pairs[at + 1]);
        let high = |at: usize| _mm256_unpackhi_epi32(pairs[at], pairs[at + 1]);
        self.add_ids(_mm256_unpacklo_epi64(low(0), low(2)));
        let flags_and_weights = _mm256_unpackhi_epi64(low(0), low(2));
        let weights_and_bytes = _mm256_unpacklo_epi64(high(0), high(2));
        let times = _mm256_unpackhi_epi64(high(0), high(2));
        self.timestamp = widened(self.timestamp, times);
        self.add_flags(flags_and_weights);
        let [least, greatest] = self.radius_strength;
        self.radius_strength = [
            _mm256_min_epu8(least, weights_and_bytes),
            _mm256_max_epu8(greatest, weights_and_bytes),
        ];
        self.add_weights(_mm256_or_si256(
            _mm256_srli_epi32::<16>(flags_and_weights),
            _mm256_slli_epi32::<16>(weights_and_bytes),
        ));
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add_ids(&mut self, ids: __m256i) {
        let local_max = _mm256_set1_epi32(TokenId::LOCAL_MAX.cast_signed());
        self.id = widened(self.id, ids);
        self.local_id = widened(self.local_id, _mm256_and_si256(ids, local_max));
        let apart = _mm256_xor_si256(ids, self.expected);
        self.differs = _mm256_or_si256(self.differs, apart);
        self.expected = _mm256_add_epi32(self.expected, _mm256_set1_epi32(EIGHT as i32));
        self.entity_types = with_kinds(self.entity_types, _mm256_srli_epi32::<24>(ids));
        self.domains = with_kinds(self.domains, _mm256_srli_epi32::<28>(ids));
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add_flags(&mut self, flags: __m256i) {
        let [least, greatest] = self.flags;
        self.flags = [
            _mm256_min_epu16(least, flags),
            _mm256_max_epu16(greatest, flags),
        ];
        self.flags_and = _mm256_and_si256(self.flags_and, flags);
        self.flags_or = _mm256_or_si256(self.flags_or, flags);
        self.flag_kinds = with_kinds(self.flag_kinds, _mm256_srli_epi32::<8>(flags));
    }

    /// Orders the bits as whole numbers, as `zone::fields` does, and leaves NaN out.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn add_weights(&mut self, bits: __m256i) {
        let (none, all) = (_mm256_set1_epi32(i32::MIN), _mm256_set1_epi32(i32::MAX));
        let infinity = _mm256_set1_epi32(f32::INFINITY.to_bits().cast_signed());
        let is_nan = _mm256_cmpgt_epi32(_mm256_and_si256(bits, all), infinity);
        let turned = _mm256_and_si256(_mm256_srai_epi32::<31>(bits), all);
        let ordered = _mm256_xor_si256(bits, turned);
        let [least, greatest] = self.weight;
        self.weight = [
            _mm256_min_epi32(least, _mm256_blendv_epi8(ordered, all, is_nan)),
            _mm256_max_epi32(greatest, _mm256_blendv_epi8(ordered, none, is_nan)),
        ];
        self.nans = _mm256_or_si256(self.nans, is_nan);
    }

    fn give(&self, found: &mut Found) {
        widen(&mut found.id, self.id, |word| word);
        widen(&mut found.local_id, self.local_id, |word| word);
        widen(&mut found.timestamp, self.timestamp, |word| word);
        widen(&mut found.weight, self.weight, u32::cast_signed);
        widen(&mut found.flags, self.flags, |word| word as u16);
        widen(&mut found.radius, self.radius_strength, |word| {
            (word >> 16) as u8
        });
        widen(&mut found.strength, self.radius_strength, |word| {
            (word >> 24) as u8
        });
        found.flags_and &= words(self.flags_and).fold(u32::MAX, |all, word| all & word) as u16;
        found.flags_or |= any(self.flags_or) as u16;
        found.nans |= any(self.nans);
        found.entity_types |= any(self.entity_types);
        found.domains |= any(self.domains);
        found.flag_kinds |= any(self.flag_kinds);
        found.differs |= any(self.differs);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn widened([least, greatest]: Ends, words: __m256i) -> Ends {
    [
        _mm256_min_epu32(least, words),
        _mm256_max_epu32(greatest, words),
    ]
}

/// Sets the bit of each kind, the last four bits of a word.
#[inline]
#[target_feature(enable = "avx2")]
fn with_kinds(bits: __m256i, kinds: __m256i) -> __m256i {
    let kinds = _mm256_and_si256(kinds, _mm256_set1_epi32(15));
    _mm256_or_si256(bits, _mm256_sllv_epi32(_mm256_set1_epi32(1), kinds))
}

fn widen<T: Copy + Ord>(span: &mut Span<T>, [least, greatest]: Ends, value: fn(u32) -> T) {
    span.widen(words(least).map(value), words(greatest).map(value));
}

fn any(vector: __m256i) -> u32 {
    words(vector).fold(0, |any, word| any | word)
}

fn words(vector: __m256i) -> impl Iterator<Item = u32> {
    cast::<__m256i, [u32; 8]>(vector).into_iter()
}
