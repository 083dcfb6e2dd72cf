//! The store in a file: written through the descriptor, read through a map.

mod map_options;
mod map_pass;
mod mapped_blocks;
mod private;
mod sight;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_token::Token;

pub use map_options::MapOptions;
pub use map_pass::{MapPass, MapWindow};
pub use mapped_blocks::MappedBlocks;
pub use private::PrivateStore;

use crate::disk::{Disk, NameState, RealFile, Source};
use crate::file::{CreateOptions, FileInfo, Finding, Follower, Head, Trust, judge};
use crate::format::FileBlockHasher;
use crate::raw::{Map, Promise, Snapshot};
use crate::registered::register;
use crate::{
    Access, AppendOptions, BlockReader, Commit, CreateError, FileDraft, FileWriter, IoError,
    MemoryUsage, OpenError, Operation, Savepoint, StoreBlocks, TokenSink, TokenStore, WriteError,
};

/// Tokens in a file: written through the descriptor, read through a map.
///
/// - **Append-only.** Committed tokens never change, so [`tokens`](TokenStore::tokens) and
///   snapshots are plain slices.
/// - **Durable.** [`commit`](TokenSink::commit) returns when the tokens are on the disk;
///   after a crash, the file opens at that commit or the next one, complete.
/// - **Errors, not signals.** Tokens are written with `pwrite` into preallocated space, so
///   that a full or failing disk is a [`WriteError`] and not a signal.
///
/// `tokens()` shows committed tokens. One store appends, and holds the file's lock; any
/// number of others read.
///
/// After a fork a child can keep reading its parent's store, but cannot append through it:
/// see [`FileWriter`].
///
/// ```
/// use ng_store::{CreateOptions, MmapStore, TokenSink, TokenStore};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("first.ngt");
/// // SAFETY: (1) nobody else knows of this file.
/// let mut store = unsafe { MmapStore::create(&path, &CreateOptions::new()) }?;
/// store.append_with(1_000, |index| Token::new(index as u32))?;
/// assert_eq!(store.len(), 0);
/// store.commit()?;
/// assert_eq!(store.len(), 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MmapStore {
    snapshot: Snapshot,
    role: Role,
    mapping: Mapping,
    /// The absolute path by which the store was opened: the current folder may change.
    path: PathBuf,
}

/// How the store's maps are made.
#[derive(Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) promise: Promise,
    pub(crate) options: MapOptions,
}

#[derive(Debug)]
enum Role {
    Reader(Box<Follower<RealFile>>),
    Appender(Box<FileWriter>),
}

impl MmapStore {
    pub(crate) fn create_promised(
        path: &Path,
        options: &CreateOptions,
        mapping: Mapping,
    ) -> Result<Self, CreateError> {
        let mut draft = FileDraft::begin(path, options)?;
        // Before the file gets its name: after that nothing else may fail.
        let mapped = show(draft.writer(), mapping);
        let snapshot = mapped.map_err(|cause| WriteError::Map { cause })?;
        let path = absolute(path)?;
        let writer = draft.publish()?;
        Ok(Self::appender(writer, snapshot, mapping, path))
    }

    pub(crate) fn open_promised(path: &Path, mapping: Mapping) -> Result<Self, OpenError> {
        let store = Self::open_once(path, mapping);
        match store {
            // The file was copied between opening and mapping.
            Err(OpenError::MapDiffers { .. }) => Self::open_once(path, mapping),
            other => other,
        }
    }

    fn open_once(path: &Path, mapping: Mapping) -> Result<Self, OpenError> {
        let follower = Follower::of_source(Source::new(RealFile::open(path, false)?, path))?;
        let snapshot = map_of(follower.source(), follower.head(), mapping)?;
        Ok(Self {
            snapshot,
            mapping,
            role: Role::Reader(Box::new(follower)),
            path: absolute(path)?,
        })
    }

