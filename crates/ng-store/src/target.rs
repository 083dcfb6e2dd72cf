//! Where a new file goes: where its path leads, and what may exist there.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::disk::RealDir;
use crate::file::is_temporary;
use crate::{CreateError, FileKind, IoError, Operation};

/// Where a new file goes.
#[derive(Debug)]
pub(crate) struct Target {
    /// The folder.
    pub(crate) dir: RealDir,
    /// The name in it.
    pub(crate) name: String,
    /// Both, as an absolute path.
    pub(crate) path: PathBuf,
}

/// Resolves where a new file at `path` goes. Replacing a link replaces its target, not the
/// link.
pub(crate) fn target(path: &Path, replace: bool) -> Result<Target, CreateError> {
    let place = match replace {
        true => behind_links(path)?,
        false => path.to_owned(),
    };
    let name = place.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| CreateError::FileName {
        path: path.to_owned(),
    })?;
    if is_temporary(name) {
        return Err(CreateError::ReservedName {
            path: path.to_owned(),
        });
    }
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let error = |source| io_error(path, Operation::Create, source);
    let dir = RealDir::open(folder).map_err(error)?;
    let absolute = folder.canonicalize().map_err(error)?;
    Ok(Target {
        dir,
        name: name.to_owned(),
        path: absolute.join(name),
    })
}

/// Returns where a path leads. A dangling link resolves to itself, and is not replaced.
fn behind_links(path: &Path) -> Result<PathBuf, CreateError> {
    let is_link = path.symlink_metadata().is_ok_and(|it| it.is_symlink());
    match is_link.then(|| path.canonicalize()) {
        None => Ok(path.to_owned()),
        Some(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Some(Err(source)) => Err(io_error(path, Operation::Open, source).into()),
        Some(Ok(place)) => Ok(place),
    }
}

fn io_error(path: &Path, operation: Operation, source: io::Error) -> IoError {
    IoError {
        path: path.to_owned(),
        operation,
        offset: None,
        source,
    }
}

/// Refuses to replace anything but a file.
pub(crate) fn refuse_to_replace(path: &Path) -> Result<(), CreateError> {
    let Ok(metadata) = std::fs::metadata(path) else {
        // Nothing there, or the next step reports it.
        return Ok(());
    };
    FileKind::unless_regular(metadata.file_type()).map_or(Ok(()), |found| {
        Err(CreateError::NotAFile {
            path: path.to_owned(),
            found,
        })
    })
}
