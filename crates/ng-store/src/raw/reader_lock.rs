use std::fs::File;
use std::io;

/// The byte that readers lock, shared: beyond the end of any file.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
const READERS_BYTE: i64 = 1 << 62;

/// Takes a shared lock on the readers' byte, for as long as the open file or a map of it is
/// held.
///
/// # Errors
///
/// The system refuses, or has no such locks (`Unsupported`).
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
pub(crate) fn lock_as_reader(file: &File) -> io::Result<()> {
    ask(file, libc::F_OFD_SETLK, libc::F_RDLCK).map(drop)
}

/// Tells whether another opener has locked the readers' byte.
///
/// # Errors
///
/// As [`lock_as_reader`].
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
pub(crate) fn is_locked_by_readers(file: &File) -> io::Result<bool> {
    let found = ask(file, libc::F_OFD_GETLK, libc::F_WRLCK)?;
    Ok(i32::from(found.l_type) != libc::F_UNLCK)
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn ask(file: &File, command: libc::c_int, kind: libc::c_int) -> io::Result<libc::flock> {
    use std::os::fd::AsRawFd;

    let mut lock = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: READERS_BYTE,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: These commands of `fcntl` require (1) a descriptor that is open and (2) a
    // structure that they may read and write.
    // (1) `file` is borrowed, so its descriptor stays open. (2) `lock` is one, and lives
    // until the call has returned.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(lock),
    }
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
pub(crate) fn lock_as_reader(_file: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
pub(crate) fn is_locked_by_readers(_file: &File) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