    pub(crate) fn open_append_promised(
        path: &Path,
        options: &AppendOptions,
        mapping: Mapping,
    ) -> Result<Self, OpenError> {
        let writer = FileWriter::open_append_with(path, options)?;
        let snapshot = show(&writer, mapping)?;
        sight::check(writer.source(), writer.head(), &snapshot)?;
        Ok(Self::appender(writer, snapshot, mapping, absolute(path)?))
    }

    pub(crate) fn reopen_promised(&mut self, promise: Promise) -> Result<(), OpenError> {
        let before = match &self.role {
            Role::Reader(follower) => follower,
            Role::Appender(writer) => {
                let path = writer.source().path().to_owned();
                let holder = writer.source().disk().lock_holder();
                return Err(OpenError::Locked { path, holder });
            }
        };
        let mapping = Mapping {
            promise,
            ..self.mapping
        };
        let mut anew = Self::open_promised(&self.path, mapping)?;
        if before.disk().is_registered() {
            anew.register()?;
        }
        anew.role = match anew.role {
            Role::Reader(follower) => Role::Reader(Box::new(follower.after(before)?)),
            appender => appender,
        };
        *self = anew;
        Ok(())
    }

    fn appender(writer: FileWriter, snapshot: Snapshot, mapping: Mapping, path: PathBuf) -> Self {
        Self {
            snapshot,
            mapping,
            role: Role::Appender(Box::new(writer)),
            path,
        }
    }

    /// Returns the committed tokens, which stay valid while the store changes.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// Returns the file's info, as of the commit shown.
    pub fn info(&self) -> FileInfo {
        match &self.role {
            Role::Reader(follower) => follower.info(),
            Role::Appender(writer) => writer.info(),
        }
    }

    /// Returns the findings of the open or last refresh.
    pub fn recovery(&self) -> &[Finding] {
        match &self.role {
            Role::Reader(follower) => follower.recovery(),
            Role::Appender(writer) => writer.recovery(),
        }
    }

    /// Tells whether the store can append.
    pub fn is_appender(&self) -> bool {
        matches!(self.role, Role::Appender(_))
    }

