use std::path::Path;

use ng_token::Token;

use crate::disk::{RealDir, RealFile, Source};
use crate::file::{Identity, Naming, NewFile, Outflow};
use crate::target::{refuse_to_replace, target};
use crate::{CachePolicy, CreateError, WriteError};

/// A file of raw 64-byte records, or of other bytes for other programs, that gets its name
/// once it is filled.
///
/// Such a file has no header or hashes of ours: other programs read it, and nothing shows
/// whether it is intact. It is created like a [`FileDraft`](crate::FileDraft); likewise, a
/// child cannot write or publish it after a fork.
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
    /// The announced number of bytes.
    announced: u64,
    outflow: Outflow,
    /// Whether a write failed: what the file holds is unknown from then on.
    failed: bool,
}

impl RawDraft {
    /// Creates the file under its temporary name. A taken name is refused unless `replace`
    /// is set.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing is left behind.
    pub fn begin(path: impl AsRef<Path>, replace: bool) -> Result<Self, CreateError> {
        let path = path.as_ref();
        let target = target(path, replace)?;
        refuse_to_replace(path)?;
        let id = Identity::fresh().file_id;
        let naming = Naming::replacing(replace);
        let (new, file) = NewFile::begin(target.dir, (&target.name, path), naming, id)?;
        Ok(Self {
            new,
            source: Source::new(file, path),
            written: 0,
            announced: 0,
            outflow: Outflow::new(CachePolicy::Auto, 0),
            failed: false,
        })
    }

    /// Sets whether pages written from now on stay cached.
    pub fn set_cache(&mut self, cache: CachePolicy) {
        self.outflow.set_policy(cache);
    }

    /// Announces this many more tokens to the cache policy. Reserves no space for them.
    pub fn announce(&mut self, tokens: u64) {
        let bytes = tokens.saturating_mul(Token::SIZE as u64);
        self.announced = self.announced.max(self.written.saturating_add(bytes));
    }

    /// Appends tokens.
    ///
    /// # Errors
    ///
    /// [`CreateError::Io`], or [`CreateError::Write`] if the disk is full. The file can
    /// then not be published either.
    pub fn append(&mut self, tokens: &[Token]) -> Result<(), CreateError> {
        self.append_bytes(ng_token::as_bytes(tokens))
    }

    /// Appends bytes of another format than records. Pass many at once, since each call is
    /// a write.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn append_bytes(&mut self, bytes: &[u8]) -> Result<(), CreateError> {
        let end = self.written.saturating_add(bytes.len() as u64);
        let all = end.max(self.announced);
        let written = self.outflow.write(&self.source, bytes, self.written, all);
        written.map_err(|cause| {
            self.failed = true;
            match WriteError::no_room(cause, bytes.len() as u64, end) {
                Ok(error) => CreateError::from(error),
                Err(cause) => cause.into(),
            }
        })?;
        self.written = end;
        Ok(())
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with [`CreateError::NameNotDurable`].
    /// After a failed append it is refused.
    pub fn publish(mut self) -> Result<(), CreateError> {
        self.new.check_ours()?;
        if self.failed {
            let path = self.source.path().to_owned();
            return Err(WriteError::Poisoned { path }.into());
        }
        self.new.publish(&self.source)?;
        let all = self.written.max(self.announced);
        self.outflow.synced(&self.source, self.written, all);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_number_stand_behind_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut draft = RawDraft::begin(&path, false).unwrap();
        let text: Vec<u8> = (0..3_000_001_u32).map(|index| index as u8).collect();
        for part in [&text[..1], &text[1..100], &text[100..]] {
            draft.append_bytes(part).unwrap();
        }
        draft.append(&[Token::new(7)]).unwrap();
        draft.publish().unwrap();
        let whole = [&text, ng_token::as_bytes(&[Token::new(7)])].concat();
        assert!(std::fs::read(&path).unwrap() == whole);
    }

    #[test]
    fn what_could_not_be_written_is_not_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.raw");
        let mut draft = RawDraft::begin(&path, false).unwrap();
        draft.append(&[Token::new(7)]).unwrap();
        // Beyond the maximum length of a file.
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
