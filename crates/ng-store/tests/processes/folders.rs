use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder on the disk that temporary files are on.
pub(crate) fn on_disk() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A folder in memory, where a sync costs nothing and processes collide most; on disk if
/// there is none.
pub(crate) fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => on_disk(),
    }
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Tells whether a name is a temporary one.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_prefix(".ng-tmp-")
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A path as an argument.
pub(crate) fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The path of a name in a folder.
pub(crate) fn named(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}
