use std::io;
use std::path::Path;

use folder::Folder;

use super::real::Opener;
use super::{Dir, Disk, RealFile};

/// A folder of the operating system.
///
/// On Linux it is kept open, so that it stays the same folder whatever happens to its path
/// or the current folder. A folder that may be searched but not read is opened too; listing or
/// syncing it is then refused as the system refuses to read it.
#[derive(Debug)]
pub struct RealDir {
    folder: Folder,
    opener: Opener,
}

impl RealDir {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    ///
    /// The folder does not exist, or may not be searched.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self {
            folder: Folder::open(path.as_ref())?,
            opener: Opener::this_process(),
        })
    }

    /// Unlike a plain rename, a link refuses a taken name. For a moment the file has both
    /// names, and keeps both if the old one cannot be removed: it has the new one, as
    /// requested.
    fn link_and_unlink(&self, from: &str, to: &str) -> io::Result<()> {
        match self.folder.link(from, to) {
            // A request that was repeated, by a network or after a signal, is refused because
            // it succeeded before.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if from == to || !self.folder.is_same(from, to)? {
                    return Err(error);
                }
            }
            linked => linked?,
        }
        let _ = self.folder.unlink(from);
        Ok(())
    }

    /// Claims the name with an empty file, which is locked and then replaced. For a moment
    /// the name refers to that file, and a process that dies then leaves it.
    fn claim_and_rename(&self, from: &str, to: &str) -> io::Result<()> {
        let claim = self.create_exclusive(to)?;
        let locked = claim.try_lock();
        if matches!(&locked, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            // A process that replaces the claim holds its lock, and owns the name.
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let renamed = locked.and_then(|()| self.rename(from, to));
        if renamed.is_err() && self.is_named(to, &claim)? {
            self.unlink(to)?;
        }
        renamed
    }
}

impl Dir for RealDir {
    type File = RealFile;

    fn create_exclusive(&self, name: &str) -> io::Result<RealFile> {
        Ok(RealFile::new(self.folder.create_exclusive(name)?))
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<RealFile> {
        Ok(RealFile::new(self.folder.open_file(name, writable)?))
    }

    fn create_folder(&self, name: &str) -> io::Result<()> {
        self.folder.create_folder(name)
    }

    fn folder(&self, name: &str) -> io::Result<Self> {
        Ok(Self {
            folder: self.folder.open_folder(name)?,
            opener: Opener::this_process(),
        })
    }

    /// By the first of three ways that the file system supports.
    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        match self.rename_noreplace_atomic(from, to) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.claim_and_rename(from, to)
            }
            other => other,
        }
    }

    /// By the first of two ways that the file system supports.
    fn rename_noreplace_atomic(&self, from: &str, to: &str) -> io::Result<()> {
        match self.folder.rename_noreplace(from, to) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.link_and_unlink(from, to)
            }
            other => other,
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.folder.unlink(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.folder.names()
    }

    fn sync(&self) -> io::Result<()> {
        self.folder.sync()
    }

    fn is_ours(&self) -> bool {
        self.opener.is_this_process()
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.folder.exists(name)
    }

    fn is_named(&self, name: &str, file: &RealFile) -> io::Result<bool> {
        self.folder.is_named(name, file)
    }
}

