//! How the tokens of a dataset are read as they come.
//!
//! `unread.rs` has what is still to be told, and learns from each generation; `cursor.rs` is that
//! as a text.

mod cursor;
mod options;
#[cfg(test)]
mod tests;
mod unread;

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Followed as FollowedDisk, RealDir};
use ng_token::Token;

pub use cursor::{Cursor, CursorError};
pub use options::FollowOptions;

use crate::manifest::{Entry, Manifest};
use crate::place::Place;
use crate::{Dataset, DatasetError};
use options::From;
use unread::{Item, Next, Unread, learn};

/// How long to wait before looking again: doubled each time, up to the second.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How old the newest known generation may be while there is more to tell of those known.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How many sealed files wait to be told before later generations are left for later.
const MOST_WAITING: usize = if cfg!(test) { 4 } else { 1024 };

/// Reads the tokens of a dataset as they come: those that are kept, then those that are committed,
/// each once and verified.
///
/// The tokens of each writer come in order, across rolls; of several writers with open tails the
/// batches take turns. Sealed shards come before open tails.
///
/// It tells each token as it was appended. Rows that a change rewrites are not told again, and
/// rows that were rewritten before they were told come as they were, as long as their file is
/// there. The shards that a change wrote are told only to who begins with the oldest rows, and only
/// those that are there then.
///
/// It holds nothing back: rows whose file is removed before they were told, by retention or after a
/// change, come as a [`Gap`](Followed::Gap) with their exact number. Its memory is that of one
/// generation, a batch, and the names of a thousand files that wait.
///
/// ```
/// use std::time::Duration;
///
/// use ng_dataset::{CreateOptions, Dataset, Followed, FollowOptions, WriterOptions};
/// use ng_dataset::ng_token::Token;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.ngd");
/// let dataset = Dataset::create(&path, &CreateOptions::new())?;
/// let mut writer = dataset.writer(&WriterOptions::new())?;
/// let mut follower = dataset.follow(&FollowOptions::new().until_closed(true))?;
/// writer.append_with(1000, |index| Token::new(index as u32))?;
/// writer.close()?;
/// let mut count = 0;
/// loop {
///     match follower.next(Duration::from_secs(1))? {
///         Followed::Tokens(batch) => count += batch.tokens.len(),
///         Followed::Gap { rows } => eprintln!("{rows} went by"),
///         Followed::Closed => break,
///         _ => {}
///     }
/// }
/// assert_eq!(count, 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Follower<R: Dir = RealDir> {
    place: Arc<Place<R>>,
    dataset: FileId,
    items: VecDeque<Item<R::File>>,
    /// Of all rows that were ever appended, as many are told or in the items.
    appended: u64,
    /// The newest generation it has learnt from, and when it has looked for a newer one.
    generation: Option<u64>,
    looked: Instant,
    tokens: Vec<Token>,
    until_closed: bool,
}

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Followed<'a> {
    /// Rows of a file.
    Tokens(Batch<'a>),
    /// Rows were removed before they were told.
    Gap {
        /// How many.
        rows: u64,
    },
    /// Rows are damaged: those of a block, or the rest of a file that cannot be opened. They are
    /// told once, and what comes behind them follows.
    Damaged {
        /// The file.
        file: FileId,
        /// How many.
        rows: u64,
    },
    /// Nothing was committed within the time.
    Nothing,
    /// No open tail has a writer, and all was told; only if
    /// [asked for](FollowOptions::until_closed).
    Closed,
}

/// Rows of a file, at most four blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// The file.
    pub file: FileId,
    /// The first row.
    pub first_row: u64,
    /// Their tokens, at least one.
    pub tokens: &'a [Token],
}

/// What was found; the tokens are kept elsewhere.
enum Found {
    Tokens(FileId, u64),
    Gap(u64),
    Damaged(FileId, u64),
    Nothing,
    Closed,
}

impl<R: Dir> Dataset<R>
where
    R::File: FollowedDisk,
{
    /// Begins to follow.
    ///
    /// # Errors
    ///
    /// [`DatasetError::OtherDataset`] for the cursor of another dataset, and the others of
    /// [`DatasetError`].
    pub fn follow(&self, options: &FollowOptions) -> Result<Follower<R>, DatasetError> {
        let mut follower = Follower {
            place: self.place().clone(),
            dataset: self.id(),
            items: VecDeque::new(),
            appended: 0,
            generation: None,
            looked: Instant::now(),
            tokens: Vec::new(),
            until_closed: options.until_closed,
        };
        match &options.from {
            From::Oldest => follower.begin(false)?,
            From::Now => follower.begin(true)?,
            From::Cursor(cursor) => follower.resume(cursor)?,
        }
        Ok(follower)
    }
}

