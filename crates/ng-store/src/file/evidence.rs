//! What a damaged file still records about its commits: a slot, if one is left, and the
//! intents, which are written before their commits.

#[cfg(feature = "rules")]
use std::path::Path;

use super::{BlockReader, Finding, Head};
use crate::disk::{Disk, Source};
use crate::format::{
    COPY_BYTES, COPY_OFFSETS, HEADER_BYTES, HEADER_COPY_BYTES, INTENT_BYTES, INTENT_OFFSET, Intent,
    SLOT_OFFSETS, SLOT_PAGE_BYTES, SPARE_HEADER_OFFSET, Slot, StaticHeader, TAIL_OFFSETS,
    TAIL_TOKENS, TOKEN_BYTES, copy_checksum_holds, hash_tail, page_checksum_holds,
};
use crate::{IoError, OpenError};

/// The evidence for the token count of a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Basis {
    /// A commit slot.
    Slot,
    /// An intent whose slot is lost. The commit may never have been acknowledged.
    Intent {
        /// The number of the commit.
        generation: u64,
    },
    /// Nothing: the last full block that matches its hash is taken as the end.
    LastBlock,
}

/// The commits recorded in a damaged file.
pub(super) struct Evidence<D> {
    /// The newest first; at least one.
    pub(super) commits: Vec<BlockReader<D>>,
    /// The evidence for the newest of them.
    pub(super) basis: Basis,
    /// Whether an unknown, still newer one may be lost.
    pub(super) may_go_on: bool,
    /// Whether a commit newer than those may be lost.
    pub(super) may_be_older: bool,
    pub(super) findings: Vec<Finding>,
}

/// A damaged file to repair.
pub struct Damaged<D> {
    reader: BlockReader<D>,
    has_slot: bool,
}

impl<D: Disk> Damaged<D> {
    /// Opens a file that may be truncated, and with `salvage` also one without a commit
    /// slot.
    pub(crate) fn open(source: Source<D>, salvage: bool) -> Result<Self, OpenError> {
        let head = Head::read_of_any_length(&source);
        let (head, has_slot) = match head {
            Err(error) if salvage => (head_without_slots(&source)?.ok_or(error)?, false),
            head => (head?, true),
        };
        Ok(Self {
            reader: BlockReader::new(source, head),
            has_slot,
        })
    }

    /// Opens a file of any disk, which may be truncated; with `salvage` also one without a
    /// commit slot. `path` is its name in errors.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    #[cfg(feature = "rules")]
    pub fn of_disk(disk: D, path: impl AsRef<Path>, salvage: bool) -> Result<Self, OpenError> {
        Self::open(Source::new(disk, path.as_ref()), salvage)
    }

    /// Returns the file's own id.
    #[cfg(feature = "rules")]
    pub fn file_id(&self) -> [u8; 16] {
        self.reader.head().header.file_id
    }

    pub(super) fn evidence(&self, older_commit: bool) -> Result<Evidence<D>, IoError> {
        Evidence::new(&self.reader, self.has_slot, older_commit)
    }
}

impl<D: Disk> Evidence<D> {
    pub(super) fn new(
        reader: &BlockReader<D>,
        has_slot: bool,
        older_commit: bool,
    ) -> Result<Self, IoError> {
        let head = reader.head();
        let hides = head.findings.iter().any(Finding::may_hide_a_commit);
        let intents = match hides || !has_slot {
            true => [0, 1].map(|slot| read_intent(reader.source(), head, slot)),
            false => [None, None],
        };
        let (mut newer, is_hidden) = match has_slot {
            true => newer_than_slot(head, intents),
            false => newest(intents),
        };
        let is_hidden = is_hidden && (hides || !has_slot);
        let steps_back = older_commit && newer.len() > usize::from(!has_slot);
        if steps_back {
            newer.remove(0);
        }
        let mut evidence = Self {
            basis: match newer.first() {
                Some(intent) => Basis::Intent {
                    generation: intent.slot.generation,
                },
                None if has_slot => Basis::Slot,
                None => Basis::LastBlock,
            },
            may_go_on: is_hidden && !older_commit,
            may_be_older: is_hidden || steps_back,
            findings: head.findings.clone(),
            commits: Vec::new(),
        };
        let slot = (has_slot || newer.is_empty()).then(|| head.clone());
        for head in newer.into_iter().chain(slot) {
            evidence.commits.push(reader.with_head(head));
        }
        Ok(evidence)
    }

    /// The newest commit.
    pub(super) fn newest(&self) -> &BlockReader<D> {
        &self.commits[0]
    }
}

