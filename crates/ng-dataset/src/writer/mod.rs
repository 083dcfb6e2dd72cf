//! How a dataset is appended to.
//!
//! A writer has a tail of its own: a token file that a generation names open. When it is full, the
//! writer goes on in the next one at once; `sealer.rs` is the thread that meanwhile seals the full
//! one and publishes the generation which names both. `left.rs` seals the tails that dead writers
//! left.

mod left;
mod options;
mod retain;
mod seal;
mod sealer;
mod sink;
mod tail;

use std::fmt;
use std::mem;
use std::ops::Range;
use std::time::{Duration, Instant};

use ng_query::sealed::FileId;
use ng_store::WriteError;
use ng_store::disk::{Dir, RealDir};
use ng_store::file::Stamp;
use ng_token::Token;

pub use options::{CommitEvery, Retention, Roll, WriterOptions};

use crate::{Dataset, DatasetError};
use seal::{Kept, Published, open, seal};
use sealer::{Done, Ended, Job, Sealer};
use tail::{Spare, Tail};

/// Appends to a dataset, in a tail of its own.
///
/// What is committed is durable, and seen at once by new snapshots and by those who follow. Any
/// number of writers can be at work; each one's tokens stay in order, there is no order across
/// them.
///
/// A full tail is sealed by a thread of the writer, while the next one is filled. At most one is
/// being sealed; when the next is full before that is done, an append waits.
///
/// It has no timer: what is due by time is done by the next call. A program that waits for its
/// tokens calls [`commit_if_due`](Self::commit_if_due) every [`due_in`](Self::due_in).
///
/// Dropping it leaves the tail open, as a crash does: what was committed stays, and
/// [`Dataset::close_tails`] seals it.
///
/// After a failed commit or a failed sealing it refuses; what was acknowledged stands. After a fork
/// the child's calls are refused ([`WriteError::Forked`]).
///
/// ```
/// use ng_dataset::{CreateOptions, Dataset, Roll, WriterOptions};
/// use ng_dataset::ng_token::Token;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.ngd");
/// let dataset = Dataset::create(&path, &CreateOptions::new())?;
/// let roll = Roll { tokens: Some(8192), ..Roll::default() };
/// let mut writer = dataset.writer(&WriterOptions::new().roll(roll))?;
/// writer.append_with(20_000, |index| Token::new(index as u32))?;
/// writer.commit()?;
/// assert_eq!(dataset.snapshot()?.len(), 20_000);
/// writer.close()?;
/// assert_eq!(dataset.snapshot()?.shards().len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<R: Dir = RealDir> {
    // Dropped first: until the generation that it publishes names the tail, this writer must hold
    // the tail's lock.
    sealer: Sealer<R>,
    spare: Option<Spare<R>>,
    is_spare_asked: bool,
    tail: Tail<R>,
    /// How many tokens were appended to the tails before.
    before: u64,
    /// The tail before, until it is known to be sealed.
    sealing: Option<Sealing>,
    options: WriterOptions,
    /// The most tokens of a tail.
    limit: u64,
    /// When the first token of the tail was appended, and the first that is not committed.
    began: Option<Instant>,
    uncommitted_since: Option<Instant>,
    published: Published,
    is_retain_asked: bool,
    /// An error after an append that was done.
    deferred: Option<DatasetError>,
    is_poisoned: bool,
    /// Whether an append is at work that has rolled: if it fails, part of it was appended.
    is_torn: bool,
}

#[derive(Clone, Copy, Debug)]
struct Sealing {
    appended: u64,
    committed: u64,
}

impl<R: Dir> Dataset<R> {
    /// Begins to append, in a new tail, which a new generation names.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]; those of [`close_tails`](Self::close_tails) if tails are
    /// [taken over](WriterOptions::take_over).
    pub fn writer(&self, options: &WriterOptions) -> Result<Writer<R>, DatasetError> {
        if options.takes_over {
            self.close_tails()?;
        }
        let sealer = Sealer::new(self.place().clone(), options);
        let tail = Tail::create(self.place(), options.cache)?;
        let published = open(self.place(), tail.file, &options.retention)
            .inspect_err(|_| tail.remove_if_unnamed(self.place()))?;
        Ok(Writer {
            sealer,
            spare: None,
            is_spare_asked: false,
            tail,
            before: 0,
            sealing: None,
            limit: options.roll.limit(),
            options: options.clone(),
            began: None,
            uncommitted_since: None,
            published,
            is_retain_asked: false,
            deferred: None,
            is_poisoned: false,
            is_torn: false,
        })
    }
}

