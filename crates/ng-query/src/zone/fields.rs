//! The extremes of a block's tokens.
//!
//! A few tokens at a time are taken apart into arrays in the L1 cache, and the compiler vectorizes
//! the loops over each array. It does so for minima and maxima of whole numbers, so weights are
//! ordered as such. With AVX2, groups of tokens go through [`Kernels::add_to_zone`] instead.

use std::sync::atomic::{Ordering, compiler_fence};

use ng_token::{Token, TokenId};

use super::{Span, Zone};
use crate::kernels::Kernels;

/// How many tokens are taken apart at once: 4 KiB.
pub(crate) const GROUP: usize = 64;

/// A record as 16-bit numbers, of which the first 24 are the coordinates.
type Lanes = [i16; 32];

pub(super) fn zone(kernels: Kernels, tokens: &[Token]) -> Zone {
    let mut found = Found::new(tokens[0].id().raw());
    let (groups, rest) = tokens.as_chunks::<GROUP>();
    kernels.add_to_zone(&mut found, groups);
    if let Some(last) = rest.last() {
        // Repeating a token does not change extremes.
        let mut group = [*last; GROUP];
        group[..rest.len()].copy_from_slice(rest);
        found.add(&group, rest.len());
    }
    found.zone()
}

/// What was found so far.
pub(crate) struct Found {
    pub(crate) low: [i16; 24],
    pub(crate) high: [i16; 24],
    pub(crate) id: Span<u32>,
    pub(crate) local_id: Span<u32>,
    pub(crate) timestamp: Span<u32>,
    /// In the order of whole numbers.
    pub(crate) weight: Span<i32>,
    pub(crate) flags: Span<u16>,
    pub(crate) radius: Span<u8>,
    pub(crate) strength: Span<u8>,
    pub(crate) flags_and: u16,
    pub(crate) flags_or: u16,
    /// Nonzero if a weight is NaN.
    pub(crate) nans: u32,
    /// A bit for each value that occurs.
    pub(crate) entity_types: u32,
    pub(crate) domains: u32,
    pub(crate) flag_kinds: u32,
    /// 0 while each id is the first one plus its index.
    pub(crate) differs: u32,
    pub(crate) first_id: u32,
    pub(crate) count: u32,
}

impl Found {
    fn new(first_id: u32) -> Self {
        Self {
            low: [i16::MAX; 24],
            high: [i16::MIN; 24],
            id: Span::new(u32::MAX, 0),
            local_id: Span::new(u32::MAX, 0),
            timestamp: Span::new(u32::MAX, 0),
            weight: Span::new(i32::MAX, i32::MIN),
            flags: Span::new(u16::MAX, 0),
            radius: Span::new(u8::MAX, 0),
            strength: Span::new(u8::MAX, 0),
            flags_and: u16::MAX,
            flags_or: 0,
            nans: 0,
            entity_types: 0,
            domains: 0,
            flag_kinds: 0,
            differs: 0,
            first_id,
            count: 0,
        }
    }

    /// Adds a group, of which the first `count` are new.
    pub(crate) fn add(&mut self, tokens: &[Token; GROUP], count: usize) {
        self.add_points(tokens);
        let mut fields = Fields::ZERO;
        fields.take(tokens);
        self.add_ids(&fields.ids, count);
        self.timestamp.add(&fields.times);
        self.add_weights(&fields.weights);
        self.add_flags(&fields.flags);
        self.radius.add(&fields.radii);
        self.strength.add(&fields.strengths);
        self.count += count as u32;
    }

    #[inline]
    fn add_points(&mut self, tokens: &[Token; GROUP]) {
        let (mut low, mut high) = (self.low, self.high);
        for lanes in bytemuck::cast_slice::<Token, Lanes>(tokens) {
            for lane in 0..24 {
                low[lane] = low[lane].min(lanes[lane]);
                high[lane] = high[lane].max(lanes[lane]);
            }
            // No instruction, but it keeps the compiler from interchanging the loops, into vectors
            // of one lane of many tokens: 7.4 ns a token for all of a zone, not 3.5.
            compiler_fence(Ordering::SeqCst);
        }
        (self.low, self.high) = (low, high);
    }

    #[inline]
    fn add_ids(&mut self, ids: &[u32; GROUP], count: usize) {
        self.id.add(ids);
        let mut local_ids = *ids;
        for id in &mut local_ids {
            *id &= TokenId::LOCAL_MAX;
        }
        self.local_id.add(&local_ids);
        let first = self.first_id.wrapping_add(self.count);
        for (place, id) in (0..).zip(&ids[..count]) {
            self.differs |= id ^ first.wrapping_add(place);
        }
        for id in ids {
            self.entity_types |= 1 << (id >> 24 & 15);
            self.domains |= 1 << (id >> 28);
        }
    }

