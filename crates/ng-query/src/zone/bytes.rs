//! A zone as bytes from outside.

use ng_token::TokenId;

use super::{Span, Zone};

/// Why bytes are no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// The least value of a column is greater than its greatest one, or one of them cannot be.
    #[error("a zone whose {column} ends before it begins, or goes beyond what can be stored")]
    Span {
        /// The column, or the end of the boxes.
        column: &'static str,
    },

    /// What is said of a column by its extremes and by its bits contradicts itself.
    #[error("a zone whose {column} contradict each other")]
    Bits {
        /// The columns.
        column: &'static str,
    },
}

impl Zone {
    /// The bytes of a zone.
    pub const SIZE: usize = size_of::<Self>();

    /// Returns the zone as bytes. Numbers are little-endian:
    ///
    /// | offset | bytes | holds |
    /// |---|---|---|
    /// | 0 | 4, 4 | least and greatest id |
    /// | 8 | 4, 4 | least and greatest local id |
    /// | 16 | 4, 4 | least and greatest timestamp |
    /// | 24 | 4, 4 | least and greatest weight that is not NaN, -0.0 below 0.0; infinity and negative infinity if all are NaN |
    /// | 32 | 2, 2 | least and greatest flags |
    /// | 36 | 2, 2 | the flags that all tokens have, and that any has |
    /// | 40 | 2, 2, 2 | a bit for each entity type of the ids, domain, and entity type of the flags |
    /// | 46 | 48 | least coordinates: x, y, z of each of the eight spaces |
    /// | 94 | 48 | greatest coordinates |
    /// | 142 | 1, 1 | least and greatest radius |
    /// | 144 | 1, 1 | least and greatest strength |
    /// | 146 | 1 | 1 if any weight is NaN, else 0 |
    /// | 147 | 1 | 1 if each id is the one before it plus 1, else 0 |
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        bytemuck::cast(*self)
    }

    /// Reads a zone from bytes. Tokens that it is right for can exist.
    ///
    /// # Errors
    ///
    /// [`ZoneError`].
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Result<Self, ZoneError> {
        let zone: Self = bytemuck::cast(*bytes);
        zone.check_spans()?;
        zone.check_bits()?;
        Ok(zone)
    }

    fn check_spans(&self) -> Result<(), ZoneError> {
        let columns = [
            ("id", self.id.is_ordered()),
            (
                "local_id",
                self.local_id.is_ordered() && self.local_id.max() <= TokenId::LOCAL_MAX,
            ),
            ("timestamp", self.timestamp.is_ordered()),
            ("weight", self.is_of_weights()),
            ("flags", self.flags.is_ordered()),
            ("radius", self.radius.is_ordered()),
            ("strength", self.strength.is_ordered()),
            (
                "coordinates",
                self.low
                    .iter()
                    .zip(&self.high)
                    .all(|(low, high)| low <= high),
            ),
        ];
        match columns.into_iter().find(|(_, holds)| !holds) {
            Some((column, _)) => Err(ZoneError::Span { column }),
            None => Ok(()),
        }
    }

    fn is_of_weights(&self) -> bool {
        let (min, max) = (self.weight.min(), self.weight.max());
        let is_nothing = min == f32::INFINITY && max == f32::NEG_INFINITY;
        let is_number = !min.is_nan() && !max.is_nan();
        is_number && (min.total_cmp(&max).is_le() || is_nothing && self.has_nan())
    }

    fn check_bits(&self) -> Result<(), ZoneError> {
        let kinds = |span: Span<u32>, shift: u32| {
            1 << (span.min() >> shift & 15) | 1 << (span.max() >> shift & 15)
        };
        let flag_kinds = 1 << (self.flags.min() >> 8 & 15) | 1 << (self.flags.max() >> 8 & 15);
        let ends = [self.flags.min(), self.flags.max()];
        let is_within =
            |flags: u16| flags & self.flags_and == self.flags_and && flags & !self.flags_or == 0;
        let columns = [
            ("flags and their bits", ends.into_iter().all(is_within)),
            (
                "ids and their entity types",
                kinds(self.id, 24) & !self.entity_types == 0,
            ),
            (
                "ids and their domains",
                kinds(self.id, 28) & !self.domains == 0,
            ),
            (
                "flags and their entity types",
                flag_kinds & !self.flags_entity_types == 0,
            ),
            ("weights and whether any is NaN", self.nan <= 1),
            ("ids and whether they ascend", self.ascend <= 1),
        ];
        match columns.into_iter().find(|(_, holds)| !holds) {
            Some((column, _)) => Err(ZoneError::Bits { column }),
            None => Ok(()),
        }
    }
}

impl<T: Copy + Ord> Span<T> {
    fn is_ordered(self) -> bool {
        self.min() <= self.max()
    }
}