impl<R: Dir> Writer<R> {
    /// Returns how many tokens it has appended, committed or not.
    #[must_use]
    pub fn appended_tokens(&self) -> u64 {
        self.before + self.tail.writer.appended_tokens()
    }

    /// Returns how many of its tokens are known to be durable.
    #[must_use]
    pub fn committed_tokens(&self) -> u64 {
        match self.sealing {
            Some(sealing) => self.before - sealing.appended + sealing.committed,
            None => self.before + self.tail.writer.committed_tokens(),
        }
    }

    /// Returns the number of the last generation it is known to have published, or found when it
    /// had none to publish.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.published.generation
    }

    /// Returns the file of its tail.
    #[must_use]
    pub fn tail(&self) -> FileId {
        self.tail.file
    }

    /// Returns how long it is until something is due by time: a commit, a roll or the end of a
    /// shard's age; `None` if nothing is.
    #[must_use]
    pub fn due_in(&self) -> Option<Duration> {
        let since = |since: Option<Instant>, after: Option<Duration>| {
            Some(after?.saturating_sub(since?.elapsed()))
        };
        let commit = since(self.uncommitted_since, self.options.commit_every.after);
        let roll = since(self.began, self.options.roll.after);
        let age = self.published.next_age_ns;
        let age = (age != u64::MAX && !self.is_retain_asked)
            .then(|| Duration::from_nanos(age.saturating_sub(ng_store::now_ns())));
        [commit, roll, age].into_iter().flatten().min()
    }

    fn room(&self) -> u64 {
        self.limit
            .saturating_sub(self.tail.writer.appended_tokens())
    }

    fn is_roll_due(&self) -> bool {
        let is_over = |after| self.began.is_some_and(|began| began.elapsed() >= after);
        self.room() == 0 || self.options.roll.after.is_some_and(is_over)
    }

    fn is_commit_due(&self) -> bool {
        let every = self.options.commit_every;
        let writer = &self.tail.writer;
        let uncommitted = writer.appended_tokens() - writer.committed_tokens();
        let by_count = every.tokens.is_some_and(|tokens| uncommitted >= tokens);
        let since = self.uncommitted_since;
        let by_time = every
            .after
            .is_some_and(|after| since.is_some_and(|since| since.elapsed() >= after));
        uncommitted > 0 && (by_count || by_time)
    }

    /// Refuses in a fork, and after what cannot be gone on from.
    fn check_sound(&self) -> Result<(), DatasetError> {
        let path = || self.tail.writer.path().to_owned();
        if !self.sealer.is_ours() {
            return Err(WriteError::Forked { path: path() }.into());
        }
        if self.is_poisoned || self.is_torn {
            return Err(WriteError::Poisoned { path: path() }.into());
        }
        Ok(())
    }

    /// Begins a call: takes what the thread has done, and reports what failed since the last.
    fn begin(&mut self) -> Result<(), DatasetError> {
        self.check_sound()?;
        loop {
            let done = self.sealer.poll();
            match self.or_poison(done)? {
                Some(done) => self.take(done)?,
                None => break,
            }
        }
        self.report_deferred()
    }

    fn report_deferred(&mut self) -> Result<(), DatasetError> {
        match self.deferred.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn or_poison<T>(&mut self, result: Result<T, Ended>) -> Result<T, DatasetError> {
        result.map_err(|Ended| {
            self.is_poisoned = true;
            let path = self.tail.writer.path().to_owned();
            WriteError::Poisoned { path }.into()
        })
    }

    fn take(&mut self, done: Done<R>) -> Result<(), DatasetError> {
        match done {
            Done::Spare(spare) => {
                self.is_spare_asked = false;
                self.spare = Some(spare?);
            }
            Done::Retained(kept) => {
                self.is_retain_asked = false;
                self.keep(kept?);
            }
            Done::Sealed(kept) => {
                if kept.is_err() {
                    self.is_poisoned = true;
                    self.tail.remove_if_unnamed(self.sealer.place());
                }
                self.keep(kept?);
                self.sealing = None;
            }
        }
        Ok(())
    }

    /// Files that could not be removed are told by the next call, and go next time.
    fn keep(&mut self, (published, failed): Kept) {
        self.published = published;
        self.deferred = failed.or(self.deferred.take());
    }

    /// Waits for one more outcome of the thread; `false` if none is to come.
    fn take_next(&mut self) -> Result<bool, DatasetError> {
        let done = self.sealer.wait();
        match self.or_poison(done)? {
            Some(done) => self.take(done).map(|()| true),
            None => Ok(false),
        }
    }

    /// Waits until the generation that names the tail is published.
    fn settle(&mut self) -> Result<(), DatasetError> {
        while self.sealing.is_some() && self.take_next()? {}
        Ok(())
    }
}

