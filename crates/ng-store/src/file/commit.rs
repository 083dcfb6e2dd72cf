use super::head::{put_copies, read_slot_pages};
use super::length::check_length;
use super::{Head, Writer};
use crate::disk::{Disk, Source};
use crate::format::{
    BLOCK, COPY_OFFSETS, INTENT_OFFSET, Intent, LAST_GENERATION, SLOT_OFFSETS, SLOT_PAGE_BYTES,
    Slot, TAIL_OFFSETS, TAIL_TOKENS, chain, hash_partial, hash_tail,
};
use crate::{IoError, WriteError};

/// What a caller stores with a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The time of the commit, in nanoseconds since 1970 UTC.
    pub committed_at_ns: u64,
    /// Any number; [`FileInfo::tag`](super::FileInfo::tag) returns it.
    pub tag: u64,
}

impl<D: Disk> Writer<D> {
    /// Makes all appended tokens durable, and part of the file.
    ///
    /// Data, table and tail image are synced before the slot that names them is written,
    /// and the slot is synced before this returns. Does nothing if nothing was appended and
    /// the tag is unchanged.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] if it failed before the slot was written: the last commit stands.
    /// [`WriteError::OutcomeUnknown`] afterwards: this one may stand.
    /// [`WriteError::Overtaken`] and [`WriteError::Truncated`] if something else changed
    /// the file. All of these poison the writer. [`WriteError::LastGeneration`] changes
    /// nothing.
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
        if let Err(error) = check_untouched(&self.source, &self.head) {
            return Err(self.distrust(error));
        }
        let slot = match self.write_content(stamp) {
            Ok(slot) => slot,
            Err(cause) => return Err(self.poison(cause)),
        };
        // Check again: the sync may have taken long, and the data must still be there when
        // a slot names it.
        if let Err(error) = check_untouched(&self.source, &self.head) {
            return Err(self.distrust(error));
        }
        if let Err(cause) = self.write_slot(&slot) {
            return Err(self.distrust(WriteError::OutcomeUnknown {
                generation: slot.generation,
                cause,
            }));
        }
        self.stand(slot);
        Ok(())
    }

    /// Poisons the writer after a failure that may have left an unknown commit as the
    /// newest. The file is then not truncated.
    fn distrust(&mut self, error: WriteError) -> WriteError {
        self.poisoned = true;
        self.knows_newest = false;
        error
    }

    /// Repeats the newest commit as the next generation, in the other slot. Its writer may
    /// have died before its last sync. Rewriting its own slot would risk the only copy of
    /// an acknowledged commit, on a device that spoils the page it is writing when the
    /// power fails.
    pub(super) fn confirm(&mut self) -> Result<(), IoError> {
        let Slot {
            committed_at_ns,
            tag,
            ..
        } = self.head.slot;
        let slot = self.write_content(Stamp {
            committed_at_ns,
            tag,
        })?;
        self.write_slot(&slot)?;
        self.stand(slot);
        Ok(())
    }

    /// Writes and syncs all that the new slot will name.
    fn write_content(&mut self, stamp: Stamp) -> Result<Slot, IoError> {
        self.flush()?;
        self.zero_ahead()?;
        let (old, header) = (&self.head.slot, &self.head.header);
        if !self.entries.is_empty() {
            let offset = header.entry_offset(old.tokens / BLOCK);
            self.source.write(self.entries.as_flattened(), offset)?;
        }
        let (tokens, generation) = (self.appended_tokens(), old.generation + 1);
        let tail_tokens = (tokens % TAIL_TOKENS) as usize;
        let tail = &self.buffer[self.buffer.len() - tail_tokens..];
        let image = ng_token::as_bytes(tail);
        let slot = Slot {
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
        };
        self.write_tail_page(&slot, image)?;
        self.source.sync()?;
        let (end, commit_bytes) = (header.token_offset(tokens), self.commit_bytes(tokens));
        self.outflow.synced(&self.source, end, commit_bytes);
        Ok(slot)
    }

    /// Writes the tail image of a commit, and its intent if the file has them, in one call.
    fn write_tail_page(&self, slot: &Slot, image: &[u8]) -> Result<(), IoError> {
        let offset = TAIL_OFFSETS[slot.index()];
        if !self.head.header.has_intents() {
            return self.source.write(image, offset);
        }
        let mut page = [0; SLOT_PAGE_BYTES];
        page[..image.len()].copy_from_slice(image);
        page[INTENT_OFFSET..].copy_from_slice(&Intent::of(slot).encode(slot.file_id));
        self.source.write(&page, offset)
    }

    fn write_slot(&self, slot: &Slot) -> Result<(), IoError> {
        let copy = slot.encode();
        for offset in COPY_OFFSETS {
            let at = SLOT_OFFSETS[slot.index()] + offset as u64;
            self.source.write(&copy, at)?;
        }
        self.source.sync()?;
        if slot.generation == 1 && self.head.header.has_intents() {
            self.write_receipt(slot)?;
        }
        Ok(())
    }

    /// Writes the intent of the first commit beside the other slot, too, once that commit
    /// is durable. Until then its slot is zero; if it is zero later, this shows that it was
    /// lost.
    fn write_receipt(&self, slot: &Slot) -> Result<(), IoError> {
        let intent = Intent::of(slot).encode(slot.file_id);
        let offset = TAIL_OFFSETS[0] + INTENT_OFFSET as u64;
        self.source.write(&intent, offset)?;
        self.source.sync()
    }

    /// Adopts a finished commit as the newest one.
    fn stand(&mut self, slot: Slot) {
        let head = &mut self.head;
        let copy = slot.encode();
        put_copies(&mut head.slot_pages[slot.index()], &copy);
        head.other = Some((head.slot, head.slot_copy));
        head.slot = slot;
        head.slot_copy = copy;
        self.announced = head.slot.tokens;
        self.entries.clear();
        self.keep_room();
    }
}

/// Checks that both slots and the file's length are as this writer left or found them. The
/// lock does not stop writers that take none, nor those on a file system that does not
/// enforce it.
fn check_untouched<D: Disk>(source: &Source<D>, head: &Head) -> Result<(), WriteError> {
    check_length(source, head)?;
    let pages = read_slot_pages(source).map_err(|cause| WriteError::Io { cause })?;
    match pages == head.slot_pages {
        true => Ok(()),
        false => Err(WriteError::Overtaken {
            path: source.path().to_owned(),
            generation: head.slot.generation,
        }),
    }
}
