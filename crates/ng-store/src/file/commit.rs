use super::Writer;
use crate::disk::Disk;
use crate::format::{
    BLOCK, COPY_OFFSETS, LAST_GENERATION, SLOT_OFFSETS, Slot, TAIL_OFFSETS, TAIL_TOKENS, chain,
    hash_partial, hash_tail,
};
use crate::{IoError, WriteError};

/// What a caller writes beside a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When the commit is made, in nanoseconds since 1970 UTC.
    pub committed_at_ns: u64,
    /// Anything; [`FileInfo::tag`](super::FileInfo::tag) gives it back.
    pub tag: u64,
}

impl<D: Disk> Writer<D> {
    /// Makes all that was appended durable, and the file's content.
    ///
    /// Data, table and tail image are synced before the slot that names them is
    /// written, and the slot is synced before this returns. Nothing happens if
    /// nothing was appended and the tag is the same.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] if it failed before the slot was written: the last
    /// commit stands. [`WriteError::OutcomeUnknown`] afterwards: this one may
    /// stand. Both poison. [`WriteError::LastGeneration`] changes nothing.
    pub fn commit(&mut self, stamp: Stamp) -> Result<(), WriteError> {
        self.check_sound()?;
        let committed = &self.head.slot;
        if self.appended_tokens() == committed.tokens && stamp.tag == committed.tag {
            return Ok(());
        }
        if committed.generation == LAST_GENERATION {
            return Err(WriteError::LastGeneration {
                path: self.source.path().to_owned(),
                last: LAST_GENERATION,
            });
        }
        let slot = match self.write_content(stamp) {
            Ok(slot) => slot,
            Err(cause) => return Err(self.poison(cause)),
        };
        if let Err(cause) = self.write_slot(&slot) {
            self.poisoned = true;
            return Err(WriteError::OutcomeUnknown {
                generation: slot.generation,
                cause,
            });
        }
        self.head.slot_copy = slot.encode();
        self.head.slot = slot;
        self.entries.clear();
        Ok(())
    }

    /// Writes and syncs all that the new slot will name.
    fn write_content(&mut self, stamp: Stamp) -> Result<Slot, IoError> {
        self.flush()?;
        let old = &self.head.slot;
        let tokens = self.appended_tokens();
        let generation = old.generation + 1;
        if !self.entries.is_empty() {
            let offset = self.head.header.entry_offset(old.tokens / BLOCK);
            self.source.write(self.entries.as_flattened(), offset)?;
        }
        let tail_tokens = (tokens % TAIL_TOKENS) as usize;
        let tail = &self.buffer[self.buffer.len() - tail_tokens..];
        let image = ng_token::as_bytes(tail);
        self.source
            .write(image, TAIL_OFFSETS[(generation & 1) as usize])?;
        self.source.sync()?;
        Ok(Slot {
            generation,
            file_id: old.file_id,
            tokens,
            table_chain: chain(old.table_chain, &self.entries),
            partial_hash: hash_partial(self.hasher, tokens / BLOCK, &self.buffer),
            tail_length: image.len() as u32,
            tail_hash: hash_tail(generation, image),
            previous_hash: Slot::hash_of(&self.head.slot_copy),
            committed_at_ns: stamp.committed_at_ns,
            tag: stamp.tag,
            header_copy: old.header_copy,
        })
    }

    fn write_slot(&self, slot: &Slot) -> Result<(), IoError> {
        let copy = slot.encode();
        for offset in COPY_OFFSETS {
            let at = SLOT_OFFSETS[slot.index()] + offset as u64;
            self.source.write(&copy, at)?;
        }
        self.source.sync()
    }
}
