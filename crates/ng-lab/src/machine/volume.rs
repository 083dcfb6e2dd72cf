//! The file system of data files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::machine::memory_group::Mount;
use crate::model::Volume;

impl Volume {
    /// Describes the file system that `dir` is on, or would be on if it existed. Makes
    /// nothing.
    ///
    /// # Errors
    /// No folder above `dir` can be read.
    pub fn of(dir: &Path) -> io::Result<Self> {
        let there = existing(dir)?;
        let space = rustix::fs::statvfs(&there)?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Ok(Self {
            dir: dir.display().to_string(),
            file_system: kind_at(&mounts, &there).unwrap_or_default(),
            free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        })
    }

    /// Whether the files are in memory: a write is then never durable, a read never cold.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        matches!(self.file_system.as_str(), "tmpfs" | "ramfs")
    }
}

/// The nearest existing folder at or above `dir`, with links resolved.
fn existing(dir: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(dir)?;
    for folder in absolute.ancestors() {
        match folder.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// The kind of the file system mounted nearest above `path`, from `mountinfo`.
fn kind_at(mounts: &str, path: &Path) -> Option<String> {
    let above = mounts.lines().filter_map(|line| {
        let mount = Mount::parse(line)?;
        let point = unescape(mount.point);
        let depth = Path::new(&point).components().count();
        path.starts_with(&point).then_some((depth, mount.kind))
    });
    // A later mount on the same point hides earlier ones.
    let nearest = above.max_by_key(|(depth, _)| *depth)?;
    Some(nearest.1.to_owned())
}

/// Decodes a path, in which the kernel writes blanks and backslashes as octal numbers.
fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (code, character) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        plain = plain.replace(code, character);
    }
    plain
}

/// A folder next to this program, since the system's temporary folder may be in memory,
/// where nothing is cold; none if this one is too.
#[cfg(test)]
pub(crate) fn folder_on_disk() -> Option<tempfile::TempDir> {
    let program = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    if Volume::of(folder.path()).unwrap().is_in_memory() {
        eprintln!("skipped: no disk");
        return None;
    }
    Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:20 / /mnt rw - tmpfs tmpfs rw
23 21 254:1 / /data/my\\040disk rw - xfs /dev/vdb rw
24 22 254:2 / /mnt rw - btrfs /dev/vdc rw
";

    #[test]
    fn the_nearest_mount_above_a_path_is_its_file_system() {
        for (path, expected) in [
            ("/", "ext4"),
            ("/data/my", "ext4"),
            ("/data/my disk/run", "xfs"),
            ("/mntfile", "ext4"),
            ("/mnt/a", "btrfs"),
        ] {
            assert_eq!(
                kind_at(MOUNTS, Path::new(path)).as_deref(),
                Some(expected),
                "{path}"
            );
        }
        assert_eq!(kind_at("no mounts", Path::new("/")), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_looked_at_by_those_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let here = Volume::of(folder.path()).unwrap();
        let below = folder.path().join("not").join("there");
        let volume = Volume::of(&below).unwrap();
        assert_eq!(volume.file_system, here.file_system);
        assert_eq!(volume.dir, below.display().to_string());
        assert!(volume.free_bytes > 0 && !below.exists());
    }

    #[test]
    fn only_tmpfs_and_ramfs_are_in_memory() {
        for (kind, expected) in [
            ("tmpfs", true),
            ("ramfs", true),
            ("ext4", false),
            ("", false),
        ] {
            let volume = Volume {
                dir: String::new(),
                file_system: kind.to_owned(),
                free_bytes: 0,
            };
            assert_eq!(volume.is_in_memory(), expected, "{kind}");
        }
    }
}
