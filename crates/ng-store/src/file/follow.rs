use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BlockReader, FileInfo, Finding, Head, Tail};
use crate::disk::{Disk, Source};
use crate::format::{COPY_BYTES, Slot};
use crate::{Commit, IoError, OpenError, Operation, ReadError};

/// Follows the commits that another writer makes to a file.
///
/// It shows the commit described by [`info`](Self::info), up to [`tokens`](Self::tokens).
/// It reads heads and hashes; its owner reads the tokens.
///
/// A commit can be taken back: if its last sync fails, a later appender may find the
/// previous commit, and write another one of the same number over its tokens. So a follower
/// ensures two things.
///
/// - **The next commit derives from the one shown.** A slot names the one before it by its
///   hash. One commit later that must be the follower's own slot; two later, the slot
///   between is the file's other one; if the slots do not decide, the file must begin with
///   the same tokens: the chain over that many entries of its table, and the hash of the
///   partial block.
/// - **It is durable.** A new commit is shown only after the follower syncs its own
///   descriptor and reads the slot again. The kernel reports to a descriptor every write
///   failure of the file since it was opened, regardless of which process's sync failed; so
///   a commit whose sync failed is never shown.
///
/// It cannot know about failures before it was opened.
#[derive(Clone, Debug)]
pub struct Follower<D> {
    source: Source<D>,
    head: Box<Head>,
    shown: Commit,
    /// Whether this follower synced after the commit shown.
    is_confirmed: bool,
    /// Whether the commit shown is known to be taken back.
    is_doubtful: bool,
    /// Shared with all clones, like the descriptor: the kernel reports a failure to it
    /// once.
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
    /// Opens a file on any disk, and shows its newest commit without a sync; errors call
    /// the file `path`.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn of_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let follower = Self::of_source(Source::new(disk, path.as_ref()))?;
        follower.check_tail(&follower.head)?;
        Ok(follower)
    }

    /// Takes over another follower's knowledge of a failed sync of the same path: a new
    /// descriptor is not notified of it.
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

    /// Shows a commit read before.
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

    /// Returns how many tokens are shown: all of the commit, or fewer after
    /// [`refresh`](Self::refresh) found it taken back.
    pub fn tokens(&self) -> u64 {
        self.shown.tokens
    }

    /// Returns the commit shown: after a rollback was found, the previous one, or nothing.
    pub(crate) fn shown(&self) -> Commit {
        self.shown
    }

    /// Returns the file's info as of the commit shown last.
    pub fn info(&self) -> FileInfo {
        FileInfo::from(&*self.head)
    }

    /// Returns the findings of the open or last refresh.
    pub fn recovery(&self) -> &[Finding] {
        &self.head.findings
    }

    /// Returns the disk.
    pub fn disk(&self) -> &D {
        self.source.disk()
    }

    /// Shows later commits once durable, and tells whether there were any.
    ///
    /// It costs a sync if there is a new commit, and the first time after opening. It may
    /// wait for pages that a writer is writing back.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotDurable`], now and while that commit is the newest.
    /// [`OpenError::TakenBack`] and [`OpenError::WentBack`]: the view shrinks to the tokens
    /// of the previous commit, if that is still there, or else to nothing. After any other
    /// error the view is unchanged.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Durable)
    }

    /// Shows later commits, which a power cut or a failed sync may still take back.
    ///
    /// For callers that copy the tokens and verify the copies.
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh); [`OpenError::NotDurable`] only for a commit for which
    /// `refresh` returned it.
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

    /// Finds a commit to show next.
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
            // The synced state differs from the one read; the next refresh decides.
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

    /// Checks that `new` derives from the commit shown. If that was taken back, only the
    /// tokens certainly common to both stay shown.
    fn succeed(&mut self, new: &Head) -> Result<(), OpenError> {
        let mut judged = judge(&self.source, &self.head, new);
        // Its slot may be there again, with other tokens.
        if judged.is_ok() && self.is_doubtful && !holds(&self.source, new, &self.head.slot)? {
            judged = Err(taken_back(&self.source, &self.head));
        }
        if let Err(OpenError::TakenBack { .. } | OpenError::WentBack { .. }) = &judged {
            self.is_doubtful = true;
            self.shown = self.in_common(new);
        }
        judged
    }

    /// The commit before the one shown, if the file begins with its tokens.
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
        // A thread that does not exist in this fork may hold the lock, in the middle of a
        // sync.
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

    /// Syncs what was read, or refuses it forever: the kernel reports a failure once, and
    /// the next sync would succeed wrongly.
    fn sync(&self, new: &Head) -> Result<(), OpenError> {
        let mut failed = lock(&self.failed);
        // A clone may have been notified meanwhile.
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

/// Tells whether the file system has no sync: a read-only one, where no write can be
/// pending.
fn cannot_be_synced(error: &io::Error) -> bool {
    use ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};

    matches!(
        error.kind(),
        InvalidInput | ReadOnlyFilesystem | Unsupported
    )
}

/// The data under the lock is intact, even after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that `new` derives from `old`, or equals it.
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

/// Checks that the file begins with the tokens of a commit earlier than `head`'s.
pub(super) fn check_begins<D: Disk>(
    source: &Source<D>,
    head: &Head,
    commit: &Commit,
) -> Result<(), OpenError> {
    let path = || source.path().to_owned();
    if commit.file_id != head.slot.file_id {
        return Err(OpenError::Replaced { path: path() });
    }
    let (have, found) = (commit.generation, head.slot.generation);
    if found < have {
        let path = path();
        return Err(OpenError::WentBack { path, have, found });
    }
    let as_of = commit.head(head);
    match found > have && holds(source, head, &as_of.slot)? {
        true => Ok(()),
        false => Err(taken_back(source, &as_of)),
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

/// Tells whether the file begins with the tokens of a commit, whatever follows. Reads 8
/// bytes for each full block of the commit, and its partial block.
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
