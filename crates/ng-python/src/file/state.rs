//! The open file that an object, its iterators and its appends share.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ng_store::{BlockReader, Finding, Savepoint};
use pyo3::exceptions::PyResourceWarning;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::backend::{Backend, Mode};
use crate::error::{BUSY, Error, FORKED};
use crate::known::Known;
use crate::lock::{Held, Lock};
use crate::shown::Shown;

/// A file that is open until it is closed.
///
/// Its locks are taken without the GIL. What is shown has its own lock, so that no reader waits for
/// an append or a commit.
pub(crate) struct FileState {
    path: PathBuf,
    mode: Mode,
    is_appender: bool,
    backend: Lock<Option<Backend>>,
    shown: Lock<Option<Shown>>,
    /// The process in which an append in pieces is in progress; 0, which is no process, if there is
    /// none. A fork has none, and cannot append anyway.
    busy: AtomicU32,
    /// The findings by which a newer commit may be lost, as far as known; `None` if nobody looks
    /// for them.
    losses: Lock<Option<Vec<Finding>>>,
}

impl FileState {
    pub(crate) fn of(
        path: &Path,
        mode: Mode,
        open: impl FnOnce() -> Result<Backend, Error>,
    ) -> Result<Self, Error> {
        let backend = open()?;
        Ok(Self {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            mode,
            is_appender: backend.is_appender(),
            shown: Lock::new(Some(backend.shown())),
            backend: Lock::new(Some(backend)),
            busy: AtomicU32::new(0),
            losses: Lock::new(None),
        })
    }

    /// Makes [`new_losses`](Self::new_losses) find some.
    pub(super) fn look_for_losses(&mut self) {
        self.losses = Lock::new(Some(Vec::new()));
    }

    /// The findings by which a newer commit than the one shown may be lost, without those returned
    /// before.
    pub(super) fn new_losses(&self) -> Result<Vec<Finding>, Error> {
        let mut losses = self.lock(&self.losses)?;
        let Some(before) = losses.as_mut() else {
            return Ok(Vec::new());
        };
        let mut now: Vec<Finding> = self.with(|backend| Ok(backend.losses()))?;
        if now.contains(&Finding::FirstCommitMissing) && self.first_commit_is_under_way() {
            now.retain(|finding| *finding != Finding::FirstCommitMissing);
        }
        let before = std::mem::replace(before, now.clone());
        let is_new = |finding: &Finding| !before.contains(finding);
        Ok(now.into_iter().filter(is_new).collect())
    }

