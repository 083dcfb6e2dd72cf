use std::path::Path;

use super::{AppendOptions, Finding};
use crate::disk::{Disk, Source};
use crate::format::{
    COPY_BYTES, COPY_OFFSETS, ENTRY_BYTES, FieldFault, HEAD_BYTES, HEADER_BYTES, HEADER_COPY_BYTES,
    HEADER_MAGIC, HeaderFault, INTENT_OFFSET, Intent, LAST_GENERATION, MAJOR, MINOR,
    READ_ONLY_KNOWN, SLOT_OFFSETS, SLOT_PAGE_BYTES, Slot, StaticHeader, TABLE_OFFSET, TAIL_OFFSETS,
    copy_checksum_holds, hash_tail, page_checksum_holds,
};
use crate::{IoError, OpenError, Operation};

/// How often a head is read while it looks damaged: a writer may be changing it.
const READS: usize = 3;

/// The placeholder for unreadable bytes.
const UNREADABLE: u8 = 0xFF;

const ZEROS: [u8; SLOT_PAGE_BYTES] = [0; SLOT_PAGE_BYTES];

/// The part before the tokens: the header and the newest commit.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) header: StaticHeader,
    pub(crate) slot: Slot,
    /// The slot as stored, with anything a later minor version may add.
    pub(crate) slot_copy: [u8; COPY_BYTES],
    /// The other slot, if a copy is sound, and that copy.
    pub(crate) other: Option<(Slot, [u8; COPY_BYTES])>,
    /// Both slots' pages, as they were read.
    pub(crate) slot_pages: SlotPages,
    /// The tail image of `slot`, if it is sound.
    pub(crate) tail_image: Option<Vec<u8>>,
    pub(crate) findings: Vec<Finding>,
    /// The length of the file, read after the slots.
    pub(crate) length: u64,
    /// The start of an unreadable part, if any. It counts as damaged, and may hold a newer
    /// commit.
    pub(crate) unreadable: Option<u64>,
}

/// The pages of both slots.
pub(crate) type SlotPages = Box<[[u8; SLOT_PAGE_BYTES]; 2]>;

/// Reads the pages of both slots, zero beyond the end of the file.
pub(crate) fn read_slot_pages<D: Disk>(source: &Source<D>) -> Result<SlotPages, IoError> {
    let mut pages = Box::new([[0; SLOT_PAGE_BYTES]; 2]);
    for (page, offset) in pages.iter_mut().zip(SLOT_OFFSETS) {
        source.read(page, offset)?;
    }
    Ok(pages)
}

impl Head {
    /// Reads the head of a file that must be as long as its commit requires.
    pub(crate) fn read<D: Disk>(source: &Source<D>) -> Result<Self, OpenError> {
        let head = Self::read_of_any_length(source)?;
        let need = head.header.length_for(head.slot.tokens);
        if head.length < need {
            return Err(truncated(source.path(), head.length, need));
        }
        Ok(head)
    }

    /// Reads the head of a file that may be truncated.
    pub(crate) fn read_of_any_length<D: Disk>(source: &Source<D>) -> Result<Self, OpenError> {
        let mut outcome = look(source)?;
        for _ in 1..READS {
            if matches!(&outcome, Ok(head) if head.findings.is_empty()) {
                break;
            }
            outcome = agreed(outcome, look(source)?);
        }
        let length = source.len()?;
        match outcome {
            // A truncated slot looks like one never written.
            Ok(_) if length < HEAD_BYTES as u64 => {
                Err(truncated(source.path(), length, TABLE_OFFSET))
            }
            Ok(head) => Ok(Self { length, ..head }),
            Err(error) => Err(cut_within_the_head(source, length)?.unwrap_or(error)),
        }
    }