/// The commit after that of the sound slot, if its intent is left, and whether an
/// untraceable one may have been made.
fn newer_than_slot(head: &Head, intents: [Option<Head>; 2]) -> (Vec<Head>, bool) {
    let generation = head.slot.generation;
    let [first, second] = intents;
    let other = if head.slot.index() == 0 {
        second
    } else {
        first
    };
    match other {
        Some(intent) if intent.slot.generation == generation + 1 => {
            // A commit never shrinks the file.
            match intent.slot.tokens >= head.slot.tokens {
                true => (vec![intent], false),
                false => (vec![], true),
            }
        }
        // The lost slot held the previous commit.
        Some(intent) if intent.slot.generation + 1 == generation => (vec![], false),
        _ => (vec![], true),
    }
}

/// The commits of both intents, the newest first, and whether a newer one may have been
/// made: not if they are consecutive, since each commit overwrites the intent of the one
/// before the last; and not if one is the receipt of the first commit, which the second
/// would have overwritten.
fn newest(intents: [Option<Head>; 2]) -> (Vec<Head>, bool) {
    let mut found: Vec<Head> = intents.into_iter().flatten().collect();
    found.sort_unstable_by_key(|head| std::cmp::Reverse(head.slot.generation));
    if let [newer, older] = &found[..] {
        let follow = newer.slot.generation == older.slot.generation + 1;
        if newer.slot == older.slot {
            found.truncate(1);
            return (found, false);
        }
        if newer.slot.tokens < older.slot.tokens {
            found.truncate(1);
            return (found, true);
        }
        return (found, !follow);
    }
    (found, true)
}

/// Reads the intent of a slot, as the head that the file would have with that slot.
fn read_intent<D: Disk>(source: &Source<D>, head: &Head, slot: usize) -> Option<Head> {
    let mut bytes = [0; INTENT_BYTES];
    let offset = TAIL_OFFSETS[slot] + INTENT_OFFSET as u64;
    if !head.header.has_intents() || source.read(&mut bytes, offset).is_err() {
        return None;
    }
    let intent = Intent::decode(&bytes, head.header.file_id)?;
    let intent = slot_of(&intent, &head.header);
    if intent.check(&head.header).is_err() {
        return None;
    }
    let mut image = vec![0; intent.tail_length as usize];
    let read = source.read(&mut image, TAIL_OFFSETS[slot]);
    let is_sound = read.is_ok() && hash_tail(intent.generation, &image) == intent.tail_hash;
    Some(Head {
        slot: intent,
        slot_copy: [0; COPY_BYTES],
        tail_image: is_sound.then_some(image),
        findings: Vec::new(),
        ..head.clone()
    })
}

/// The slot that an intent announces. Unknown fields are zero.
fn slot_of(intent: &Intent, header: &StaticHeader) -> Slot {
    Slot {
        generation: intent.generation,
        tokens: intent.tokens,
        table_chain: intent.table_chain,
        partial_hash: intent.partial_hash,
        tail_length: (intent.tokens % TAIL_TOKENS * TOKEN_BYTES) as u32,
        tail_hash: intent.tail_hash,
        committed_at_ns: intent.committed_at_ns,
        tag: intent.tag,
        ..Slot::first(header, 0)
    }
}

/// The head of a file without slots, with no tokens. `None` without a sound header.
fn head_without_slots<D: Disk>(source: &Source<D>) -> Result<Option<Head>, IoError> {
    let length = source.len()?;
    let found = header_page(source, 0)
        .map(|header| (header, vec![]))
        .or_else(|| Some((header_of_slots(source)?, vec![Finding::Header])))
        .or_else(|| {
            let header = header_page(source, SPARE_HEADER_OFFSET)?;
            Some((header, vec![Finding::Header]))
        });
    Ok(found.map(|(header, findings)| Head {
        header,
        slot: Slot::first(&header, 0),
        slot_copy: [0; COPY_BYTES],
        other: None,
        slot_pages: Box::new([[0; SLOT_PAGE_BYTES]; 2]),
        tail_image: None,
        findings,
        length,
        unreadable: None,
    }))
}

fn header_page<D: Disk>(source: &Source<D>, offset: u64) -> Option<StaticHeader> {
    let mut page = [0; HEADER_BYTES];
    source.read(&mut page, offset).ok()?;
    let header = page.first_chunk()?;
    page_checksum_holds(&page).then(|| decode(header)).flatten()
}

fn header_of_slots<D: Disk>(source: &Source<D>) -> Option<StaticHeader> {
    let mut offsets = SLOT_OFFSETS
        .into_iter()
        .flat_map(|slot| COPY_OFFSETS.map(|copy| slot + copy as u64));
    offsets.find_map(|offset| {
        let mut copy = [0; COPY_BYTES];
        source.read(&mut copy, offset).ok()?;
        copy_checksum_holds(&copy).then(|| decode(&Slot::decode(&copy).header_copy))?
    })
}

fn decode(bytes: &[u8; HEADER_COPY_BYTES]) -> Option<StaticHeader> {
    StaticHeader::decode(bytes).ok()
}
