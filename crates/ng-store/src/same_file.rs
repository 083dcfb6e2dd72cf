use std::path::Path;

/// Tells whether two paths lead to the same file or folder, through any names and links. An
/// inaccessible path counts as no file.
///
/// ```
/// use ng_store::is_same_file;
///
/// let folder = tempfile::tempdir()?;
/// let (path, other) = (folder.path().join("a.ngt"), folder.path().join("b.ngt"));
/// std::fs::write(&path, b"")?;
/// std::fs::hard_link(&path, &other)?;
/// assert!(is_same_file(&path, &other));
/// std::fs::remove_file(&other)?;
/// assert!(!is_same_file(&path, &other));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn is_same_file(left: &Path, right: &Path) -> bool {
    match (identity(left), identity(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    crate::inode::Inode::at(path).ok().map(|inode| inode.id)
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<std::path::PathBuf> {
    std::fs::canonicalize(path).ok()
}
