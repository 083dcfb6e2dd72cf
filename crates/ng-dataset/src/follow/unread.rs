//! What a follower has still to tell, and what a new generation adds.

use std::collections::btree_map::{BTreeMap, Entry as Slot};
use std::collections::{BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::mem;

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk, Followed};
use ng_store::{BLOCK_TOKENS, BlockReader, OpenError, ReadError};
use ng_token::Token;

use super::cursor::Place as At;
use crate::manifest::{Entry, Manifest};
use crate::place::Place;
use crate::shard::{for_each_row, open_file};
use crate::{DatasetError, Rows};

const BLOCK: u64 = BLOCK_TOKENS as u64;

/// How many blocks are told at once, at most.
const BATCH_BLOCKS: u64 = 4;

/// Rows to be told, in their order.
pub(super) enum Item<D: Disk> {
    Rows(Unread<D>),
    /// This many are gone.
    Gone(u64),
}

/// What comes next of a file.
pub(super) enum Next {
    /// The file is not there.
    Gone,
    Tokens,
    /// This many rows are damaged.
    Damaged(u64),
}

/// Rows of a file that are not told yet.
pub(super) struct Unread<D: Disk> {
    pub(super) file: FileId,
    /// The next.
    pub(super) row: u64,
    /// The end; `None` if it is an open tail.
    pub(super) end: Option<u64>,
    /// Whether it could not be read; the others come first then.
    pub(super) has_failed: bool,
    reader: Option<Box<BlockReader<D>>>,
}

impl<D: Disk> Item<D> {
    pub(super) fn of(place: At) -> Self {
        match place {
            At::File(file, row, end) => Self::Rows(Unread::new(file, Rows { from: row, to: end })),
            At::Gone(rows) => Self::Gone(rows),
        }
    }

    pub(super) fn at(&self) -> At {
        match self {
            Self::Rows(unread) => At::File(unread.file, unread.row, unread.end),
            Self::Gone(rows) => At::Gone(*rows),
        }
    }

    pub(super) fn file(&self) -> Option<FileId> {
        match self {
            Self::Rows(unread) => Some(unread.file),
            Self::Gone(_) => None,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Rows(unread) if unread.has_failed)
    }

    /// Has it tried again, and tells whether it had failed.
    pub(super) fn forgive(&mut self) -> bool {
        match self {
            Self::Rows(unread) => mem::take(&mut unread.has_failed),
            Self::Gone(_) => false,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Rows(Unread { end: None, .. }))
    }
}

impl<D: Disk> Unread<D> {
    pub(super) fn new(file: FileId, rows: Rows) -> Self {
        Self {
            file,
            row: rows.from,
            end: rows.to,
            has_failed: false,
            reader: None,
        }
    }
}

impl<D: Followed> Unread<D> {
    /// Reads the next rows that are there, durable and verified; no tokens if there are none for
    /// now.
    pub(super) fn read<R: Dir<File = D>>(
        &mut self,
        place: &Place<R>,
        tokens: &mut Vec<Token>,
    ) -> Result<Next, DatasetError> {
        tokens.clear();
        let have = match self.have(place) {
            Ok(Some(have)) => have,
            Ok(None) => return Ok(Next::Gone),
            Err(error) => match self.left() {
                Some(left) if is_damage(&error) => return Ok(Next::Damaged(left)),
                _ => return Err(error),
            },
        };
        let batch_end = (self.row / BLOCK + BATCH_BLOCKS).saturating_mul(BLOCK);
        let rows = self.row..have.min(batch_end);
        let Some(reader) = self.reader.as_ref().filter(|_| !rows.is_empty()) else {
            // A sealed file that is too short.
            return Ok(self.left().map_or(Next::Tokens, Next::Damaged));
        };
        let read = for_each_row(reader, rows, |more| {
            tokens.extend_from_slice(more);
            Ok::<_, DatasetError>(())
        });
        match read {
            Err(error) if !is_damage(&error) => Err(error),
            Err(_) if tokens.is_empty() => {
                let block_end = (self.row / BLOCK + 1).saturating_mul(BLOCK);
                Ok(Next::Damaged(have.min(block_end) - self.row))
            }
            // What is before a damaged block comes first.
            _ => Ok(Next::Tokens),
        }
    }

    fn left(&self) -> Option<u64> {
        self.end.map(|end| end.saturating_sub(self.row))
    }

    /// Moves to the newest commit, and returns how many rows there are; `None` if the file is gone.
    pub(super) fn newest_rows<R: Dir<File = D>>(
        &mut self,
        place: &Place<R>,
    ) -> Result<Option<u64>, DatasetError> {
        if !self.open(place)? {
            return Ok(None);
        }
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        reader.refresh()?;
        Ok(Some(reader.len()))
    }

    /// The end of the rows that can be read; `None` if the file is gone.
    fn have<R: Dir<File = D>>(&mut self, place: &Place<R>) -> Result<Option<u64>, DatasetError> {
        if !self.open(place)? {
            return Ok(None);
        }
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        let is_short = match self.end {
            None => reader.len() <= self.row,
            Some(end) => reader.len() < end,
        };
        if is_short {
            reader.refresh()?;
        }
        Ok(Some(self.end.unwrap_or(u64::MAX).min(reader.len())))
    }