    /// Shows later commits of other writers once durable, and tells whether there were
    /// any. Earlier snapshots are unaffected. An appender already shows everything.
    ///
    /// A new commit is shown only after a sync of the store's own descriptor, because a
    /// commit can be taken back as long as its last sync may fail; so can the commit a
    /// store opened at, which the first refresh syncs. After a refresh, what is shown is on
    /// the disk, unless its sync had failed before this store was opened. The sync waits
    /// for the disk, with an active writer as long as a commit; if there is nothing new,
    /// there is no sync. If more than two commits were made since, it also reads 8 bytes
    /// for each full block shown.
    ///
    /// # Errors
    ///
    /// - [`OpenError::TakenBack`], [`OpenError::WentBack`]: the file does not continue from
    ///   the commit shown. [`tokens`](TokenStore::tokens) shrinks to the previous commit,
    ///   if the file still begins with it, or else to nothing; [`info`](Self::info) is
    ///   unchanged. Snapshots cannot shrink: their last tokens may change.
    /// - [`OpenError::NotDurable`]: a sync failed, and this store never shows the new
    ///   commit. If it is the commit it opened at, that stays shown.
    /// - [`OpenError::Replaced`]: the store's path names another file, or the file has no
    ///   name left. A renamed file with nothing in its place is followed.
    /// - [`OpenError::MapDiffers`]: the new commit can be read but not mapped, even after
    ///   reopening the file.
    /// - Any other: the new commit cannot be read.
    ///
    /// After all but the first two, the view is unchanged. After those and after
    /// `Replaced`, [`reopen`](Self::reopen) shows the current file.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Durable)
    }

    /// Shows later commits of other writers like [`refresh`](Self::refresh), but without
    /// a sync: it may show a commit whose last sync is in progress, and if that fails, an
    /// appender may overwrite the tokens shown.
    ///
    /// Only for callers that copy the tokens and verify the copies.
    ///
    /// # Errors
    ///
    /// As `refresh`; [`OpenError::NotDurable`] only for a commit for which `refresh`
    /// returned it.
    pub fn refresh_unsynced(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Written)
    }

    fn refresh_with(&mut self, trust: Trust) -> Result<bool, OpenError> {
        let Role::Reader(follower) = &mut self.role else {
            return Ok(false);
        };
        check_name(follower.source(), &self.path)?;
        let found = follower.look(trust);
        if follower.shown() != *self.snapshot.commit() {
            self.snapshot = self.snapshot.map().show(follower.shown());
        }
        let Some(new) = found? else {
            return Ok(false);
        };
        match snapshot_of(follower.source(), &new, self.snapshot.map(), self.mapping) {
            Ok(snapshot) => {
                self.snapshot = snapshot;
                follower.show(new, trust);
            }
            Err(OpenError::MapDiffers { .. }) => self.map_anew(&new, trust)?,
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Reopens the path if the map differs from reads: the first write to a file on an
    /// overlay file system copies it, and open descriptors then read the copy while maps do
    /// not show it.
    fn map_anew(&mut self, found: &Head, trust: Trust) -> Result<(), OpenError> {
        let Role::Reader(follower) = &mut self.role else {
            return Ok(());
        };
        let file = RealFile::open(&self.path, false)?;
        let anew = Follower::of_source(Source::new(file, follower.source().path()))?;
        let mut anew = anew.after(follower)?;
        judge(anew.source(), found, anew.head())?;
        if let Some(new) = anew.look(trust)? {
            anew.show(new, trust);
        }
        self.snapshot = map_of(anew.source(), anew.head(), self.mapping)?;
        if follower.disk().is_registered() {
            register(anew.disk(), anew.source().path())?;
        }
        **follower = anew;
        Ok(())
    }

    /// Reserves space for exactly `additional` more tokens, if necessary.
    ///
    /// # Errors
    ///
    /// As [`reserve`](TokenSink::reserve).
    pub fn reserve_exact(&mut self, additional: u64) -> Result<(), WriteError> {
        self.writer()?.reserve_exact(additional)
    }

    /// Frees all space beyond the appended tokens, like [`FileWriter::shrink_to_fit`]. The
    /// tokens shown are unaffected.
    ///
    /// # Errors
    ///
    /// As [`FileWriter::shrink_to_fit`].
    pub fn shrink_to_fit(&mut self) -> Result<(), WriteError> {
        self.writer()?.shrink_to_fit()
    }

    /// Returns the appender's position, for [`go_back_to`](Self::go_back_to).
    ///
    /// # Errors
    ///
    /// [`WriteError::ReadOnly`].
    pub fn savepoint(&mut self) -> Result<Savepoint, WriteError> {
        Ok(self.writer()?.savepoint())
    }

    /// Rolls back to a savepoint, like [`FileWriter::go_back_to`].
    ///
    /// # Errors
    ///
    /// As [`FileWriter::go_back_to`], and [`WriteError::ReadOnly`].
    ///
    /// # Panics
    ///
    /// As [`FileWriter::go_back_to`].
    pub fn go_back_to(&mut self, savepoint: &Savepoint) -> Result<(), WriteError> {
        self.writer()?.go_back_to(savepoint)
    }

    /// Commits with a `tag`, which [`info`](Self::info) returns. A plain commit keeps the
    /// tag.
    ///
    /// # Errors
    ///
    /// As [`commit`](TokenSink::commit).
    pub fn commit_tagged(&mut self, tag: u64) -> Result<(), WriteError> {
        let mapping = self.mapping;
        let (map, shown) = (Arc::clone(self.snapshot.map()), self.snapshot.len());
        let writer = self.writer()?;
        writer.check_uncut()?;
        // Before anything is committed: acknowledged tokens must be shown.
        let appended = writer.appended_tokens();
        let map = match appended <= map.token_capacity() as u64 {
            true => map,
            false => {
                let larger = map_writer(writer, mapping);
                Arc::new(larger.map_err(|cause| WriteError::Map { cause })?)
            }
        };
        let source = writer.source();
        let long_enough = map.check_length(source.disk().file(), appended);
        long_enough.map_err(|error| WriteError::Map {
            cause: map_error(source.path(), error),
        })?;
        writer.commit_tagged(tag)?;
        let snapshot = map.show(Commit::of(writer.head()));
        if snapshot.len() > shown {
            let checked = sight::check(writer.source(), writer.head(), &snapshot);
            checked.map_err(|cause| WriteError::NotShown {
                generation: writer.info().generation,
                cause: Box::new(cause),
            })?;
        }
        self.snapshot = snapshot;
        Ok(())
    }

    /// Returns the committed blocks as mapped, for verification in place:
    /// [`VerifyBlocks`](crate::VerifyBlocks).
    pub fn mapped_blocks(&self) -> StoreBlocks<'_> {
        let head = match &self.role {
            Role::Reader(follower) => follower.head(),
            Role::Appender(writer) => writer.head(),
        };
        let (file, path) = self.file();
        let source = Source::new(file, path);
        MappedBlocks::new(BlockReader::new(source, head.clone()), &self.snapshot)
    }

    /// The open file, and its name in errors.
    pub(crate) fn file(&self) -> (&RealFile, &Path) {
        let source = match &self.role {
            Role::Reader(follower) => follower.source(),
            Role::Appender(writer) => writer.source(),
        };
        (source.disk(), source.path())
    }

    fn writer(&mut self) -> Result<&mut FileWriter, WriteError> {
        match &mut self.role {
            Role::Appender(writer) => Ok(writer),
            Role::Reader(follower) => Err(WriteError::ReadOnly {
                path: follower.source().path().to_owned(),
            }),
        }
    }
}

