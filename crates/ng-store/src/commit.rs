use crate::file::Head;
use crate::format::{COPY_BYTES, Slot};

/// Identifies a commit of a file.
///
/// It differs between any two created files, between commits of one file, and between a
/// commit that was taken back and its replacement. A copied file has the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Commit {
    /// The file's random number.
    pub file_id: [u8; 16],
    /// The commit's number; 0 is the empty file.
    pub generation: u64,
    /// How many tokens are committed.
    pub tokens: u64,
    /// The caller's number, stored with the commit.
    pub tag: u64,
    /// The checksum of the commit slot: XXH3-64 of its first 504 bytes. 0 if no slot has
    /// this number of tokens.
    pub checksum: u64,
    /// The chain over the hashes of all full blocks, which authenticates them.
    pub table_chain: u64,
    /// The hash of the last block, if that is not full.
    pub(crate) partial_hash: u64,
}

impl Commit {
    pub(crate) fn of(head: &Head) -> Self {
        Self::of_slot(&head.slot, &head.slot_copy)
    }

    pub(crate) fn of_slot(slot: &Slot, copy: &[u8; COPY_BYTES]) -> Self {
        Self {
            file_id: slot.file_id,
            generation: slot.generation,
            tokens: slot.tokens,
            tag: slot.tag,
            checksum: Slot::hash_of(copy),
            table_chain: slot.table_chain,
            partial_hash: slot.partial_hash,
        }
    }

    /// No remaining commit: no tokens.
    pub(crate) fn nothing(file_id: [u8; 16]) -> Self {
        Self {
            file_id,
            generation: 0,
            tokens: 0,
            tag: 0,
            checksum: 0,
            table_chain: 0,
            partial_hash: 0,
        }
    }

    /// The head of the file as of this commit; `head` is of this commit or a later one.
    pub(crate) fn head(&self, head: &Head) -> Head {
        Head {
            slot: Slot {
                generation: self.generation,
                tokens: self.tokens,
                table_chain: self.table_chain,
                partial_hash: self.partial_hash,
                tag: self.tag,
                ..head.slot
            },
            tail_image: None,
            ..head.clone()
        }
    }
}
