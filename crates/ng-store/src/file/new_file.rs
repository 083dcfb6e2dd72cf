use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::disk::{Dir, Disk, Source};
use crate::{CreateError, IoError, Operation, WriteError};

/// How often something is tried that others may thwart: to find the file that is
/// to be replaced, where one appears each time that none was found; to create a
/// file, where each is removed before it is locked.
const ATTEMPTS: usize = 8;

/// A file under a temporary name, until it is published under its own.
///
/// Dropped before that it is removed.
#[derive(Debug)]
pub(crate) struct NewFile<R: Dir> {
    dir: R,
    temporary: Option<String>,
    name: String,
    path: PathBuf,
    replace: bool,
}

impl<R: Dir> NewFile<R> {
    /// Creates the temporary file and locks it, and removes those that others
    /// have left in the folder.
    ///
    /// `name` is the name in `dir` that the file will get, `path` what errors
    /// call it; the temporary name is made of `file_id`.
    pub(crate) fn begin(
        dir: R,
        (name, path): (&str, &Path),
        replace: bool,
        file_id: [u8; 16],
    ) -> Result<(Self, R::File), CreateError> {
        let mut new = Self {
            dir,
            temporary: None,
            name: name.to_owned(),
            path: path.to_owned(),
            replace,
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

    /// Creates and locks a file. None, if somebody who removes what was left
    /// behind found it before it was locked.
    fn create(&mut self, temporary: String) -> Result<Option<R::File>, IoError> {
        let file = self.attempt(Operation::Create, |dir| dir.create_exclusive(&temporary))?;
        self.temporary = Some(temporary.clone());
        match self.attempt(Operation::Lock, |_| file.try_lock()) {
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

    /// Refuses in a child of the process that began the file.
    pub(crate) fn check_ours(&self) -> Result<(), WriteError> {
        match self.dir.is_ours() {
            true => Ok(()),
            false => Err(WriteError::Forked {
                path: self.path.clone(),
            }),
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
        let old = match self.open_and_lock(false) {
            Err(CreateError::Io(error)) => match (error.operation, error.source.kind()) {
                (Operation::Open, ErrorKind::NotFound) => return Ok(None),
                // Over a network, a lock for one alone is for those who may write. Not
                // at once: on an overlay that copies the file that is to be replaced.
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

/// Removes the temporary files that nobody writes any more: those of processes
/// that were killed. What cannot be removed stays, and is no reason to fail.
fn remove_leftovers<R: Dir>(dir: &R) {
    let names = dir.names().unwrap_or_default();
    for name in names.iter().filter(|name| is_temporary(name)) {
        let _ = remove_leftover(dir, name);
    }
}

/// Who writes a file holds its lock, or will look for its name once it does.
fn remove_leftover<R: Dir>(dir: &R, name: &str) -> io::Result<()> {
    let file = dir.open(name, true)?;
    file.try_lock()?;
    match dir.is_named(name, &file)? {
        true => dir.unlink(name),
        // It has been given its own name since it was opened.
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

pub(crate) fn is_temporary(name: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.strip_prefix(TEMPORARY)
        .is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}
