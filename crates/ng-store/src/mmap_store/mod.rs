//! The store in a file: written through the descriptor, read through a map.

mod mapped_blocks;
mod private;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ng_token::Token;

pub use mapped_blocks::MappedBlocks;
pub use private::PrivateStore;

use crate::disk::{RealFile, Source};
use crate::file::{CreateOptions, FileInfo, Finding, Head, Tail};
use crate::format::FileBlockHasher;
use crate::raw::{Map, Promise, Snapshot};
use crate::{
    BlockReader, CreateError, FileDraft, FileWriter, IoError, MemoryUsage, OpenError, Operation,
    TokenSink, TokenStore, VerifyBlocks, VerifyReport, WriteError,
};

/// Tokens in a file: written through the descriptor, read through a map.
///
/// - **Append-only.** What is committed never changes, so
///   [`tokens`](TokenStore::tokens) and snapshots are plain slices.
/// - **Durable.** [`commit`](TokenSink::commit) returns when the tokens are on
///   the disk; after a crash, the file opens at that commit or the next one,
///   whole.
/// - **An error is an error.** Tokens are written with `pwrite` into space that
///   was allocated before, so that a full disk or a failing one is a
///   [`WriteError`] and no signal.
///
/// `tokens()` shows what is committed. One store appends, and holds the file's
/// lock; any number of others read.
///
/// After a fork a child goes on to read what its parent's store shows, and
/// cannot append by it: see [`FileWriter`].
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
    promise: Promise,
}

#[derive(Debug)]
enum Role {
    Reader {
        source: Source<RealFile>,
        head: Box<Head>,
    },
    Appender(Box<FileWriter>),
}

impl MmapStore {
    pub(crate) fn create_promised(
        path: &Path,
        options: &CreateOptions,
        promise: Promise,
    ) -> Result<Self, CreateError> {
        let mut draft = FileDraft::begin(path, options)?;
        // Before the file gets its name: afterwards nothing may fail but that.
        let mapped = show(draft.writer(), promise);
        let snapshot = mapped.map_err(|cause| WriteError::Map { cause })?;
        let writer = draft.publish()?;
        Ok(Self::appender(writer, snapshot, promise))
    }

    pub(crate) fn open_promised(path: &Path, promise: Promise) -> Result<Self, OpenError> {
        let source = Source::new(RealFile::open(path, false)?, path);
        let head = Head::read(&source)?;
        Tail::read(&source, &head)?.sound(&source, &head)?;
        let snapshot = map_of(&source, &head, promise)?;
        Ok(Self {
            snapshot,
            promise,
            role: Role::Reader {
                source,
                head: Box::new(head),
            },
        })
    }

    pub(crate) fn open_append_promised(path: &Path, promise: Promise) -> Result<Self, OpenError> {
        let writer = FileWriter::open_append(path)?;
        let snapshot = show(&writer, promise)?;
        Ok(Self::appender(writer, snapshot, promise))
    }

    fn appender(writer: FileWriter, snapshot: Snapshot, promise: Promise) -> Self {
        Self {
            snapshot,
            promise,
            role: Role::Appender(Box::new(writer)),
        }
    }

    /// Returns the committed tokens, to be kept while the store goes on.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// Returns what the file says about itself, as of the commit that is shown.
    pub fn info(&self) -> FileInfo {
        match &self.role {
            Role::Reader { head, .. } => FileInfo::from(&**head),
            Role::Appender(writer) => writer.info(),
        }
    }

    /// Returns what was wrong when the file was opened or last refreshed.
    pub fn recovery(&self) -> &[Finding] {
        match &self.role {
            Role::Reader { head, .. } => &head.findings,
            Role::Appender(writer) => writer.recovery(),
        }
    }

    /// Tells whether the store can append.
    pub fn is_appender(&self) -> bool {
        matches!(self.role, Role::Appender(_))
    }

