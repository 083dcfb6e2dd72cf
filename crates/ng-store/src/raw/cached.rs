use std::fs::File;
use std::io;

/// Returns how many bytes of a range of a file are in the page cache, in whole pages;
/// `None` if the system does not say: before Linux 6.5, and for another user's file without
/// write permission.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn cached_bytes(file: &File, offset: u64, len: u64) -> io::Result<Option<u64>> {
    use std::os::fd::AsRawFd;

    /// `struct cachestat_range` of Linux, `include/uapi/linux/mman.h`.
    #[repr(C)]
    struct Range {
        offset: u64,
        len: u64,
    }

    /// `struct cachestat`, likewise.
    #[repr(C)]
    #[derive(Default)]
    struct Stat {
        cached: u64,
        dirty: u64,
        writeback: u64,
        evicted: u64,
        recently_evicted: u64,
    }

    /// The call's number on all architectures but MIPS and Alpha, where it gives an error
    /// and so "unknown".
    const CACHESTAT: libc::c_long = 451;
    const NO_FLAGS: libc::c_uint = 0;

    // A length of 0 would mean the rest of the file.
    if len == 0 {
        return Ok(Some(0));
    }
    let range = Range { offset, len };
    let mut stat = Stat::default();
    // SAFETY: `cachestat` requires (1) a descriptor that is open, (2) a range that it
    // may read and (3) a structure that it may write.
    // (1) `file` is borrowed, so its descriptor stays open. (2), (3) Both are laid out
    // as the kernel's, and live until the call has returned.
    let result = unsafe {
        libc::syscall(
            CACHESTAT,
            file.as_raw_fd(),
            &raw const range,
            &raw mut stat,
            NO_FLAGS,
        )
    };
    if result == 0 {
        return Ok(Some(stat.cached * rustix::param::page_size() as u64));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM | libc::EOPNOTSUPP) => Ok(None),
        _ => Err(error),
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn cached_bytes(_file: &File, _offset: u64, _len: u64) -> io::Result<Option<u64>> {
    Ok(None)
}