#[cfg(target_os = "linux")]
mod folder {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, fstat, fsync};
    use rustix::fs::{linkat, mkdirat, openat, renameat, renameat_with, statat, unlinkat};
    use rustix::io::Errno;

    use crate::disk::RealFile;

    /// An open folder.
    #[derive(Debug)]
    pub(super) struct Folder(File);

    impl Folder {
        pub(super) fn open(path: &Path) -> io::Result<Self> {
            Self::open_by(|flags| {
                let mut options = OpenOptions::new();
                options.read(true).custom_flags(flags.bits() as i32);
                options.open(path)
            })
        }

        pub(super) fn open_folder(&self, name: &str) -> io::Result<Self> {
            Self::open_by(|flags| {
                let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC;
                Ok(openat(&self.0, name, flags, Mode::empty())?.into())
            })
        }

        /// For searching only, if it may not be read.
        fn open_by(open: impl Fn(OFlags) -> io::Result<File>) -> io::Result<Self> {
            let opened = match open(OFlags::DIRECTORY) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    open(OFlags::DIRECTORY | OFlags::PATH)
                }
                other => other,
            };
            opened.map(Self)
        }

        pub(super) fn create_folder(&self, name: &str) -> io::Result<()> {
            Ok(mkdirat(&self.0, name, Mode::from_raw_mode(0o777))?)
        }

        pub(super) fn create_exclusive(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode(0o666);
            Ok(openat(&self.0, name, flags, mode)?.into())
        }

        /// Without blocking, should it be a pipe.
        pub(super) fn open_file(&self, name: &str, writable: bool) -> io::Result<File> {
            let access = match writable {
                true => OFlags::RDWR,
                false => OFlags::RDONLY,
            };
            let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(openat(&self.0, name, flags, Mode::empty())?.into())
        }

        pub(super) fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
            match renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
                Err(Errno::INVAL | Errno::NOSYS) => Err(io::ErrorKind::Unsupported.into()),
                other => Ok(other?),
            }
        }

        pub(super) fn link(&self, from: &str, to: &str) -> io::Result<()> {
            match linkat(&self.0, from, &self.0, to, AtFlags::empty()) {
                // The error of FAT and some user-space file systems.
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                    Err(io::ErrorKind::Unsupported.into())
                }
                other => Ok(other?),
            }
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            Ok(renameat(&self.0, from, &self.0, to)?)
        }

        pub(super) fn unlink(&self, name: &str) -> io::Result<()> {
            Ok(unlinkat(&self.0, name, AtFlags::empty())?)
        }

        pub(super) fn sync(&self) -> io::Result<()> {
            match fsync(&self.0) {
                Err(Errno::BADF) => Ok(fsync(self.reopened()?)?),
                other => Ok(other?),
            }
        }

        /// Opens it for reading, should it be open only for searching; the error tells why it is.
        fn reopened(&self) -> rustix::io::Result<OwnedFd> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            openat(&self.0, ".", flags, Mode::empty())
        }

        pub(super) fn names(&self) -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in rustix::fs::Dir::new(self.reopened()?)? {
                let entry = entry?;
                if let Ok(name) = entry.file_name().to_str()
                    && self.is_regular(entry.file_type(), name)?
                {
                    names.push(name.to_owned());
                }
            }
            Ok(names)
        }

        /// Some file systems do not report an entry's type in a listing.
        fn is_regular(&self, listed: FileType, name: &str) -> io::Result<bool> {
            let kind = match listed {
                FileType::Unknown => {
                    let stat = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(stat.st_mode)
                }
                known => known,
            };
            Ok(kind == FileType::RegularFile)
        }

        pub(super) fn exists(&self, name: &str) -> io::Result<bool> {
            // Without following the link: a dangling one is an entry too.
            match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Ok(true),
                Err(Errno::NOENT) => Ok(false),
                Err(errno) => Err(errno.into()),
            }
        }

        /// Tells whether two names are of one file.
        pub(super) fn is_same(&self, one: &str, other: &str) -> io::Result<bool> {
            let inode = |name| {
                let stat = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                io::Result::Ok((stat.st_dev, stat.st_ino))
            };
            Ok(inode(one)? == inode(other)?)
        }

        pub(super) fn is_named(&self, name: &str, file: &RealFile) -> io::Result<bool> {
            let named = match statat(&self.0, name, AtFlags::empty()) {
                Ok(named) => named,
                Err(Errno::NOENT) => return Ok(false),
                Err(errno) => return Err(errno.into()),
            };
            let opened = fstat(file.file())?;
            Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_folder_that_was_opened_for_searching_only_is_listed_and_synced_if_that_is_allowed() {
            let folder = tempfile::tempdir().unwrap();
            let mut options = OpenOptions::new();
            let flags = OFlags::DIRECTORY | OFlags::PATH;
            options.read(true).custom_flags(flags.bits() as i32);
            let searched = Folder(options.open(folder.path()).unwrap());
            searched.create_exclusive("a").unwrap();
            assert_eq!(searched.names().unwrap(), ["a"]);
            searched.sync().unwrap();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod folder {
    use std::fs::{self, File, OpenOptions};
    use std::io;
    use std::path::{Path, PathBuf};

    use crate::disk::RealFile;

    /// The absolute path of a folder.
    #[derive(Debug)]
    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn open(path: &Path) -> io::Result<Self> {
            path.canonicalize().map(Self)
        }

        pub(super) fn open_folder(&self, name: &str) -> io::Result<Self> {
            let path = self.0.join(name);
            // Fails, too, if it is none.
            fs::read_dir(&path)?;
            Self::open(&path)
        }

        pub(super) fn create_folder(&self, name: &str) -> io::Result<()> {
            fs::create_dir(self.0.join(name))
        }

        pub(super) fn create_exclusive(&self, name: &str) -> io::Result<File> {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            options.open(self.0.join(name))
        }

        pub(super) fn open_file(&self, name: &str, writable: bool) -> io::Result<File> {
            let mut options = OpenOptions::new();
            options.read(true).write(writable);
            options.open(self.0.join(name))
        }

        pub(super) fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) fn link(&self, from: &str, to: &str) -> io::Result<()> {
            fs::hard_link(self.0.join(from), self.0.join(to))
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            fs::rename(self.0.join(from), self.0.join(to))
        }

        pub(super) fn unlink(&self, name: &str) -> io::Result<()> {
            fs::remove_file(self.0.join(name))
        }

        #[cfg(unix)]
        pub(super) fn sync(&self) -> io::Result<()> {
            File::open(&self.0)?.sync_all()
        }

        /// Such systems cannot sync a folder; most do it with the file.
        #[cfg(not(unix))]
        pub(super) fn sync(&self) -> io::Result<()> {
            Ok(())
        }

        pub(super) fn names(&self) -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.0)? {
                let entry = entry?;
                if entry.file_type()?.is_file()
                    && let Ok(name) = entry.file_name().into_string()
                {
                    names.push(name);
                }
            }
            Ok(names)
        }

        pub(super) fn exists(&self, name: &str) -> io::Result<bool> {
            match fs::symlink_metadata(self.0.join(name)) {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }

        /// Tells whether two names are of one file, if the system says.
        pub(super) fn is_same(&self, one: &str, other: &str) -> io::Result<bool> {
            #[cfg(unix)]
            {
                let id = |name| crate::inode::Inode::at(&self.0.join(name)).map(|found| found.id);
                Ok(id(one)? == id(other)?)
            }
            #[cfg(not(unix))]
            {
                let _ = (one, other);
                Ok(false)
            }
        }

        pub(super) fn is_named(&self, name: &str, file: &RealFile) -> io::Result<bool> {
            file.is_at(&self.0.join(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn renaming_without_replacing_refuses_a_taken_name_in_every_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let dir = RealDir::open(folder.path()).unwrap();
        let ways = [
            RealDir::rename_noreplace,
            RealDir::rename_noreplace_atomic,
            RealDir::link_and_unlink,
            RealDir::claim_and_rename,
        ];
        for rename in ways {
            fs::write(path("from"), "new").unwrap();
            fs::write(path("taken"), "old").unwrap();
            let error = rename(&dir, "from", "taken").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(path("taken")).unwrap(), b"old");
            rename(&dir, "from", "free").unwrap();
            assert!(!path("from").exists());
            assert_eq!(fs::read(path("free")).unwrap(), b"new");
            fs::remove_file(path("free")).unwrap();
            rename(&dir, "missing", "free").unwrap_err();
            assert!(!path("free").exists());
        }
    }

    #[test]
    fn a_link_that_was_asked_for_twice_is_no_taken_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let dir = RealDir::open(folder.path()).unwrap();
        fs::write(path("from"), "new").unwrap();
        fs::hard_link(path("from"), path("to")).unwrap();
        dir.link_and_unlink("from", "to").unwrap();
        assert!(!path("from").exists());
        assert_eq!(fs::read(path("to")).unwrap(), b"new");
        let error = dir.link_and_unlink("to", "to").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(path("to").exists());
    }

    #[test]
    fn a_folder_in_a_folder_is_created_once_and_has_names_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RealDir::open(folder.path()).unwrap();
        dir.create_folder("s").unwrap();
        let taken = dir.create_folder("s").unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        let inner = dir.folder("s").unwrap();
        inner.create_exclusive("a").unwrap();
        inner.sync().unwrap();
        assert!(folder.path().join("s/a").exists());
        assert_eq!(inner.names().unwrap(), ["a"]);
        assert!(dir.names().unwrap().is_empty() && dir.exists("s").unwrap());
        dir.create_exclusive("file").unwrap();
        for name in ["file", "missing"] {
            dir.folder(name).unwrap_err();
        }
    }

    #[test]
    fn a_name_that_was_given_away_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RealDir::open(folder.path()).unwrap();
        let file = dir.create_exclusive("a").unwrap();
        assert!(dir.is_named("a", &file).unwrap());
        dir.rename("a", "b").unwrap();
        assert!(!dir.is_named("a", &file).unwrap());
        let _other = dir.create_exclusive("a").unwrap();
        assert!(!dir.is_named("a", &file).unwrap());
        assert!(dir.is_named("b", &file).unwrap());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_stays_the_same_whatever_its_path_means() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("old")).unwrap();
        let dir = RealDir::open(path("old")).unwrap();
        let file = dir.create_exclusive("a").unwrap();
        fs::rename(path("old"), path("new")).unwrap();
        fs::create_dir(path("old")).unwrap();
        assert!(dir.exists("a").unwrap() && dir.is_named("a", &file).unwrap());
        dir.rename_noreplace("a", "b").unwrap();
        dir.sync().unwrap();
        dir.open("b", true).unwrap();
        assert!(path("new/b").exists() && !path("old/b").exists());
        dir.unlink("b").unwrap();
        assert!(!path("new/b").exists());
    }

    #[test]
    fn what_is_no_folder_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for name in ["file", "missing", "file/beyond"] {
            RealDir::open(folder.path().join(name)).unwrap_err();
        }
    }
}
