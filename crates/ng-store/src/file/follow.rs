use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BlockReader, FileInfo, Finding, Head, Tail};
use crate::disk::{Disk, Source};
use crate::format::{COPY_BYTES, Slot};
use crate::{Commit, IoError, OpenError, Operation, ReadError};

/// Follows the commits that somebody else makes to a file.
///
/// What it shows of the file is the commit that [`info`](Self::info) tells of,
/// up to [`tokens`](Self::tokens). It reads heads and hashes; whoever has one
/// reads the tokens.
///
/// A commit can be taken back: when its last sync fails, an appender that comes
/// later may find the commit before it, and write another one of the same number
/// over its tokens. So a follower makes sure of two things.
///
/// - **What it shows next is what was made from what it shows.** A slot names the
///   one before it by its hash. One commit later that must be the follower's own
///   slot; two later, the slot between is the file's other one; where the slots
///   do not tell, the file must begin with the very tokens: the chain over as many
///   entries of its table, and the hash of the block that was not full.
/// - **It is durable.** A new commit is shown after a sync of the follower's own
///   descriptor, and after its slot was read again. The kernel tells a descriptor
///   of each failure to write the file since it was opened, whoever's sync it was
///   that failed; so a commit whose sync failed is not shown, and never will be.
///
/// What it cannot know is what failed before it was opened.
#[derive(Clone, Debug)]
pub struct Follower<D> {
    source: Source<D>,
    head: Box<Head>,
    shown: Commit,
    /// Whether this follower's own sync came after the commit that is shown.
    is_confirmed: bool,
    /// Whether the commit that is shown was taken back, as far as it is known.
    is_doubtful: bool,
    /// Shared with all clones, as the descriptor is: the kernel tells it of a failure once.
    failed: Arc<Mutex<Option<Failed>>>,
}

/// A commit after which a sync failed.
#[derive(Clone, Debug)]
struct Failed {
    slot_copy: Box<[u8; COPY_BYTES]>,
    kind: ErrorKind,
    code: Option<i32>,
}

/// Whether a commit must be durable to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Durable,
    Written,
}

