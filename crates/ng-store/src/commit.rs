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
    pub partial_hash: u64,
}

/// The bytes of a [`Commit`] as [`Commit::to_bytes`] writes it: the id, and six integers.
const BYTES: usize = 16 + 6 * 8;

impl Commit {
    /// Returns the commit as bytes: the fields in order, integers little-endian. To note it
    /// elsewhere, for [`BlockReader::pass_at`](crate::BlockReader::pass_at).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (id, integers) = bytes.split_at_mut(16);
        id.copy_from_slice(&self.file_id);
        for (to, from) in integers.as_chunks_mut().0.iter_mut().zip(self.integers()) {
            *to = from.to_le_bytes();
        }
        bytes
    }

    /// Returns the commit of which these are the bytes. It may never have been made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        let (id, integers) = bytes.split_at(16);
        let mut file_id = [0; 16];
        file_id.copy_from_slice(id);
        let mut integers = integers
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(u64::from_le_bytes);
        let mut next = || integers.next().unwrap_or_default();
        Self {
            file_id,
            generation: next(),
            tokens: next(),
            tag: next(),
            checksum: next(),
            table_chain: next(),
            partial_hash: next(),
        }
    }

    fn integers(&self) -> [u64; 6] {
        [
            self.generation,
            self.tokens,
            self.tag,
            self.checksum,
            self.table_chain,
            self.partial_hash,
        ]
    }

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
