use std::fs::File;
use std::io;
#[cfg(unix)]
use std::path::Path;

#[cfg(target_os = "linux")]
use rustix::fs::AtFlags;

/// Returns a file's length in bytes, and queries nothing else: see [`Inode`].
pub(crate) fn length(file: &File) -> io::Result<u64> {
    #[cfg(unix)]
    return Ok(Inode::of(file)?.len);
    #[cfg(not(unix))]
    return Ok(file.metadata()?.len());
}

/// What each commit and refresh checks of a file: its identity, number of names, and
/// length.
///
/// Its times are not queried. Since Linux 6.13, querying a file's times makes the next
/// write store finer ones, so that the following sync writes the inode as well: 40 us for
/// each of the two syncs of a small commit, measured on ext4.
#[cfg(unix)]
pub(crate) struct Inode {
    pub(crate) id: (u64, u64),
    pub(crate) names: u64,
    len: u64,
}

#[cfg(unix)]
impl Inode {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(inode) = look(file, Path::new(""), AtFlags::EMPTY_PATH)? {
            return Ok(inode);
        }
        file.metadata()
            .map(|metadata| Self::from_metadata(&metadata))
    }

    /// Links are followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(inode) = look(rustix::fs::CWD, path, AtFlags::empty())? {
            return Ok(inode);
        }
        std::fs::metadata(path).map(|metadata| Self::from_metadata(&metadata))
    }

    fn from_metadata(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self {
            id: (metadata.dev(), metadata.ino()),
            names: metadata.nlink(),
            len: metadata.len(),
        }
    }
}

/// `None` if the system has no such call.
#[cfg(target_os = "linux")]
fn look(of: impl std::os::fd::AsFd, path: &Path, flags: AtFlags) -> io::Result<Option<Inode>> {
    use rustix::fs::{StatxFlags, statx};

    let asked = StatxFlags::TYPE | StatxFlags::INO | StatxFlags::NLINK | StatxFlags::SIZE;
    match statx(of, path, flags, asked) {
        Ok(found) => Ok(Some(Inode {
            id: (
                rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
                found.stx_ino,
            ),
            names: found.stx_nlink.into(),
            len: found.stx_size,
        })),
        Err(rustix::io::Errno::NOSYS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