    /// Refuses files that must not be written. A commit that is unreadable now may be
    /// readable later, if nobody overwrites it.
    pub(crate) fn check_writable(
        &self,
        path: &Path,
        options: &AppendOptions,
    ) -> Result<(), OpenError> {
        if let Some(offset) = self.unreadable {
            return Err(OpenError::Io(IoError {
                path: path.to_owned(),
                operation: Operation::Read,
                offset: Some(offset),
                source: std::io::Error::other("a part of the head cannot be read"),
            }));
        }
        if self.findings.contains(&Finding::Header) {
            return Err(OpenError::HeaderDamaged {
                path: path.to_owned(),
            });
        }
        match self.header.read_only_compatible & !READ_ONLY_KNOWN {
            0 => {}
            unknown => {
                return Err(OpenError::ReadOnlyFeatures {
                    path: path.to_owned(),
                    unknown,
                });
            }
        }
        if self.slot.generation == LAST_GENERATION {
            return Err(OpenError::LastGeneration {
                path: path.to_owned(),
                last: LAST_GENERATION,
            });
        }
        match options.takes_older_commit() {
            true => Ok(()),
            false => self.refuse_lost(path),
        }
    }

    /// Refuses a file that may have lost its newest commit.
    pub(crate) fn refuse_lost(&self, path: &Path) -> Result<(), OpenError> {
        let lost = self.findings.iter().find_map(|finding| match *finding {
            Finding::SlotLost { slot, shown, lost } => Some(OpenError::SlotLost {
                path: path.to_owned(),
                slot,
                shown,
                lost,
            }),
            _ => None,
        });
        lost.map_or(Ok(()), Err)
    }
}

/// Reads the head once. The outer error is only for system errors.
fn look<D: Disk>(source: &Source<D>) -> Result<Result<Head, OpenError>, IoError> {
    let page = Page::read(source)?;
    match page.parse(source.path()) {
        Ok(mut head) => {
            head.unreadable = page.unreadable.as_ref().and_then(|error| error.offset);
            let says_nothing_of_it = !head.findings.iter().any(|finding| {
                matches!(
                    finding,
                    Finding::Slot { slot: 1 }
                        | Finding::SlotLost { slot: 1, .. }
                        | Finding::SlotCopy { slot: 1, .. }
                )
            });
            if head.slot.generation == 0
                && says_nothing_of_it
                && first_commit_left_traces(&page, source)?
            {
                head.findings.push(Finding::FirstCommitMissing);
            }
            Ok(Ok(head))
        }
        Err(error) => page.unreadable.map_or(Ok(Err(error)), Err),
    }
}

/// Tells whether the first commit has written the data before its slot. A zeroed slot looks
/// like one never written.
fn first_commit_left_traces<D: Disk>(page: &Page, source: &Source<D>) -> Result<bool, IoError> {
    // Generation 1 has the second slot, and the last page of the head.
    let image = TAIL_OFFSETS[1] as usize;
    if page.bytes[image..] != ZEROS[..HEAD_BYTES - image] {
        return Ok(true);
    }
    let mut entry = [0; ENTRY_BYTES as usize];
    source.read(&mut entry, TABLE_OFFSET)?;
    Ok(entry != [0; ENTRY_BYTES as usize])
}

/// Merges two reads. Takes the newer commit: if seen whole, it was made, and an active
/// writer may have hidden it from the other read. Takes the faults that both show: a fault
/// in only one was an active writer.
fn agreed(
    first: Result<Head, OpenError>,
    second: Result<Head, OpenError>,
) -> Result<Head, OpenError> {
    match (first, second) {
        (Ok(first), Ok(second)) => {
            let (mut newer, older) = match first.slot.generation > second.slot.generation {
                true => (first, second),
                false => (second, first),
            };
            newer.findings.retain(|f| older.findings.contains(f));
            Ok(newer)
        }
        (Ok(head), Err(_)) | (Err(_), Ok(head)) => Ok(head),
        (Err(_), Err(error)) => Err(error),
    }
}

fn truncated(path: &Path, have: u64, need: u64) -> OpenError {
    OpenError::Truncated {
        path: path.to_owned(),
        have,
        need,
    }
}

/// Tells whether an unparsable file is a truncated one: shorter than any token file, and
/// like one up to its end.
fn cut_within_the_head<D: Disk>(
    source: &Source<D>,
    length: u64,
) -> Result<Option<OpenError>, IoError> {
    if length >= TABLE_OFFSET {
        return Ok(None);
    }
    let mut magic = [0; HEADER_MAGIC.len()];
    let have = source.read(&mut magic, 0)?;
    let like_one = HEADER_MAGIC.starts_with(&magic[..have]);
    Ok(like_one.then(|| truncated(source.path(), length, TABLE_OFFSET)))
}

