//! The folder of an index: its name, its lock, and what to remove from it.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ng_store::is_same_file;

use super::IndexError;

/// The name of the manifest.
pub(super) const MANIFEST: &str = "index.json";

const LOCK: &str = "lock";

/// How the names of all other files begin and end, and whether the number of a segment or run is
/// between; the build stands before the extension.
const KINDS: [(&str, bool, &str); 7] = [
    ("zones", false, "arrow"),
    ("columns", true, "arrow"),
    ("boxes", true, "arrow"),
    ("ids", false, "arrow"),
    ("pieces", false, "bin"),
    ("run", true, "bin"),
    ("manifest", false, "json"),
];

/// Hexadecimal digits of a build, and the least decimal digits of a number.
const BUILD_DIGITS: usize = 16;
const NUMBER_DIGITS: usize = 5;

/// How often the lock is retried on a file that loses its name meanwhile.
const ATTEMPTS: usize = 16;

/// Returns the folder of the index of a token file: its path followed by `.index`. For a symbolic
/// link, that of its target.
pub fn index_folder(file: &Path) -> PathBuf {
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = OsString::from(file);
    name.push(".index");
    name.into()
}

/// Tells whether a path is in the folder of a token file's index, or would be created there, by
/// whatever name or link.
pub fn is_in_index(file: &Path, path: &Path) -> bool {
    let index = index_folder(file);
    let is_index = |folder: &Path| is_same_file(folder, &index);
    folder_of(path).ancestors().any(is_index)
}

/// The folder that a file is in, or would be created in, with links followed.
fn folder_of(path: &Path) -> PathBuf {
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match file.parent() {
        Some(folder) if folder.as_os_str() != OsStr::new("") => folder,
        _ => Path::new("."),
    };
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Tells whether a file of an index may have the name: one that leads nowhere else.
pub(super) fn is_own_name(name: &str) -> bool {
    let middle = |(begin, is_numbered, extension): &(&str, bool, &str)| {
        let rest = name.strip_prefix(begin)?.strip_prefix('-')?;
        let middle = rest.strip_suffix(extension)?.strip_suffix('.')?;
        match is_numbered {
            false => Some(middle),
            true => {
                let (number, build) = middle.split_once('-')?;
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
                (is_number && number.len() >= NUMBER_DIGITS).then_some(build)
            }
        }
    };
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let mut builds = KINDS.iter().filter_map(middle);
    builds.any(|build| build.len() == BUILD_DIGITS && build.bytes().all(is_hex))
}

/// Whether what is written survives a power cut once the build ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Durability {
    #[default]
    Synced,
    /// It may be lost, or spoiled, which its hashes show.
    Unsynced,
}

impl Durability {
    /// Makes a file or a folder durable, if that is wanted.
    pub(super) fn sync(self, file: &File) -> io::Result<()> {
        match self {
            Self::Synced => file.sync_all(),
            Self::Unsynced => Ok(()),
        }
    }
}

/// The folder, held by one builder.
pub(super) struct Locked {
    folder: PathBuf,
    /// Holds the lock while open.
    _lock: File,
}

impl Locked {
    /// Makes the folder if there is none, and locks it.
    pub(super) fn take(folder: PathBuf) -> Result<Self, IndexError> {
        let path = folder.join(LOCK);
        for _ in 0..ATTEMPTS {
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(IndexError::io(folder, "create the folder")(error));
                }
                _ => (),
            }
            if let Some(lock) = lock(&path)? {
                return Ok(Self {
                    folder,
                    _lock: lock,
                });
            }
            if leads_nowhere(&folder) {
                let gone = ErrorKind::NotFound.into();
                return Err(IndexError::io(folder, "follow the link")(gone));
            }
        }
        Err(IndexError::Locked { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Removes the files of builds, except those to keep. Foreign files stay, and so do folders
    /// with such names.
    pub(super) fn clean(&self, keep: &HashSet<&str>) -> Result<(), IndexError> {
        let entries = fs::read_dir(&self.folder);
        for entry in entries.map_err(IndexError::io(&self.folder, "list"))? {
            let entry = entry.map_err(IndexError::io(&self.folder, "list"))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_folder = || entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_own_name(name) && !keep.contains(name) && !is_folder() {
                remove_file(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Makes the entries of the folder durable, if that is wanted.
    pub(super) fn sync(&self, durability: Durability) -> Result<(), IndexError> {
        File::open(&self.folder)
            .and_then(|folder| durability.sync(&folder))
            .map_err(IndexError::io(&self.folder, "sync the folder"))
    }

    /// Removes the index: first the manifest, without which the rest means nothing.
    pub(super) fn remove(self) -> Result<(), IndexError> {
        remove_file(&self.folder.join(MANIFEST))?;
        self.clean(&HashSet::new())?;
        remove_file(&self.folder.join(LOCK))?;
        match fs::remove_dir(&self.folder) {
            // A foreign file is in it.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed.map_err(IndexError::io(&self.folder, "remove")),
        }
    }
}

/// Tells whether the path is a dangling link.
fn leads_nowhere(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) && !path.exists()
}

/// Locks the file of that name; `None` if it has lost its name since.
fn lock(path: &Path) -> Result<Option<File>, IndexError> {
    // Opening a pipe of that name would block.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let strange = io::Error::new(ErrorKind::InvalidInput, "not a regular file");
        return Err(IndexError::io(path, "open")(strange));
    }
    let mut options = OpenOptions::new();
    let file = match options.create(true).truncate(false).write(true).open(path) {
        // The folder was removed meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(IndexError::io(path, "open"))?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let path = path.to_owned();
            return Err(IndexError::Locked { path });
        }
        Err(TryLockError::Error(error)) => return Err(IndexError::io(path, "lock")(error)),
        Ok(()) => (),
    }
    Ok(is_still(&file, path).then_some(file))
}

/// Tells whether the path means the file.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let same = |(a, b): (fs::Metadata, fs::Metadata)| (a.dev(), a.ino()) == (b.dev(), b.ino());
    let both = file.metadata().ok().zip(fs::metadata(path).ok());
    both.is_some_and(same)
}

#[cfg(not(unix))]
fn is_still(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Removes a file that may not be there.
fn remove_file(path: &Path) -> Result<(), IndexError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(IndexError::io(path, "remove")),
    }
}
