use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::disk::{Dir, Disk, Source};
use crate::{CreateError, IoError, Operation, WriteError};

/// How often to retry what others may thwart: finding the file to replace, if one appears
/// each time none was found; creating a file, if each is removed before it is locked.
const ATTEMPTS: usize = 8;

/// How a new file gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// The name must be free.
    New,
    /// It replaces a file of that name, unless another has that file's lock.
    Replacing,
    /// The name must be free, and nobody finds an unfinished file by it. The lock is a
    /// shared one, which the file's readers can have, too.
    Whole,
}

impl Naming {
    pub(crate) fn replacing(replace: bool) -> Self {
        match replace {
            true => Self::Replacing,
            false => Self::New,
        }
    }
}

/// A file under a temporary name until it is published.
///
/// It is removed if dropped before that.
#[derive(Debug)]
pub(crate) struct NewFile<R: Dir> {
    dir: R,
    temporary: Option<String>,
    name: String,
    path: PathBuf,
    naming: Naming,
}

impl<R: Dir> NewFile<R> {
    /// Creates and locks the temporary file, and removes leftovers of others in the folder.
    ///
    /// `name` is the file's final name in `dir`, `path` its name in errors; the temporary
    /// name comes from `file_id`.
    pub(crate) fn begin(
        dir: R,
        (name, path): (&str, &Path),
        naming: Naming,
        file_id: [u8; 16],
    ) -> Result<(Self, R::File), CreateError> {
        let mut new = Self {
            dir,
            temporary: None,
            name: name.to_owned(),
            path: path.to_owned(),
            naming,
        };
        new.refuse_taken_name()?;
        remove_leftovers(&new.dir);
        let mut digits = u128::from_le_bytes(file_id) as u64;
        for _ in 0..ATTEMPTS {
            if let Some(file) = new.create(temporary_name(digits))? {
                return Ok((new, file));
            }
            digits = digits.wrapping_add(1);
        }
        let source = ErrorKind::ResourceBusy.into();
        Err(new.error(Operation::Create, source).into())
    }

    /// Creates and locks a file. `None` if another creator removed it as a leftover before
    /// it was locked.
    fn create(&mut self, temporary: String) -> Result<Option<R::File>, IoError> {
        let file = self.attempt(Operation::Create, |dir| dir.create_exclusive(&temporary))?;
        self.temporary = Some(temporary.clone());
        let lock = |_: &R| match self.naming {
            Naming::Whole => file.try_lock_shared(),
            Naming::New | Naming::Replacing => file.try_lock(),
        };
        match self.attempt(Operation::Lock, lock) {
            Err(error) if error.source.kind() == ErrorKind::WouldBlock => {}
            locked => {
                locked?;
                let is_named =
                    self.attempt(Operation::Inspect, |dir| dir.is_named(&temporary, &file));
                if is_named? {
                    return Ok(Some(file));
                }
            }
        }
        self.temporary = None;
        Ok(None)
    }

    /// Makes `file` durable, gives it its name, and makes that durable.
    pub(crate) fn publish(mut self, file: &Source<R::File>) -> Result<(), CreateError> {
        self.check_ours()?;
        file.sync()?;
        self.give_name()?;
        self.temporary = None;
        file.sync_folder(&self.dir)
            .map_err(|cause| CreateError::NameNotDurable { cause })
    }

    /// Refuses in a child of the process that created the file.
    pub(crate) fn check_ours(&self) -> Result<(), WriteError> {
        match self.dir.is_ours() {
            true => Ok(()),
            false => Err(WriteError::Forked {
                path: self.path.clone(),
            }),
        }
    }