impl<D: Disk> Follower<D> {
    /// Opens a file on any disk, and shows its newest commit, which is not synced
    /// for that; `path` is what errors call the file.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn of_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let follower = Self::of_source(Source::new(disk, path.as_ref()))?;
        follower.check_tail(&follower.head)?;
        Ok(follower)
    }

    /// Takes over from a follower of the same path what it knows of a failed sync:
    /// a new descriptor is not told of that.
    pub(crate) fn after(self, before: &Self) -> Result<Self, OpenError> {
        if self.head.header.file_id == before.head.header.file_id {
            let failed = lock(&before.failed).clone();
            *lock(&self.failed) = failed;
            self.refuse_failed(&self.head)?;
        }
        Ok(self)
    }

    /// Opens a file whose last block the caller checks.
    pub(crate) fn of_source(source: Source<D>) -> Result<Self, OpenError> {
        let head = Head::read(&source)?;
        Ok(Self::of_head(source, head))
    }

    /// Shows a commit that was read.
    pub(crate) fn of_head(source: Source<D>, head: Head) -> Self {
        Self {
            source,
            shown: Commit::of(&head),
            head: Box::new(head),
            is_confirmed: false,
            is_doubtful: false,
            failed: Arc::default(),
        }
    }

    /// Returns how many tokens are shown: all of the commit, or less after
    /// [`refresh`](Self::refresh) found that it was taken back.
    pub fn tokens(&self) -> u64 {
        self.shown.tokens
    }

    /// Returns the commit that is shown: of a file that was found to have gone back,
    /// the one before it, or nothing.
    pub(crate) fn shown(&self) -> Commit {
        self.shown
    }

    /// Returns what the file says about itself, as of the commit that was shown
    /// last.
    pub fn info(&self) -> FileInfo {
        FileInfo::from(&*self.head)
    }

    /// Returns what was wrong when the file was opened or last refreshed.
    pub fn recovery(&self) -> &[Finding] {
        &self.head.findings
    }

    /// Returns the disk.
    pub fn disk(&self) -> &D {
        self.source.disk()
    }

    /// Shows what was committed since, once it is durable, and tells whether that
    /// was anything.
    ///
    /// It costs a sync where there is a new commit, and the first time after
    /// opening. It may wait for the pages that a writer has under way.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotDurable`], now and while that commit is the newest.
    /// [`OpenError::TakenBack`] and [`OpenError::WentBack`]: what is shown shrinks
    /// to what the commit before it holds, if that is still there, or else to
    /// nothing. After any other, it shows what it did before.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Durable)
    }

    /// Shows what was committed since, though a power cut or a failed sync may
    /// yet take it back.
    ///
    /// For who copies the tokens and verifies the copies.
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh); it says [`OpenError::NotDurable`] only of a
    /// commit of which that did.
    pub fn refresh_unsynced(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Written)
    }

    fn refresh_with(&mut self, trust: Trust) -> Result<bool, OpenError> {
        let Some(new) = self.look(trust)? else {
            return Ok(false);
        };
        self.check_tail(&new)?;
        self.show(new, trust);
        Ok(true)
    }

    /// Finds a commit to show in place of the one that is.
    pub(crate) fn look(&mut self, trust: Trust) -> Result<Option<Head>, OpenError> {
        if trust == Trust::Durable && !self.source.disk().is_ours() {
            return Err(OpenError::Forked {
                path: self.source.path().to_owned(),
            });
        }
        let new = Head::read(&self.source)?;
        self.succeed(&new)?;
        self.refuse_failed(&new)?;
        let is_new = new.slot_copy != self.head.slot_copy;
        if trust == Trust::Durable && (is_new || !self.is_confirmed) {
            self.sync(&new)?;
            let again = Head::read(&self.source)?;
            // What was synced is not what was read; the next refresh says more.
            if judge(&self.source, &new, &again).is_err() {
                return Ok(None);
            }
            self.is_confirmed |= !is_new;
        }
        if is_new || self.is_doubtful {
            return Ok(Some(new));
        }
        self.head.findings = new.findings;
        Ok(None)
    }

    /// Shows a commit that [`look`](Self::look) found.
    pub(crate) fn show(&mut self, new: Head, trust: Trust) {
        self.shown = Commit::of(&new);
        self.is_confirmed = trust == Trust::Durable;
        self.is_doubtful = false;
        *self.head = new;
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    pub(crate) fn source(&self) -> &Source<D> {
        &self.source
    }

    fn check_tail(&self, head: &Head) -> Result<(), OpenError> {
        Tail::read(&self.source, head)?.sound(&self.source, head)?;
        Ok(())
    }

    /// Checks that `new` was made from the commit that is shown. Of one that was
    /// taken back, only what both surely hold is shown from then on.
    fn succeed(&mut self, new: &Head) -> Result<(), OpenError> {
        let mut judged = judge(&self.source, &self.head, new);
        // Its slot may be there again, and other tokens behind it.
        if judged.is_ok() && self.is_doubtful && !holds(&self.source, new, &self.head.slot)? {
            judged = Err(taken_back(&self.source, &self.head));
        }
        if let Err(OpenError::TakenBack { .. } | OpenError::WentBack { .. }) = &judged {
            self.is_doubtful = true;
            self.shown = self.in_common(new);
        }
        judged
    }

    /// The commit before the one that is shown, if the file begins with its tokens.
    fn in_common(&self, new: &Head) -> Commit {
        before(&self.head)
            .filter(|(before, _)| holds(&self.source, new, before).unwrap_or(false))
            .map_or(Commit::nothing(self.head.header.file_id), |(slot, copy)| {
                Commit::of_slot(slot, copy)
            })
    }

    fn refuse_failed(&self, new: &Head) -> Result<(), OpenError> {
        if self.source.disk().is_ours() {
            return self.refuse(new, lock(&self.failed).as_ref());
        }
        // A thread that is not in this fork may have the lock, in the middle of a sync.
        match self.failed.try_lock() {
            Ok(failed) => self.refuse(new, failed.as_ref()),
            Err(_) => Ok(()),
        }
    }

    fn refuse(&self, new: &Head, failed: Option<&Failed>) -> Result<(), OpenError> {
        match failed {
            Some(failed) if *failed.slot_copy == new.slot_copy => {
                Err(self.not_durable(new, failed.again()))
            }
            _ => Ok(()),
        }
    }

    /// Syncs what was read, or refuses it for ever: the kernel tells a failure
    /// once, and the next sync would succeed for nothing.
    fn sync(&self, new: &Head) -> Result<(), OpenError> {
        let mut failed = lock(&self.failed);
        // A clone may have been told meanwhile.
        self.refuse(new, failed.as_ref())?;
        match self.source.sync() {
            Err(error) if !cannot_be_synced(&error.source) => {
                *failed = Some(Failed {
                    slot_copy: Box::new(new.slot_copy),
                    kind: error.source.kind(),
                    code: error.source.raw_os_error(),
                });
                Err(self.not_durable(new, error.source))
            }
            _ => Ok(()),
        }
    }

    fn not_durable(&self, new: &Head, source: io::Error) -> OpenError {
        let path = self.source.path().to_owned();
        OpenError::NotDurable {
            path: path.clone(),
            generation: new.slot.generation,
            cause: IoError {
                path,
                operation: Operation::Sync,
                offset: None,
                source,
            },
        }
    }
}

