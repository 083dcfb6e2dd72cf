use std::path::Path;

use ng_token::Token;

use crate::disk::{RealDir, RealFile, Source};
use crate::file::NewFile;
use crate::place::{new_identity, refuse_to_replace, target};
use crate::{CreateError, IoError, WriteError};

/// After how many bytes writeback starts: 1 MiB.
const CHUNK_BYTES: u64 = 1 << 20;

/// A file of 64-byte records and nothing else, that gets its name when it is
/// filled.
///
/// Such a file has no head and no hashes: other programs read it, and nothing
/// tells whether it is whole. It comes to be like a [`FileDraft`](crate::FileDraft),
/// and after a fork a child can no more write or publish it than one of those.
///
/// ```
/// use ng_store::RawDraft;
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tokens.raw");
/// let mut draft = RawDraft::begin(&path, false)?;
/// draft.append(&[Token::new(7), Token::new(8)])?;
/// draft.publish()?;
/// assert_eq!(std::fs::metadata(&path)?.len(), 128);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RawDraft {
    new: NewFile<RealDir>,
    source: Source<RealFile>,
    written: u64,
    /// From which byte on no writeback was started.
    writeback_start: u64,
    /// Whether a write failed: what the file holds is unknown from then on.
    failed: bool,
}

impl RawDraft {
    /// Creates the file under its temporary name. A name that is taken is
    /// refused, unless the file is to `replace` the one that has it.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing is left behind.
    pub fn begin(path: impl AsRef<Path>, replace: bool) -> Result<Self, CreateError> {
        let path = path.as_ref();
        let target = target(path, replace)?;
        refuse_to_replace(path)?;
        let id = new_identity().file_id;
        let (new, file) = NewFile::begin(target.dir, (&target.name, path), replace, id)?;
        Ok(Self {
            new,
            source: Source::new(file, path),
            written: 0,
            writeback_start: 0,
            failed: false,
        })
    }

    /// Writes tokens behind those that were written, and starts writeback after
    /// each 1 MiB.
    ///
    /// # Errors
    ///
    /// [`CreateError::Io`], or [`CreateError::Write`] where there is no room. The
    /// file can then not be published either.
    pub fn append(&mut self, tokens: &[Token]) -> Result<(), CreateError> {
        self.write(tokens).map_err(|cause| {
            self.failed = true;
            let more_bytes = size_of_val(tokens) as u64;
            match WriteError::no_room(cause, more_bytes, self.written + more_bytes) {
                Ok(error) => error.into(),
                Err(cause) => cause.into(),
            }
        })
    }

    fn write(&mut self, tokens: &[Token]) -> Result<(), IoError> {
        let bytes = ng_token::as_bytes(tokens);
        self.source.write(bytes, self.written)?;
        self.written += bytes.len() as u64;
        let dirty = self.written - self.writeback_start;
        if dirty >= CHUNK_BYTES {
            self.source.start_writeback(self.writeback_start, dirty)?;
            self.writeback_start = self.written;
        }
        Ok(())
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with
    /// [`CreateError::NameNotDurable`]. After an append that failed it is refused.
    pub fn publish(self) -> Result<(), CreateError> {
        self.new.check_ours()?;
        if self.failed {
            let path = self.source.path().to_owned();
            return Err(WriteError::Poisoned { path }.into());
        }
        self.new.publish(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_written_is_not_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.raw");
        let mut draft = RawDraft::begin(&path, false).unwrap();
        draft.append(&[Token::new(7)]).unwrap();
        // Beyond what a file can be long.
        draft.written = i64::MAX as u64;
        draft.append(&[Token::new(8)]).unwrap_err();
        draft.written = 64;
        draft.append(&[Token::new(9)]).unwrap();
        let error = draft.publish().unwrap_err();
        assert!(
            matches!(error, CreateError::Write(WriteError::Poisoned { .. })),
            "{error}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
