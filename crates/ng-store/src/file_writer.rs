use std::path::{Path, PathBuf};

use ng_token::Token;

use crate::disk::{NameState, RealDir, RealFile, Source};
use crate::file::{
    AppendOptions, CreateOptions, FileInfo, Finding, Head, Savepoint, Stamp, Writer, open_locked,
};
use crate::format::FileBlockHasher;
use crate::{Commit, CreateError, FileDraft, IoError, OpenError, Operation, TokenSink, WriteError};

/// Appends tokens to a file without reading them: no map, and so no promise required.
///
/// It writes like [`MmapStore`](crate::MmapStore), which adds a map: one appender, which
/// holds the file's lock; committed means durable; failures are errors. To read back, use
/// [`BlockReader`](crate::BlockReader).
///
/// After a fork the file and its lock belong to the parent: the child's writes are refused
/// ([`WriteError::Forked`]), and dropping the writer there frees nothing. If the parent
/// ends without dropping its writer, a surviving child keeps the file locked. To append, a
/// child opens the file itself after the parent has released it.
///
/// [`FileDraft`] creates a file that gets its name once it is filled.
///
/// ```
/// use ng_store::{BlockReader, CreateOptions, FileWriter, TokenSink};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("first.ngt");
/// let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
/// writer.append_with(1_000, |index| Token::new(index as u32))?;
/// assert_eq!((writer.appended_tokens(), writer.committed_tokens()), (1_000, 0));
/// writer.commit()?;
/// assert_eq!(BlockReader::open(&path)?.len(), 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileWriter {
    writer: Writer<RealFile>,
    /// The absolute path by which the file was opened, with links resolved. `None` before
    /// it has one.
    name: Option<PathBuf>,
}

impl FileWriter {
    /// Creates an empty file and opens it for appending. Nobody else can append
    /// while this writer lives.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. An existing file is left alone, unless
    /// [`CreateOptions::replace`] says otherwise.
    pub fn create(path: impl AsRef<Path>, options: &CreateOptions) -> Result<Self, CreateError> {
        FileDraft::begin(path, options)?.publish()
    }

    /// Opens a file for appending, and makes what it found durable first.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Locked`] while another appender lives.
    pub fn open_append(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_append_with(path, &AppendOptions::new())
    }

    /// Opens a damaged file for appending, as far as `options` accept its losses.
    ///
    /// # Errors
    ///
    /// As [`open_append`](Self::open_append).
    pub fn open_append_with(
        path: impl AsRef<Path>,
        options: &AppendOptions,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let open = || RealFile::open(path, true);
        let file = open_locked(path, open, |file| file.is_at(path))?;
        let (dir, name) = place_of(path)?;
        let writer = Self::unnamed(Writer::open_with(&dir, file, path, options)?);
        Ok(writer.named(name))
    }

    /// Takes over the writer of a file that has no name yet.
    pub(crate) fn unnamed(writer: Writer<RealFile>) -> Self {
        Self { writer, name: None }
    }

    /// Sets the absolute path that the file has from now on.
    pub(crate) fn named(self, name: PathBuf) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Returns what the file says about itself, as of the last commit.
    pub fn info(&self) -> FileInfo {
        self.writer.info()
    }

    /// Returns the findings of the open.
    pub fn recovery(&self) -> &[Finding] {
        self.writer.findings()
    }

    /// Returns the last commit.
    pub fn last_commit(&self) -> Commit {
        self.writer.last_commit()
    }

    /// Returns how many tokens are committed.
    pub fn committed_tokens(&self) -> u64 {
        self.writer.committed_tokens()
    }

    /// Reserves space for exactly `additional` more tokens, if necessary.
    ///
    /// # Errors
    ///
    /// As [`reserve`](TokenSink::reserve).
    pub fn reserve_exact(&mut self, additional: u64) -> Result<(), WriteError> {
        self.writer.reserve_exact(additional)
    }