/// The first bytes of a file, zero beyond its end.
struct Page {
    bytes: Box<[u8; HEAD_BYTES]>,
    /// Why some of them could not be read, if so. These are set to values that no sound
    /// head has, so that they count as damaged.
    unreadable: Option<IoError>,
}

/// The state of a slot copy.
enum Copy {
    Sound(Slot),
    /// Never written.
    Blank,
    Damaged,
    /// Its checksum holds but a field is invalid: the copy's offset, and the field.
    Lying(u64, FieldFault),
}

impl Page {
    fn read<D: Disk>(source: &Source<D>) -> Result<Self, IoError> {
        let mut bytes = Box::new([0; HEAD_BYTES]);
        let mut unreadable = None;
        if let Err(error) = source.read(&mut bytes[..], 0) {
            for (index, part) in bytes.chunks_mut(SLOT_PAGE_BYTES).enumerate() {
                let offset = index * SLOT_PAGE_BYTES;
                if let Err(error) = source.read(part, offset as u64) {
                    part.fill(UNREADABLE);
                    unreadable = Some(error);
                }
            }
            if unreadable.is_none() {
                // The disk did not fail, or not permanently.
                return Err(error);
            }
        }
        Ok(Self { bytes, unreadable })
    }

    fn parse(&self, path: &Path) -> Result<Head, OpenError> {
        let mut findings = Vec::new();
        let header_bytes = self.header_bytes(path, &mut findings)?;
        let header =
            StaticHeader::decode(&header_bytes).map_err(|fault| header_error(fault, path))?;
        let slots = [0, 1].map(|slot| {
            COPY_OFFSETS.map(|offset| self.judge(slot, offset, &header, &header_bytes))
        });
        let other = |newest: &Slot| self.sound_copy(&slots[newest.index() ^ 1], newest.index() ^ 1);
        let (newest, copy) = newest(&slots, path)?;
        for (slot_index, copies) in slots.iter().enumerate() {
            findings.extend(self.find(slot_index, copies, &newest, &header));
        }
        // A later minor version may use bytes that are zero in this one.
        if header.minor <= MINOR {
            self.find_gaps(&mut findings);
        }
        let tail_image = self.tail_image(&newest, &mut findings);
        Ok(Head {
            header,
            slot: newest,
            slot_copy: *self.copy(newest.index(), COPY_OFFSETS[copy]),
            other: other(&newest),
            slot_pages: Box::new(SLOT_OFFSETS.map(|offset| *self.array(offset as usize))),
            tail_image,
            findings,
            length: 0,
            unreadable: None,
        })
    }

    /// The header, from its own page or, if that is damaged, from the newest slot with a
    /// copy.
    fn header_bytes(
        &self,
        path: &Path,
        findings: &mut Vec<Finding>,
    ) -> Result<[u8; HEADER_COPY_BYTES], OpenError> {
        let page: &[u8; HEADER_BYTES] = self.array(0);
        let own: [u8; HEADER_COPY_BYTES] = *self.array(0);
        if own.starts_with(&HEADER_MAGIC) && page_checksum_holds(page) {
            return Ok(own);
        }
        let copies = [0, 1]
            .into_iter()
            .flat_map(|slot| COPY_OFFSETS.map(|offset| self.copy(slot, offset)));
        let newest = copies
            .filter(|copy| copy_checksum_holds(copy))
            .map(Slot::decode)
            .filter(|slot| slot.header_copy.starts_with(&HEADER_MAGIC))
            // Of equal ones the first, which this loop reaches last.
            .rev()
            .max_by_key(|slot| slot.generation);
        match newest {
            Some(slot) => {
                findings.push(Finding::Header);
                Ok(slot.header_copy)
            }
            // No better source than the page itself is left.
            None => match StaticHeader::decode(&own) {
                Err(fault @ (HeaderFault::Magic(_) | HeaderFault::Major(_))) => {
                    Err(header_error(fault, path))
                }
                _ => Err(OpenError::HeaderDamaged {
                    path: path.to_owned(),
                }),
            },
        }
    }