/// Checks that the file still has its name.
fn check_name(source: &Source<RealFile>, path: &Path) -> Result<(), OpenError> {
    match source.disk().name_state(path) {
        Ok(NameState::Another | NameState::Gone) => Err(OpenError::Replaced {
            path: source.path().to_owned(),
        }),
        // Even if the path cannot be checked, the open file can.
        _ => Ok(()),
    }
}

/// The path from the root on.
fn absolute(path: &Path) -> Result<PathBuf, IoError> {
    std::path::absolute(path).map_err(|source| IoError {
        path: path.to_owned(),
        operation: Operation::Inspect,
        offset: None,
        source,
    })
}

/// Maps an appender's file and shows what is committed.
fn show(writer: &FileWriter, mapping: Mapping) -> Result<Snapshot, IoError> {
    let map = Arc::new(map_writer(writer, mapping)?);
    let source = writer.source();
    let snapshot = map.snapshot(source.disk().file(), Commit::of(writer.head()));
    let snapshot = snapshot.map_err(|error| map_error(source.path(), error))?;
    ask_for_all(&snapshot, mapping);
    Ok(snapshot)
}

/// Makes the system start to load what a map shows first, if wanted.
fn ask_for_all(snapshot: &Snapshot, mapping: Mapping) {
    if mapping.options.wants_all() {
        // A hint, as in `reserve`.
        let _ = snapshot.advise(0..snapshot.len(), Access::WillNeed);
    }
}

fn map_writer(writer: &FileWriter, mapping: Mapping) -> Result<Map, IoError> {
    let (info, source) = (writer.info(), writer.source());
    reserve(
        source.disk().file(),
        info.data_offset,
        info.max_tokens,
        writer.allocated_tokens(),
        mapping,
    )
    .map_err(|error| map_error(source.path(), error))
}

