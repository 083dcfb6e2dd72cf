use super::fields::{Expected, Field, FieldFault, get, get_u32, get_u64, put};
use super::hash::xxh3;
use super::{
    BLOCK, COPY_BYTES, HEADER_COPY_BYTES, SLOT_MAGIC, StaticHeader, TAIL_TOKENS, TOKEN_BYTES,
};

const MAGIC: usize = 0;
/// The last generation that a commit can have. One more still fits, so that arithmetic on
/// read values cannot overflow.
pub(crate) const LAST_GENERATION: u64 = u64::MAX - 1;

const GENERATION: Field = Field::new(8, "generation");
const FILE_ID: usize = 16;
const TOKENS: Field = Field::new(32, "committed tokens");
const TABLE_CHAIN: Field = Field::new(40, "table chain");
const PARTIAL_HASH: Field = Field::new(48, "partial block hash");
const TAIL_LENGTH: Field = Field::new(56, "tail image length");
const TAIL_HASH: Field = Field::new(64, "tail image hash");
const PREVIOUS_HASH: Field = Field::new(72, "previous slot hash");
const COMMITTED_AT: usize = 80;
const TAG: usize = 88;
const HEADER_COPY: usize = 96;
const CHECKSUM: usize = 504;

/// One commit: how far the file is valid, and the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) generation: u64,
    pub(crate) file_id: [u8; 16],
    pub(crate) tokens: u64,
    pub(crate) table_chain: u64,
    pub(crate) partial_hash: u64,
    pub(crate) tail_length: u32,
    pub(crate) tail_hash: u64,
    pub(crate) previous_hash: u64,
    pub(crate) committed_at_ns: u64,
    pub(crate) tag: u64,
    pub(crate) header_copy: [u8; HEADER_COPY_BYTES],
}

impl Slot {
    /// The slot of a new file: no tokens.
    pub(crate) fn first(header: &StaticHeader, tag: u64) -> Self {
        Self {
            generation: 0,
            file_id: header.file_id,
            tokens: 0,
            table_chain: 0,
            partial_hash: 0,
            tail_length: 0,
            tail_hash: 0,
            previous_hash: 0,
            committed_at_ns: header.created_ns,
            tag,
            header_copy: get(&header.encode(), 0),
        }
    }

    /// Which of the two slots a generation goes to.
    pub(crate) fn index(&self) -> usize {
        (self.generation & 1) as usize
    }

    pub(crate) fn encode(&self) -> [u8; COPY_BYTES] {
        let mut copy = [0; COPY_BYTES];
        put(&mut copy, MAGIC, &SLOT_MAGIC);
        put(&mut copy, FILE_ID, &self.file_id);
        let tail_length = self.tail_length.to_le_bytes();
        put(&mut copy, TAIL_LENGTH.offset, &tail_length);
        put(&mut copy, HEADER_COPY, &self.header_copy);
        for (offset, value) in [
            (GENERATION.offset, self.generation),
            (TOKENS.offset, self.tokens),
            (TABLE_CHAIN.offset, self.table_chain),
            (PARTIAL_HASH.offset, self.partial_hash),
            (TAIL_HASH.offset, self.tail_hash),
            (PREVIOUS_HASH.offset, self.previous_hash),
            (COMMITTED_AT, self.committed_at_ns),
            (TAG, self.tag),
        ] {
            put(&mut copy, offset, &value.to_le_bytes());
        }
        let checksum = xxh3(0, &copy[..CHECKSUM]);
        put(&mut copy, CHECKSUM, &checksum.to_le_bytes());
        copy
    }

    /// Reads a copy whose checksum holds.
    pub(crate) fn decode(copy: &[u8; COPY_BYTES]) -> Self {
        Self {
            generation: get_u64(copy, GENERATION.offset),
            file_id: get(copy, FILE_ID),
            tokens: get_u64(copy, TOKENS.offset),
            table_chain: get_u64(copy, TABLE_CHAIN.offset),
            partial_hash: get_u64(copy, PARTIAL_HASH.offset),
            tail_length: get_u32(copy, TAIL_LENGTH.offset),
            tail_hash: get_u64(copy, TAIL_HASH.offset),
            previous_hash: get_u64(copy, PREVIOUS_HASH.offset),
            committed_at_ns: get_u64(copy, COMMITTED_AT),
            tag: get_u64(copy, TAG),
            header_copy: get(copy, HEADER_COPY),
        }
    }

    /// The hash in an encoded copy, for the next generation.
    pub(crate) fn hash_of(copy: &[u8; COPY_BYTES]) -> u64 {
        get_u64(copy, CHECKSUM)
    }

