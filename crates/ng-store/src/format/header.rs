use super::fields::{Expected, Field, FieldFault, get, get_u16, get_u32, get_u64, put};
use super::hash::xxh3;
use super::{
    BLOCK, DATA_ALIGN, ENTRY_BYTES, HEADER_BYTES, HEADER_COPY_BYTES, HEADER_MAGIC, INTENTS, MAJOR,
    MINOR, OFFSET_MAX, TABLE_OFFSET, TOKEN_BYTES,
};

/// The layout of a token, as text; its hash is in the header.
const LAYOUT: &[u8] = b"i16[8][3]@0 u32@48 u16@52 f32@54 u8@58 u8@59 u32@60 =64";

/// The only hash of format 1: XXH3-64.
const XXH3_64: u32 = 1;

const MAGIC: usize = 0;
const MAJOR_AT: usize = 8;
const MINOR_AT: usize = 10;
const HEADER_LENGTH: Field = Field::new(12, "header length");
const FILE_ID: usize = 16;
const RECORD_SIZE: Field = Field::new(32, "record size");
const BLOCK_LENGTH: Field = Field::new(36, "block tokens");
const FINGERPRINT: Field = Field::new(40, "layout fingerprint");
const HASH_KIND: Field = Field::new(48, "hash");
const TABLE_START: Field = Field::new(56, "table offset");
const TABLE_LENGTH: Field = Field::new(64, "table length");
const DATA_START: Field = Field::new(72, "data offset");
const MAX_TOKENS: Field = Field::new(80, "max tokens");
const INCOMPATIBLE: usize = 88;
const READ_ONLY_COMPATIBLE: usize = 96;
const CREATED: usize = 104;
const CHECKSUM: usize = 4088;

/// The permanent properties of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaticHeader {
    pub(crate) minor: u16,
    pub(crate) file_id: [u8; 16],
    pub(crate) table_offset: u64,
    pub(crate) table_length: u64,
    pub(crate) data_offset: u64,
    pub(crate) max_tokens: u64,
    pub(crate) read_only_compatible: u64,
    pub(crate) created_ns: u64,
}

/// Why bytes are not a header of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Magic([u8; 8]),
    Major(u16),
    /// A constant of the format has another value: the format differs.
    Constant(FieldFault),
    /// Features that a reader must know.
    Features(u64),
    Field(FieldFault),
}

impl From<FieldFault> for HeaderFault {
    fn from(fault: FieldFault) -> Self {
        Self::Field(fault)
    }
}

impl StaticHeader {
    /// The maximum number of tokens of any file: what fits below the highest offset,
    /// including the table.
    pub(crate) const MAX_TOKENS_LIMIT: u64 = {
        // A token costs its bytes and 1/512 byte of table; the slack holds the
        // head and the alignment of the data.
        (OFFSET_MAX - 4 * DATA_ALIGN) / (TOKEN_BYTES * BLOCK + ENTRY_BYTES) * BLOCK
    };

    /// Lays out a file for `max_tokens`. `None` if that is 0 or above
    /// [`MAX_TOKENS_LIMIT`](Self::MAX_TOKENS_LIMIT).
    pub(crate) fn new(max_tokens: u64, file_id: [u8; 16], created_ns: u64) -> Option<Self> {
        if max_tokens == 0 || max_tokens > Self::MAX_TOKENS_LIMIT {
            return None;
        }
        let table_length = max_tokens.div_ceil(BLOCK) * ENTRY_BYTES;
        Some(Self {
            minor: MINOR,
            file_id,
            table_offset: TABLE_OFFSET,
            table_length,
            data_offset: (TABLE_OFFSET + table_length).next_multiple_of(DATA_ALIGN),
            max_tokens,
            read_only_compatible: INTENTS,
            created_ns,
        })
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut page = [0; HEADER_BYTES];
        put(&mut page, MAGIC, &HEADER_MAGIC);
        put(&mut page, MAJOR_AT, &MAJOR.to_le_bytes());
        put(&mut page, MINOR_AT, &self.minor.to_le_bytes());
        let length = HEADER_BYTES as u32;
        put(&mut page, HEADER_LENGTH.offset, &length.to_le_bytes());
        put(&mut page, FILE_ID, &self.file_id);
        let record_size = TOKEN_BYTES as u32;
        put(&mut page, RECORD_SIZE.offset, &record_size.to_le_bytes());
        let block = BLOCK as u32;
        put(&mut page, BLOCK_LENGTH.offset, &block.to_le_bytes());
        put(&mut page, FINGERPRINT.offset, &fingerprint().to_le_bytes());
        put(&mut page, HASH_KIND.offset, &XXH3_64.to_le_bytes());
        for (offset, value) in [
            (TABLE_START.offset, self.table_offset),
            (TABLE_LENGTH.offset, self.table_length),
            (DATA_START.offset, self.data_offset),
            (MAX_TOKENS.offset, self.max_tokens),
            (READ_ONLY_COMPATIBLE, self.read_only_compatible),
            (CREATED, self.created_ns),
        ] {
            put(&mut page, offset, &value.to_le_bytes());
        }
        let checksum = xxh3(0, &page[..CHECKSUM]);
        put(&mut page, CHECKSUM, &checksum.to_le_bytes());
        page
    }

