use std::fs::File;
use std::io;

/// Starts writeback of a range of dirty pages, without waiting. Does nothing if the system
/// has no such call.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn start_writeback(file: &File, offset: u64, len: u64) -> io::Result<()> {
    sync_range(file, offset, len, libc::SYNC_FILE_RANGE_WRITE)
}

/// Writes back a range of dirty pages, and waits for it. Does nothing if the system has no
/// such call.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn finish_writeback(file: &File, offset: u64, len: u64) -> io::Result<()> {
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    sync_range(file, offset, len, flags)
}

#[cfg(all(target_os = "linux", not(miri)))]
fn sync_range(file: &File, offset: u64, len: u64, flags: libc::c_uint) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let too_far = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let offset = offset.try_into().map_err(too_far)?;
    let len = len.try_into().map_err(too_far)?;
    // SAFETY: `sync_file_range` requires (1) a descriptor that is open and
    // (2) touches no memory of ours.
    // (1) `file` is borrowed, so its descriptor stays open.
    let result = unsafe { libc::sync_file_range(file.as_raw_fd(), offset, len, flags) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Missing, unsupported by the file system, or not allowed: nothing was started, and
        // the next sync writes everything.
        Some(libc::ENOSYS | libc::ESPIPE | libc::EPERM | libc::EINVAL | libc::EOPNOTSUPP) => Ok(()),
        _ => Err(error),
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn start_writeback(_file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn finish_writeback(_file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    Ok(())
}