    /// Opens the file, unless it is; `false` if it is gone. Whoever has it open can read it to its
    /// end, also when it has no name any more.
    fn open<R: Dir<File = D>>(&mut self, place: &Place<R>) -> Result<bool, DatasetError> {
        if self.reader.is_some() {
            return Ok(true);
        }
        let mut reader = match open_file(place, self.file) {
            Err(DatasetError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(false);
            }
            opened => opened?,
        };
        if self.end.is_none() {
            // The commit that was found may not be durable yet.
            reader.refresh()?;
        }
        self.reader = Some(Box::new(reader));
        Ok(true)
    }
}

/// Tells damage from what may pass.
fn is_damage(error: &DatasetError) -> bool {
    match error {
        DatasetError::Read(error) => !matches!(error, ReadError::Io(_)),
        DatasetError::Open(error) => matches!(
            error,
            OpenError::NotATokenFile { .. }
                | OpenError::Field { .. }
                | OpenError::HeaderDamaged { .. }
                | OpenError::SlotLost { .. }
                | OpenError::NoCommit { .. }
                | OpenError::Truncated { .. }
                | OpenError::TailDamaged { .. }
        ),
        DatasetError::OtherShard { .. } => true,
        _ => false,
    }
}

/// What became of an open tail.
enum Fate {
    Open,
    /// It has this many rows.
    Ended(u64),
    Gone,
}

/// A file in a generation.
#[derive(Clone, Copy)]
struct Named {
    end: Option<u64>,
    stream: Option<u64>,
}

/// Adds what a generation has and the one before had not. Of all rows that were ever appended,
/// `appended` are told, or in the items; those that are in neither now came and went meanwhile.
pub(super) fn learn<R: Dir>(
    place: &Place<R>,
    manifest: &Manifest,
    items: &mut VecDeque<Item<R::File>>,
    appended: &mut u64,
) -> Result<(), DatasetError>
where
    R::File: Followed,
{
    let named = named(&manifest.entries);
    let mut fates = Vec::new();
    for item in items.iter_mut() {
        if let Item::Rows(unread) = item
            && unread.end.is_none()
        {
            fates.push(fate(place, &named, unread)?);
        }
    }
    // Nothing fails from here on.
    let mut sealed = end_tails(items, fates);
    let known: BTreeSet<FileId> = items.iter().filter_map(Item::file).collect();
    let is_new = |named: &Named| named.stream.is_none_or(|stream| stream >= *appended);
    let mut new = Vec::new();
    for file in in_order(&manifest.entries) {
        let Some(named) = named.get(&file).filter(|named| is_new(named)) else {
            continue;
        };
        // A shard that a change wrote has no new rows.
        let is_tail = named.end.is_none() || named.stream.is_some();
        if is_tail && !known.contains(&file) {
            sealed = sealed.saturating_add(named.end.unwrap_or(0));
            let rows = Rows {
                from: 0,
                to: named.end,
            };
            new.push(Item::Rows(Unread::new(file, rows)));
        }
    }
    let gone = manifest.appended.saturating_sub(*appended);
    let gone = gone.saturating_sub(sealed);
    if gone > 0 {
        items.push_back(Item::Gone(gone));
    }
    items.extend(new);
    *appended = manifest.appended.max(*appended);
    Ok(())
}

fn fate<R: Dir>(
    place: &Place<R>,
    named: &BTreeMap<FileId, Named>,
    unread: &mut Unread<R::File>,
) -> Result<Fate, DatasetError>
where
    R::File: Followed,
{
    Ok(match named.get(&unread.file) {
        Some(Named { end: None, .. }) => Fate::Open,
        Some(Named { end: Some(end), .. }) => Fate::Ended(*end),
        // Its writer has ended it, and all that is in it is committed.
        None => match unread.newest_rows(place) {
            Ok(Some(rows)) => Fate::Ended(rows),
            Ok(None) => Fate::Gone,
            Err(error) if is_damage(&error) => Fate::Gone,
            Err(error) => return Err(error),
        },
    })
}

/// Ends the open tails, and returns how many rows those have that did. Of those that are gone only
/// what was told is known.
fn end_tails<D: Disk>(items: &mut VecDeque<Item<D>>, fates: Vec<Fate>) -> u64 {
    let mut fates = fates.into_iter();
    let mut sealed: u64 = 0;
    items.retain_mut(|item| {
        let Item::Rows(unread) = item else {
            return true;
        };
        if unread.end.is_some() {
            return true;
        }
        match fates.next() {
            Some(Fate::Ended(rows)) => {
                unread.end = Some(rows.max(unread.row));
                sealed = sealed.saturating_add(rows);
                true
            }
            Some(Fate::Gone) => {
                sealed = sealed.saturating_add(unread.row);
                false
            }
            Some(Fate::Open) | None => true,
        }
    });
    sealed
}

/// The files of a generation. Rows that a change took out of a file are before those that stay, so
/// the last end is that of the file.
fn named(entries: &[Entry]) -> BTreeMap<FileId, Named> {
    let mut all = BTreeMap::new();
    for entry in entries {
        let stream = entry.sealed.as_ref().and_then(|sealed| sealed.stream);
        let end = entry.rows.to;
        match all.entry(entry.file) {
            Slot::Vacant(slot) => {
                slot.insert(Named { end, stream });
            }
            Slot::Occupied(mut slot) => {
                let named: &mut Named = slot.get_mut();
                named.end = named.end.zip(end).map(|(one, other)| one.max(other));
            }
        }
    }
    all
}

/// The files of a generation, each once.
fn in_order(entries: &[Entry]) -> impl Iterator<Item = FileId> {
    let mut seen = BTreeSet::new();
    let files = entries.iter().map(|entry| entry.file);
    files.filter(move |file| seen.insert(*file))
}