    /// Renames the file. An existing file of that name is locked before it is replaced, so
    /// that nobody appends to a file that is about to vanish; if there was none, none is
    /// replaced.
    fn give_name(&self) -> Result<(), CreateError> {
        let from = self.temporary.as_deref().unwrap_or_default();
        for _ in 0..ATTEMPTS {
            // Held until the new file has the name.
            let replaced = self.lock_replaced()?;
            let renamed = self.attempt(Operation::Rename, |dir| match replaced {
                Some(_) => dir.rename(from, &self.name),
                None if self.naming == Naming::Whole => {
                    dir.rename_noreplace_atomic(from, &self.name)
                }
                None => dir.rename_noreplace(from, &self.name),
            });
            match renamed {
                Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {}
                other => return Ok(other?),
            }
            if self.naming != Naming::Replacing {
                break;
            }
        }
        Err(self.exists())
    }

    fn refuse_taken_name(&self) -> Result<(), CreateError> {
        if self.naming == Naming::Replacing {
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

    /// Locks the file to replace; `None` if there is none.
    fn lock_replaced(&self) -> Result<Option<R::File>, CreateError> {
        if self.naming != Naming::Replacing {
            return Ok(None);
        }
        let old = match self.open_and_lock(false) {
            Err(CreateError::Io(error)) => match (error.operation, error.source.kind()) {
                (Operation::Open, ErrorKind::NotFound) => return Ok(None),
                // Over a network, an exclusive lock requires write access. Not tried first:
                // on an overlay, opening for writing copies the file to replace.
                (Operation::Lock, _) => self.open_and_lock(true)?,
                _ => return Err(error.into()),
            },
            other => other?,
        };
        let is_named = self.attempt(Operation::Inspect, |dir| dir.is_named(&self.name, &old));
        match is_named? {
            true => Ok(Some(old)),
            false => Err(CreateError::Replaced {
                path: self.path.clone(),
            }),
        }
    }

    fn open_and_lock(&self, writable: bool) -> Result<R::File, CreateError> {
        let old = self.attempt(Operation::Open, |dir| dir.open(&self.name, writable))?;
        match self.attempt(Operation::Lock, |_| old.try_lock()) {
            Err(error) if error.source.kind() == ErrorKind::WouldBlock => {
                Err(CreateError::Locked {
                    path: self.path.clone(),
                    holder: old.lock_holder(),
                })
            }
            locked => Ok(locked.map(|()| old)?),
        }
    }

    fn attempt<T>(
        &self,
        operation: Operation,
        call: impl Fn(&R) -> io::Result<T>,
    ) -> Result<T, IoError> {
        loop {
            match call(&self.dir) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(value) => return Ok(value),
                Err(source) => return Err(self.error(operation, source)),
            }
        }
    }

    fn error(&self, operation: Operation, source: io::Error) -> IoError {
        IoError {
            path: self.path.clone(),
            operation,
            offset: None,
            source,
        }
    }
}

impl<R: Dir> Drop for NewFile<R> {
    fn drop(&mut self) {
        // A child leaves its parent's file alone.
        if let Some(temporary) = self.temporary.take()
            && self.dir.is_ours()
        {
            // Its name says what it is, if it must stay.
            let _ = self.dir.unlink(&temporary);
        }
    }
}

/// Removes temporary files left by killed processes. Files that cannot be removed stay,
/// without an error.
pub fn remove_leftovers<R: Dir>(dir: &R) {
    let names = dir.names().unwrap_or_default();
    for name in names.iter().filter(|name| is_temporary(name)) {
        let _ = remove_leftover(dir, name);
    }
}

/// A file's writer holds its lock, or will check its name once it does.
fn remove_leftover<R: Dir>(dir: &R, name: &str) -> io::Result<()> {
    let file = dir.open(name, true)?;
    file.try_lock()?;
    match dir.is_named(name, &file)? {
        true => dir.unlink(name),
        // It got its own name after it was opened.
        false => Ok(()),
    }
}

const TEMPORARY: &str = ".ng-tmp-";
const DIGITS: usize = 16;

/// [`TEMPORARY`] and 16 digits of the file's id: short enough for any file system
/// whatever the final name is.
fn temporary_name(digits: u64) -> String {
    format!("{TEMPORARY}{digits:0DIGITS$x}")
}

/// Tells whether a file is being written under this name, or was when its creator died.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.strip_prefix(TEMPORARY)
        .is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}
