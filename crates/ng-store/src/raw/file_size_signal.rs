/// Makes a write beyond the file-size limit an error instead of killing the process.
///
/// If such a limit is set (`ulimit -f`, `RLIMIT_FSIZE`), Unix sends a process that exceeds
/// it `SIGXFSZ`, which kills it by default and leaves a draft under its temporary name.
/// This ignores the signal, for the whole process and for programs that it starts. A write
/// is then refused as [`WriteError::FileTooLarge`](crate::WriteError::FileTooLarge).
///
/// Programs should call it at startup. A library must not change its process's signals, so
/// nothing here calls it; Python does the same by itself.
#[cfg(all(target_os = "linux", not(miri)))]
pub fn ignore_file_size_signal() {
    // SAFETY: `signal` requires (1) a signal that can be ignored and (2) a
    // handler that is sound whenever it runs.
    // (1) `SIGXFSZ` is not one of the two that cannot; for those the call would fail.
    // (2) `SIG_IGN` is not a handler: nothing runs.
    let _ = unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Does nothing: implemented only for Linux so far.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub fn ignore_file_size_signal() {}
