use super::Slot;
use super::fields::{get, get_u64, put};
use super::hash::{file_seed, xxh3};

/// The offset of an intent in a tail page: after the longest image.
pub(crate) const INTENT_OFFSET: usize = 4032;
pub(crate) const INTENT_BYTES: usize = 64;

const CHECKSUM: usize = 56;

/// What a commit is about to write into a slot, stored beside its tail image and synced
/// before the slot.
///
/// If a slot is lost, its intent shows whether it held the newest commit, and proves that
/// commit's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) generation: u64,
    pub(crate) tokens: u64,
    pub(crate) table_chain: u64,
    pub(crate) partial_hash: u64,
    pub(crate) tail_hash: u64,
    pub(crate) committed_at_ns: u64,
    pub(crate) tag: u64,
}

impl Intent {
    /// The intent of the commit that `slot` describes.
    pub(crate) fn of(slot: &Slot) -> Self {
        Self {
            generation: slot.generation,
            tokens: slot.tokens,
            table_chain: slot.table_chain,
            partial_hash: slot.partial_hash,
            tail_hash: slot.tail_hash,
            committed_at_ns: slot.committed_at_ns,
            tag: slot.tag,
        }
    }

    pub(crate) fn encode(&self, file_id: [u8; 16]) -> [u8; INTENT_BYTES] {
        let mut bytes = [0; INTENT_BYTES];
        for (index, value) in self.fields().into_iter().enumerate() {
            put(&mut bytes, index * 8, &value.to_le_bytes());
        }
        let checksum = xxh3(file_seed(file_id), &bytes[..CHECKSUM]);
        put(&mut bytes, CHECKSUM, &checksum.to_le_bytes());
        bytes
    }

    /// Reads an intent of the file with this id; `None` if its checksum fails, as it does
    /// for another file.
    pub(crate) fn decode(bytes: &[u8; INTENT_BYTES], file_id: [u8; 16]) -> Option<Self> {
        if xxh3(file_seed(file_id), &bytes[..CHECKSUM]) != get_u64(bytes, CHECKSUM) {
            return None;
        }
        let field = |index: usize| u64::from_le_bytes(get(bytes, index * 8));
        Some(Self {
            generation: field(0),
            tokens: field(1),
            table_chain: field(2),
            partial_hash: field(3),
            tail_hash: field(4),
            committed_at_ns: field(5),
            tag: field(6),
        })
    }

    /// Tells whether its commit has the same tokens and tag as `slot`'s.
    pub(crate) fn has_content_of(&self, slot: &Slot) -> bool {
        let content = |intent: &Self| {
            let Self { tokens, tag, .. } = *intent;
            (tokens, intent.table_chain, intent.partial_hash, tag)
        };
        content(self) == content(&Self::of(slot))
    }

    fn fields(&self) -> [u64; 7] {
        [
            self.generation,
            self.tokens,
            self.table_chain,
            self.partial_hash,
            self.tail_hash,
            self.committed_at_ns,
            self.tag,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 16] = *b"0123456789abcdef";

    fn intent() -> Intent {
        Intent {
            generation: 1,
            tokens: 2,
            table_chain: 3,
            partial_hash: 4,
            tail_hash: 5,
            committed_at_ns: 6,
            tag: 7,
        }
    }

    #[test]
    fn the_fields_stand_in_their_order() {
        let bytes = intent().encode(ID);
        for (index, value) in (1_u64..=7).enumerate() {
            assert_eq!(get_u64(&bytes, index * 8), value);
        }
        assert_eq!(Intent::decode(&bytes, ID), Some(intent()));
    }

    #[test]
    fn a_flipped_bit_or_another_file_is_no_intent() {
        let bytes = intent().encode(ID);
        for bit in 0..INTENT_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Intent::decode(&flipped, ID), None, "bit {bit}");
        }
        assert_eq!(Intent::decode(&bytes, *b"0123456789abcdeF"), None);
        assert_eq!(Intent::decode(&[0; INTENT_BYTES], ID), None);
    }
}
