use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Writer;
use crate::disk::{Dir, Disk, Source};
use crate::format::{DEFAULT_MAX_TOKENS, StaticHeader};
use crate::{CreateError, IoError, Operation, WriteError};

/// How often a file is looked for that is to be replaced, where one appears
/// each time that none was found.
const ATTEMPTS: usize = 8;

/// How a file is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOptions {
    max_tokens: u64,
    reserve: u64,
    tag: u64,
    replace: bool,
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
        }
    }

    /// Sets for how many tokens the file is made. It costs 1/512 byte of
    /// address in the file for each, and no room on the disk.
    #[must_use]
    pub const fn max_tokens(mut self, max_tokens: u64) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// Allocates room for exactly this many tokens at once.
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
    /// whole new one, and not while somebody appends to it.
    #[must_use]
    pub const fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
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

/// A file under a temporary name, that can be filled before it gets its own.
///
/// Dropped without [`publish`](Self::publish) it is removed.
#[derive(Debug)]
pub struct Draft<R: Dir> {
    dir: R,
    temporary: Option<String>,
    name: String,
    path: PathBuf,
    replace: bool,
    // None only while `publish` takes it out.
    writer: Option<Writer<R::File>>,
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
        let mut draft = Self {
            dir,
            temporary: None,
            name: name.to_owned(),
            path: path.to_owned(),
            replace: options.replace,
            writer: None,
        };
        draft.refuse_taken_name()?;
        let temporary = temporary_name(identity.file_id);
        let file = draft.attempt(Operation::Create, |dir| dir.create_exclusive(&temporary))?;
        draft.temporary = Some(temporary);
        draft.attempt(Operation::Lock, |_| file.try_lock())?;
        let source = Source::new(file, path);
        let mut writer = Writer::create(source, header, options.tag).map_err(no_space)?;
        writer.reserve_exact(options.reserve)?;
        draft.writer = Some(writer);
        Ok(draft)
    }

    /// Returns the writer of the file.
    pub fn writer(&mut self) -> &mut Writer<R::File> {
        match &mut self.writer {
            Some(writer) => writer,
            None => unreachable!("a draft has its writer until it is published"),
        }
    }

    /// Makes the file durable and gives it its name. What was appended and not
    /// committed stays appended.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with
    /// [`CreateError::NameNotDurable`].
    pub fn publish(mut self) -> Result<Writer<R::File>, CreateError> {
        self.writer().source.sync()?;
        self.give_name()?;
        self.temporary = None;
        self.attempt(Operation::SyncFolder, Dir::sync)
            .map_err(|cause| CreateError::NameNotDurable { cause })?;
        match self.writer.take() {
            Some(writer) => Ok(writer),
            None => unreachable!("a draft has its writer until it is published"),
        }
    }

    /// Renames the file. What has the name is locked before it is replaced, so
    /// that nobody appends to what nobody will find again; where nothing had it,
    /// nothing is replaced.
    fn give_name(&self) -> Result<(), CreateError> {
        let from = self.temporary.as_deref().unwrap_or_default();
        for _ in 0..ATTEMPTS {
            // Held until the new file has the name.
            let replaced = self.lock_replaced()?;
            let renamed = self.attempt(Operation::Rename, |dir| match replaced {
                Some(_) => dir.rename(from, &self.name),
                None => dir.rename_noreplace(from, &self.name),
            });
            match renamed {
                Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {}
                other => return Ok(other?),
            }
            if !self.replace {
                break;
            }
        }
        Err(self.exists())
    }

    fn refuse_taken_name(&self) -> Result<(), CreateError> {
        if self.replace {
            return Ok(());
        }
        match self.attempt(Operation::Inspect, |dir| dir.exists(&self.name))? {
            true => Err(self.exists()),
            false => Ok(()),
        }
    }

    fn exists(&self) -> CreateError {
        CreateError::Exists {
            path: self.path.clone(),
        }
    }

    /// Locks the file that is to be replaced; `None` if there is none.
    fn lock_replaced(&self) -> Result<Option<R::File>, CreateError> {
        if !self.replace {
            return Ok(None);
        }
        let opened = self.attempt(Operation::Open, |dir| dir.open(&self.name, false));
        let old = match opened {
            Err(error) if error.source.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        match self.attempt(Operation::Lock, |_| old.try_lock()) {
            Err(error) if error.source.kind() == ErrorKind::WouldBlock => {
                return Err(CreateError::Locked {
                    path: self.path.clone(),
                });
            }
            other => other?,
        }
        let is_named = self.attempt(Operation::Inspect, |dir| dir.is_named(&self.name, &old));
        match is_named? {
            true => Ok(Some(old)),
            false => Err(CreateError::Replaced {
                path: self.path.clone(),
            }),
        }
    }

    fn attempt<T>(
        &self,
        operation: Operation,
        call: impl Fn(&R) -> std::io::Result<T>,
    ) -> Result<T, IoError> {
        loop {
            match call(&self.dir) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(value) => return Ok(value),
                Err(source) => {
                    return Err(IoError {
                        path: self.path.clone(),
                        operation,
                        offset: None,
                        source,
                    });
                }
            }
        }
    }
}

impl<R: Dir> Drop for Draft<R> {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // Its name says what it is, if it must stay.
            let _ = self.dir.unlink(&temporary);
        }
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

/// `.ng-tmp-` and 16 digits of the file's id: short enough for any file system
/// whatever the final name is.
fn temporary_name(file_id: [u8; 16]) -> String {
    let digits = u128::from_le_bytes(file_id) as u64;
    format!(".ng-tmp-{digits:016x}")
}

/// A disk that is full from the start is told like one that fills up.
fn no_space(cause: IoError) -> CreateError {
    match cause.source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WriteError::NoSpace {
            size_bytes: crate::format::TABLE_OFFSET,
            cause,
        }
        .into(),
        _ => cause.into(),
    }
}
