/// Makes a write beyond the limit on the size of files an error instead of the
/// end of the process.
///
/// Where such a limit is set (`ulimit -f`, `RLIMIT_FSIZE`), Unix sends whoever
/// outgrows it `SIGXFSZ`, which kills a process that does nothing about it, and
/// a draft stays behind under its temporary name. This ignores the signal, for
/// the whole process and for programs that it starts. A write is then refused as
/// [`WriteError::FileTooLarge`](crate::WriteError::FileTooLarge).
///
/// For programs to call as they begin. A library leaves the signals of its
/// process alone, so nothing here calls it; Python does the same by itself.
#[cfg(all(target_os = "linux", not(miri)))]
pub fn ignore_file_size_signal() {
    // SAFETY: `signal` asks for (1) a signal that can be ignored and (2) a
    // handler that is sound whenever it runs.
    // (1) `SIGXFSZ` is none of the two that cannot; the call would fail.
    // (2) `SIG_IGN` is no handler: nothing runs.
    let _ = unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Does nothing: it is written for Linux alone so far.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub fn ignore_file_size_signal() {}