    fn judge(
        &self,
        slot_index: usize,
        offset: usize,
        header: &StaticHeader,
        header_bytes: &[u8; HEADER_COPY_BYTES],
    ) -> Copy {
        let copy = self.copy(slot_index, offset);
        if copy == &[0; COPY_BYTES] {
            return Copy::Blank;
        }
        if !copy_checksum_holds(copy) {
            return Copy::Damaged;
        }
        let slot = Slot::decode(copy);
        // From another file, or written in the wrong place.
        if slot.header_copy != *header_bytes
            || slot.file_id != header.file_id
            || slot.index() != slot_index
        {
            return Copy::Damaged;
        }
        match slot.check(header) {
            Ok(()) => Copy::Sound(slot),
            Err(fault) => Copy::Lying(SLOT_OFFSETS[slot_index] + offset as u64, fault),
        }
    }

    /// The newer of the sound copies of a slot.
    fn sound_copy(&self, copies: &[Copy; 2], slot: usize) -> Option<(Slot, [u8; COPY_BYTES])> {
        let (sound, copy) = newer(copies)?;
        Some((sound, *self.copy(slot, COPY_OFFSETS[copy])))
    }

    /// What is wrong with one slot, given the commit that counts.
    fn find(
        &self,
        slot: usize,
        copies: &[Copy; 2],
        newest: &Slot,
        header: &StaticHeader,
    ) -> Option<Finding> {
        let damaged = |copy| Some(Finding::SlotCopy { slot, copy });
        // Before the first commit, the second slot is unwritten.
        let is_first = newest.generation == 0 && self.receipt(header).is_none();
        match copies {
            [Copy::Sound(first), Copy::Sound(second)] if first == second => None,
            [Copy::Sound(_), Copy::Sound(_)] => Some(Finding::CopiesDiffer { slot }),
            [Copy::Sound(_), _] => damaged(1),
            [_, Copy::Sound(_)] => damaged(0),
            [Copy::Blank, Copy::Blank] if is_first => None,
            [_, Copy::Blank] if is_first => damaged(0),
            [Copy::Blank, _] if is_first => damaged(1),
            _ => Some(self.lost_slot(slot, newest, header)),
        }
    }

    /// Decides by the intent beside it whether a slot without a sound copy may have held a
    /// newer commit than the other.
    fn lost_slot(&self, slot: usize, newest: &Slot, header: &StaticHeader) -> Finding {
        let lost = |tokens| Finding::SlotLost {
            slot,
            shown: newest.tokens,
            lost: tokens,
        };
        let receipt = || self.receipt(header).filter(|_| newest.generation == 0);
        let Some(intent) = self.intent(slot, header).or_else(receipt) else {
            return lost(None);
        };
        let (newer, older) = (newest.generation + 1, newest.generation.checked_sub(1));
        match intent.generation {
            generation if Some(generation) == older => Finding::Slot { slot },
            // The receipt of the first commit, which is the newest.
            generation if generation == newest.generation && intent.has_content_of(newest) => {
                Finding::Slot { slot }
            }
            // Opening to append makes such a commit with the same content.
            generation if generation == newer && intent.has_content_of(newest) => {
                Finding::Slot { slot }
            }
            generation if generation == newer => {
                let can_be = newest.tokens..=header.max_tokens;
                lost(Some(intent.tokens).filter(|tokens| can_be.contains(tokens)))
            }
            _ => lost(None),
        }
    }

    /// The receipt of the first commit beside slot 0, if only that commit was made.
    fn receipt(&self, header: &StaticHeader) -> Option<Intent> {
        let intent = self.intent(0, header);
        intent.filter(|intent| intent.generation == 1)
    }

    /// The intent beside the tail image of a slot, if the file has intents and this one is
    /// sound.
    fn intent(&self, slot: usize, header: &StaticHeader) -> Option<Intent> {
        let at = TAIL_OFFSETS[slot] as usize + INTENT_OFFSET;
        let intent = Intent::decode(self.array(at), header.file_id);
        intent.filter(|_| header.has_intents())
    }

