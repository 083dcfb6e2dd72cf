//! The bytes of a token file, format 1.0. Knows no file: bytes in, values out.
//!
//! | offset | size | what |
//! |---|---|---|
//! | 0x0000 | 4 KiB | static header, written once |
//! | 0x1000 | 4 KiB | commit slot 0: two identical copies of 512 B, at +0 and +2048 |
//! | 0x2000 | 4 KiB | tail image 0 |
//! | 0x3000 | 4 KiB | commit slot 1, likewise |
//! | 0x4000 | 4 KiB | tail image 1 |
//! | 0x5000 | to 0x10000 | zero |
//! | 0x10000 | 8 B per block | block table, sized for `max_tokens` |
//! | `data_offset` | 64 B per token | tokens |
//!
//! `header` and `slot` are the two records, `fields` the little-endian integers
//! in them, `hash` the four uses of XXH3-64.

mod fields;
mod hash;
mod header;
mod intent;
mod slot;

pub use fields::Expected;
pub(crate) use fields::FieldFault;
pub use hash::FileBlockHasher;
pub(crate) use hash::{chain, hash_partial, hash_tail};
pub(crate) use header::{HeaderFault, StaticHeader, page_checksum_holds};
pub(crate) use intent::{INTENT_BYTES, INTENT_OFFSET, Intent};
pub(crate) use slot::{LAST_GENERATION, Slot, copy_checksum_holds};

use crate::BLOCK_TOKENS;
use ng_token::Token;

pub(crate) const MAJOR: u16 = 1;
pub(crate) const MINOR: u16 = 1;
/// Feature bits of files that may be read, but not written, without knowing them.
pub(crate) const READ_ONLY_KNOWN: u64 = INTENTS;
/// The read-only-compatible feature of minor version 1: each commit leaves an
/// [`Intent`]. A writer that does not know it would leave a stale one.
pub(crate) const INTENTS: u64 = 1;

/// The first bytes of every token file.
pub const HEADER_MAGIC: [u8; 8] = *b"\x89NGT\r\n\x1a\n";
pub(crate) const SLOT_MAGIC: [u8; 8] = *b"NGSLOT1\0";

pub(crate) const HEADER_BYTES: usize = 4096;
/// How many bytes of the static header a slot copy repeats.
pub(crate) const HEADER_COPY_BYTES: usize = 128;
pub(crate) const SLOT_OFFSETS: [u64; 2] = [0x1000, 0x3000];
pub(crate) const SLOT_PAGE_BYTES: usize = 4096;
pub(crate) const COPY_BYTES: usize = 512;
pub(crate) const COPY_OFFSETS: [usize; 2] = [0, 2048];
pub(crate) const TAIL_OFFSETS: [u64; 2] = [0x2000, 0x4000];
/// Header, slots and tail images: the part that an open reads.
pub(crate) const HEAD_BYTES: usize = 0x5000;
/// A second copy of the static header, from minor version 1 on, apart from the head so that
/// it survives damage there.
pub(crate) const SPARE_HEADER_OFFSET: u64 = 0xF000;
pub(crate) const TABLE_OFFSET: u64 = 0x10000;
pub(crate) const ENTRY_BYTES: u64 = 8;
pub(crate) const DATA_ALIGN: u64 = 2 << 20;
pub(crate) const TOKEN_BYTES: u64 = Token::SIZE as u64;
pub(crate) const BLOCK: u64 = BLOCK_TOKENS as u64;
/// The tokens of a 4 KiB page, the unit of the tail image.
pub(crate) const TAIL_TOKENS: u64 = 64;
/// No offset in a file is higher: `off_t` is signed.
pub(crate) const OFFSET_MAX: u64 = i64::MAX as u64;

/// The default maximum number of tokens of a file: 2^32.
pub const DEFAULT_MAX_TOKENS: u64 = 1 << 32;

const _: () = {
    assert!(HEADER_BYTES as u64 == SLOT_OFFSETS[0]);
    assert!(COPY_OFFSETS[1] + COPY_BYTES <= SLOT_PAGE_BYTES);
    assert!(SLOT_OFFSETS[0] + SLOT_PAGE_BYTES as u64 == TAIL_OFFSETS[0]);
    assert!(TAIL_OFFSETS[1] + TAIL_TOKENS * TOKEN_BYTES == HEAD_BYTES as u64);
    assert!(BLOCK.is_multiple_of(TAIL_TOKENS));
    // The longest image, of one token less than a page, ends where the intent begins.
    assert!((TAIL_TOKENS - 1) * TOKEN_BYTES == INTENT_OFFSET as u64);
    assert!(INTENT_OFFSET + INTENT_BYTES == SLOT_PAGE_BYTES);
    assert!(SPARE_HEADER_OFFSET + HEADER_BYTES as u64 == TABLE_OFFSET);
};