impl<R: Dir + Send + Sync + 'static> Writer<R> {
    /// Appends a copy of `tokens`.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: nothing was appended, unless the append rolled on the way: then the writer
    /// refuses from now on. An error of an earlier roll or commit is reported here, too.
    pub fn append(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        self.in_pieces(tokens.len(), |tail, range| {
            tail.writer.append(&tokens[range])
        })
    }

    /// Appends `f(0)` to `f(count - 1)`.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    ///
    /// # Panics
    ///
    /// If `f` panics. Nothing was appended, unless the append rolled on the way: then the writer
    /// refuses from now on.
    pub fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token,
    ) -> Result<(), DatasetError> {
        self.in_pieces(count, |tail, range| {
            let first = range.start;
            tail.writer
                .append_with(range.len(), |index| f(first + index))
        })
    }

    /// Makes all appended tokens durable, and seen. Takes two syncs, and waits for the tail before
    /// to be sealed.
    ///
    /// If shards are kept by age, those that are too old now go soon after, without waiting.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]; the last commit stands, and the writer refuses from now on, unless the
    /// error is that there is no room for the next tail.
    pub fn commit(&mut self) -> Result<(), DatasetError> {
        self.begin()?;
        self.roll_if_due()?;
        self.commit_tail()?;
        self.retain_if_due()
    }

    /// Does what is due by time: a commit, a roll, and the retention by age.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn commit_if_due(&mut self) -> Result<(), DatasetError> {
        self.begin()?;
        self.do_what_is_due()?;
        self.retain_if_due()
    }

    /// Ends the tail, unless it is empty, and goes on in another. Does not wait for it to be
    /// sealed: [`wait`](Self::wait) does.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    pub fn roll(&mut self) -> Result<(), DatasetError> {
        self.begin()?;
        match self.tail.writer.appended_tokens() {
            0 => Ok(()),
            _ => self.roll_now(),
        }
    }

    /// Waits until all tails before this one are sealed, and shards that are too old dropped.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] if that failed; the writer refuses from now on.
    pub fn wait(&mut self) -> Result<(), DatasetError> {
        self.begin()?;
        while self.take_next()? {}
        self.report_deferred()
    }

    /// Commits and seals the tail, and waits for that; an empty tail goes. Returns the number of
    /// the generation.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]. The tail then stays open, as if the writer had been dropped.
    pub fn close(mut self) -> Result<u64, DatasetError> {
        self.check_sound()?;
        loop {
            match self.take_next() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if self.is_poisoned => return Err(error),
                // No spare file is needed any more.
                Err(_) => {}
            }
        }
        let (place, kept) = (self.sealer.place(), self.sealer.kept());
        match (seal(place, &mut self.tail, None, kept), self.deferred) {
            // Files that could not be removed go with the next collection.
            (Ok((published, _)), _) => Ok(published.generation),
            (Err(_), Some(earlier)) => Err(earlier),
            (Err(error), None) => Err(error),
        }
    }

    /// Appends piece by piece, each to a tail that has room for it.
    fn in_pieces(
        &mut self,
        count: usize,
        put: impl Fn(&mut Tail<R>, Range<usize>) -> Result<(), WriteError>,
    ) -> Result<(), DatasetError> {
        self.begin()?;
        self.roll_if_due()?;
        let mut done = 0;
        while done < count {
            let room = usize::try_from(self.room()).unwrap_or(usize::MAX);
            let end = done + room.min(count - done);
            if end < count {
                self.prepare_next((count - end) as u64)?;
            }
            put(&mut self.tail, done..end)?;
            self.note_time();
            done = end;
            // Until the rest is appended, too.
            self.is_torn = done < count;
            if self.is_torn {
                self.roll_now()?;
            }
        }
        // What fails now is no failure of this append.
        self.deferred = self.do_what_is_due().err();
        Ok(())
    }

    /// Makes the next tail, with room for what goes on there, so that a full disk is found before
    /// anything is appended.
    fn prepare_next(&mut self, tokens: u64) -> Result<(), DatasetError> {
        self.need_spare()?;
        if let Some(writer) = self.spare.as_mut().and_then(Spare::writer) {
            writer.reserve(tokens.min(self.limit))?;
        }
        Ok(())
    }

    fn note_time(&mut self) {
        let now = || Some(Instant::now());
        if self.options.roll.after.is_some() {
            self.began = self.began.or_else(now);
        }
        if self.options.commit_every.after.is_some() {
            self.uncommitted_since = self.uncommitted_since.or_else(now);
        }
    }

    fn do_what_is_due(&mut self) -> Result<(), DatasetError> {
        self.roll_if_due()?;
        let is_half = self.room() < self.limit / 2;
        if is_half && self.spare.is_none() {
            self.ask_spare()?;
        }
        match self.is_commit_due() {
            true => self.commit_tail(),
            false => Ok(()),
        }
    }

    fn roll_if_due(&mut self) -> Result<(), DatasetError> {
        match self.is_roll_due() {
            true => self.roll_now(),
            false => Ok(()),
        }
    }

    /// Goes on in the next tail, and has this one sealed.
    fn roll_now(&mut self) -> Result<(), DatasetError> {
        self.need_spare()?;
        self.settle()?;
        let Some(next) = self.spare.take().and_then(Spare::into_tail) else {
            return Ok(());
        };
        let file = next.file;
        let full = mem::replace(&mut self.tail, next);
        let sealing = Sealing {
            appended: full.writer.appended_tokens(),
            committed: full.writer.committed_tokens(),
        };
        self.before += sealing.appended;
        self.sealing = Some(sealing);
        self.began = None;
        self.uncommitted_since = None;
        let asked = self.sealer.ask(Job::Seal(full, file));
        self.or_poison(asked)
    }

    fn need_spare(&mut self) -> Result<(), DatasetError> {
        while self.spare.is_none() {
            self.ask_spare()?;
            self.take_next()?;
        }
        Ok(())
    }

    fn ask_spare(&mut self) -> Result<(), DatasetError> {
        if self.is_spare_asked {
            return Ok(());
        }
        self.is_spare_asked = true;
        let asked = self.sealer.ask(Job::Spare);
        self.or_poison(asked)
    }

    fn commit_tail(&mut self) -> Result<(), DatasetError> {
        self.settle()?;
        self.tail.writer.commit(Stamp::now(0))?;
        self.uncommitted_since = None;
        Ok(())
    }

    fn retain_if_due(&mut self) -> Result<(), DatasetError> {
        if self.is_retain_asked || ng_store::now_ns() < self.published.next_age_ns {
            return Ok(());
        }
        self.is_retain_asked = true;
        let asked = self.sealer.ask(Job::Retain);
        self.or_poison(asked)
    }
}

impl<R: Dir> fmt::Debug for Writer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.sealer.place().path())
            .field("tail", &self.tail.file)
            .field("appended", &self.appended_tokens())
            .field("committed", &self.committed_tokens())
            .finish_non_exhaustive()
    }
}
