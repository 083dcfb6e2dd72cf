use std::path::Path;

use super::{Identity, Naming, NewFile};
use crate::CreateError;
use crate::disk::{Dir, Source};

/// Publishes a small file of any bytes: writes it under a temporary name, syncs it, gives it
/// its name, which must be free, and makes that durable.
///
/// Of any number of publishers of one name, one succeeds. Nobody finds an unfinished file by
/// that name, whatever happens. The file is returned with a shared
/// [lock](crate::disk::Disk::try_lock_shared), which it has from the beginning; readers can
/// have one, too. What killed publishers left in the folder is removed.
///
/// `name` is the file's name in `dir`, `path` its name in errors.
///
/// # Errors
///
/// [`CreateError`]; [`CreateError::Exists`] if the name is taken. The file is removed, except
/// with [`CreateError::NameNotDurable`]: it then has the name, which a power cut may take.
pub fn publish_whole<R: Dir>(
    dir: R,
    (name, path): (&str, &Path),
    bytes: &[u8],
) -> Result<R::File, CreateError> {
    let id = Identity::fresh().file_id;
    let (new, file) = NewFile::begin(dir, (name, path), Naming::Whole, id)?;
    let source = Source::new(file, path);
    source.write(bytes, 0)?;
    new.publish(&source)?;
    Ok(source.into_disk())
}
