use super::{Finding, Head};
use crate::format::{MAJOR, READ_ONLY_KNOWN};

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The format's version, major and minor.
    pub version: (u16, u16),
    /// The file's own id, random.
    pub file_id: [u8; 16],
    /// How many tokens are committed.
    pub tokens: u64,
    /// The maximum number of tokens.
    pub max_tokens: u64,
    /// The number of the newest commit; a new file has 0.
    pub generation: u64,
    /// The caller's number in the newest commit.
    pub tag: u64,
    /// When the newest commit was made, in nanoseconds since 1970 UTC.
    pub committed_at_ns: u64,
    /// When the file was created, in nanoseconds since 1970 UTC.
    pub created_ns: u64,
    /// Where the tokens begin, in bytes.
    pub data_offset: u64,
    /// Where the block table begins, in bytes.
    pub table_offset: u64,
    /// The file's length in bytes, including holes.
    pub length: u64,
    /// How many of its bytes are beyond the commit: space for more tokens, or leftovers of
    /// a killed writer.
    pub room_bytes: u64,
    /// Whether features that this crate does not know forbid appending.
    pub read_only: bool,
    /// Faults that did not matter or were repaired.
    pub findings: Vec<Finding>,
}

impl From<&Head> for FileInfo {
    fn from(head: &Head) -> Self {
        Self {
            version: (MAJOR, head.header.minor),
            file_id: head.header.file_id,
            tokens: head.slot.tokens,
            max_tokens: head.header.max_tokens,
            generation: head.slot.generation,
            tag: head.slot.tag,
            committed_at_ns: head.slot.committed_at_ns,
            created_ns: head.header.created_ns,
            data_offset: head.header.data_offset,
            table_offset: head.header.table_offset,
            length: head.length,
            room_bytes: head
                .length
                .saturating_sub(head.header.length_for(head.slot.tokens)),
            read_only: head.header.read_only_compatible & !READ_ONLY_KNOWN != 0,
            findings: head.findings.clone(),
        }
    }
}