    /// Frees all space beyond the appended tokens. Otherwise a file keeps its space of the
    /// last commit, of which an eighth, up to 64 MiB, may be unused.
    ///
    /// # Errors
    ///
    /// As [`commit`](TokenSink::commit) before it writes the slot.
    pub fn shrink_to_fit(&mut self) -> Result<(), WriteError> {
        self.writer.shrink_to_fit()
    }

    /// Commits with a `tag`, which [`info`](Self::info) returns. A plain commit keeps the
    /// tag.
    ///
    /// # Errors
    ///
    /// As [`commit`](TokenSink::commit).
    pub fn commit_tagged(&mut self, tag: u64) -> Result<(), WriteError> {
        self.check_sound()?;
        self.check_name()?;
        self.writer.commit(Stamp::now(tag))
    }

    /// Returns the writer's position, for [`go_back_to`](Self::go_back_to).
    pub fn savepoint(&self) -> Savepoint {
        self.writer.savepoint()
    }

    /// Rolls back to a savepoint, for example after one of several related appends failed.
    /// Earlier appends stay.
    ///
    /// ```
    /// use ng_store::{CreateOptions, FileWriter, TokenSink};
    /// use ng_token::Token;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tokens.ngt");
    /// let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
    /// writer.append(&[Token::new(1)])?;
    /// let savepoint = writer.savepoint();
    /// writer.append_with(10_000, |index| Token::new(index as u32))?;
    /// writer.go_back_to(&savepoint)?;
    /// writer.commit()?;
    /// assert_eq!(writer.committed_tokens(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WriteError::Forked`], and [`WriteError::Poisoned`] after a failed write.
    ///
    /// # Panics
    ///
    /// If a commit was made since, or the savepoint is from another writer.
    pub fn go_back_to(&mut self, savepoint: &Savepoint) -> Result<(), WriteError> {
        self.writer.go_back_to(savepoint)
    }

    /// Refuses a commit that would be unreachable.
    fn check_name(&self) -> Result<(), WriteError> {
        let Some(name) = &self.name else {
            return Ok(());
        };
        match self.writer.disk().name_state(name) {
            Ok(NameState::Another | NameState::Gone) => Err(WriteError::Replaced {
                path: self.writer.path().to_owned(),
            }),
            // A denied check says nothing about the file.
            Ok(NameState::Ours | NameState::Moved) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn check_uncut(&mut self) -> Result<(), WriteError> {
        self.writer.check_uncut()
    }

    pub(crate) fn check_sound(&self) -> Result<(), WriteError> {
        self.writer.check_sound()
    }

    pub(crate) fn head(&self) -> &Head {
        self.writer.head()
    }

    pub(crate) fn source(&self) -> &Source<RealFile> {
        self.writer.source()
    }

    pub(crate) fn allocated_tokens(&self) -> u64 {
        self.writer.allocated_tokens()
    }
}

impl TokenSink for FileWriter {
    type Error = WriteError;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        self.writer.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), WriteError> {
        self.writer.reserve(additional as u64)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.writer.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), WriteError> {
        self.writer.append_with(count, f)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        self.writer.block_hasher()
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        self.writer.append_hashed(tokens, hashes)
    }

    /// Makes all appended tokens durable. Takes two syncs, at any size. Does nothing if
    /// nothing was appended.
    ///
    /// # Errors
    ///
    /// [`WriteError::Replaced`]: the path names another file now, or the file has
    /// no name left. Nothing was written. A file that was merely renamed is
    /// committed to.
    ///
    /// [`WriteError::Io`]: the last commit stands, this one does not.
    /// [`WriteError::OutcomeUnknown`]: opening the file again tells. After
    /// either the writer refuses.
    fn commit(&mut self) -> Result<(), WriteError> {
        self.commit_tagged(self.info().tag)
    }
}

/// The folder that holds the file itself, and not a link to it, and the file's
/// absolute path.
fn place_of(path: &Path) -> Result<(RealDir, PathBuf), IoError> {
    let error = |source| IoError {
        path: path.to_owned(),
        operation: Operation::Inspect,
        offset: None,
        source,
    };
    let file = path.canonicalize().map_err(error)?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let dir = RealDir::open(folder).map_err(error)?;
    Ok((dir, file))
}