    /// Shows what other processes have committed since, and tells whether that
    /// was anything. Earlier snapshots stay as they are.
    ///
    /// It may show a commit whose last sync is still under way: the tokens are
    /// on the disk, the slot that names them perhaps not. If that sync fails, the
    /// commit may be taken back, and its tokens written over: the next refresh
    /// then says [`OpenError::TakenBack`] or [`OpenError::WentBack`]. An appender
    /// shows all there is already.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; the store shows what it did before.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        let Role::Reader { source, head } = &mut self.role else {
            return Ok(false);
        };
        let new = Head::read(source)?;
        check_successor(head, &new, source.path())?;
        if new.slot.generation == head.slot.generation {
            head.findings = new.findings;
            return Ok(false);
        }
        Tail::read(source, &new)?.sound(source, &new)?;
        let tokens = new.slot.tokens;
        self.snapshot = match tokens <= self.snapshot.map().token_capacity() as u64 {
            true => self
                .snapshot
                .map()
                .snapshot(source.disk().file(), tokens)
                .map_err(|error| map_error(source.path(), error))?,
            false => map_of(source, &new, self.promise)?,
        };
        **head = new;
        Ok(true)
    }

    /// Makes room for exactly `additional` more tokens, unless there is room
    /// already.
    ///
    /// # Errors
    ///
    /// As [`reserve`](TokenSink::reserve).
    pub fn reserve_exact(&mut self, additional: u64) -> Result<(), WriteError> {
        self.writer()?.reserve_exact(additional)
    }

    /// Gives back all room beyond the tokens that were appended, as
    /// [`FileWriter::shrink_to_fit`] does. What the store and its readers show
    /// stays where it is.
    ///
    /// # Errors
    ///
    /// As [`FileWriter::shrink_to_fit`].
    pub fn shrink_to_fit(&mut self) -> Result<(), WriteError> {
        self.writer()?.shrink_to_fit()
    }

    /// Commits with `tag` beside it, which [`info`](Self::info) gives back. A
    /// plain commit keeps the tag there is.
    ///
    /// # Errors
    ///
    /// As [`commit`](TokenSink::commit).
    pub fn commit_tagged(&mut self, tag: u64) -> Result<(), WriteError> {
        let promise = self.promise;
        let map = Arc::clone(self.snapshot.map());
        let writer = self.writer()?;
        // Before anything is committed: what is acknowledged must be shown.
        let appended = writer.appended_tokens();
        let map = match appended <= map.token_capacity() as u64 {
            true => map,
            false => {
                let larger = map_writer(writer, promise);
                Arc::new(larger.map_err(|cause| WriteError::Map { cause })?)
            }
        };
        let source = writer.source();
        let long_enough = map.check_length(source.disk().file(), appended);
        long_enough.map_err(|error| WriteError::Map {
            cause: map_error(source.path(), error),
        })?;
        writer.commit_tagged(tag)?;
        self.snapshot = map.show(writer.committed_tokens());
        Ok(())
    }

    /// Checks every committed token, as it is mapped, against the file's hashes,
    /// and the block table against its chain.
    ///
    /// # Errors
    ///
    /// The block table cannot be read.
    pub fn verify(&self) -> Result<VerifyReport, IoError> {
        let blocks = self.mapped_blocks();
        let bad = blocks.verify_blocks(0..blocks.blocks())?;
        blocks.conclude(bad)
    }

    /// Returns the committed blocks as they are mapped, for callers that check
    /// them on many threads.
    pub fn mapped_blocks(&self) -> MappedBlocks<'_> {
        let (source, head) = match &self.role {
            Role::Reader { source, head } => (source, &**head),
            Role::Appender(writer) => (writer.source(), writer.head()),
        };
        let source = Source::new(source.disk(), source.path());
        MappedBlocks::new(BlockReader::new(source, head.clone()), self.tokens())
    }

    fn writer(&mut self) -> Result<&mut FileWriter, WriteError> {
        match &mut self.role {
            Role::Appender(writer) => Ok(writer),
            Role::Reader { source, .. } => Err(WriteError::ReadOnly {
                path: source.path().to_owned(),
            }),
        }
    }
}

/// Checks that `new` is a later state of the same file.
fn check_successor(old: &Head, new: &Head, path: &Path) -> Result<(), OpenError> {
    let path = path.to_owned();
    if new.header.file_id != old.header.file_id {
        return Err(OpenError::Replaced { path });
    }
    let (have, found) = (old.slot.generation, new.slot.generation);
    if found < have || new.slot.tokens < old.slot.tokens {
        return Err(OpenError::WentBack { path, have, found });
    }
    if found == have && new.slot != old.slot {
        let generation = found;
        return Err(OpenError::TakenBack { path, generation });
    }
    Ok(())
}

/// Maps an appender's file and shows what is committed.
fn show(writer: &FileWriter, promise: Promise) -> Result<Snapshot, IoError> {
    let map = Arc::new(map_writer(writer, promise)?);
    let source = writer.source();
    map.snapshot(source.disk().file(), writer.committed_tokens())
        .map_err(|error| map_error(source.path(), error))
}

fn map_writer(writer: &FileWriter, promise: Promise) -> Result<Map, IoError> {
    let (info, source) = (writer.info(), writer.source());
    reserve(
        source.disk().file(),
        info.data_offset,
        info.max_tokens,
        writer.allocated_tokens(),
        promise,
    )
    .map_err(|error| map_error(source.path(), error))
}

/// Maps a reader's file and shows what is committed.
fn map_of(source: &Source<RealFile>, head: &Head, promise: Promise) -> Result<Snapshot, IoError> {
    let file = source.disk().file();
    let (header, tokens) = (&head.header, head.slot.tokens);
    reserve(file, header.data_offset, header.max_tokens, tokens, promise)
        .and_then(|map| Arc::new(map).snapshot(file, tokens))
        .map_err(|error| map_error(source.path(), error))
}

/// Reserves address space for all that the file may become, or, where that is
/// refused, for what there is room for now.
fn reserve(
    file: &File,
    data_offset: u64,
    max_tokens: u64,
    now_tokens: u64,
    promise: Promise,
) -> io::Result<Map> {
    Map::of_file(file, data_offset, max_tokens, promise)
        .or_else(|_| Map::of_file(file, data_offset, now_tokens, promise))
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

    /// Measures the committed tokens alone: of the address space behind them
    /// nothing can be resident.
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
            Role::Reader { head, .. } => head.slot.tokens,
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
            Role::Reader { head, .. } => FileBlockHasher::new(head.header.file_id),
            Role::Appender(writer) => writer.block_hasher(),
        }
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        self.writer()?.append_hashed(tokens, hashes)
    }

    /// Makes all that was appended durable, and shows it. Two syncs, whatever
    /// the size. Nothing happens if nothing was appended.
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