    /// Reads the header's first [`HEADER_COPY_BYTES`], of the page or of a slot's copy, and
    /// checks that they are consistent.
    pub(crate) fn decode(bytes: &[u8; HEADER_COPY_BYTES]) -> Result<Self, HeaderFault> {
        let magic = get(bytes, MAGIC);
        if magic != HEADER_MAGIC {
            return Err(HeaderFault::Magic(magic));
        }
        let major = get_u16(bytes, MAJOR_AT);
        if major != MAJOR {
            return Err(HeaderFault::Major(major));
        }
        check_constants(bytes).map_err(HeaderFault::Constant)?;
        match get_u64(bytes, INCOMPATIBLE) {
            0 => {}
            unknown => return Err(HeaderFault::Features(unknown)),
        }
        let header = Self {
            minor: get_u16(bytes, MINOR_AT),
            file_id: get(bytes, FILE_ID),
            table_offset: get_u64(bytes, TABLE_START.offset),
            table_length: get_u64(bytes, TABLE_LENGTH.offset),
            data_offset: get_u64(bytes, DATA_START.offset),
            max_tokens: get_u64(bytes, MAX_TOKENS.offset),
            read_only_compatible: get_u64(bytes, READ_ONLY_COMPATIBLE),
            created_ns: get_u64(bytes, CREATED),
        };
        header.check()?;
        Ok(header)
    }

    /// Checks the fields that were read. Afterwards every offset of a token or
    /// an entry below `max_tokens` can be computed without overflow.
    fn check(&self) -> Result<(), FieldFault> {
        let blocks = self.max_tokens.div_ceil(BLOCK);
        MAX_TOKENS.check(self.max_tokens, Expected::AtLeast(1))?;
        MAX_TOKENS.check(self.max_tokens, Expected::AtMost(Self::MAX_TOKENS_LIMIT))?;
        TABLE_START.check(self.table_offset, Expected::AtLeast(TABLE_OFFSET))?;
        TABLE_START.check(self.table_offset, Expected::MultipleOf(ENTRY_BYTES))?;
        TABLE_START.check(self.table_offset, Expected::AtMost(OFFSET_MAX))?;
        TABLE_LENGTH.check(self.table_length, Expected::AtLeast(blocks * ENTRY_BYTES))?;
        let room = OFFSET_MAX - self.table_offset;
        TABLE_LENGTH.check(self.table_length, Expected::AtMost(room))?;
        let table_end = self.table_offset + self.table_length;
        DATA_START.check(self.data_offset, Expected::MultipleOf(DATA_ALIGN))?;
        DATA_START.check(self.data_offset, Expected::AtLeast(table_end))?;
        let room = OFFSET_MAX - self.max_tokens * TOKEN_BYTES;
        DATA_START.check(self.data_offset, Expected::AtMost(room))
    }

    /// Tells whether each commit leaves an intent beside its tail image.
    pub(crate) fn has_intents(&self) -> bool {
        self.read_only_compatible & INTENTS != 0
    }

    /// The offset of token `index`, which is at most `max_tokens`.
    pub(crate) fn token_offset(&self, index: u64) -> u64 {
        debug_assert!(index <= self.max_tokens);
        self.data_offset + index * TOKEN_BYTES
    }

    /// The offset of the table's entry `block`.
    pub(crate) fn entry_offset(&self, block: u64) -> u64 {
        debug_assert!(block * ENTRY_BYTES <= self.table_length);
        self.table_offset + block * ENTRY_BYTES
    }

    /// The minimum length of a file with `tokens` tokens.
    pub(crate) fn length_for(&self, tokens: u64) -> u64 {
        match tokens {
            0 => TABLE_OFFSET,
            tokens => self.token_offset(tokens),
        }
    }
}

/// Tells whether a whole header page matches its checksum.
pub(crate) fn page_checksum_holds(page: &[u8; HEADER_BYTES]) -> bool {
    xxh3(0, &page[..CHECKSUM]) == get_u64(page, CHECKSUM)
}

fn check_constants(bytes: &[u8]) -> Result<(), FieldFault> {
    for (field, found, expected) in [
        (
            HEADER_LENGTH,
            u64::from(get_u32(bytes, HEADER_LENGTH.offset)),
            HEADER_BYTES as u64,
        ),
        (
            RECORD_SIZE,
            u64::from(get_u32(bytes, RECORD_SIZE.offset)),
            TOKEN_BYTES,
        ),
        (
            BLOCK_LENGTH,
            u64::from(get_u32(bytes, BLOCK_LENGTH.offset)),
            BLOCK,
        ),
        (
            FINGERPRINT,
            get_u64(bytes, FINGERPRINT.offset),
            fingerprint(),
        ),
        (
            HASH_KIND,
            u64::from(get_u32(bytes, HASH_KIND.offset)),
            u64::from(XXH3_64),
        ),
    ] {
        field.check(found, Expected::Exactly(expected))?;
    }
    Ok(())
}

