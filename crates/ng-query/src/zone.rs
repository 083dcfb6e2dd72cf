//! What is known of a block without looking at its tokens.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::Filter;
use crate::boxes::Cuboid;
use crate::kernels::Kernels;

mod bytes;
pub(crate) mod fields;
mod prune;

pub use bytes::ZoneError;

pub(crate) use prune::{Verdict, verdict};

/// The least and the greatest value of a column, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Span<T>([T; 2]);

impl<T: Copy> Span<T> {
    /// Makes a span of its ends.
    pub(crate) const fn new(min: T, max: T) -> Self {
        Self([min, max])
    }

    /// Returns the least value.
    #[inline]
    pub const fn min(self) -> T {
        self.0[0]
    }

    /// Returns the greatest value.
    #[inline]
    pub const fn max(self) -> T {
        self.0[1]
    }
}

/// What is known of the 4096 tokens of a full block, or of any others: the stored extremes of every
/// column, and which four-bit values occur. There is no zone of no tokens.
///
/// It has 148 bytes without padding, so that a table of zones can be turned into columns and back.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Zone {
    pub(crate) id: Span<u32>,
    pub(crate) local_id: Span<u32>,
    pub(crate) timestamp: Span<u32>,
    /// Of the weights that are not NaN, with -0.0 below 0.0. If all are NaN, `min` is infinity and
    /// `max` negative infinity.
    pub(crate) weight: Span<f32>,
    pub(crate) flags: Span<u16>,
    /// The flags that all tokens have.
    pub(crate) flags_and: u16,
    /// The flags that any token has.
    pub(crate) flags_or: u16,
    /// A bit for each entity type of the ids.
    pub(crate) entity_types: u16,
    /// A bit for each domain.
    pub(crate) domains: u16,
    /// A bit for each entity type of the flags.
    pub(crate) flags_entity_types: u16,
    /// The coordinates as in a record: three axes for each of eight spaces.
    pub(crate) low: [i16; 24],
    pub(crate) high: [i16; 24],
    pub(crate) radius: Span<u8>,
    pub(crate) strength: Span<u8>,
    pub(crate) nan: u8,
    pub(crate) ascend: u8,
}

impl Zone {
    /// Computes the zone of a block's tokens.
    ///
    /// # Panics
    ///
    /// If there is no token.
    #[must_use]
    pub fn of(tokens: &[Token]) -> Self {
        assert!(!tokens.is_empty(), "a zone of no tokens");
        fields::zone(Kernels::detect(), tokens)
    }

    /// Adds the zone of the tokens that come after those of this one.
    ///
    /// Ids ascend by one through both only if they do in each, and the other begins where this one
    /// ends. All else is the same in any order.
    pub fn merge(&mut self, next: &Self) {
        let follows = self.id.max().checked_add(1) == Some(next.id.min());
        self.ascend = (self.ids_ascend() && next.ids_ascend() && follows).into();
        self.id.add_span(next.id);
        self.local_id.add_span(next.local_id);
        self.timestamp.add_span(next.timestamp);
        self.add_weights(next.weight);
        self.flags.add_span(next.flags);
        self.radius.add_span(next.radius);
        self.strength.add_span(next.strength);
        self.flags_and &= next.flags_and;
        self.flags_or |= next.flags_or;
        self.entity_types |= next.entity_types;
        self.domains |= next.domains;
        self.flags_entity_types |= next.flags_entity_types;
        for lane in 0..self.low.len() {
            self.low[lane] = self.low[lane].min(next.low[lane]);
            self.high[lane] = self.high[lane].max(next.high[lane]);
        }
        self.nan |= next.nan;
    }

    /// Tells whether it holds for all tokens of another zone, too. If it claims that their ids
    /// ascend by one, the other zone must be of all of its tokens.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut both = *self;
        both.merge(other);
        both.ascend = self.ascend;
        let is_wide = bytemuck::bytes_of(&both) == bytemuck::bytes_of(self);
        is_wide && (!self.ids_ascend() || other.ids_ascend())
    }

    fn add_weights(&mut self, next: Span<f32>) {
        // -0.0 is below 0.0.
        let (mut min, mut max) = (self.weight.min(), self.weight.max());
        if next.min().total_cmp(&min).is_lt() {
            min = next.min();
        }
        if next.max().total_cmp(&max).is_gt() {
            max = next.max();
        }
        self.weight = Span::new(min, max);
    }

    /// Tells whether any of its tokens, which are at these positions, may match a filter; `valid`
    /// means at `now`, in seconds since 1970 UTC.
    #[must_use]
    pub fn can_match(&self, filter: &Filter, now: u32, positions: Range<u64>) -> bool {
        let may = || verdict(&filter.bind(now), &positions, Some(self)) != Verdict::None;
        !positions.is_empty() && may()
    }

    /// Tells whether any weight is NaN.
    pub(crate) fn has_nan(&self) -> bool {
        self.nan != 0
    }

    /// Tells whether each id is the previous one plus 1.
    pub(crate) fn ids_ascend(&self) -> bool {
        self.ascend != 0
    }

    /// Tells whether all weights are NaN.
    pub(crate) fn all_nan(&self) -> bool {
        self.weight.min() > self.weight.max()
    }

    /// Returns the box of the tokens' points in a space, in steps.
    pub(crate) fn space(&self, space: ng_token::Space) -> [Span<i16>; 3] {
        let axis = |axis: usize| {
            let lane = 3 * space as usize + axis;
            Span::new(self.low[lane], self.high[lane])
        };
        [axis(0), axis(1), axis(2)]
    }

    /// The same box.
    pub(crate) fn cuboid(&self, space: ng_token::Space) -> Cuboid {
        let ends = self.space(space);
        Cuboid {
            low: ends.map(Span::min),
            high: ends.map(Span::max),
        }
    }

    /// Returns the index in the block of an id, if the ids ascend by one.
    pub(crate) fn position_of(&self, id: u32) -> Option<usize> {
        debug_assert!(self.ids_ascend(), "ids that do not ascend by one");
        let position = id.checked_sub(self.id.min())? as usize;
        (position < BLOCK_TOKENS && id <= self.id.max()).then_some(position)
    }
}

#[cfg(test)]
mod tests;
