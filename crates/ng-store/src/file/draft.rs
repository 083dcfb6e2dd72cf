use std::path::Path;

use super::{NewFile, Writer};
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
    /// A file for up to [`DEFAULT_MAX_TOKENS`], with room for none yet, tag 0,
    /// where no file is.
    pub const fn new() -> Self {
        Self {
            max_tokens: DEFAULT_MAX_TOKENS,
            reserve: 0,
            tag: 0,
            replace: false,
            cache: CachePolicy::Auto,
        }
    }

    /// Sets for how many tokens the file is made. It costs 1/512 byte of
    /// address in the file for each, and no room on the disk.
    #[must_use]
    pub const fn max_tokens(mut self, max_tokens: u64) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// Allocates room for exactly this many tokens at once, and announces that the
    /// first commit has them.
    #[must_use]
    pub const fn reserve(mut self, tokens: u64) -> Self {
        self.reserve = tokens;
        self
    }

    /// Sets what stands beside the first commits, until another tag is given.
    #[must_use]
    pub const fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// Replaces an existing file instead of refusing. It is replaced by the
    /// whole new one, and not while somebody appends to it. Where the path is a
    /// link, the file that it leads to is replaced.
    #[must_use]
    pub const fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Sets what becomes of the pages that are written.
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

/// What makes a new file this one and no other: a random id and a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random.
    pub file_id: [u8; 16],
    /// Now, in nanoseconds since 1970 UTC.
    pub created_ns: u64,
}

/// A token file under a temporary name, that can be filled before it gets its
/// own.
///
/// Dropped without [`publish`](Self::publish) it is removed.
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
        let (new, file) = NewFile::begin(dir, (name, path), options.replace, identity.file_id)?;
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

    /// Makes the file durable and gives it its name. What was appended and not
    /// committed stays appended.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with
    /// [`CreateError::NameNotDurable`]. Once a write or a sync has failed it is
    /// refused: a sync that then succeeds says nothing of what was lost.
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

/// A disk that is full from the start is told like one that fills up.
fn no_room(cause: IoError) -> CreateError {
    let head_bytes = crate::format::TABLE_OFFSET;
    match WriteError::no_room(cause, head_bytes, head_bytes) {
        Ok(error) => error.into(),
        Err(cause) => cause.into(),
    }
}