fn fingerprint() -> u64 {
    xxh3(0, LAYOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> StaticHeader {
        StaticHeader::new(1 << 32, *b"0123456789abcdef", 77).unwrap()
    }

    fn copy_of(page: &[u8]) -> [u8; HEADER_COPY_BYTES] {
        get(page, 0)
    }

    #[test]
    fn default_layout_has_an_8_mib_table_and_its_data_at_10_mib() {
        let header = header();
        assert_eq!(header.table_offset, 0x10000);
        assert_eq!(header.table_length, 8 << 20);
        assert_eq!(header.data_offset, 10 << 20);
    }

    #[test]
    fn every_field_stands_at_its_offset() {
        let mut header = header();
        header.read_only_compatible = 0x2222;
        let page = header.encode();
        for (offset, bytes) in [
            (0, &b"\x89NGT\r\n\x1a\n"[..]),
            (8, &1_u16.to_le_bytes()),
            (10, &1_u16.to_le_bytes()),
            (12, &4096_u32.to_le_bytes()),
            (16, b"0123456789abcdef"),
            (32, &64_u32.to_le_bytes()),
            (36, &4096_u32.to_le_bytes()),
            (48, &1_u32.to_le_bytes()),
            (52, &[0; 4]),
            (56, &0x10000_u64.to_le_bytes()),
            (64, &(8_u64 << 20).to_le_bytes()),
            (72, &(10_u64 << 20).to_le_bytes()),
            (80, &(1_u64 << 32).to_le_bytes()),
            (88, &[0; 8]),
            (96, &0x2222_u64.to_le_bytes()),
            (104, &77_u64.to_le_bytes()),
            (112, &[0; 3976]),
        ] {
            assert_eq!(&page[offset..offset + bytes.len()], bytes, "at {offset}");
        }
        assert!(page_checksum_holds(&page));
    }

    #[test]
    fn decode_gives_back_what_was_encoded() {
        let header = header();
        assert_eq!(StaticHeader::decode(&copy_of(&header.encode())), Ok(header));
    }

    #[test]
    fn max_tokens_is_limited_by_the_highest_offset() {
        let new = |max_tokens| StaticHeader::new(max_tokens, [0; 16], 0);
        assert_eq!(new(0), None);
        assert_eq!(new(StaticHeader::MAX_TOKENS_LIMIT + 1), None);
        assert_eq!(new(u64::MAX), None);
        let largest = new(StaticHeader::MAX_TOKENS_LIMIT).unwrap();
        assert_eq!(largest.check(), Ok(()));
        assert!(largest.length_for(largest.max_tokens) <= OFFSET_MAX);
        assert_eq!(new(1).unwrap().data_offset, DATA_ALIGN);
    }

    #[test]
    fn a_header_that_lies_is_refused_by_the_name_of_its_field() {
        for (offset, value, field) in [
            (12, 0_u64, "header length"),
            (32, 65, "record size"),
            (36, 1, "block tokens"),
            (40, 0, "layout fingerprint"),
            (48, 2, "hash"),
            (56, 0, "table offset"),
            (56, 0x10001, "table offset"),
            (56, u64::MAX - 7, "table offset"),
            (64, 8, "table length"),
            (64, u64::MAX, "table length"),
            (72, 0, "data offset"),
            (72, (10 << 20) + 1, "data offset"),
            (72, u64::MAX - (DATA_ALIGN - 1), "data offset"),
            (80, 0, "max tokens"),
            (80, u64::MAX, "max tokens"),
            (80, (1 << 32) + 4096, "table length"),
        ] {
            let mut bytes = copy_of(&header().encode());
            let width = if offset < 56 && offset != 40 { 4 } else { 8 };
            put(&mut bytes, offset, &value.to_le_bytes()[..width]);
            // Distinguishes another format from an invalid value.
            match StaticHeader::decode(&bytes) {
                Err(HeaderFault::Constant(fault)) if offset < 56 => {
                    assert_eq!(fault.field, field, "{fault:?}");
                }
                Err(HeaderFault::Field(fault)) if offset >= 56 => {
                    assert_eq!(fault.field, field, "{fault:?}");
                }
                other => panic!("{offset}: {value}: {other:?}"),
            }
        }
    }

    #[test]
    fn foreign_magic_and_newer_versions_are_told_apart() {
        let mut bytes = copy_of(&header().encode());
        bytes[8] = 2;
        assert_eq!(StaticHeader::decode(&bytes), Err(HeaderFault::Major(2)));
        bytes[0] = 0;
        let magic = *b"\0NGT\r\n\x1a\n";
        assert_eq!(StaticHeader::decode(&bytes), Err(HeaderFault::Magic(magic)));
    }
}