    /// Finds nonzero bytes around the copies.
    fn find_gaps(&self, findings: &mut Vec<Finding>) {
        for slot_offset in SLOT_OFFSETS {
            let first = COPY_OFFSETS[0] + COPY_BYTES..COPY_OFFSETS[1];
            let second = COPY_OFFSETS[1] + COPY_BYTES..SLOT_PAGE_BYTES;
            for gap in [first, second] {
                let start = slot_offset as usize + gap.start;
                let bytes = &self.bytes[start..slot_offset as usize + gap.end];
                // Compares slices first, which is fast even in a dev build.
                if *bytes == ZEROS[..bytes.len()] {
                    continue;
                }
                let at = bytes.iter().take_while(|&&byte| byte == 0).count();
                let offset = (start + at) as u64;
                findings.push(Finding::Gap { offset });
            }
        }
    }

    fn tail_image(&self, slot: &Slot, findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
        let start = TAIL_OFFSETS[slot.index()] as usize;
        // `Slot::check` holds the length below a page.
        let image = &self.bytes[start..start + slot.tail_length as usize];
        if hash_tail(slot.generation, image) == slot.tail_hash {
            return Some(image.to_vec());
        }
        findings.push(Finding::TailImage { slot: slot.index() });
        None
    }

    fn copy(&self, slot_index: usize, offset: usize) -> &[u8; COPY_BYTES] {
        self.array(SLOT_OFFSETS[slot_index] as usize + offset)
    }

    fn array<const N: usize>(&self, offset: usize) -> &[u8; N] {
        match self.bytes[offset..].first_chunk() {
            Some(array) => array,
            None => unreachable!("{N} bytes at {offset} of {HEAD_BYTES}"),
        }
    }
}

fn header_error(fault: HeaderFault, path: &Path) -> OpenError {
    let path = path.to_owned();
    match fault {
        HeaderFault::Magic(found) => OpenError::NotATokenFile { path, found },
        HeaderFault::Major(found) => OpenError::Version {
            path,
            found,
            expected: MAJOR,
        },
        HeaderFault::Features(unknown) => OpenError::Features { path, unknown },
        HeaderFault::Constant(fault) => OpenError::Unsupported {
            path,
            offset: fault.offset,
            field: fault.field,
            found: fault.found,
            expected: fault.expected,
        },
        HeaderFault::Field(fault) => OpenError::field(path, 0, fault),
    }
}

/// Without a sound copy, one with an invalid field is more informative than none.
fn no_commit(slots: &[[Copy; 2]; 2], path: &Path) -> OpenError {
    let lie = slots.as_flattened().iter().find_map(|copy| match copy {
        Copy::Lying(record, fault) => Some((*record, *fault)),
        _ => None,
    });
    match lie {
        Some((record, fault)) => OpenError::field(path.to_owned(), record, fault),
        None => OpenError::NoCommit {
            path: path.to_owned(),
        },
    }
}

/// Picks the newest commit, and the copy that holds it.
fn newest(slots: &[[Copy; 2]; 2], path: &Path) -> Result<(Slot, usize), OpenError> {
    let newer_of_each = slots.iter().filter_map(newer);
    let newest = newer_of_each.max_by_key(|(slot, _)| slot.generation);
    newest.ok_or_else(|| no_commit(slots, path))
}

/// Picks the sound copy of a slot with the higher generation, the first of equals.
fn newer(copies: &[Copy; 2]) -> Option<(Slot, usize)> {
    let sound = copies
        .iter()
        .enumerate()
        .filter_map(|(index, copy)| match copy {
            Copy::Sound(slot) => Some((*slot, index)),
            _ => None,
        });
    sound.reduce(
        |first, second| match second.0.generation > first.0.generation {
            true => second,
            false => first,
        },
    )
}

/// Puts both copies of a slot into its page.
pub(super) fn put_copies(page: &mut [u8; SLOT_PAGE_BYTES], copy: &[u8; COPY_BYTES]) {
    for offset in COPY_OFFSETS {
        page[offset..offset + COPY_BYTES].copy_from_slice(copy);
    }
}
