use std::path::Path;

use super::{Naming, NewFile, Writer};
use crate::disk::{Dir, Source};
use crate::format::{DEFAULT_MAX_TOKENS, StaticHeader};
use crate::{CachePolicy, CreateError, IoError, WriteError};

/// How a file is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOptions {
    max_tokens: u64,
    reserve: u64,
    tag: u64,
    replace: bool,
    cache: CachePolicy,
}

impl CreateOptions {
    /// A new file for up to [`DEFAULT_MAX_TOKENS`], nothing allocated, tag 0.
    pub const fn new() -> Self {
        Self {
            max_tokens: DEFAULT_MAX_TOKENS,
            reserve: 0,
            tag: 0,
            replace: false,
            cache: CachePolicy::Auto,
        }
    }

    /// Sets the maximum number of tokens. Each costs 1/512 byte of file address space, and
    /// no disk space.
    #[must_use]
    pub const fn max_tokens(mut self, max_tokens: u64) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// Allocates space for exactly this many tokens now, and announces them for the first
    /// commit.
    #[must_use]
    pub const fn reserve(mut self, tokens: u64) -> Self {
        self.reserve = tokens;
        self
    }

    /// Sets the tag of the first commits, until another one is given.
    #[must_use]
    pub const fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// Replaces an existing file instead of refusing. It is replaced by the complete new
    /// one, and not while another writer appends to it. If the path is a link, its target
    /// is replaced.
    #[must_use]
    pub const fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Sets whether written pages stay cached.
    #[must_use]
    pub const fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }
}

impl CreateOptions {
    pub(crate) const fn replaces(&self) -> bool {
        self.replace
    }
}

impl Default for CreateOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The identity of a new file: a random id and a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random.
    pub file_id: [u8; 16],
    /// Now, in nanoseconds since 1970 UTC.
    pub created_ns: u64,
}

/// A token file under a temporary name, to be filled before it gets its own.
///
/// It is removed if dropped without [`publish`](Self::publish).
#[derive(Debug)]
pub struct Draft<R: Dir> {
    new: NewFile<R>,
    writer: Writer<R::File>,
}

impl<R: Dir> Draft<R> {
    /// Creates the temporary file, locks it, and writes its head.
    ///
    /// `name` is the name in `dir` that the file will get, `path` what errors
    /// call it.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing is left behind.
    pub fn begin(
        dir: R,
        name: &str,
        path: &Path,
        options: &CreateOptions,
        identity: Identity,
    ) -> Result<Self, CreateError> {
        let header = header(options, identity)?;
        let naming = Naming::replacing(options.replace);
        let (new, file) = NewFile::begin(dir, (name, path), naming, identity.file_id)?;
        let source = Source::new(file, path);
        let writer = Writer::create(source, header, options.tag).map_err(no_room)?;
        let mut writer = writer.with_cache(options.cache);
        writer.reserve_exact(options.reserve)?;
        writer.keep_room();
        Ok(Self { new, writer })
    }

    /// Returns the writer of the file.
    pub fn writer(&mut self) -> &mut Writer<R::File> {
        &mut self.writer
    }

    /// Makes the file durable and gives it its name. Uncommitted appends stay appended.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with [`CreateError::NameNotDurable`].
    /// Once a write or a sync has failed it is refused: a later successful sync would not
    /// show what was lost.
    pub fn publish(self) -> Result<Writer<R::File>, CreateError> {
        self.writer.check_sound()?;
        self.new.publish(&self.writer.source)?;
        Ok(self.writer)
    }

    /// Takes the file and its writer apart.
    pub(crate) fn into_parts(self) -> (NewFile<R>, Writer<R::File>) {
        (self.new, self.writer)
    }
}

fn header(options: &CreateOptions, identity: Identity) -> Result<StaticHeader, CreateError> {
    StaticHeader::new(options.max_tokens, identity.file_id, identity.created_ns).ok_or(
        CreateError::MaxTokens {
            found: options.max_tokens,
            limit: StaticHeader::MAX_TOKENS_LIMIT,
        },
    )
}

/// A disk that is full from the start gives the same error as one that fills up.
fn no_room(cause: IoError) -> CreateError {
    let head_bytes = crate::format::TABLE_OFFSET;
    match WriteError::no_room(cause, head_bytes, head_bytes) {
        Ok(error) => error.into(),
        Err(cause) => cause.into(),
    }
}
