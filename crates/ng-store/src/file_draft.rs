use std::path::{Path, PathBuf};

use crate::disk::RealDir;
use crate::file::{CreateOptions, Draft, Identity, NewFile};
use crate::target::{refuse_to_replace, target};
use crate::{CreateError, FileWriter};

/// A token file that gets its name once it is filled.
///
/// It is written under a temporary name in the same folder, `.ng-tmp-` and 16 digits, and
/// removed on drop. A killed process leaves it behind, and the next file created in the
/// folder removes it.
///
/// Committed tokens never change in their file. To change them, write an edited copy:
/// append the changed tokens of a [`PrivateStore`](crate::PrivateStore), or the changed
/// blocks of a [`BlockReader`](crate::BlockReader), to a draft.
///
/// After a fork the draft belongs to the parent: a child cannot write or publish it, and
/// dropping it there leaves the file.
///
/// ```
/// use ng_store::{BlockReader, CreateOptions, FileDraft, TokenSink};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("whole.ngt");
/// let mut draft = FileDraft::begin(&path, &CreateOptions::new().reserve(1_000))?;
/// draft.writer().append_with(1_000, |index| Token::new(index as u32))?;
/// draft.writer().commit()?;
/// assert!(!path.exists());
/// draft.publish()?;
/// assert_eq!(BlockReader::open(&path)?.len(), 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileDraft {
    new: NewFile<RealDir>,
    writer: FileWriter,
    /// The absolute path that the file will have.
    place: PathBuf,
}

impl FileDraft {
    /// Creates the file under its temporary name, and locks it.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing is left behind. A taken name is refused already here,
    /// unless [`CreateOptions::replace`] is set.
    pub fn begin(path: impl AsRef<Path>, options: &CreateOptions) -> Result<Self, CreateError> {
        let path = path.as_ref();
        let target = target(path, options.replaces())?;
        refuse_to_replace(path)?;
        let draft = Draft::begin(target.dir, &target.name, path, options, Identity::fresh())?;
        let (new, writer) = draft.into_parts();
        Ok(Self {
            new,
            writer: FileWriter::unnamed(writer),
            place: target.path,
        })
    }

    /// Returns the writer of the file.
    pub fn writer(&mut self) -> &mut FileWriter {
        &mut self.writer
    }

    /// Makes the file durable and gives it its name. Uncommitted appends stay appended.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with [`CreateError::NameNotDurable`].
    /// Once a write or a sync has failed it is refused: a later successful sync would not
    /// show what was lost.
    pub fn publish(self) -> Result<FileWriter, CreateError> {
        self.writer.check_sound()?;
        self.new.publish(self.writer.source())?;
        Ok(self.writer.named(self.place))
    }
}