impl Failed {
    fn again(&self) -> io::Error {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => self.kind.into(),
        }
    }
}

/// Tells whether the file system has no sync: one that is only read, on which
/// nothing can be under way.
fn cannot_be_synced(error: &io::Error) -> bool {
    use ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};

    matches!(
        error.kind(),
        InvalidInput | ReadOnlyFilesystem | Unsupported
    )
}

/// What is under the lock is whole, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that `new` was made from `old`, or is the same.
pub(crate) fn judge<D: Disk>(source: &Source<D>, old: &Head, new: &Head) -> Result<(), OpenError> {
    let path = || source.path().to_owned();
    if new.header.file_id != old.header.file_id {
        return Err(OpenError::Replaced { path: path() });
    }
    let (have, found) = (old.slot.generation, new.slot.generation);
    if found < have {
        let path = path();
        return Err(OpenError::WentBack { path, have, found });
    }
    match new.slot.tokens >= old.slot.tokens && was_made_from(source, old, new)? {
        true => Ok(()),
        false => Err(taken_back(source, old)),
    }
}

fn taken_back<D: Disk>(source: &Source<D>, old: &Head) -> OpenError {
    OpenError::TakenBack {
        path: source.path().to_owned(),
        generation: old.slot.generation,
    }
}

fn was_made_from<D: Disk>(source: &Source<D>, old: &Head, new: &Head) -> Result<bool, IoError> {
    let own = Slot::hash_of(&old.slot_copy);
    match new.slot.generation - old.slot.generation {
        0 => Ok(new.slot_copy == old.slot_copy),
        1 => Ok(new.slot.previous_hash == own),
        later => match before(new) {
            Some((between, _)) if later == 2 => Ok(between.previous_hash == own),
            _ => holds(source, new, &old.slot),
        },
    }
}

/// The commit that a newest one was made from, if the file's other slot has it.
fn before(head: &Head) -> Option<&(Slot, [u8; COPY_BYTES])> {
    head.other.as_ref().filter(|(slot, copy)| {
        slot.generation + 1 == head.slot.generation
            && Slot::hash_of(copy) == head.slot.previous_hash
    })
}

/// Tells whether the file begins with the tokens of a commit, whatever else was
/// committed to it. Reads 8 bytes for each full block of it, and the block that
/// is not full.
fn holds<D: Disk>(source: &Source<D>, head: &Head, commit: &Slot) -> Result<bool, IoError> {
    if commit.tokens > head.slot.tokens {
        return Ok(false);
    }
    let as_of = Head {
        slot: *commit,
        tail_image: None,
        ..head.clone()
    };
    let reader = BlockReader::new(Source::new(source.disk(), source.path()), as_of);
    match reader.check_table() {
        Ok(()) => {}
        Err(ReadError::Io(error)) => return Err(error),
        Err(_) => return Ok(false),
    }
    let tail = Tail::read(reader.source(), reader.head())?;
    Ok(matches!(tail, Tail::Sound(_)))
}