    /// Checks that the fields are consistent with each other and with `header`.
    pub(crate) fn check(&self, header: &StaticHeader) -> Result<(), FieldFault> {
        GENERATION.check(self.generation, Expected::AtMost(LAST_GENERATION))?;
        TOKENS.check(self.tokens, Expected::AtMost(header.max_tokens))?;
        if self.generation == 0 {
            // A file begins empty.
            TOKENS.check(self.tokens, Expected::Exactly(0))?;
        }
        let tail_length = self.tokens % TAIL_TOKENS * TOKEN_BYTES;
        TAIL_LENGTH.check(u64::from(self.tail_length), Expected::Exactly(tail_length))?;
        for (field, found, is_zero) in [
            (TABLE_CHAIN, self.table_chain, self.tokens < BLOCK),
            (
                PARTIAL_HASH,
                self.partial_hash,
                self.tokens.is_multiple_of(BLOCK),
            ),
            (TAIL_HASH, self.tail_hash, tail_length == 0),
            (PREVIOUS_HASH, self.previous_hash, self.generation == 0),
        ] {
            if is_zero {
                field.check(found, Expected::Exactly(0))?;
            }
        }
        Ok(())
    }
}

/// Tells whether a copy begins with the magic of a slot and matches its checksum.
pub(crate) fn copy_checksum_holds(copy: &[u8; COPY_BYTES]) -> bool {
    copy.starts_with(&SLOT_MAGIC) && xxh3(0, &copy[..CHECKSUM]) == get_u64(copy, CHECKSUM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> StaticHeader {
        StaticHeader::new(10_000, *b"0123456789abcdef", 77).unwrap()
    }

    fn slot() -> Slot {
        Slot {
            generation: 3,
            tokens: 4100,
            table_chain: 0x11,
            partial_hash: 0x22,
            tail_length: 256,
            tail_hash: 0x33,
            previous_hash: 0x44,
            committed_at_ns: 0x55,
            tag: 0x66,
            ..Slot::first(&header(), 0)
        }
    }

    #[test]
    fn every_field_stands_at_its_offset() {
        let copy = slot().encode();
        let header = header().encode();
        for (offset, bytes) in [
            (0, &b"NGSLOT1\0"[..]),
            (8, &3_u64.to_le_bytes()),
            (16, b"0123456789abcdef"),
            (32, &4100_u64.to_le_bytes()),
            (40, &0x11_u64.to_le_bytes()),
            (48, &0x22_u64.to_le_bytes()),
            (56, &256_u32.to_le_bytes()),
            (60, &[0; 4]),
            (64, &0x33_u64.to_le_bytes()),
            (72, &0x44_u64.to_le_bytes()),
            (80, &0x55_u64.to_le_bytes()),
            (88, &0x66_u64.to_le_bytes()),
            (96, &header[..128]),
            (224, &[0; 280]),
        ] {
            assert_eq!(&copy[offset..offset + bytes.len()], bytes, "at {offset}");
        }
        assert!(copy_checksum_holds(&copy));
    }

    #[test]
    fn decode_gives_back_what_was_encoded() {
        assert_eq!(Slot::decode(&slot().encode()), slot());
    }

    #[test]
    fn a_flipped_bit_anywhere_breaks_the_checksum() {
        let copy = slot().encode();
        for bit in 0..COPY_BYTES * 8 {
            let mut flipped = copy;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!copy_checksum_holds(&flipped), "bit {bit}");
        }
    }

    #[test]
    fn a_slot_that_lies_is_refused_by_the_name_of_its_field() {
        let sound = slot();
        assert_eq!(sound.check(&header()), Ok(()));
        let full = Slot {
            tokens: 4096,
            tail_length: 0,
            tail_hash: 0,
            ..sound
        };
        for (slot, field) in [
            (
                Slot {
                    generation: u64::MAX,
                    ..sound
                },
                "generation",
            ),
            (
                Slot {
                    tokens: 10_001,
                    ..sound
                },
                "committed tokens",
            ),
            (
                Slot {
                    tokens: u64::MAX,
                    ..sound
                },
                "committed tokens",
            ),
            (
                Slot {
                    tail_length: 4096,
                    ..sound
                },
                "tail image length",
            ),
            (Slot { tokens: 4, ..sound }, "table chain"),
            (full, "partial block hash"),
            (
                Slot {
                    tail_hash: 1,
                    partial_hash: 0,
                    ..full
                },
                "tail image hash",
            ),
            (
                Slot {
                    generation: 0,
                    ..sound
                },
                "committed tokens",
            ),
            (
                Slot {
                    generation: 0,
                    previous_hash: 1,
                    ..Slot::first(&header(), 0)
                },
                "previous slot hash",
            ),
        ] {
            let fault = slot.check(&header()).unwrap_err();
            assert_eq!(fault.field, field, "{fault:?}");
        }
    }
}