    #[inline]
    fn add_weights(&mut self, weights: &[u32; GROUP]) {
        let (mut least, mut greatest, mut nans) = (self.weight.min(), self.weight.max(), 0);
        for bits in weights {
            let is_nan = bits & !SIGN > INFINITY;
            let value = ordered(*bits);
            least = least.min(if is_nan { i32::MAX } else { value });
            greatest = greatest.max(if is_nan { i32::MIN } else { value });
            nans |= u32::from(is_nan);
        }
        self.weight = Span::new(least, greatest);
        self.nans |= nans;
    }

    #[inline]
    fn add_flags(&mut self, flags: &[u16; GROUP]) {
        self.flags.add(flags);
        let all =
            |all, with: fn(u16, u16) -> u16| flags.iter().fold(all, |all, one| with(all, *one));
        self.flags_and = all(self.flags_and, |all, one| all & one);
        self.flags_or = all(self.flags_or, |all, one| all | one);
        for flags in flags {
            self.flag_kinds |= 1 << (flags >> 8 & 15);
        }
    }

    fn zone(&self) -> Zone {
        // After a wrap-around an id would be less than the first one.
        let ascend = self.differs == 0 && self.id.max() - self.id.min() == self.count - 1;
        Zone {
            id: self.id,
            local_id: self.local_id,
            timestamp: self.timestamp,
            weight: self.weights(),
            flags: self.flags,
            flags_and: self.flags_and,
            flags_or: self.flags_or,
            entity_types: self.entity_types as u16,
            domains: self.domains as u16,
            flags_entity_types: self.flag_kinds as u16,
            low: self.low,
            high: self.high,
            radius: self.radius,
            strength: self.strength,
            nan: (self.nans != 0).into(),
            ascend: ascend.into(),
        }
    }

    fn weights(&self) -> Span<f32> {
        match self.weight.min() > self.weight.max() {
            // All are NaN.
            true => Span::new(f32::INFINITY, f32::NEG_INFINITY),
            false => Span::new(weight_of(self.weight.min()), weight_of(self.weight.max())),
        }
    }
}

/// The sign of a weight's bits.
const SIGN: u32 = 1 << 31;

/// The bits of infinity; those of NaN are greater, sign aside.
const INFINITY: u32 = f32::INFINITY.to_bits();

/// Turns the bits of a weight into a number ordered like the weight: for negative weights all bits
/// but the sign are inverted.
#[inline]
fn ordered(bits: u32) -> i32 {
    let bits = bits.cast_signed();
    bits ^ (bits >> 31) & i32::MAX
}

fn weight_of(ordered: i32) -> f32 {
    f32::from_bits((ordered ^ (ordered >> 31) & i32::MAX).cast_unsigned())
}

/// A group, taken apart.
struct Fields {
    ids: [u32; GROUP],
    times: [u32; GROUP],
    /// Their bits.
    weights: [u32; GROUP],
    flags: [u16; GROUP],
    radii: [u8; GROUP],
    strengths: [u8; GROUP],
}

impl Fields {
    const ZERO: Self = Self {
        ids: [0; GROUP],
        times: [0; GROUP],
        weights: [0; GROUP],
        flags: [0; GROUP],
        radii: [0; GROUP],
        strengths: [0; GROUP],
    };

    #[inline]
    fn take(&mut self, tokens: &[Token; GROUP]) {
        for (place, token) in tokens.iter().enumerate() {
            self.ids[place] = token.id().raw();
            self.times[place] = token.timestamp();
            self.weights[place] = token.weight().to_bits();
            self.flags[place] = token.flags().bits();
            self.radii[place] = token.radius_raw();
            self.strengths[place] = token.strength_raw();
        }
    }
}

impl<T: Copy + Ord> Span<T> {
    /// Widens it to include another one.
    pub(super) fn add_span(&mut self, other: Self) {
        self.0 = [self.min().min(other.min()), self.max().max(other.max())];
    }

    /// Widens it to include other values.
    pub(crate) fn widen(
        &mut self,
        values: impl IntoIterator<Item = T>,
        others: impl IntoIterator<Item = T>,
    ) {
        let [min, max] = self.0;
        let least = values.into_iter().fold(min, T::min);
        self.0 = [least, others.into_iter().fold(max, T::max)];
    }

    #[inline]
    fn add(&mut self, values: &[T; GROUP]) {
        let [mut min, mut max] = self.0;
        for value in values {
            min = min.min(*value);
            max = max.max(*value);
        }
        self.0 = [min, max];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_ordered_as_numbers() {
        let ascending = [
            f32::NEG_INFINITY,
            f32::MIN,
            -1.0,
            -f32::MIN_POSITIVE,
            -0.0,
            0.0,
            1e-45,
            1.0,
            f32::MAX,
            f32::INFINITY,
        ];
        assert!(
            ascending
                .iter()
                .is_sorted_by_key(|weight| ordered(weight.to_bits()))
        );
        for weight in ascending {
            assert_eq!(
                weight_of(ordered(weight.to_bits())).to_bits(),
                weight.to_bits()
            );
        }
    }
}