impl<R: Dir> Follower<R> {
    /// Returns where it is: behind all that it has told.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor {
            dataset: self.dataset,
            appended: self.appended,
            places: self.items.iter().map(Item::at).collect(),
        }
    }

    /// Returns the number of the newest generation it knows.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        self.generation
    }

    fn resume(&mut self, cursor: &Cursor) -> Result<(), DatasetError> {
        if cursor.dataset != self.dataset {
            return Err(DatasetError::OtherDataset {
                path: self.place.path().to_owned(),
                found: self.dataset,
                expected: cursor.dataset,
            });
        }
        self.appended = cursor.appended;
        self.items = cursor.places.iter().copied().map(Item::of).collect();
        Ok(())
    }
}

impl<R: Dir> Follower<R>
where
    R::File: FollowedDisk,
{
    /// Returns what comes next, and waits for it as long as `timeout`.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: nothing was told. A file that the system refuses to read is tried again
    /// once there is no more of the others, so the rows of its writer may come out of order.
    pub fn next(&mut self, timeout: Duration) -> Result<Followed<'_>, DatasetError> {
        Ok(match self.find(timeout)? {
            Found::Tokens(file, first_row) => Followed::Tokens(Batch {
                file,
                first_row,
                tokens: &self.tokens,
            }),
            Found::Damaged(file, rows) => Followed::Damaged { file, rows },
            Found::Gap(rows) => Followed::Gap { rows },
            Found::Nothing => Followed::Nothing,
            Found::Closed => Followed::Closed,
        })
    }

    /// Takes all rows of the newest generation to be told, or only what comes later.
    fn begin(&mut self, is_later: bool) -> Result<(), DatasetError> {
        let (newest, _) = self.place.newest_readable()?;
        for entry in &newest.entries {
            let mut unread = Unread::new(entry.file, entry.rows);
            if is_later {
                if !entry.is_open() {
                    continue;
                }
                let rows = unread.newest_rows(&self.place)?;
                unread.row = rows.unwrap_or(0);
            }
            self.items.push_back(Item::Rows(unread));
        }
        self.note(&newest);
        Ok(())
    }

    fn note(&mut self, manifest: &Manifest) {
        self.appended = manifest.appended;
        self.generation = Some(manifest.generation);
    }

    fn find(&mut self, timeout: Duration) -> Result<Found, DatasetError> {
        let began = Instant::now();
        let mut pause = PAUSE;
        if self.looked.elapsed() >= LOOK_EVERY {
            self.look()?;
        }
        loop {
            if let Some(found) = self.take()? {
                return Ok(found);
            }
            if self.look()? {
                continue;
            }
            if self.until_closed && !self.has_writer()? {
                // What it had committed or published before it ended.
                if self.look()? {
                    continue;
                }
                return Ok(self.take()?.unwrap_or(Found::Closed));
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(Found::Nothing);
            }
            sleep(pause.min(left));
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Tells whether an open tail has a living writer. One that goes on in its next tail holds the
    /// lock of the one before until a generation names both.
    fn has_writer(&self) -> Result<bool, DatasetError> {
        for file in self.items.iter().filter_map(Item::file) {
            if self.place.has_writer(file)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Learns from the later generations that are there, one after another; `false` if it has
    /// already.
    fn look(&mut self) -> Result<bool, DatasetError> {
        self.looked = Instant::now();
        let before = self.generation;
        let numbers = self.place.generations()?;
        let first = match before {
            Some(known) => known.saturating_add(1),
            None => self.first_unknown(&numbers)?,
        };
        let later = numbers.partition_point(|number| *number < first);
        for &number in &numbers[later..] {
            if self.has_much_to_tell() {
                return Ok(true);
            }
            if let Some(Ok(manifest)) = self.place.pin(number)? {
                self.learn(&manifest)?;
            }
        }
        let newest = numbers.last().copied();
        if newest.is_none() || newest > self.generation {
            // It is damaged, or was removed since.
            let (newest, _) = self.place.newest_readable()?;
            if Some(newest.generation) > self.generation {
                self.learn(&newest)?;
            }
        }
        Ok(self.generation != before)
    }

    fn learn(&mut self, manifest: &Manifest) -> Result<(), DatasetError> {
        learn(&self.place, manifest, &mut self.items, &mut self.appended)?;
        self.generation = Some(manifest.generation);
        Ok(())
    }

    fn has_much_to_tell(&self) -> bool {
        let waiting = self.items.iter().filter(|item| !item.is_open());
        waiting.count() >= MOST_WAITING
    }

    /// Finds the first generation that the follower of a cursor may not have learnt from.
    fn first_unknown(&self, numbers: &[u64]) -> Result<u64, DatasetError> {
        let mut first = u64::MAX;
        for &number in numbers.iter().rev() {
            match self.place.pin(number)? {
                Some(Ok(manifest)) if self.has_passed(&manifest) => break,
                Some(Ok(_)) => first = number,
                Some(Err(_)) | None => {}
            }
        }
        Ok(first)
    }

    /// Tells whether a generation may be from before the cursor. One of as many rows that names
    /// all of its open tails adds nothing in that case.
    fn has_passed(&self, manifest: &Manifest) -> bool {
        let names = |item: &Item<R::File>| {
            let file = item.file();
            let is_it = |entry: &Entry| entry.is_open() && Some(entry.file) == file;
            manifest.entries.iter().any(is_it)
        };
        let mut open = self.items.iter().filter(|item| item.is_open());
        match manifest.appended.cmp(&self.appended) {
            Ordering::Less => true,
            Ordering::Equal => !open.all(names),
            Ordering::Greater => false,
        }
    }

    /// Takes the next rows that can be read. What could not be read is tried again once the
    /// others have no more.
    fn take(&mut self) -> Result<Option<Found>, DatasetError> {
        if let Some(found) = self.take_sound()? {
            return Ok(Some(found));
        }
        let mut has_failed = false;
        for item in &mut self.items {
            has_failed |= item.forgive();
        }
        match has_failed {
            true => self.take_sound(),
            false => Ok(None),
        }
    }

    fn take_sound(&mut self) -> Result<Option<Found>, DatasetError> {
        let is_next = |item: &Item<R::File>| !item.is_open() && !item.has_failed();
        while let Some(at) = self.items.iter().position(is_next) {
            if let Some(found) = self.take_ended(at)? {
                return Ok(Some(found));
            }
        }
        for at in 0..self.items.len() {
            if let Some(found) = self.take_open(at)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Takes rows of a sealed file; `None` if it has no more, and is forgotten.
    fn take_ended(&mut self, at: usize) -> Result<Option<Found>, DatasetError> {
        let Item::Rows(unread) = &mut self.items[at] else {
            return Ok(match self.items.remove(at) {
                Some(Item::Gone(rows)) => Some(Found::Gap(rows)),
                _ => None,
            });
        };
        let left = unread.end.map_or(0, |end| end.saturating_sub(unread.row));
        if left == 0 {
            self.items.remove(at);
            return Ok(None);
        }
        let next = unread.read(&self.place, &mut self.tokens);
        unread.has_failed = next.is_err();
        Ok(Some(match next? {
            Next::Tokens => told(unread, self.tokens.len()),
            Next::Damaged(rows) => told_damaged(unread, rows),
            Next::Gone => {
                self.items.remove(at);
                Found::Gap(left)
            }
        }))
    }

    /// Takes rows of an open tail, which then waits for the others.
    fn take_open(&mut self, at: usize) -> Result<Option<Found>, DatasetError> {
        let Item::Rows(unread) = &mut self.items[at] else {
            return Ok(None);
        };
        if unread.end.is_some() || unread.has_failed {
            return Ok(None);
        }
        let next = unread.read(&self.place, &mut self.tokens);
        unread.has_failed = next.is_err();
        let found = match next? {
            // If it is gone, the next generation says so.
            Next::Gone => return Ok(None),
            Next::Tokens if self.tokens.is_empty() => return Ok(None),
            Next::Tokens => told(unread, self.tokens.len()),
            Next::Damaged(rows) => told_damaged(unread, rows),
        };
        if let Some(item) = self.items.remove(at) {
            self.items.push_back(item);
        }
        Ok(Some(found))
    }
}

fn told_damaged<D: ng_store::disk::Disk>(unread: &mut Unread<D>, rows: u64) -> Found {
    unread.row += rows;
    Found::Damaged(unread.file, rows)
}

/// Counts rows as told.
fn told<D: ng_store::disk::Disk>(unread: &mut Unread<D>, count: usize) -> Found {
    let first_row = unread.row;
    unread.row += count as u64;
    Found::Tokens(unread.file, first_row)
}

impl<R: Dir> fmt::Debug for Follower<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("path", &self.place.path())
            .field("generation", &self.generation)
            .field("cursor", &self.cursor())
            .finish_non_exhaustive()
    }
}
