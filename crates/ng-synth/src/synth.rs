use core::fmt;

use ng_token::{Flags, SystemFlags, Token, TokenId};

use crate::clusters::{Clusters, Points};
use crate::draws::{Draws, mix};

/// The time of the first tokens, in seconds since 1970 UTC: November 2023.
pub const FIRST_TIMESTAMP: u32 = 1_700_000_000;

/// How many consecutive tokens have the same timestamp.
pub const TOKENS_PER_SECOND: u32 = 100;

/// How many of 256 tokens have each system flag, that of bit 0 first.
const FLAG_RATES: [u8; 8] = [240, 128, 64, 192, 32, 16, 8, 1];

/// What each kind adds to the seed: two kinds of one seed have nothing in common.
const UNIFORM: u64 = 0x556E_6966_6F72_6D00;
const CLUSTERED: u64 = 0x436C_7573_7465_7200;

/// Added to the tokens' stream to get that of the ids, and of the centres.
const IDS: u64 = 0x6964;
const CENTRES: u64 = 0x6365_6E74;

/// Makes varied tokens from a seed; the crate's page describes them.
///
/// A clustered one holds 98 KB, which cloning copies.
#[derive(Clone)]
pub struct Synth {
    seed: u64,
    tokens: u64,
    ids: u64,
    /// `None` if points are uniform.
    clusters: Option<Clusters>,
}

impl Synth {
    /// Makes tokens whose points are uniformly distributed in each space.
    #[must_use]
    pub const fn uniform(seed: u64) -> Self {
        Self::new(seed, UNIFORM)
    }

    /// Makes tokens whose points lie around cluster centres.
    #[must_use]
    pub fn clustered(seed: u64) -> Self {
        let bare = Self::new(seed, CLUSTERED);
        let centres = mix(bare.tokens.wrapping_add(CENTRES));
        Self {
            clusters: Some(Clusters::new(centres)),
            ..bare
        }
    }

    const fn new(seed: u64, kind: u64) -> Self {
        let tokens = mix(mix(seed).wrapping_add(kind));
        Self {
            seed,
            tokens,
            ids: mix(tokens.wrapping_add(IDS)),
            clusters: None,
        }
    }

    /// Returns the seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Makes the token at an index: the same in each call and on each machine.
    #[inline]
    #[must_use]
    pub fn token(&self, index: u64) -> Token {
        let mut draws = Draws::at(self.tokens, index);
        let system = system_flags(draws.word());
        // Weight in the bits 40-63, radius 32-39, strength 24-31, user flags 20-23, and the
        // cluster in 0-12.
        let fields = draws.word();
        let points = match &self.clusters {
            Some(clusters) => clusters.points(fields, &mut draws),
            None => anywhere(&mut draws),
        };
        let id = self.id(index);
        let flags = Flags::from_bits((fields >> 8) as u16)
            .with_system(system)
            .with_entity_type(id.entity_type());
        Token::new(id.raw())
            .with_coordinates(points)
            .with_flags(flags)
            .with_weight((fields >> 40) as f32 / (1 << 24) as f32)
            .with_radius_raw((fields >> 32) as u8)
            .with_strength_raw((fields >> 24) as u8)
            .with_timestamp(FIRST_TIMESTAMP + index as u32 / TOKENS_PER_SECOND)
    }

    /// Domain and entity type are drawn from the local id, and advance by one after each
    /// 2^24 tokens, so that no two of 2^32 tokens share both local id and pair.
    #[inline]
    fn id(&self, index: u64) -> TokenId {
        let index = index as u32;
        let local = index & TokenId::LOCAL_MAX;
        let drawn = Draws::at(self.ids, u64::from(local)).word() as u32;
        TokenId::from_raw((drawn << 24).wrapping_add(index))
    }
}

/// Shows kind and seed.
impl fmt::Debug for Synth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.clusters {
            Some(_) => "clustered",
            None => "uniform",
        };
        write!(f, "Synth::{kind}({})", self.seed)
    }
}

/// Sets each flag by a byte of its own.
#[inline]
fn system_flags(word: u64) -> SystemFlags {
    let mut bits = 0;
    for (bit, (byte, rate)) in word.to_le_bytes().into_iter().zip(FLAG_RATES).enumerate() {
        bits |= u8::from(byte < rate) << bit;
    }
    SystemFlags::from_bits_retain(bits)
}

#[inline]
fn anywhere(draws: &mut Draws) -> Points {
    let mut points = Points::default();
    for four in points.as_flattened_mut().chunks_exact_mut(4) {
        let lanes = draws.lanes().map(|lane| lane as i16);
        four.copy_from_slice(&lanes);
    }
    points
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn ten_million_ids_are_unique() {
        const HALF: u64 = 5_000_000;
        let synth = Synth::uniform(3);
        let mut seen = vec![0_u64; 1 << 26];
        // The second half has the same local ids.
        for index in (0..HALF).chain(1 << 24..(1 << 24) + HALF) {
            let id = synth.id(index).raw();
            let (word, bit) = (id as usize / 64, 1 << (id % 64));
            assert_eq!(seen[word] & bit, 0, "{id} again at {index}");
            seen[word] |= bit;
        }
    }
}