    /// Tells whether the first commit is being made, or has been made by now.
    fn first_commit_is_under_way(&self) -> bool {
        let look = || BlockReader::open(&self.path);
        let is_there =
            |reader: BlockReader| !reader.recovery().contains(&Finding::FirstCommitMissing);
        look().is_ok_and(|reader| reader.appender().is_some()) || look().is_ok_and(is_there)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn is_mapped(&self) -> bool {
        self.mode == Mode::Map
    }

    pub(crate) fn is_appender(&self) -> bool {
        self.is_appender
    }

    pub(crate) fn is_closed(&self) -> Result<bool, Error> {
        Ok(self.lock(&self.shown)?.is_none())
    }

    pub(crate) fn shown(&self) -> Result<Shown, Error> {
        let shown = self.shown.look().ok_or_else(|| self.in_use())?.clone();
        shown.ok_or_else(|| Error::closed(&self.path))
    }

    /// Opens the file anew, to check its newest commit.
    ///
    /// # Errors
    ///
    /// `ChangedError` if the path names another file by now.
    pub(crate) fn reader_to_verify(&self) -> Result<BlockReader, Error> {
        self.open_if(Known::expect_file)
    }

    /// Opens the file anew, to read its newest commit.
    ///
    /// # Errors
    ///
    /// `ChangedError` if it does not begin with what is shown.
    pub(crate) fn reader(&self) -> Result<BlockReader, Error> {
        self.open_if(Known::expect_in)
    }

    fn open_if(
        &self,
        expect: impl FnOnce(&Known, &BlockReader) -> Result<(), Error>,
    ) -> Result<BlockReader, Error> {
        let shown = self.shown()?;
        let reader = BlockReader::open(&self.path)?;
        if let Some(commit) = shown.commit() {
            expect(&Known::opened(&commit), &reader)?;
        }
        Ok(reader)
    }

    fn lock<'a, T>(&self, lock: &'a Lock<T>) -> Result<Held<'a, T>, Error> {
        lock.lock().ok_or_else(|| self.in_use())
    }

    fn in_use(&self) -> Error {
        let path = self.path.display();
        let text = format!("{path}: in use when its process was forked; open it again here");
        Error::new(FORKED, text).at(&self.path)
    }

    /// What is shown, unless it is being changed.
    pub(crate) fn shown_at_once(&self) -> Option<Result<Shown, Error>> {
        let shown = self.shown.look_at_once()?.clone();
        Some(shown.ok_or_else(|| Error::closed(&self.path)))
    }

    /// Calls a function with the open file.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Backend) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.lock(&self.backend)?.as_mut() {
            Some(backend) => work(backend),
            None => Err(Error::closed(&self.path)),
        }
    }

    /// Changes the file, unless an append in pieces is in progress.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&mut Backend) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with(|backend| {
            self.refuse_if_busy()?;
            work(backend)
        })
    }

    fn refuse_if_busy(&self) -> Result<(), Error> {
        match self.busy.load(Ordering::Acquire) == std::process::id() {
            true => {
                let path = self.path.display();
                let text = format!("{path}: another append is in progress");
                Err(Error::new(BUSY, text).at(&self.path))
            }
            false => Ok(()),
        }
    }

    /// Commits, and shows it.
    pub(crate) fn commit(&self, tag: Option<u64>) -> Result<(), Error> {
        self.change(|backend| {
            backend.commit(tag)?;
            *self.lock(&self.shown)? = Some(backend.shown());
            Ok(())
        })
    }

    /// Shows what is newer. After some errors less is shown than before: see `MmapStore::refresh`.
    pub(crate) fn refresh(&self) -> Result<bool, Error> {
        self.with(|backend| {
            let outcome = backend.refresh();
            if !matches!(outcome, Ok(false)) {
                *self.lock(&self.shown)? = Some(backend.shown());
            }
            outcome
        })
    }

    /// Closes the file, even if what was appended cannot be committed.
    pub(crate) fn close(&self, commits: bool) -> Result<(), Error> {
        let mut held = self.lock(&self.backend)?;
        let Some(backend) = held.as_mut() else {
            return Ok(());
        };
        self.refuse_if_busy()?;
        let is_ahead = backend.appended_tokens() > self.shown()?.len() as u64;
        let outcome = match commits && self.is_appender && is_ahead {
            true => backend.commit(None),
            false => Ok(()),
        };
        *held = None;
        crate::query::forget(&self.path);
        *self.lock(&self.shown)? = None;
        outcome
    }

    /// Begins an append in pieces: until it ends, nothing else appends or commits.
    pub(crate) fn begin_append(&self) -> Result<Savepoint, Error> {
        self.change(|backend| {
            let savepoint = backend.savepoint()?;
            self.busy.store(std::process::id(), Ordering::Release);
            Ok(savepoint)
        })
    }

    /// Ends an append; a failed one is taken back. A writer poisoned by a failed write cannot do
    /// so, but does not commit either.
    pub(crate) fn end_append(&self, failed: Option<&Savepoint>) {
        if let (Ok(mut held), Some(savepoint)) = (self.lock(&self.backend), failed)
            && let Some(backend) = held.as_mut()
        {
            let _ = backend.go_back_to(savepoint);
        }
        self.busy.store(0, Ordering::Release);
    }
}

/// Warns if appended tokens are lost with the file, as Python does about unclosed files.
impl Drop for FileState {
    fn drop(&mut self) {
        let (Some(Some(backend)), Some(Some(shown))) =
            (self.backend.get_mut(), self.shown.get_mut())
        else {
            return;
        };
        let lost = backend.appended_tokens().saturating_sub(shown.len() as u64);
        if lost == 0 || !self.is_appender {
            return;
        }
        let path = self.path.display();
        let text = format!("{path}: {lost} appended tokens were not committed; close the file");
        // When it ends, the interpreter takes no warnings.
        let _ = Python::try_attach(|py| warn(py, &text));
    }
}

fn warn(py: Python<'_>, text: &str) {
    let text = CString::new(text).unwrap_or_default();
    let category = PyType::new::<PyResourceWarning>(py);
    if let Err(raised) = PyErr::warn(py, &category, &text, 1) {
        raised.write_unraisable(py, None);
    }
}