/// Maps a reader's file and shows a commit, if the map does.
fn map_of(source: &Source<RealFile>, head: &Head, mapping: Mapping) -> Result<Snapshot, OpenError> {
    let file = source.disk().file();
    let (header, tokens) = (&head.header, head.slot.tokens);
    let snapshot = reserve(file, header.data_offset, header.max_tokens, tokens, mapping)
        .and_then(|map| Arc::new(map).snapshot(file, Commit::of(head)))
        .map_err(|error| map_error(source.path(), error))?;
    ask_for_all(&snapshot, mapping);
    sight::check(source, head, &snapshot)?;
    Ok(snapshot)
}

/// Shows a commit through the current map, or through a larger one.
fn snapshot_of(
    source: &Source<RealFile>,
    head: &Head,
    map: &Arc<Map>,
    mapping: Mapping,
) -> Result<Snapshot, OpenError> {
    let tokens = head.slot.tokens;
    if tokens > map.token_capacity() as u64 {
        return map_of(source, head, mapping);
    }
    let snapshot = map
        .snapshot(source.disk().file(), Commit::of(head))
        .map_err(|error| map_error(source.path(), error))?;
    sight::check(source, head, &snapshot)?;
    Ok(snapshot)
}

/// Reserves address space by the options or, if refused, for the current capacity.
fn reserve(
    file: &File,
    data_offset: u64,
    max_tokens: u64,
    now_tokens: u64,
    mapping: Mapping,
) -> io::Result<Map> {
    let of_file = |tokens| Map::of_file(file, data_offset, tokens, mapping.promise);
    let capacity = mapping.options.token_capacity(max_tokens, now_tokens);
    let map = of_file(capacity).or_else(|_| of_file(now_tokens))?;
    if let Some(access) = mapping.options.lasting_access() {
        // A hint: `Snapshot::advise` reports failures.
        let _ = map.advise(0..map.token_capacity() * Token::SIZE, access);
    }
    Ok(map)
}

fn map_error(path: &Path, source: io::Error) -> IoError {
    IoError {
        path: path.to_owned(),
        operation: Operation::Map,
        offset: None,
        source,
    }
}

impl TokenStore for MmapStore {
    #[inline]
    fn tokens(&self) -> &[Token] {
        self.snapshot.tokens()
    }

    /// Measures only the committed tokens: nothing beyond them can be resident.
    fn memory_usage(&self) -> MemoryUsage {
        let used = size_of_val(self.tokens());
        let space = self.snapshot.map().token_capacity() * size_of::<Token>();
        let mut usage = MemoryUsage::measure(&self.snapshot.addresses(), used);
        usage.reserved_bytes = space as u64;
        usage
    }
}

impl TokenSink for MmapStore {
    type Error = WriteError;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        match &self.role {
            Role::Reader(follower) => follower.tokens(),
            Role::Appender(writer) => writer.appended_tokens(),
        }
    }

    fn reserve(&mut self, additional: usize) -> Result<(), WriteError> {
        self.writer()?.reserve(additional)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.writer()?.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), WriteError> {
        self.writer()?.append_with(count, f)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        match &self.role {
            Role::Reader(follower) => FileBlockHasher::new(follower.head().header.file_id),
            Role::Appender(writer) => writer.block_hasher(),
        }
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        self.writer()?.append_hashed(tokens, hashes)
    }

    /// Makes all appended tokens durable, and shows them. Takes two syncs, at any size.
    /// Does nothing if nothing was appended.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`]: the last commit stands, this one does not.
    /// [`WriteError::OutcomeUnknown`]: opening the file again tells. After
    /// either the store refuses to write, and goes on to read.
    fn commit(&mut self) -> Result<(), WriteError> {
        let tag = self.info().tag;
        self.commit_tagged(tag)
    }
}

impl fmt::Debug for MmapStore {
    /// Shows the sizes, not the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MmapStore")
            .field("len", &self.snapshot.len())
            .field("appended", &self.appended_tokens())
            .field("appender", &self.is_appender())
            .finish_non_exhaustive()
    }
}
