//! Writes and reads that bypass the page cache on Linux.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::OnceLock;

use rustix::fs::OFlags;
use rustix::io::{Errno, ReadWriteFlags};

/// `RWF_DONTCACHE` of Linux, `include/uapi/linux/fs.h`.
const DONT_CACHE: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x80);

/// The first Linux with reliable uncached writes. Those of 6.14 have a bug: they could lose
/// the end of a page.
const TRUSTED_LINUX: (u32, u32) = (6, 16);

/// Writes, and has the pages dropped once written back. `Unsupported` if the kernel or the
/// file system cannot.
pub(super) fn write_at(file: &File, buffer: &[u8], offset: u64) -> io::Result<usize> {
    static TRUSTED: OnceLock<bool> = OnceLock::new();

    if !TRUSTED.get_or_init(|| linux_release().is_some_and(|linux| linux >= TRUSTED_LINUX)) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    match rustix::io::pwritev2(file, &[IoSlice::new(buffer)], offset, DONT_CACHE) {
        Ok(count) => Ok(count),
        // The last two may come from a seccomp filter. If the cause is another one, the
        // caller's normal write reports it.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM | Errno::INVAL) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Reopens a file for uncached reads; `None` if the file system has none. By the
/// descriptor, since its path may name another file by now.
pub(super) fn reopen(file: &File) -> Option<File> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut options = File::options();
    options
        .read(true)
        .custom_flags((OFlags::DIRECT | OFlags::NONBLOCK).bits() as i32);
    options.open(path).ok()
}

/// Reads from a file returned by [`reopen`].
pub(super) fn read_at(direct: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    match direct.read_at(buffer, offset) {
        // The error of a file system for wrong alignment.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(io::ErrorKind::Unsupported.into())
        }
        read => read,
    }
}

/// The first two numbers of the running kernel's release.
fn linux_release() -> Option<(u32, u32)> {
    let name = rustix::system::uname();
    parse_release(name.release().to_str().ok()?)
}

fn parse_release(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|other: char| !other.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        for (release, parsed) in [
            ("6.16.0", Some((6, 16))),
            ("6.9.12-200.fc40.x86_64", Some((6, 9))),
            ("10.0-rc1", Some((10, 0))),
            ("6.17+", Some((6, 17))),
            ("6", None),
            ("", None),
            ("linux", None),
        ] {
            assert_eq!(parse_release(release), parsed, "{release}");
        }
        assert!(parse_release("6.9").unwrap() < TRUSTED_LINUX);
        assert!(parse_release("10.0").unwrap() > TRUSTED_LINUX);
        assert!(linux_release().is_some());
    }
}
