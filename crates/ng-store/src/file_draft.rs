use std::path::{Path, PathBuf};

use crate::disk::RealDir;
use crate::environment::new_identity;
use crate::file::{CreateOptions, Draft, NewFile};
use crate::target::{refuse_to_replace, target};
use crate::{CreateError, FileWriter};

/// A token file that gets its name when it is filled.
///
/// It is written under a temporary name in the same folder, `.ng-tmp-` and 16
/// digits, and removed if it is dropped. A process that is killed leaves that
/// behind, and whoever begins a file in the folder next removes it.
///
/// Committed tokens never change in their file. Who wants them changed writes another file:
/// an edited copy is a draft that the tokens of a [`PrivateStore`](crate::PrivateStore), or
/// the blocks of a [`BlockReader`](crate::BlockReader), are appended to with their changes.
///
/// After a fork the draft is the parent's: a child cannot write or publish it,
/// and leaves it where it is when it drops it.
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
    /// [`CreateError`]; nothing is left behind. A name that is taken is refused
    /// here already, unless [`CreateOptions::replace`] says otherwise.
    pub fn begin(path: impl AsRef<Path>, options: &CreateOptions) -> Result<Self, CreateError> {
        let path = path.as_ref();
        let target = target(path, options.replaces())?;
        refuse_to_replace(path)?;
        let draft = Draft::begin(target.dir, &target.name, path, options, new_identity())?;
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

    /// Makes the file durable and gives it its name. What was appended and not
    /// committed stays appended.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. The file is removed, except with
    /// [`CreateError::NameNotDurable`]. Once a write or a sync has failed it is
    /// refused: a sync that then succeeds says nothing of what was lost.
    pub fn publish(self) -> Result<FileWriter, CreateError> {
        self.writer.check_sound()?;
        self.new.publish(self.writer.source())?;
        Ok(self.writer.named(self.place))
    }
}
